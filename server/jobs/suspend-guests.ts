/** Suspends guests whose time is over. Several processes may do it at once: each guest is suspended once. */
import type { Guests } from '#server/domain/guests';
import type { Clock } from '#server/runtime/clock';
import type { Log } from '#server/runtime/log';
import { createRounds } from '#server/runtime/rounds';

/** Nobody waits for it: doors know the time themselves, and a seat is counted as free from the second on. */
const everyMs = 15_000;

export type GuestSuspender = {
  start(): void;
  /** Ends after the round under way. */
  stop(): Promise<void>;
};

export function createGuestSuspender({
  guests,
  clock,
  log,
}: {
  readonly guests: Guests;
  readonly clock: Clock;
  readonly log: Log;
}): GuestSuspender {
  return createRounds({
    clock,
    firstMs: 1_000,
    everyMs,
    round: () => guests.suspendEnded(),
    onFailure: (error) => log.warn({ err: error }, 'guests whose time is over were not suspended'),
  });
}
