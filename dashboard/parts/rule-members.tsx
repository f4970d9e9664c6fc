/** Doors and people of a rule, and whom it tells. */
import { ActionIcon, Button, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { api } from '../data/api.ts';
import { fullName, personFields, personName } from '../data/people.ts';
import { useAct, useRead } from '../data/queries.ts';
import { incidentRulesPath, rulesPath } from '../data/rules.ts';
import { useSiteId } from '../data/site.tsx';
import { ruleWords } from '../words/rules.ts';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';
import { ListView, useListState } from './list.tsx';
import { Picker } from './picker.tsx';
import { Section } from './section.tsx';

const usersPath = `${rulesPath}/{id}/users` as const;
const kinds = {
  entry: {
    locks: `${rulesPath}/{id}/locks`,
    told: '/ext/v1/sites/{site_id}/entry_message_rule/{id}/recipients',
    touches: ['entry_message_rule'],
  },
  incident: {
    locks: `${incidentRulesPath}/{id}/locks`,
    told: '/ext/v1/sites/{site_id}/incident_message_rule/{id}/recipients',
    touches: ['incident_message_rule'],
  },
} as const;
const query = { $top: 500 };

type OfRule = { readonly ruleId: string };
/** `incident`: a rule that tells of troubles. */
type OfKind = OfRule & { readonly kind: keyof typeof kinds };
type Change = { readonly add_ids?: string[]; readonly remove_ids?: string[] };

export function RuleDoors({ ruleId, kind }: OfKind) {
  const say = useWords(ruleWords);
  const { locks: locksPath, touches } = kinds[kind];
  const path = { site_id: useSiteId(), id: ruleId };
  const doors = useRead(locksPath, { path, query });
  const changing = useAct((body: Change) => api.patch(locksPath, { path, body }), { touches });
  return (
    <Members
      title={say('onlyDoors')}
      none={say('onlyDoorsNone')}
      add={say('addDoor')}
      of={doors}
      nameOf={(door) => door.customer_reference ?? door.id}
      onChange={(change) => changing.mutate(change)}
      error={changing.error}
      Chooser={DoorChooser}
    />
  );
}

export function RulePeople({ ruleId }: OfRule) {
  const say = useWords(ruleWords);
  const path = { site_id: useSiteId(), id: ruleId };
  const people = useRead(usersPath, { path, query });
  const changing = useAct((body: Change) => api.patch(usersPath, { path, body }), {
    touches: kinds.entry.touches,
  });
  return (
    <Members
      title={say('onlyPeople')}
      none={say('onlyPeopleNone')}
      add={say('addPerson')}
      of={people}
      nameOf={(person) => fullName(person) || (person.email ?? person.id)}
      onChange={(change) => changing.mutate(change)}
      error={changing.error}
      Chooser={PersonChooser}
    />
  );
}

export function RuleTold({ ruleId, kind }: OfKind) {
  const say = useWords(ruleWords);
  const { told: toldPath, touches } = kinds[kind];
  const path = { site_id: useSiteId(), id: ruleId };
  const told = useRead(toldPath, { path, query });
  const changing = useAct((body: Change) => api.patch(toldPath, { path, body }), { touches });
  return (
    <Members
      title={say('told')}
      none={say('toldNone')}
      add={say('addTold')}
      of={told}
      nameOf={(person) => fullName(person) || (person.email ?? person.id)}
      onChange={(change) => changing.mutate(change)}
      error={changing.error}
      Chooser={PersonChooser}
    />
  );
}

type ChooserProps = {
  readonly title: string;
  readonly onPick: (id: string) => void;
  readonly onClose: () => void;
  readonly error: unknown;
};

type MembersProps<T> = {
  readonly title: string;
  readonly none: string;
  readonly add: string;
  readonly of: {
    readonly data: { readonly items: readonly T[]; readonly count: number | null } | undefined;
    readonly error: unknown;
    refetch(): unknown;
  };
  readonly nameOf: (one: T) => string;
  readonly onChange: (change: Change) => void;
  readonly error: unknown;
  readonly Chooser: (props: ChooserProps) => ReactNode;
};

function Members<T extends { readonly id: string }>(props: MembersProps<T>) {
  const { title, none, add, of, nameOf, onChange, error, Chooser } = props;
  const say = useWords(ruleWords);
  const [isAdding, adding] = useDisclosure();
  return (
    <Section
      title={title}
      acts={
        <Button size="xs" variant="default" onClick={adding.open}>
          {add}
        </Button>
      }
    >
      <ErrorNote error={error} />
      <ListView
        label={title}
        of={of}
        rowId={({ id }) => id}
        columns={[
          {
            label: say('name'),
            cell: (one) => (
              <Group justify="space-between" wrap="nowrap">
                {nameOf(one)}
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={say('takeAway', { name: nameOf(one) })}
                  title={say('takeAway', { name: nameOf(one) })}
                  onClick={() => onChange({ remove_ids: [one.id] })}
                >
                  <IconX size={16} />
                </ActionIcon>
              </Group>
            ),
          },
        ]}
        empty={<Text size="sm">{none}</Text>}
      />
      {isAdding ? (
        <Chooser
          title={add}
          error={error}
          onClose={adding.close}
          onPick={(id) => {
            onChange({ add_ids: [id] });
            adding.close();
          }}
        />
      ) : null}
    </Section>
  );
}

function DoorChooser(props: ChooserProps) {
  const say = useWords(ruleWords);
  const state = useListState({
    searchIn: ['customer_reference'],
    order: 'customer_reference asc',
    pageSize: 8,
  });
  const doors = useRead('/v1.2/sites/{site_id}/locks', { query: state.query });
  return (
    <Picker
      {...props}
      of={doors}
      state={state}
      idOf={({ id }) => id}
      nameOf={(door) => door.customer_reference ?? door.id}
      onPick={({ id }) => props.onPick(id)}
      isPending={false}
      empty={say('noDoor')}
    />
  );
}

function PersonChooser(props: ChooserProps) {
  const say = useWords(ruleWords);
  const state = useListState({ searchIn: personFields, pageSize: 8 });
  const people = useRead('/v1.2/sites/{site_id}/users', { query: state.query });
  return (
    <Picker
      {...props}
      of={people}
      state={state}
      idOf={({ id }) => id}
      nameOf={personName}
      onPick={({ user }) => props.onPick(user.id)}
      isPending={false}
      empty={say('nobody')}
    />
  );
}
