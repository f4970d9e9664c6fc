/** What a lock is right now, in a word and a colour; the word says it all. */
import { Badge, Group } from '@mantine/core';
import type { Lock } from '../data/locks.ts';
import { lockApiWords, lockWords } from '../words/locks.ts';
import { useApiWords, useWords } from './language.tsx';

export function LockState({ lock }: { readonly lock: Lock }) {
  const say = useWords(lockWords);
  const word = useApiWords(lockApiWords);
  return (
    <Group gap={4}>
      <Tag color={lock.locked_state === 'locked' ? 'gray' : 'orange'}>
        {word(lock.locked_state)}
      </Tag>
      {lock.left_open_alarm ? <Tag color="red">{say('alarmOpen')}</Tag> : null}
      {lock.intrusion_alarm ? <Tag color="red">{say('alarmIntrusion')}</Tag> : null}
      {lock.privacy_mode ? <Tag color="grape">{say('privacy')}</Tag> : null}
    </Group>
  );
}

export function LockContact({ lock }: { readonly lock: Lock }) {
  const say = useWords(lockWords);
  if (lock.iq_link_state !== 'attached') return <Tag color="gray">{say('detached')}</Tag>;
  return lock.online ? (
    <Tag color="teal">{say('online')}</Tag>
  ) : (
    <Tag color="red">{say('offline')}</Tag>
  );
}

export function LockBattery({ lock }: { readonly lock: Pick<Lock, 'battery_level'> }) {
  const say = useWords(lockWords);
  const word = useApiWords(lockApiWords);
  const { battery_level: level } = lock;
  if (level === 'none') return <>{say('noBattery')}</>;
  if (level === 'unknown') return <>–</>;
  const color = level === 'critical' ? 'red' : level === 'low' ? 'orange' : 'teal';
  return <Tag color={color}>{word(level)}</Tag>;
}

/**
 * A state in a word, never cut short. Mantine's own shades of orange and red stay below the contrast of 4.5 that small text needs
 * (WCAG 1.4.3).
 */
export function Tag({ color, children }: { readonly color: string; readonly children: string }) {
  const dark = `color-mix(in srgb, var(--mantine-color-${color}-9) 80%, black)`;
  const ink = `light-dark(${dark}, var(--mantine-color-${color}-3))`;
  return (
    <Badge
      tt="none"
      fw={500}
      miw="max-content"
      variant="outline"
      style={{ color: ink, borderColor: ink }}
    >
      {children}
    </Badge>
  );
}
