import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AccessorItem, KeyItem, Schedule, SettingsItem } from '#contract/access-table';
import { decide, type DoorState } from '#access/decision';
import { compileSchedule, nextChange } from '#access/schedules';
import { tableOf } from '#access/table';
import { accessor, group, ids, items, key, lock, settings, uuid } from '#test/kit/access-table';

/*
 * An oracle that shares nothing with the product: it reads the wall clock with Intl each time, compares texts, and walks
 * behaviour.md 5.3 and 8 line by line, minute by minute for the next change.
 */

type Wall = { readonly date: string; readonly time: string; readonly weekday: string };

const formats = new Map<string, Intl.DateTimeFormat>();

function wallOf(zone: string, at: Date): Wall {
  let format = formats.get(zone);
  format ??= new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  formats.set(zone, format);
  const [date = '', time = ''] = format.format(at).split(' ');
  return { date, time, weekday: weekdayOf(date) };
}

const names = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const;

function weekdayOf(date: string): string {
  return names[new Date(`${date}T12:00:00Z`).getUTCDay()] ?? '';
}

function dayBefore(date: string): string {
  return new Date(Date.parse(`${date}T12:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
}

function marked(schedule: Schedule, weekday: string): boolean {
  return schedule[weekday as (typeof names)[number]];
}

function covers(schedule: Schedule, zone: string, at: Date): boolean {
  const { date, time, weekday } = wallOf(zone, at);
  const w = `${date}T${time}`;
  if (schedule.start_date !== null && w < schedule.start_date) return false;
  if (schedule.end_date !== null && w > schedule.end_date) return false;
  if (schedule.end_time < schedule.start_time) {
    const isEvening = time >= schedule.start_time && marked(schedule, weekday);
    const isMorning = time <= schedule.end_time && marked(schedule, weekdayOf(dayBefore(date)));
    return isEvening || isMorning;
  }
  return time >= schedule.start_time && time <= schedule.end_time && marked(schedule, weekday);
}

type World = {
  readonly settings: SettingsItem;
  readonly accessor: AccessorItem;
  readonly key: KeyItem;
  readonly lockGroups: readonly string[];
  readonly groups: readonly { readonly id: string; readonly schedules: readonly Schedule[] }[];
  readonly easy: (Schedule & { eom_auto_start: boolean }) | null;
  readonly door: DoorState;
  readonly heldMs: number;
  readonly now: Date;
};

function oracle(world: World): { check: number; reason: string | null } {
  const { accessor: who, key: what, settings: site, door, now } = world;
  const zone = site.time_zone;
  const no = (check: number, reason: string) => ({ check, reason });
  if (door.tagRegistration) return { check: 2, reason: null };
  const isForeign =
    what.collection_id !== null &&
    site.collection_id !== null &&
    what.collection_id !== site.collection_id;
  if (isForeign && !site.tags_from_other_sites) return no(6, 'foreign_tag');
  if (what.expires_at !== null && new Date(what.expires_at) <= now) return no(7, 'key_expired');
  if (what.blocked) return no(8, 'key_blocked');
  if (who.blocked) return no(9, 'accessor_blocked');
  if (who.suspended) return no(10, 'suspended');
  if (site.masterkey_tag_id !== what.credential_id) {
    const shared = world.groups.filter(
      ({ id }) => who.group_ids.includes(id) && world.lockGroups.includes(id),
    );
    if (shared.length === 0) return no(12, 'not_in_group');
    const all = shared.flatMap(({ schedules }) => schedules);
    if (all.length === 0) return no(13, 'no_schedule');
    if (!all.some((one) => covers(one, zone, now))) return no(14, 'outside_schedule');
  }
  if (door.privacy && !who.override_privacy_mode) return no(15, 'privacy_mode');
  if (world.heldMs > 5000 && who.toggle_manual_office_mode) return { check: 16, reason: null };
  const isEasyHour =
    world.easy !== null && !world.easy.eom_auto_start && covers(world.easy, zone, now);
  if (isEasyHour && who.toggle_easy_office_mode && door.officeMode !== 'manual') {
    return { check: 17, reason: null };
  }
  return { check: 18, reason: null };
}

const zonesTried = [
  'Europe/Amsterdam',
  'America/New_York',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Africa/Casablanca',
  'Pacific/Apia',
  'UTC',
] as const;
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
const seldom = fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0);

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

const groupIds = [uuid(21), uuid(22), uuid(23)];

const worlds: fc.Arbitrary<World> = instants.chain((now) =>
  fc.record({
    now: fc.constant(now),
    settings: fc
      .record({
        time_zone: fc.constantFrom(...zonesTried),
        collection_id: fc.constantFrom(ids.collection, null),
        tags_from_other_sites: fc.boolean(),
        masterkey_tag_id: seldom.map((isMaster) => (isMaster ? ids.tag : null)),
      })
      .map((over) => settings(over)),
    key: fc
      .record({
        blocked: seldom,
        collection_id: fc.constantFrom(ids.collection, ids.collection, ids.otherCollection, null),
        expires_at: fc.option(
          fc.constantFrom(-1, 0, 1).map((ms) => new Date(now.getTime() + ms).toISOString()),
          { freq: 5, nil: null },
        ),
      })
      .map((over) => key(over)),
    accessor: fc
      .record({
        blocked: seldom,
        suspended: seldom,
        override_privacy_mode: fc.boolean(),
        toggle_easy_office_mode: fc.boolean(),
        toggle_manual_office_mode: fc.boolean(),
        group_ids: fc.subarray(groupIds, { minLength: 1 }),
      })
      .map((over) => accessor(over)),
    lockGroups: fc.subarray(groupIds, { minLength: 1 }),
    groups: fc.tuple(
      ...groupIds.map((id) =>
        fc
          .array(schedulesAround(now), { maxLength: 2 })
          .map((schedules) => group({ id, schedules })),
      ),
    ),
    easy: fc.option(
      fc
        .tuple(schedulesAround(now), fc.boolean())
        .map(([one, isAutomatic]) => ({ ...one, eom_auto_start: isAutomatic })),
      { nil: null },
    ),
    door: fc.record({
      officeMode: fc.constantFrom('none' as const, 'easy' as const, 'manual' as const),
      privacy: seldom,
      tagRegistration: seldom,
      keypadLockedOut: fc.constant(false),
    }),
    heldMs: fc.constantFrom(100, 5000, 5001),
  }),
);

test('the door decides as the slow reading of the specification does, in 20,000 worlds', () => {
  const seen = new Set<number>();
  fc.assert(
    fc.property(worlds, (world) => {
      const table = tableOf(
        items({
          settings: world.settings,
          locks: [lock({ group_ids: [...world.lockGroups], easy_office_mode: world.easy })],
          groups: world.groups.map((one) => ({ id: one.id, schedules: [...one.schedules] })),
          accessors: [{ ...world.accessor, keys: [world.key] }],
        }),
      );
      const decision = decide({
        table,
        lockId: ids.lock,
        door: world.door,
        presentation: {
          what: { type: 'tag', tagNumber: world.key.value, rfidUid: null },
          heldMs: world.heldMs,
        },
        now: world.now,
        serverGoneSince: null,
      });
      seen.add(decision.check);
      expect({ check: decision.check, reason: decision.rejectReason }).toEqual(oracle(world));
    }),
    { numRuns: 20_000 },
  );
  // A generator that never reaches a check proves nothing about it.
  expect([...seen].sort((a, b) => a - b)).toEqual([2, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 18]);
});

test('the next change of a schedule is where walking minute by minute finds it', () => {
  const cases = instants.chain((now) =>
    fc.record({
      now: fc.constant(now),
      zone: fc.constantFrom(...zonesTried),
      schedules: fc.array(schedulesAround(now), { minLength: 1, maxLength: 2 }),
    }),
  );
  fc.assert(
    fc.property(cases, ({ now, zone, schedules }) => {
      const at = new Date(Math.floor(now.getTime() / 60_000) * 60_000);
      const change = nextChange(
        schedules.map((one) => compileSchedule(one)),
        { timeZone: zone, at },
      );
      const isOpen = (ms: number) => schedules.some((one) => covers(one, zone, new Date(ms)));
      const before = isOpen(at.getTime());
      if (change !== null) {
        expect(isOpen(change.getTime())).toBe(!before);
        expect(isOpen(change.getTime() - 1000)).toBe(before);
      }
      const untilMs = Math.min(change?.getTime() ?? Infinity, at.getTime() + 2 * 86_400_000);
      for (let ms = at.getTime(); ms < untilMs; ms += 60_000) {
        if (isOpen(ms) !== before)
          throw new Error(`changes already at ${new Date(ms).toISOString()}`);
      }
    }),
    { numRuns: 150 },
  );
});
