/** What a simulated lock is, as its family of hardware would say. */
import type { BuildingLock } from '#contract/building';
import type { LockTraits } from './driver.ts';

/** Behaviour.md 2: what the hardware families hold. */
const offlineKeyLimits = { rf_net: 39, blue_net: 360 } as const;

export function hasKeypad({ lock_type: lockType }: BuildingLock): boolean {
  return lockType.endsWith('_pin');
}

export function traitsOf(hardware: BuildingLock): LockTraits {
  const { communication_type: communicationType } = hardware;
  return {
    lockType: hardware.lock_type,
    communicationType,
    offlineKeyLimit: offlineKeyLimits[communicationType],
    holdsSchedules: hardware.holds_schedules,
    holdsPins: hasKeypad(hardware) && communicationType === 'rf_net',
  };
}

export class LockHasNoPart extends Error {
  override readonly name = 'LockHasNoPart';

  constructor(part: 'keypad' | 'privacy knob') {
    super(`this lock has no ${part}`);
  }
}
