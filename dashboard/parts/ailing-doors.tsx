/** Doors that somebody should go to: weak batteries, no contact, bad radio; each leads to its page. */
import { Group, Text } from '@mantine/core';
import { useMemo } from 'react';
import { ailingOf, bestSignal } from '../data/conditions.ts';
import { lockPollMs } from '../data/locks.ts';
import { useRead } from '../data/queries.ts';
import { useMay } from '../data/site.tsx';
import { lockWords } from '../words/locks.ts';
import { overviewWords } from '../words/overview.ts';
import { useWords } from './language.tsx';
import { ListView } from './list.tsx';
import { LockBattery, LockContact, Tag } from './lock-state.tsx';
import { SiteLink } from './site-link.tsx';

/** As many as one request gives. */
const many = 1000;
const shown = 10;
/** How well a lock is heard changes slowly. */
const radioPollMs = 60_000;

export function AilingDoors() {
  const say = useWords(overviewWords);
  const locksSay = useWords(lockWords);
  const mayCheck = useMay()('manage_users');
  const locks = useRead('/v1.2/sites/{site_id}/locks', {
    query: { $top: many },
    everyMs: lockPollMs,
  });
  const weak = useRead('/ext/v1/sites/{site_id}/configuration_check', {
    query: { word: 'radio_weak' },
    everyMs: radioPollMs,
    isOn: mayCheck,
  });
  const ailing = useMemo(() => {
    const found = weak.data?.findings.flatMap(({ objects }) => objects) ?? [];
    const signals = new Map(found.map(({ object_id: id, detail }) => [id, Number(detail)]));
    return locks.data && ailingOf(locks.data.items, signals);
  }, [locks.data, weak.data]);
  return (
    <ListView
      label={say('ailing')}
      of={{
        data: ailing && { items: ailing.slice(0, shown), count: null },
        error: locks.error,
        refetch: () => locks.refetch(),
      }}
      rowId={({ lock }) => lock.id}
      columns={[
        {
          label: locksSay('name'),
          cell: ({ lock }) => (
            <SiteLink to={`locks/${lock.id}`}>{lock.customer_reference ?? lock.mac}</SiteLink>
          ),
        },
        {
          label: locksSay('state'),
          cell: ({ lock, isWeakBattery, isLost, weakSignal }) => (
            <Group gap="xs">
              {isWeakBattery ? (
                <Group gap={4}>
                  <Text size="sm" span>
                    {locksSay('battery')}
                  </Text>
                  <LockBattery lock={lock} />
                </Group>
              ) : null}
              {isLost ? <LockContact lock={lock} /> : null}
              {weakSignal === null ? null : (
                <Tag color="orange">
                  {say('badRadio', { signal: weakSignal, most: bestSignal })}
                </Tag>
              )}
            </Group>
          ),
        },
      ]}
      empty={
        <Text size="sm">
          ✓ {say('ailingNone')}{' '}
          <Text span c="dimmed">
            {say('ailingNoneHelp')}
          </Text>
        </Text>
      }
    />
  );
}
