/** Keys of the people of a site (connect-api.md 5.1). */
import { sql } from 'kysely';
import type { AccessorId, CollectionId, KeyId, LockId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { siteKeyTypes, type SiteKeyType } from '#contract/site-user-keys';
import { listRows, type ListResult } from './list.ts';
import type { Sql, SqlListFields } from './odata-filter.ts';
import { mayBeAddedOffline } from './offline-keys.ts';
import type { Scope } from './scope.ts';

export type SiteUserKeyRow = {
  readonly id: string;
  readonly key_identifier: string | null;
  readonly key_id: string;
  readonly type: SiteKeyType;
  readonly expiry_date: Date | null;
  readonly registration_date: Date;
  readonly blocked: boolean;
  readonly offline_access: boolean;
};

/** Keys (`k`) of accessors (`a`) of a site with what they are known by. */
export const siteUserKeyJoins = `keys k
  join accessors a on a.tenant_id = k.tenant_id and a.id = k.accessor_id
  left join tags t on k.key_type = 'tag' and t.tenant_id = k.tenant_id and t.id = k.credential_id
  left join collection_settings s on s.tenant_id = a.tenant_id and s.accessor_id = a.id
    and s.collection_id = a.collection_id
  left join key_settings ks on ks.tenant_id = k.tenant_id and ks.key_id = k.id and ks.collection_setting_id = s.id`;

const identifier = `case k.key_type when 'tag' then t.tag_number when 'pin' then 'pin' when 'custom_pin' then 'pin'
  when 'license_plate' then k.credential_value
  else (select d.customer_reference from device_keys dk
    join devices d on d.tenant_id = dk.tenant_id and d.id = dk.device_id
    where dk.tenant_id = k.tenant_id and dk.key_id = k.id) end`;
const type = `case k.key_type when 'custom_pin' then 'pin' when 'license_plate' then 'unknown' else k.key_type end`;
const isBlocked = `(k.blocked or coalesce(ks.blocked, false))`;

/** Everything of a SiteUserKey but `offline_access`, which a list gives its own meaning. */
export const siteUserKeyColumns = `k.id, ${identifier} as key_identifier, k.credential_id as key_id, ${type} as type,
  coalesce(t.expiry_date, k.expires_at) as expiry_date, k.created_at as registration_date, ${isBlocked} as blocked`;

export const siteUserKeyFields = {
  id: { type: 'uuid', sql: sql`k.id`, isNotNull: true },
  key_identifier: { type: 'text', sql: sql.raw(identifier) },
  key_id: { type: 'uuid', sql: sql`k.credential_id`, isNotNull: true },
  type: { type: 'enum', words: siteKeyTypes, sql: sql.raw(type) },
  expiry_date: { type: 'instant', sql: sql`coalesce(t.expiry_date, k.expires_at)` },
  registration_date: { type: 'instant', sql: sql`k.created_at`, isNotNull: true },
  blocked: { type: 'bool', sql: sql.raw(isBlocked) },
} as const satisfies SqlListFields;

const personFields = {
  'user/id': { type: 'uuid', sql: sql`p.id`, isNotNull: true },
  'user/first_name': { type: 'text', sql: sql`nullif(p.first_name, '')` },
  'user/last_name': { type: 'text', sql: sql`nullif(p.last_name, '')` },
  'user/alias': { type: 'text', sql: sql`nullif(a.alias, '')` },
} as const satisfies SqlListFields;

/** What a list of offline keys may be asked by; `offline_access` is the same in the whole list. */
export function lockKeyFields(which: LockKeys['which']) {
  const atLock = which === 'there' ? sql`true` : sql`false`;
  return {
    ...siteUserKeyFields,
    ...personFields,
    offline_access: { type: 'bool', sql: atLock, isNotNull: true },
  } as const satisfies SqlListFields;
}

export type LockKeyRow = SiteUserKeyRow & {
  readonly user_id: string;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly alias: string | null;
};

/** Keys of people of the site: those that open a lock offline, or those that could be added. */
export type LockKeys = {
  readonly siteId: CollectionId;
  readonly lockId: LockId;
  readonly which: 'there' | 'addable';
};

export function listLockKeys(
  scope: Scope,
  options: ListOptions,
  { siteId, lockId, which }: LockKeys,
): Promise<ListResult<LockKeyRow>> {
  const isThere: Sql = sql`exists (select 1 from offline_keys o where o.tenant_id = k.tenant_id and o.key_id = k.id
    and o.lock_id = l.id)`;
  const fields = lockKeyFields(which);
  return listRows<LockKeyRow>(scope, {
    from: sql`${sql.raw(siteUserKeyJoins)} join people p on p.tenant_id = a.tenant_id and p.id = a.user_id
      join locks l on l.tenant_id = k.tenant_id and l.id = ${lockId}::uuid`,
    tenant: sql`k.tenant_id`,
    where: sql`a.collection_id = ${siteId}::uuid
      and ${which === 'there' ? isThere : sql`not ${isThere} and ${sql.raw(mayBeAddedOffline)}`}`,
    select: sql`${sql.raw(siteUserKeyColumns)}, ${fields.offline_access.sql} as offline_access,
      p.id as user_id, nullif(p.first_name, '') as first_name, nullif(p.last_name, '') as last_name,
      nullif(a.alias, '') as alias`,
    fields,
    options,
    id: sql`k.id`,
    defaultOrder: [{ sql: sql`k.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

const isByAccess = `coalesce(ks.offline_access_type = 'by_access', false)`;

/** What the keys of one person may be asked by. */
export const ownedKeyFields = {
  ...siteUserKeyFields,
  offline_access: { type: 'bool', sql: sql.raw(isByAccess), isNotNull: true },
} as const satisfies SqlListFields;

const ownedColumns = `${siteUserKeyColumns}, ${isByAccess} as offline_access`;

/** A page of the keys of one person of the site. */
export function listSiteUserKeys(
  scope: Scope,
  options: ListOptions,
  accessorId: AccessorId,
): Promise<ListResult<SiteUserKeyRow>> {
  return listRows<SiteUserKeyRow>(scope, {
    from: sql.raw(siteUserKeyJoins),
    tenant: sql`k.tenant_id`,
    where: sql`k.accessor_id = ${accessorId}::uuid`,
    select: sql.raw(ownedColumns),
    fields: ownedKeyFields,
    options,
    id: sql`k.id`,
    defaultOrder: [{ sql: sql`k.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** A key of one person of the site; undefined when it is nobody's or another's. */
export async function findSiteUserKey(
  scope: Scope,
  { accessorId, id }: { readonly accessorId: AccessorId; readonly id: KeyId },
): Promise<SiteUserKeyRow | undefined> {
  const [row] = await scope.query<SiteUserKeyRow>(
    `select ${ownedColumns} from ${siteUserKeyJoins} where k.tenant_id = $1 and k.accessor_id = $2 and k.id = $3`,
    [scope.tenantId, accessorId, id],
    'site_user_key_find',
  );
  return row;
}
