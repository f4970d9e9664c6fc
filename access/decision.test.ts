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
import { decide, type Decision, type DoorState, type Question } from './decision.ts';
import { hashPin } from './pins.ts';
import type { Presentation } from './presentation.ts';
import { tableOf } from './table.ts';

/** Monday noon in Amsterdam. */
const now = new Date('2026-06-01T10:00:00Z');
const quiet: DoorState = {
  officeMode: 'none',
  privacy: false,
  tagRegistration: false,
  keypadLockedOut: false,
};
const tag: Presentation = { what: { type: 'tag', tagNumber, rfidUid: null }, heldMs: 200 };
const pin: Presentation = { what: { type: 'pin', code: '135790' }, heldMs: 0 };
const plate: Presentation = { what: { type: 'license_plate', plate: '12ABC3' }, heldMs: 0 };
const pinKey = key({ type: 'pin', value: hashPin('135790', pinHashKey), collection_id: null });
const plateKey = key({ type: 'license_plate', value: '12ABC3', collection_id: null });

type World = Parameters<typeof items>[0];

function answer(world: World, question: Partial<Question> = {}): Decision {
  return decide({
    table: tableOf(items(world)),
    lockId: ids.lock,
    door: quiet,
    presentation: tag,
    now,
    serverGoneSince: null,
    ...question,
  });
}

const known = { accessorId: ids.accessor, accessBy: 'tag', accessDetail: tagNumber } as const;
const nobody = { accessorId: null, accessBy: 'tag', accessDetail: tagNumber } as const;
const rejected = {
  category: 'lock_rejected',
  act: 'refuse',
  exitRequested: false,
  matched: null,
} as const;
const otherGroup = uuid(21);
const closed = [schedule({ start_time: '18:00:00' })];

