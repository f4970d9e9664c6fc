/** A clock that runs with real time and can be moved; whatever falls due by a move happens in order, each at its own time. */
import type { HubClock } from '#iq/clock';
import { isDiskAtWork } from '#iq/files';

export type MovableClock = HubClock & {
  /** Forwards, firing in order what falls due on the way; backwards, leaving every timer the wait it had. */
  move(ms: number): Promise<void>;
  set(instant: Date): Promise<void>;
  /** How far it is ahead of real time, in milliseconds. */
  readonly movedMs: number;
};

type Armed = { dueAt: number; readonly act: () => void; handle: NodeJS.Timeout | null };

const longestTimerMs = 2_147_483_647;

/** Starts at `start`, or at the machine's time. */
export function createMovableClock({
  realNow = () => Date.now(),
  start,
}: { readonly realNow?: () => number; readonly start?: Date } = {}): MovableClock {
  let movedMs = start ? start.getTime() - realNow() : 0;
  const armed = new Set<Armed>();

  const now = () => realNow() + movedMs;

  function arm(timer: Omit<Armed, 'handle'>): Armed {
    const whole: Armed = { ...timer, handle: null };
    armed.add(whole);
    wait(whole);
    return whole;
  }

  /** Node fires a delay above 2^31-1 ms at once, so long waits go in legs. */
  function wait(timer: Armed): void {
    clear(timer);
    const leftMs = Math.max(0, timer.dueAt - now());
    timer.handle = setTimeout(
      () => (leftMs > longestTimerMs ? wait(timer) : fire(timer)),
      Math.min(leftMs, longestTimerMs),
    );
  }

  function fire(timer: Armed): void {
    clear(timer);
    armed.delete(timer);
    timer.act();
  }

  function nextDue(until: number): Armed | null {
    let next: Armed | null = null;
    for (const timer of armed) {
      if (timer.dueAt <= until && (next === null || timer.dueAt < next.dueAt)) next = timer;
    }
    return next;
  }

  async function moveForwards(ms: number): Promise<void> {
    await turn();
    const target = now() + ms;
    for (let next = nextDue(target); next; next = nextDue(target)) {
      movedMs += Math.max(0, next.dueAt - now());
      fire(next);
      await turn();
    }
    movedMs += Math.max(0, target - now());
    for (const timer of armed) wait(timer);
  }

  function moveBackwards(ms: number): void {
    movedMs += ms;
    for (const timer of armed) timer.dueAt += ms;
  }

  async function move(ms: number): Promise<void> {
    if (ms >= 0) await moveForwards(ms);
    else moveBackwards(ms);
  }

  return {
    now: () => new Date(now()),
    setTimeout(act, ms) {
      const timer = arm({ dueAt: now() + Math.max(0, ms), act });
      return {
        cancel() {
          clear(timer);
          armed.delete(timer);
        },
      };
    },
    move,
    set: (instant) => move(instant.getTime() - now()),
    get movedMs() {
      return movedMs;
    },
  };
}

function clear(timer: Armed): void {
  if (timer.handle !== null) clearTimeout(timer.handle);
}

/** What has begun gets its turn before time goes on, and what a hub writes or reads is done: else hours pass while it does. */
async function turn(): Promise<void> {
  do await new Promise((resolve) => setImmediate(resolve));
  while (isDiskAtWork());
}
