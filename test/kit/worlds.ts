/** Random small sites for the access decision; the same seed and number give the same world. */
import { assertNever } from '#contract/assert-never';
import { uuid } from './access-table.ts';
import {
  wallText,
  weekdays,
  type Shown,
  type Step,
  type World,
  type WorldKey,
  type WorldLock,
  type WorldPerson,
  type WorldSchedule,
} from './world-oracle.ts';

/** Twenty zones: with summer time and without, changing at midnight, by half an hour, by two hours, and off the whole hour. */
export const zones = [
  'Europe/Amsterdam',
  'Europe/London',
  'Europe/Lisbon',
  'Atlantic/Azores',
  'Africa/Casablanca',
  'Africa/Cairo',
  'America/New_York',
  'America/Los_Angeles',
  'America/St_Johns',
  'America/Havana',
  'America/Santiago',
  'America/Sao_Paulo',
  'Asia/Beirut',
  'Asia/Tehran',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'Pacific/Apia',
  'Antarctica/Troll',
  'UTC',
] as const;

export type Story = {
  readonly number: number;
  readonly world: World;
  readonly steps: readonly Step[];
  /** Which turn of the clock, if any, the story was laid around. */
  readonly near: 'clock_change' | 'midnight' | 'anywhen';
};

/** A source of chance that is the same everywhere (sfc32). */
export type Dice = {
  /** 0 ≤ integer < below */
  below(limit: number): number;
  chance(percent: number): boolean;
  oneOf<T>(values: readonly T[]): T;
  someOf<T>(values: readonly T[], percent: number): T[];
};

export function dice(seed: number, number: number): Dice {
  let [a, b, c, d] = [seed | 0, number | 0, 0x9e3779b9 | 0, 1];
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4_294_967_296;
  };
  for (let round = 0; round < 12; round += 1) next();
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    chance: (percent) => next() * 100 < percent,
    oneOf(values) {
      const value = values[below(values.length)];
      if (value === undefined) throw new RangeError('nothing to choose from');
      return value;
    },
    someOf: (values, percent) => values.filter(() => next() * 100 < percent),
  };
}

const first = Date.parse('2019-01-01T00:00:00Z');
const last = Date.parse('2030-01-01T00:00:00Z');
const dayMs = 86_400_000;
const changes = new Map<string, readonly number[]>();

function offsetAt(zone: string, at: number): number {
  return Date.parse(`${wallText(zone, at).replace(' ', 'T')}Z`) - Math.floor(at / 1000) * 1000;
}

/** Instants at which a zone changes its clocks; found by looking, not by rule. */
function clockChanges(zone: string): readonly number[] {
  const known = changes.get(zone);
  if (known) return known;
  const found: number[] = [];
  let before = offsetAt(zone, first);
  for (let at = first; at < last; at += 2 * dayMs) {
    const after = offsetAt(zone, at + 2 * dayMs);
    if (after !== before) {
      let [low, high] = [at, at + 2 * dayMs];
      while (high - low > 1000) {
        const middle = low + Math.floor((high - low) / 2000) * 1000;
        if (offsetAt(zone, middle) === before) low = middle;
        else high = middle;
      }
      found.push(high);
    }
    before = after;
  }
  changes.set(zone, found);
  return found;
}

/** Makes the world of a number. */
export function storyOf(seed: number, number: number): Story {
  const roll = dice(seed, number);
  const zone = roll.oneOf(zones);
  const { at, near } = rollInstant(roll, zone);
  const world = rollWorld(roll, zone, at);
  return { number, world, near, steps: rollSteps(roll, world, at) };
}

function rollInstant(roll: Dice, zone: string): Pick<Story, 'near'> & { readonly at: number } {
  const at = first + roll.below((last - first) / 1000) * 1000 + roll.below(1000);
  const turns = clockChanges(zone);
  if (turns.length > 0 && roll.chance(35)) {
    const seconds = roll.chance(50) ? roll.below(11) - 5 : roll.below(7_200 * 2) - 7_200;
    return {
      at: roll.oneOf(turns) + seconds * 1000 + roll.oneOf([0, 0, 999]),
      near: 'clock_change',
    };
  }
  if (!roll.chance(30)) return { at, near: 'anywhen' };
  const [hours = 0, minutes = 0, seconds = 0] = wallText(zone, at).slice(11).split(':').map(Number);
  const sinceMidnight = ((hours * 60 + minutes) * 60 + seconds) * 1000;
  const midnight = Math.floor(at / 1000) * 1000 - sinceMidnight;
  return { at: midnight + (roll.below(7) - 3) * 1000 + roll.oneOf([0, 500]), near: 'midnight' };
}

