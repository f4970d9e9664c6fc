import { sql } from 'kysely';
import type { AccessGroupResponse } from '#contract/access-groups';
import type { AccessGroupId, AccessorId, CollectionId, LockId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { Sql, SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';
import { updateColumns } from './update.ts';

export type AccessGroupRow = AccessGroupResponse & {
  readonly id: AccessGroupId;
  readonly collection_id: CollectionId | null;
};

export const accessGroupFields = {
  id: { type: 'uuid', sql: sql`g.id`, isNotNull: true },
  customer_reference: { type: 'text', sql: sql`g.customer_reference` },
  collection_id: { type: 'uuid', sql: sql`g.collection_id` },
} as const satisfies SqlListFields;

const columns = 'g.id, g.customer_reference, g.collection_id';

/** SQL: groups of lockers are a kind of their own (connect-api.md 4.4), and those of pods are in no list (behaviour.md 14). */
export const ofDoors = '(g.locker_id is null and g.pod_id is null)';
export const isOfDoors = sql.raw(ofDoors);

export async function findAccessGroup(
  scope: Scope,
  id: AccessGroupId,
): Promise<AccessGroupRow | undefined> {
  const [row] = await scope.query<AccessGroupRow>(
    `select ${columns} from access_groups g where g.tenant_id = $1 and g.id = $2 and ${ofDoors}`,
    [scope.tenantId, id],
    'access_group_find',
  );
  return row;
}

/** The group, kept as it is by everybody else until the transaction ends. */
export async function holdAccessGroup(
  scope: WriteScope,
  id: AccessGroupId,
): Promise<AccessGroupRow | undefined> {
  const [row] = await scope.query<AccessGroupRow>(
    `select ${columns} from access_groups g
      where g.tenant_id = $1 and g.id = $2 and ${ofDoors} for no key update`,
    [scope.tenantId, id],
  );
  return row;
}

/** A page of the groups of the tenant; `where` narrows it further and speaks of `g`. */
export function listAccessGroups(
  scope: Scope,
  options: ListOptions,
  where?: Sql,
): Promise<ListResult<AccessGroupRow>> {
  return listRows<AccessGroupRow>(scope, {
    from: sql`access_groups g`,
    tenant: sql`g.tenant_id`,
    where: where === undefined ? isOfDoors : sql`${isOfDoors} and (${where})`,
    select: sql.raw(columns),
    fields: accessGroupFields,
    options,
    id: sql`g.id`,
    defaultOrder: [{ sql: sql`g.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

export async function insertAccessGroup(
  scope: WriteScope,
  row: AccessGroupRow & { readonly created_at: Date },
): Promise<void> {
  await scope.query(
    `insert into access_groups (tenant_id, id, customer_reference, collection_id, created_at)
     values ($1, $2, $3, $4, $5)`,
    [scope.tenantId, row.id, row.customer_reference, row.collection_id, row.created_at],
  );
}

/** Writes the members given; the others stay. */
export async function updateAccessGroup(
  scope: WriteScope,
  id: AccessGroupId,
  change: { readonly customer_reference?: string | null; readonly collection_id?: string | null },
): Promise<void> {
  const columns = ['customer_reference', 'collection_id'];
  await updateColumns(scope, { table: 'access_groups', id, columns, change });
}

/** Removes the group with its schedules and relations. */
export async function deleteAccessGroup(scope: WriteScope, id: AccessGroupId): Promise<void> {
  await scope.query('delete from access_groups where tenant_id = $1 and id = $2', [
    scope.tenantId,
    id,
  ]);
}

/** A relation of groups: the table of its rows and the table and column of its members. */
export const groupRelations = {
  accessors: { table: 'access_group_accessors', member: 'accessor_id', members: 'accessors' },
  locks: { table: 'access_group_locks', member: 'lock_id', members: 'locks' },
} as const;
export type GroupRelation = keyof typeof groupRelations;
export type MemberId = AccessorId | LockId;

/** Condition for lists of accessors (`a`) or locks (`l`): they are in the group. */
export function isInGroup(relation: GroupRelation, id: AccessGroupId): Sql {
  const { table, member } = groupRelations[relation];
  const alias = relation === 'accessors' ? 'a' : 'l';
  return sql`exists (select 1 from ${sql.raw(table)} m where m.tenant_id = ${sql.raw(alias)}.tenant_id
    and m.access_group_id = ${id}::uuid and m.${sql.raw(member)} = ${sql.raw(alias)}.id)`;
}

/** Condition for lists of groups (`g`): the lock is in them. */
export function hasLockIn(id: LockId): Sql {
  return sql`exists (select 1 from access_group_locks m where m.tenant_id = g.tenant_id
    and m.access_group_id = g.id and m.lock_id = ${id}::uuid)`;
}

/** Condition for lists of groups (`g`): the accessor is in them. */
export function hasAccessor(id: AccessorId): Sql {
  return sql`exists (select 1 from access_group_accessors m where m.tenant_id = g.tenant_id
    and m.access_group_id = g.id and m.accessor_id = ${id}::uuid)`;
}

/** Those of the ids that exist, with their collection, kept as they are until the transaction ends. */
export function holdMembers(
  scope: WriteScope,
  relation: GroupRelation,
  ids: readonly string[],
): Promise<{ readonly id: MemberId; readonly collection_id: CollectionId | null }[]> {
  return scope.query(
    `select id, collection_id from ${groupRelations[relation].members}
     where tenant_id = $1 and id = any ($2) order by id for no key update`,
    [scope.tenantId, ids],
  );
}

export async function listMemberIds<Id extends MemberId>(
  scope: Scope,
  relation: GroupRelation,
  id: AccessGroupId,
): Promise<Id[]> {
  const { table, member } = groupRelations[relation];
  const rows = await scope.query<{ id: Id }>(
    `select ${member} as id from ${table} where tenant_id = $1 and access_group_id = $2 order by 1`,
    [scope.tenantId, id],
  );
  return rows.map((row) => row.id);
}

/** Takes members out; gives those that were in. */
export async function removeMembers(
  scope: WriteScope,
  relation: GroupRelation,
  change: { readonly id: AccessGroupId; readonly ids: readonly string[] },
): Promise<MemberId[]> {
  const { table, member } = groupRelations[relation];
  const rows = await scope.query<{ id: MemberId }>(
    `delete from ${table} where tenant_id = $1 and access_group_id = $2 and ${member} = any ($3)
     returning ${member} as id`,
    [scope.tenantId, change.id, change.ids],
  );
  return rows.map((row) => row.id);
}

/** Puts members in; those that are in stay. */
export async function addMembers(
  scope: WriteScope,
  relation: GroupRelation,
  change: { readonly id: AccessGroupId; readonly ids: readonly string[] },
): Promise<void> {
  const { table, member } = groupRelations[relation];
  await scope.query(
    `insert into ${table} (tenant_id, access_group_id, ${member})
     select $1, $2, id from unnest($3::uuid[]) as given (id) on conflict do nothing`,
    [scope.tenantId, change.id, change.ids],
  );
}

/** Whether a group would take members of this collection only and has another one's (core-api.md 7.4). */
export async function hasMisfit(
  scope: Scope,
  id: AccessGroupId,
  collectionId: CollectionId,
): Promise<boolean> {
  const misfits = Object.values(groupRelations).map(
    ({ table, member, members }) => `exists (select 1 from ${table} m
       join ${members} o on o.tenant_id = m.tenant_id and o.id = m.${member}
       where m.tenant_id = $1 and m.access_group_id = $2 and o.collection_id <> $3)`,
  );
  const [row] = await scope.query<{ misfit: boolean }>(`select ${misfits.join(' or ')} as misfit`, [
    scope.tenantId,
    id,
    collectionId,
  ]);
  return row?.misfit ?? false;
}

/** Whether a member is in a group of a collection other than this one. */
export async function isInOtherGroup(
  scope: Scope,
  relation: GroupRelation,
  member: { readonly id: MemberId; readonly collectionId: CollectionId },
): Promise<boolean> {
  const { table, member: column } = groupRelations[relation];
  const [row] = await scope.query<{ misfit: boolean }>(
    `select exists (select 1 from ${table} m
       join access_groups g on g.tenant_id = m.tenant_id and g.id = m.access_group_id
       where m.tenant_id = $1 and m.${column} = $2 and g.collection_id <> $3) as misfit`,
    [scope.tenantId, member.id, member.collectionId],
  );
  return row?.misfit ?? false;
}

/** Whether the group has accessors and locks but no schedule, and so grants nothing (behaviour.md 5.3). */
export async function lacksSchedule(scope: Scope, id: AccessGroupId): Promise<boolean> {
  const [row] = await scope.query<{ lacks: boolean }>(
    `select exists (select 1 from access_group_accessors where tenant_id = $1 and access_group_id = $2)
       and exists (select 1 from access_group_locks where tenant_id = $1 and access_group_id = $2)
       and not exists (select 1 from time_schedules where tenant_id = $1 and access_group_id = $2) as lacks`,
    [scope.tenantId, id],
  );
  return row?.lacks ?? false;
}
