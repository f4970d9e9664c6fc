import { Button, Group, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { EntryCategory } from '#contract/events';
import { api, quoted, save } from '../data/api.ts';
import { useEntries } from '../data/events.ts';
import { useSiteId } from '../data/site.tsx';
import { IfMay } from '../parts/allowed.tsx';
import { ErrorNote } from '../parts/error-note.tsx';
import { EventList, useEntryColumns } from '../parts/event-list.tsx';
import { useApiWords, useWords } from '../parts/language.tsx';
import { Empty, PageFrame } from '../parts/page.tsx';
import { eventApiWords, eventWords } from '../words/events.ts';
import { pageWords } from '../words/pages.ts';
import { shellWords } from '../words/shell.ts';

const kinds: readonly EntryCategory[] = [
  'lock_opened',
  'lock_rejected',
  'easy_office_mode',
  'office_mode',
  'privacy_mode',
];

export function Page() {
  const say = useWords(eventWords);
  const shell = useWords(shellWords);
  const name = useWords(pageWords);
  const word = useApiWords(eventApiWords);
  const siteId = useSiteId();
  const [kind, setKind] = useState('');
  const [door, setDoor] = useState('');
  const [who, setWho] = useState('');
  const [since, setSince] = useState('');
  const [asked] = useDebouncedValue({ kind, door: door.trim(), who: who.trim(), since }, 250);
  const entries = useEntries({ filter: filterOf(asked) });
  const saving = useMutation({
    mutationFn: async () => {
      const file = await api.download('/v1.1/sites/{site_id}/entries/export', {
        path: { site_id: siteId },
        query: {
          ...(asked.kind === '' ? {} : { event_category: asked.kind }),
          ...(asked.door === '' ? {} : { lock_name: asked.door }),
          ...(asked.who === '' ? {} : { username: asked.who }),
          ...(asked.since === '' ? {} : { from_date: asked.since }),
        },
      });
      save(file, 'entries.csv');
    },
  });
  const isFiltered = Object.values(asked).some((value) => value !== '');
  return (
    <PageFrame
      title={name('entries')}
      lead={say('entriesLead')}
      acts={
        <IfMay need="see_everything">
          <Button variant="default" loading={saving.isPending} onClick={() => saving.mutate()}>
            {say('export')}
          </Button>
        </IfMay>
      }
    >
      <ErrorNote error={saving.error} />
      <Group gap="sm" align="flex-end">
        <NativeSelect
          label={say('kind')}
          value={kind}
          onChange={({ currentTarget }) => setKind(currentTarget.value)}
          data={[
            { value: '', label: say('all') },
            ...kinds.map((value) => ({ value, label: word(value) })),
          ]}
        />
        <TextInput
          label={say('door')}
          value={door}
          onChange={({ currentTarget }) => setDoor(currentTarget.value)}
        />
        <TextInput
          label={say('who')}
          value={who}
          onChange={({ currentTarget }) => setWho(currentTarget.value)}
        />
        <TextInput
          type="date"
          label={say('day')}
          value={since}
          onChange={({ currentTarget }) => setSince(currentTarget.value)}
        />
      </Group>
      <EventList
        label={name('entries')}
        of={entries}
        columns={useEntryColumns()}
        empty={
          isFiltered ? (
            <Empty title={shell('nothingFound')}>{shell('nothingFoundHelp')}</Empty>
          ) : (
            <Empty title={say('entriesEmpty')}>{say('entriesEmptyHelp')}</Empty>
          )
        }
      />
    </PageFrame>
  );
}

type Asked = {
  readonly kind: string;
  readonly door: string;
  readonly who: string;
  readonly since: string;
};

/** OData of what somebody asks for. */
function filterOf({ kind, door, who, since }: Asked): string {
  const has = (field: string, text: string) =>
    `contains(tolower(${field}),${quoted(text.toLowerCase())})`;
  return [
    kind === '' ? '' : `event_category eq ${quoted(kind)}`,
    door === '' ? '' : has('lock_customer_reference', door),
    who === ''
      ? ''
      : `(${['user_first_name', 'user_last_name', 'user_alias'].map((field) => has(field, who)).join(' or ')})`,
    since === '' ? '' : `local_date_time ge ${since}T00:00:00`,
  ]
    .filter((part) => part !== '')
    .join(' and ');
}
