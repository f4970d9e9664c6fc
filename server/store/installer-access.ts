/** Installers whom a site lets in for a day, and the hubs each may touch. */
import { sql } from 'kysely';
import { nilUuid, type CollectionId, type IqId, type TenantId, type UserId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Database } from './pool.ts';
import type { Scope, WriteScope } from './scope.ts';

export type InstallerAccessRow = {
  readonly site_uid: string | null;
  readonly expires_at: Date;
  readonly ended_at: Date | null;
  readonly user_id: UserId | null;
};

const columns = 'c.site_uid, i.expires_at, i.ended_at, i.user_id';

/** The access that a site gave last; undefined = it never gave one. */
export async function findInstallerAccess(
  scope: Scope,
  siteId: CollectionId,
): Promise<InstallerAccessRow | undefined> {
  const [row] = await scope.query<InstallerAccessRow>(
    `select ${columns} from installer_accesses i
     join collections c on c.tenant_id = i.tenant_id and c.id = i.collection_id
     where i.tenant_id = $1 and i.collection_id = $2`,
    [scope.tenantId, siteId],
    'installer_access_find',
  );
  return row;
}

/** The same, held against changes until the transaction ends. */
export async function holdInstallerAccess(
  scope: WriteScope,
  siteId: CollectionId,
): Promise<InstallerAccessRow | undefined> {
  await scope.query(
    'select 1 from installer_accesses where tenant_id = $1 and collection_id = $2 for update',
    [scope.tenantId, siteId],
  );
  return findInstallerAccess(scope, siteId);
}

/** Gives access, in the place of one given before: nobody uses it yet, no hub is enabled. */
export async function putInstallerAccess(
  scope: WriteScope,
  access: {
    readonly siteId: CollectionId;
    /** SHA-256. */
    readonly tokenHash: Buffer;
    readonly setsDefault: boolean;
    readonly createdAt: Date;
    readonly expiresAt: Date;
  },
): Promise<void> {
  const { siteId, tokenHash, setsDefault, createdAt, expiresAt } = access;
  await scope.query(
    `insert into installer_accesses (tenant_id, collection_id, token_hash, sets_default, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (tenant_id, collection_id) do update set token_hash = excluded.token_hash,
       sets_default = excluded.sets_default, created_at = excluded.created_at, expires_at = excluded.expires_at,
       ended_at = null, user_id = null`,
    [scope.tenantId, siteId, tokenHash, setsDefault, createdAt, expiresAt],
  );
  await disableAllIqs(scope, siteId);
}

export async function endInstallerAccess(
  scope: WriteScope,
  siteId: CollectionId,
  now: Date,
): Promise<void> {
  await scope.query(
    'update installer_accesses set ended_at = coalesce(ended_at, $3) where tenant_id = $1 and collection_id = $2',
    [scope.tenantId, siteId, now],
  );
  await disableAllIqs(scope, siteId);
}

async function disableAllIqs(scope: WriteScope, siteId: CollectionId): Promise<void> {
  await scope.query(
    'delete from installer_access_iqs where tenant_id = $1 and collection_id = $2',
    [scope.tenantId, siteId],
  );
}

export async function enableIqForInstaller(
  scope: WriteScope,
  place: { readonly siteId: CollectionId; readonly iqId: IqId; readonly now: Date },
): Promise<void> {
  await scope.query(
    `insert into installer_access_iqs (tenant_id, iq_id, collection_id, enabled_at) values ($1, $2, $3, $4)
     on conflict (tenant_id, iq_id) do update set collection_id = excluded.collection_id`,
    [scope.tenantId, place.iqId, place.siteId, place.now],
  );
}

export async function disableIqForInstaller(scope: WriteScope, iqId: IqId): Promise<void> {
  await scope.query('delete from installer_access_iqs where tenant_id = $1 and iq_id = $2', [
    scope.tenantId,
    iqId,
  ]);
}

/** Another hub stands in the place of an enabled one: it is enabled in its stead. */
export async function passInstallerAccess(
  scope: WriteScope,
  iqs: { readonly from: IqId; readonly to: IqId },
): Promise<void> {
  await scope.query(
    'update installer_access_iqs set iq_id = $3 where tenant_id = $1 and iq_id = $2',
    [scope.tenantId, iqs.from, iqs.to],
  );
}

export type InstallerIqRow = {
  readonly iq_id: IqId;
  readonly customer_reference: string | null;
  readonly online: boolean;
  readonly enabled: boolean;
  readonly access_expiry_date: Date | null;
};

