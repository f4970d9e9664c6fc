/**
 * A building file: the physical things of a simulated building (`hubs`, `repeaters`, `locks`, `cards`, `activity`) and, in
 * `site`, what the cloud knows about it. The simulator ignores `site`; demo data is made from both, so the ids are in one
 * place. Things refer to each other by name, which is unique per kind; ids are the ids of the API.
 */
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { EasyOfficeModeSchedule, Schedule } from './access-table.ts';
import { communicationTypes, IqReport, lockTypes } from './iq-link.ts';
import { batteryStates } from './lock-conditions.ts';
import { nullable, words } from './frame-fields.ts';

const strict = { additionalProperties: false } as const;

const Uuid = Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' });
const Name = Type.String({ minLength: 1, maxLength: 100 });
const ClockTime = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$' });

export const BuildingHub = Type.Object(
  {
    id: Uuid,
    name: Name,
    /** Activation code: 26 hex digits, the first six are the mac (core-api.md 7.1). */
    code: Type.String({ pattern: '^[0-9A-F]{26}$' }),
    model: Name,
    revision: Name,
    vendor: Name,
    software: Name,
    limits: Type.Object(
      {
        locks: Type.Integer({ minimum: 1, maximum: 256 }),
        repeaters: Type.Integer({ minimum: 0, maximum: 64 }),
        layers: Type.Integer({ minimum: 2, maximum: 4 }),
        persons: Type.Integer({ minimum: 1 }),
      },
      strict,
    ),
    /** What the hub reports about its lines, radio and versions. */
    report: IqReport,
  },
  strict,
);
export type BuildingHub = Static<typeof BuildingHub>;

export const BuildingRepeater = Type.Object(
  {
    id: Uuid,
    name: Name,
    /** 6, 8, 14 or 16 hex digits (core-api.md 7.2); the mac is the same. */
    code: Type.String({ pattern: '^([0-9A-F]{6}|[0-9A-F]{8}|[0-9A-F]{14}|[0-9A-F]{16})$' }),
    communication_type: words(communicationTypes),
    /** The hub in whose tree it hangs; null = still in its box. Every hub of the building can reach it. */
    hub: nullable(Name),
    /** The repeater it hangs on; null = directly on the hub. */
    parent: nullable(Name),
  },
  strict,
);
export type BuildingRepeater = Static<typeof BuildingRepeater>;

export const BuildingLock = Type.Object(
  {
    id: Uuid,
    name: Name,
    code: Type.String({ pattern: '^([0-9A-F]{6}|[0-9A-F]{8}|[0-9A-F]{14}|[0-9A-F]{16})$' }),
    lock_type: words(lockTypes),
    communication_type: words(communicationTypes),
    /** Family of the hardware; absent = sallis. */
    vendor: Type.Optional(Name),
    hub: nullable(Name),
    repeater: nullable(Name),
    /** `none` = mains powered. */
    battery: words(batteryStates),
    /** The inside has a privacy knob or button. */
    privacy_knob: Type.Boolean(),
    /** A sensor tells whether the leaf stands open; without it nobody can know. */
    door_sensor: Type.Boolean(),
    /** Holds schedules for its offline keys (behaviour.md 12.3). */
    holds_schedules: Type.Boolean(),
  },
  strict,
);
export type BuildingLock = Static<typeof BuildingLock>;

/** A card that somebody can hold to a reader; the name is what is written on it. */
export const BuildingCard = Type.Object(
  {
    id: Uuid,
    name: Name,
    tag_number: Type.String({ pattern: '^[0-9]{8}$' }),
    rfid_uid: Type.String({ pattern: '^[0-9A-F]{8,20}$' }),
  },
  strict,
);
export type BuildingCard = Static<typeof BuildingCard>;

/** Something that happens again and again between two wall-clock times of the building. */
export const BuildingActivity = Type.Object(
  {
    lock: Name,
    act: words(['tag', 'pin', 'handle'] as const),
    /** Tag number for `tag`, code for `pin`. */
    with: Type.Optional(Type.String()),
    from: ClockTime,
    to: ClockTime,
    days: words(['every_day', 'weekdays', 'weekend'] as const),
    /** Mean distance; each act is moved by up to half of it so that no two doors beat alike. */
    every_seconds: Type.Number({ exclusiveMinimum: 0 }),
  },
  strict,
);
export type BuildingActivity = Static<typeof BuildingActivity>;

