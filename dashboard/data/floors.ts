/** Floors, their locks, and in which of a few words a lock is shown on a plan. */
import { useEffect, useState } from 'react';
import type { AnswerOf, ItemOf } from '#client/operations';
import { quoted } from './api.ts';
import { useLive } from './live.tsx';
import { lockPollMs, type Lock } from './locks.ts';
import { useRead } from './queries.ts';

export type Floor = ItemOf<'/v1.2/sites/{site_id}/floors'>;
export type Plan = AnswerOf<'GET', '/ext/v1/sites/{site_id}/floors/{id}/plan'>;
export type Place = Plan['locks'][number];

export function floorName({ customer_reference: name, number }: Floor): string {
  return name ?? String(number ?? '–');
}

export function useFloors() {
  return useRead('/v1.2/sites/{site_id}/floors', { query: { $top: 500, $orderby: 'number asc' } });
}

/** The locks of a floor by the list of all locks, which is fetched again when something happens at a door. */
export function useFloorLocks(floorId: string) {
  return useRead('/v1.2/sites/{site_id}/locks', {
    query: {
      $filter: `floor/id eq ${quoted(floorId)}`,
      $orderby: 'customer_reference asc',
      $top: 500,
    },
    everyMs: lockPollMs,
  });
}

/** Each is a word of `floorWords`. */
export const planStates = ['locked', 'opened', 'open', 'battery', 'offline', 'trouble'] as const;
export type PlanState = (typeof planStates)[number];

/** The one word that matters most; a lock that is not heard of is not known to be locked. */
export function planStateOf(lock: Lock, opened: ReadonlySet<string>): PlanState {
  if (lock.intrusion_alarm || lock.left_open_alarm) return 'trouble';
  if (opened.has(lock.id)) return 'opened';
  if (!lock.online || lock.iq_link_state !== 'attached') return 'offline';
  if (lock.locked_state !== 'locked') return 'open';
  const isWeak = lock.battery_level === 'critical' || lock.battery_level === 'low';
  return isWeak ? 'battery' : 'locked';
}

/** How long an opening is shown on a plan: a door that somebody has used is found at a glance. */
const openedMs = 10_000;

/** Ids of the locks that were opened a moment ago. */
export function useJustOpened(): ReadonlySet<string> {
  const { opened } = useLive();
  const [now, setNow] = useState(() => performance.now());
  const shown = [...opened].filter(([, heardAt]) => heardAt + openedMs > now);
  const firstEnd = Math.min(...shown.map(([, heardAt]) => heardAt + openedMs));
  useEffect(() => {
    if (firstEnd === Number.POSITIVE_INFINITY) return undefined;
    const timer = setTimeout(() => setNow(performance.now()), firstEnd - performance.now() + 1);
    return () => clearTimeout(timer);
  }, [firstEnd]);
  return new Set(shown.map(([lockId]) => lockId));
}
