/**
 * What a door must do, read from behaviour.md 5.2 to 5.4, 8 and 12 line by line and as slowly as it likes. It shares nothing
 * with the product: the wall clock comes from Intl each time, schedules are compared as texts, PINs as the digits they are.
 */

import { assertNever } from '#contract/assert-never';

export const weekdays = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const;

export type WorldSchedule = {
  id: string;
  start_time: string;
  end_time: string;
  start_date: string | null;
  end_date: string | null;
} & Record<(typeof weekdays)[number], boolean>;

export type WorldKey = {
  id: string;
  type: 'tag' | 'mkey' | 'pin' | 'custom_pin' | 'wallet' | 'license_plate';
  /** Tag number, digits, plate or id: as a person would read it. */
  plain: string;
  rfid: string | null;
  /** Which of the hub's keys hides the digits: 0 = the usual one; above those it has = unreadable. */
  hashKey: number;
  isMaster: boolean;
  blocked: boolean;
  expiresAt: number | null;
  collection: 'own' | 'other' | null;
};

export type WorldPerson = {
  id: string;
  blocked: boolean;
  suspended: boolean;
  usePin: boolean;
  overridesPrivacy: boolean;
  togglesEasy: boolean;
  togglesManual: boolean;
  groupIds: string[];
  keys: WorldKey[];
};

export type WorldLock = {
  id: string;
  hasCamera: boolean;
  groupIds: string[];
  easy: (WorldSchedule & { isAutomatic: boolean }) | null;
  offlineKeyIds: string[];
  /** What its own memory can hold. */
  keyLimit: number;
  holdsSchedules: boolean;
  holdsPins: boolean;
};

export type World = {
  zone: string;
  isInCollection: boolean;
  allowsForeignTags: boolean;
  offlineHours: number | null;
  keepsOfflineSchedules: boolean;
  hashKeys: number;
  groups: { id: string; schedules: WorldSchedule[] }[];
  people: WorldPerson[];
  locks: WorldLock[];
};

export type Shown =
  | { type: 'exit' }
  | { type: 'tag'; number: string | null; rfid: string | null }
  | { type: 'pin'; digits: string }
  | { type: 'mkey'; id: string; standing: 'good' | 'expired' | 'not_trusted' }
  | { type: 'wallet'; id: string }
  | { type: 'license_plate'; plate: string };

export type Step = {
  at: number;
  lock: WorldLock;
  shown: Shown;
  heldMs: number;
  /** The hub is out of the lock's reach. */
  isAlone: boolean;
  isTableDamaged: boolean;
  privacy: boolean;
  registration: boolean;
  office: 'none' | 'easy' | 'manual';
  serverGoneMs: number | null;
};

export type Verdict = {
  check: number;
  act: string;
  category: string | null;
  detail: string | null;
  reason: string | null;
  accessorId: string | null;
  accessBy: string;
  accessDetail: string;
  isExit: boolean;
  /** Groups the deciding person shares with the lock: schedules that cover, and all. */
  groups: { id: string; covering: string[]; all: string[] }[];
};

const formats = new Map<string, Intl.DateTimeFormat>();

/** The wall clock of a zone as `YYYY-MM-DD HH:mm:ss`. */
export function wallText(zone: string, at: number): string {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: zone,
      dateStyle: 'short',
      timeStyle: 'medium',
    });
    formats.set(zone, format);
  }
  return format.format(at);
}

function weekdayOf(date: string, daysBefore = 0): (typeof weekdays)[number] {
  const day = new Date(Date.parse(`${date}T12:00:00Z`) - daysBefore * 86_400_000).getUTCDay();
  return weekdays[day] ?? 'sunday';
}

/** behaviour.md 5.3. */
export function covers(schedule: WorldSchedule, zone: string, at: number): boolean {
  const [date = '', time = ''] = wallText(zone, at).split(' ');
  const w = `${date}T${time}`;
  if (schedule.start_date !== null && w < schedule.start_date) return false;
  if (schedule.end_date !== null && w > schedule.end_date) return false;
  if (schedule.end_time < schedule.start_time) {
    if (time >= schedule.start_time && schedule[weekdayOf(date)]) return true;
    return time <= schedule.end_time && schedule[weekdayOf(date, 1)];
  }
  return time >= schedule.start_time && time <= schedule.end_time && schedule[weekdayOf(date)];
}

/** behaviour.md 5.4, told by the whole story of one keypad. */
export class KeypadStory {
  readonly #wrong: number[] = [];
  #counted = 0;
  #lockOuts = 0;
  #lockedUntil = 0;

