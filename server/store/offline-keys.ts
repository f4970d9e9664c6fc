import { sql } from 'kysely';
import type { AccessorId, KeyId, LockId, TagId } from '#contract/ids';
import type { KeyType } from '#contract/keys';
import type { ListOptions } from '#contract/odata';
import { listKeys, type KeyRow } from './keys.ts';
import { listRows, type ListResult } from './list.ts';
import { groupOpens } from './locker-access.ts';
import { lockFields, lockFrom, lockSelect, type LockRow } from './locks.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';

/** SQL: what a lock `l` holds; without being told by its hardware what its family does (behaviour.md 2). */
export const offlineKeyLimit = `coalesce(l.offline_key_limit, case l.communication_type when 'rf_net' then 39 else 360 end)`;

const haveCommonGroup = `exists (select 1 from access_group_accessors ga
  join access_group_locks gl on gl.tenant_id = ga.tenant_id and gl.access_group_id = ga.access_group_id
  where ga.tenant_id = k.tenant_id and ga.accessor_id = k.accessor_id and gl.lock_id = l.id and ${groupOpens('gl')})`;

/** Blocked by the key, its owner, or what is set for the two in the collection of the lock. */
const isBlocked = `(k.blocked or a.blocked or exists (select 1 from collection_settings s
  left join key_settings ks on ks.tenant_id = s.tenant_id and ks.collection_setting_id = s.id and ks.key_id = k.id
  where s.tenant_id = a.tenant_id and s.accessor_id = a.id and s.collection_id = l.collection_id
    and (s.blocked or coalesce(ks.blocked, false))))`;

/** SQL: whether a key `k` of accessor `a` may open lock `l` offline (behaviour.md 12.3); whether there is room is another question. */
export const mayBeAddedOffline = `(k.key_type in ('tag', 'mkey', 'wallet') and l.iq_link_state = 'attached'
  and ${haveCommonGroup} and not ${isBlocked})`;

/** The locks that keys open offline, by whose keys they are. */
export async function findOfflineLocks(
  scope: Scope,
  whose: {
    readonly accessorId?: AccessorId;
    readonly tagId?: TagId;
    readonly keyId?: KeyId;
  },
): Promise<LockId[]> {
  const rows = await scope.query<{ id: LockId }>(
    `select distinct o.lock_id as id from offline_keys o
     join keys k on k.tenant_id = o.tenant_id and k.id = o.key_id
     where o.tenant_id = $1 and (k.accessor_id = $2 or k.id = $3 or (k.credential_id = $4 and k.key_type = 'tag'))`,
    [scope.tenantId, whose.accessorId ?? null, whose.keyId ?? null, whose.tagId ?? null],
  );
  return rows.map((row) => row.id);
}

/**
 * Takes away the offline rights of these accessors, and those at these locks, whose reason is gone: key or owner blocked, no
 * common group any more (behaviour.md 12.3). Gives the locks concerned.
 */
export async function pruneOfflineKeys(
  scope: WriteScope,
  touched: { readonly accessorIds: readonly AccessorId[]; readonly lockIds: readonly LockId[] },
): Promise<LockId[]> {
  const rows = await scope.query<{ lock_id: LockId }>(
    `delete from offline_keys o using keys k, accessors a, locks l
     where o.tenant_id = $1 and k.tenant_id = $1 and k.id = o.key_id and a.tenant_id = $1 and a.id = k.accessor_id
       and l.tenant_id = $1 and l.id = o.lock_id and (k.accessor_id = any ($2) or o.lock_id = any ($3))
       and (${isBlocked} or not ${haveCommonGroup})
     returning o.lock_id`,
    [scope.tenantId, touched.accessorIds, touched.lockIds],
  );
  return rows.map((row) => row.lock_id);
}

const wantedByAccess = `select distinct k.id as key_id, k.created_at, l.id as lock_id
  from key_settings ks
  join collection_settings s on s.tenant_id = ks.tenant_id and s.id = ks.collection_setting_id
  join keys k on k.tenant_id = ks.tenant_id and k.id = ks.key_id
  join accessors a on a.tenant_id = k.tenant_id and a.id = k.accessor_id
  join access_group_accessors ga on ga.tenant_id = k.tenant_id and ga.accessor_id = k.accessor_id
  join access_group_locks gl on gl.tenant_id = ga.tenant_id and gl.access_group_id = ga.access_group_id
  join locks l on l.tenant_id = gl.tenant_id and l.id = gl.lock_id and l.collection_id = s.collection_id
  where ks.tenant_id = $1 and ks.offline_access_type = 'by_access' and l.iq_link_state = 'attached' and ${groupOpens('gl')}
    and k.key_type in ('tag', 'mkey', 'wallet') and not ${isBlocked}
    and (k.accessor_id = any ($2) or l.id = any ($3))
    and not exists (select 1 from offline_keys o where o.tenant_id = $1 and o.lock_id = l.id and o.key_id = k.id)`;

