import { Button, Stack, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../data/api.ts';
import { useAct, useRead } from '../data/queries.ts';
import { incidentRulesPath, rulesPath } from '../data/rules.ts';
import { useSiteId } from '../data/site.tsx';
import { FormDialog } from '../parts/form-dialog.tsx';
import { useApiWords, useWords } from '../parts/language.tsx';
import { ListView, useListState } from '../parts/list.tsx';
import { Empty, PageFrame } from '../parts/page.tsx';
import { QuietHours } from '../parts/quiet-hours.tsx';
import { RuleTells, RuleWays, TroubleWays, WayFields } from '../parts/rule-ways.tsx';
import { Section } from '../parts/section.tsx';
import { SiteLink } from '../parts/site-link.tsx';
import { eventApiWords } from '../words/events.ts';
import { pageWords } from '../words/pages.ts';
import { ruleWords } from '../words/rules.ts';

/** Who is told of what: rules about doors, about troubles, and quiet hours. */
export function Page() {
  const say = useWords(ruleWords);
  const name = useWords(pageWords);
  return (
    <PageFrame title={name('rules')} lead={say('lead')}>
      <DoorRules />
      <QuietHours />
      <TroubleRules />
    </PageFrame>
  );
}

function DoorRules() {
  const say = useWords(ruleWords);
  const [isAdding, adding] = useDisclosure();
  const state = useListState({ order: 'customer_reference asc' });
  const rules = useRead(rulesPath, { query: state.query });
  return (
    <Section
      title={say('doors')}
      help={say('doorsHelp')}
      acts={<Button onClick={adding.open}>{say('add')}</Button>}
    >
      <ListView
        label={say('doors')}
        of={rules}
        state={state}
        hasSearch={false}
        rowId={({ id }) => id}
        columns={[
          {
            label: say('name'),
            sort: 'customer_reference',
            cell: (rule) => (
              <SiteLink to={`rules/${rule.id}`}>{rule.customer_reference ?? rule.id}</SiteLink>
            ),
          },
          { label: say('tells'), cell: ({ rule_type: type }) => say(type) },
          { label: say('ways'), cell: (rule) => <RuleWays rule={rule} /> },
        ]}
        empty={<Empty title={say('doorsEmpty')}>{say('doorsEmptyHelp')}</Empty>}
      />
      {isAdding ? <AddRule onClose={adding.close} /> : null}
    </Section>
  );
}

function AddRule({ onClose }: { readonly onClose: () => void }) {
  const say = useWords(ruleWords);
  const siteId = useSiteId();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [tells, setTells] = useState<'entered' | 'rejected'>('rejected');
  const [ways, setWays] = useState({ send_mail: true, send_sms: false, send_push: false });
  const adding = useAct(
    () =>
      api.post(rulesPath, {
        path: { site_id: siteId },
        body: { customer_reference: name.trim(), rule_type: tells, ...ways },
      }),
    { touches: ['entry_message_rule'], done: say('added') },
  );
  return (
    <FormDialog
      title={say('add')}
      lead={say('addHelp')}
      act={say('doAdd')}
      onClose={onClose}
      isPending={adding.isPending}
      error={adding.error}
      onAct={() =>
        adding.mutate(undefined, {
          onSuccess: ({ id }) => void navigate({ to: `/sites/${siteId}/rules/${id}` }),
        })
      }
    >
      <TextInput
        data-autofocus
        required
        label={say('name')}
        value={name}
        onChange={({ currentTarget }) => setName(currentTarget.value)}
      />
      <RuleTells value={tells} onChange={setTells} />
      <WayFields value={ways} onChange={setWays} />
    </FormDialog>
  );
}

function TroubleRules() {
  const say = useWords(ruleWords);
  const word = useApiWords(eventApiWords);
  const rules = useRead(incidentRulesPath, { query: { $top: 100 } });
  return (
    <Section title={say('troubles')} help={say('troublesHelp')}>
      <ListView
        label={say('troubles')}
        of={rules}
        rowId={({ id }) => id}
        columns={[
          {
            label: say('tells'),
            cell: ({ id, incident }) => (
              <SiteLink to={`rules/troubles/${id}`}>{word(incident)}</SiteLink>
            ),
          },
          {
            label: say('ways'),
            cell: (rule) => <TroubleWays rule={rule} name={word(rule.incident)} />,
          },
        ]}
        empty={<Stack />}
      />
    </Section>
  );
}
