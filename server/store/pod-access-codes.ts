/** Codes by which guests come to a pod (connect-api.md 4.9); of a code only its hash is kept. */
import { sql } from 'kysely';
import type { CollectionId, PodId, TenantId, UserId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { podAccessCodeStates, type PodAccessCodeState } from '#contract/pods';
import { listRows, type ListResult } from './list.ts';
import type { Sql, SqlListFields } from './odata-filter.ts';
import type { Database } from './pool.ts';
import type { Scope, WriteScope } from './scope.ts';

export type PodAccessCodeRow = {
  readonly id: string;
  readonly pod_id: PodId;
  readonly user_id: UserId;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly email: string | null;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly use_limit: number;
  readonly state: PodAccessCodeState;
};

/** What has ended or is used up reads as revoked too. */
const stateAt = (now: string): Sql =>
  sql`(case when k.revoked_at is null and k.expires_at > ${now}::timestamptz and k.used < k.use_limit
    then 'active' else 'revoked' end)`;

const columnsAt = (now: string): Sql =>
  sql`k.id, k.pod_id, p.id as user_id, nullif(p.first_name, '') as first_name, nullif(p.last_name, '') as last_name, p.email,
    k.created_at, k.expires_at, k.use_limit, ${stateAt(now)} as state`;

const fieldsAt = (now: string) =>
  ({
    id: { type: 'uuid', sql: sql`k.id`, isNotNull: true },
    'generated_by/id': { type: 'uuid', sql: sql`p.id`, isNotNull: true },
    'generated_by/first_name': { type: 'text', sql: sql`nullif(p.first_name, '')` },
    'generated_by/last_name': { type: 'text', sql: sql`nullif(p.last_name, '')` },
    'generated_by/email': { type: 'text', sql: sql`p.email` },
    code_created_date: { type: 'instant', sql: sql`k.created_at`, isNotNull: true },
    code_expiry_date: { type: 'instant', sql: sql`k.expires_at`, isNotNull: true },
    use_limit: { type: 'int', sql: sql`k.use_limit`, isNotNull: true },
    state: { type: 'enum', words: podAccessCodeStates, sql: stateAt(now) },
  }) as const satisfies SqlListFields;

export const podAccessCodeFields = fieldsAt(new Date(0).toISOString());

/** A page of the codes of a pod, oldest first. */
export function listPodAccessCodes(
  scope: Scope,
  options: ListOptions,
  podId: PodId,
): Promise<ListResult<PodAccessCodeRow>> {
  return listRows<PodAccessCodeRow>(scope, {
    from: sql`pod_access_codes k join people p on p.tenant_id = k.tenant_id and p.id = k.generated_by`,
    tenant: sql`k.tenant_id`,
    where: sql`k.pod_id = ${podId}::uuid`,
    select: columnsAt(options.now),
    fields: fieldsAt(options.now),
    options,
    id: sql`k.id`,
    defaultOrder: [{ sql: sql`k.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

export async function insertPodAccessCode(
  scope: WriteScope,
  code: {
    readonly id: string;
    readonly podId: PodId;
    readonly codeHash: Buffer;
    readonly userId: UserId;
    readonly createdAt: Date;
    readonly expiresAt: Date;
    readonly useLimit: number;
  },
): Promise<void> {
  await scope.query(
    `insert into pod_access_codes (tenant_id, id, pod_id, code_hash, generated_by, created_at, expires_at, use_limit)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      scope.tenantId,
      code.id,
      code.podId,
      code.codeHash,
      code.userId,
      code.createdAt,
      code.expiresAt,
      code.useLimit,
    ],
  );
}

/** Ends the code of a pod that was not revoked yet; gives its id. */
export async function revokePodAccessCode(
  scope: WriteScope,
  podId: PodId,
  at: Date,
): Promise<string | undefined> {
  const [row] = await scope.query<{ id: string }>(
    `update pod_access_codes set revoked_at = $3 where tenant_id = $1 and pod_id = $2 and revoked_at is null returning id`,
    [scope.tenantId, podId, at],
  );
  return row?.id;
}

/** Removes all codes of a pod, those in force too. */
export async function deletePodAccessCodes(scope: WriteScope, podId: PodId): Promise<void> {
  await scope.query('delete from pod_access_codes where tenant_id = $1 and pod_id = $2', [
    scope.tenantId,
    podId,
  ]);
}

/** What a code opens; codes come before the tenant, since who types one has none. */
export type CodeInForce = {
  readonly id: string;
  readonly tenant_id: TenantId;
  readonly pod_id: PodId;
  readonly site_id: CollectionId;
};

/** The code of this hash, where it can be used at `now`. */
export async function findCodeInForce(
  database: Database,
  codeHash: Buffer,
  now: Date,
): Promise<CodeInForce | undefined> {
  const { rows } = await database.pool.query<CodeInForce>({
    name: 'pod-code-in-force',
    text: `select k.id, k.tenant_id, k.pod_id, d.collection_id as site_id from pod_access_codes k
           join pods d on d.tenant_id = k.tenant_id and d.id = k.pod_id
           where k.code_hash = $1 and k.revoked_at is null and k.expires_at > $2 and k.used < k.use_limit`,
    values: [codeHash, now],
  });
  return rows[0];
}

/** Counts one use. False when the code can be used no more. */
export async function usePodAccessCode(scope: WriteScope, id: string, now: Date): Promise<boolean> {
  const rows = await scope.query(
    `update pod_access_codes set used = used + 1
     where tenant_id = $1 and id = $2 and revoked_at is null and expires_at > $3 and used < use_limit returning id`,
    [scope.tenantId, id, now],
  );
  return rows.length > 0;
}
