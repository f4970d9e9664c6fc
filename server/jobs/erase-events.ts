/** Erases events past their retention, a few at a time so that nothing else waits. Several processes may do it at once. */
import type { Clock, Timer } from '#server/runtime/clock';
import type { Log } from '#server/runtime/log';
import {
  eraseExpiredEvents,
  eraseHiddenEvents,
  eraseOwnerlessEvents,
  listRetentions,
} from '#server/store/expired-events';
import type { Database } from '#server/store/pool';

/** Erased within 24 h of the end (behaviour.md 9): each hour leaves room for a day with the server down. */
const everyMs = 3_600_000;
const firstMs = 60_000;
const atOnce = 2_000;

export type EventEraser = {
  start(): void;
  /** Ends after the portion under way. */
  stop(): Promise<void>;
  /** One whole round; returns how many events went. */
  run(): Promise<number>;
};

export function createEventEraser({
  database,
  clock,
  log,
}: {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}): EventEraser {
  let timer: Timer | undefined;
  let isStopped = false;
  let running: Promise<void> = Promise.resolve();

  async function run(): Promise<number> {
    const now = clock.now();
    const rule = { now, limit: atOnce };
    let erased = 0;
    for (const retention of await listRetentions(database))
      erased += await repeat(() => eraseExpiredEvents(database, retention, rule));
    erased += await repeat(() => eraseOwnerlessEvents(database, rule));
    erased += await repeat(() => eraseHiddenEvents(database, rule));
    return erased;
  }

  async function repeat(erase: () => Promise<number>): Promise<number> {
    let total = 0;
    for (;;) {
      if (isStopped) return total;
      const erased = await erase();
      if (erased === 0) return total;
      total += erased;
    }
  }

  function wait(ms: number): void {
    timer = clock.setTimeout(() => {
      running = run()
        .then(
          (erased) => {
            if (erased > 0) log.info({ erased }, 'events past their retention were erased');
          },
          (error: unknown) => log.warn({ err: error }, 'expired events could not be erased'),
        )
        .finally(() => {
          if (!isStopped) wait(everyMs);
        });
    }, ms);
  }

  return {
    start: () => wait(firstMs),
    async stop() {
      isStopped = true;
      timer?.cancel();
      await running;
    },
    run,
  };
}
