import { createSystemClock, type Clock } from '#server/runtime/clock';

/** A clock that runs as the machine's does and can be put forward; timers do not follow, so that weeks cost no work. */
export type ShiftedClock = Clock & { putForward(ms: number): void };

export function createShiftedClock(): ShiftedClock {
  const system = createSystemClock();
  let shiftMs = 0;
  return {
    ...system,
    now: () => new Date(system.now().getTime() + shiftMs),
    putForward(ms) {
      shiftMs += ms;
    },
  };
}