/**
 * Puts keys that open "by access" on every attached lock of their owner's groups in the collection of the setting, as far as
 * there is room, oldest key first (behaviour.md 12.3). Gives the locks concerned, and the keys that found no room.
 */
export async function addKeysByAccess(
  scope: WriteScope,
  touched: {
    readonly accessorIds: readonly AccessorId[];
    readonly lockIds: readonly LockId[];
    readonly now: Date;
  },
): Promise<{ readonly lockIds: readonly LockId[]; readonly homeless: readonly KeyId[] }> {
  const values = [scope.tenantId, touched.accessorIds, touched.lockIds];
  const wanted = await scope.query<{ lock_id: LockId }>(
    `select distinct lock_id from (${wantedByAccess}) wanted order by lock_id`,
    values,
  );
  if (wanted.length === 0) return { lockIds: [], homeless: [] };
  const lockIds = wanted.map((row) => row.lock_id);
  await holdOfflineMemory(scope, lockIds);
  const placed = await scope.query<{ key_id: KeyId; fits: boolean }>(
    `with wanted as (${wantedByAccess}),
     placed as (
       select w.lock_id, w.key_id, row_number() over (partition by w.lock_id order by w.created_at, w.key_id)
           <= ${offlineKeyLimit} - (select count(*) from offline_keys o where o.tenant_id = $1 and o.lock_id = l.id) as fits
       from wanted w join locks l on l.tenant_id = $1 and l.id = w.lock_id),
     added as (
       insert into offline_keys (tenant_id, lock_id, key_id, created_at)
       select $1, lock_id, key_id, $4 from placed where fits)
     select key_id, fits from placed`,
    [...values, touched.now],
  );
  return { lockIds, homeless: placed.filter(({ fits }) => !fits).map(({ key_id }) => key_id) };
}

/** Puts a key on every attached lock of its owner's groups that has room (behaviour.md 12.3). */
export async function addKeyWhereRoom(
  scope: WriteScope,
  { keyId, now }: { readonly keyId: KeyId; readonly now: Date },
): Promise<void> {
  const rows = await scope.query<{ id: LockId }>(
    `select l.id from keys k join accessors a on a.tenant_id = k.tenant_id and a.id = k.accessor_id
     join locks l on l.tenant_id = k.tenant_id
     where k.tenant_id = $1 and k.id = $2 and l.iq_link_state = 'attached' and ${haveCommonGroup} and not ${isBlocked}`,
    [scope.tenantId, keyId],
  );
  const lockIds = rows.map((row) => row.id);
  if (lockIds.length === 0) return;
  await holdOfflineMemory(scope, lockIds);
  await scope.query(
    `insert into offline_keys (tenant_id, lock_id, key_id, created_at)
     select $1, l.id, $2, $4 from locks l where l.tenant_id = $1 and l.id = any ($3)
       and (select count(*) from offline_keys o where o.tenant_id = $1 and o.lock_id = l.id) < ${offlineKeyLimit}
     on conflict do nothing`,
    [scope.tenantId, keyId, lockIds, now],
  );
}

/** Keeps the offline memory of locks from being filled by somebody else until the transaction ends. */
export async function holdOfflineMemory(
  scope: WriteScope,
  lockIds: readonly LockId[],
): Promise<void> {
  await scope.query(
    'select 1 from locks where tenant_id = $1 and id = any ($2) order by id for no key update',
    [scope.tenantId, lockIds],
  );
}

/** What an offline right would be: both sides found, and what speaks against it (behaviour.md 12.3). */
export type OfflinePair = {
  readonly key_id: KeyId;
  readonly lock_id: LockId;
  readonly key_type: KeyType | null;
  readonly accessor_id: AccessorId | null;
  readonly is_lock: boolean;
  readonly is_present: boolean;
  readonly is_blocked: boolean;
  readonly is_attached: boolean;
  readonly has_common_group: boolean;
};

/** The pairs of these keys with these locks, ids that name nothing included. */
export function findOfflinePairs(
  scope: Scope,
  keyIds: readonly string[],
  lockIds: readonly string[],
): Promise<OfflinePair[]> {
  return scope.query<OfflinePair>(
    `select gk.id as key_id, gl.id as lock_id, k.key_type, k.accessor_id, l.id is not null as is_lock,
       exists (select 1 from offline_keys o where o.tenant_id = $1 and o.lock_id = l.id and o.key_id = k.id) as is_present,
       coalesce(${isBlocked}, false) as is_blocked, coalesce(l.iq_link_state = 'attached', false) as is_attached,
       ${haveCommonGroup} as has_common_group
     from unnest($2::uuid[]) as gk (id)
     cross join unnest($3::uuid[]) as gl (id)
     left join keys k on k.tenant_id = $1 and k.id = gk.id
     left join accessors a on a.tenant_id = $1 and a.id = k.accessor_id
     left join locks l on l.tenant_id = $1 and l.id = gl.id`,
    [scope.tenantId, keyIds, lockIds],
  );
}