const from = sql`iqs q
  left join installer_accesses i on i.tenant_id = q.tenant_id and i.collection_id = q.collection_id
  left join installer_access_iqs e on e.tenant_id = q.tenant_id and e.iq_id = q.id and e.collection_id = q.collection_id`;

/** `now` is an instant as text. */
function fieldsAt(now: string) {
  const enabled = sql`(e.iq_id is not null and i.ended_at is null and ${now}::timestamptz < i.expires_at)`;
  return {
    iq_id: { type: 'uuid', sql: sql`q.id`, isNotNull: true },
    customer_reference: { type: 'text', sql: sql`q.customer_reference` },
    online: { type: 'bool', sql: sql`q.online`, isNotNull: true },
    enabled: { type: 'bool', sql: enabled, isNotNull: true },
    access_expiry_date: {
      type: 'instant',
      sql: sql`case when ${enabled} then i.expires_at end`,
    },
  } as const satisfies SqlListFields;
}

/** What the list may be asked by; whether access is over, the list itself says. */
export const installerIqFields: SqlListFields = fieldsAt('epoch');

/** Every hub of a site, and whether it is enabled for the installer. */
export function listInstallerIqs(
  scope: Scope,
  options: ListOptions,
  { siteId, iqId }: { readonly siteId: CollectionId; readonly iqId: IqId | null },
): Promise<ListResult<InstallerIqRow>> {
  const fields = fieldsAt(options.now);
  return listRows<InstallerIqRow>(scope, {
    from,
    tenant: sql`q.tenant_id`,
    where: sql`q.collection_id = ${siteId}::uuid and (${iqId}::uuid is null or q.id = ${iqId}::uuid)`,
    select: sql`q.id as iq_id, q.customer_reference, q.online, ${fields.enabled.sql} as enabled,
      ${fields.access_expiry_date.sql} as access_expiry_date`,
    fields,
    options,
    id: sql`q.id`,
    defaultOrder: [{ sql: sql`q.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** What a token opens, in the tenant given or with the nil id in any; undefined when it is over. */
export async function findByInstallerToken(
  database: Database,
  wanted: { readonly tenantId: TenantId; readonly tokenHash: Buffer; readonly now: Date },
): Promise<{ readonly tenantId: TenantId; readonly siteId: CollectionId } | undefined> {
  const { rows } = await database.pool.query<{
    readonly tenantId: TenantId;
    readonly siteId: CollectionId;
  }>({
    name: 'installer_access_of_token',
    text: `select tenant_id as "tenantId", collection_id as "siteId" from installer_accesses
      where token_hash = $1 and $2::uuid in (tenant_id, $3::uuid) and ended_at is null and $4 < expires_at`,
    values: [wanted.tokenHash, wanted.tenantId, nilUuid, wanted.now],
  });
  return rows[0];
}

/** The person comes in by the token; false when it is over, or somebody else has come in by it. */
export async function takeInstallerAccess(
  scope: WriteScope,
  taken: {
    readonly siteId: CollectionId;
    readonly tokenHash: Buffer;
    readonly userId: UserId;
    readonly now: Date;
  },
): Promise<boolean> {
  const { siteId, tokenHash, userId, now } = taken;
  const rows = await scope.query<{ sets_default: boolean }>(
    `update installer_accesses set user_id = $4
     where tenant_id = $1 and collection_id = $2 and token_hash = $3 and ended_at is null and $5 < expires_at
       and coalesce(user_id, $4) = $4 returning sets_default`,
    [scope.tenantId, siteId, tokenHash, userId, now],
  );
  if (rows[0]?.sets_default === true)
    await scope.query(
      'update collections set default_installer_id = $3 where tenant_id = $1 and id = $2',
      [scope.tenantId, siteId, userId],
    );
  return rows.length > 0;
}

/** The hub of a lock or repeater of a site; null = it is in no tree. Undefined when the site has no such thing. */
export async function findIqOf(
  scope: Scope,
  hardware: { readonly kind: 'lock' | 'repeater'; readonly id: string },
): Promise<IqId | null | undefined> {
  const table = hardware.kind === 'lock' ? 'locks' : 'repeaters';
  const [row] = await scope.query<{ iq_id: IqId | null }>(
    `select iq_id from ${table} where tenant_id = $1 and id = $2`,
    [scope.tenantId, hardware.id],
    `iq_of_${hardware.kind}`,
  );
  return row?.iq_id;
}
