import { ApiError } from '#contract/api-error';
import type { MigrationCheck } from '#contract/migrations';

/** A check of a migration failed: MIGRATION_ABORTED with the check's name, and nothing is changed (behaviour.md 20). */
export function aborted(check: MigrationCheck, reason: string): ApiError {
  return new ApiError('MIGRATION_ABORTED', { reason: `${check}: ${reason}` });
}

/** Somebody ended it while it ran: MIGRATION_ABORTED, and nothing is changed. */
export class MigrationCancelled extends ApiError {
  constructor() {
    super('MIGRATION_ABORTED', { reason: 'cancelled: somebody ended it' });
  }
}

/** Unique indexes of hardware: what an outsider may have registered between the check and the write. */
const hardwareIndexes = new Set(['locks_code', 'repeaters_code', 'iqs_awaited', 'tags_number']);

export type FoundByDatabase = { readonly check: MigrationCheck; readonly reason: string };

/**
 * The check that the database made where no other could: another write took an id or a piece of hardware meanwhile, or a
 * value that has the right form cannot be stored (29 February of a year without). Null: the failure is none of these.
 */
export function foundByDatabase(error: unknown): FoundByDatabase | null {
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  if (typeof code !== 'string') return null;
  if (code === '23505')
    return typeof constraint === 'string' && hardwareIndexes.has(constraint)
      ? { check: 'hardware_claimed', reason: 'hardware of it is registered here already' }
      : { check: 'id_taken', reason: 'an id of it is taken' };
  return /^(22|23)/.test(code)
    ? { check: 'reference_broken', reason: 'a value or reference of it cannot be stored' }
    : null;
}

/** The failure of a migration as its caller is told. */
export function asAbort(error: unknown): unknown {
  const found = foundByDatabase(error);
  return found === null ? error : aborted(found.check, found.reason);
}
