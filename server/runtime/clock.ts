/**
 * The one source of time: product code asks a clock, tests move one.
 */
export type Timer = { cancel(): void };

export type Clock = {
  now(): Date;
  /** Runs `act` once, `delayMs` from now by this clock; a waiting timer never keeps the process alive. */
  setTimeout(act: () => void, delayMs: number): Timer;
};

export type ManualClock = Clock & {
  /** Moves to `instant`; timers due by then fire in order, each seeing its own due time. */
  set(instant: Date): void;
  /** Moves forward by `ms`. */
  advance(ms: number): void;
};

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** The machine's clock. */
export function createSystemClock(): Clock {
  return {
    now: () => new Date(),
    setTimeout(act, delayMs) {
      const due = Date.now() + delayMs;
      let timer: NodeJS.Timeout;
      // Node fires a delay above 2^31-1 ms (24.8 days) at once, so long waits go in legs.
      const wait = (): void => {
        const leftMs = Math.max(0, due - Date.now());
        const isLastLeg = leftMs <= LONGEST_TIMEOUT_MS;
        timer = setTimeout(isLastLeg ? act : wait, Math.min(leftMs, LONGEST_TIMEOUT_MS));
        timer.unref();
      };
      wait();
      return { cancel: () => clearTimeout(timer) };
    },
  };
}

type Waiting = { dueMs: number; order: number; act: () => void };

/** A clock that stands still until it is moved. */
export function createManualClock(start: Date): ManualClock {
  let nowMs = start.getTime();
  let made = 0;
  const waiting = new Set<Waiting>();

  const nextDue = (limitMs: number): Waiting | undefined =>
    [...waiting]
      .filter((timer) => timer.dueMs <= limitMs)
      .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];

  const moveTo = (targetMs: number): void => {
    for (let timer = nextDue(targetMs); timer; timer = nextDue(targetMs)) {
      waiting.delete(timer);
      nowMs = Math.max(nowMs, timer.dueMs);
      timer.act();
    }
    nowMs = targetMs;
  };

  return {
    now: () => new Date(nowMs),
    setTimeout(act, delayMs) {
      const timer = { dueMs: nowMs + Math.max(0, delayMs), order: made++, act };
      waiting.add(timer);
      return { cancel: () => waiting.delete(timer) };
    },
    set: (instant) => moveTo(instant.getTime()),
    advance: (ms) => moveTo(nowMs + ms),
  };
}
