/**
 * The whole database as text and back: every row of every table that outlives a crash, read in one snapshot while others
 * write, and written into an empty database of the same migrations. Rows travel as PostgreSQL's own text of a whole row, so
 * that no type is translated on the way.
 */
import { createHash } from 'node:crypto';
import { escapeIdentifier, type PoolClient } from 'pg';
import { Type, type Static } from 'typebox';
import type { Database } from './pool.ts';

const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

export const BackupTable = Type.Object({
  name: Type.String(),
  /** In the order of a row's text. */
  columns: Type.Array(Type.String()),
  /** Of a partition: its table and what it takes, as PostgreSQL writes it. */
  partition: nullable(Type.Object({ parent: Type.String(), bound: Type.String() })),
});
export type BackupTable = Static<typeof BackupTable>;

export const BackupHead = Type.Object({
  /** UTC instant of the snapshot. */
  made_at: Type.String(),
  postgres: Type.String(),
  migrations: Type.Array(
    Type.Object({ number: Type.Integer(), name: Type.String(), checksum: Type.String() }),
  ),
  tables: Type.Array(BackupTable),
});
export type BackupHead = Static<typeof BackupHead>;

export const BackupRows = Type.Object({ table: Type.String(), rows: Type.Array(Type.String()) });
export type BackupRows = Static<typeof BackupRows>;

export const TableSum = Type.Object({
  table: Type.String(),
  rows: Type.Integer(),
  /** Of all rows in whatever order. */
  digest: Type.String(),
});
export type TableSum = Static<typeof TableSum>;

export const BackupTail = Type.Object({
  tables: Type.Array(TableSum),
  sequences: Type.Array(
    Type.Object({ name: Type.String(), last: Type.String(), is_called: Type.Boolean() }),
  ),
  /** Where the audit chain of each tenant stands. */
  audit: Type.Array(
    Type.Object({ tenant_id: Type.String(), number: Type.Integer(), hash: Type.String() }),
  ),
});
export type BackupTail = Static<typeof BackupTail>;

export type BackupPart =
  | { readonly kind: 'head'; readonly head: BackupHead }
  | { readonly kind: 'rows'; readonly rows: BackupRows }
  | { readonly kind: 'tail'; readonly tail: BackupTail };

/** Few enough that rows with pictures stay small in memory, enough that round trips cost little. */
const rowsAtOnce = 200;

/** What a table went away by between being listed and being locked, or lost a race with the making of one. */
const comeAgain = new Set(['42P01', '40P01']);
const attempts = 3;

/** The parts of a backup in the order they are written in: head, rows by table, tail. */
export async function* readBackup(database: Database): AsyncGenerator<BackupPart> {
  const client = await database.pool.connect();
  try {
    const tables = await holdTables(client);
    yield { kind: 'head', head: await readHead(client, tables) };
    const sums: TableSum[] = [];
    for (const { name } of tables) {
      const sum = createSum();
      for await (const rows of readRows(client, name)) {
        sum.add(rows);
        yield { kind: 'rows', rows: { table: name, rows } };
      }
      sums.push({ table: name, ...sum.end() });
    }
    yield { kind: 'tail', tail: { tables: sums, ...(await readEnd(client)) } };
    await client.query('commit');
  } finally {
    // Wherever it was left, nothing of its transaction stays.
    client.release(true);
  }
}

/** Begins the snapshot and keeps its tables from being dropped or rewritten; nobody's rows wait for that. */
async function holdTables(client: PoolClient): Promise<BackupTable[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query('begin isolation level repeatable read read only');
      await setTextForms(client);
      const tables = await listTables(client);
      const names = tables.map(({ name }) => escapeIdentifier(name)).join(', ');
      if (names !== '') await client.query(`lock table only ${names} in access share mode`);
      return tables;
    } catch (error) {
      await client.query('rollback');
      const code = String((error as { code?: unknown }).code);
      if (attempt === attempts || !comeAgain.has(code)) throw error;
    }
  }
}

/** The text of a value must not depend on who reads it. */
async function setTextForms(client: PoolClient): Promise<void> {
  await client.query(
    `set local time zone 'UTC'; set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres';
     set local bytea_output = 'hex'; set local extra_float_digits = 1;
     set local idle_in_transaction_session_timeout = 0; set local statement_timeout = 0`,
  );
}

