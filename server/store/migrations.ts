/**
 * The results of migrations, and those that run. What is told of a running one is written beside its transaction, so that
 * others see it; whether it still runs is told by a lock that its transaction holds and that nothing outlives.
 */
import type { MigrationCheckAnswer, MigrationKind, MigrationState } from '#contract/migrations';
import type { Scope, WriteScope } from './scope.ts';

export type MigrationRow = {
  readonly id: string;
  readonly state: MigrationState;
  /** How many of each were checked or done. */
  readonly counts: Readonly<Record<string, number>>;
  /** Ids that could not be kept. */
  readonly id_map: readonly { readonly old_id: string; readonly new_id: string }[];
  readonly checks: readonly MigrationCheckAnswer[];
  readonly rows_done: number;
  readonly rows_total: number;
  readonly is_cancel_asked: boolean;
};

type Result = Omit<MigrationRow, 'is_cancel_asked'>;
export type NewMigration = {
  readonly id: string;
  readonly kind: MigrationKind;
  readonly created_at: Date;
};

/** False: the tenant has one of that id. */
export async function insertMigration(
  scope: WriteScope,
  row: Result & NewMigration,
): Promise<boolean> {
  const rows = await scope.query(
    `insert into migrations (tenant_id, id, kind, state, counts, id_map, checks, rows_done, rows_total, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing returning 1`,
    [
      scope.tenantId,
      row.id,
      row.kind,
      row.state,
      row.counts,
      JSON.stringify(row.id_map),
      JSON.stringify(row.checks),
      row.rows_done,
      row.rows_total,
      row.created_at,
    ],
  );
  return rows.length > 0;
}

const lockName = `hashtextextended('migration ' || $1::uuid::text || ' ' || $2::uuid::text, 0)`;

/** Says for as long as the transaction lasts that the migration runs. */
export async function holdRunning(scope: WriteScope, id: string): Promise<void> {
  await scope.query(`select pg_advisory_xact_lock(${lockName})`, [scope.tenantId, id]);
}

/** Tells how far it is; answers whether it shall go on. */
export async function putProgress(
  scope: Scope,
  { id, counts, rows_done: done, rows_total: total }: Omit<Result, 'state' | 'id_map' | 'checks'>,
): Promise<boolean> {
  const rows = await scope.query(
    `update migrations set counts = $3, rows_done = $4, rows_total = $5
      where tenant_id = $1 and id = $2 and state = 'running' and cancel_asked_at is null returning 1`,
    [scope.tenantId, id, counts, done, total],
  );
  return rows.length > 0;
}

/** Writes the end of a running one; false: it was cancelled before. */
export async function endMigration(scope: WriteScope, row: Result): Promise<boolean> {
  const rows = await scope.query(
    `update migrations set state = $3, counts = $4, id_map = $5, checks = $6, rows_done = $7, rows_total = $8
      where tenant_id = $1 and id = $2 and state = 'running' and cancel_asked_at is null returning 1`,
    [
      scope.tenantId,
      row.id,
      row.state,
      row.counts,
      JSON.stringify(row.id_map),
      JSON.stringify(row.checks),
      row.rows_done,
      row.rows_total,
    ],
  );
  return rows.length > 0;
}

/** It came to nothing: no row of it is there, so none is counted. */
export async function endInVain(scope: Scope, id: string): Promise<void> {
  await scope.query(
    `update migrations set counts = '{}', rows_done = 0,
            state = case when cancel_asked_at is null then 'aborted' else 'cancelled' end
      where tenant_id = $1 and id = $2 and state = 'running'`,
    [scope.tenantId, id],
  );
}

/** Asks a running one to end; one that has ended stays as it is. */
export async function askCancel(
  scope: WriteScope,
  { id, now }: { readonly id: string; readonly now: Date },
): Promise<boolean> {
  const rows = await scope.query(
    `update migrations set cancel_asked_at = coalesce(cancel_asked_at, $3)
      where tenant_id = $1 and id = $2 and state = 'running' returning 1`,
    [scope.tenantId, id, now],
  );
  return rows.length > 0;
}

/** One whose process died without a word came to nothing: its transaction is gone, and its lock with it. */
export async function findMigration(scope: Scope, id: string): Promise<MigrationRow | undefined> {
  const [row] = await scope.query<MigrationRow>(
    `select id, counts, id_map, checks, rows_done, rows_total, cancel_asked_at is not null as is_cancel_asked,
            case when state <> 'running' or not pg_try_advisory_xact_lock_shared(${lockName}) then state
              when cancel_asked_at is null then 'aborted' else 'cancelled' end as state
       from migrations where tenant_id = $1 and id = $2`,
    [scope.tenantId, id],
  );
  return row;
}
