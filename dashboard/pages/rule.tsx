import { Button, Checkbox, Group, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { api } from '../data/api.ts';
import { useAct, useRead } from '../data/queries.ts';
import { rulesPath, type EntryRule } from '../data/rules.ts';
import { useSiteId } from '../data/site.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { ErrorNote } from '../parts/error-note.tsx';
import { useWords } from '../parts/language.tsx';
import { Loaded, PageFrame } from '../parts/page.tsx';
import { RuleDoors, RulePeople, RuleTold } from '../parts/rule-members.tsx';
import { RuleHours } from '../parts/rule-hours.tsx';
import { RuleTells, WayFields } from '../parts/rule-ways.tsx';
import { Section } from '../parts/section.tsx';
import { pageWords } from '../words/pages.ts';
import { ruleWords } from '../words/rules.ts';
import { shellWords } from '../words/shell.ts';

/** One rule that tells of doors: what, of which doors and people, when, to whom. */
export function Page() {
  const name = useWords(pageWords);
  const { ruleId = '' } = useParams({ strict: false });
  const rule = useRead(`${rulesPath}/{id}`, { path: { id: ruleId } });
  return (
    <PageFrame
      title={rule.data?.customer_reference ?? name('rule')}
      acts={rule.data === undefined ? null : <RemoveButton rule={rule.data} />}
    >
      <Loaded of={rule}>
        {(data) => (
          <SimpleGrid cols={{ base: 1, md: 2 }}>
            <Stack>
              <Settings key={data.id} rule={data} />
              <RuleHours ruleId={data.id} />
            </Stack>
            <Stack>
              <RuleTold ruleId={data.id} kind="entry" />
              <RuleDoors ruleId={data.id} kind="entry" />
              <RulePeople ruleId={data.id} />
            </Stack>
          </SimpleGrid>
        )}
      </Loaded>
    </PageFrame>
  );
}

function Settings({ rule }: { readonly rule: EntryRule }) {
  const say = useWords(ruleWords);
  const shell = useWords(shellWords);
  const siteId = useSiteId();
  const [name, setName] = useState(rule.customer_reference ?? '');
  const [tells, setTells] = useState(rule.rule_type);
  const [isInside, setInside] = useState(rule.on_inside_handle);
  const { send_mail, send_sms, send_push } = rule;
  const [ways, setWays] = useState({ send_mail, send_sms, send_push });
  const saving = useAct(
    () =>
      api.patch(`${rulesPath}/{id}`, {
        path: { site_id: siteId, id: rule.id },
        body: {
          customer_reference: name.trim(),
          rule_type: tells,
          on_inside_handle: isInside,
          ...ways,
        },
      }),
    { touches: ['entry_message_rule'], done: say('saved') },
  );
  function submit(event: FormEvent): void {
    event.preventDefault();
    saving.mutate();
  }
  return (
    <Section title={say('tells')}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            required
            label={say('name')}
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <RuleTells value={tells} onChange={setTells} />
          <Checkbox
            label={say('insideHandle')}
            checked={isInside}
            onChange={({ currentTarget }) => setInside(currentTarget.checked)}
          />
          <WayFields value={ways} onChange={setWays} />
          <ErrorNote error={saving.error} />
          <Group>
            <Button type="submit" loading={saving.isPending}>
              {shell('save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}

function RemoveButton({ rule }: { readonly rule: EntryRule }) {
  const say = useWords(ruleWords);
  const siteId = useSiteId();
  const navigate = useNavigate();
  const [isAsked, ask] = useDisclosure();
  const removing = useAct(
    () => api.delete(`${rulesPath}/{id}`, { path: { site_id: siteId, id: rule.id } }),
    { touches: [], done: say('removed') },
  );
  return (
    <>
      <Button variant="default" onClick={ask.open}>
        {say('remove')}
      </Button>
      <Confirm
        isOpen={isAsked}
        onClose={ask.close}
        title={say('remove')}
        effect={say('removeEffect', { name: rule.customer_reference ?? rule.id })}
        act={say('remove')}
        isPending={removing.isPending}
        error={removing.error}
        isDestructive
        onAct={() =>
          removing.mutate(undefined, {
            onSuccess: () => void navigate({ to: `/sites/${siteId}/rules` }),
          })
        }
      />
    </>
  );
}
