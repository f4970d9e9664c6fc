/** Collections as sites: with an owner, a readable name for support, and how far they have come. */
import { sql } from 'kysely';
import {
  nilUuid,
  type AccessorId,
  type CollectionId,
  type LoginId,
  type TenantId,
  type UserId,
} from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { UserSummaryResponse } from '#contract/users';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Database } from './pool.ts';
import { readScope, type Scope, type WriteScope } from './scope.ts';
import type { InstallationState } from './site-people.ts';

export type SiteRow = {
  readonly id: CollectionId;
  readonly customer_reference: string | null;
  readonly country_code: string | null;
  readonly site_uid: string | null;
  readonly time_zone: string | null;
  readonly subscribed_user_amount: number | null;
  readonly subscription_ends_at: Date | null;
  readonly installation_state: InstallationState;
  readonly owner: UserSummaryResponse | null;
};

export type ManagedSiteRow = SiteRow & {
  readonly active_user_amount: number;
  readonly active_iq_amount: number;
  readonly pin_enabled: boolean;
  readonly store_events_ttl_seconds: number;
};

/** While a site is set up its installer stands in the owner's place (connect-api.md 4.1). */
const from = `collections c
  left join people o on o.tenant_id = c.tenant_id
    and o.id = case when c.installation_state = 'installation' then c.installer_user_id else c.owner_user_id end`;

const tagNumber = `(select t.tag_number from accessors a
  join keys k on k.tenant_id = a.tenant_id and k.accessor_id = a.id and k.key_type = 'tag'
  join tags t on t.tenant_id = k.tenant_id and t.id = k.credential_id
  where a.tenant_id = c.tenant_id and a.collection_id = c.id and a.user_id = o.id order by k.created_at, k.id limit 1)`;

const isManagedHere = '(not o.has_profile and o.managing_site_id = c.id)';

const columns = `c.id, c.customer_reference, c.country_code, c.site_uid, c.time_zone, c.user_amount as subscribed_user_amount,
  c.subscription_ends_at, c.installation_state,
  case when o.id is not null then json_build_object('id', o.id, 'first_name', nullif(o.first_name, ''),
    'last_name', nullif(o.last_name, ''), 'email', o.email, 'image_url', o.image_url, 'tag_number', ${tagNumber},
    'is_managed_by_current_site', coalesce(${isManagedHere}, false), 'has_profile', o.has_profile) end as owner`;

/** `now` is an instant as text. */
function fieldsAt(now: string) {
  return {
    id: { type: 'uuid', sql: sql`c.id`, isNotNull: true },
    customer_reference: { type: 'text', sql: sql`c.customer_reference` },
    subscribed_user_amount: { type: 'int', sql: sql`c.user_amount` },
    subscription_valid: {
      type: 'bool',
      sql: sql`(c.subscription_ends_at is null or ${now}::timestamptz < c.subscription_ends_at)`,
      isNotNull: true,
    },
    country_code: { type: 'text', sql: sql`c.country_code` },
    site_uid: { type: 'text', sql: sql`c.site_uid` },
    time_zone: { type: 'text', sql: sql`c.time_zone` },
    installation_state: {
      type: 'enum',
      words: ['installation', 'released', 'self_installed'],
      sql: sql`c.installation_state`,
      isNotNull: true,
    },
    // Every site is; a bare constant is nothing PostgreSQL orders by.
    mkey_compatible: { type: 'bool', sql: sql`(c.id is not null)`, isNotNull: true },
    'owner/id': { type: 'uuid', sql: sql`o.id` },
    'owner/first_name': { type: 'text', sql: sql`nullif(o.first_name, '')` },
    'owner/last_name': { type: 'text', sql: sql`nullif(o.last_name, '')` },
    'owner/email': { type: 'text', sql: sql`o.email` },
    'owner/image_url': { type: 'text', sql: sql`o.image_url` },
    'owner/tag_number': { type: 'text', sql: sql.raw(tagNumber) },
    'owner/is_managed_by_current_site': { type: 'bool', sql: sql.raw(isManagedHere) },
    'owner/has_profile': { type: 'bool', sql: sql`o.has_profile` },
  } as const satisfies SqlListFields;
}

/** What a list of sites may be asked by; at which time a subscription is valid, the list itself says. */
export const siteFields: SqlListFields = fieldsAt('epoch');

/**
 * A page of the sites in which a login has a place: of one tenant, or with the nil id of all. Those that somebody else sets up are
 * not among them.
 */
