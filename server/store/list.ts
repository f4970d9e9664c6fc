import { PostgresQueryCompiler, sql } from 'kysely';
import type { QueryResultRow } from 'pg';
import { ApiError } from '#contract/api-error';
import {
  eventOrder,
  type Direction,
  type EventPosition,
  type FieldType,
  type ListOptions,
} from '#contract/odata';
import {
  filterSql,
  keySql,
  type Sql,
  type SqlListField,
  type SqlListFields,
} from './odata-filter.ts';
import type { Scope } from './scope.ts';

export type OrderKey = Pick<SqlListField, 'sql' | 'type' | 'isNotNull'> & {
  readonly direction: Direction;
};

export type ListSource = {
  /** Table and joins. */
  readonly from: Sql;
  /** The tenant column every row must match; `shared` for the few tables without one. */
  readonly tenant: Sql | 'shared';
  /** What else every row of this list must be. */
  readonly where?: Sql;
  readonly select: Sql;
  readonly fields: SqlListFields;
  readonly options: ListOptions;
  /** The id, a uuid: always the last order key, in the direction of the one before. */
  readonly id: Sql;
};

export type ListResult<Row> = {
  readonly rows: Row[];
  /** All matches, when asked for. */
  readonly count: number | null;
  readonly hasMore: boolean;
};

const compiler = new PostgresQueryCompiler();

/** The text and values of a composed query, as `Scope.query` takes them. */
export function compileSql(query: Sql): { text: string; values: readonly unknown[] } {
  const compiled = compiler.compileQuery(query.toOperationNode(), { queryId: 'list' });
  return { text: compiled.sql, values: compiled.parameters };
}

/** One page of a list by `$skip` and `$top` (core-api.md 5.1); values that are null sort as the largest. */
export async function listRows<Row extends QueryResultRow>(
  scope: Scope,
  source: ListSource & { readonly defaultOrder: readonly OrderKey[] },
): Promise<ListResult<Row>> {
  const { options } = source;
  const where = whereSql(scope, source);
  const count = options.count ? await countRows(scope, source, where) : null;
  if (options.top === 0) return { rows: [], count, hasMore: false };
  const keys =
    options.orderBy.length > 0 ? orderKeys(options.orderBy, source) : source.defaultOrder;
  const query = compileSql(
    sql`select ${source.select} from ${source.from} where ${where} order by ${orderSql(keys, source)} limit ${options.top + 1} offset ${options.skip}`,
  );
  const rows = await scope.query<Row>(query.text, query.values);
  return { rows: rows.slice(0, options.top), count, hasMore: rows.length > options.top };
}

export type EventListResult<Row> = {
  readonly rows: Row[];
  readonly count: number | null;
  /** Null when nothing follows. */
  readonly next: EventPosition | null;
};

/** What the paging itself selects beside the caller's columns. */
type Paged = { page_keys: (string | null)[]; page_id: string };

/**
 * One page of events by the position where the last one ended (core-api.md 5.3), so that rows which arrive meanwhile
 * neither repeat nor hide others. Throws ApiError VALUE_INVALID when the position names a row that is gone and has no keys.
 */
export async function listEvents<Row extends QueryResultRow>(
  scope: Scope,
  source: ListSource & { readonly position: EventPosition | null },
): Promise<EventListResult<Row>> {
  const { options, position } = source;
  const where = whereSql(scope, source);
  const count = options.count ? await countRows(scope, source, where) : null;
  if (options.top === 0) return { rows: [], count, next: null };
  const keys = orderKeys(eventOrder(options), source);
  const after = position === null ? sql`true` : await afterSql(scope, { source, keys, position });
  const query = compileSql(
    sql`select ${source.select}, ${pagedSql(keys, source)} from ${source.from} where ${where} and ${after} order by ${orderSql(keys, source)} limit ${options.top + 1}`,
  );
  const found = await scope.query<Row & Paged>(query.text, query.values);
  const last = found.length > options.top ? found[options.top - 1] : undefined;
  return {
    rows: found.slice(0, options.top).map(withoutPaged),
    count,
    next: last === undefined ? null : { id: last.page_id, keys: last.page_keys },
  };
}

function withoutPaged<Row extends QueryResultRow>(row: Row & Paged): Row {
  const { page_keys: _keys, page_id: _id, ...rest } = row;
  return rest as unknown as Row;
}

