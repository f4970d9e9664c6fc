/**
 * What accounts asked for and time has made due: removals of personal data, changes of address, and the end of what nobody has
 * answered. Several processes may do it at once: each is done once.
 */
import type { AccountUses } from '#server/domain/account-uses';
import type { Clock } from '#server/runtime/clock';
import type { Log } from '#server/runtime/log';
import { createRounds } from '#server/runtime/rounds';
import { eraseLinks } from '#server/store/account-links';
import { eraseAddressChanges } from '#server/store/address-changes';
import { erasePhoneCodes } from '#server/store/phone-codes';
import type { Database } from '#server/store/pool';
import { markSpentPasses } from '#server/store/pod-passes';
import { eraseSignUps } from '#server/store/sign-ups';

/** A deleted account is gone within a minute, whoever was killed over it (behaviour.md 19). */
const everyMs = 20_000;
/** Whoever typed an access code has so long to become a guest (identity.md 4). */
const unusedPassMs = 24 * 3_600_000;

export type AccountRounds = {
  start(): void;
  /** Ends after the round under way. */
  stop(): Promise<void>;
};

export function createAccountRounds({
  database,
  accountRemovals,
  addressChanges,
  dataRemovals,
  clock,
  log,
}: Pick<AccountUses, 'accountRemovals' | 'addressChanges' | 'dataRemovals'> & {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}): AccountRounds {
  return createRounds({
    clock,
    firstMs: everyMs,
    everyMs,
    async round() {
      const at = clock.now();
      const unusedSince = new Date(at.getTime() - unusedPassMs);
      await markSpentPasses(database, { unusedSince, now: at });
      await accountRemovals.carryOutMarked();
      await dataRemovals.carryOutDue();
      await addressChanges.makeRipe();
      const now = clock.now();
      for (const erase of [eraseSignUps, eraseLinks, eraseAddressChanges, erasePhoneCodes])
        await erase(database, now);
    },
    onFailure: (error) => log.warn({ err: error }, 'what accounts asked for could not be done'),
  });
}
