/** Access groups of a site with its people, who go by their ids across sites (connect-api.md 2.1, 3.3). */
import { sql } from 'kysely';
import type { AccessGroupId, AccessorId, CollectionId, LockId, UserId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { RefResponse } from '#contract/refs';
import type { AccessGroupSummaryResponse } from '#contract/site-access-groups';
import type { UserShortResponse } from '#contract/users';
import { hasAccessor, isOfDoors, ofDoors } from './access-groups.ts';
import { listRows, type ListResult } from './list.ts';
import type { Sql, SqlListFields } from './odata-filter.ts';
import type { Scope } from './scope.ts';
import type { SiteView } from './site-locks.ts';

/** An accessor without a person is in no list of people. */
const lockCount = `(select count(*)::int from access_group_locks m join locks l on l.tenant_id = m.tenant_id and l.id = m.lock_id
    where m.tenant_id = g.tenant_id and m.access_group_id = g.id and l.collection_id = g.collection_id)`;
const userCount = `(select count(*)::int from access_group_accessors m
    join accessors a on a.tenant_id = m.tenant_id and a.id = m.accessor_id
    where m.tenant_id = g.tenant_id and m.access_group_id = g.id and a.collection_id = g.collection_id
      and a.user_id is not null)`;

export const accessGroupSummaryFields = {
  id: { type: 'uuid', sql: sql`g.id`, isNotNull: true },
  customer_reference: { type: 'text', sql: sql`g.customer_reference` },
  lock_count: { type: 'int', sql: sql.raw(lockCount) },
  user_count: { type: 'int', sql: sql.raw(userCount) },
} as const satisfies SqlListFields;

const columns = `g.id, g.customer_reference, ${lockCount} as lock_count, ${userCount} as user_count`;

function isInView({ siteId, accessorId }: SiteView): Sql {
  const isOfSite = sql`g.collection_id = ${siteId}::uuid and ${isOfDoors}`;
  return accessorId === null ? isOfSite : sql`${isOfSite} and ${hasAccessor(accessorId)}`;
}

/** A page of the groups of a site, or of those somebody is in. */
export function listSiteAccessGroups(
  scope: Scope,
  options: ListOptions,
  view: SiteView,
): Promise<ListResult<AccessGroupSummaryResponse>> {
  return listRows<AccessGroupSummaryResponse>(scope, {
    from: sql`access_groups g`,
    tenant: sql`g.tenant_id`,
    where: isInView(view),
    select: sql.raw(columns),
    fields: accessGroupSummaryFields,
    options,
    id: sql`g.id`,
    defaultOrder: [{ sql: sql`g.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

export async function findSiteAccessGroup(
  scope: Scope,
  { siteId, accessorId }: SiteView,
  id: AccessGroupId,
): Promise<AccessGroupSummaryResponse | undefined> {
  const [row] = await scope.query<AccessGroupSummaryResponse>(
    `select ${columns} from access_groups g
      where g.tenant_id = $1 and g.id = $2 and g.collection_id = $3 and ${ofDoors}
        and ($4::uuid is null or exists (select 1 from access_group_accessors m
          where m.tenant_id = $1 and m.access_group_id = g.id and m.accessor_id = $4))`,
    [scope.tenantId, id, siteId, accessorId],
    'site_access_group_find',
  );
  return row;
}

/** Those in the group, or those of the site who could still be added. */
export type GroupList = {
  readonly siteId: CollectionId;
  readonly groupId: AccessGroupId;
  readonly which: 'members' | 'others';
};

/** As GroupList; `others_outside_pods`: without members of pods, whom no access group takes (2220). */
export type GroupUserList = Omit<GroupList, 'which'> & {
  readonly which: GroupList['which'] | 'others_outside_pods';
};

export const groupLockFields = {
  id: { type: 'uuid', sql: sql`l.id`, isNotNull: true },
  customer_reference: { type: 'text', sql: sql`l.customer_reference` },
} as const satisfies SqlListFields;

/** A page of locks of a site by a group. */
export function listGroupLocks(
  scope: Scope,
  options: ListOptions,
  { siteId, groupId, which }: GroupList,
): Promise<ListResult<RefResponse>> {
  const isMember = sql`exists (select 1 from access_group_locks m where m.tenant_id = l.tenant_id
    and m.access_group_id = ${groupId}::uuid and m.lock_id = l.id)`;
  return listRows<RefResponse>(scope, {
    from: sql`locks l`,
    tenant: sql`l.tenant_id`,
    where: sql`l.collection_id = ${siteId}::uuid and ${which === 'members' ? isMember : sql`not ${isMember}`}`,
    select: sql`l.id, l.customer_reference`,
    fields: groupLockFields,
    options,
    id: sql`l.id`,
    defaultOrder: [{ sql: sql`l.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

export const groupUserFields = {
  id: { type: 'uuid', sql: sql`p.id`, isNotNull: true },
  first_name: { type: 'text', sql: sql`nullif(p.first_name, '')` },
  last_name: { type: 'text', sql: sql`nullif(p.last_name, '')` },
} as const satisfies SqlListFields;

/** A page of people of a site by a group. */
export function listGroupUsers(
  scope: Scope,
  options: ListOptions,
  { siteId, groupId, which }: GroupUserList,
): Promise<ListResult<UserShortResponse>> {
  const isMember = sql`exists (select 1 from access_group_accessors m where m.tenant_id = a.tenant_id
    and m.access_group_id = ${groupId}::uuid and m.accessor_id = a.id)`;
  const conditions = {
    members: isMember,
    others: sql`not ${isMember}`,
    others_outside_pods: sql`not ${isMember} and not exists (select 1 from pod_users u
      where u.tenant_id = a.tenant_id and u.accessor_id = a.id and u.pod_user_type = 'member')`,
  };
  return listRows<UserShortResponse>(scope, {
    from: sql`accessors a join people p on p.tenant_id = a.tenant_id and p.id = a.user_id`,
    tenant: sql`a.tenant_id`,
    where: sql`a.collection_id = ${siteId}::uuid and ${conditions[which]}`,
    select: sql`p.id, nullif(p.first_name, '') as first_name, nullif(p.last_name, '') as last_name`,
    fields: groupUserFields,
    options,
    id: sql`p.id`,
    defaultOrder: [{ sql: sql`a.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** A person of a site, as the hardware knows and as the site names him. */
export type SitePerson = UserShortResponse & {
  readonly id: UserId;
  readonly accessor_id: AccessorId;
  readonly is_pod_member: boolean;
};

/** Those of these people (ids across sites) who are of the site. */
export function findSitePersons(
  scope: Scope,
  siteId: CollectionId,
  userIds: readonly string[],
): Promise<SitePerson[]> {
  return scope.query<SitePerson>(
    `select p.id, nullif(p.first_name, '') as first_name, nullif(p.last_name, '') as last_name, a.id as accessor_id,
       exists (select 1 from pod_users u where u.tenant_id = a.tenant_id and u.accessor_id = a.id
         and u.pod_user_type = 'member') as is_pod_member
     from accessors a join people p on p.tenant_id = a.tenant_id and p.id = a.user_id
     where a.tenant_id = $1 and a.collection_id = $2 and a.user_id = any ($3)`,
    [scope.tenantId, siteId, userIds],
    'site_persons',
  );
}

/** A lock of the site by id and name; `groupId`: only when it is in that group. */
export async function findGroupLock(
  scope: Scope,
  siteId: CollectionId,
  { id, groupId = null }: { readonly id: LockId; readonly groupId?: AccessGroupId | null },
): Promise<RefResponse | undefined> {
  const [row] = await scope.query<RefResponse>(
    `select l.id, l.customer_reference from locks l where l.tenant_id = $1 and l.collection_id = $2 and l.id = $3
       and ($4::uuid is null or exists (select 1 from access_group_locks m
         where m.tenant_id = $1 and m.access_group_id = $4 and m.lock_id = l.id))`,
    [scope.tenantId, siteId, id, groupId],
    'site_group_lock',
  );
  return row;
}

/** Whether an accessor is in a group. */
export async function isMember(
  scope: Scope,
  groupId: AccessGroupId,
  accessorId: AccessorId,
): Promise<boolean> {
  const rows = await scope.query(
    'select 1 from access_group_accessors where tenant_id = $1 and access_group_id = $2 and accessor_id = $3',
    [scope.tenantId, groupId, accessorId],
    'group_member_has',
  );
  return rows.length > 0;
}