function whereSql(scope: Scope, { tenant, where, fields, options }: ListSource): Sql {
  const conditions: Sql[] = [];
  if (tenant !== 'shared') conditions.push(sql`${tenant} = ${scope.tenantId}::uuid`);
  if (where !== undefined) conditions.push(sql`(${where})`);
  if (options.filter !== null)
    conditions.push(filterSql(options.filter, { fields, now: options.now }));
  return conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `);
}

async function countRows(scope: Scope, { from }: ListSource, where: Sql): Promise<number> {
  const query = compileSql(sql`select count(*)::text as count from ${from} where ${where}`);
  const [row] = await scope.query<{ count: string }>(query.text, query.values);
  return Number(row?.count ?? 0);
}

function orderKeys(
  items: ReadonlyArray<{ readonly path: string; readonly direction: Direction }>,
  { fields }: ListSource,
): OrderKey[] {
  return items.map(({ path, direction }) => {
    const field = fields[path];
    if (field === undefined) throw new Error(`An order was checked against other fields: ${path}`);
    return { ...field, direction };
  });
}

/** The id follows the direction of the last key, so that one index serves both directions. */
function idKey(keys: readonly OrderKey[], { id }: ListSource): OrderKey {
  return { sql: id, type: 'uuid', isNotNull: true, direction: keys.at(-1)?.direction ?? 'asc' };
}

function orderSql(keys: readonly OrderKey[], source: ListSource): Sql {
  // No `nulls first`: it would keep plain indexes, of columns that are never null too, from serving.
  return sql.join(
    [...keys, idKey(keys, source)].map((key) =>
      key.direction === 'asc' ? sql`${keySql(key)} asc` : sql`${keySql(key)} desc`,
    ),
  );
}

function pagedSql(keys: readonly OrderKey[], { id }: ListSource): Sql {
  return sql`array[${sql.join(keys.map(keyTextSql))}]::text[] as page_keys, (${id})::text as page_id`;
}

/** A key as a text that gives the very same value back, to the microsecond and whatever the session's date style is. */
function keyTextSql(key: OrderKey): Sql {
  const value = keySql(key);
  if (key.type === 'instant')
    return sql`to_char(${value} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
  if (key.type === 'local') return sql`to_char(${value}, 'YYYY-MM-DD"T"HH24:MI:SS.US')`;
  if (key.type === 'span') return sql`extract(epoch from ${value})::text`;
  return sql`${value}::text`;
}

function keyValueSql(text: string, type: FieldType): Sql {
  switch (type) {
    case 'uuid':
      return sql`${text}::uuid`;
    case 'bool':
      return sql`${text}::boolean`;
    case 'int':
      return sql`${text}::bigint`;
    case 'number':
      return sql`${text}::numeric`;
    case 'instant':
      return sql`${text}::timestamptz`;
    case 'local':
      return sql`${text}::timestamp`;
    case 'time':
      return sql`${text}::time`;
    case 'span':
      return sql`make_interval(secs => ${text}::float8)`;
    case 'text':
    case 'enum':
    case 'collection':
    default:
      return sql`${text}::text`;
  }
}

type After = {
  readonly source: ListSource;
  readonly keys: readonly OrderKey[];
  readonly position: EventPosition;
};

async function afterSql(scope: Scope, { source, keys, position }: After): Promise<Sql> {
  const values = position.keys ?? (await readKeys(scope, { source, keys, position }));
  const all = [...keys, idKey(keys, source)].map((key, index) => ({
    ...key,
    value: index < keys.length ? (values[index] ?? null) : position.id,
  }));
  const steps = all.map((key, index) => {
    const before = all.slice(0, index).map(sameSql);
    return sql`(${sql.join([...before, beyondSql(key)], sql` and `)})`;
  });
  const [first] = all;
  // What follows from the rest, said once more as a range: the index can then start at the position.
  const range = first === undefined ? sql`true` : sql`(${sameSql(first)} or ${beyondSql(first)})`;
  const bound = first === undefined ? range : boundSql(first, range);
  return sql`(${bound} and (${sql.join(steps, sql` or `)}))`;
}

type PlacedKey = OrderKey & { readonly value: string | null };

function sameSql(key: PlacedKey): Sql {
  if (key.value === null) return sql`${keySql(key)} is null`;
  return sql`${keySql(key)} = ${keyValueSql(key.value, key.type)}`;
}

/** The rows after this key's value; null is the largest value. */
function beyondSql(key: PlacedKey): Sql {
  const column = keySql(key);
  if (key.value === null) return key.direction === 'asc' ? sql`false` : sql`${column} is not null`;
  const value = keyValueSql(key.value, key.type);
  if (key.direction === 'desc') return sql`${column} < ${value}`;
  if (key.isNotNull === true) return sql`${column} > ${value}`;
  return sql`(${column} > ${value} or ${column} is null)`;
}

function boundSql(key: PlacedKey, otherwise: Sql): Sql {
  if (key.value === null) return otherwise;
  const value = keyValueSql(key.value, key.type);
  if (key.direction === 'desc') return sql`${keySql(key)} <= ${value}`;
  return key.isNotNull === true ? sql`${keySql(key)} >= ${value}` : otherwise;
}

/** Events never change, so the row itself still says where the page ended. */
async function readKeys(
  scope: Scope,
  { source, keys, position }: After,
): Promise<readonly (string | null)[]> {
  const { from, tenant, id } = source;
  const own = tenant === 'shared' ? sql`true` : sql`${tenant} = ${scope.tenantId}::uuid`;
  const query = compileSql(
    sql`select ${pagedSql(keys, source)} from ${from} where ${own} and ${id} = ${position.id}::uuid`,
  );
  const [row] = await scope.query<Paged>(query.text, query.values);
  if (row === undefined)
    throw new ApiError('VALUE_INVALID', { parameter: 'CLP-Continuation-Token' });
  return row.page_keys;
}
