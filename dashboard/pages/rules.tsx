import { Button, Checkbox, Group, Stack, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../data/api.ts';
import { useAct, useRead } from '../data/queries.ts';
import { incidentRulesPath, rulesPath, type IncidentRule, type WayName } from '../data/rules.ts';
import { useSiteId } from '../data/site.tsx';
import { ErrorNote } from '../parts/error-note.tsx';
import { FormDialog } from '../parts/form-dialog.tsx';
import { useApiWords, useWords } from '../parts/language.tsx';
import { ListView, useListState } from '../parts/list.tsx';
import { Empty, PageFrame } from '../parts/page.tsx';
import { QuietHours } from '../parts/quiet-hours.tsx';
import { RuleTells, RuleWays, useWayNames, WayFields } from '../parts/rule-ways.tsx';
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
  const siteId = useSiteId();
  const choosing = useAct(
    ({ id, way, isOn }: { readonly id: string; readonly way: WayName; readonly isOn: boolean }) =>
      api.patch(`${incidentRulesPath}/{id}`, {
        path: { site_id: siteId, id },
        body: { [way]: isOn },
      }),
    { touches: ['incident_message_rule'], done: say('saved') },
  );
  return (
    <Section title={say('troubles')} help={say('troublesHelp')}>
      <ErrorNote error={choosing.error} />
      <ListView
        label={say('troubles')}
        of={rules}
        rowId={({ id }) => id}
        columns={[
          { label: say('tells'), cell: ({ incident }) => word(incident) },
          {
            label: say('ways'),
            cell: (rule) => (
              <Choices
                // A box shows what was chosen at once, and what holds when that has failed.
                rule={
                  choosing.isPending && choosing.variables.id === rule.id
                    ? { ...rule, [choosing.variables.way]: choosing.variables.isOn }
                    : rule
                }
                name={word(rule.incident)}
                onChoose={(way, isOn) => choosing.mutate({ id: rule.id, way, isOn })}
              />
            ),
          },
        ]}
        empty={<Stack />}
      />
    </Section>
  );
}

function Choices({
  rule,
  name,
  onChoose,
}: {
  readonly rule: IncidentRule;
  readonly name: string;
  readonly onChoose: (way: WayName, isOn: boolean) => void;
}) {
  return (
    <Group gap="md">
      {useWayNames().map(([way, label]) => (
        <Checkbox
          key={way}
          size="sm"
          label={label}
          aria-label={`${name}: ${label}`}
          checked={rule[way]}
          onChange={({ currentTarget }) => onChoose(way, currentTarget.checked)}
        />
      ))}
    </Group>
  );
}
