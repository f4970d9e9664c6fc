import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

/** The parts of the running program, stopped in the reverse of the order in which they came up. */
export type Shutdown = {
  /** Remembers how to stop a part that has started; it gets `timeoutMs` (10 s) before the next part's turn comes. */
  register(name: string, stop: () => void | Promise<void>, options?: { timeoutMs: number }): void;
  /** Stops everything once; true when each part stopped in time and without an error. */
  run(reason: string): Promise<boolean>;
  /** Runs on SIGTERM and SIGINT and then exits, 0 after a clean stop; a later signal exits at once with 1. */
  listen(): void;
};

type Part = { name: string; stop: () => void | Promise<void>; timeoutMs: number };

const DRAIN_TIMEOUT_MS = 10_000;

// Under npm one Ctrl-C arrives twice: from the terminal and again from npm.
const SAME_SIGNAL_MS = 1000;

/** An empty shutdown; `exit` is how `listen` ends the process. */
export function createShutdown(options: {
  log: Log;
  clock: Clock;
  exit: (code: number) => void;
}): Shutdown {
  const { log, clock, exit } = options;
  const parts: Part[] = [];
  let running: Promise<boolean> | undefined;

  const stopAll = async (): Promise<boolean> => {
    let isClean = true;
    // A part that comes up while others go down is stopped too.
    for (let part = parts.pop(); part; part = parts.pop()) {
      isClean = (await stopPart(part, log)) && isClean;
    }
    return isClean;
  };

  const run = (reason: string): Promise<boolean> => {
    if (!running) {
      log.info({ reason }, 'stopping');
      running = stopAll();
    }
    return running;
  };

  return {
    register: (name, stop, { timeoutMs } = { timeoutMs: DRAIN_TIMEOUT_MS }) => {
      parts.push({ name, stop, timeoutMs });
    },
    run,
    listen() {
      let firstAt: number | undefined;
      const onSignal = (signal: NodeJS.Signals): void => {
        const now = clock.now().getTime();
        if (firstAt === undefined) {
          firstAt = now;
          void run(signal).then((isClean) => exit(isClean ? 0 : 1));
        } else if (now - firstAt >= SAME_SIGNAL_MS) exit(1);
      };
      process.on('SIGTERM', onSignal);
      process.on('SIGINT', onSignal);
    },
  };
}

async function stopPart(part: Part, log: Log): Promise<boolean> {
  const { name, timeoutMs } = part;
  const stopped = new AbortController();
  try {
    const late = wait(timeoutMs, 'late', { signal: stopped.signal });
    // Aborting the wait rejects it after the race is over.
    late.catch(() => undefined);
    const outcome = await Promise.race([Promise.resolve(part.stop()), late]);
    if (outcome !== 'late') return true;
    log.error({ part: name, timeoutMs }, 'a part did not stop in time');
    return false;
  } catch (error) {
    log.error({ part: name, err: error }, 'a part failed to stop');
    return false;
  } finally {
    stopped.abort();
  }
}
