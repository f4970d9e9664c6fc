/**
 * The checks of one migration, in their order (behaviour.md 20). A migration ends at the first that fails; a dry run makes all
 * it can and tells each.
 */
import type { CheckOutcome, MigrationCheck, MigrationCheckAnswer } from '#contract/migrations';
import { migrationChecks } from '#contract/migrations';
import { aborted } from './migration-aborts.ts';

export type Checks = {
  /**
   * Makes a check: `look` answers what is wrong, or null. MIGRATION_ABORTED when it fails, unless all are made; tells whether
   * it passed.
   */
  make(check: MigrationCheck, look: () => string | null | Promise<string | null>): Promise<boolean>;
  /** Says why a check of the kind is not made. */
  leaveOut(check: MigrationCheck, reason: string): void;
  /** A check that passed turns out to fail where the work is done. */
  fail(check: MigrationCheck, reason: string): void;
  /** Throws FailedChecks: nothing may be done. */
  endIfFailed(): void;
  /** Every check once; those not made are told as not applicable. */
  answers(): readonly MigrationCheckAnswer[];
};

/** All checks were made, and one of them failed: for the dry run that asked for all. */
export class FailedChecks extends Error {
  constructor() {
    super('a check failed');
  }
}

const passed: Readonly<Record<MigrationCheck, string>> = {
  signature: 'the file is as it was signed',
  version: 'files of its version are read here',
  token: 'it opens a collection of another tenant',
  target_not_empty: 'nothing belongs to the target',
  id_taken: 'every id is kept or mapped',
  hardware_claimed: 'none of its hardware is registered here',
  limits: 'hubs and locks take as much',
  time_zone: 'every zone is known here',
  vendor: 'every hardware family is known here',
  iq_offline: 'the target is connected',
  reference_broken: 'every reference leads to something',
};

/** `areAll`: those after a failure are made, too. */
export function createChecks({ areAll }: { readonly areAll: boolean }): Checks {
  const made = new Map<MigrationCheck, MigrationCheckAnswer>();
  const note = (check: MigrationCheck, outcome: CheckOutcome, reason: string): void => {
    made.set(check, { check, outcome, reason });
  };
  return {
    async make(check, look) {
      const fault = await look();
      if (fault !== null && !areAll) throw aborted(check, fault);
      note(check, fault === null ? 'passed' : 'failed', fault ?? passed[check]);
      return fault === null;
    },
    leaveOut(check, reason) {
      note(check, 'not_applicable', reason);
    },
    fail(check, reason) {
      note(check, 'failed', reason);
    },
    endIfFailed() {
      if ([...made.values()].some(({ outcome }) => outcome === 'failed')) throw new FailedChecks();
    },
    answers() {
      return migrationChecks.map(
        (check) =>
          made.get(check) ?? {
            check,
            outcome: 'not_applicable',
            reason: 'a migration of this kind has no such check',
          },
      );
    },
  };
}
