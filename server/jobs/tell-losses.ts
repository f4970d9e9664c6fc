/** Tells of lost IQs that damping held back. Several processes may do it at once: each loss is told once. */
import type { UntoldLosses } from '#server/domain/untold-losses';
import type { Clock, Timer } from '#server/runtime/clock';
import type { Log } from '#server/runtime/log';

/** As often as silence is judged. */
const everyMs = 15_000;

export type LossTeller = {
  start(): void;
  /** Ends after the round under way. */
  stop(): Promise<void>;
};

export function createLossTeller({
  losses,
  clock,
  log,
}: {
  readonly losses: UntoldLosses;
  readonly clock: Clock;
  readonly log: Log;
}): LossTeller {
  let timer: Timer | undefined;
  let isStopped = false;
  let running: Promise<unknown> = Promise.resolve();

  function wait(): void {
    timer = clock.setTimeout(() => {
      running = losses
        .tell()
        .catch((error: unknown) => log.warn({ err: error }, 'lost IQs could not be looked for'))
        .finally(() => {
          if (!isStopped) wait();
        });
    }, everyMs);
  }

  return {
    start: wait,
    async stop() {
      isStopped = true;
      timer?.cancel();
      await running;
    },
  };
}
