/** "What can this person open?": every door of the person's groups, asked one by one of the rules that the doors follow. */
import { Button, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useQueries, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { AnswerOf } from '#client/operations';
import { api } from '../data/api.ts';
import type { Person, PersonKey } from '../data/people.ts';
import { useSite, useSiteId } from '../data/site.tsx';
import { instantAt } from '../data/wall-clock.ts';
import { peopleWords } from '../words/people.ts';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';
import { ListView } from './list.tsx';
import { Tag } from './lock-state.tsx';
import { Loaded } from './page.tsx';
import { useGroupsOf } from './person-groups.tsx';
import { useKeyName, useKeys } from './person-keys.tsx';
import { Section } from './section.tsx';
import { SiteLink } from './site-link.tsx';
import { useWhyText } from './why-text.ts';

type Door = { readonly id: string; readonly name: string };
type Why = AnswerOf<'POST', '/ext/v1/sites/{site_id}/why'>;

/** Each door is a question of its own. */
const step = 20;

export function PersonDoors({ person }: { readonly person: Person }) {
  const say = useWords(peopleWords);
  const keys = useKeys(person.id);
  return (
    <Section title={say('opens')} help={say('opensHelp')}>
      <Loaded of={keys}>
        {({ items }) =>
          items.length === 0 ? (
            <Text size="sm">{say('opensNoKey')}</Text>
          ) : (
            <Asking person={person} keys={items} />
          )
        }
      </Loaded>
    </Section>
  );
}

type AskingProps = { readonly person: Person; readonly keys: readonly PersonKey[] };

function Asking({ person, keys }: AskingProps) {
  const say = useWords(peopleWords);
  const keyName = useKeyName();
  const zone = useSite()?.time_zone ?? null;
  const [chosen, setChosen] = useState('');
  const [local, setLocal] = useState('');
  const key = keys.find(({ id }) => id === chosen) ?? keys[0];
  const doors = useDoors(person);
  return (
    <Stack gap="sm">
      <Group align="flex-start">
        <NativeSelect
          label={say('withKey')}
          value={key?.id ?? ''}
          onChange={({ currentTarget }) => setChosen(currentTarget.value)}
          data={keys.map((one) => ({ value: one.id, label: keyName(one) }))}
        />
        <TextInput
          type="datetime-local"
          label={say('at')}
          description={say('atHelp')}
          inputWrapperOrder={['label', 'input', 'description']}
          value={local}
          onChange={({ currentTarget }) => setLocal(currentTarget.value)}
        />
      </Group>
      <Loaded of={doors}>
        {(found) => (
          <Answers
            doors={found}
            keyId={key?.id ?? ''}
            at={local === '' ? null : instantAt(local, zone)}
          />
        )}
      </Loaded>
    </Stack>
  );
}

/** The doors of all groups of a person, by name, each once. */
function useDoors(person: Person) {
  const siteId = useSiteId();
  const groups = useGroupsOf(person.id);
  const lists = useQueries({
    queries: (groups.data?.items ?? []).map(({ id }) => ({
      queryKey: ['site', siteId, 'access_groups', id, 'locks', 'all'],
      queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
        api.get('/v1.2/sites/{site_id}/access_groups/{access_group_id}/locks', {
          path: { site_id: siteId, access_group_id: id },
          query: { $top: 1000 },
          signal,
        }),
    })),
  });
  const isThere = groups.data !== undefined && lists.every(({ data }) => data !== undefined);
  const doors = new Map<string, Door>();
  for (const { data } of lists)
    for (const { id, customer_reference: name } of data?.items ?? [])
      doors.set(id, { id, name: name ?? id });
  return {
    data: isThere
      ? [...doors.values()].sort((one, other) => one.name.localeCompare(other.name))
      : undefined,
    error: groups.error ?? lists.find(({ error }) => error !== null)?.error ?? null,
    refetch: () => Promise.all([groups.refetch(), ...lists.map((list) => list.refetch())]),
  };
}

type AnswersProps = {
  readonly doors: readonly Door[];
  readonly keyId: string;
  /** null = now. */
  readonly at: string | null;
};

function Answers({ doors, keyId, at }: AnswersProps) {
  const say = useWords(peopleWords);
  const [shown, setShown] = useState(step);
  const items = doors.slice(0, shown);
  return (
    <>
      <ListView
        label={say('opens')}
        of={{ data: { items, count: null }, error: null, refetch: () => undefined }}
        rowId={({ id }) => id}
        columns={[
          {
            label: say('door'),
            cell: ({ id, name }) => <SiteLink to={`locks/${id}`}>{name}</SiteLink>,
          },
          {
            label: say('answer'),
            cell: ({ id }) => <Answer lockId={id} keyId={keyId} at={at} part="answer" />,
          },
          {
            label: say('reason'),
            cell: ({ id }) => <Answer lockId={id} keyId={keyId} at={at} part="reason" />,
          },
        ]}
        empty={<Text size="sm">{say('opensNoDoor')}</Text>}
      />
      {doors.length > shown ? (
        <Button variant="default" w="fit-content" onClick={() => setShown(shown + step)}>
          {say('askMore')}
        </Button>
      ) : null}
    </>
  );
}

type AnswerProps = {
  readonly lockId: string;
  readonly keyId: string;
  readonly at: string | null;
  readonly part: 'answer' | 'reason';
};

function Answer({ lockId, keyId, at, part }: AnswerProps) {
  const say = useWords(peopleWords);
  const siteId = useSiteId();
  const whyText = useWhyText();
  const why = useQuery({
    // Below `users` and `access_groups` there are many reasons to ask again; the time is one of its own.
    queryKey: ['site', siteId, 'why', lockId, keyId, at],
    queryFn: ({ signal }) =>
      api.post('/ext/v1/sites/{site_id}/why', {
        path: { site_id: siteId },
        body: { lock_id: lockId, key_id: keyId, ...(at === null ? {} : { at }) },
        signal,
      }),
    refetchInterval: 10_000,
  });
  if (part === 'reason')
    return why.data === undefined ? <ErrorNote error={why.error} /> : whyText(why.data);
  if (why.data === undefined) return <Text size="sm">…</Text>;
  return (
    <Group gap={4}>
      {isOpen(why.data) ? (
        <Tag color="teal">{say('opensDoor')}</Tag>
      ) : (
        <Tag color="gray">{say('refuses')}</Tag>
      )}
      {why.data.door.is_in_hub ? null : <Tag color="orange">{say('notThere')}</Tag>}
    </Group>
  );
}

function isOpen({ outcome }: Why): boolean {
  return outcome !== 'refuse' && outcome !== 'learn_tag';
}
