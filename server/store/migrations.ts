import type { MigrationKind, MigrationState } from '#contract/migrations';
import type { Scope, WriteScope } from './scope.ts';

export type MigrationRow = {
  readonly id: string;
  readonly state: MigrationState;
  /** How many of each were checked or done. */
  readonly counts: Readonly<Record<string, number>>;
  /** Ids that could not be kept. */
  readonly id_map: readonly { readonly old_id: string; readonly new_id: string }[];
};

export async function insertMigration(
  scope: WriteScope,
  row: MigrationRow & { readonly kind: MigrationKind; readonly created_at: Date },
): Promise<void> {
  await scope.query(
    `insert into migrations (tenant_id, id, kind, state, counts, id_map, created_at)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      scope.tenantId,
      row.id,
      row.kind,
      row.state,
      row.counts,
      JSON.stringify(row.id_map),
      row.created_at,
    ],
  );
}

export async function findMigration(scope: Scope, id: string): Promise<MigrationRow | undefined> {
  const [row] = await scope.query<MigrationRow>(
    'select id, state, counts, id_map from migrations where tenant_id = $1 and id = $2',
    [scope.tenantId, id],
  );
  return row;
}
