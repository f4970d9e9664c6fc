/** Site users: an accessor of a site, its person and its setting there, as one row (connect-api.md 5.1). */
import { sql } from 'kysely';
import type { AccessorId, CollectionId, PodId, TagId, UserId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { podUserTypes, type PodUserType } from '#contract/pods';
import { builtInRoles, type Role } from '#contract/roles';
import { subscriptionStates, type SubscriptionState } from '#contract/site-users';
import { listRows, type ListResult } from './list.ts';
import type { Sql, SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';
import { updateColumns } from './update.ts';

export type SiteUserRow = {
  readonly id: AccessorId;
  readonly user_id: UserId;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly email: string | null;
  readonly image_url: string | null;
  readonly tag_number: string | null;
  readonly is_managed_by_current_site: boolean;
  readonly has_profile: boolean;
  readonly role_ids: readonly string[];
  /** Those of the roles that the site has made for itself. */
  readonly own_roles: readonly Role[];
  readonly alias: string | null;
  readonly toggle_easy_office_mode: boolean;
  readonly toggle_manual_office_mode: boolean;
  readonly remote_access: boolean;
  readonly blocked: boolean;
  readonly tag_owned_by_this_site: boolean;
  readonly subscription_state: SubscriptionState;
  readonly override_privacy_mode: boolean;
  readonly use_pin: boolean;
  readonly is_owner: boolean;
  readonly expires_at: Date | null;
  readonly data_removal_expires_at: Date | null;
};

/** Somebody in a site: the accessor there, by its id or by its person. */
export type PlaceInSite = {
  readonly siteId: CollectionId;
  /** What counts as past (`expires_at` of guests). */
  readonly now: Date;
} & ({ readonly id: AccessorId } | { readonly userId: UserId });

/** The tag that somebody has had for longest. */
const tagOf = `left join lateral (
    select t.tag_number, t.collection_id from keys k
    join tags t on t.tenant_id = k.tenant_id and t.id = k.credential_id
    where k.tenant_id = a.tenant_id and k.accessor_id = a.id and k.key_type = 'tag'
    order by k.created_at, k.id limit 1) tag on true`;

const joins = `accessors a
  join people p on p.tenant_id = a.tenant_id and p.id = a.user_id
  join collections c on c.tenant_id = a.tenant_id and c.id = a.collection_id
  left join collection_settings s on s.tenant_id = a.tenant_id and s.accessor_id = a.id and s.collection_id = a.collection_id
  left join data_removals w on w.tenant_id = a.tenant_id and w.accessor_id = a.id and w.state = 'waiting'
  ${tagOf}`;

const isManagedHere = `(not p.has_profile and coalesce(p.managing_site_id = a.collection_id, false))`;
const isTagOfSite = 'coalesce(tag.collection_id = a.collection_id, false)';
/** Flags in force: behaviour.md 5.2. */
const isBlocked = '(a.blocked or coalesce(s.blocked, false))';
const remoteAccess = 'coalesce(s.remote_access, a.remote_access)';
const easyOfficeMode = 'coalesce(s.toggle_easy_office_mode, a.toggle_easy_office_mode)';
const manualOfficeMode = 'coalesce(s.toggle_manual_office_mode, a.toggle_manual_office_mode)';
const overridePrivacy = 'coalesce(s.override_privacy_mode, a.override_privacy_mode)';
const usePin = 'coalesce(s.use_pin, true)';

/** A guest whose time is over is suspended, whether a job has said so yet or not. */
const stateAt = (now: string): Sql =>
  sql`(case when coalesce(s.suspended, false) or coalesce(a.expires_at <= ${now}::timestamptz, false)
    then 'suspended' else 'subscribed' end)`;

const columnsAt = (now: string): Sql =>
  sql`${sql.raw(
    `a.id, a.user_id, nullif(p.first_name, '') as first_name, nullif(p.last_name, '') as last_name, p.email, p.image_url,
    tag.tag_number, ${isManagedHere} as is_managed_by_current_site, p.has_profile, a.role_ids,
    (select coalesce(json_agg(json_build_object('id', r.id, 'code', r.code, 'customer_reference', r.customer_reference,
        'parent_id', r.parent_id, 'depth', r.depth, 'rights', r.rights)), '[]') from site_roles r
      where r.tenant_id = a.tenant_id and r.collection_id = a.collection_id and r.id = any (a.role_ids)) as own_roles,
    nullif(a.alias, '') as alias, ${easyOfficeMode} as toggle_easy_office_mode,
    ${manualOfficeMode} as toggle_manual_office_mode, ${remoteAccess} as remote_access, ${isBlocked} as blocked,
    ${isTagOfSite} as tag_owned_by_this_site, ${overridePrivacy} as override_privacy_mode, ${usePin} as use_pin,
    coalesce(c.owner_user_id = a.user_id, false) as is_owner, a.expires_at, w.expires_at as data_removal_expires_at`,
  )}, ${stateAt(now)} as subscription_state`;

const builtIn = sql.join(
  Object.values<Role>(builtInRoles).map(
    (role) =>
      sql`(${role.id}::uuid, ${role.code}::text, ${role.customer_reference}::text, ${role.parent_id}::uuid, ${role.depth !== null}::boolean)`,
  ),
);

/** The roles of `a`; somebody without any is a plain user. */
const rolesList = sql`(
  select b.id, b.code, b.customer_reference, b.parent_id, b.is_hierarchical
  from (values ${builtIn}) as b (id, code, customer_reference, parent_id, is_hierarchical)
  where b.id = any (case when cardinality(a.role_ids) = 0 then array[${builtInRoles.site_user.id}::uuid] else a.role_ids end)
  union all
  select r.id, r.code, r.customer_reference, r.parent_id, true from site_roles r
  where r.tenant_id = a.tenant_id and r.collection_id = a.collection_id and r.id = any (a.role_ids)) as role`;

const roleItems = {
  id: { type: 'uuid', sql: sql`role.id`, isNotNull: true },
  code: { type: 'text', sql: sql`role.code`, isNotNull: true },
  customer_reference: { type: 'text', sql: sql`role.customer_reference` },
  parent_id: { type: 'uuid', sql: sql`role.parent_id` },
  is_hierarchical: { type: 'bool', sql: sql`role.is_hierarchical`, isNotNull: true },
} as const satisfies SqlListFields;

const fieldsAt = (now: string) =>
  ({
    id: { type: 'uuid', sql: sql`a.id`, isNotNull: true },
    'user/id': { type: 'uuid', sql: sql`a.user_id`, isNotNull: true },
    'user/first_name': { type: 'text', sql: sql`nullif(p.first_name, '')` },
    'user/last_name': { type: 'text', sql: sql`nullif(p.last_name, '')` },
    'user/email': { type: 'text', sql: sql`p.email` },
    'user/image_url': { type: 'text', sql: sql`p.image_url` },
    'user/tag_number': { type: 'text', sql: sql`tag.tag_number` },
    'user/is_managed_by_current_site': {
      type: 'bool',
      sql: sql.raw(isManagedHere),
      isNotNull: true,
    },
    'user/has_profile': { type: 'bool', sql: sql`p.has_profile`, isNotNull: true },
    roles: { type: 'collection', sql: rolesList, items: roleItems },
    alias: { type: 'text', sql: sql`nullif(a.alias, '')` },
    toggle_easy_office_mode: { type: 'bool', sql: sql.raw(easyOfficeMode), isNotNull: true },
    toggle_manual_office_mode: { type: 'bool', sql: sql.raw(manualOfficeMode), isNotNull: true },
    remote_access: { type: 'bool', sql: sql.raw(remoteAccess), isNotNull: true },
    blocked: { type: 'bool', sql: sql.raw(isBlocked), isNotNull: true },
    tag_owned_by_this_site: { type: 'bool', sql: sql.raw(isTagOfSite), isNotNull: true },
    subscription_state: { type: 'enum', words: subscriptionStates, sql: stateAt(now) },
    override_privacy_mode: { type: 'bool', sql: sql.raw(overridePrivacy), isNotNull: true },
    use_pin: { type: 'bool', sql: sql.raw(usePin), isNotNull: true },
    expires_at: { type: 'instant', sql: sql`a.expires_at` },
    data_removal_expires_at: { type: 'instant', sql: sql`w.expires_at` },
  }) as const satisfies SqlListFields;

/** What lists of site users can be filtered and ordered by. */
export const siteUserFields = fieldsAt(new Date(0).toISOString());

/** A page of the people of a site, oldest first; `onlyUserId` narrows it to one of them. */
export function listSiteUsers(
  scope: Scope,
  options: ListOptions,
  { siteId, onlyUserId }: { readonly siteId: CollectionId; readonly onlyUserId: UserId | null },
): Promise<ListResult<SiteUserRow>> {
  return listRows<SiteUserRow>(scope, {
    from: sql.raw(joins),
    tenant: sql`a.tenant_id`,
    where:
      onlyUserId === null
        ? sql`a.collection_id = ${siteId}::uuid`
        : sql`a.collection_id = ${siteId}::uuid and a.user_id = ${onlyUserId}::uuid`,
    select: columnsAt(options.now),
    fields: fieldsAt(options.now),
    options,
    id: sql`a.id`,
    defaultOrder: [{ sql: sql`a.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

export type PodUserRow = SiteUserRow & { readonly pod_user_type: PodUserType };

const podUserFieldsAt = (now: string) =>
  ({
    ...fieldsAt(now),
    pod_user_type: { type: 'enum', words: podUserTypes, sql: sql`u.pod_user_type` },
    site_user_id: { type: 'uuid', sql: sql`a.id`, isNotNull: true },
  }) as const satisfies SqlListFields;

/** What lists of the people of a pod can be filtered and ordered by. */
export const podUserFields = podUserFieldsAt(new Date(0).toISOString());

/** A page of the members and guests of a pod, oldest first. */
export function listPodUsers(
  scope: Scope,
  options: ListOptions,
  { siteId, id }: { readonly siteId: CollectionId; readonly id: PodId },
): Promise<ListResult<PodUserRow>> {
  return listRows<PodUserRow>(scope, {
    from: sql`${sql.raw(joins)} join pod_users u on u.tenant_id = a.tenant_id and u.accessor_id = a.id`,
    tenant: sql`a.tenant_id`,
    where: sql`a.collection_id = ${siteId}::uuid and u.pod_id = ${id}::uuid`,
    select: sql`${columnsAt(options.now)}, u.pod_user_type`,
    fields: podUserFieldsAt(options.now),
    options,
    id: sql`a.id`,
    defaultOrder: [{ sql: sql`u.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** A site user by the id of the place or of the person; undefined when the site has none such. */
export async function findSiteUser(
  scope: Scope,
  place: PlaceInSite,
): Promise<SiteUserRow | undefined> {
  const { siteId, now } = place;
  const { rows } = await listRows<SiteUserRow>(scope, {
    from: sql.raw(joins),
    tenant: sql`a.tenant_id`,
    where:
      'id' in place
        ? sql`a.collection_id = ${siteId}::uuid and a.id = ${place.id}::uuid`
        : sql`a.collection_id = ${siteId}::uuid and a.user_id = ${place.userId}::uuid`,
    select: columnsAt(now.toISOString()),
    fields: {},
    options: {
      filter: null,
      orderBy: [],
      top: 1,
      skip: 0,
      count: false,
      now: now.toISOString(),
    },
    id: sql`a.id`,
    defaultOrder: [],
  });
  return rows[0];
}

export type NewSiteUser = {
  readonly id: AccessorId;
  readonly siteId: CollectionId;
  readonly userId: UserId;
  readonly roleIds: readonly string[];
  readonly alias: string | null;
  readonly remote_access: boolean;
  readonly blocked: boolean;
  readonly override_privacy_mode: boolean;
  readonly toggle_easy_office_mode: boolean;
  readonly toggle_manual_office_mode: boolean;
  readonly expiresAt: string | null;
  readonly createdAt: Date;
};

/** False when the person has a place in the site already. */
export async function insertSiteUser(scope: WriteScope, row: NewSiteUser): Promise<boolean> {
  const rows = await scope.query(
    `insert into accessors (tenant_id, id, collection_id, user_id, role_ids, alias, remote_access, blocked,
       override_privacy_mode, toggle_easy_office_mode, toggle_manual_office_mode, expires_at, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     on conflict (tenant_id, collection_id, user_id) where user_id is not null and collection_id is not null do nothing
     returning id`,
    [
      scope.tenantId,
      row.id,
      row.siteId,
      row.userId,
      row.roleIds,
      row.alias ?? '',
      row.remote_access,
      row.blocked,
      row.override_privacy_mode,
      row.toggle_easy_office_mode,
      row.toggle_manual_office_mode,
      row.expiresAt,
      row.createdAt,
    ],
  );
  return rows.length > 0;
}

const writable = ['role_ids', 'alias'] as const;

/** Writes what only a person's place has; flags are written as those of its accessor and its setting. */
export async function updateSiteUser(
  scope: WriteScope,
  id: AccessorId,
  change: {
    readonly role_ids?: readonly string[];
    readonly alias?: string;
  },
): Promise<void> {
  await updateColumns(scope, { table: 'accessors', id, columns: writable, change });
}

/** Of these ids, the roles that the site has made for itself; they cannot be deleted before the transaction ends. */
export function findOwnRoles(
  scope: Scope,
  { siteId, ids }: { readonly siteId: CollectionId; readonly ids: readonly string[] },
): Promise<Role[]> {
  return scope.query<Role>(
    `select id, code, customer_reference, parent_id, depth, rights from site_roles
     where tenant_id = $1 and collection_id = $2 and id = any ($3) for share`,
    [scope.tenantId, siteId, ids],
  );
}

/** The people who hold a role in a site. */
export async function listHoldersOfRole(
  scope: Scope,
  { siteId, roleId }: { readonly siteId: CollectionId; readonly roleId: string },
): Promise<UserId[]> {
  const rows = await scope.query<{ user_id: UserId }>(
    `select user_id from accessors
     where tenant_id = $1 and collection_id = $2 and user_id is not null and $3::uuid = any (role_ids)`,
    [scope.tenantId, siteId, roleId],
  );
  return rows.map((row) => row.user_id);
}

/** Tags that a person holds in other sites of the tenant. */
export async function listTagsOfPerson(
  scope: Scope,
  { userId, exceptId }: { readonly userId: UserId; readonly exceptId: AccessorId },
): Promise<TagId[]> {
  const rows = await scope.query<{ id: TagId }>(
    `select k.credential_id as id from keys k
     join accessors a on a.tenant_id = k.tenant_id and a.id = k.accessor_id
     where k.tenant_id = $1 and a.user_id = $2 and a.id <> $3 and k.key_type = 'tag'
     group by k.credential_id order by min(k.created_at), k.credential_id`,
    [scope.tenantId, userId, exceptId],
  );
  return rows.map((row) => row.id);
}
