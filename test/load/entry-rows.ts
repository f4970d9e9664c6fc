/** Rows as the floors of events write them: one statement for a whole batch, a parameter for each column. */
import type { Pool } from 'pg';

/** Name and PostgreSQL type of each column, in order. */
export type Columns = readonly { readonly name: string; readonly type: string }[];

export async function readColumns(pool: Pool, table: string): Promise<Columns> {
  const { rows } = await pool.query<{ name: string; type: string }>(
    `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
    [table],
  );
  return rows;
}

/** Commits the rows as one statement. */
export async function insertRows(
  pool: Pool,
  {
    table,
    columns,
    rows,
  }: {
    readonly table: string;
    readonly columns: Columns;
    readonly rows: readonly Readonly<Record<string, unknown>>[];
  },
): Promise<void> {
  const names = columns.map(({ name }) => name).join(', ');
  const arrays = columns.map(({ type }, index) => `$${String(index + 1)}::${type}[]`).join(', ');
  await pool.query({
    name: `insert_${table}`,
    text: `insert into ${table} (${names}) select * from unnest(${arrays})`,
    values: columns.map(({ name }) => rows.map((row) => row[name] ?? null)),
  });
}
