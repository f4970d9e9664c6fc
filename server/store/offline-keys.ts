import type { AccessorId, KeyId, LockId, TagId } from '#contract/ids';
import type { Scope, WriteScope } from './scope.ts';

/** What a lock holds without being told otherwise by its hardware (behaviour.md 2). */
const limit = `coalesce(l.offline_key_limit, case l.communication_type when 'rf_net' then 39 else 360 end)`;

const haveCommonGroup = `exists (select 1 from access_group_accessors ga
  join access_group_locks gl on gl.tenant_id = ga.tenant_id and gl.access_group_id = ga.access_group_id
  where ga.tenant_id = k.tenant_id and ga.accessor_id = k.accessor_id and gl.lock_id = l.id)`;

/** Blocked by the key, its owner, or what is set for the two in the collection of the lock. */
const isBlocked = `(k.blocked or a.blocked or exists (select 1 from collection_settings s
  left join key_settings ks on ks.tenant_id = s.tenant_id and ks.collection_setting_id = s.id and ks.key_id = k.id
  where s.tenant_id = a.tenant_id and s.accessor_id = a.id and s.collection_id = l.collection_id
    and (s.blocked or coalesce(ks.blocked, false))))`;

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
  where ks.tenant_id = $1 and ks.offline_access_type = 'by_access' and l.iq_link_state = 'attached'
    and k.key_type in ('tag', 'mkey', 'wallet') and not ${isBlocked}
    and (k.accessor_id = any ($2) or l.id = any ($3))
    and not exists (select 1 from offline_keys o where o.tenant_id = $1 and o.lock_id = l.id and o.key_id = k.id)`;

/**
 * Puts keys that open "by access" on every attached lock of their owner's groups in the collection of the setting, as far as
 * there is room, oldest key first (behaviour.md 12.3). Gives the locks concerned, and whether some key found no room.
 */
export async function addKeysByAccess(
  scope: WriteScope,
  touched: {
    readonly accessorIds: readonly AccessorId[];
    readonly lockIds: readonly LockId[];
    readonly now: Date;
  },
): Promise<{ readonly lockIds: readonly LockId[]; readonly isComplete: boolean }> {
  const values = [scope.tenantId, touched.accessorIds, touched.lockIds];
  const wanted = await scope.query<{ lock_id: LockId }>(
    `select distinct lock_id from (${wantedByAccess}) wanted order by lock_id`,
    values,
  );
  if (wanted.length === 0) return { lockIds: [], isComplete: true };
  const lockIds = wanted.map((row) => row.lock_id);
  await holdOfflineMemory(scope, lockIds);
  const placed = await scope.query<{ lock_id: LockId; fits: boolean }>(
    `with wanted as (${wantedByAccess}),
     placed as (
       select w.lock_id, w.key_id, row_number() over (partition by w.lock_id order by w.created_at, w.key_id)
           <= ${limit} - (select count(*) from offline_keys o where o.tenant_id = $1 and o.lock_id = l.id) as fits
       from wanted w join locks l on l.tenant_id = $1 and l.id = w.lock_id),
     added as (
       insert into offline_keys (tenant_id, lock_id, key_id, created_at)
       select $1, lock_id, key_id, $4 from placed where fits)
     select lock_id, fits from placed`,
    [...values, touched.now],
  );
  return { lockIds, isComplete: placed.every(({ fits }) => fits) };
}

/** Keeps the offline memory of locks from being filled by somebody else until the transaction ends. */
async function holdOfflineMemory(scope: WriteScope, lockIds: readonly LockId[]): Promise<void> {
  await scope.query(
    'select 1 from locks where tenant_id = $1 and id = any ($2) order by id for no key update',
    [scope.tenantId, lockIds],
  );
}