function rollWorld(roll: Dice, zone: string, at: number): World {
  const groups = Array.from({ length: 1 + roll.below(4) }, (_, index) => ({
    id: uuid(20 + index),
    schedules: Array.from({ length: roll.oneOf([0, 1, 1, 1, 2, 3]) }, (__, place) =>
      rollSchedule(roll, { id: uuid(300 + index * 10 + place), zone, at }),
    ),
  }));
  const groupIds = groups.map(({ id }) => id);
  // Ids in any order, so that a table filled by deltas is seldom in the order of one filled at once.
  const first = roll.below(900);
  const people = Array.from({ length: 1 + roll.below(3) }, (_, index) =>
    rollPerson(roll, { id: uuid(4_000 + ((first + index * 389) % 900)), index, groupIds, at }),
  );
  shareCredentials(roll, people);
  const keys = people.flatMap((person) => person.keys);
  const master = roll.chance(15) ? keys.find(({ type }) => type === 'tag') : undefined;
  for (const key of keys) key.isMaster = key.type === 'tag' && key.plain === master?.plain;
  return {
    zone,
    isInCollection: roll.chance(90),
    allowsForeignTags: roll.chance(50),
    offlineHours: roll.chance(30) ? roll.oneOf([1, 24]) : null,
    keepsOfflineSchedules: roll.chance(70),
    hashKeys: roll.oneOf([1, 1, 2, 3]),
    groups,
    people,
    locks: Array.from({ length: 1 + roll.below(2) }, (_, index) =>
      rollLock(roll, { index, groupIds, keyIds: keys.map(({ id }) => id), zone, at }),
    ),
  };
}

type Near = { readonly zone: string; readonly at: number };

