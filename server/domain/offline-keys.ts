import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { KeyId, LockId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { PatchKeyOfflineAccessRequest } from '#contract/offline-keys';
import type { Actor, Audit, AuditFact } from '#server/events/audit';
import { holdAccessors } from '#server/store/accessors';
import { findCollectionOptions } from '#server/store/collection-options';
import type { KeyRow } from '#server/store/keys';
import type { ListResult } from '#server/store/list';
import type { LockRow } from '#server/store/locks';
import {
  addOfflineKeys,
  findKeyOwners,
  findOfflinePairs,
  findOverfullLock,
  holdOfflineMemory,
  holdsNoSchedules,
  listLocksOfKey,
  listOfflineIds,
  listOfflineKeys,
  removeOfflineKeys,
  type OfflinePair,
} from '#server/store/offline-keys';
import type { Database } from '#server/store/pool';
import { readScope, type Scope, type WriteScope } from '#server/store/scope';
import { listLockKeys, type LockKeyRow, type LockKeys } from '#server/store/site-user-keys';
import type { DesiredState } from './desired-state.ts';
import { getOwnedKey, type OwnedKey } from './keys.ts';
import { getLock } from './locks.ts';
import { mayOpenOffline } from './offline-rights.ts';
import { writeRights, type Written } from './rights-write.ts';

type Patch = Static<typeof PatchKeyOfflineAccessRequest>;

/** Keys that open a lock offline, and whether schedules can be said not to apply there. */
export type OfflineKeyList = ListResult<KeyRow> & { readonly ignoresSchedules: boolean };

export type OfflineKeys = {
  /** VALUE_INVALID (404) when there is no such lock. */
  checkLock(actor: Actor, lockId: LockId): Promise<unknown>;
  listOfLock(actor: Actor, options: ListOptions, lockId: LockId): Promise<OfflineKeyList>;
  /** Keys of people of the site: those that open the lock offline, or those that could be added. */
  listOfSiteLock(actor: Actor, options: ListOptions, of: LockKeys): Promise<ListResult<LockKeyRow>>;
  listOfKey(actor: Actor, options: ListOptions, keyId: KeyId): Promise<ListResult<LockRow>>;
  /** OFFLINE_ACCESS_INVALID: a right to add that behaviour.md 12.3 forbids. All or nothing, as the two below. */
  changeOfLock(actor: Actor, lockId: LockId, body: Patch): Promise<Written<void>>;
  setOfLock(actor: Actor, lockId: LockId, keyIds: readonly string[]): Promise<Written<void>>;
  changeOfKey(actor: Actor, key: OwnedKey, body: Patch): Promise<Written<void>>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly desiredState: DesiredState;
};

export function createOfflineKeys({ database, audit, clock, desiredState }: Parts): OfflineKeys {
  const scopeOf = (actor: Actor): Scope => readScope(database, actor.tenantId);

  async function setOfLock(
    scope: WriteScope,
    lockId: LockId,
    change: { readonly keyIds: readonly string[]; readonly removes: readonly string[] | null },
  ): Promise<AuditFact> {
    const lock = await getLock(scope, lockId, clock.now());
    await holdPairs(scope, change.keyIds, [lockId]);
    const before = { offline_keys: await listOfflineIds(scope, { lockId }) };
    const pairs = checkPairs(await findOfflinePairs(scope, change.keyIds, [lockId]));
    await removeOfflineKeys(scope, { keyIds: change.removes, lockIds: [lockId] });
    await addOfflineKeys(scope, pairs, clock.now());
    await checkRoom(scope, [lockId]);
    await desiredState.refresh(scope, { lockIds: [lockId] });
    const after = { offline_keys: await listOfflineIds(scope, { lockId }) };
    return { ...lockFact(lock), before, after };
  }

  return {
    checkLock: (actor, lockId) => getLock(scopeOf(actor), lockId, clock.now()),
    async listOfLock(actor, options, lockId) {
      const lock = await getLock(scopeOf(actor), lockId, clock.now());
      const site = await findCollectionOptions(scopeOf(actor), lock.collection_id);
      const list = await listOfflineKeys(scopeOf(actor), options, lockId);
      const canHoldNone = await holdsNoSchedules(scopeOf(actor), lockId);
      return { ...list, ignoresSchedules: canHoldNone || !site.offline_schedules };
    },
    listOfSiteLock: (actor, options, of) => listLockKeys(scopeOf(actor), options, of),
    listOfKey: (actor, options, keyId) => listLocksOfKey(scopeOf(actor), options, keyId),

    changeOfLock: (actor, lockId, { add_ids: add, remove_ids: remove }) =>
      writeRights({ database, actor }, async (scope) => {
        const change = { keyIds: add ?? [], removes: remove ?? [] };
        audit.record(scope, actor, await setOfLock(scope, lockId, change));
      }),

    setOfLock: (actor, lockId, keyIds) =>
      writeRights({ database, actor }, async (scope) => {
        const change = { keyIds, removes: null };
        audit.record(scope, actor, await setOfLock(scope, lockId, change));
      }),

    changeOfKey: (actor, key, { add_ids, remove_ids }) =>
      writeRights({ database, actor }, async (scope) => {
        await getOwnedKey(scope, key);
        const lockIds = (add_ids ?? []) as LockId[];
        await holdPairs(scope, [key.id], lockIds);
        const pairs = checkPairs(await findOfflinePairs(scope, [key.id], lockIds));
        const before = { offline_locks: await listOfflineIds(scope, { keyId: key.id }) };
        const which = { keyIds: [key.id], lockIds: remove_ids ?? [] };
        const removed = await removeOfflineKeys(scope, which);
        await addOfflineKeys(scope, pairs, clock.now());
        const added = pairs.map((pair) => pair.lock_id);
        await checkRoom(scope, added);
        await desiredState.refresh(scope, { lockIds: [...new Set([...removed, ...added])] });
        audit.record(scope, actor, {
          action: 'key.update_offline_access',
          objectType: 'key',
          objectId: key.id,
          accessorId: key.accessorId,
          before,
          after: { offline_locks: await listOfflineIds(scope, { keyId: key.id }) },
        });
      }),
  };
}

function lockFact({ id, collection_id: collectionId }: LockRow) {
  return { action: 'lock.update_offline_keys', objectType: 'lock', objectId: id, collectionId };
}

/** Owners before locks, as everybody does who changes rights, so that a right cannot lose its reason meanwhile. */
async function holdPairs(
  scope: WriteScope,
  keyIds: readonly string[],
  lockIds: readonly LockId[],
): Promise<void> {
  await holdAccessors(scope, await findKeyOwners(scope, keyIds));
  await holdOfflineMemory(scope, lockIds);
}

/** The pairs themselves when every one may be: behaviour.md 12.3. What is there already is not asked again. */
function checkPairs(pairs: readonly OfflinePair[]): readonly OfflinePair[] {
  for (const pair of pairs) {
    const reason = pair.is_present ? undefined : refusal(pair);
    if (reason !== undefined) throw new ApiError('OFFLINE_ACCESS_INVALID', { reason });
  }
  return pairs;
}

function refusal(pair: OfflinePair): string | undefined {
  const { key_id: key, lock_id: lock } = pair;
  if (pair.key_type === null) return `there is no key ${key}`;
  if (!pair.is_lock) return `there is no lock ${lock}`;
  if (!mayOpenOffline(pair.key_type))
    return `key ${key} is of the type ${pair.key_type}, which opens nothing offline`;
  if (pair.is_blocked) return `key ${key} is blocked`;
  if (!pair.has_common_group) return `the accessor of key ${key} is in no group with lock ${lock}`;
  if (!pair.is_attached) return `lock ${lock} is not attached`;
  return undefined;
}

async function checkRoom(scope: Scope, lockIds: readonly LockId[]): Promise<void> {
  const full = lockIds.length === 0 ? undefined : await findOverfullLock(scope, lockIds);
  if (full !== undefined)
    throw new ApiError('OFFLINE_ACCESS_INVALID', {
      reason: `lock ${full.id} holds ${full.most} offline keys at most`,
    });
}
