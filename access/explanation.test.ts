import { expect, test } from 'vitest';
import {
  accessor,
  group,
  ids,
  items,
  key,
  lock,
  schedule,
  tagNumber,
  uuid,
} from '#test/kit/access-table';
import type { Question } from './decision.ts';
import { explain, explainAlone } from './explanation.ts';
import { tableOf } from './table.ts';

/** Monday 18:04:10 in Amsterdam. */
const now = new Date('2026-06-01T16:04:10.500Z');
const morning = schedule({ id: uuid(31), start_time: '07:00:00', end_time: '12:00:00' });
const office = schedule({ start_time: '08:00:00', end_time: '17:59:59' });

function question(world: Parameters<typeof items>[0], over: Partial<Question> = {}): Question {
  return {
    table: tableOf(items(world)),
    lockId: ids.lock,
    door: { officeMode: 'none', privacy: false, tagRegistration: false, keypadLockedOut: false },
    presentation: { what: { type: 'tag', tagNumber, rfidUid: null }, heldMs: 0 },
    now,
    serverGoneSince: null,
    ...over,
  };
}

test('a refusal by time names the schedule that missed by least, and by how much', () => {
  const told = explain(question({ groups: [group({ schedules: [morning, office] })] }));
  expect(told).toMatchObject({
    decision: { check: 14, rejectReason: 'outside_schedule' },
    timeZone: 'Europe/Amsterdam',
    local: '2026-06-01T18:04:10',
    nearest: { groupId: ids.group, scheduleId: ids.schedule, bySeconds: 251, side: 'late' },
  });
  const seconds = told.holders[0]?.groups[0]?.schedules.map(({ miss }) => miss?.bySeconds);
  expect(seconds).toEqual([6 * 3600 + 4 * 60 + 10, 251]);
});

test('a second early is a miss by a second', () => {
  const evening = schedule({ start_time: '18:04:11', end_time: '18:30:00' });
  const told = explain(question({ groups: [group({ schedules: [evening] })] }));
  expect(told.nearest).toMatchObject({ bySeconds: 1, side: 'early' });
});

test('a schedule that never covers misses by nothing that could be said', () => {
  const never = schedule({ start_date: '2026-01-02T00:00:00', end_date: '2026-01-01T00:00:00' });
  const told = explain(question({ groups: [group({ schedules: [never] })] }));
  expect(told.nearest).toBeNull();
  expect(told.holders[0]?.groups[0]?.schedules).toEqual([
    { scheduleId: ids.schedule, covers: false, miss: null },
  ]);
});

test('every holder of a shared tag is told of, and who decides', () => {
  const second = accessor({ id: uuid(41), blocked: true, keys: [key({ id: uuid(51) })] });
  const told = explain(question({ accessors: [second, accessor()] }));
  expect(told.decision).toMatchObject({ check: 18, accessorId: ids.accessor });
  expect(told.holders.map(({ keyId, decision }) => [keyId, decision.check])).toEqual([
    [uuid(51), 9],
    [ids.key, 18],
  ]);
});

test('of two who are both let in the first by id is written down, in whatever order the hub was told of them', () => {
  const second = accessor({ id: uuid(41), keys: [key({ id: uuid(51) })] });
  for (const accessors of [
    [second, accessor()],
    [accessor(), second],
  ])
    expect(explain(question({ accessors })).decision.accessorId).toBe(ids.accessor);
});

test('a lock alone opens for its offline keys only', () => {
  const limits = { offlineKeyLimit: 10, holdsSchedules: false, holdsPins: false };
  expect(explainAlone(question({}), limits).decision).toMatchObject({
    act: 'refuse',
    rejectReason: 'lock_offline',
    detail: 'offline',
  });
  const offline = [lock({ offline_key_ids: [ids.key] })];
  expect(explainAlone(question({ locks: offline }), limits).decision.act).toBe('open');
  const groups = [group({ schedules: [] })];
  expect(explainAlone(question({ locks: offline, groups }), limits).decision).toMatchObject({
    act: 'refuse',
    rejectReason: 'no_schedule',
  });
});
