import { Type, type Static } from 'typebox';
import { Bool, Int, JsonObject, listOf, optional, orNull, Text, Uuid, words } from './fields.ts';

export const migrationKinds = ['site_import', 'site_transfer', 'iq_content'] as const;
export type MigrationKind = (typeof migrationKinds)[number];
/** `running`, `aborted` and `cancelled` are seen only of a migration whose id the caller chose (docs/migrations.md). */
export const migrationStates = ['checked', 'done', 'running', 'aborted', 'cancelled'] as const;
export type MigrationState = (typeof migrationStates)[number];

/** The checks by which a migration is aborted, in their order (behaviour.md 20). */
export const migrationChecks = [
  'signature',
  'version',
  'token',
  'target_not_empty',
  'id_taken',
  'hardware_claimed',
  'limits',
  'time_zone',
  'vendor',
  'iq_offline',
  'reference_broken',
] as const;
export type MigrationCheck = (typeof migrationChecks)[number];

/** `not_applicable`: the kind has no such check, or what it looks at cannot be read. */
export const checkOutcomes = ['passed', 'failed', 'not_applicable'] as const;
export type CheckOutcome = (typeof checkOutcomes)[number];

export const MigrationCheckAnswer = Type.Object({
  check: words(migrationChecks),
  outcome: words(checkOutcomes),
  reason: Text,
});
export type MigrationCheckAnswer = Static<typeof MigrationCheckAnswer>;

/** core-api.md 11; `id` is our own: under it the migration is followed and cancelled while it runs. `export` is an export file as contract/exports.ts has it, read after its signature. */
export const PostMigrationRequest = Type.Object({
  id: optional(orNull(Uuid)),
  kind: words(migrationKinds),
  export: optional(orNull(JsonObject)),
  private_key: optional(orNull(Text)),
  transfer_token: optional(orNull(Text)),
  source_iq_id: optional(orNull(Uuid)),
  target_iq_id: optional(orNull(Uuid)),
  target_collection_id: optional(orNull(Uuid)),
  dry_run: optional(Bool),
});

export const MigrationResult = Type.Object({
  id: Uuid,
  state: words(migrationStates),
  counts: JsonObject,
  id_map: listOf(Type.Object({ old_id: Uuid, new_id: Uuid })),
  /** Each check once, in their order; empty until they are made. */
  checks: listOf(MigrationCheckAnswer),
  /** Rows that are laid, and how many there are; both 0 where nothing is laid row by row. */
  rows_done: Int,
  rows_total: Int,
  is_cancel_asked: Bool,
});
export type MigrationResult = Static<typeof MigrationResult>;