const flags = {
  blocked: Type.Optional(Type.Boolean()),
  suspended: Type.Optional(Type.Boolean()),
  remote_access: Type.Optional(Type.Boolean()),
  override_privacy_mode: Type.Optional(Type.Boolean()),
  toggle_easy_office_mode: Type.Optional(Type.Boolean()),
  toggle_manual_office_mode: Type.Optional(Type.Boolean()),
};

/** What the cloud knows. A missing flag is false. */
export const BuildingSite = Type.Object(
  {
    collections: Type.Array(
      Type.Object(
        {
          id: Uuid,
          name: Name,
          country_code: Type.String({ pattern: '^[A-Z]{2}$' }),
          time_zone: Name,
          store_events_days: Type.Integer({ minimum: 1, maximum: 3650 }),
          /** Tag number of the master key. */
          master_tag: nullable(Type.String()),
        },
        strict,
      ),
    ),
    iqs: Type.Array(
      Type.Object(
        {
          hub: Name,
          collection: Name,
          time_zone: Name,
          subscribed: Type.Boolean(),
          otp_enabled: Type.Boolean(),
        },
        strict,
      ),
    ),
    floors: Type.Array(
      Type.Object(
        {
          id: Uuid,
          name: Name,
          number: Type.Integer(),
          collection: Name,
          locks: Type.Array(Name),
        },
        strict,
      ),
    ),
    /** Every lock and repeater of the building is registered; these say where and how. */
    locks: Type.Array(
      Type.Object(
        {
          lock: Name,
          collection: nullable(Name),
          open_time_seconds: Type.Integer({ minimum: 1, maximum: 240 }),
          /** Whoever opened within so many days opens with the hub gone too; absent = off (behaviour.md 12.3). */
          audit_trail_days: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
          easy_office_mode: nullable(EasyOfficeModeSchedule),
        },
        strict,
      ),
    ),
    repeaters: Type.Array(Type.Object({ repeater: Name, collection: nullable(Name) }, strict)),
    access_groups: Type.Array(
      Type.Object(
        {
          id: Uuid,
          name: Name,
          collection: nullable(Name),
          locks: Type.Array(Name),
          schedules: Type.Array(Schedule),
        },
        strict,
      ),
    ),
    /** Cards the tenant owns; those of a person are assigned, the others free. */
    tags: Type.Array(
      Type.Object(
        { tag_number: Type.String(), collection: nullable(Name), source_hub: nullable(Name) },
        strict,
      ),
    ),
    people: Type.Array(
      Type.Object(
        {
          /** The accessor's id. */
          id: Uuid,
          name: Name,
          collection: nullable(Name),
          ...flags,
          access_groups: Type.Array(Name),
          keys: Type.Array(
            Type.Object(
              {
                id: Uuid,
                tag_number: Type.String(),
                blocked: Type.Optional(Type.Boolean()),
                /** Locks this key opens with the hub gone. */
                offline_locks: Type.Optional(Type.Array(Name)),
              },
              strict,
            ),
          ),
          /** Keypad code of this demo person. */
          pin: Type.Optional(
            Type.Object({ id: Uuid, code: Type.String({ pattern: '^[0-9]{6}$' }) }, strict),
          ),
        },
        strict,
      ),
    ),
  },
  strict,
);
export type BuildingSite = Static<typeof BuildingSite>;

export const Building = Type.Object(
  {
    name: Name,
    /** IANA zone of the place: the activity's wall clock. */
    time_zone: Name,
    /** `automatic`: whenever a hub waits for a device, the card is shown or the button pressed. */
    installer: words(['automatic', 'manual'] as const),
    hubs: Type.Array(BuildingHub, { minItems: 1 }),
    repeaters: Type.Array(BuildingRepeater),
    locks: Type.Array(BuildingLock),
    cards: Type.Array(BuildingCard),
    activity: Type.Array(BuildingActivity),
    site: Type.Optional(BuildingSite),
  },
  strict,
);
export type Building = Static<typeof Building>;