const cases: readonly [string, World, Partial<Question>, Partial<Decision>][] = [
  [
    '2 tag registration runs',
    {},
    { door: { ...quiet, tagRegistration: true } },
    { check: 2, category: null, act: 'learn_tag', ...nobody },
  ],
  [
    '3 the handle',
    {},
    {
      presentation: { what: { type: 'exit', by: 'handle' }, heldMs: 0 },
      door: { ...quiet, privacy: true },
    },
    {
      check: 3,
      category: 'lock_opened',
      detail: null,
      accessorId: null,
      accessBy: 'inside_handle',
      accessDetail: '',
      exitRequested: true,
      rejectReason: null,
      act: 'open',
    },
  ],
  [
    '4 the keypad is locked out',
    { accessors: [accessor({ keys: [pinKey] })] },
    { presentation: pin, door: { ...quiet, keypadLockedOut: true } },
    {
      check: 4,
      ...rejected,
      detail: null,
      accessorId: null,
      accessBy: 'pin_code',
      rejectReason: 'keypad_locked',
    },
  ],
  [
    '5 unknown, the number is still told',
    { accessors: [] },
    {},
    { check: 5, ...rejected, ...nobody, detail: 'no_access', rejectReason: 'unknown_credential' },
  ],
  [
    '5 unknown by RFID',
    { accessors: [] },
    { presentation: { what: { type: 'tag', tagNumber: null, rfidUid: '04AB' }, heldMs: 1 } },
    { check: 5, accessDetail: '04AB', rejectReason: 'unknown_credential' },
  ],
  [
    '5 the table is unreadable',
    {},
    { table: null },
    { check: 5, ...rejected, ...nobody, detail: 'no_access', rejectReason: 'hub_table_damaged' },
  ],
  [
    '6 a tag of another site',
    { accessors: [accessor({ keys: [key({ collection_id: ids.otherCollection })] })] },
    {},
    { check: 6, ...rejected, ...known, detail: 'no_access', rejectReason: 'foreign_tag' },
  ],
  [
    '7 expired',
    { accessors: [accessor({ keys: [key({ expires_at: now.toISOString(), blocked: true })] })] },
    {},
    { check: 7, ...rejected, ...known, detail: 'expired', rejectReason: 'key_expired' },
  ],
  [
    '8 key blocked',
    { accessors: [accessor({ blocked: true, keys: [key({ blocked: true })] })] },
    {},
    { check: 8, ...rejected, ...known, detail: 'blocked', rejectReason: 'key_blocked' },
  ],
  [
    '9 accessor blocked',
    { accessors: [accessor({ blocked: true, suspended: true })] },
    {},
    { check: 9, ...rejected, ...known, detail: 'blocked', rejectReason: 'accessor_blocked' },
  ],
  [
    '10 suspended',
    { accessors: [accessor({ suspended: true, group_ids: [] })] },
    {},
    { check: 10, ...rejected, ...known, detail: 'suspended', rejectReason: 'suspended' },
  ],
  [
    '11 PIN without use_pin',
    { accessors: [accessor({ use_pin: false, keys: [pinKey] })] },
    { presentation: pin },
    {
      check: 11,
      ...rejected,
      detail: null,
      accessorId: ids.accessor,
      accessBy: 'pin_code',
      accessDetail: '',
      rejectReason: 'credential_not_allowed',
    },
  ],
  [
    '11 plate at a lock without camera',
    { accessors: [accessor({ keys: [plateKey] })] },
    { presentation: plate },
    {
      check: 11,
      ...rejected,
      accessBy: 'license_plate',
      accessDetail: '12ABC3',
      rejectReason: 'credential_not_allowed',
    },
  ],
  [
    '12 not in a group of the lock',
    {
      accessors: [accessor({ group_ids: [otherGroup] })],
      groups: [group(), group({ id: otherGroup })],
    },
    {},
    { check: 12, ...rejected, ...known, detail: 'no_access', rejectReason: 'not_in_group' },
  ],
  [
    '13 a group without schedule',
    { groups: [group({ schedules: [] })] },
    {},
    { check: 13, ...rejected, ...known, detail: 'no_access', rejectReason: 'no_schedule' },
  ],
  [
    '14 outside its schedule',
    { groups: [group({ schedules: closed })] },
    {},
    {
      check: 14,
      ...rejected,
      ...known,
      detail: 'out_of_schedule',
      rejectReason: 'outside_schedule',
    },
  ],
  [
    '15 privacy',
    {},
    { door: { ...quiet, privacy: true } },
    { check: 15, ...rejected, ...known, detail: null, rejectReason: 'privacy_mode' },
  ],
  [
    '15 the master key too',
    { settings: settings({ masterkey_tag_id: ids.tag }) },
    { door: { ...quiet, privacy: true } },
    { check: 15, rejectReason: 'privacy_mode' },
  ],
  [
    '16 held over 5 s',
    { accessors: [accessor({ toggle_manual_office_mode: true })] },
    { presentation: { ...tag, heldMs: 5_001 } },
    {
      check: 16,
      category: 'office_mode',
      detail: 'start',
      ...known,
      rejectReason: null,
      act: 'office_mode_start',
    },
  ],
  [
    '16 held over 5 s at an open door',
    { accessors: [accessor({ toggle_manual_office_mode: true })] },
    { presentation: { ...tag, heldMs: 5_001 }, door: { ...quiet, officeMode: 'easy' } },
    { check: 16, category: 'office_mode', detail: 'end', act: 'office_mode_end' },
  ],
  [
    '18 held for 5 s is no hold',
    { accessors: [accessor({ toggle_manual_office_mode: true })] },
    { presentation: { ...tag, heldMs: 5_000 } },
    { check: 18, act: 'open' },
  ],
  [
    '17 easy office mode',
    {
      locks: [lock({ easy_office_mode: { ...schedule(), eom_auto_start: false } })],
      accessors: [accessor({ toggle_easy_office_mode: true })],
    },
    {},
    {
      check: 17,
      category: 'easy_office_mode',
      detail: 'start',
      ...known,
      act: 'easy_office_mode_start',
    },
  ],
  [
    '17 and off again',
    {
      locks: [lock({ easy_office_mode: { ...schedule(), eom_auto_start: false } })],
      accessors: [accessor({ toggle_easy_office_mode: true })],
    },
    { door: { ...quiet, officeMode: 'easy' } },
    { check: 17, detail: 'end', act: 'easy_office_mode_end' },
  ],
  [
    '18 not in manual office mode',
    {
      locks: [lock({ easy_office_mode: { ...schedule(), eom_auto_start: false } })],
      accessors: [accessor({ toggle_easy_office_mode: true })],
    },
    { door: { ...quiet, officeMode: 'manual' } },
    { check: 18, category: 'lock_opened' },
  ],
  [
    '18 not with an automatic one',
    {
      locks: [lock({ easy_office_mode: { ...schedule(), eom_auto_start: true } })],
      accessors: [accessor({ toggle_easy_office_mode: true })],
    },
    {},
    { check: 18 },
  ],
  [
    '18 not outside its window',
    {
      locks: [
        lock({
          easy_office_mode: { ...schedule({ start_time: '18:00:00' }), eom_auto_start: false },
        }),
      ],
      accessors: [accessor({ toggle_easy_office_mode: true })],
    },
    {},
    { check: 18 },
  ],
  [
    '18 opens, and says by which schedule',
    {},
    {},
    {
      check: 18,
      category: 'lock_opened',
      detail: null,
      ...known,
      rejectReason: null,
      exitRequested: false,
      act: 'open',
      keyId: ids.key,
      matched: { groupId: ids.group, scheduleId: ids.schedule },
    },
  ],
  [
    '18 one of two groups is enough',
    {
      locks: [lock({ group_ids: [otherGroup, ids.group] })],
      groups: [group(), group({ id: otherGroup, schedules: closed })],
      accessors: [accessor({ group_ids: [otherGroup, ids.group] })],
    },
    {},
    { check: 18 },
  ],
  [
    '18 a PIN',
    { accessors: [accessor({ keys: [pinKey] })] },
    { presentation: pin },
    { check: 18, accessBy: 'pin_code', accessDetail: '' },
  ],
  [
    '18 a tag shown by RFID is told by number',
    { accessors: [accessor({ keys: [key({ rfid_uid: '04ab' })] })] },
    { presentation: { what: { type: 'tag', tagNumber: null, rfidUid: '04AB' }, heldMs: 1 } },
    { check: 18, accessDetail: tagNumber },
  ],
  [
    '18 a foreign tag where the site allows it',
    {
      settings: settings({ tags_from_other_sites: true }),
      accessors: [accessor({ keys: [key({ collection_id: ids.otherCollection })] })],
    },
    {},
    { check: 18 },
  ],
  [
    '18 the master key, without group',
    { settings: settings({ masterkey_tag_id: ids.tag }), accessors: [accessor({ group_ids: [] })] },
    {},
    { check: 18, matched: null },
  ],
  [
    '18 a plate with camera',
    { locks: [lock({ license_plate_camera: true })], accessors: [accessor({ keys: [plateKey] })] },
    { presentation: plate },
    { check: 18, accessBy: 'license_plate' },
  ],
];

