import { Type, type Static } from 'typebox';
import { Bool, JsonObject, listOf, optional, orNull, Text, Uuid, words } from './fields.ts';

export const migrationKinds = ['site_import', 'site_transfer', 'iq_content'] as const;
export type MigrationKind = (typeof migrationKinds)[number];
export const migrationStates = ['checked', 'done'] as const;
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

/** core-api.md 11; `export` is an export file as contract/exports.ts has it, read after its signature. */
export const PostMigrationRequest = Type.Object({
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
});
export type MigrationResult = Static<typeof MigrationResult>;
