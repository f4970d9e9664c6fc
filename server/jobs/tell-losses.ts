/** Tells of lost IQs that damping held back. Several processes may do it at once: each loss is told once. */
import type { UntoldLosses } from '#server/domain/untold-losses';
import type { Clock } from '#server/runtime/clock';
import type { Log } from '#server/runtime/log';
import { createRounds } from '#server/runtime/rounds';

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
  return createRounds({
    clock,
    firstMs: everyMs,
    everyMs,
    round: () => losses.tell(),
    onFailure: (error) => log.warn({ err: error }, 'lost IQs could not be looked for'),
  });
}