describe('the first check that fires ends it:', () => {
  test.each(cases)('%s', (_name, world, question, expected) => {
    expect(answer(world, question)).toMatchObject(expected);
  });
});

describe('the server out of reach', () => {
  const strict = settings({ offline_validity_hours: 2 });
  const gone = (hours: number) => ({
    serverGoneSince: new Date(now.getTime() - hours * 3_600_000 - 1),
  });

  test('changes nothing until the offline validity is over', () => {
    expect(answer({}, gone(1_000)).check).toBe(18);
    expect(answer({ settings: strict }, gone(1)).check).toBe(18);
    expect(answer({ settings: strict }, gone(2))).toMatchObject({
      check: 12,
      rejectReason: 'offline_validity_over',
    });
  });

  test('leaves exits, the master key and offline keys after it', () => {
    const master = settings({ offline_validity_hours: 2, masterkey_tag_id: ids.tag });
    expect(answer({ settings: master }, gone(3)).check).toBe(18);
    const offline = [lock({ offline_key_ids: [ids.key] })];
    expect(answer({ settings: strict, locks: offline }, gone(3)).check).toBe(18);
    const handle: Presentation = { what: { type: 'exit', by: 'button' }, heldMs: 0 };
    expect(answer({ settings: strict }, { ...gone(3), presentation: handle }).check).toBe(3);
  });
});

test('of one person with a tag in two sites the accessor with the right opens', () => {
  const first = accessor({ group_ids: [] });
  const second = accessor({ id: uuid(41), keys: [key({ id: uuid(51) })] });
  expect(answer({ accessors: [first, second] })).toMatchObject({ check: 18, accessorId: uuid(41) });
  const blocked = accessor({ id: uuid(41), blocked: true, keys: [key({ id: uuid(51) })] });
  expect(answer({ accessors: [blocked, first] })).toMatchObject({
    check: 12,
    accessorId: ids.accessor,
  });
});
