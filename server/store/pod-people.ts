/** People of pods as a change of them needs to see them: who they are, what they hold, and where else they have a place. */
import type {
  AccessGroupId,
  AccessorId,
  CollectionId,
  LockId,
  PodId,
  TagId,
  UserId,
} from '#contract/ids';
import type { PodAccessRuleType, PodScheduleResponse, PodUserType } from '#contract/pods';
import { ofDoors } from './access-groups.ts';
import { schedulesOf, type PodOfSite } from './pods.ts';
import type { Scope, WriteScope } from './scope.ts';
import { updateColumns } from './update.ts';

export type PodPerson = {
  readonly accessor_id: AccessorId;
  readonly pod_user_type: PodUserType;
  readonly user_id: UserId | null;
  readonly email: string | null;
};

/** Everybody of a pod with the person, oldest first. */
export function findPodPeople(scope: Scope, id: PodId): Promise<PodPerson[]> {
  return scope.query<PodPerson>(
    `select u.accessor_id, u.pod_user_type, a.user_id, p.email
     from pod_users u join accessors a on a.tenant_id = u.tenant_id and a.id = u.accessor_id
     left join people p on p.tenant_id = a.tenant_id and p.id = a.user_id
     where u.tenant_id = $1 and u.pod_id = $2 order by u.created_at, u.accessor_id`,
    [scope.tenantId, id],
    'pod_people',
  );
}

/** How somebody stands in the site apart from one pod. */
export type StandingBesidePod = {
  readonly id: AccessorId;
  readonly user_id: UserId | null;
  readonly collection_id: CollectionId | null;
  readonly role_ids: readonly string[];
  readonly came_by_pod: boolean;
  readonly is_owner: boolean;
  readonly is_member: boolean;
  readonly is_guest: boolean;
  /** In an access group of doors. */
  readonly is_in_group: boolean;
};

const placeIn = (type: PodUserType): string => `exists (select 1 from pod_users u
  where u.tenant_id = a.tenant_id and u.accessor_id = a.id and u.pod_id <> $2 and u.pod_user_type = '${type}')`;

const standing = `select a.id, a.user_id, a.collection_id, a.role_ids, a.came_by_pod,
    coalesce(c.owner_user_id = a.user_id, false) as is_owner,
    ${placeIn('member')} as is_member, ${placeIn('guest')} as is_guest,
    exists (select 1 from access_group_accessors m
      join access_groups g on g.tenant_id = m.tenant_id and g.id = m.access_group_id
      where m.tenant_id = a.tenant_id and m.accessor_id = a.id and ${ofDoors}) as is_in_group
  from accessors a left join collections c on c.tenant_id = a.tenant_id and c.id = a.collection_id`;

export function findStandingsBesidePod(
  scope: Scope,
  podId: PodId,
  accessorIds: readonly AccessorId[],
): Promise<StandingBesidePod[]> {
  return scope.query<StandingBesidePod>(
    `${standing} where a.tenant_id = $1 and a.id = any ($3) order by a.id`,
    [scope.tenantId, podId, accessorIds],
    'pod_standings',
  );
}

/** The same of those people who have a place in the site of the pod. */
export function findStandingsOfPeople(
  scope: Scope,
  pod: PodOfSite,
  userIds: readonly UserId[],
): Promise<StandingBesidePod[]> {
  return scope.query<StandingBesidePod>(
    `${standing} where a.tenant_id = $1 and a.collection_id = $3 and a.user_id = any ($4) order by a.id`,
    [scope.tenantId, pod.id, pod.siteId, userIds],
    'pod_standings_of_people',
  );
}

/** Whether an accessor is a member of a pod of its site. */
export async function isPodMember(scope: Scope, accessorId: AccessorId): Promise<boolean> {
  const rows = await scope.query(
    `select 1 from pod_users where tenant_id = $1 and accessor_id = $2 and pod_user_type = 'member'`,
    [scope.tenantId, accessorId],
    'pod_member_is',
  );
  return rows.length > 0;
}

