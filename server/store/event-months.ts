/**
 * The tables of single months in which entries and incidents lie, by UTC month of their time; `_other` takes what belongs to no
 * month that has one. Making and dropping them waits for running statements a moment only and is tried again otherwise.
 */
import type { PoolClient } from 'pg';
import type { Database } from './pool.ts';

export const eventKinds = ['entries', 'incidents'] as const;
export type EventKind = (typeof eventKinds)[number];

export type EventMonth = {
  readonly kind: EventKind;
  /** Its own table, as `entries_2026_11`; also a name that SQL takes unquoted. */
  readonly table: string;
  /** First instant of the month; null = `_other`, which has no bounds. */
  readonly from: Date | null;
  /** First instant after it. */
  readonly to: Date | null;
};

/** How long others wait at most behind a change of the tables. */
const patienceMs = 1_000;

/** All tables of events, `_other` last. */
export async function listEventMonths(database: Database): Promise<EventMonth[]> {
  const { rows } = await database.pool.query<{ name: string }>(
    `select relid::regclass::text as name from pg_partition_tree('entries') where isleaf
     union all select relid::regclass::text from pg_partition_tree('incidents') where isleaf order by name`,
  );
  return rows.map(({ name }) => readName(name));
}

/** Gives the month of `now` and the one after it tables of their own; true when all are there. */
export async function openEventMonths(database: Database, now: Date): Promise<boolean> {
  const known = new Set((await listEventMonths(database)).map(({ table }) => table));
  const starts = [0, 1].map((ahead) => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead));
  const missing = eventKinds
    .flatMap((kind) => starts.map((start) => monthOf(kind, new Date(start))))
    .filter(({ table }) => !known.has(table));
  for (const month of missing) {
    const isDone = await changeTables(database, month.kind, (client) => open(client, month));
    if (!isDone) return false;
  }
  return true;
}

type BoundMonth = EventMonth & { readonly from: Date; readonly to: Date };

async function open(client: PoolClient, { kind, table, from, to }: BoundMonth): Promise<void> {
  const bounds = [from.toISOString(), to.toISOString()];
  await client.query(`lock table only ${kind}_other in access exclusive mode`);
  await client.query(`create table if not exists ${table} (like ${kind} including defaults)`);
  await client.query(
    `with moved as (
       delete from ${kind}_other where utc_date_time >= $1 and utc_date_time < $2 returning *)
     insert into ${table} select * from moved`,
    bounds,
  );
  // Bounds are part of the statement's text: they cannot be bound.
  await client.query(
    `alter table ${kind} attach partition ${table} for values from ('${bounds[0]}') to ('${bounds[1]}')`,
  );
}

/** Drops the table of a month with all that is in it; false = it was in use. */
export function dropEventMonth(database: Database, month: EventMonth): Promise<boolean> {
  return changeTables(database, month.kind, async (client) => {
    await client.query(`drop table if exists ${month.table}`);
  });
}

/** Drops the table of a month unless something is in it; false = something is, or it was in use. */
export async function dropEmptyEventMonth(database: Database, month: EventMonth): Promise<boolean> {
  const look = `select 1 from ${month.table} limit 1`;
  // Nobody is kept waiting for a look.
  if ((await database.pool.query(look)).rowCount !== 0) return false;
  let isEmpty = false;
  const isDone = await changeTables(database, month.kind, async (client) => {
    isEmpty = (await client.query(look)).rowCount === 0;
    if (isEmpty) await client.query(`drop table ${month.table}`);
  });
  return isDone && isEmpty;
}

/** What belongs to somebody else's running statement: lock_not_available; and another process that was first. */
const comeBackLater = new Set(['55P03', '40P01', '42P07', '42P01']);

/** In one transaction that holds the whole kind, first of all: whoever reads takes its tables in the same order. */
async function changeTables(
  database: Database,
  kind: EventKind,
  act: (client: PoolClient) => Promise<void>,
): Promise<boolean> {
  const client = await database.pool.connect();
  try {
    await client.query('begin');
    await client.query(`set local lock_timeout = ${String(patienceMs)}`);
    await client.query(`lock table only ${kind} in access exclusive mode`);
    await act(client);
    await client.query('commit');
    client.release();
    return true;
  } catch (error) {
    await client.query('rollback').then(
      () => client.release(),
      () => client.release(true),
    );
    if (comeBackLater.has(String((error as { code?: unknown }).code))) return false;
    throw error;
  }
}

function monthOf(kind: EventKind, from: Date): BoundMonth {
  const [year, month] = [from.getUTCFullYear(), from.getUTCMonth()];
  const number = String(month + 1).padStart(2, '0');
  return {
    kind,
    table: `${kind}_${String(year)}_${number}`,
    from,
    to: new Date(Date.UTC(year, month + 1)),
  };
}

function readName(name: string): EventMonth {
  const kind = name.startsWith('entries') ? 'entries' : 'incidents';
  const [, year, month] = /_(\d{4})_(\d{2})$/.exec(name) ?? [];
  if (year === undefined) return { kind, table: name, from: null, to: null };
  return monthOf(kind, new Date(Date.UTC(Number(year), Number(month) - 1)));
}
