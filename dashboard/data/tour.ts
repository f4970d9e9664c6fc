/** The tour of the simulator page: what to do next, and whether it has really happened. Pure. */
import { assertNever } from '#contract/assert-never';
import type { Entry } from './events.ts';
import {
  hasKeypad,
  isSameMac,
  type SimulatedBuilding,
  type SimulatedDoor,
  type Player,
} from './simulator.ts';

/** The steps in their order; each waits for the one before. */
export const tourSteps = ['tap', 'night', 'pin', 'unplug', 'replug'] as const;

export type Cast = {
  readonly door: SimulatedDoor;
  /** May come at every hour, and the door knows the tag without its hub. */
  readonly anytime: Player & { readonly tag_number: string };
  /** May come at some hours only, and has a PIN. */
  readonly daytime: Player & { readonly pin: string };
};

/** Who and where; undefined where the building has no such door and people. */
export function castOf({ locks, people }: SimulatedBuilding): Cast | undefined {
  const free = people.filter(({ barred }) => !barred);
  for (const door of locks.filter(hasKeypad))
    for (const anytime of free)
      for (const daytime of free) {
        const { tag_number: tag } = anytime;
        const { pin } = daytime;
        const isOff = anytime.offline_locks.includes(door.name);
        if (tag === null || pin === null || !isOff) continue;
        if (!anytime.always_locks.includes(door.name)) continue;
        if (daytime.always_locks.includes(door.name)) continue;
        if (!daytime.sometimes_locks.includes(door.name)) continue;
        return { door, anytime: { ...anytime, tag_number: tag }, daytime: { ...daytime, pin } };
      }
  return undefined;
}

/** What has happened since the step began. */
export type Happened = {
  readonly cast: Cast;
  readonly building: SimulatedBuilding;
  /** Of the site, since the step before was done. */
  readonly entries: readonly Entry[];
  /** Opened while its hub had no power. */
  readonly openedAlone: boolean;
  /** Hour of the day in the building, by its own clock. */
  readonly hour: number;
};

export function isDone(
  step: (typeof tourSteps)[number],
  { cast, building, entries, openedAlone, hour }: Happened,
): boolean {
  const { door } = cast;
  const atDoor = entries.filter(({ lock_mac_address: mac }) => isSameMac(mac, door.mac));
  const hub = building.hubs.find(({ name }) => name === door.hub);
  switch (step) {
    case 'tap':
      return entries.some((entry) => isOpening(entry, door));
    case 'night':
      return hour >= 22 || hour < 5;
    case 'pin':
      return atDoor.some(
        (entry) => entry.event_category === 'lock_rejected' && entry.access_by === 'pin_code',
      );
    case 'unplug':
      return openedAlone;
    case 'replug':
      return hub?.plugged_in === true && entries.some((entry) => isOpening(entry, door));
    default:
      return assertNever(step);
  }
}

/** Whether an entry tells that a door opened for somebody. */
export function isOpening(entry: Entry, { mac }: Pick<SimulatedDoor, 'mac'>): boolean {
  return isSameMac(entry.lock_mac_address, mac) && entry.event_category === 'lock_opened';
}
