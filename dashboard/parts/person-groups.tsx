/** The access groups of a person. */
import { ActionIcon, Button, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconX } from '@tabler/icons-react';
import { api } from '../data/api.ts';
import type { Person } from '../data/people.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useMay, useSiteId } from '../data/site.tsx';
import { peopleWords } from '../words/people.ts';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';
import { ListView, useListState } from './list.tsx';
import { Picker } from './picker.tsx';
import { Section } from './section.tsx';
import { SiteLink } from './site-link.tsx';

const membersPath = '/v1.2/sites/{site_id}/access_groups/{access_group_id}/users';
const touches = ['users', 'access_groups'];

type Props = { readonly person: Person };

export function useGroupsOf(personId: string) {
  return useRead('/v1.2/sites/{site_id}/users/{site_user_id}/access_groups', {
    path: { site_user_id: personId },
    query: { $top: 200, $orderby: 'customer_reference asc' },
  });
}

export function PersonGroups({ person }: Props) {
  const say = useWords(peopleWords);
  const siteId = useSiteId();
  const mayChange = useMay()('manage_users');
  const [isAdding, adding] = useDisclosure();
  const groups = useGroupsOf(person.id);
  const leaving = useAct(
    (groupId: string) =>
      api.delete(`${membersPath}/{user_id}`, {
        path: { site_id: siteId, access_group_id: groupId, user_id: person.user.id },
      }),
    { touches, done: say('groupLeft') },
  );
  return (
    <Section
      title={say('groups')}
      help={say('groupsHelp')}
      acts={
        mayChange ? (
          <Button size="xs" variant="default" onClick={adding.open}>
            {say('addGroup')}
          </Button>
        ) : undefined
      }
    >
      <ErrorNote error={leaving.error} />
      <ListView
        label={say('groups')}
        of={groups}
        rowId={({ id }) => id}
        columns={[
          {
            label: say('name'),
            cell: ({ id, customer_reference: reference }) => (
              <Group justify="space-between" wrap="nowrap">
                <SiteLink to={`groups/${id}`}>{reference ?? id}</SiteLink>
                {mayChange ? (
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    aria-label={say('leaveGroup', { group: reference ?? id })}
                    title={say('leaveGroup', { group: reference ?? id })}
                    onClick={() => leaving.mutate(id)}
                  >
                    <IconX size={16} />
                  </ActionIcon>
                ) : null}
              </Group>
            ),
          },
        ]}
        empty={<Text size="sm">{say('groupsNone')}</Text>}
      />
      {isAdding ? (
        <AddGroup
          person={person}
          present={groups.data?.items.map(({ id }) => id) ?? []}
          onClose={adding.close}
        />
      ) : null}
    </Section>
  );
}

function AddGroup({
  person,
  present,
  onClose,
}: Props & { readonly present: readonly string[]; readonly onClose: () => void }) {
  const say = useWords(peopleWords);
  const siteId = useSiteId();
  const state = useListState({
    searchIn: ['customer_reference'],
    order: 'customer_reference asc',
    kind: present.map((id) => `id ne ${id}`).join(' and '),
    pageSize: 8,
  });
  const groups = useRead('/v1.2/sites/{site_id}/access_groups', { query: state.query });
  const adding = useAct(
    (groupId: string) =>
      api.post(membersPath, {
        path: { site_id: siteId, access_group_id: groupId },
        body: { user_id: person.user.id },
      }),
    { touches, done: say('groupGiven') },
  );
  return (
    <Picker
      onClose={onClose}
      title={say('addGroup')}
      of={groups}
      state={state}
      idOf={({ id }) => id}
      nameOf={({ id, customer_reference: reference }) => reference ?? id}
      onPick={({ id }) => adding.mutate(id, { onSuccess: onClose })}
      isPending={adding.isPending}
      error={adding.error}
      empty={say('noGroups')}
    />
  );
}
