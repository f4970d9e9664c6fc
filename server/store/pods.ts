/** Pods of a site and the access groups that say what their people may open (connect-api.md 4.9, behaviour.md 14). */
import { sql } from 'kysely';
import type { AccessGroupId, AccessorId, CollectionId, PodId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import {
  podAccessRuleTypes,
  type PodAccessRuleType,
  type PodScheduleResponse,
} from '#contract/pods';
import { weekdays } from '#contract/fields';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';
import { updateColumns } from './update.ts';

export type PodRow = {
  readonly id: PodId;
  readonly customer_reference: string;
  readonly access_rule_type: Exclude<PodAccessRuleType, 'custom'>;
  /** Those of the rule; empty when it is `always`. */
  readonly schedules: readonly PodScheduleResponse[];
  readonly max_guest_amount: number;
  readonly member_amount: number;
  readonly guest_amount: number;
  readonly lock_amount: number;
  /** The group of whoever has all locks of the pod at its times. */
  readonly access_group_id: AccessGroupId;
};

/** SQL: the schedules of a group, without ids, oldest first. */
export function schedulesOf(groupId: string): string {
  return `(select coalesce(json_agg(json_build_object(${weekdays.map((day) => `'${day}', s.${day}`).join(', ')},
      'start_time', to_char(s.start_time, 'HH24:MI:SS'), 'end_time', to_char(s.end_time, 'HH24:MI:SS'),
      'start_date', to_char(s.start_date, 'YYYY-MM-DD"T"HH24:MI:SS'),
      'end_date', to_char(s.end_date, 'YYYY-MM-DD"T"HH24:MI:SS')) order by s.created_at, s.id), '[]')
    from time_schedules s where s.tenant_id = d.tenant_id and s.access_group_id = ${groupId})`;
}

const usersOf = (type: 'member' | 'guest'): string => `(select count(*)::int from pod_users u
  where u.tenant_id = d.tenant_id and u.pod_id = d.id and u.pod_user_type = '${type}')`;
const memberAmount = usersOf('member');
const guestAmount = usersOf('guest');
const lockAmount = `(select count(*)::int from access_group_locks m
  where m.tenant_id = d.tenant_id and m.access_group_id = g.id)`;
const from = `pods d join access_groups g on g.tenant_id = d.tenant_id and g.pod_id = d.id and g.pod_guest_id is null`;
const columns = `d.id, d.customer_reference, d.access_rule_type,
  case when d.access_rule_type = 'always' then '[]' else ${schedulesOf('g.id')} end as schedules, d.max_guest_amount,
  ${memberAmount} as member_amount, ${guestAmount} as guest_amount, ${lockAmount} as lock_amount, g.id as access_group_id`;

export const podFields = {
  id: { type: 'uuid', sql: sql`d.id`, isNotNull: true },
  customer_reference: { type: 'text', sql: sql`d.customer_reference` },
  'access_rule/access_rule_type': {
    type: 'enum',
    words: podAccessRuleTypes,
    sql: sql`d.access_rule_type`,
  },
  max_guest_amount: { type: 'int', sql: sql`d.max_guest_amount`, isNotNull: true },
  member_amount: { type: 'int', sql: sql.raw(memberAmount), isNotNull: true },
  guest_amount: { type: 'int', sql: sql.raw(guestAmount), isNotNull: true },
  lock_amount: { type: 'int', sql: sql.raw(lockAmount), isNotNull: true },
} as const satisfies SqlListFields;

export function listPods(
  scope: Scope,
  options: ListOptions,
  siteId: CollectionId,
): Promise<ListResult<PodRow>> {
  return listRows<PodRow>(scope, {
    from: sql.raw(from),
    tenant: sql`d.tenant_id`,
    where: sql`d.collection_id = ${siteId}::uuid`,
    select: sql.raw(columns),
    fields: podFields,
    options,
    id: sql`d.id`,
    defaultOrder: [{ sql: sql`d.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

export type PodOfSite = { readonly siteId: CollectionId; readonly id: PodId };

export async function findPod(scope: Scope, pod: PodOfSite): Promise<PodRow | undefined> {
  const [row] = await scope.query<PodRow>(
    `select ${columns} from ${from} where d.tenant_id = $1 and d.collection_id = $2 and d.id = $3`,
    [scope.tenantId, pod.siteId, pod.id],
    'pod_find',
  );
  return row;
}

/**
 * Keeps a pod, its people and its limit as they are until the transaction ends: whoever changes one of them holds the pod first, so
 * that of two requests for the last place the second sees the first. False when the site has none of that id.
 */
export async function holdPod(scope: WriteScope, pod: PodOfSite): Promise<boolean> {
  const rows = await scope.query(
    'select 1 from pods where tenant_id = $1 and collection_id = $2 and id = $3 for no key update',
    [scope.tenantId, pod.siteId, pod.id],
  );
  return rows.length > 0;
}

/** False when another pod of the site has the name, compared without case and outer blanks. */
export async function insertPod(
  scope: WriteScope,
  pod: PodOfSite & {
    readonly customer_reference: string;
    readonly max_guest_amount: number;
    readonly access_rule_type: Exclude<PodAccessRuleType, 'custom'>;
    readonly now: Date;
  },
): Promise<boolean> {
  const rows = await scope.query(
    `insert into pods (tenant_id, id, collection_id, customer_reference, max_guest_amount, access_rule_type, created_at)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning id`,
    [
      scope.tenantId,
      pod.id,
      pod.siteId,
      pod.customer_reference,
      pod.max_guest_amount,
      pod.access_rule_type,
      pod.now,
    ],
  );
  return rows.length > 0;
}

/** A name of a pod of a site. */
export type PodName = { readonly siteId: CollectionId; readonly name: string };

/** SQL: names are compared without case and outer blanks. */
const sameName = 'lower(btrim(customer_reference)) = lower(btrim($3))';

/** Holds a name of a site, before the pod that is to have it, so that of two who write it at once the second sees the first. */
export async function holdPodName(scope: WriteScope, { siteId, name }: PodName): Promise<void> {
  await scope.query(
    `select pg_advisory_xact_lock(hashtextextended('pod ' || $1 || $2 || lower(btrim($3)), 0))`,
    [scope.tenantId, siteId, name],
  );
}

/** Whether a pod of the site has the name; another one than `exceptId`. */
export async function isPodNameTaken(
  scope: Scope,
  { siteId, name }: PodName,
  exceptId: PodId | null,
): Promise<boolean> {
  const rows = await scope.query(
    `select 1 from pods where tenant_id = $1 and collection_id = $2 and ${sameName} and id is distinct from $4::uuid`,
    [scope.tenantId, siteId, name, exceptId],
  );
  return rows.length > 0;
}

/** Writes the members given, the name at its groups too; the others stay. Hold a name before it is written. */
export async function updatePod(
  scope: WriteScope,
  id: PodId,
  change: {
    readonly customer_reference?: string;
    readonly max_guest_amount?: number;
    readonly access_rule_type?: PodRow['access_rule_type'];
  },
): Promise<void> {
  const columns = ['customer_reference', 'max_guest_amount', 'access_rule_type'];
  await updateColumns(scope, { table: 'pods', id, columns, change });
  if (change.customer_reference !== undefined)
    await scope.query(
      'update access_groups set customer_reference = $3 where tenant_id = $1 and pod_id = $2',
      [scope.tenantId, id, change.customer_reference],
    );
}

/** Removes the pod with its people's places in it, its groups and its codes. */
export async function deletePod(scope: WriteScope, id: PodId): Promise<void> {
  await scope.query('delete from pods where tenant_id = $1 and id = $2', [scope.tenantId, id]);
}

/** A group of a pod: its own, or that of a guest with a rule of its own. */
export async function insertPodGroup(
  scope: WriteScope,
  group: {
    readonly id: AccessGroupId;
    readonly pod: PodOfSite;
    readonly guestId: AccessorId | null;
    readonly now: Date;
  },
): Promise<void> {
  await scope.query(
    `insert into access_groups (tenant_id, id, customer_reference, collection_id, pod_id, pod_guest_id, created_at)
     select $1, $2, customer_reference, collection_id, id, $4, $5 from pods where tenant_id = $1 and id = $3`,
    [scope.tenantId, group.id, group.pod.id, group.guestId, group.now],
  );
}

/** All groups of a pod: its own first, then those of guests. */
export function listPodGroups(
  scope: Scope,
  id: PodId,
): Promise<{ readonly id: AccessGroupId; readonly guest_id: AccessorId | null }[]> {
  return scope.query(
    `select id, pod_guest_id as guest_id from access_groups where tenant_id = $1 and pod_id = $2
     order by pod_guest_id nulls first`,
    [scope.tenantId, id],
    'pod_groups',
  );
}

export type PodUserRow = {
  readonly pod_id: PodId;
  readonly accessor_id: AccessorId;
  readonly pod_user_type: 'member' | 'guest';
  readonly access_rule_type: PodAccessRuleType;
  readonly all_locks: boolean;
};

/** Everybody of a pod, oldest first. */
export function findPodUsers(scope: Scope, id: PodId): Promise<PodUserRow[]> {
  return scope.query<PodUserRow>(
    `select pod_id, accessor_id, pod_user_type, access_rule_type, all_locks from pod_users
     where tenant_id = $1 and pod_id = $2 order by created_at, accessor_id`,
    [scope.tenantId, id],
    'pod_users',
  );
}

/** The pods that these accessors are in, as members and as guests. */
export function findPodsOf(
  scope: Scope,
  accessorIds: readonly AccessorId[],
): Promise<(PodUserRow & { readonly customer_reference: string })[]> {
  return scope.query(
    `select u.pod_id, u.accessor_id, u.pod_user_type, u.access_rule_type, u.all_locks, d.customer_reference
     from pod_users u join pods d on d.tenant_id = u.tenant_id and d.id = u.pod_id
     where u.tenant_id = $1 and u.accessor_id = any ($2) order by u.created_at, u.pod_id`,
    [scope.tenantId, accessorIds],
    'pods_of',
  );
}

/** False when the accessor is in the pod already, or as a member in another one. */
export async function insertPodUser(
  scope: WriteScope,
  user: PodUserRow & { readonly now: Date },
): Promise<boolean> {
  const rows = await scope.query(
    `insert into pod_users (tenant_id, pod_id, accessor_id, pod_user_type, access_rule_type, all_locks, created_at)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning pod_id`,
    [
      scope.tenantId,
      user.pod_id,
      user.accessor_id,
      user.pod_user_type,
      user.access_rule_type,
      user.all_locks,
      user.now,
    ],
  );
  return rows.length > 0;
}

/** Ends places in a pod with the guests' own groups. */
export async function deletePodUsers(
  scope: WriteScope,
  id: PodId,
  accessorIds: readonly AccessorId[],
): Promise<void> {
  await scope.query(
    'delete from pod_users where tenant_id = $1 and pod_id = $2 and accessor_id = any ($3)',
    [scope.tenantId, id, accessorIds],
  );
}

/** Whether an accessor is a member of a pod; undefined when the site has no such pod. */
export async function findPodStanding(
  scope: Scope,
  pod: PodOfSite,
  accessorId: AccessorId | null,
): Promise<{ readonly isMemberOfPod: boolean } | undefined> {
  const [row] = await scope.query<{ is_member: boolean }>(
    `select exists (select 1 from pod_users u where u.tenant_id = d.tenant_id and u.pod_id = d.id
         and u.accessor_id = $4::uuid and u.pod_user_type = 'member') as is_member
     from pods d where d.tenant_id = $1 and d.collection_id = $2 and d.id = $3`,
    [scope.tenantId, pod.siteId, pod.id, accessorId],
    'pod_standing',
  );
  return row === undefined ? undefined : { isMemberOfPod: row.is_member };
}
