/** The doors and the people of an access group. */
import { ActionIcon, Button, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { api } from '../data/api.ts';
import { fullName, type AccessGroup } from '../data/people.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useMay, useSiteId } from '../data/site.tsx';
import { groupWords } from '../words/groups.ts';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';
import { ListView, useListState } from './list.tsx';
import { Picker } from './picker.tsx';
import { Section } from './section.tsx';
import { SiteLink } from './site-link.tsx';

const doorsPath = '/v1.2/sites/{site_id}/access_groups/{access_group_id}/locks';
const peoplePath = '/v1.2/sites/{site_id}/access_groups/{access_group_id}/users';
const touches = ['access_groups', 'users', 'locks'];

export function GroupDoors({ group }: { readonly group: AccessGroup }) {
  const say = useWords(groupWords);
  const mayChange = useMay()('manage_users');
  const at = { site_id: useSiteId(), access_group_id: group.id };
  const [isAdding, adding] = useDisclosure();
  const state = useListState({ order: 'customer_reference asc', pageSize: 10 });
  const doors = useRead(doorsPath, { path: at, query: state.query });
  const taking = useAct(
    (lockId: string) => api.delete(`${doorsPath}/{lock_id}`, { path: { ...at, lock_id: lockId } }),
    { touches, done: say('doorTaken') },
  );
  return (
    <Section
      title={say('doors')}
      acts={
        mayChange ? (
          <Button size="xs" variant="default" onClick={adding.open}>
            {say('addDoors')}
          </Button>
        ) : undefined
      }
    >
      <ErrorNote error={taking.error} />
      <ListView
        label={say('doors')}
        of={doors}
        state={state}
        hasSearch={false}
        rowId={({ id }) => id}
        columns={[
          {
            label: say('name'),
            cell: (door) => (
              <Row
                name={door.customer_reference ?? door.id}
                {...(mayChange ? { onTake: () => taking.mutate(door.id) } : {})}
              >
                <SiteLink to={`locks/${door.id}`}>{door.customer_reference ?? door.id}</SiteLink>
              </Row>
            ),
          },
        ]}
        empty={<Text size="sm">{say('noDoors')}</Text>}
      />
      {isAdding ? <AddDoors groupId={group.id} onClose={adding.close} /> : null}
    </Section>
  );
}

export function GroupPeople({ group }: { readonly group: AccessGroup }) {
  const say = useWords(groupWords);
  const mayChange = useMay()('manage_users');
  const at = { site_id: useSiteId(), access_group_id: group.id };
  const [isAdding, adding] = useDisclosure();
  const state = useListState({ order: 'last_name asc', pageSize: 10 });
  const people = useRead(peoplePath, { path: at, query: state.query });
  const taking = useAct(
    (userId: string) => api.delete(`${peoplePath}/{user_id}`, { path: { ...at, user_id: userId } }),
    { touches, done: say('personTaken') },
  );
  return (
    <Section
      title={say('people')}
      acts={
        mayChange ? (
          <Button size="xs" variant="default" onClick={adding.open}>
            {say('addPeople')}
          </Button>
        ) : undefined
      }
    >
      <ErrorNote error={taking.error} />
      <ListView
        label={say('people')}
        of={people}
        state={state}
        hasSearch={false}
        rowId={({ id }) => id}
        columns={[
          {
            label: say('name'),
            cell: (person) => (
              <Row
                name={fullName(person) || '–'}
                {...(mayChange ? { onTake: () => taking.mutate(person.id) } : {})}
              >
                {fullName(person) || '–'}
              </Row>
            ),
          },
        ]}
        empty={<Text size="sm">{say('noPeople')}</Text>}
      />
      {isAdding ? <AddPeople groupId={group.id} onClose={adding.close} /> : null}
    </Section>
  );
}

type RowProps = {
  readonly name: string;
  readonly onTake?: () => void;
  readonly children: ReactNode;
};

function Row({ name, onTake, children }: RowProps) {
  const say = useWords(groupWords);
  return (
    <Group justify="space-between" wrap="nowrap">
      <span>{children}</span>
      {onTake === undefined ? null : (
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={say('takeOut', { name })}
          title={say('takeOut', { name })}
          onClick={onTake}
        >
          <IconX size={16} />
        </ActionIcon>
      )}
    </Group>
  );
}

type Adding = { readonly groupId: string; readonly onClose: () => void };

function AddDoors({ groupId, onClose }: Adding) {
  const say = useWords(groupWords);
  const at = { site_id: useSiteId(), access_group_id: groupId };
  const state = useListState({
    searchIn: ['customer_reference'],
    order: 'customer_reference asc',
    pageSize: 8,
  });
  const doors = useRead(doorsPath, { path: at, query: { ...state.query, excluded: true } });
  const adding = useAct((id: string) => api.post(doorsPath, { path: at, body: { lock_id: id } }), {
    touches,
    done: say('doorAdded'),
  });
  return (
    <Picker
      onClose={onClose}
      title={say('addDoors')}
      of={doors}
      state={state}
      idOf={({ id }) => id}
      nameOf={({ id, customer_reference: name }) => name ?? id}
      onPick={({ id }) => adding.mutate(id)}
      isPending={adding.isPending}
      error={adding.error}
      empty={say('noOtherDoors')}
    />
  );
}

function AddPeople({ groupId, onClose }: Adding) {
  const say = useWords(groupWords);
  const at = { site_id: useSiteId(), access_group_id: groupId };
  const state = useListState({
    searchIn: ['first_name', 'last_name'],
    order: 'last_name asc',
    pageSize: 8,
  });
  const people = useRead(peoplePath, { path: at, query: { ...state.query, excluded: true } });
  const adding = useAct((id: string) => api.post(peoplePath, { path: at, body: { user_id: id } }), {
    touches,
    done: say('personAdded'),
  });
  return (
    <Picker
      onClose={onClose}
      title={say('addPeople')}
      of={people}
      state={state}
      idOf={({ id }) => id}
      nameOf={(person) => fullName(person) || '–'}
      onPick={({ id }) => adding.mutate(id)}
      isPending={adding.isPending}
      error={adding.error}
      empty={say('noOtherPeople')}
    />
  );
}
