/** By which ways a rule tells, and of what. */
import { Checkbox, Fieldset, Radio, Stack } from '@mantine/core';
import type { EntryRule, WayName, Ways } from '../data/rules.ts';
import { ruleWords } from '../words/rules.ts';
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
