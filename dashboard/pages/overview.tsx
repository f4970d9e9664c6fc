import { Card, Group, SimpleGrid, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { seriesOf } from '../data/activity.ts';
import { useEntries, useIncidents } from '../data/events.ts';
import { useLive } from '../data/live.tsx';
import { lockPollMs } from '../data/locks.ts';
import { openOf } from '../data/open-incidents.ts';
import { useRead } from '../data/queries.ts';
import { useMay, useSite } from '../data/site.tsx';
import { AilingDoors } from '../parts/ailing-doors.tsx';
import { EventList, useEntryColumns, useIncidentColumns } from '../parts/event-list.tsx';
import { FirstSteps } from '../parts/first-steps.tsx';
import { HoursChart } from '../parts/hours-chart.tsx';
import { useWords } from '../parts/language.tsx';
import { Tag } from '../parts/lock-state.tsx';
import { Empty, Loaded, PageFrame } from '../parts/page.tsx';
import { SiteLink } from '../parts/site-link.tsx';
import { useNow } from '../parts/time.tsx';
import { eventWords } from '../words/events.ts';
import { overviewWords } from '../words/overview.ts';
import { pageWords } from '../words/pages.ts';

/** What is going on: figures, what is wrong, who came last, and the day at the doors. */
export function Page() {
  const say = useWords(overviewWords);
  const name = useWords(pageWords);
  const seesAll = useMay()('see_everything');
  const { state } = useLive();
  return (
    <PageFrame
      title={name('overview')}
      lead={say('lead')}
      acts={state === 'live' ? <Tag color="teal">{say('live')}</Tag> : null}
    >
      <FirstSteps />
      <Figures />
      {seesAll ? <OpenIncidents /> : null}
      {seesAll ? (
        <Section title={say('ailing')} more={<SiteLink to="locks">{say('allLocks')}</SiteLink>}>
          <AilingDoors />
        </Section>
      ) : null}
      <Day />
      <Latest />
    </PageFrame>
  );
}

/** As many as one request gives; a site that has more shows the figures of the first thousand. */
const many = 1000;

function Figures() {
  const say = useWords(overviewWords);
  const seesAll = useMay()('see_everything');
  const locks = useRead('/v1.2/sites/{site_id}/locks', {
    query: { $top: many },
    everyMs: lockPollMs,
  });
  const iqs = useRead('/v1.2/sites/{site_id}/iqs', {
    query: { $top: many },
    everyMs: lockPollMs,
    isOn: seesAll,
  });
  return (
    <SimpleGrid cols={{ base: 2, md: 3 }}>
      <Loaded of={locks} lines={2}>
        {({ items }) => {
          const attached = items.filter((lock) => lock.iq_link_state === 'attached');
          const weak = items.filter(
            ({ battery_level: level }) => level === 'low' || level === 'critical',
          );
          return (
            <>
              <Figure
                to="locks"
                label={say('locksOnline')}
                isBad={attached.some(({ online }) => !online)}
              >
                {say('ofAll', {
                  count: attached.filter(({ online }) => online).length,
                  all: attached.length,
                })}
              </Figure>
              <Figure to="locks" label={say('batteries')} isBad={weak.length > 0}>
                {String(weak.length)}
              </Figure>
            </>
          );
        }}
      </Loaded>
      {seesAll ? (
        <Loaded of={iqs} lines={2}>
          {({ items }) => (
            <Figure to="hubs" label={say('hubsOnline')} isBad={items.some(({ online }) => !online)}>
              {say('ofAll', {
                count: items.filter(({ online }) => online).length,
                all: items.length,
              })}
            </Figure>
          )}
        </Loaded>
      ) : null}
    </SimpleGrid>
  );
}

type FigureProps = {
  readonly label: string;
  readonly to: string;
  readonly isBad: boolean;
  readonly children: string;
};

function Figure({ label, to, isBad, children }: FigureProps) {
  return (
    <Card withBorder padding="md">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text size="xl" fw={700}>
        <SiteLink to={to}>{isBad ? `⚠ ${children}` : children}</SiteLink>
      </Text>
    </Card>
  );
}

function Section({
  title,
  more,
  children,
}: {
  readonly title: string;
  readonly more?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <Card withBorder>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4">
          {title}
        </Title>
        <Text size="sm" component="div">
          {more}
        </Text>
      </Group>
      {children}
    </Card>
  );
}

function OpenIncidents() {
  const say = useWords(overviewWords);
  const incidents = useIncidents({ top: 200 });
  const columns = useIncidentColumns();
  const pages = incidents.data?.pages;
  return (
    <Section
      title={say('openIncidents')}
      more={<SiteLink to="incidents">{say('allIncidents')}</SiteLink>}
    >
      <EventList
        label={say('openIncidents')}
        of={{
          data: pages && { pages: [{ items: openOf(pages.flatMap(({ items }) => items)) }] },
          error: incidents.error,
          hasNextPage: false,
          isFetchingNextPage: false,
          fetchNextPage: () => undefined,
          refetch: () => incidents.refetch(),
        }}
        columns={columns}
        empty={
          <Text size="sm">
            ✓ {say('noIncidents')}.{' '}
            <Text span c="dimmed">
              {say('noIncidentsHelp')}
            </Text>
          </Text>
        }
      />
    </Section>
  );
}

function Latest() {
  const say = useWords(overviewWords);
  const words = useWords(eventWords);
  const entries = useEntries({ top: 10 });
  const first = entries.data?.pages[0];
  return (
    <Section
      title={say('latestEntries')}
      more={<SiteLink to="entries">{say('allEntries')}</SiteLink>}
    >
      <EventList
        label={say('latestEntries')}
        of={{
          data: first && { pages: [first] },
          error: entries.error,
          hasNextPage: false,
          isFetchingNextPage: false,
          fetchNextPage: () => undefined,
          refetch: () => entries.refetch(),
        }}
        columns={useEntryColumns()}
        empty={<Empty title={words('entriesEmpty')}>{words('entriesEmptyHelp')}</Empty>}
      />
    </Section>
  );
}

/** Hours of the chart; the last is the one that runs. */
const chartHours = 24;
const hourMs = 3_600_000;

function Day() {
  const say = useWords(overviewWords);
  const site = useSite();
  const now = useNow();
  // The start of an hour, so that the question stays the same for as long.
  const first = new Date((Math.floor(now.getTime() / hourMs) - chartHours + 1) * hourMs);
  const entries = useEntries({ filter: `utc_date_time ge ${first.toISOString()}`, top: many });
  const newest = entries.data?.pages[0];
  return (
    <Section title={say('activity')}>
      <Text size="sm" c="dimmed" mb="sm">
        {say('activityHelp')}
        {site?.time_zone ? ` (${site.time_zone})` : ''}
        {entries.hasNextPage ? ` · ${say('activityNewest', { count: many })}` : ''}
      </Text>
      <Loaded of={{ data: newest, error: entries.error, refetch: () => entries.refetch() }}>
        {({ items }) =>
          items.length === 0 ? (
            <Text size="sm">{say('activityNone')}</Text>
          ) : (
            <HoursChart of={seriesOf(items, { sinceHours: chartHours, until: now })} />
          )
        }
      </Loaded>
    </Section>
  );
}
