import type { WriteScope } from './scope.ts';

/**
 * Writes the given members of one row of a tenant's table; names outside `columns` cannot get in, and members that are
 * undefined stay as they are. Table and columns are the store's own text, never a caller's.
 */
export async function updateColumns(
  scope: WriteScope,
  {
    table,
    id,
    columns,
    change,
  }: {
    readonly table: string;
    readonly id: string;
    readonly columns: readonly string[];
    readonly change: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  const written = columns.filter((column) => change[column] !== undefined);
  if (written.length === 0) return;
  const sets = written.map((column, index) => `${column} = $${index + 3}`).join(', ');
  await scope.query(`update ${table} set ${sets} where tenant_id = $1 and id = $2`, [
    scope.tenantId,
    id,
    ...written.map((column) => change[column]),
  ]);
}
