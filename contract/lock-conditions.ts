/** Battery and radio of a lock over time (docs/decisions/0292). */
import { Type, type Static } from 'typebox';
import { Bool, Instant, Int, orNull, page, Uuid, words } from './fields.ts';

export const batteryStates = ['critical', 'low', 'good', 'fresh', 'none', 'unknown'] as const;
export type BatteryState = (typeof batteryStates)[number];

/** 0-31: below, a lock often misses what is said to it. */
export const weakSignal = 10;
/** How long a change is kept, and how many of one lock at most; the newest. */
export const conditionsKept = { days: 400, ofALock: 3_000 } as const;

/** How a lock was from an instant on; null = not known by then. */
export const LockConditionResponse = Type.Object({
  id: Uuid,
  /** By the clock of the hub, or of the lock where the hub was out of its reach. */
  utc_date_time: Instant,
  battery_level: orNull(words(batteryStates)),
  online: orNull(Bool),
  /** 0-31, 31 best. */
  signal_strength: orNull(Int),
});
export type LockConditionResponse = Static<typeof LockConditionResponse>;
export const LockConditionPage = page(LockConditionResponse);
