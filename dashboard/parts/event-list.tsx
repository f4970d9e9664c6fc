/** Entries and incidents as lists that grow downwards. */
import { Button, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Entry, Incident } from '../data/events.ts';
import { eventApiWords, eventDetailApiWords, eventWords } from '../words/events.ts';
import { useApiWords, useWords } from './language.tsx';
import { ListView, type Column } from './list.tsx';
import { Tag } from './lock-state.tsx';
import { When } from './time.tsx';
import { WhyButton } from './why.tsx';

/** As of `useEntries` and `useIncidents`. */
type Growing<T> = {
  readonly data: { readonly pages: readonly { readonly items: readonly T[] }[] } | undefined;
  readonly error: unknown;
  readonly hasNextPage: boolean;
  readonly isFetchingNextPage: boolean;
  fetchNextPage(): unknown;
  refetch(): unknown;
};

type Props<T> = {
  readonly label: string;
  readonly of: Growing<T>;
  readonly columns: readonly Column<T>[];
  readonly empty: ReactNode;
};

/** A list of events with a button for earlier ones. */
export function EventList<T extends { readonly id: string }>({
  label,
  of,
  columns,
  empty,
}: Props<T>) {
  const say = useWords(eventWords);
  const items = of.data?.pages.flatMap((page) => page.items);
  return (
    <Stack gap="sm">
      <ListView
        label={label}
        of={{
          data: items && { items, count: null },
          error: of.error,
          refetch: () => of.refetch(),
        }}
        columns={columns}
        rowId={({ id }) => id}
        empty={empty}
      />
      {of.hasNextPage ? (
        <Button
          variant="default"
          w="fit-content"
          loading={of.isFetchingNextPage}
          onClick={() => void of.fetchNextPage()}
        >
          {say('more')}
        </Button>
      ) : null}
    </Stack>
  );
}

/** Name of whoever used the door. */
export function nameOf(entry: Entry): string {
  return (
    [entry.user_first_name, entry.user_last_name].filter(Boolean).join(' ') ||
    (entry.user_alias ?? '')
  );
}

export function useEntryColumns({ hasDoor = true } = {}): Column<Entry>[] {
  const say = useWords(eventWords);
  const word = useApiWords(eventApiWords);
  const detail = useDetailText();
  const door: Column<Entry> = {
    label: say('door'),
    cell: (entry) => entry.lock_customer_reference ?? entry.lock_mac_address ?? '–',
  };
  return [
    { label: say('when'), cell: (entry) => <When at={entry.utc_date_time} /> },
    ...(hasDoor ? [door] : []),
    {
      label: say('who'),
      cell: (entry) => (entry.exit_requested ? say('exit') : nameOf(entry) || say('somebody')),
    },
    {
      label: say('what'),
      cell: (entry) => (
        <Tag color={entry.event_category === 'lock_rejected' ? 'red' : 'gray'}>
          {word(entry.event_category)}
        </Tag>
      ),
    },
    { label: say('by'), cell: (entry) => word(entry.access_by) || '–' },
    {
      label: say('detail'),
      cell: (entry) =>
        entry.event_category === 'lock_rejected' ? (
          <WhyButton entry={entry} />
        ) : (
          detail(entry.event_detail)
        ),
    },
  ];
}

/** `low`, or `events_dropped:12`. */
function useDetailText(): (detail: string | null | undefined) => string {
  const word = useApiWords(eventDetailApiWords);
  return (detail) => {
    const [said, count] = (detail ?? '').split(':');
    return [word(said) || '–', count].filter((part) => part !== undefined).join(': ');
  };
}

/** Incidents that somebody should look after. */
function isTrouble({ event_category: category }: Pick<Incident, 'event_category'>): boolean {
  return !/_(end|restored)$|lock_time_set/.test(category ?? '');
}

export function useIncidentColumns(): Column<Incident>[] {
  const say = useWords(eventWords);
  const word = useApiWords(eventApiWords);
  const detail = useDetailText();
  return [
    { label: say('when'), cell: (incident) => <When at={incident.utc_date_time} /> },
    {
      label: say('what'),
      cell: (incident) => (
        <Tag color={isTrouble(incident) ? 'red' : 'teal'}>{word(incident.event_category)}</Tag>
      ),
    },
    {
      label: say('door'),
      cell: (incident) => incident.lock_customer_reference ?? incident.lock_mac_address ?? '–',
    },
    {
      label: say('hub'),
      cell: (incident) => incident.iq_customer_reference ?? incident.iq_mac_address ?? '–',
    },
    {
      label: say('detail'),
      cell: (incident) => detail(incident.event_detail),
    },
  ];
}
