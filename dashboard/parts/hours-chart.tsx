/** How much the doors were used in each hour: bars to look at, a table to read. */
import { Box, Group, Table, Text, VisuallyHidden } from '@mantine/core';
import type { HourSeries } from '../data/activity.ts';
import { overviewWords } from '../words/overview.ts';
import { useWords } from './language.tsx';
import { useFormats } from './time.tsx';

export function HoursChart({ of }: { readonly of: HourSeries }) {
  const say = useWords(overviewWords);
  const { hour: hourAt, time } = useFormats();
  const hours = of.hours.map((seconds, index) => {
    const start = new Date(seconds * 1000).toISOString();
    const [opened = 0, refused = 0] = [of.opened[index], of.refused[index]];
    return { start, hour: hourAt(start), opened, refused };
  });
  const most = Math.max(1, ...hours.map(({ opened, refused }) => opened + refused));
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  const part = (count: number) => `${(count / most) * 100}%`;
  return (
    <Box>
      <Group gap="lg" mb="xs">
        <Legend
          color="var(--mantine-color-cyan-6)"
          text={say('opened', { count: sum(of.opened) })}
        />
        <Legend
          color="var(--mantine-color-red-6)"
          text={say('refused', { count: sum(of.refused) })}
        />
      </Group>
      <div className="hours" aria-hidden>
        {hours.map(({ start, hour, opened, refused }) => (
          <div
            key={start}
            title={`${time(start)} · ${say('opened', { count: opened })} · ${say('refused', { count: refused })}`}
          >
            <span style={{ height: part(refused), background: 'var(--mantine-color-red-6)' }} />
            <span style={{ height: part(opened), background: 'var(--mantine-color-cyan-6)' }} />
            <small>{hour % 6 === 0 ? hour : ''}</small>
          </div>
        ))}
      </div>
      <VisuallyHidden>
        <Table aria-label={say('activity')}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{say('hour')}</Table.Th>
              <Table.Th>{say('openings')}</Table.Th>
              <Table.Th>{say('refusals')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {hours.map(({ start, opened, refused }) =>
              opened + refused === 0 ? null : (
                <Table.Tr key={start}>
                  <Table.Td>{time(start)}</Table.Td>
                  <Table.Td>{opened}</Table.Td>
                  <Table.Td>{refused}</Table.Td>
                </Table.Tr>
              ),
            )}
          </Table.Tbody>
        </Table>
      </VisuallyHidden>
    </Box>
  );
}

function Legend({ color, text }: { readonly color: string; readonly text: string }) {
  return (
    <Group gap={6}>
      <Box w={12} h={12} bg={color} style={{ borderRadius: 3 }} aria-hidden />
      <Text size="sm">{text}</Text>
    </Group>
  );
}
