/** Signed checkpoints of the audit log, and what may be erased behind them: for all tenants of the installation. */
import { sql } from 'kysely';
import { defaultCollectionOptions } from '#contract/collection-options';
import type { AuditCheckpoint } from '#contract/audit-log';
import type { TenantId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Database } from './pool.ts';
import type { Scope } from './scope.ts';

/** A place in a tenant's log. */
export type AuditPlace = {
  readonly tenantId: TenantId;
  readonly number: number;
  readonly hash: string;
};

type PlaceRow = { tenant_id: TenantId; number: number; hash: string };

/** The newest record of each tenant whose newest record is signed by no checkpoint. */
export async function listUnsignedHeads(database: Database): Promise<AuditPlace[]> {
  const { rows } = await database.pool.query<PlaceRow>(
    `select h.tenant_id, h.number::float8 as number, h.hash from audit_heads h
     where h.number > 0 and not exists (
       select 1 from audit_checkpoints c where c.tenant_id = h.tenant_id and c.number >= h.number)
     order by 1`,
  );
  return rows.map(placeOf);
}

/**
 * How far the oldest records of each tenant may go, at most `limit` at once: every record up to there is older than its
 * collection keeps them. Records of no collection, or of one that is gone, are kept as long as the default says.
 */
export async function listErasable(
  database: Database,
  { now, limit }: { readonly now: Date; readonly limit: number },
): Promise<AuditPlace[]> {
  const { rows } = await database.pool.query<PlaceRow>(
    `select h.tenant_id, l.number::float8 as number, l.hash
     from audit_heads h
     cross join lateral (
       select max(number) as number from (
         select number, bool_and(is_over) over (order by number) as are_all_over from (
           select r.number, r.utc_date_time < $1::timestamptz
             - make_interval(days => coalesce((c.options ->> 'activity_log_days')::int, $3)) as is_over
           from audit_log r left join collections c on c.tenant_id = r.tenant_id and c.id = r.collection_id
           where r.tenant_id = h.tenant_id order by r.number limit $2) oldest) counted
       where are_all_over) last
     join audit_log l on l.tenant_id = h.tenant_id and l.number = last.number
     order by 1`,
    [now, limit, defaultCollectionOptions.activity_log_days],
  );
  return rows.map(placeOf);
}

function placeOf(row: PlaceRow): AuditPlace {
  return { tenantId: row.tenant_id, number: row.number, hash: row.hash };
}

/** Keeps a checkpoint; true unless another process signed the same place first. */
export async function insertCheckpoint(
  database: Database,
  checkpoint: AuditCheckpoint,
): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    `insert into audit_checkpoints (tenant_id, number, hash, at, erases, public_key, signature)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
    [
      checkpoint.tenant_id,
      checkpoint.number,
      checkpoint.hash,
      checkpoint.at,
      checkpoint.erases,
      checkpoint.public_key,
      checkpoint.signature,
    ],
  );
  return rowCount === 1;
}

/** Erases the records up to a checkpoint that stands for them; gives how many went. */
export async function eraseAudit(
  database: Database,
  { tenantId, number }: Pick<AuditPlace, 'tenantId' | 'number'>,
): Promise<number> {
  const { rows } = await database.pool.query<{ erased: string }>(
    'select erase_audit($1, $2) as erased',
    [tenantId, number],
  );
  return Number(rows[0]?.erased ?? 0);
}

const columns = `c.tenant_id, c.number::float8 as number, c.hash,
  to_char(c.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at, c.erases, c.public_key, c.signature`;

/** The checkpoints of a tenant, the oldest first. */
export function listCheckpoints(scope: Scope): Promise<AuditCheckpoint[]> {
  return scope.query<AuditCheckpoint>(
    `select ${columns} from audit_checkpoints c where c.tenant_id = $1 order by c.number, c.erases`,
    [scope.tenantId],
  );
}

export const checkpointFields = {
  number: { type: 'int', sql: sql`c.number`, isNotNull: true },
  hash: { type: 'text', sql: sql`c.hash`, isNotNull: true },
  at: { type: 'instant', sql: sql`c.at`, isNotNull: true },
  erases: { type: 'bool', sql: sql`c.erases`, isNotNull: true },
  public_key: { type: 'text', sql: sql`c.public_key`, isNotNull: true },
} as const satisfies SqlListFields;

/** A page of them, the newest first unless asked otherwise. */
export function pageCheckpoints(
  scope: Scope,
  options: ListOptions,
): Promise<ListResult<AuditCheckpoint>> {
  return listRows<AuditCheckpoint>(scope, {
    from: sql`audit_checkpoints c`,
    tenant: sql`c.tenant_id`,
    select: sql.raw(columns),
    fields: checkpointFields,
    options,
    id: sql`(c.number * 2 + c.erases::int)`,
    defaultOrder: [{ sql: sql`c.number`, type: 'int', direction: 'desc', isNotNull: true }],
  });
}
