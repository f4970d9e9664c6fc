/** Requests of people to be forgotten by a site; a row goes with its person. */
import { sql } from 'kysely';
import { dataRemovalStates, type DataRemovalState } from '#contract/data-removals';
import type { AccessorId, CollectionId, LoginId, TenantId, UserId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Database } from './pool.ts';
import type { Scope, WriteScope } from './scope.ts';

export type NewDataRemoval = {
  readonly id: string;
  readonly siteId: CollectionId;
  readonly accessorId: AccessorId;
  readonly userId: UserId;
  readonly reason: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
};

/** Stores a request; false when one of this person waits already. */
export async function insertDataRemoval(scope: WriteScope, row: NewDataRemoval): Promise<boolean> {
  const rows = await scope.query(
    `insert into data_removals (tenant_id, id, collection_id, accessor_id, user_id, reason, state, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, 'waiting', $7, $8)
     on conflict (tenant_id, accessor_id) where state = 'waiting' do nothing returning id`,
    [
      scope.tenantId,
      row.id,
      row.siteId,
      row.accessorId,
      row.userId,
      row.reason,
      row.createdAt,
      row.expiresAt,
    ],
  );
  return rows.length > 0;
}

export type DataRemovalRow = {
  readonly id: string;
  readonly site_user_id: AccessorId;
  readonly reason: string;
  readonly state: DataRemovalState;
  readonly refusal: string | null;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly answered_at: Date | null;
};

const columns = `r.id, r.accessor_id as site_user_id, r.reason, r.state, r.refusal, r.created_at, r.expires_at, r.answered_at`;

type RemovalOfSite = { readonly siteId: CollectionId; readonly id: string };

export async function findDataRemoval(
  scope: Scope,
  { siteId, id }: RemovalOfSite,
): Promise<DataRemovalRow | undefined> {
  const [row] = await scope.query<DataRemovalRow>(
    `select ${columns} from data_removals r where r.tenant_id = $1 and r.collection_id = $2 and r.id = $3`,
    [scope.tenantId, siteId, id],
  );
  return row;
}

/** A request that waits, kept as it is by everybody else until the transaction ends. */
export async function holdWaitingRemoval(
  scope: WriteScope,
  { siteId, id }: RemovalOfSite,
): Promise<(DataRemovalRow & { readonly user_id: UserId }) | undefined> {
  const [row] = await scope.query<DataRemovalRow & { readonly user_id: UserId }>(
    `select ${columns}, r.user_id from data_removals r
     where r.tenant_id = $1 and r.collection_id = $2 and r.id = $3 and r.state = 'waiting' for update`,
    [scope.tenantId, siteId, id],
  );
  return row;
}

export async function refuseDataRemoval(
  scope: WriteScope,
  { id, refusal, at }: { readonly id: string; readonly refusal: string; readonly at: Date },
): Promise<void> {
  await scope.query(
    `update data_removals set state = 'refused', refusal = $3, answered_at = $4 where tenant_id = $1 and id = $2`,
    [scope.tenantId, id, refusal, at],
  );
}

/** Takes a request back; false when there is none that waits. */
export async function deleteWaitingRemoval(
  scope: WriteScope,
  accessorId: AccessorId,
): Promise<boolean> {
  const rows = await scope.query(
    `delete from data_removals where tenant_id = $1 and accessor_id = $2 and state = 'waiting' returning id`,
    [scope.tenantId, accessorId],
  );
  return rows.length > 0;
}

export const dataRemovalFields = {
  id: { type: 'uuid', sql: sql`r.id`, isNotNull: true },
  site_user_id: { type: 'uuid', sql: sql`r.accessor_id`, isNotNull: true },
  state: { type: 'enum', words: dataRemovalStates, sql: sql`r.state` },
  created_at: { type: 'instant', sql: sql`r.created_at`, isNotNull: true },
  expires_at: { type: 'instant', sql: sql`r.expires_at`, isNotNull: true },
  answered_at: { type: 'instant', sql: sql`r.answered_at` },
} as const satisfies SqlListFields;

/** A page of the requests of a site, oldest first. */
export function listDataRemovals(
  scope: Scope,
  options: ListOptions,
  siteId: CollectionId,
): Promise<ListResult<DataRemovalRow>> {
  return listRows<DataRemovalRow>(scope, {
    from: sql`data_removals r`,
    tenant: sql`r.tenant_id`,
    where: sql`r.collection_id = ${siteId}::uuid`,
    select: sql.raw(columns),
    fields: dataRemovalFields,
    options,
    id: sql`r.id`,
    defaultOrder: [{ sql: sql`r.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

export type DueRemoval = {
  readonly tenant_id: TenantId;
  readonly id: string;
  readonly collection_id: CollectionId;
};

/** Requests of all tenants that nobody has answered in time. */
export async function listDueRemovals(database: Database, now: Date): Promise<DueRemoval[]> {
  const { rows } = await database.pool.query<DueRemoval>(
    `select tenant_id, id, collection_id from data_removals
     where state = 'waiting' and expires_at <= $1 order by expires_at limit 100`,
    [now],
  );
  return rows;
}

/** A place of a login in a site, in whichever tenant. */
export type PlaceOfLogin = {
  readonly tenant_id: TenantId;
  readonly site_id: CollectionId;
  readonly site_name: string | null;
  readonly user_id: UserId;
  /** null = the owner without being one of its users. */
  readonly accessor_id: AccessorId | null;
  /** Or whoever sets it up, until it is handed over. */
  readonly is_owner: boolean;
  readonly removal_expires_at: Date | null;
  readonly removal_refusal: string | null;
};

/** Every site in which a login is somebody, by name. */
export async function listPlacesOfLogin(
  database: Database,
  loginId: LoginId,
): Promise<PlaceOfLogin[]> {
  const { rows } = await database.pool.query<PlaceOfLogin>(
    `select c.tenant_id, c.id as site_id, c.customer_reference as site_name, u.id as user_id, a.id as accessor_id,
       coalesce(u.id in (c.owner_user_id, c.installer_user_id), false) as is_owner, w.expires_at as removal_expires_at,
       (select r.refusal from data_removals r where r.tenant_id = a.tenant_id and r.accessor_id = a.id
          and r.state = 'refused' order by r.answered_at desc limit 1) as removal_refusal
     from users u
     join collections c on c.tenant_id = u.tenant_id
     left join accessors a on a.tenant_id = u.tenant_id and a.user_id = u.id and a.collection_id = c.id
     left join data_removals w on w.tenant_id = a.tenant_id and w.accessor_id = a.id and w.state = 'waiting'
     where u.login_id = $1 and (a.id is not null or u.id in (c.owner_user_id, c.installer_user_id))
     order by c.customer_reference nulls last, c.id`,
    [loginId],
  );
  return rows;
}

/** Whether a site is in the hands of a person; it stays so until the transaction ends. */
export async function isOwnerOrInstaller(
  scope: WriteScope,
  { siteId, userId }: { readonly siteId: CollectionId; readonly userId: UserId },
): Promise<boolean> {
  const rows = await scope.query(
    `select 1 from collections where tenant_id = $1 and id = $2 and $3 in (owner_user_id, installer_user_id) for share`,
    [scope.tenantId, siteId, userId],
  );
  return rows.length > 0;
}
