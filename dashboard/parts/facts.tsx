/** What is known of one thing: names and values, a line each. */
import { Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';

export function Facts({ of }: { readonly of: readonly (readonly [string, ReactNode])[] }) {
  return (
    <Table variant="vertical" withRowBorders={false} layout="fixed">
      <Table.Tbody>
        {of.map(([label, value]) => (
          <Table.Tr key={label}>
            <Table.Th w="45%" bg="transparent" fw={400} scope="row">
              <Text size="sm" c="dimmed">
                {label}
              </Text>
            </Table.Th>
            <Table.Td style={{ overflowWrap: 'anywhere' }}>{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
