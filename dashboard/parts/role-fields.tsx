/** Roles to choose: one that ranks, and what comes on top. */
import { Checkbox, Radio, Stack } from '@mantine/core';
import type { Role } from '../data/people.ts';
import { useRead } from '../data/queries.ts';
import { peopleApiWords, peopleWords } from '../words/people.ts';
import { useApiWords, useWords } from './language.tsx';
import { Loaded } from './page.tsx';

type Props = {
  /** Ids. */
  readonly chosen: readonly string[];
  readonly onChoose: (ids: readonly string[]) => void;
};

/** Words for a role: what it gives for the built-in ones, the name for those of the site. */
export function useRoleName(): (role: Role) => string {
  const word = useApiWords(peopleApiWords);
  return (role) => {
    const known = word(role.code);
    return known === role.code?.replaceAll('_', ' ') ? (role.customer_reference ?? known) : known;
  };
}

/** Offers the roles that the caller may give. */
export function RoleFields({ chosen, onChoose }: Props) {
  const say = useWords(peopleWords);
  const name = useRoleName();
  const roles = useRead('/v1.2/sites/{site_id}/roles', { query: { $top: 200 } });
  return (
    <Loaded of={roles} lines={3}>
      {({ items }) => {
        const ranked = items.filter((role) => role.is_hierarchical);
        const addOns = items.filter((role) => !role.is_hierarchical);
        const rank = ranked.find(({ id }) => chosen.includes(id))?.id ?? null;
        return (
          <Stack gap="sm">
            <Radio.Group
              label={say('mainRole')}
              value={rank}
              onChange={(id) => onChoose([...chosen.filter((other) => other !== rank), id])}
            >
              <Stack gap={6} mt={4}>
                {ranked.map((role) => (
                  <Radio key={role.id} value={role.id} label={name(role)} />
                ))}
              </Stack>
            </Radio.Group>
            <Checkbox.Group
              label={say('addOns')}
              value={[...chosen]}
              onChange={(ids) => onChoose(ids)}
            >
              <Stack gap={6} mt={4}>
                {addOns.map((role) => (
                  <Checkbox key={role.id} value={role.id} label={name(role)} />
                ))}
              </Stack>
            </Checkbox.Group>
          </Stack>
        );
      }}
    </Loaded>
  );
}
