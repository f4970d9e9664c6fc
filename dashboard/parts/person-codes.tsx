/** The PIN of a person for one-time codes: at which hubs it works, and its reset for somebody who has lost it. */
import { Button, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { ItemOf } from '#client/operations';
import { api } from '../data/api.ts';
import { personName, type Person } from '../data/people.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { peopleWords } from '../words/people.ts';
import { Confirm } from './confirm.tsx';
import { useWords } from './language.tsx';
import { useOneTimeCode } from './one-time-code.tsx';
import { Section } from './section.tsx';

const listPath = '/v1.2/sites/{site_id}/users/{id}/activated_iqs';
const pollMs = 15_000;

type Props = { readonly person: Person };

/** Nothing where the person has none. */
export function PersonCodes({ person }: Props) {
  const say = useWords(peopleWords);
  const hubs = useRead(listPath, {
    path: { id: person.id },
    query: { $top: 200 },
    everyMs: pollMs,
  });
  const items = hubs.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <Section title={say('codes')} help={say('codesHelp', { name: personName(person) })}>
      <Stack gap="xs">
        {items.map((hub) => (
          <Reset key={hub.id} person={person} hub={hub} />
        ))}
      </Stack>
    </Section>
  );
}

function Reset({ person, hub }: Props & { readonly hub: ItemOf<typeof listPath> }) {
  const say = useWords(peopleWords);
  const siteId = useSiteId();
  const [isAsked, setAsked] = useState(false);
  const code = useOneTimeCode(isAsked && hub.otp_enabled ? hub.id : undefined);
  const name = personName(person);
  const hubName = hub.customer_reference ?? hub.id;
  const resetting = useAct(
    () =>
      api.delete('/v1.2/sites/{site_id}/iqs/{id}/pin/{user_id}', {
        path: { site_id: siteId, id: hub.id, user_id: person.id },
        query: code.member(),
      }),
    { touches: ['users'], done: say('codesReset', { name }) },
  );
  return (
    <Group justify="space-between" gap="xs">
      <Text size="sm">{hubName}</Text>
      <Button
        size="xs"
        variant="default"
        aria-label={say('resetCodesAt', { hub: hubName })}
        onClick={() => {
          resetting.reset();
          setAsked(true);
        }}
      >
        {say('resetCodes')}
      </Button>
      <Confirm
        isOpen={isAsked}
        onClose={() => setAsked(false)}
        title={say('resetCodesAt', { hub: hubName })}
        effect={say('resetCodesEffect', { name, hub: hubName })}
        act={say('resetCodes')}
        isPending={resetting.isPending}
        error={resetting.error}
        isIncomplete={code.isMissing}
        isDestructive
        onAct={() => resetting.mutate(undefined, { onSuccess: () => setAsked(false) })}
      >
        {code.field}
      </Confirm>
    </Group>
  );
}
