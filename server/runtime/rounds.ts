import type { Clock, Timer } from './clock.ts';

/** Work that comes round again and again in one process, one round at a time. */
export type Rounds = {
  /** A round under way asks now and then, and ends early. */
  readonly isStopped: boolean;
  start(): void;
  /** Ends when the round under way has ended. */
  stop(): Promise<void>;
};

/** The first round begins `firstMs` after the start, each other one `everyMs` after the end of the one before, failed or not. */
export function createRounds({
  clock,
  firstMs,
  everyMs,
  round,
  onFailure,
}: {
  readonly clock: Pick<Clock, 'setTimeout'>;
  readonly firstMs: number;
  readonly everyMs: number;
  readonly round: () => Promise<unknown>;
  readonly onFailure: (error: unknown) => void;
}): Rounds {
  let timer: Timer | undefined;
  let isStopped = false;
  let running: Promise<unknown> = Promise.resolve();

  function wait(ms: number): void {
    timer = clock.setTimeout(() => {
      running = round()
        .catch(onFailure)
        .finally(() => {
          if (!isStopped) wait(everyMs);
        });
    }, ms);
  }

  return {
    get isStopped() {
      return isStopped;
    },
    start: () => wait(firstMs),
    async stop() {
      isStopped = true;
      timer?.cancel();
      await running;
    },
  };
}