function clock(seconds: number): string {
  const of = ((seconds % 86_400) + 86_400) % 86_400;
  const parts = [Math.floor(of / 3600), Math.floor(of / 60) % 60, of % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

/** Times stand often within a second of the instant, dates within some days. */
function rollSchedule(roll: Dice, { id, zone, at }: Near & { readonly id: string }): WorldSchedule {
  const [hours = 0, minutes = 0, seconds = 0] = wallText(zone, at).slice(11).split(':').map(Number);
  const present = (hours * 60 + minutes) * 60 + seconds;
  const time = (): string => {
    if (roll.chance(25)) return clock(present + roll.below(5) - 2);
    if (roll.chance(20)) return roll.oneOf(['00:00:00', '23:59:59', '00:00:01', '02:30:00']);
    return clock(roll.below(24) * 3600 + roll.oneOf([0, 900, 1800, 2700, 3599]));
  };
  const date = (): string | null => {
    if (!roll.chance(20)) return null;
    const days = roll.chance(40) ? 0 : roll.below(9) - 4;
    const near = at + days * dayMs + (roll.below(5) - 2) * 1000;
    return wallText(zone, near).replace(' ', 'T');
  };
  const marks = weekdays.map((day) => [day, roll.chance(75)] as const);
  const isAlways = roll.chance(15);
  return {
    id,
    start_time: isAlways ? '00:00:00' : time(),
    end_time: isAlways ? '23:59:59' : time(),
    start_date: date(),
    end_date: date(),
    ...(Object.fromEntries(marks) as Record<(typeof weekdays)[number], boolean>),
  };
}

function rollPerson(
  roll: Dice,
  {
    id,
    index,
    groupIds,
    at,
  }: {
    readonly id: string;
    readonly index: number;
    readonly groupIds: readonly string[];
    readonly at: number;
  },
): WorldPerson {
  return {
    id,
    blocked: roll.chance(4),
    suspended: roll.chance(4),
    usePin: roll.chance(80),
    overridesPrivacy: roll.chance(30),
    togglesEasy: roll.chance(50),
    togglesManual: roll.chance(50),
    groupIds: roll.someOf(groupIds, 75),
    keys: Array.from({ length: 1 + roll.below(3) }, (_, place) =>
      rollKey(roll, { number: index * 3 + place, at }),
    ),
  };
}

const keyTypes = ['tag', 'tag', 'tag', 'pin', 'pin', 'custom_pin', 'mkey', 'wallet'] as const;

function rollKey(
  roll: Dice,
  { number, at }: { readonly number: number; readonly at: number },
): WorldKey {
  const type = roll.oneOf([...keyTypes, 'license_plate'] as const);
  const isTag = type === 'tag';
  return {
    id: uuid(50 + number + 10 * roll.below(3)),
    type,
    plain: plainOf(type, number),
    rfid: isTag && roll.chance(60) ? `04aB${String(number).padStart(4, '0')}` : null,
    hashKey: roll.oneOf([0, 0, 0, 1, 2]),
    isMaster: false,
    blocked: roll.chance(4),
    expiresAt: roll.chance(10) ? at + roll.oneOf([-dayMs, -1, 0, 1, 1000, dayMs]) : null,
    collection: isTag ? roll.oneOf(['own', 'own', 'own', 'own', 'other', null]) : null,
  };
}

function plainOf(type: WorldKey['type'], number: number): string {
  switch (type) {
    case 'tag':
      return String(7_000 + number).padStart(8, '0');
    case 'pin':
      return String(135_790 + number);
    case 'custom_pin':
      return String(8_402 + number);
    case 'license_plate':
      return `12ABC${String(number)}`;
    case 'mkey':
    case 'wallet':
      return uuid(9_000 + number);
    default:
      return assertNever(type);
  }
}

/** One person's tag with accessors of two sites (5.1), and a plate that two people drive. */
function shareCredentials(roll: Dice, people: readonly WorldPerson[]): void {
  const [one, other] = people;
  if (!one || !other || !roll.chance(35)) return;
  const shared = one.keys.find(({ type }) => type === 'tag' || type === 'license_plate');
  const [replaced] = other.keys;
  if (!shared || !replaced) return;
  const { type, plain, rfid, collection, expiresAt } = shared;
  other.keys[0] = { ...replaced, type, plain, rfid, collection, expiresAt };
}

function rollLock(
  roll: Dice,
  {
    index,
    groupIds,
    keyIds,
    zone,
    at,
  }: Near & {
    readonly index: number;
    readonly groupIds: readonly string[];
    readonly keyIds: readonly string[];
  },
): WorldLock {
  return {
    id: uuid(10 + index),
    hasCamera: roll.chance(70),
    groupIds: roll.someOf(groupIds, 75),
    easy: roll.chance(50)
      ? { ...rollSchedule(roll, { id: uuid(390 + index), zone, at }), isAutomatic: roll.chance(30) }
      : null,
    offlineKeyIds: roll.someOf(keyIds, 50),
    keyLimit: roll.oneOf([0, 1, 2, 500]),
    holdsSchedules: roll.chance(50),
    holdsPins: roll.chance(50),
  };
}

/** People come by, or somebody guesses at a keypad: hastily, slowly, or patiently through every lock-out. */
const guesses = {
  hasty: [1_000, 1_000, 1_000, 5_000, 29_999, 30_000, 60_000, 299_999, 300_000, 1_800_000],
  slow: [74_999, 75_000, 75_000, 75_000, 75_000, 75_000, 75_001],
  patient: [1_000],
} as const;
/** Just before and just at the end of each lock-out. */
const lockOutEnds = [30, 60, 120, 240, 480, 900, 900, 900]
  .map((seconds) => seconds * 1_000)
  .flatMap((ms) => [ms, ms, ms - 1]);

function rollSteps(roll: Dice, world: World, from: number): Step[] {
  const guess = roll.chance(3) ? roll.oneOf(['hasty', 'slow', 'patient'] as const) : null;
  const keypad = world.locks[0];
  const length = guess === null ? 1 + roll.below(3) : guess === 'patient' ? 40 : 8 + roll.below(8);
  const steps: Step[] = [];
  let at = from;
  for (let number = 1; number <= length; number += 1) {
    const isAlone = guess === null && roll.chance(12);
    const isPin = guess !== null && (guess === 'patient' || roll.chance(95));
    steps.push({
      at,
      lock: guess === null || !keypad ? roll.oneOf(world.locks) : keypad,
      shown: isPin ? rollGuess(roll, world, guess) : rollShown(roll, world),
      heldMs: roll.oneOf([0, 200, 5_000, 5_001, 6_000]),
      isAlone,
      // What the lock holds by itself does not go with the hub's table.
      isTableDamaged: !isAlone && guess === null && roll.chance(3),
      privacy: roll.chance(10),
      registration: roll.chance(4),
      office: roll.oneOf(['none', 'none', 'easy', 'manual']),
      serverGoneMs: roll.chance(25)
        ? roll.oneOf([0, 3_599_999, 3_600_000, 3_600_001, 86_400_000, 86_400_001, 900_000_000])
        : null,
    });
    if (guess === null) at += roll.oneOf([0, 1, 1_000, 60_000, 3_600_000]);
    else if (guess === 'patient' && number % 5 === 0) at += lockOutEnd(roll, number);
    // At once after the fifth within about five minutes: was it locked out?
    else if (guess === 'slow' && number % 5 === 0) at += 1_000;
    else at += roll.oneOf(guesses[guess]);
  }
  return steps;
}

/** Mostly the end of the lock-out that this series of five has brought. */
function lockOutEnd(roll: Dice, number: number): number {
  const due = Math.min(30_000 * 2 ** (number / 5 - 1), 900_000);
  return roll.chance(97) ? due : roll.oneOf(lockOutEnds);
}

function rollGuess(roll: Dice, world: World, guess: keyof typeof guesses): Shown {
  const pins = world.people
    .flatMap(({ keys }) => keys)
    .filter(({ type }) => type === 'pin' || type === 'custom_pin');
  const mayBeRight = guess !== 'patient' && pins.length > 0;
  return mayBeRight && roll.chance(8)
    ? { type: 'pin', digits: roll.oneOf(pins).plain }
    : { type: 'pin', digits: '000111' };
}

function rollShown(roll: Dice, world: World): Shown {
  if (roll.chance(3)) return { type: 'exit' };
  const key = roll.oneOf(roll.oneOf(world.people).keys);
  const isKnown = roll.chance(94);
  switch (key.type) {
    case 'tag': {
      if (!isKnown) return { type: 'tag', number: '99999999', rfid: roll.oneOf([null, '04FF']) };
      const rfid = key.rfid === null ? null : roll.oneOf([key.rfid, key.rfid.toLowerCase()]);
      if (rfid !== null && roll.chance(30)) return { type: 'tag', number: null, rfid };
      return { type: 'tag', number: key.plain, rfid };
    }
    case 'pin':
    case 'custom_pin':
      return { type: 'pin', digits: isKnown ? key.plain : '000111' };
    case 'mkey': {
      const standing = roll.oneOf(['good', 'good', 'good', 'expired', 'not_trusted'] as const);
      return { type: 'mkey', id: isKnown ? key.plain : uuid(9_999), standing };
    }
    case 'wallet':
      return { type: 'wallet', id: isKnown ? key.plain : uuid(9_999) };
    case 'license_plate':
      return { type: 'license_plate', plate: isKnown ? key.plain : 'ZZZ999' };
    default:
      return assertNever(key.type);
  }
}

/** Changes one thing somebody could change in an office while people stand at the doors. */
export function changeWorld(roll: Dice, world: World): void {
  const person = roll.oneOf(world.people);
  const key = roll.oneOf(person.keys);
  const lock = roll.oneOf(world.locks);
  const group = roll.oneOf(world.groups);
  const changes = [
    () => (person.blocked = !person.blocked),
    () => (person.suspended = !person.suspended),
    () => (person.groupIds = person.groupIds.filter((id) => id !== group.id)),
    () => (person.groupIds = [...new Set([...person.groupIds, group.id])]),
    () => (person.keys = person.keys.length > 1 ? person.keys.slice(1) : person.keys),
    () => (key.blocked = !key.blocked),
    () => (lock.groupIds = lock.groupIds.filter((id) => id !== group.id)),
    () => (lock.groupIds = [...new Set([...lock.groupIds, group.id])]),
    () => (lock.offlineKeyIds = roll.someOf(lock.offlineKeyIds, 50)),
    () => (group.schedules = group.schedules.slice(1)),
    () => (world.allowsForeignTags = !world.allowsForeignTags),
    () => (world.keepsOfflineSchedules = !world.keepsOfflineSchedules),
  ];
  roll.oneOf(changes)();
}