/** Unlogged tables are what a crash empties too: connections and counters of the running minute. */
async function listTables(client: PoolClient): Promise<BackupTable[]> {
  const { rows } = await client.query<BackupTable>(
    `select c.relname as name,
       array(select a.attname::text from pg_attribute a
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as columns,
       case when c.relispartition then jsonb_build_object(
         'parent', (select i.inhparent::regclass::text from pg_inherits i where i.inhrelid = c.oid),
         'bound', pg_get_expr(c.relpartbound, c.oid)) end as partition
     from pg_class c
     where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and c.relpersistence = 'p'
     order by c.relname`,
  );
  return rows;
}

async function readHead(client: PoolClient, tables: BackupTable[]): Promise<BackupHead> {
  const { rows } = await client.query<Omit<BackupHead, 'tables'>>(
    `select to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as made_at,
       current_setting('server_version') as postgres,
       (select coalesce(jsonb_agg(jsonb_build_object('number', number, 'name', name, 'checksum', checksum)
          order by number), '[]') from schema_migrations) as migrations`,
  );
  const [facts] = rows;
  if (facts === undefined) throw new Error('a statement without table gives one row');
  return { ...facts, tables };
}

async function* readRows(client: PoolClient, table: string): AsyncGenerator<string[]> {
  const name = escapeIdentifier(table);
  await client.query(`declare backup no scroll cursor for select x::text from only ${name} x`);
  for (;;) {
    const { rows } = await client.query<[string]>({
      text: `fetch ${String(rowsAtOnce)} from backup`,
      rowMode: 'array',
    });
    if (rows.length > 0) yield rows.map(([text]) => text);
    if (rows.length < rowsAtOnce) break;
  }
  await client.query('close backup');
}

async function readEnd(client: PoolClient): Promise<Omit<BackupTail, 'tables'>> {
  const names = await client.query<{ name: string }>(
    `select relname as name from pg_class
      where relnamespace = current_schema()::regnamespace and relkind = 'S' and relpersistence = 'p' order by relname`,
  );
  const sequences: BackupTail['sequences'] = [];
  for (const { name } of names.rows) {
    const { rows } = await client.query<{ last: string; is_called: boolean }>(
      `select last_value::text as last, is_called from ${escapeIdentifier(name)}`,
    );
    sequences.push(...rows.map((row) => ({ name, ...row })));
  }
  const { rows: audit } = await client.query<BackupTail['audit'][number]>(
    'select tenant_id, number::float8 as number, hash from audit_heads order by tenant_id',
  );
  return { sequences, audit };
}

/** Adds up hashes of rows, so that the order in which a database gives them does not count. */
export function createSum(): {
  add(rows: readonly string[]): void;
  end(): Omit<TableSum, 'table'>;
} {
  let count = 0;
  let [low, high] = [0n, 0n];
  return {
    add(rows) {
      count += rows.length;
      for (const row of rows) {
        const hash = createHash('sha256').update(row).digest();
        low = BigInt.asUintN(64, low + hash.readBigUInt64LE(0));
        high = BigInt.asUintN(64, high + hash.readBigUInt64LE(8));
      }
    },
    end: () => ({
      rows: count,
      digest: [high, low].map((half) => half.toString(16).padStart(16, '0')).join(''),
    }),
  };
}

/** Counts and digests of the tables as they lie in a database. */
export async function sumTables(database: Database, names: readonly string[]): Promise<TableSum[]> {
  const client = await database.pool.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    await setTextForms(client);
    const sums: TableSum[] = [];
    for (const name of names) {
      const sum = createSum();
      for await (const rows of readRows(client, name)) sum.add(rows);
      sums.push({ table: name, ...sum.end() });
    }
    return sums;
  } finally {
    client.release(true);
  }
}

export type BackupWriting = {
  write(rows: BackupRows): Promise<void>;
  /** Sets the sequences and commits. */
  end(tail: BackupTail): Promise<void>;
  /** Leaves nothing of what was written. */
  abandon(): void;
};

/**
 * Fills a database that was just brought to the head's migrations; nothing counts before `end`. Its role must be a superuser,
 * since neither foreign keys nor triggers are asked: what was one snapshot fits together.
 */