/** Of these tags, those that a member of a pod holds, apart from these accessors. */
export async function findTagsOfMembers(
  scope: Scope,
  tagIds: readonly TagId[],
  { except }: { readonly except: readonly AccessorId[] },
): Promise<TagId[]> {
  const rows = await scope.query<{ id: TagId }>(
    `select distinct k.credential_id as id from keys k
     join pod_users u on u.tenant_id = k.tenant_id and u.accessor_id = k.accessor_id and u.pod_user_type = 'member'
     where k.tenant_id = $1 and k.key_type = 'tag' and k.credential_id = any ($2) and not k.accessor_id = any ($3)`,
    [scope.tenantId, tagIds, except],
  );
  return rows.map((row) => row.id);
}

/** Groups of guests, and the locks they had, as the doors must hear of them when they go. */
export type GuestGroups = {
  readonly groupIds: readonly AccessGroupId[];
  readonly lockIds: readonly LockId[];
};

/** The groups that hold rules of these guests' own: of one pod, or of all. */
export async function findGuestGroups(
  scope: Scope,
  accessorIds: readonly AccessorId[],
  podId: PodId | null = null,
): Promise<GuestGroups> {
  const rows = await scope.query<{ id: AccessGroupId; lock_ids: LockId[] }>(
    `select g.id, array(select m.lock_id from access_group_locks m
       where m.tenant_id = g.tenant_id and m.access_group_id = g.id) as lock_ids
     from access_groups g
     where g.tenant_id = $1 and g.pod_guest_id = any ($2) and ($3::uuid is null or g.pod_id = $3)`,
    [scope.tenantId, accessorIds, podId],
    'pod_guest_groups',
  );
  return {
    groupIds: rows.map((row) => row.id),
    lockIds: [...new Set(rows.flatMap((row) => row.lock_ids))],
  };
}

/** Whether somebody leaves the site with the last pod. */
export async function updateCameByPod(
  scope: WriteScope,
  id: AccessorId,
  came_by_pod: boolean,
): Promise<void> {
  await updateColumns(scope, {
    table: 'accessors',
    id,
    columns: ['came_by_pod'],
    change: { came_by_pod },
  });
}

export async function updatePodUser(
  scope: WriteScope,
  user: {
    readonly podId: PodId;
    readonly accessorId: AccessorId;
    readonly access_rule_type: PodAccessRuleType;
    readonly all_locks: boolean;
  },
): Promise<void> {
  await scope.query(
    `update pod_users set access_rule_type = $4, all_locks = $5
     where tenant_id = $1 and pod_id = $2 and accessor_id = $3`,
    [scope.tenantId, user.podId, user.accessorId, user.access_rule_type, user.all_locks],
  );
}

export type PodGuestRow = {
  readonly accessor_id: AccessorId;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly email: string | null;
  readonly tag_number: string | null;
  readonly access_rule_type: PodAccessRuleType;
  /** Those of a rule of the guest's own. */
  readonly schedules: readonly PodScheduleResponse[];
  /** null = all locks of the pod. */
  readonly lock_ids: readonly LockId[] | null;
};

export async function findPodGuest(
  scope: Scope,
  podId: PodId,
  accessorId: AccessorId,
): Promise<PodGuestRow | undefined> {
  const [row] = await scope.query<PodGuestRow>(
    `select d.accessor_id, nullif(p.first_name, '') as first_name, nullif(p.last_name, '') as last_name, p.email,
       (select t.tag_number from keys k join tags t on t.tenant_id = k.tenant_id and t.id = k.credential_id
         where k.tenant_id = a.tenant_id and k.accessor_id = a.id and k.key_type = 'tag'
         order by k.created_at, k.id limit 1) as tag_number,
       d.access_rule_type, ${schedulesOf('g.id')} as schedules,
       case when not d.all_locks then array(select m.lock_id from access_group_locks m
         join locks l on l.tenant_id = m.tenant_id and l.id = m.lock_id
         where m.tenant_id = g.tenant_id and m.access_group_id = g.id order by l.created_at, l.id) end as lock_ids
     from pod_users d
     join accessors a on a.tenant_id = d.tenant_id and a.id = d.accessor_id
     left join people p on p.tenant_id = a.tenant_id and p.id = a.user_id
     left join access_groups g on g.tenant_id = d.tenant_id and g.pod_id = d.pod_id and g.pod_guest_id = d.accessor_id
     where d.tenant_id = $1 and d.pod_id = $2 and d.accessor_id = $3 and d.pod_user_type = 'guest'`,
    [scope.tenantId, podId, accessorId],
    'pod_guest_find',
  );
  return row;
}
