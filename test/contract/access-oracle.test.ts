import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Schedule } from '#contract/access-table';
import { compileSchedule, nextChange, previousChange } from '#access/schedules';
import { ids } from '#test/kit/access-table';
import { WorldCheck } from '#test/kit/world-check';
import { covers } from '#test/kit/world-oracle';
import { zones } from '#test/kit/worlds';

const seed = 20_261_122;

test('hub, server and the slow reading of the specification decide alike in 20,000 worlds', () => {
  const check = new WorldCheck(seed);
  for (let number = 0; number < 20_000; number += 1) expect(check.play(number)).toBeNull();
  // A generator that never reaches a check proves nothing about it.
  const { counts } = check.figures;
  const met = (what: string) =>
    [...counts.keys()].flatMap((name) => name.split(`${what} `)[1] ?? []).sort();
  expect(
    met('check')
      .map(Number)
      .sort((a, b) => a - b),
  ).toEqual(Array.from({ length: 17 }, (_, index) => index + 2));
  expect(met('reason')).toEqual([
    'accessor_blocked',
    'credential_not_allowed',
    'foreign_tag',
    'hub_table_damaged',
    'key_blocked',
    'key_expired',
    'keypad_locked',
    'lock_offline',
    'no_schedule',
    'none',
    'not_in_group',
    'offline_validity_over',
    'outside_schedule',
    'privacy_mode',
    'suspended',
    'unknown_credential',
  ]);
  expect(met('shown')).toEqual(['exit', 'license_plate', 'mkey', 'pin', 'tag', 'wallet']);
  expect(met('zone')).toEqual([...zones].sort());
  expect(met('near')).toEqual(['anywhen', 'clock_change', 'midnight']);
  expect(met('alone')).toEqual(['open', 'refuse']);
}, 300_000);

/** Around the hours at which clocks change, and anywhere. */
const turns = [
  '2026-03-29T01:00:00Z',
  '2026-10-25T01:00:00Z',
  '2026-03-08T07:00:00Z',
  '2026-11-01T06:00:00Z',
  '2007-03-11T03:31:00Z',
  '2026-04-04T15:00:00Z',
  '2011-12-30T10:00:00Z',
].map((text) => Date.parse(text));

const instants = fc.oneof(
  fc
    .tuple(fc.constantFrom(...turns), fc.integer({ min: -30 * 3_600, max: 30 * 3_600 }))
    .map(([turn, seconds]) => new Date(turn + seconds * 1000)),
  fc
    .integer({ min: Date.parse('2015-01-01'), max: Date.parse('2035-01-01') })
    .map((ms) => new Date(ms)),
);
const times = fc
  .tuple(
    fc.integer({ min: 0, max: 23 }),
    fc.constantFrom(0, 1, 15, 29, 30, 59),
    fc.constantFrom(0, 59),
  )
  .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));
const dates = (now: Date) =>
  fc.option(
    fc
      .integer({ min: -4 * 86_400, max: 4 * 86_400 })
      .map((seconds) => new Date(now.getTime() + seconds * 1000).toISOString().slice(0, 19)),
    { freq: 4, nil: null },
  );
const mostly = fc.integer({ min: 0, max: 3 }).map((draw) => draw > 0);

function schedulesAround(now: Date): fc.Arbitrary<Schedule> {
  return fc.record({
    id: fc.constant(ids.schedule),
    start_time: times,
    end_time: times,
    start_date: dates(now),
    end_date: dates(now),
    monday: mostly,
    tuesday: mostly,
    wednesday: mostly,
    thursday: mostly,
    friday: mostly,
    saturday: mostly,
    sunday: mostly,
  });
}

const minute = 60_000;

test('the changes of a schedule are where walking minute by minute finds them', () => {
  const cases = instants.chain((now) =>
    fc.record({
      now: fc.constant(now),
      zone: fc.constantFrom(...zones),
      schedules: fc.array(schedulesAround(now), { minLength: 1, maxLength: 2 }),
    }),
  );
  fc.assert(
    fc.property(cases, ({ now, zone, schedules }) => {
      const at = Math.floor(now.getTime() / minute) * minute;
      const compiled = schedules.map((one) => compileSchedule(one));
      const isOpen = (ms: number) => schedules.some((one) => covers(one, zone, ms));
      const isOpenNow = isOpen(at);
      const next = nextChange(compiled, { timeZone: zone, at: new Date(at) })?.getTime() ?? null;
      const last =
        previousChange(compiled, { timeZone: zone, at: new Date(at) })?.getTime() ?? null;
      if (next !== null)
        expect([isOpen(next - 1000), isOpen(next)]).toEqual([isOpenNow, !isOpenNow]);
      if (last !== null)
        expect([isOpen(last - 1000), isOpen(last)]).toEqual([!isOpenNow, isOpenNow]);
      const from = Math.max(last ?? -Infinity, at - 2 * 86_400_000);
      const until = Math.min(next ?? Infinity, at + 2 * 86_400_000);
      for (let ms = from; ms < until; ms += minute)
        if (isOpen(ms) !== isOpenNow)
          throw new Error(`is otherwise at ${new Date(ms).toISOString()} already`);
    }),
    { numRuns: 200 },
  );
}, 120_000);
