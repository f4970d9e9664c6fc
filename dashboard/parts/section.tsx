/** A part of a page in its own frame: heading, a sentence, buttons. */
import { Card, Group, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

type Props = {
  readonly title: string;
  readonly help?: ReactNode;
  readonly acts?: ReactNode;
  readonly children: ReactNode;
};

export function Section({ title, help, acts, children }: Props) {
  return (
    <Card withBorder h="fit-content" component="section" aria-label={title}>
      <Group justify="space-between" align="flex-start" mb="xs" gap="xs">
        <Title order={2} size="h4">
          {title}
        </Title>
        {acts === undefined ? null : <Group gap="xs">{acts}</Group>}
      </Group>
      {help === undefined ? null : (
        <Text size="sm" c="dimmed" mb="sm">
          {help}
        </Text>
      )}
      {children}
    </Card>
  );
}
