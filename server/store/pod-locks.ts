/** Locks of a pod, which its own group and those of its guests hold, and the schedules of those groups. */
import { sql } from 'kysely';
import type { AccessGroupId, LockId, PodId, TimeScheduleId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { PodScheduleResponse } from '#contract/pods';
import type { RefResponse } from '#contract/refs';
import type { Ids } from '#server/runtime/ids';
import { listRows, type ListResult } from './list.ts';
import type { PodOfSite } from './pods.ts';
import type { Scope, WriteScope } from './scope.ts';
import { groupLockFields } from './site-access-groups.ts';
import { isOpenTo, type SiteView } from './site-locks.ts';
import { insertTimeSchedule } from './time-schedules.ts';

/** Those of the pod, or those that could still be added. */
export type PodLockList = {
  readonly pod: PodOfSite;
  readonly which: 'members' | 'others';
  readonly view: SiteView;
};

/** A page of the locks of the site by a pod, as far as somebody may see them. */
export function listPodLocks(
  scope: Scope,
  options: ListOptions,
  { pod, which, view: { siteId, accessorId } }: PodLockList,
): Promise<ListResult<RefResponse>> {
  const isOfPod = sql`exists (select 1 from access_group_locks m
    join access_groups g on g.tenant_id = m.tenant_id and g.id = m.access_group_id
    where m.tenant_id = l.tenant_id and m.lock_id = l.id and g.pod_id = ${pod.id}::uuid and g.pod_guest_id is null)`;
  const isSeen = accessorId === null ? sql`true` : isOpenTo(accessorId);
  return listRows<RefResponse>(scope, {
    from: sql`locks l`,
    tenant: sql`l.tenant_id`,
    where: sql`l.collection_id = ${siteId}::uuid and ${which === 'members' ? isOfPod : sql`not ${isOfPod}`} and ${isSeen}`,
    select: sql`l.id, l.customer_reference`,
    fields: groupLockFields,
    options,
    id: sql`l.id`,
    defaultOrder: [{ sql: sql`l.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** Puts locks into the pod and gives them to whoever has whatever it has; those that are in stay. */
export async function addPodLocks(
  scope: WriteScope,
  id: PodId,
  lockIds: readonly LockId[],
): Promise<void> {
  await scope.query(
    `insert into access_group_locks (tenant_id, access_group_id, lock_id)
     select g.tenant_id, g.id, given.id from access_groups g
     left join pod_users u on u.tenant_id = g.tenant_id and u.pod_id = g.pod_id and u.accessor_id = g.pod_guest_id
     cross join unnest($3::uuid[]) as given (id)
     where g.tenant_id = $1 and g.pod_id = $2 and (g.pod_guest_id is null or u.all_locks)
     on conflict do nothing`,
    [scope.tenantId, id, lockIds],
  );
}

/** Takes locks out of the pod and out of the rules of its guests; gives those that were in. */
export async function removePodLocks(
  scope: WriteScope,
  id: PodId,
  lockIds: readonly string[],
): Promise<LockId[]> {
  const rows = await scope.query<{ id: LockId }>(
    `delete from access_group_locks m using access_groups g
     where m.tenant_id = $1 and g.tenant_id = m.tenant_id and g.id = m.access_group_id and g.pod_id = $2
       and m.lock_id = any ($3) returning m.lock_id as id`,
    [scope.tenantId, id, lockIds],
  );
  return [...new Set(rows.map((row) => row.id))];
}

/** Puts these schedules in place of those that a group has. */
export async function replaceSchedules(
  scope: WriteScope,
  groupId: AccessGroupId,
  {
    schedules,
    ids,
    now,
  }: { readonly schedules: readonly PodScheduleResponse[]; readonly ids: Ids; readonly now: Date },
): Promise<void> {
  await scope.query('delete from time_schedules where tenant_id = $1 and access_group_id = $2', [
    scope.tenantId,
    groupId,
  ]);
  for (const [index, schedule] of schedules.entries())
    await insertTimeSchedule(scope, groupId, {
      ...schedule,
      id: ids.next<TimeScheduleId>(),
      // They are shown oldest first, which is to be the order they were sent in.
      created_at: new Date(now.getTime() + index),
    });
}
