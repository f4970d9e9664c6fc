import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { KeyId, LockId } from '#contract/ids';
import type { PatchKeySettingsRequest, PostKeySettingsRequest } from '#contract/key-settings';
import type { ListOptions } from '#contract/odata';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import type { CollectionSettingRow, SettingPlace } from '#server/store/collection-settings';
import {
  deleteKeySetting,
  findKeySetting,
  insertKeySetting,
  listKeySettings,
  updateKeySetting,
  type KeySettingRow,
} from '#server/store/key-settings';
import { findKey } from '#server/store/keys';
import type { ListResult } from '#server/store/list';
import { addKeysByAccess } from '#server/store/offline-keys';
import type { Database } from '#server/store/pool';
import { readScope, type Scope, type WriteScope } from '#server/store/scope';
import { heldAccessor } from './accessors.ts';
import { getCollectionSetting } from './collection-settings.ts';
import { changed } from './collections.ts';
import type { DesiredState } from './desired-state.ts';
import { mayOpenOffline, settleOfflineKeys } from './offline-rights.ts';
import { writeRights, type Written } from './rights-write.ts';

export type PostKeySetting = Required<Static<typeof PostKeySettingsRequest>>;
export type PatchKeySetting = Static<typeof PatchKeySettingsRequest>;

export type KeySettings = {
  /** VALUE_INVALID (404) when the collection setting, or this one in it, does not exist. */
  get(actor: Actor, place: SettingPlace, id: string): Promise<KeySettingRow>;
  list(actor: Actor, options: ListOptions, place: SettingPlace): Promise<ListResult<KeySettingRow>>;
  /** VALUE_INVALID: not a key of the accessor, or it has one. OFFLINE_ACCESS_INVALID: cannot open by access. */
  create(actor: Actor, place: SettingPlace, body: PostKeySetting): Promise<Written<KeySettingRow>>;
  /** OFFLINE_ACCESS_INVALID: the key cannot open by access, or a lock has no room. */
  update(
    actor: Actor,
    place: SettingPlace & { readonly id: string },
    body: PatchKeySetting,
  ): Promise<Written<KeySettingRow>>;
  remove(actor: Actor, place: SettingPlace & { readonly id: string }): Promise<Written<void>>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly desiredState: DesiredState;
};

export function createKeySettings(parts: Parts): KeySettings {
  const { database, audit, clock, ids, desiredState } = parts;

  /** What was asked for now must fit as a whole; what no longer has a reason goes. */
  async function settle(
    scope: WriteScope,
    setting: CollectionSettingRow,
    asked: KeySettingRow | null,
  ): Promise<void> {
    const accessorIds = [setting.accessor_id];
    const now = clock.now();
    const placed =
      asked?.offline_access_type === 'by_access'
        ? await placeByAccess(scope, { setting, row: asked, now })
        : [];
    const settled = await settleOfflineKeys(scope, { accessorIds, now });
    await desiredState.refresh(scope, { accessorIds, lockIds: [...placed, ...settled] });
  }

  return {
    async get(actor, place, id) {
      const scope = readScope(database, actor.tenantId);
      const setting = await getCollectionSetting(scope, place);
      return getKeySetting(scope, setting, id);
    },
    async list(actor, options, place) {
      const scope = readScope(database, actor.tenantId);
      const setting = await getCollectionSetting(scope, place);
      return listKeySettings(scope, options, setting.id);
    },

    create: (actor, place, body) =>
      writeRights({ database, actor }, async (scope) => {
        await heldAccessor(scope, place.accessorId);
        const setting = await getCollectionSetting(scope, place);
        const keyId = body.accessor_key_id as KeyId;
        const key = await findKey(scope, keyId);
        if (key?.accessor_id !== place.accessorId)
          throw notAllowedKey('The accessor has no such key.');
        const row = {
          id: ids.next<string>(),
          accessor_key_id: keyId,
          blocked: body.blocked,
          offline_access_type: body.offline_access_type,
        };
        if (!(await insertKeySetting(scope, setting.id, { ...row, created_at: clock.now() })))
          throw notAllowedKey('The key has a setting here.');
        await settle(scope, setting, row);
        audit.record(scope, actor, { ...fact('create', { setting, id: row.id }), after: row });
        return row;
      }),

    update: (actor, { id, ...place }, body) =>
      writeRights({ database, actor }, async (scope) => {
        await heldAccessor(scope, place.accessorId);
        const setting = await getCollectionSetting(scope, place);
        const before = await getKeySetting(scope, setting, id);
        await updateKeySetting(scope, id, body);
        const row = await getKeySetting(scope, setting, id);
        await settle(scope, setting, body.offline_access_type === undefined ? null : row);
        const detail = changed(body);
        audit.record(scope, actor, {
          ...fact('update', { setting, id }),
          detail,
          before,
          after: row,
        });
        return row;
      }),

    remove: (actor, { id, ...place }) =>
      writeRights({ database, actor }, async (scope) => {
        await heldAccessor(scope, place.accessorId);
        const setting = await getCollectionSetting(scope, place);
        const before = await getKeySetting(scope, setting, id);
        await deleteKeySetting(scope, id);
        await settle(scope, setting, null);
        audit.record(scope, actor, { ...fact('delete', { setting, id }), before });
      }),
  };
}

async function getKeySetting(
  scope: Scope,
  setting: CollectionSettingRow,
  id: string,
): Promise<KeySettingRow> {
  const row = await findKeySetting(scope, setting.id, id);
  if (row === undefined) throw new ApiError('VALUE_INVALID', { parameter: 'id', case: 'path_id' });
  return row;
}

function notAllowedKey(reason: string): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: 'accessor_key_id', reason });
}

/**
 * Puts a key on the locks of its owner's groups; gives those it came to. OFFLINE_ACCESS_INVALID: one that may open nothing offline,
 * or finds a lock full, is refused as a whole (behaviour.md 12.3).
 */
export async function placeByAccess(
  scope: WriteScope,
  asked: {
    readonly setting: CollectionSettingRow;
    readonly row: KeySettingRow;
    readonly now: Date;
  },
): Promise<readonly LockId[]> {
  const { setting, row, now } = asked;
  const key = await findKey(scope, row.accessor_key_id);
  if (key !== undefined && !mayOpenOffline(key.key_type))
    throw refused(`a key of the type ${key.key_type} opens nothing offline`);
  if (key?.blocked === true || row.blocked) throw refused('the key is blocked');
  const accessorIds = [setting.accessor_id];
  const { lockIds, homeless } = await addKeysByAccess(scope, { accessorIds, lockIds: [], now });
  if (homeless.includes(row.accessor_key_id)) throw refused('a lock has no room for the key');
  return lockIds;
}

function refused(reason: string): ApiError {
  return new ApiError('OFFLINE_ACCESS_INVALID', { reason });
}

function fact(
  verb: string,
  { setting, id }: { readonly setting: CollectionSettingRow; readonly id: string },
) {
  return {
    action: `key_setting.${verb}`,
    objectType: 'key_setting',
    objectId: id,
    accessorId: setting.accessor_id,
    collectionId: setting.collection_id,
  };
}
