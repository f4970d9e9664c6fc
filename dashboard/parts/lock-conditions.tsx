/** Battery and radio of a lock over weeks: two pictures, what they show in words, and every change in a table. */
import { Box, NativeSelect, Stack, Table, Text, Title } from '@mantine/core';
import { useMemo, useState, type ReactNode } from 'react';
import {
  batteryHeights,
  batterySince,
  bestSignal,
  conditionSeries,
  conditionsPath,
  lossOf,
  mostConditions,
  signalRange,
  type Condition,
  type Span,
} from '../data/conditions.ts';
import { lockPollMs } from '../data/locks.ts';
import { useRead } from '../data/queries.ts';
import { useSite } from '../data/site.tsx';
import { conditionWords } from '../words/conditions.ts';
import { lockApiWords } from '../words/locks.ts';
import { useApiWords, useWords } from './language.tsx';
import { Empty, Loaded } from './page.tsx';
import { Section } from './section.tsx';
import { TimeChart } from './time-chart.tsx';
import { useFormats, useNow, When } from './time.tsx';

const ranges = [7, 30, 90] as const;
const hourMs = 3_600_000;

export function LockConditions({ lockId }: { readonly lockId: string }) {
  const say = useWords(conditionWords);
  const [days, setDays] = useState<number>(30);
  const now = useNow();
  // The start of an hour, so that the question stays the same for as long.
  const until = Math.ceil(now.getTime() / hourMs) * hourMs;
  const from = useMemo(() => new Date(until - days * 24 * hourMs), [until, days]);
  const found = useRead(conditionsPath, {
    path: { id: lockId },
    query: { from: from.toISOString(), $orderby: 'utc_date_time desc', $top: mostConditions },
    everyMs: lockPollMs,
  });
  return (
    <Section
      title={say('title')}
      help={say('help')}
      acts={
        <NativeSelect
          aria-label={say('range')}
          value={String(days)}
          onChange={({ currentTarget }) => setDays(Number(currentTarget.value))}
          data={ranges.map((count) => ({ value: String(count), label: say('days', { count }) }))}
        />
      }
    >
      <Loaded of={found} lines={6}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={say('none')}>{say('noneHelp')}</Empty>
          ) : (
            <Pictures newest={items} from={from} until={now} />
          )
        }
      </Loaded>
    </Section>
  );
}

type PicturesProps = Span & {
  /** The newest first. */
  readonly newest: readonly Condition[];
};

function Pictures({ newest, from, until }: PicturesProps) {
  const say = useWords(conditionWords);
  const word = useApiWords(lockApiWords);
  const { dateTime } = useFormats();
  const zone = useSite()?.time_zone ?? null;
  const conditions = useMemo(() => newest.toReversed(), [newest]);
  const series = useMemo(
    () => conditionSeries(conditions, { from, until }),
    [conditions, from, until],
  );
  const span = useMemo(
    () => [from.getTime() / 1000, until.getTime() / 1000] as const,
    [from, until],
  );
  const batteryLines = useMemo(
    () => [{ label: say('battery'), color: '#2b8a3e', values: series.battery, isStepped: true }],
    [say, series],
  );
  const radioLines = useMemo(
    () => [
      { label: say('signal'), color: '#0c8599', values: series.signal, isStepped: true },
      { label: say('lost'), color: '#e03131', values: series.lost, isStepped: true, isBand: true },
    ],
    [say, series],
  );
  const nameOf = useMemo(() => (height: number) => word(batteryHeights[height]), [word]);
  const since = batterySince(conditions);
  const batteryText =
    since === null
      ? say('batteryUnknown')
      : say('batteryNow', {
          level: word(since.battery_level),
          since: dateTime(since.utc_date_time),
        });
  const radioText = useRadioText(conditions, { from, until });
  return (
    <Stack gap="md">
      <Picture title={say('battery')} text={batteryText}>
        <TimeChart
          at={series.at}
          span={span}
          lines={batteryLines}
          most={batteryHeights.length - 1}
          nameOf={nameOf}
          text={batteryText}
          zone={zone}
          height={160}
        />
      </Picture>
      <Picture title={say('radio')} text={radioText}>
        <TimeChart
          at={series.at}
          span={span}
          lines={radioLines}
          most={bestSignal}
          text={radioText}
          zone={zone}
          height={180}
        />
      </Picture>
      <Changes newest={newest} />
    </Stack>
  );
}

function useRadioText(conditions: readonly Condition[], span: Span): string {
  const say = useWords(conditionWords);
  const { number } = useFormats();
  const { times, ms } = lossOf(conditions, span);
  const duration =
    ms < hourMs
      ? say('minutes', { count: number(Math.ceil(ms / 60_000)) })
      : say('hours', { count: number(Math.round(ms / hourMs)) });
  const contact =
    times === 0
      ? say('heardAlways')
      : say(times === 1 ? 'heardNotOnce' : 'heardNot', { times, duration });
  const range = signalRange(conditions);
  return `${contact} ${range === null ? say('signalNone') : say('signalText', range)}`;
}

type PictureProps = {
  readonly title: string;
  readonly text: string;
  readonly children: ReactNode;
};

function Picture({ title, text, children }: PictureProps) {
  return (
    <div>
      <Title order={3} size="h5">
        {title}
      </Title>
      <Text size="sm" c="dimmed" mb="xs">
        {text}
      </Text>
      {children}
    </div>
  );
}

function Changes({ newest }: { readonly newest: readonly Condition[] }) {
  const say = useWords(conditionWords);
  const word = useApiWords(lockApiWords);
  return (
    <details>
      <Text component="summary" size="sm" style={{ cursor: 'pointer' }}>
        {say('table')}
      </Text>
      {newest.length === mostConditions ? (
        <Text size="sm" c="dimmed">
          {say('tableCut', { count: mostConditions })}
        </Text>
      ) : null}
      <Box
        style={{ overflow: 'auto', maxHeight: 360 }}
        tabIndex={0}
        role="region"
        aria-label={say('table')}
      >
        <Table aria-label={say('title')}>
          <Table.Thead>
            <Table.Tr>
              {(['since', 'battery', 'contact', 'signal'] as const).map((key) => (
                <Table.Th key={key}>{say(key)}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {newest.map((one) => (
              <Table.Tr key={one.id}>
                <Table.Td>
                  <When at={one.utc_date_time} />
                </Table.Td>
                <Table.Td>{one.battery_level === null ? '–' : word(one.battery_level)}</Table.Td>
                <Table.Td>{one.online === null ? '–' : say(one.online ? 'yes' : 'no')}</Table.Td>
                <Table.Td>{one.signal_strength ?? '–'}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Box>
    </details>
  );
}
