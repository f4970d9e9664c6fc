import { Card, Group, NativeSelect, Table, Text, Title } from '@mantine/core';
import { useMemo, useState, type ReactNode } from 'react';
import { gridOf, mostEntries, ranked, seriesOf, useActivity } from '../data/activity.ts';
import type { Entry } from '../data/events.ts';
import { useSite } from '../data/site.tsx';
import { nameOf } from '../parts/event-list.tsx';
import { HeatMap } from '../parts/heat-map.tsx';
import { useWords } from '../parts/language.tsx';
import { Empty, Loaded, PageFrame } from '../parts/page.tsx';
import { TimeChart } from '../parts/time-chart.tsx';
import { useNow } from '../parts/time.tsx';
import { activityWords } from '../words/activity.ts';
import { pageWords } from '../words/pages.ts';

const ranges = { day: 24, week: 168, month: 720 } as const;
type Range = keyof typeof ranges;

/** How much the doors are used, over time and over the hours of the week, by everybody or by one person. */
export function Page() {
  const say = useWords(activityWords);
  const name = useWords(pageWords);
  const [range, setRange] = useState<Range>('week');
  const entries = useActivity(ranges[range]);
  const choices: readonly Range[] = ['day', 'week', 'month'];
  return (
    <PageFrame
      title={name('activity')}
      lead={say('lead')}
      acts={
        <NativeSelect
          aria-label={say('range')}
          value={range}
          onChange={({ currentTarget }) => setRange(currentTarget.value as Range)}
          data={choices.map((value) => ({ value, label: say(value) }))}
        />
      }
    >
      <Loaded of={entries} lines={8}>
        {(found) =>
          found.length === 0 ? (
            <Empty title={say('none')}>{say('noneHelp')}</Empty>
          ) : (
            <>
              {found.length === mostEntries ? (
                <Text size="sm">{say('cut', { count: mostEntries })}</Text>
              ) : null}
              <OverTime entries={found} sinceHours={ranges[range]} />
              <OverWeek entries={found} />
              <Doors entries={found} />
            </>
          )
        }
      </Loaded>
    </PageFrame>
  );
}

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Card withBorder component="section">
      <Title order={2} size="h4" mb="xs">
        {title}
      </Title>
      {children}
    </Card>
  );
}

type OverTimeProps = { readonly entries: readonly Entry[]; readonly sinceHours: number };

function OverTime({ entries, sinceHours }: OverTimeProps) {
  const say = useWords(activityWords);
  const zone = useSite()?.time_zone ?? null;
  const until = useNow();
  const series = useMemo(
    () => seriesOf(entries, { sinceHours, until }),
    [entries, sinceHours, until],
  );
  const lines = useMemo(
    () => [
      { label: say('opened'), color: '#0c8599', values: series.opened },
      { label: say('refused'), color: '#e03131', values: series.refused },
    ],
    [say, series],
  );
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  const text = say('overText', {
    opened: sum(series.opened),
    refused: sum(series.refused),
    most: Math.max(...series.opened.map((count, index) => count + (series.refused[index] ?? 0))),
  });
  return (
    <Section title={say('over')}>
      <TimeChart at={series.hours} lines={lines} text={text} zone={zone} />
      <Text size="sm" c="dimmed">
        {text}
      </Text>
    </Section>
  );
}

const doorOf = (entry: Entry) => entry.lock_customer_reference ?? entry.lock_mac_address ?? '';

function OverWeek({ entries }: { readonly entries: readonly Entry[] }) {
  const say = useWords(activityWords);
  const [who, setWho] = useState('');
  const [door, setDoor] = useState('');
  const shown = entries.filter(
    (entry) => (who === '' || nameOf(entry) === who) && (door === '' || doorOf(entry) === door),
  );
  const choice = (all: string, names: readonly string[]) => [
    { value: '', label: all },
    ...ranked(names).map(([value]) => value),
  ];
  return (
    <Section title={say('when')}>
      <Text size="sm" c="dimmed" mb="sm">
        {say('whenHelp')}
      </Text>
      <Group mb="sm">
        <NativeSelect
          label={say('who')}
          value={who}
          onChange={({ currentTarget }) => setWho(currentTarget.value)}
          data={choice(say('everybody'), entries.map(nameOf))}
        />
        <NativeSelect
          label={say('door')}
          value={door}
          onChange={({ currentTarget }) => setDoor(currentTarget.value)}
          data={choice(say('everyDoor'), entries.map(doorOf))}
        />
      </Group>
      <HeatMap grid={gridOf(shown)} label={say('when')} />
    </Section>
  );
}

function Doors({ entries }: { readonly entries: readonly Entry[] }) {
  const say = useWords(activityWords);
  return (
    <Section title={say('doors')}>
      <Table aria-label={say('doors')}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{say('door')}</Table.Th>
            <Table.Th>{say('count')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {ranked(entries.map(doorOf))
            .slice(0, 10)
            .map(([name, count]) => (
              <Table.Tr key={name}>
                <Table.Td>{name}</Table.Td>
                <Table.Td>{count}</Table.Td>
              </Table.Tr>
            ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}
