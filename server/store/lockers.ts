/** Lockers of a site: locks of that type, how each is given out and who has it (connect-api.md 4.12). */
import { sql } from 'kysely';
import { everyDay } from '#contract/fields';
import type { AccessGroupId, AccessorId, CollectionId, LockId } from '#contract/ids';
import {
  lockingStates,
  lockModes,
  syncStates,
  type LockingState,
  type LockMode,
  type SyncState,
} from '#contract/lockers';
import type { ListOptions } from '#contract/odata';
import { addMembers } from './access-groups.ts';
import { dataSyncState } from './iqs.ts';
import { compileSql, listRows, type ListResult } from './list.ts';
import { lockFields, lockFrom } from './locks.ts';
import type { Sql, SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';
import { isOpenTo, type SiteView } from './site-locks.ts';
import { insertTimeSchedule } from './time-schedules.ts';
import { updateColumns } from './update.ts';

export type LockerRow = {
  readonly id: LockId;
  readonly customer_reference: string | null;
  readonly locker_group_id: string | null;
  readonly locker_group_customer_reference: string | null;
  /** The locker's own access group, where somebody has it. */
  readonly access_group_id: AccessGroupId | null;
  readonly state: LockingState;
  readonly is_online: boolean;
  readonly sync_state: SyncState;
  readonly mode: LockMode;
  readonly users_count: number;
  readonly occupant_id: AccessorId | null;
};

const usersCount = `(select count(*)::int from access_group_accessors m
  where m.tenant_id = l.tenant_id and m.access_group_id = og.id)`;
/** A hub out of reach, or none, will be told. */
const syncState = `case ${dataSyncState} when 'synced' then 'synchronized' when 'failed' then 'error' else 'pending' end`;
const state = `case when l.left_open_alarm or l.locked_state in ('office_mode', 'office_mode_pending') then 'open'
  when occ.accessor_id is not null or ${usersCount} > 0 then 'locked' else 'closed' end`;

const columns = sql`l.id, l.customer_reference, lg.id as locker_group_id,
  lg.customer_reference as locker_group_customer_reference, og.id as access_group_id, ${sql.raw(state)} as state,
  ${lockFields.online.sql} as is_online, ${sql.raw(syncState)} as sync_state, l.locker_mode as mode,
  ${sql.raw(usersCount)} as users_count, occ.accessor_id as occupant_id`;

function lockerFrom(now: string): Sql {
  return sql`${lockFrom(now)}
    left join locker_groups lg on lg.tenant_id = l.tenant_id and lg.id = l.locker_group_id
    left join access_groups og on og.tenant_id = l.tenant_id and og.locker_id = l.id
    left join locker_occupations occ on occ.tenant_id = l.tenant_id and occ.lock_id = l.id`;
}

const shared = {
  id: { type: 'uuid', sql: sql`l.id`, isNotNull: true },
  customer_reference: { type: 'text', sql: sql`l.customer_reference` },
  is_online: lockFields.online,
  sync_state: { type: 'enum', words: syncStates, sql: sql.raw(syncState) },
  mode: { type: 'enum', words: lockModes, sql: sql`l.locker_mode` },
} as const satisfies SqlListFields;

export const lockerFields = {
  ...shared,
  'lock_group/id': { type: 'uuid', sql: sql`lg.id` },
  'lock_group/customer_reference': { type: 'text', sql: sql`lg.customer_reference` },
  state: { type: 'enum', words: lockingStates, sql: sql.raw(state) },
} as const satisfies SqlListFields;

export const lockerAssignmentFields = {
  ...shared,
  locker_group_id: { type: 'uuid', sql: sql`lg.id` },
  locker_group_customer_reference: { type: 'text', sql: sql`lg.customer_reference` },
  access_group_id: { type: 'uuid', sql: sql`og.id` },
  locker_state: { type: 'enum', words: lockingStates, sql: sql.raw(state) },
  users_count: { type: 'int', sql: sql.raw(usersCount) },
} as const satisfies SqlListFields;

const isOfSite = (siteId: CollectionId): Sql =>
  sql`l.collection_id = ${siteId}::uuid and l.lock_type = 'locker_lock'`;

/** Whom the mode of a locker would let have it. */
const isForEverybody = sql`l.locker_mode = 'free_locker'`;
function mayTake(accessorId: AccessorId): Sql {
  return sql`(${isForEverybody} or l.locker_mode = 'dynamic_locker' and ${isOpenTo(accessorId)})`;
}

/** The lockers of a site, or those that somebody has or may have. */
function isInView({ siteId, accessorId }: SiteView): Sql {
  return accessorId === null
    ? isOfSite(siteId)
    : sql`${isOfSite(siteId)} and (${isForEverybody} or ${isOpenTo(accessorId)})`;
}

/** all: what is in view; assignments: what is assigned by hand; occupations: what somebody has taken. */
export type LockerList = 'all' | 'assignments' | 'occupations';

function isListed(list: LockerList, { accessorId }: SiteView): Sql {
  if (list === 'all') return sql`true`;
  if (list === 'assignments') return sql`l.locker_mode = 'generic'`;
  return accessorId === null
    ? sql`occ.accessor_id is not null`
    : sql`occ.accessor_id = ${accessorId}::uuid`;
}

function listOf(
  scope: Scope,
  options: ListOptions,
  { where, list }: { readonly where: Sql; readonly list: LockerList },
): Promise<ListResult<LockerRow>> {
  return listRows<LockerRow>(scope, {
    from: lockerFrom(options.now),
    tenant: sql`l.tenant_id`,
    where,
    select: columns,
    fields: list === 'assignments' ? lockerAssignmentFields : lockerFields,
    options,
    id: sql`l.id`,
    defaultOrder: [{ sql: sql`l.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

export function listLockers(
  scope: Scope,
  options: ListOptions,
  { view, list }: { readonly view: SiteView; readonly list: LockerList },
): Promise<ListResult<LockerRow>> {
  const where = sql`${isInView(view)} and ${isListed(list, view)}`;
  return listOf(scope, options, { where, list });
}

/** The free lockers that somebody may take: none while he has one. */
export function listAvailableLockers(
  scope: Scope,
  options: ListOptions,
  { siteId, accessorId }: { readonly siteId: CollectionId; readonly accessorId: AccessorId },
): Promise<ListResult<LockerRow>> {
  const where = sql`${isOfSite(siteId)} and occ.lock_id is null and ${mayTake(accessorId)}
    and not exists (select 1 from locker_occupations mine
      where mine.tenant_id = l.tenant_id and mine.accessor_id = ${accessorId}::uuid)`;
  return listOf(scope, options, { where, list: 'all' });
}

/** One locker as it is at `now`; undefined when it is none in this view. */
export async function findLocker(
  scope: Scope,
  view: SiteView,
  { id, now }: { readonly id: LockId; readonly now: Date },
): Promise<LockerRow | undefined> {
  const query = compileSql(
    sql`select ${columns} from ${lockerFrom(now.toISOString())}
      where l.tenant_id = ${scope.tenantId}::uuid and l.id = ${id}::uuid and ${isInView(view)}`,
  );
  const [row] = await scope.query<LockerRow>(query.text, query.values);
  return row;
}

/** Whether the mode of a locker lets somebody take it, free or not. */
export async function isForTaking(
  scope: Scope,
  id: LockId,
  accessorId: AccessorId,
): Promise<boolean> {
  const query = compileSql(
    sql`select 1 from locks l where l.tenant_id = ${scope.tenantId}::uuid and l.id = ${id}::uuid and ${mayTake(accessorId)}`,
  );
  return (await scope.query(query.text, query.values)).length > 0;
}

/** Whether a locker is assigned to an accessor, or occupied by it. */
export async function hasLocker(
  scope: Scope,
  id: LockId,
  accessorId: AccessorId,
): Promise<boolean> {
  const rows = await scope.query(
    `select 1 from access_groups g
      join access_group_accessors m on m.tenant_id = g.tenant_id and m.access_group_id = g.id
      where g.tenant_id = $1 and g.locker_id = $2 and m.accessor_id = $3`,
    [scope.tenantId, id, accessorId],
    'locker_has',
  );
  return rows.length > 0;
}

/** The locker that an accessor occupies. */
export async function findOccupied(
  scope: Scope,
  accessorId: AccessorId,
): Promise<LockId | undefined> {
  const [row] = await scope.query<{ id: LockId }>(
    'select lock_id as id from locker_occupations where tenant_id = $1 and accessor_id = $2',
    [scope.tenantId, accessorId],
    'locker_occupied',
  );
  return row?.id;
}

/** The locker whose own access group this is, where it is assigned by hand. */
export async function findLockerOfGroup(
  scope: Scope,
  siteId: CollectionId,
  groupId: AccessGroupId,
): Promise<LockId | undefined> {
  const [row] = await scope.query<{ id: LockId }>(
    `select l.id from access_groups g join locks l on l.tenant_id = g.tenant_id and l.id = g.locker_id
      where g.tenant_id = $1 and g.id = $2 and l.collection_id = $3 and l.locker_mode = 'generic'`,
    [scope.tenantId, groupId, siteId],
    'locker_of_group',
  );
  return row?.id;
}

export async function updateLocker(
  scope: WriteScope,
  id: LockId,
  change: { readonly customer_reference?: string; readonly locker_mode?: LockMode },
): Promise<void> {
  const columns = ['customer_reference', 'locker_mode'];
  await updateColumns(scope, { table: 'locks', id, columns, change });
}

/** The locker's own group: it opens at any time, and nothing else. */
export async function insertOwnGroup(
  scope: WriteScope,
  locker: {
    readonly lockId: LockId;
    readonly siteId: CollectionId;
    readonly groupId: AccessGroupId;
    readonly scheduleId: string;
    readonly name: string | null;
    readonly now: Date;
  },
): Promise<void> {
  const { lockId, siteId, groupId, scheduleId, name, now } = locker;
  await scope.query(
    `insert into access_groups (tenant_id, id, customer_reference, collection_id, locker_id, created_at)
     values ($1, $2, $3, $4, $5, $6)`,
    [scope.tenantId, groupId, name, siteId, lockId, now],
  );
  await addMembers(scope, 'locks', { id: groupId, ids: [lockId] });
  await insertTimeSchedule(scope, groupId, {
    id: scheduleId,
    start_time: '00:00:00',
    end_time: '23:59:59',
    start_date: null,
    end_date: null,
    ...everyDay,
    created_at: now,
  });
}

/** False when somebody has the locker, or the accessor another one. */
export async function insertOccupation(
  scope: WriteScope,
  occupation: {
    readonly lockId: LockId;
    readonly accessorId: AccessorId;
    readonly now: Date;
  },
): Promise<boolean> {
  const rows = await scope.query(
    `insert into locker_occupations (tenant_id, lock_id, accessor_id, occupied_at) values ($1, $2, $3, $4)
     on conflict do nothing returning lock_id`,
    [scope.tenantId, occupation.lockId, occupation.accessorId, occupation.now],
  );
  return rows.length > 0;
}

export async function deleteOccupation(scope: WriteScope, lockId: LockId): Promise<void> {
  await scope.query('delete from locker_occupations where tenant_id = $1 and lock_id = $2', [
    scope.tenantId,
    lockId,
  ]);
}
