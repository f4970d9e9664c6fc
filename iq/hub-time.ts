/** The hub's clock: the machine's, corrected when the server's differs by more than 5 s (behaviour.md 9). */
import type { HubClock } from './clock.ts';

export type HubTime = HubClock & {
  /** True when the clock had to be set. */
  correct(serverTime: Date): boolean;
  readonly offsetMs: number;
};

const toleratedMs = 5_000;

/** A clock of `base` plus an offset that survives restarts by the caller's care. */
export function createHubTime(base: HubClock, offsetMs: number): HubTime {
  let offset = offsetMs;
  const now = (): Date => new Date(base.now().getTime() + offset);
  return {
    now,
    setTimeout: (act, ms) => base.setTimeout(act, ms),
    get offsetMs() {
      return offset;
    },
    correct(serverTime) {
      const difference = serverTime.getTime() - now().getTime();
      if (Math.abs(difference) <= toleratedMs) return false;
      offset += difference;
      return true;
    },
  };
}
