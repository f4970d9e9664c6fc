import { ApiError } from '#contract/api-error';
import type { MigrationCheck } from '#contract/migrations';

/** A check of a migration failed: MIGRATION_ABORTED with the check's name, and nothing is changed (behaviour.md 20). */
export function aborted(check: MigrationCheck, reason: string): ApiError {
  return new ApiError('MIGRATION_ABORTED', { reason: `${check}: ${reason}` });
}

/** Unique indexes of hardware: what an outsider may have registered between the check and the write. */
const hardwareIndexes = new Set(['locks_code', 'repeaters_code', 'iqs_awaited', 'tags_number']);

/**
 * What the database found that no check could: another write took an id or a piece of hardware meanwhile, or a value that
 * has the right form cannot be stored (29 February of a year without). Other failures stay what they are.
 */
export function asAbort(error: unknown): unknown {
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  if (typeof code !== 'string') return error;
  if (code === '23505')
    return typeof constraint === 'string' && hardwareIndexes.has(constraint)
      ? aborted('hardware_claimed', 'hardware of it is registered here already')
      : aborted('id_taken', 'an id of it is taken');
  return /^(22|23)/.test(code)
    ? aborted('reference_broken', 'a value or reference of it cannot be stored')
    : error;
}
