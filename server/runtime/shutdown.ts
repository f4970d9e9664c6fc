import { setTimeout as wait } from 'node:timers/promises';
import type { Log } from './log.ts';

/** The parts of the running program, stopped in the reverse of the order in which they came up. */
export type Shutdown = {
  /** Remembers how to stop a part that has started; it gets `timeoutMs` (10 s) before the next part's turn comes. */
  register(name: string, stop: () => void | Promise<void>, options?: { timeoutMs: number }): void;
  /** Stops everything once; true when each part stopped in time and without an error. */
  run(reason: string): Promise<boolean>;
  /** Runs on SIGTERM and SIGINT and then exits, 0 after a clean stop; a second signal exits at once. */
  listen(): void;
};

type Part = { name: string; stop: () => void | Promise<void>; timeoutMs: number };

const DRAIN_TIMEOUT_MS = 10_000;

/** An empty shutdown; `exit` is how `listen` ends the process. */
export function createShutdown(options: { log: Log; exit: (code: number) => void }): Shutdown {
  const { log, exit } = options;
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
      for (const signal of ['SIGTERM', 'SIGINT'] as const) {
        process.on(signal, () => {
          if (running) {
            exit(1);
            return;
          }
          void run(signal).then((isClean) => exit(isClean ? 0 : 1));
        });
      }
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