  isLockedOut(at: number): boolean {
    return at < this.#lockedUntil;
  }

  /** Counts a PIN that was not ignored. */
  typed(at: number, what: 'right' | 'wrong' | 'neither'): void {
    if (what === 'neither') return;
    const quietMs = at - (this.#wrong.at(-1) ?? at);
    if (what === 'right' || quietMs >= 30 * 60_000) {
      this.#counted = this.#wrong.length;
      this.#lockOuts = 0;
    }
    if (what === 'right') return;
    this.#wrong.push(at);
    const recent = this.#wrong.slice(this.#counted).filter((wrong) => wrong > at - 5 * 60_000);
    if (recent.length < 5) return;
    const seconds = [30, 60, 120, 240, 480, 900][this.#lockOuts] ?? 900;
    this.#lockedUntil = at + seconds * 1000;
    this.#lockOuts += 1;
    this.#counted = this.#wrong.length;
  }
}

function holds(world: World, key: WorldKey, shown: Shown): boolean {
  switch (shown.type) {
    case 'exit':
      return false;
    case 'tag': {
      if (key.type !== 'tag') return false;
      const isNumberKnown = world.people.some(({ keys }) =>
        keys.some((one) => one.type === 'tag' && one.plain === shown.number),
      );
      if (isNumberKnown) return key.plain === shown.number;
      return (
        shown.rfid !== null &&
        key.rfid !== null &&
        key.rfid.toLowerCase() === shown.rfid.toLowerCase()
      );
    }
    case 'pin':
      return (
        (key.type === 'pin' || key.type === 'custom_pin') &&
        key.plain === shown.digits &&
        key.hashKey < world.hashKeys
      );
    case 'mkey':
      return key.type === 'mkey' && shown.standing !== 'not_trusted' && key.plain === shown.id;
    case 'wallet':
      return key.type === 'wallet' && key.plain === shown.id;
    case 'license_plate':
      return key.type === 'license_plate' && key.plain === shown.plate;
    default:
      return assertNever(shown);
  }
}

function accessOf(shown: Shown, key?: WorldKey): { accessBy: string; accessDetail: string } {
  switch (shown.type) {
    case 'exit':
      return { accessBy: 'inside_handle', accessDetail: '' };
    case 'tag':
      return { accessBy: 'tag', accessDetail: key?.plain ?? shown.number ?? shown.rfid ?? '' };
    case 'pin':
      return { accessBy: 'pin_code', accessDetail: '' };
    case 'mkey':
      return { accessBy: 'mkey', accessDetail: '' };
    case 'wallet':
      return { accessBy: 'wallet', accessDetail: '' };
    case 'license_plate':
      return { accessBy: 'license_plate', accessDetail: shown.plate };
    default:
      return assertNever(shown);
  }
}

/** Section 8 with the rulings of docs/decisions/0020 and 0170. */
export function verdict(world: World, step: Step, isKeypadLockedOut: boolean): Verdict {
  const { shown } = step;
  const nobody = { ...accessOf(shown), accessorId: null, isExit: false, groups: [] };
  const said = { category: 'lock_rejected', act: 'refuse' };
  if (shown.type === 'exit')
    return {
      ...nobody,
      check: 3,
      act: 'open',
      category: 'lock_opened',
      detail: null,
      reason: null,
      isExit: true,
    };
  if (step.registration && shown.type === 'tag')
    return { ...nobody, check: 2, act: 'learn_tag', category: null, detail: null, reason: null };
  if (isKeypadLockedOut && shown.type === 'pin')
    return { ...nobody, ...said, check: 4, detail: null, reason: 'keypad_locked' };
  if (step.isTableDamaged)
    return { ...nobody, ...said, check: 5, detail: 'no_access', reason: 'hub_table_damaged' };
  const verdicts = world.people
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .flatMap((person) =>
      person.keys
        .filter((key) => holds(world, key, shown))
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))
        .map((key) => verdictOn(world, step, person, key)),
    );
  const granted = verdicts.find(({ reason }) => reason === null);
  const furthest = Math.max(...verdicts.map(({ check }) => check));
  return (
    granted ??
    verdicts.find(({ check }) => check === furthest) ?? {
      ...nobody,
      ...said,
      check: 5,
      detail: 'no_access',
      reason: 'unknown_credential',
    }
  );
}

