/** By which ways a rule tells, and of what. */
import { Checkbox, Fieldset, Group, Radio, Stack } from '@mantine/core';
import { api } from '../data/api.ts';
import { useAct } from '../data/queries.ts';
import {
  incidentRulesPath,
  type EntryRule,
  type IncidentRule,
  type WayName,
  type Ways,
} from '../data/rules.ts';
import { useSiteId } from '../data/site.tsx';
import { ruleWords } from '../words/rules.ts';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';

export function useWayNames(): readonly (readonly [way: WayName, name: string])[] {
  const say = useWords(ruleWords);
  return [
    ['send_mail', say('mail')],
    ['send_sms', say('sms')],
    ['send_push', say('push')],
  ];
}

export function RuleWays({ rule }: { readonly rule: Ways }) {
  const say = useWords(ruleWords);
  const chosen = useWayNames().filter(([way]) => rule[way]);
  return <>{chosen.map(([, name]) => name).join(', ') || say('noWays')}</>;
}

export function WayFields({
  value,
  onChange,
}: {
  readonly value: Ways;
  readonly onChange: (ways: Ways) => void;
}) {
  const say = useWords(ruleWords);
  return (
    <Fieldset legend={say('ways')}>
      <Stack gap="xs">
        {useWayNames().map(([way, name]) => (
          <Checkbox
            key={way}
            label={name}
            checked={value[way]}
            onChange={({ currentTarget }) => onChange({ ...value, [way]: currentTarget.checked })}
          />
        ))}
      </Stack>
    </Fieldset>
  );
}

export function RuleTells({
  value,
  onChange,
}: {
  readonly value: EntryRule['rule_type'];
  readonly onChange: (tells: EntryRule['rule_type']) => void;
}) {
  const say = useWords(ruleWords);
  return (
    <Radio.Group label={say('tells')} value={value}>
      <Stack gap="xs" mt={4}>
        {(['entered', 'rejected'] as const).map((type) => (
          <Radio key={type} value={type} label={say(type)} onChange={() => onChange(type)} />
        ))}
      </Stack>
    </Radio.Group>
  );
}

/** By which ways a trouble is told; each box counts at once. */
export function TroubleWays({
  rule,
  name,
}: {
  readonly rule: IncidentRule;
  readonly name: string;
}) {
  const say = useWords(ruleWords);
  const siteId = useSiteId();
  const choosing = useAct(
    (chosen: Partial<Ways>) =>
      api.patch(`${incidentRulesPath}/{id}`, {
        path: { site_id: siteId, id: rule.id },
        body: chosen,
      }),
    { touches: ['incident_message_rule'], done: say('saved') },
  );
  // A box shows what was chosen at once, and what holds when that has failed.
  const shown = choosing.isPending ? { ...rule, ...choosing.variables } : rule;
  return (
    <>
      <ErrorNote error={choosing.error} />
      <Group gap="md">
        {useWayNames().map(([way, label]) => (
          <Checkbox
            key={way}
            size="sm"
            label={label}
            aria-label={`${name}: ${label}`}
            checked={shown[way]}
            onChange={({ currentTarget }) => choosing.mutate({ [way]: currentTarget.checked })}
          />
        ))}
      </Group>
    </>
  );
}
