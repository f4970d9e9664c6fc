import type { PoolClient, QueryResultRow } from 'pg';
import type { TenantId } from '#contract/ids';
import type { Database } from './pool.ts';

/** The right to read or write the rows of one tenant, on a connection of its own choosing; the first argument of every store call. */
export type Scope = {
  readonly tenantId: TenantId;
  /**
   * Runs one statement; `$1` is by habit the tenant. A name makes it a prepared statement of the connection, for hot paths.
   */
  query<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[],
    name?: string,
  ): Promise<Row[]>;
};

/** A scope inside a transaction: what it writes lands together or not at all. */
export type WriteScope = Scope & {
  readonly isTransaction: true;
  /** Runs last inside the transaction: what takes a contended row, so that it is held for the shortest time. */
  beforeCommit(act: () => Promise<void>): void;
  /** Runs after the commit, never after a rollback: wake-ups of other parts. */
  afterCommit(act: () => void): void;
};

/** Reads outside a transaction. */
export function readScope(database: Database, tenantId: TenantId): Scope {
  return {
    tenantId,
    async query<Row extends QueryResultRow>(
      text: string,
      values: readonly unknown[],
      name?: string,
    ) {
      const result = await database.pool.query<Row>(statement(text, values, name));
      return result.rows;
    },
  };
}

/** SQLSTATEs after which the whole transaction may simply be run again: serialization failure, deadlock. */
const repeatable = new Set(['40001', '40P01']);

/** Runs `work` in one transaction of the tenant; a deadlock is repeated up to three times. */
export async function inTransaction<T>(
  { database, tenantId }: { readonly database: Database; readonly tenantId: TenantId },
  work: (scope: WriteScope) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await runOnce(database, tenantId, work);
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      if (attempt >= 4 || typeof code !== 'string' || !repeatable.has(code)) throw error;
    }
  }
}

async function runOnce<T>(
  database: Database,
  tenantId: TenantId,
  work: (scope: WriteScope) => Promise<T>,
): Promise<T> {
  const client = await database.pool.connect();
  const last: (() => Promise<void>)[] = [];
  const acts: (() => void)[] = [];
  try {
    await client.query('begin');
    const result = await work(writeScope(client, tenantId, { last, acts }));
    for (const act of last) await act();
    await client.query('commit');
    client.release();
    for (const act of acts) act();
    return result;
  } catch (error) {
    await client.query('rollback').then(
      () => client.release(),
      // A connection that cannot roll back is of no further use.
      (reason: unknown) => client.release(reason instanceof Error ? reason : true),
    );
    throw error;
  }
}

type Deferred = { readonly last: (() => Promise<void>)[]; readonly acts: (() => void)[] };

function writeScope(client: PoolClient, tenantId: TenantId, { last, acts }: Deferred): WriteScope {
  return {
    tenantId,
    isTransaction: true,
    async query<Row extends QueryResultRow>(
      text: string,
      values: readonly unknown[],
      name?: string,
    ) {
      const result = await client.query<Row>(statement(text, values, name));
      return result.rows;
    },
    beforeCommit(act) {
      last.push(act);
    },
    afterCommit(act) {
      acts.push(act);
    },
  };
}

/** The same transaction for another tenant: only where something passes from one to the other. */
export function scopeOfOtherTenant(scope: WriteScope, tenantId: TenantId): WriteScope {
  return { ...scope, tenantId };
}

function statement(text: string, values: readonly unknown[], name?: string) {
  return name === undefined ? { text, values: [...values] } : { name, text, values: [...values] };
}
