/** A lock learns tags for a while: the time that is left, and what was read, as it is read. */
import { Button, Group, Modal, NativeSelect, Progress, Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { SiteTag } from '../data/people.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { beginRegistration, newestTags } from '../data/tag-registration.ts';
import { shellWords } from '../words/shell.ts';
import { tagWords } from '../words/tags.ts';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';
import { Loaded } from './page.tsx';
import { TagHolder } from './tag-acts.tsx';

const minutes = [1, 2, 5, 10] as const;

type Running = {
  readonly lockName: string;
  readonly endsAtMs: number;
  readonly totalMs: number;
  /** Tags that were known before. */
  readonly known: ReadonlySet<string>;
};

export function TagRegistration({ onClose }: { readonly onClose: () => void }) {
  const say = useWords(tagWords);
  const shell = useWords(shellWords);
  const [running, setRunning] = useState<Running | null>(null);
  return (
    <Modal
      opened
      onClose={onClose}
      title={say('register')}
      closeButtonProps={{ 'aria-label': shell('close') }}
      centered
    >
      {running === null ? <Begin onBegin={setRunning} /> : <Reading {...running} />}
    </Modal>
  );
}

function Begin({ onBegin }: { readonly onBegin: (running: Running) => void }) {
  const say = useWords(tagWords);
  const siteId = useSiteId();
  const [chosen, setChosen] = useState('');
  const [duration, setDuration] = useState(2);
  const locks = useRead('/v1.2/sites/{site_id}/locks', {
    query: {
      $top: 1000,
      $filter: "iq_link_state eq 'attached'",
      $orderby: 'customer_reference asc',
    },
  });
  const lock = locks.data?.items.find(({ id }) => id === chosen);
  const beginning = useAct(
    (lockId: string) => beginRegistration({ siteId, lockId, seconds: duration * 60 }),
    { touches: ['locks', 'tags'] },
  );
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        {say('registerHelp')}
      </Text>
      <Loaded of={locks} lines={2}>
        {({ items }) => (
          <NativeSelect
            label={say('lock')}
            value={chosen}
            onChange={({ currentTarget }) => setChosen(currentTarget.value)}
            data={[
              { value: '', label: say('chooseLock') },
              ...items.map(({ id, customer_reference: name }) => ({
                value: id,
                label: name ?? id,
              })),
            ]}
          />
        )}
      </Loaded>
      <NativeSelect
        label={say('minutes')}
        value={String(duration)}
        onChange={({ currentTarget }) => setDuration(Number(currentTarget.value))}
        data={minutes.map((count) => ({
          value: String(count),
          label: count === 1 ? say('minute') : say('manyMinutes', { count }),
        }))}
      />
      <ErrorNote error={beginning.error} />
      <Group justify="flex-end">
        <Button
          disabled={lock === undefined}
          loading={beginning.isPending}
          onClick={() =>
            beginning.mutate(chosen, {
              onSuccess: (known) =>
                onBegin({
                  lockName: lock?.customer_reference ?? '',
                  totalMs: duration * 60_000,
                  endsAtMs: performance.now() + duration * 60_000,
                  known,
                }),
            })
          }
        >
          {say('begin')}
        </Button>
      </Group>
    </Stack>
  );
}

function Reading({ lockName, endsAtMs, totalMs, known }: Running) {
  const say = useWords(tagWords);
  const leftMs = useLeft(endsAtMs);
  const isOver = leftMs <= 0;
  const tags = useRead('/v1.2/sites/{site_id}/tags', {
    query: newestTags,
    ...(isOver ? {} : { everyMs: 1_500 }),
  });
  const seconds = Math.ceil(leftMs / 1000);
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  return (
    <Stack gap="md">
      <Text fw={600} role="status">
        {say(isOver ? 'over' : 'running', { lock: lockName })}
      </Text>
      <div>
        <Progress value={(leftMs / totalMs) * 100} aria-label={say('left', { time })} />
        <Text size="sm" mt={4} ff="monospace">
          {isOver ? '0:00' : say('left', { time })}
        </Text>
      </div>
      <Text size="sm" c="dimmed">
        {say('read')}
      </Text>
      <Loaded of={tags} lines={2}>
        {({ items }) => <ReadTags tags={items.filter(({ id }) => !known.has(id))} />}
      </Loaded>
    </Stack>
  );
}

function ReadTags({ tags }: { readonly tags: readonly SiteTag[] }) {
  const say = useWords(tagWords);
  if (tags.length === 0) return <Text size="sm">{say('readNone')}</Text>;
  return (
    <Stack
      gap="xs"
      component="ul"
      m={0}
      p={0}
      style={{ listStyle: 'none' }}
      aria-label={say('read')}
    >
      {tags.map((tag) => (
        <Group key={tag.id} component="li" justify="space-between">
          <Text fw={600} ff="monospace">
            {tag.tag_number}
          </Text>
          <TagHolder tag={tag} />
        </Group>
      ))}
    </Stack>
  );
}

/** Milliseconds until an instant of `performance.now()`, told each half second. */
function useLeft(endsAtMs: number): number {
  const [leftMs, setLeft] = useState(() => endsAtMs - performance.now());
  useEffect(() => {
    const timer = setInterval(() => setLeft(Math.max(0, endsAtMs - performance.now())), 500);
    return () => clearInterval(timer);
  }, [endsAtMs]);
  return leftMs;
}
