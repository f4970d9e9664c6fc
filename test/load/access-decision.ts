/** How long a decision takes at a hub that holds 100,000 keys (design.md, budgets). */
import type { DesiredItem } from '#contract/access-table';
import { decide } from '#access/decision';
import { parseItem, AccessTable } from '#access/table';
import { accessor, group, ids, items, key, lock, schedule, uuid } from '#test/kit/access-table';

export type DecisionBench = {
  readonly keys: number;
  readonly decisions: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

const groupsPerPerson = 3;
const groupCount = 50;

/** Builds a table of `keys` tags, one per person, in 50 groups of two schedules, and times decisions for random people. */
export function benchDecision({
  keys = 100_000,
  decisions = 20_000,
}: { readonly keys?: number; readonly decisions?: number } = {}): DecisionBench {
  const table = new AccessTable();
  table.apply(
    worldOf(keys)
      .map((item) => parseItem(item))
      .filter((item) => item !== null),
  );
  const door = {
    officeMode: 'none',
    privacy: false,
    tagRegistration: false,
    keypadLockedOut: false,
  } as const;
  const noon = Date.parse('2026-06-01T10:00:00Z');
  const times: number[] = [];
  for (let round = 0; round < decisions; round += 1) {
    // A stride through the people that leaves no neighbour in the cache.
    const person = (round * 7_919) % keys;
    const now = new Date(noon + round * 61_000);
    const began = performance.now();
    decide({
      table,
      lockId: ids.lock,
      door,
      presentation: { what: { type: 'tag', tagNumber: tagOf(person), rfidUid: null }, heldMs: 200 },
      now,
      serverGoneSince: null,
    });
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? 0;
  return { keys, decisions, p50Ms: at(0.5), p99Ms: at(0.99) };
}

function tagOf(person: number): string {
  return String(person).padStart(8, '0');
}

function worldOf(keys: number): DesiredItem[] {
  const groups = Array.from({ length: groupCount }, (_, index) =>
    group({
      id: uuid(1_000 + index),
      schedules: [
        schedule({ start_time: '07:00:00', end_time: '18:59:59' }),
        schedule({ start_time: '22:00:00', end_time: '05:59:59', sunday: false }),
      ],
    }),
  );
  const accessors = Array.from({ length: keys }, (_, person) =>
    accessor({
      id: uuid(1_000_000 + person),
      group_ids: Array.from({ length: groupsPerPerson }, (__, index) =>
        uuid(1_000 + ((person + index * 17) % groupCount)),
      ),
      keys: [key({ id: uuid(2_000_000 + person), value: tagOf(person) })],
    }),
  );
  const locks = [lock({ group_ids: groups.slice(0, groupCount / 2).map(({ id }) => id) })];
  return items({ locks, groups, accessors });
}