export async function writeBackup(database: Database, head: BackupHead): Promise<BackupWriting> {
  const client = await database.pool.connect();
  try {
    await client.query('begin');
    await setTextForms(client);
    await client.query(`set local session_replication_role = 'replica'`);
    await fitPartitions(client, head.tables);
    const inserts = await prepareInserts(client, head.tables);
    const all = head.tables.map(({ name }) => escapeIdentifier(name)).join(', ');
    if (all !== '') await client.query(`truncate ${all}`);
    return {
      async write({ table, rows }) {
        const insert = inserts.get(table);
        if (insert === undefined) throw new Error(`rows of an unknown table ${table}`);
        await client.query({ ...insert, values: [rows] });
      },
      async end({ sequences }) {
        for (const { name, last, is_called: isCalled } of sequences)
          await client.query('select setval($1::regclass, $2, $3)', [
            escapeIdentifier(name),
            last,
            isCalled,
          ]);
        await client.query('commit');
        client.release(true);
        await database.pool.query('analyze');
      },
      abandon: () => client.release(true),
    };
  } catch (error) {
    client.release(true);
    throw error;
  }
}

const partitionName = /^[a-z0-9_]+$/;
const partitionBound = /^(?:DEFAULT|FOR VALUES FROM \('[0-9 :+.-]+'\) TO \('[0-9 :+.-]+'\))$/;

/** The tables of event months come and go while a server runs: those of the backup, and no others. */
async function fitPartitions(client: PoolClient, wanted: readonly BackupTable[]): Promise<void> {
  const present = new Set((await listTables(client)).map(({ name }) => name));
  for (const { name, partition } of await listTables(client)) {
    if (partition === null || wanted.some((table) => table.name === name)) continue;
    await client.query(`drop table ${escapeIdentifier(name)}`);
  }
  for (const { name, partition } of wanted) {
    if (partition === null || present.has(name)) continue;
    const { parent, bound } = partition;
    if (![name, parent].every((word) => partitionName.test(word)) || !partitionBound.test(bound))
      throw new Error(`the table ${name} of the backup is no month of events`);
    await client.query(`create table ${name} partition of ${parent} ${bound}`);
  }
}

type Insert = { readonly name: string; readonly text: string };

async function prepareInserts(
  client: PoolClient,
  wanted: readonly BackupTable[],
): Promise<ReadonlyMap<string, Insert>> {
  const present = new Map((await listTables(client)).map((table) => [table.name, table]));
  const { rows } = await client.query<{ place: string }>(
    `select c.relname || '.' || a.attname as place from pg_attribute a join pg_class c on c.oid = a.attrelid
      where c.relnamespace = current_schema()::regnamespace and a.attgenerated <> ''`,
  );
  const made = new Set(rows.map(({ place }) => place));
  const inserts = wanted.map(({ name, columns }, index): [string, Insert] => {
    if (present.get(name)?.columns.join() !== columns.join())
      throw new Error(`the table ${name} has other columns than in the backup`);
    const given = columns
      .filter((column) => !made.has(`${name}.${column}`))
      .map((column) => escapeIdentifier(column));
    const table = escapeIdentifier(name);
    const text = `insert into ${table} (${given.join(', ')}) overriding system value
      select ${given.map((column) => `(r.v).${column}`).join(', ')}
        from (select t::${table} as v from unnest($1::text[]) t offset 0) r`;
    return [name, { name: `restore_${String(index)}`, text }];
  });
  return new Map(inserts);
}

/**
 * After a database went back in time: whatever hubs and readers of events learned from the one that is lost must not be
 * taken for what this one says next. Versions of desired states and numbers of events go on above all that can ever have been
 * given, since both go up slower than the clock; and no hub is believed to hold anything (docs/decisions/0250).
 */
export async function goOnAfterRestore(database: Database, now: Date): Promise<void> {
  const client = await database.pool.connect();
  try {
    await client.query('begin');
    const version = now.getTime();
    await client.query(
      `update desired_items set version = greatest(version, $1::bigint), confirmed_at = null`,
      [version],
    );
    await client.query(
      `update iqs set desired_version = greatest(desired_version, $1::bigint), applied_version = 0, sent_version = 0,
              desired_changed_at = coalesce(desired_changed_at, $2)
        where desired_version > 0`,
      [version, now],
    );
    await client.query(
      `select setval('event_numbers', greatest((select last_value from event_numbers), $1::bigint))`,
      [eventNumberAt(now)],
    );
    await client.query('commit');
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
}

const eventNumbersFrom = Date.UTC(2025, 0);

/** A million numbers a second, and far below what JSON's readers take for an exact number. */
function eventNumberAt(now: Date): number {
  return (now.getTime() - eventNumbersFrom) * 1_000;
}