function verdictOn(world: World, step: Step, person: WorldPerson, key: WorldKey): Verdict {
  const { at, lock, shown } = step;
  const shared = world.groups
    .filter(({ id }) => person.groupIds.includes(id) && lock.groupIds.includes(id))
    .map(({ id, schedules }) => ({
      id,
      all: schedules.map((one) => one.id),
      covering: schedules.filter((one) => covers(one, world.zone, at)).map((one) => one.id),
    }));
  const known = {
    ...accessOf(shown, key),
    accessorId: person.id,
    isExit: false,
    groups: shared,
  };
  const no = (check: number, reason: string, detail: string | null): Verdict => ({
    ...known,
    check,
    act: 'refuse',
    category: 'lock_rejected',
    detail,
    reason,
  });
  const isForeign = key.collection === 'other' && world.isInCollection;
  if (isForeign && !world.allowsForeignTags) return no(6, 'foreign_tag', 'no_access');
  const isPhoneOld = shown.type === 'mkey' && shown.standing === 'expired';
  if ((key.expiresAt !== null && at >= key.expiresAt) || isPhoneOld)
    return no(7, 'key_expired', 'expired');
  if (key.blocked) return no(8, 'key_blocked', 'blocked');
  if (person.blocked) return no(9, 'accessor_blocked', 'blocked');
  if (person.suspended) return no(10, 'suspended', 'suspended');
  if (shown.type === 'pin' && !person.usePin) return no(11, 'credential_not_allowed', null);
  if (shown.type === 'license_plate' && !lock.hasCamera)
    return no(11, 'credential_not_allowed', null);
  if (!(key.isMaster && key.type === 'tag')) {
    const isOver =
      world.offlineHours !== null &&
      step.serverGoneMs !== null &&
      step.serverGoneMs > world.offlineHours * 3_600_000;
    if (isOver && !lock.offlineKeyIds.includes(key.id))
      return no(12, 'offline_validity_over', 'offline');
    if (shared.length === 0) return no(12, 'not_in_group', 'no_access');
    if (shared.every(({ all }) => all.length === 0)) return no(13, 'no_schedule', 'no_access');
    if (shared.every(({ covering }) => covering.length === 0))
      return no(14, 'outside_schedule', 'out_of_schedule');
  }
  if (step.privacy && !person.overridesPrivacy) return no(15, 'privacy_mode', null);
  const yes = { ...known, reason: null };
  const detail = step.office === 'none' ? 'start' : 'end';
  if (step.heldMs > 5000 && person.togglesManual)
    return { ...yes, check: 16, act: `office_mode_${detail}`, category: 'office_mode', detail };
  const isEasyHour =
    lock.easy !== null && !lock.easy.isAutomatic && covers(lock.easy, world.zone, at);
  if (isEasyHour && person.togglesEasy && step.office !== 'manual')
    return {
      ...yes,
      check: 17,
      act: `easy_office_mode_${detail}`,
      category: 'easy_office_mode',
      detail,
    };
  return { ...yes, check: 18, act: 'open', category: 'lock_opened', detail: null };
}

/** Sections 12.2 and 12.3: whether the lock opens with the hub out of its reach. */
export function opensAlone(world: World, step: Step): boolean {
  const { at, lock, shown } = step;
  if (shown.type === 'exit') return true;
  const stored = lock.offlineKeyIds
    .flatMap((id) =>
      world.people.flatMap((person) =>
        person.keys.filter((key) => key.id === id).map((key) => ({ person, key })),
      ),
    )
    .map((one) => ({
      ...one,
      schedules: world.groups
        .filter(({ id }) => one.person.groupIds.includes(id) && lock.groupIds.includes(id))
        .flatMap(({ schedules }) => schedules),
    }))
    .filter(({ person, key, schedules }) => {
      if (key.blocked || person.blocked || person.suspended) return false;
      if (key.type === 'license_plate') return false;
      const isPin = key.type === 'pin' || key.type === 'custom_pin';
      if (isPin && !(lock.holdsPins && person.usePin)) return false;
      // A group without schedule grants nothing.
      return schedules.length > 0;
    })
    .slice(0, lock.keyLimit);
  return stored.some(({ person, key, schedules }) => {
    if (!holds(world, key, shown)) return false;
    if (shown.type === 'mkey' && shown.standing !== 'good') return false;
    if (step.privacy && !person.overridesPrivacy) return false;
    if (key.expiresAt !== null && at >= key.expiresAt) return false;
    if (!lock.holdsSchedules || !world.keepsOfflineSchedules) return true;
    return schedules.some((one) => covers(one, world.zone, at));
  });
}