/** The accessors of keys; ids that name nothing are left out. */
export async function findKeyOwners(
  scope: Scope,
  keyIds: readonly string[],
): Promise<AccessorId[]> {
  const rows = await scope.query<{ id: AccessorId }>(
    'select distinct accessor_id as id from keys where tenant_id = $1 and id = any ($2)',
    [scope.tenantId, keyIds],
  );
  return rows.map((row) => row.id);
}

/** Takes the offline rights of keys at locks away; null = all. Gives the locks that lost one. */
export async function removeOfflineKeys(
  scope: WriteScope,
  which: { readonly keyIds: readonly string[] | null; readonly lockIds: readonly string[] | null },
): Promise<LockId[]> {
  const rows = await scope.query<{ lock_id: LockId }>(
    `delete from offline_keys where tenant_id = $1 and ($2::uuid[] is null or key_id = any ($2))
       and ($3::uuid[] is null or lock_id = any ($3)) returning lock_id`,
    [scope.tenantId, which.keyIds, which.lockIds],
  );
  return rows.map((row) => row.lock_id);
}

export async function addOfflineKeys(
  scope: WriteScope,
  pairs: readonly Pick<OfflinePair, 'key_id' | 'lock_id'>[],
  now: Date,
): Promise<void> {
  await scope.query(
    `insert into offline_keys (tenant_id, lock_id, key_id, created_at)
     select $1, lock_id, key_id, $4 from unnest($2::uuid[], $3::uuid[]) as given (lock_id, key_id)
     on conflict do nothing`,
    [scope.tenantId, pairs.map((pair) => pair.lock_id), pairs.map((pair) => pair.key_id), now],
  );
}

/** Of these locks, one that has more offline keys than it holds. */
export async function findOverfullLock(
  scope: Scope,
  lockIds: readonly LockId[],
): Promise<{ readonly id: LockId; readonly most: number } | undefined> {
  const [row] = await scope.query<{ id: LockId; most: number }>(
    `select l.id, ${offlineKeyLimit} as most from locks l where l.tenant_id = $1 and l.id = any ($2)
       and (select count(*) from offline_keys o where o.tenant_id = $1 and o.lock_id = l.id) > ${offlineKeyLimit} limit 1`,
    [scope.tenantId, lockIds],
  );
  return row;
}

/** A page of the keys that open a lock offline. */
export function listOfflineKeys(
  scope: Scope,
  options: ListOptions,
  lockId: LockId,
): Promise<ListResult<KeyRow>> {
  const where = sql`exists (select 1 from offline_keys o
    where o.tenant_id = k.tenant_id and o.key_id = k.id and o.lock_id = ${lockId}::uuid)`;
  return listKeys(scope, options, where);
}

/** Whether the hardware of a lock has said that it applies no schedules to offline keys. */
export async function holdsNoSchedules(scope: Scope, lockId: LockId): Promise<boolean> {
  const [row] = await scope.query<{ holds_schedules: boolean | null }>(
    'select holds_schedules from locks where tenant_id = $1 and id = $2',
    [scope.tenantId, lockId],
    'lock_holds_schedules',
  );
  return row?.holds_schedules === false;
}

/** LockSummaryResponse of core-api.md 7.2. */
export const lockSummaryFields = {
  id: lockFields.id,
  customer_reference: lockFields.customer_reference,
  mac_address: lockFields.mac,
  is_online: lockFields.online,
  collection_id: lockFields.collection_id,
  floor_id: lockFields['floor/id'],
} as const satisfies SqlListFields;

/** A page of the locks that a key opens offline. */
export function listLocksOfKey(
  scope: Scope,
  options: ListOptions,
  keyId: KeyId,
): Promise<ListResult<LockRow>> {
  return listRows<LockRow>(scope, {
    from: lockFrom(options.now),
    tenant: sql`l.tenant_id`,
    where: sql`exists (select 1 from offline_keys o
      where o.tenant_id = l.tenant_id and o.lock_id = l.id and o.key_id = ${keyId}::uuid)`,
    select: lockSelect,
    fields: lockSummaryFields,
    options,
    id: sql`l.id`,
    defaultOrder: [{ sql: sql`l.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** The keys that open a lock offline, or the locks that a key opens offline. */
export async function listOfflineIds(
  scope: Scope,
  of: { readonly lockId: LockId } | { readonly keyId: KeyId },
): Promise<string[]> {
  const [wanted, column, id] =
    'lockId' in of ? ['key_id', 'lock_id', of.lockId] : ['lock_id', 'key_id', of.keyId];
  const rows = await scope.query<{ id: string }>(
    `select ${wanted} as id from offline_keys where tenant_id = $1 and ${column} = $2 order by 1`,
    [scope.tenantId, id],
  );
  return rows.map((row) => row.id);
}
