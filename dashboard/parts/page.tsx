/** The frame of a page: heading that is reached first, title of the window, loading, failure, and nothing there. */
import { Center, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useEffect, useRef, type ReactNode } from 'react';
import { useSite } from '../data/site.tsx';
import { shellWords } from '../words/shell.ts';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';

type Props = {
  readonly title: string;
  /** One sentence below the heading. */
  readonly lead?: ReactNode;
  /** Buttons beside the heading. */
  readonly acts?: ReactNode;
  readonly children: ReactNode;
};

/** A page. Its heading gets the focus when the page is opened, so that a screen reader begins there. */
export function PageFrame({ title, lead, acts, children }: Props) {
  const site = useSite();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const name = site?.customer_reference;
    document.title = name ? `${title} · ${name} · Cardea` : `${title} · Cardea`;
  }, [title, site]);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <Stack gap="md">
      <Group justify="space-between" align="flex-start" gap="sm">
        <div>
          <Title order={1} size="h2" tabIndex={-1} ref={heading} style={{ outline: 'none' }}>
            {title}
          </Title>
          {lead === undefined ? null : (
            <Text c="dimmed" size="sm">
              {lead}
            </Text>
          )}
        </div>
        {acts === undefined ? null : <Group gap="xs">{acts}</Group>}
      </Group>
      {children}
    </Stack>
  );
}

type Answer<T> = {
  readonly data: T | undefined;
  readonly error: unknown;
  refetch(): unknown;
};

/** Shows an answer of a query: grey lines while it loads, the failure when it failed, else what `children` makes of it. */
export function Loaded<T>({
  of,
  lines = 4,
  children,
}: {
  readonly of: Answer<T>;
  readonly lines?: number;
  readonly children: (data: T) => ReactNode;
}) {
  const say = useWords(shellWords);
  if (of.data !== undefined) return children(of.data);
  if (of.error !== null && of.error !== undefined)
    return <ErrorNote error={of.error} retry={() => of.refetch()} />;
  return (
    <Stack gap="xs" role="status" aria-label={say('loading')}>
      {Array.from({ length: lines }, (_, index) => (
        <Skeleton key={index} height={28} />
      ))}
    </Stack>
  );
}

/** Nothing there yet: says what belongs here and how it comes about. */
export function Empty({
  title,
  children,
  act,
}: {
  readonly title: string;
  readonly children: ReactNode;
  readonly act?: ReactNode;
}) {
  return (
    <Center py="xl">
      <Stack align="center" gap="xs" maw={420} ta="center">
        <Text fw={600}>{title}</Text>
        <Text c="dimmed" size="sm">
          {children}
        </Text>
        {act}
      </Stack>
    </Center>
  );
}
