/** Time as the hub sees it; the simulator moves it. */

export type Timer = { cancel(): void };

export type HubClock = {
  now(): Date;
  /** Runs `act` once after `ms` of this clock's time. A moved clock fires what became due. */
  setTimeout(act: () => void, ms: number): Timer;
};

const longestTimerMs = 2_147_483_647;

/** The machine's own clock. */
export function createSystemClock(): HubClock {
  return {
    now: () => new Date(),
    setTimeout(act, ms) {
      const handle = setTimeout(act, Math.min(Math.max(0, ms), longestTimerMs));
      return { cancel: () => clearTimeout(handle) };
    },
  };
}
