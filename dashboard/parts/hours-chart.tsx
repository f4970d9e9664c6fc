/** How much the doors were used in each hour of a day: bars to look at, a table to read. */
import { Box, Group, Table, Text, VisuallyHidden } from '@mantine/core';
import { overviewWords } from '../words/overview.ts';
import { useWords } from './language.tsx';

export type HourCount = { readonly opened: number; readonly refused: number };

/** `hours`: 24 of them. */
export function HoursChart({ hours }: { readonly hours: readonly HourCount[] }) {
  const say = useWords(overviewWords);
  const most = Math.max(1, ...hours.map(({ opened, refused }) => opened + refused));
  const sum = (key: keyof HourCount) => hours.reduce((total, hour) => total + hour[key], 0);
  const part = (count: number) => `${(count / most) * 100}%`;
  return (
    <Box>
      <Group gap="lg" mb="xs">
        <Legend
          color="var(--mantine-color-cyan-6)"
          text={say('opened', { count: sum('opened') })}
        />
        <Legend
          color="var(--mantine-color-red-6)"
          text={say('refused', { count: sum('refused') })}
        />
      </Group>
      <div className="hours" aria-hidden>
        {hours.map(({ opened, refused }, hour) => (
          <div
            key={hour}
            title={`${hour}:00 · ${say('opened', { count: opened })} · ${say('refused', { count: refused })}`}
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
            {hours.map(({ opened, refused }, hour) =>
              opened + refused === 0 ? null : (
                <Table.Tr key={hour}>
                  <Table.Td>{hour}</Table.Td>
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
