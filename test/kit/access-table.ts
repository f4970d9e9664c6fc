/** Items of an access table; what a test does not care about is filled in so that the door opens. */
import type {
  AccessorItem,
  DesiredItem,
  GroupItem,
  KeyItem,
  LockItem,
  RepeaterItem,
  Schedule,
  SettingsItem,
} from '#contract/access-table';
import { everyDay } from '#contract/fields';

/** A fixed UUID by number, the same in every run. */
export function uuid(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

export const ids = {
  iq: uuid(1),
  collection: uuid(2),
  otherCollection: uuid(3),
  lock: uuid(10),
  group: uuid(20),
  schedule: uuid(30),
  accessor: uuid(40),
  key: uuid(50),
  tag: uuid(60),
} as const;

export const tagNumber = '00007527';
export const pinHashKey = Buffer.from('a key for tests').toString('base64');

export function schedule(over: Partial<Schedule> = {}): Schedule {
  return {
    id: ids.schedule,
    start_time: '00:00:00',
    end_time: '23:59:59',
    start_date: null,
    end_date: null,
    ...everyDay,
    ...over,
  };
}

export function settings(over: Partial<SettingsItem> = {}): SettingsItem {
  return {
    iq_id: ids.iq,
    collection_id: ids.collection,
    time_zone: 'Europe/Amsterdam',
    led_enabled: true,
    led_pattern: 'green_blink_every_5_min',
    tags_from_other_sites: false,
    door_left_open_seconds: 30,
    offline_validity_hours: null,
    offline_schedules: true,
    masterkey_tag_id: null,
    pin_hash_key: pinHashKey,
    ...over,
  };
}

export function lock(over: Partial<LockItem> = {}): LockItem {
  return {
    id: ids.lock,
    mac: '014FCA0A000071',
    slot: 1,
    repeater_id: null,
    link: 'attached',
    open_time_seconds: 6,
    license_plate_camera: false,
    group_ids: [ids.group],
    easy_office_mode: null,
    offline_key_ids: [],
    ...over,
  };
}

export function group(over: Partial<GroupItem> = {}): GroupItem {
  return { id: ids.group, schedules: [schedule()], ...over };
}

export function key(over: Partial<KeyItem> = {}): KeyItem {
  return {
    id: ids.key,
    credential_id: ids.tag,
    type: 'tag',
    blocked: false,
    expires_at: null,
    value: tagNumber,
    rfid_uid: null,
    collection_id: ids.collection,
    ...over,
  };
}

export function accessor(over: Partial<AccessorItem> = {}): AccessorItem {
  return {
    id: ids.accessor,
    blocked: false,
    suspended: false,
    use_pin: true,
    override_privacy_mode: false,
    toggle_easy_office_mode: false,
    toggle_manual_office_mode: false,
    group_ids: [ids.group],
    keys: [key()],
    ...over,
  };
}

/** The desired items of these values, or of one lock, group and accessor that fit together. */
export function items({
  settings: hub = settings(),
  locks = [lock()],
  repeaters = [],
  groups = [group()],
  accessors = [accessor()],
}: {
  readonly settings?: SettingsItem;
  readonly locks?: readonly LockItem[];
  readonly repeaters?: readonly RepeaterItem[];
  readonly groups?: readonly GroupItem[];
  readonly accessors?: readonly AccessorItem[];
} = {}): DesiredItem[] {
  const of = (kind: string, values: readonly { readonly id: string }[]): DesiredItem[] =>
    values.map((value) => ({ key: `${kind}/${value.id}`, value }));
  return [
    { key: 'settings', value: hub },
    ...of('lock', locks),
    ...of('repeater', repeaters),
    ...of('group', groups),
    ...of('accessor', accessors),
  ];
}