export function listSites(
  database: Database,
  options: ListOptions,
  { tenantId, loginId }: { readonly tenantId: TenantId; readonly loginId: LoginId },
): Promise<ListResult<SiteRow>> {
  return listRows<SiteRow>(readScope(database, tenantId), {
    from: sql.raw(from),
    tenant: tenantId === nilUuid ? 'shared' : sql`c.tenant_id`,
    where: sql`exists (select 1 from users u where u.tenant_id = c.tenant_id and u.login_id = ${loginId}::uuid
      and case when c.installation_state = 'installation' then c.installer_user_id = u.id
        else c.owner_user_id = u.id
          or exists (select 1 from accessors a
            where a.tenant_id = c.tenant_id and a.collection_id = c.id and a.user_id = u.id)
          or exists (select 1 from installer_accesses i where i.tenant_id = c.tenant_id and i.collection_id = c.id
            and i.user_id = u.id and i.ended_at is null and ${options.now}::timestamptz < i.expires_at) end)`,
    select: sql.raw(columns),
    fields: fieldsAt(options.now),
    options,
    id: sql`c.id`,
    defaultOrder: [{ sql: sql`c.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** `now`: guests whose time is over are no active users, whether or not a job has suspended them yet. */
export async function findSite(
  scope: Scope,
  id: CollectionId,
  now: Date,
): Promise<ManagedSiteRow | undefined> {
  const [row] = await scope.query<ManagedSiteRow>(
    `select ${columns},
       (select count(*)::int from collection_settings s
         where s.tenant_id = c.tenant_id and s.collection_id = c.id and not s.suspended
           and not exists (select 1 from accessors a where a.tenant_id = s.tenant_id and a.id = s.accessor_id
             and a.collection_id = s.collection_id and a.expires_at <= $3)) as active_user_amount,
       (select count(*)::int from iqs i where i.tenant_id = c.tenant_id and i.collection_id = c.id) as active_iq_amount,
       exists (select 1 from locks l where l.tenant_id = c.tenant_id and l.collection_id = c.id
         and l.lock_type in ('escutcheon_pin', 'wall_reader_pin')) as pin_enabled,
       c.store_events_ttl_seconds::float8 as store_events_ttl_seconds
     from ${from} where c.tenant_id = $1 and c.id = $2`,
    [scope.tenantId, id, now],
    'site_find',
  );
  return row;
}

/** The site's people, as its life needs them. */
export type SiteKeepers = {
  readonly installation_state: InstallationState;
  readonly owner_user_id: UserId | null;
  readonly installer_user_id: UserId | null;
  readonly country_code: string | null;
  readonly site_uid: string | null;
};

/** Who keeps a site, held against other changes until the transaction ends; undefined when there is no such site. */
export async function holdSiteKeepers(
  scope: WriteScope,
  id: CollectionId,
): Promise<SiteKeepers | undefined> {
  const [row] = await scope.query<SiteKeepers>(
    `select installation_state, owner_user_id, installer_user_id, country_code, site_uid
     from collections where tenant_id = $1 and id = $2 for no key update`,
    [scope.tenantId, id],
  );
  return row;
}

export async function writeSiteKeepers(
  scope: WriteScope,
  id: CollectionId,
  keepers: Omit<SiteKeepers, 'country_code' | 'site_uid'>,
): Promise<void> {
  await scope.query(
    `update collections set installation_state = $3, owner_user_id = $4, installer_user_id = $5
     where tenant_id = $1 and id = $2`,
    [
      scope.tenantId,
      id,
      keepers.installation_state,
      keepers.owner_user_id,
      keepers.installer_user_id,
    ],
  );
}

/** The master tag is the owner's and follows ownership (behaviour.md 16). */
export async function followMasterTag(scope: WriteScope, id: CollectionId): Promise<void> {
  await scope.query(
    `update collections c set masterkey_id = (select k.credential_id from accessors a
         join keys k on k.tenant_id = a.tenant_id and k.accessor_id = a.id and k.key_type = 'tag'
         where a.tenant_id = c.tenant_id and a.collection_id = c.id and a.user_id = c.owner_user_id
         order by k.created_at, k.id limit 1)
     where c.tenant_id = $1 and c.id = $2`,
    [scope.tenantId, id],
  );
}

/** Gives a site its readable name; false when another site has it. */
export async function nameSite(
  scope: WriteScope,
  id: CollectionId,
  siteUid: string,
): Promise<boolean> {
  const rows = await scope.query(
    `update collections set site_uid = $3 where tenant_id = $1 and id = $2
       and not exists (select 1 from collections where site_uid = $3) returning 1`,
    [scope.tenantId, id, siteUid],
  );
  return rows.length > 0;
}

/** Makes a person one of the site's people, with a role that opens doors from afar; does nothing for one who is. */
export async function insertKeeper(
  scope: WriteScope,
  keeper: {
    readonly siteId: CollectionId;
    readonly userId: UserId;
    readonly accessorId: AccessorId;
    readonly settingId: string;
    readonly roleId: string;
    readonly createdAt: Date;
  },
): Promise<void> {
  const { siteId, userId, accessorId, settingId, roleId, createdAt } = keeper;
  await scope.query(
    `with made as (
       insert into accessors (tenant_id, id, user_id, collection_id, role_ids, remote_access, created_at)
       values ($1, $2, $3, $4, array[$5::uuid], true, $7) on conflict do nothing returning id)
     insert into collection_settings (tenant_id, id, accessor_id, collection_id, created_at)
     select $1, $6, id, $4, $7 from made`,
    [scope.tenantId, accessorId, userId, siteId, roleId, settingId, createdAt],
  );
}

/** The site user of a person, held against changes until the transaction ends. */
export async function holdSiteUserOf(
  scope: WriteScope,
  { siteId, userId }: { readonly siteId: CollectionId; readonly userId: UserId },
): Promise<{ readonly accessorId: AccessorId; readonly roleIds: readonly string[] } | undefined> {
  const [row] = await scope.query<{
    readonly accessorId: AccessorId;
    readonly roleIds: readonly string[];
  }>(
    `select id as "accessorId", role_ids as "roleIds" from accessors
     where tenant_id = $1 and collection_id = $2 and user_id = $3 for no key update`,
    [scope.tenantId, siteId, userId],
  );
  return row;
}

/** Gives somebody a role that opens doors from afar, beside those held. */
export async function addRole(
  scope: WriteScope,
  accessorId: AccessorId,
  roleId: string,
): Promise<void> {
  await scope.query(
    `update accessors set role_ids = role_ids || $3::uuid, remote_access = true
     where tenant_id = $1 and id = $2 and not $3::uuid = any (role_ids)`,
    [scope.tenantId, accessorId, roleId],
  );
}

export async function hasIqs(scope: Scope, id: CollectionId): Promise<boolean> {
  const rows = await scope.query(
    'select 1 from iqs where tenant_id = $1 and collection_id = $2 limit 1',
    [scope.tenantId, id],
  );
  return rows.length > 0;
}

/** Takes away what a site without IQs has: its people and its hardware, which may then be registered elsewhere. */
export async function emptySite(scope: WriteScope, id: CollectionId): Promise<AccessorId[]> {
  for (const table of ['locks', 'repeaters'])
    await scope.query(`delete from ${table} where tenant_id = $1 and collection_id = $2`, [
      scope.tenantId,
      id,
    ]);
  const gone = await scope.query<{ id: AccessorId }>(
    `delete from accessors where tenant_id = $1 and collection_id = $2 and user_id is not null returning id`,
    [scope.tenantId, id],
  );
  return gone.map((accessor) => accessor.id);
}

/** Ends `installation` of the hubs of a site (behaviour.md 3.1). */
export async function releaseIqs(scope: WriteScope, id: CollectionId): Promise<void> {
  await scope.query(
    `update iqs set is_installation = false, state = case state when 'installation' then 'active' else state end
     where tenant_id = $1 and collection_id = $2 and is_installation`,
    [scope.tenantId, id],
  );
}

export type OwnProfile = {
  readonly id: string;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly phone: string | null;
  readonly email: string | null;
  readonly language: string | null;
  readonly image_url: string | null;
  readonly tag_number: string | null;
  readonly tag_rf_id_uid: string | null;
};

/**
 * What a login shows of itself in a tenant, or with the nil id in the oldest tenant of its own; the id is that of the person there,
 * else of the login. Undefined when there is no such login.
 */
export async function findOwnProfile(
  database: Database,
  { tenantId, loginId }: { readonly tenantId: TenantId; readonly loginId: LoginId },
): Promise<OwnProfile | undefined> {
  const { rows } = await database.pool.query<OwnProfile>({
    name: 'own_profile',
    text: `select coalesce(u.id, n.id) as id, nullif(n.first_name, '') as first_name, nullif(n.last_name, '') as last_name,
        n.phone, n.email, n.language, n.image_url, t.tag_number, t.rfid_uid as tag_rf_id_uid
      from logins n
      left join lateral (select id, tenant_id from users where login_id = n.id and $2::uuid in (tenant_id, $3::uuid)
        order by created_at, id limit 1) u on true
      left join lateral (select t.tag_number, t.rfid_uid from accessors a
        join keys k on k.tenant_id = a.tenant_id and k.accessor_id = a.id and k.key_type = 'tag'
        join tags t on t.tenant_id = k.tenant_id and t.id = k.credential_id
        where a.tenant_id = u.tenant_id and a.user_id = u.id order by k.created_at, k.id limit 1) t on true
      where n.id = $1`,
    values: [loginId, tenantId, nilUuid],
  });
  return rows[0];
}
