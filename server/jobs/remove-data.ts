/** Carries removals of personal data out. Several processes may do it at once: each is carried out once. */
import type { AccountRemovals } from '#server/domain/account-removals';
import type { DataRemovals } from '#server/domain/data-removals';
import type { Clock } from '#server/runtime/clock';
import type { Log } from '#server/runtime/log';
import { createRounds } from '#server/runtime/rounds';

/** A deleted account is gone within a minute, whoever was killed over it (behaviour.md 19). */
const everyMs = 20_000;

export type DataRemover = {
  start(): void;
  /** Ends after the round under way. */
  stop(): Promise<void>;
};

export function createDataRemover({
  dataRemovals,
  accountRemovals,
  clock,
  log,
}: {
  readonly dataRemovals: DataRemovals;
  readonly accountRemovals: AccountRemovals;
  readonly clock: Clock;
  readonly log: Log;
}): DataRemover {
  return createRounds({
    clock,
    firstMs: everyMs,
    everyMs,
    async round() {
      await accountRemovals.carryOutMarked();
      await dataRemovals.carryOutDue();
    },
    onFailure: (error) => log.warn({ err: error }, 'removals could not be carried out'),
  });
}