/** A building file that cannot be used; the message lists every fault. */
export class BuildingFileError extends Error {
  override readonly name = 'BuildingFileError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The building file is not usable:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

/** Reads a building from parsed JSON; BuildingFileError names each wrong member and each name that leads nowhere. */
export function parseBuilding(json: unknown): Building {
  if (!Value.Check(Building, json)) {
    throw new BuildingFileError(
      Value.Errors(Building, json).map((error) => `${error.instancePath || '/'} ${error.message}`),
    );
  }
  const faults = [...twins(json), ...danglingNames(json)];
  if (faults.length > 0) throw new BuildingFileError(faults);
  return json;
}

function twins(building: Building): string[] {
  const faults: string[] = [];
  const once = (what: string, values: readonly string[]) => {
    const seen = new Set<string>();
    for (const value of values) {
      if (seen.has(value)) faults.push(`${what} ${value} occurs twice`);
      seen.add(value);
    }
  };
  const { hubs, locks, repeaters, cards, site } = building;
  const named = { hub: hubs, lock: locks, repeater: repeaters, ...namedOfSite(site) };
  for (const [kind, things] of Object.entries(named)) {
    once(
      `${kind} name`,
      things.map((thing) => thing.name),
    );
  }
  once(
    'code',
    [...hubs, ...locks, ...repeaters].map((thing) => thing.code),
  );
  once(
    'tag number',
    cards.map((card) => card.tag_number),
  );
  once(
    'id',
    [
      ...Object.values(named).flat(),
      ...cards,
      ...(site?.people.flatMap((person) => [...person.keys, ...(person.pin ? [person.pin] : [])]) ??
        []),
      ...(site?.access_groups.flatMap((group) => group.schedules) ?? []),
    ].map((thing) => thing.id),
  );
  return faults;
}

function namedOfSite(site: BuildingSite | undefined) {
  return {
    collection: site?.collections ?? [],
    floor: site?.floors ?? [],
    'access group': site?.access_groups ?? [],
    person: site?.people ?? [],
  };
}

function danglingNames(building: Building): string[] {
  const faults: string[] = [];
  const { hubs, locks, repeaters, cards, activity, site } = building;
  const known = {
    hub: new Set(hubs.map((hub) => hub.name)),
    lock: new Set(locks.map((lock) => lock.name)),
    repeater: new Set(repeaters.map((repeater) => repeater.name)),
    'tag number': new Set(cards.map((card) => card.tag_number)),
    collection: new Set(site?.collections.map((collection) => collection.name)),
    'access group': new Set(site?.access_groups.map((group) => group.name)),
  };
  const check = (by: string, kind: keyof typeof known, names: readonly (string | null)[]) => {
    for (const name of names) {
      if (name !== null && !known[kind].has(name)) faults.push(`${by}: no ${kind} ${name}`);
    }
  };

  for (const lock of locks) {
    check(lock.name, 'hub', [lock.hub]);
    check(lock.name, 'repeater', [lock.repeater]);
  }
  for (const repeater of repeaters) {
    check(repeater.name, 'hub', [repeater.hub]);
    check(repeater.name, 'repeater', [repeater.parent]);
  }
  for (const act of activity) {
    check('activity', 'lock', [act.lock]);
    if (act.act !== 'handle' && act.with === undefined) {
      faults.push(`activity at ${act.lock}: ${act.act} needs a member with`);
    }
  }
  if (!site) return faults;

  for (const collection of site.collections) {
    check(collection.name, 'tag number', [collection.master_tag]);
  }
  for (const iq of site.iqs) {
    check('site.iqs', 'hub', [iq.hub]);
    check(iq.hub, 'collection', [iq.collection]);
  }
  for (const lock of site.locks) {
    check('site.locks', 'lock', [lock.lock]);
    check(lock.lock, 'collection', [lock.collection]);
  }
  for (const repeater of site.repeaters) {
    check('site.repeaters', 'repeater', [repeater.repeater]);
    check(repeater.repeater, 'collection', [repeater.collection]);
  }
  for (const place of [...site.floors, ...site.access_groups]) {
    check(place.name, 'collection', [place.collection]);
    check(place.name, 'lock', place.locks);
  }
  for (const tag of site.tags) {
    check('site.tags', 'tag number', [tag.tag_number]);
    check(tag.tag_number, 'collection', [tag.collection]);
    check(tag.tag_number, 'hub', [tag.source_hub]);
  }
  for (const person of site.people) {
    check(person.name, 'collection', [person.collection]);
    check(person.name, 'access group', person.access_groups);
    for (const key of person.keys) {
      check(person.name, 'tag number', [key.tag_number]);
      check(person.name, 'lock', key.offline_locks ?? []);
    }
  }
  return faults;
}
