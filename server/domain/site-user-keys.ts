/** Keys of the people of a site: blocked, and on locks that their hub does not reach (connect-api.md 3.2, 4.5; behaviour.md 12.3). */
import { ApiError } from '#contract/api-error';
import type { AccessorId, KeyId, LockId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { PatchSiteUserKeyRequest } from '#contract/site-user-keys';
import { updateKey } from '#server/store/keys';
import {
  findKeySettingOf,
  insertKeySetting,
  updateKeySetting,
  type KeySettingRow,
} from '#server/store/key-settings';
import type { ListResult } from '#server/store/list';
import { findOfflineLocks, removeOfflineKeys } from '#server/store/offline-keys';
import type { Database } from '#server/store/pool';
import { readScope, type WriteScope } from '#server/store/scope';
import {
  findSiteUserKey,
  listSiteUserKeys,
  type SiteUserKeyRow,
} from '#server/store/site-user-keys';
import { changed } from './collections.ts';
import { getKey, type KeyWriteParts } from './key-writes.ts';
import { placeByAccess } from './key-settings.ts';
import { checkUnblock } from './keys.ts';
import { settleOfflineKeys } from './offline-rights.ts';
import { hasSiteRight } from './permissions.ts';
import { writeRights, type Written } from './rights-write.ts';
import { ensureSetting, heldSiteUser } from './site-user-changes.ts';
import { checkEditable, getSiteUser, noSiteUser, type AtWork } from './site-user-rules.ts';

export type OwnedSiteKey = { readonly accessorId: AccessorId; readonly id: KeyId };

export type SiteUserKeys = {
  /** VALUE_INVALID (`path_id`): the site has no such person, or none that the caller may see. */
  check(at: AtWork, accessorId: AccessorId): Promise<void>;
  /** The same, and NOT_FOUND `Key not found`. */
  get(at: AtWork, key: OwnedSiteKey): Promise<SiteUserKeyRow>;
  list(
    at: AtWork,
    options: ListOptions,
    accessorId: AccessorId,
  ): Promise<ListResult<SiteUserKeyRow>>;
  /**
   * Blocks a key, or lets it open every lock of its owner's groups offline. OPERATION_NOT_ALLOWED: the person is above the caller.
   * OFFLINE_ACCESS_INVALID: such a key opens nothing offline, it is blocked, or a lock has no room.
   */
  update(
    at: AtWork,
    key: OwnedSiteKey,
    body: PatchSiteUserKeyRequest,
  ): Promise<Written<SiteUserKeyRow>>;
};

type Parts = Omit<KeyWriteParts, 'notices'> & { readonly database: Database };

export function createSiteUserKeys(parts: Parts): SiteUserKeys {
  const { database, audit, clock, desiredState } = parts;

  async function check(at: AtWork, accessorId: AccessorId): Promise<void> {
    const scope = readScope(database, at.actor.tenantId);
    const place = { siteId: at.siteId, id: accessorId, now: clock.now() };
    const row = await getSiteUser(scope, place);
    if (row.user_id !== at.userId && !hasSiteRight(at.place, 'see_everything')) throw noSiteUser();
  }

  return {
    check,
    async get(at, key) {
      await check(at, key.accessorId);
      const row = await findSiteUserKey(readScope(database, at.actor.tenantId), key);
      if (row === undefined) throw new ApiError('NOT_FOUND', { thing: 'Key' });
      return row;
    },
    list: (at, options, accessorId) =>
      listSiteUserKeys(readScope(database, at.actor.tenantId), options, accessorId),

    update: (at, key, body) =>
      writeRights({ database, actor: at.actor }, async (scope, warn) => {
        const { accessorId, id } = key;
        const owner = await heldSiteUser(scope, at, accessorId);
        const now = clock.now();
        checkEditable(at, await getSiteUser(scope, { siteId: at.siteId, id: accessorId, now }));
        const before = await findSiteUserKey(scope, key);
        if (before === undefined) throw new ApiError('NOT_FOUND', { thing: 'Key' });
        const { key_type } = await getKey(scope, id);
        await checkUnblock(scope, { owner, former: { key_type }, blocked: body.blocked });
        if (body.blocked !== undefined) await updateKey(scope, id, { blocked: body.blocked });
        const opened = await findOfflineLocks(scope, { keyId: id });
        const placed = await writeSetting(scope, parts, { at, key, body, warn });
        const accessorIds = [accessorId];
        const settled = await settleOfflineKeys(scope, { accessorIds, now });
        await desiredState.refresh(scope, {
          accessorIds,
          lockIds: [...opened, ...placed, ...settled],
        });
        const after = await findSiteUserKey(scope, key);
        if (after === undefined) throw new ApiError('NOT_FOUND', { thing: 'Key' });
        audit.record(scope, at.actor, {
          action: 'key.update',
          objectType: 'key',
          objectId: id,
          accessorId,
          collectionId: at.siteId,
          detail: changed(body),
          before,
          after,
        });
        return after;
      }),
  };
}

type Writing = {
  readonly at: AtWork;
  readonly key: OwnedSiteKey;
  readonly body: PatchSiteUserKeyRequest;
  readonly warn: (word: string) => void;
};

/**
 * What is set for the key in the site. A key that is let in again is so there, too; one whose offline access ends is taken off the
 * locks it was listed at. Gives the locks that know it otherwise than before.
 */
async function writeSetting(
  scope: WriteScope,
  parts: Parts,
  { at, key: { accessorId, id: keyId }, body, warn }: Writing,
): Promise<readonly LockId[]> {
  const { offline_access: isOffline, blocked } = body;
  if (isOffline === undefined && blocked !== false) return [];
  const setting = await ensureSetting(scope, parts, { at, id: accessorId, warn });
  const present = await findKeySettingOf(scope, setting.id, keyId);
  if (present === undefined && isOffline !== true)
    return isOffline === false ? removeOfflineKeys(scope, { keyIds: [keyId], lockIds: null }) : [];
  const row: KeySettingRow = {
    id: present?.id ?? parts.ids.next<string>(),
    accessor_key_id: keyId,
    blocked: blocked === false ? false : (present?.blocked ?? false),
    offline_access_type: typeOf(isOffline, present),
  };
  const now = parts.clock.now();
  if (present === undefined) await insertKeySetting(scope, setting.id, { ...row, created_at: now });
  else
    await updateKeySetting(scope, row.id, {
      blocked: row.blocked,
      offline_access_type: row.offline_access_type,
    });
  if (isOffline === true) return placeByAccess(scope, { setting, row, now });
  return isOffline === false ? removeOfflineKeys(scope, { keyIds: [keyId], lockIds: null }) : [];
}

function typeOf(
  isOffline: boolean | undefined,
  present: KeySettingRow | undefined,
): KeySettingRow['offline_access_type'] {
  if (isOffline === undefined) return present?.offline_access_type ?? 'by_offline_keys';
  return isOffline ? 'by_access' : 'by_offline_keys';
}
