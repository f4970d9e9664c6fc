import type { WriteScope } from './scope.ts';

/**
 * Inserts rows given by column name, the tenant added; columns not named take their defaults. All rows have the columns of
 * the first. Table and columns are the caller's own text, never an outsider's.
 */
export async function insertRows(
  scope: WriteScope,
  table: string,
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const columns = Object.keys(first).join(', ');
  await scope.query(
    `insert into ${table} (tenant_id, ${columns})
     select $1, ${columns} from jsonb_populate_recordset(null::${table}, $2::jsonb)`,
    [scope.tenantId, JSON.stringify(rows)],
  );
}
