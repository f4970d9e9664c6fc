import { describe, expect, test } from 'vitest';
import {
  accessor,
  group,
  ids,
  items,
  key,
  lock,
  pinHashKey,
  schedule,
  settings,
  tagNumber,
  uuid,
} from '#test/kit/access-table';
import type { Question } from './decision.ts';
import {
  decideOffline,
  decisionOfOfflineRecord,
  offlineMemoryFor,
  type OfflineMemory,
} from './offline.ts';
import { hashPin } from './pins.ts';
import type { Presentation } from './presentation.ts';
import { tableOf } from './table.ts';

const now = new Date('2026-06-01T10:00:00Z');
const tag: Presentation = { what: { type: 'tag', tagNumber, rfidUid: null }, heldMs: 0 };
const limits = { offlineKeyLimit: 39, holdsSchedules: true, holdsPins: true };
const withKey = [lock({ offline_key_ids: [ids.key] })];
type World = NonNullable<Parameters<typeof items>[0]>;

function memoryOf(world: World, over: Partial<typeof limits> = {}): OfflineMemory {
  const table = tableOf(items({ locks: withKey, ...world }));
  const memory = offlineMemoryFor(table, { lockId: ids.lock, limits: { ...limits, ...over } });
  if (!memory) throw new Error('the lock is in the table');
  return memory;
}

function opens(
  memory: OfflineMemory | null,
  over: { presentation?: Presentation; privacy?: boolean; at?: Date } = {},
): boolean {
  const { presentation = tag, privacy = false, at = now } = over;
  return decideOffline({ memory, privacy, presentation, now: at }).opens;
}

describe('a lock without its hub', () => {
  test('opens for its offline keys and for exits, for nobody else', () => {
    const memory = memoryOf({});
    expect(opens(memory)).toBe(true);
    expect(opens(memoryOf({ locks: [lock()] }))).toBe(false);
    expect(opens(null)).toBe(false);
    expect(opens(null, { presentation: { what: { type: 'exit', by: 'handle' }, heldMs: 0 } })).toBe(
      true,
    );
  });

  test('keeps to schedules where it can hold them and the site wants it', () => {
    const evening = { groups: [group({ schedules: [schedule({ start_time: '18:00:00' })] })] };
    expect(opens(memoryOf(evening))).toBe(false);
    expect(opens(memoryOf(evening), { at: new Date('2026-06-01T17:00:00Z') })).toBe(true);
    expect(opens(memoryOf(evening, { holdsSchedules: false }))).toBe(true);
    expect(opens(memoryOf({ ...evening, settings: settings({ offline_schedules: false }) }))).toBe(
      true,
    );
  });

  test('keeps to expiry, and to privacy without the right to pass it', () => {
    const expired = { accessors: [accessor({ keys: [key({ expires_at: now.toISOString() })] })] };
    expect(opens(memoryOf(expired))).toBe(false);
    expect(opens(memoryOf({}), { privacy: true })).toBe(false);
    expect(
      opens(memoryOf({ accessors: [accessor({ override_privacy_mode: true })] }), {
        privacy: true,
      }),
    ).toBe(true);
  });

  test('holds no key that is blocked, suspended or shares no group with it', () => {
    const worlds: World[] = [
      { accessors: [accessor({ keys: [key({ blocked: true })] })] },
      { accessors: [accessor({ blocked: true })] },
      { accessors: [accessor({ suspended: true })] },
      { accessors: [accessor({ group_ids: [] })] },
    ];
    expect(worlds.map((world) => memoryOf(world).keys)).toEqual([[], [], [], []]);
  });

  test('holds PINs only where its hardware can', () => {
    const pins = {
      accessors: [accessor({ keys: [key({ type: 'pin', value: hashPin('2468', pinHashKey) })] })],
    };
    const typed: Presentation = { what: { type: 'pin', code: '2468' }, heldMs: 0 };
    expect(opens(memoryOf(pins), { presentation: typed })).toBe(true);
    expect(opens(memoryOf(pins, { holdsPins: false }), { presentation: typed })).toBe(false);
  });

  test('holds as many keys as it has room for, in the order of the table', () => {
    const keys = [1, 2, 3].map((number) =>
      key({ id: uuid(100 + number), value: `0000000${String(number)}` }),
    );
    const world = {
      locks: [lock({ offline_key_ids: [uuid(103), uuid(101), uuid(102)] })],
      accessors: [accessor({ keys })],
    };
    expect(memoryOf(world, { offlineKeyLimit: 2 }).keys.map(({ keyId }) => keyId)).toEqual([
      uuid(103),
      uuid(101),
    ]);
  });

  test('is given a new version only when the content differs', () => {
    expect(memoryOf({}).version).toBe(memoryOf({}).version);
    const longer = memoryOf({
      locks: [lock({ offline_key_ids: [ids.key], open_time_seconds: 9 })],
    });
    expect(longer.version).not.toBe(memoryOf({}).version);
  });
});

describe('the entry of a lock that was alone', () => {
  const question = (world: World, presentation: Presentation = tag): Question => ({
    table: tableOf(items(world)),
    lockId: ids.lock,
    door: { officeMode: 'none', privacy: false, tagRegistration: false, keypadLockedOut: false },
    presentation,
    now,
    serverGoneSince: null,
  });

  test('says offline, who it was, and why not', () => {
    expect(decisionOfOfflineRecord(question({}), { opened: true })).toMatchObject({
      category: 'lock_opened',
      detail: 'offline',
      accessorId: ids.accessor,
      rejectReason: null,
    });
    expect(decisionOfOfflineRecord(question({}), { opened: false })).toMatchObject({
      category: 'lock_rejected',
      detail: 'offline',
      accessorId: ids.accessor,
      rejectReason: 'lock_offline',
    });
    expect(decisionOfOfflineRecord(question({ accessors: [] }), { opened: false })).toMatchObject({
      category: 'lock_rejected',
      detail: 'offline',
      accessorId: null,
      rejectReason: 'unknown_credential',
    });
  });

  test('of an exit stays an exit', () => {
    const exit: Presentation = { what: { type: 'exit', by: 'handle' }, heldMs: 0 };
    expect(decisionOfOfflineRecord(question({}, exit), { opened: true })).toMatchObject({
      check: 3,
      category: 'lock_opened',
      accessBy: 'inside_handle',
      exitRequested: true,
    });
  });
});
