import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { AccessorId, KeyId, TagId } from '#contract/ids';
import type { PatchKeyRequest, PostKeyRequest } from '#contract/keys';
import type { ListOptions } from '#contract/odata';
import type { Actor } from '#server/events/audit';
import { findKey, isOf, listKeys, listTagHolders, type KeyRow } from '#server/store/keys';
import type { HeldAccessor } from '#server/store/accessors';
import { findCollectionOptions } from '#server/store/collection-options';
import type { ListResult } from '#server/store/list';
import { findOfflineLocks } from '#server/store/offline-keys';
import type { Database } from '#server/store/pool';
import { readScope, type Scope, type WriteScope } from '#server/store/scope';
import { holdTag } from '#server/store/tags';
import { heldAccessor } from './accessors.ts';
import { changed } from './collections.ts';
import {
  addTagKey,
  changeKey,
  getKey,
  noKey,
  removeKey,
  type KeyWriteParts,
} from './key-writes.ts';
import { writeRights, type Written } from './rights-write.ts';

export type PostKey = Required<Static<typeof PostKeyRequest>>;
export type PatchKey = Static<typeof PatchKeyRequest>;

/** A key by its owner, as most paths name it. */
export type OwnedKey = { readonly accessorId: AccessorId; readonly id: KeyId };

export type Keys = {
  /** VALUE_INVALID (404) when the tenant has none of that id. */
  get(actor: Actor, id: KeyId): Promise<KeyRow>;
  /** VALUE_INVALID (404) also when it is another accessor's. */
  getOwned(actor: Actor, key: OwnedKey): Promise<KeyRow>;
  list(actor: Actor, options: ListOptions, accessorId: AccessorId): Promise<ListResult<KeyRow>>;
  /** VALUE_INVALID: tag unknown. OPERATION_NOT_ALLOWED: the tag is somebody else's. The key that is there is given again. */
  assign(actor: Actor, accessorId: AccessorId, body: PostKey): Promise<Written<KeyRow>>;
  /** VALUE_INVALID: tag unknown. OPERATION_NOT_ALLOWED: the tag has a key already, or the key is not of a tag. */
  update(actor: Actor, key: OwnedKey, body: PatchKey): Promise<Written<KeyRow>>;
  /** OPERATION_NOT_ALLOWED while the key opens a lock offline, unless forced (core-api.md 10). */
  remove(actor: Actor, key: OwnedKey, rule: { readonly force: boolean }): Promise<Written<void>>;
};

type Parts = KeyWriteParts & { readonly database: Database };

export function createKeys(parts: Parts): Keys {
  const { database } = parts;
  const scopeOf = (actor: Actor): Scope => readScope(database, actor.tenantId);
  return {
    get: (actor, id) => getKey(scopeOf(actor), id),
    getOwned: (actor, key) => getOwnedKey(scopeOf(actor), key),
    list: (actor, options, accessorId) => listKeys(scopeOf(actor), options, isOf(accessorId)),

    assign: (actor, accessorId, body) =>
      writeRights({ database, actor }, async (scope) => {
        const owner = await heldAccessor(scope, accessorId);
        const tagId = await heldTag(scope, { id: body.tag_id, parameter: 'tag_id' });
        const present = await checkHolders(scope, { tagId, owner });
        if (present !== undefined) return getKey(scope, present);
        return addTagKey(scope, parts, { actor, owner, tagId, blocked: body.blocked });
      }),

    update: (actor, key, body) =>
      writeRights({ database, actor }, async (scope) => {
        const owner = await heldAccessor(scope, key.accessorId);
        const former = await getOwnedKey(scope, key);
        const tagId = await swappedTag(scope, { owner, former, wanted: body.key_id });
        await checkUnblock(scope, { owner, former, blocked: body.blocked });
        return changeKey(scope, parts, {
          actor,
          owner,
          id: key.id,
          tagId,
          blocked: body.blocked,
          detail: changed(body),
        });
      }),

    remove: (actor, key, { force }) =>
      writeRights({ database, actor }, async (scope) => {
        const owner = await heldAccessor(scope, key.accessorId);
        await getOwnedKey(scope, key);
        const lockIds = await findOfflineLocks(scope, { keyId: key.id });
        if (!force && lockIds.length > 0)
          throw notAllowed('The key opens locks offline; send force=true.');
        await removeKey(scope, parts, { actor, owner, id: key.id });
      }),
  };
}

/** The key of a path that names its owner. VALUE_INVALID (404) when that accessor has none of that id. */
export async function getOwnedKey(scope: Scope, key: OwnedKey): Promise<KeyRow> {
  const row = await findKey(scope, key.id);
  if (row === undefined || row.accessor_id !== key.accessorId) throw noKey();
  return row;
}

function notAllowed(reason: string): ApiError {
  return new ApiError('OPERATION_NOT_ALLOWED', { reason });
}

async function heldTag(
  scope: WriteScope,
  { id, parameter }: { readonly id: string; readonly parameter: string },
): Promise<TagId> {
  const tagId = id as TagId;
  if (!(await holdTag(scope, tagId)))
    throw new ApiError('VALUE_INVALID', { parameter, reason: 'Nothing has this id.' });
  return tagId;
}

/** How a tag stands to somebody: another person's, or theirs already by this key. */
export type TagStanding = { readonly isTaken: boolean; readonly ownKeyId: KeyId | undefined };

/** Only the accessors of one person share a tag (behaviour.md 5.1). */
export async function tagStanding(
  scope: Scope,
  { tagId, owner }: { readonly tagId: TagId; readonly owner: Pick<HeldAccessor, 'id' | 'user_id'> },
): Promise<TagStanding> {
  const holders = await listTagHolders(scope, tagId);
  const own = holders.find((holder) => holder.accessor_id === owner.id);
  const isShareable = holders.every(
    (holder) => holder.user_id !== null && holder.user_id === owner.user_id,
  );
  return { isTaken: own === undefined && !isShareable, ownKeyId: own?.key_id };
}

/** The owner's own key of a tag, if any. OPERATION_NOT_ALLOWED when the tag is another person's. */
async function checkHolders(
  scope: Scope,
  asked: { readonly tagId: TagId; readonly owner: HeldAccessor },
): Promise<KeyId | undefined> {
  const { isTaken, ownKeyId } = await tagStanding(scope, asked);
  if (isTaken) throw notAllowed('The tag has another accessor.');
  return ownKeyId;
}

/** The tag that takes the place of a key's own; undefined when none is asked for or it is the same. */
async function swappedTag(
  scope: WriteScope,
  asked: {
    readonly owner: HeldAccessor;
    readonly former: KeyRow;
    readonly wanted: string | null | undefined;
  },
): Promise<TagId | undefined> {
  const { owner, former, wanted } = asked;
  if (wanted === undefined || wanted === null || wanted === former.key_id) return undefined;
  if (former.key_type !== 'tag') throw notAllowed('Only the tag of a key can be swapped.');
  const tagId = await heldTag(scope, { id: wanted, parameter: 'key_id' });
  if ((await checkHolders(scope, { tagId, owner })) !== undefined)
    throw notAllowed('The accessor has a key of that tag.');
  return tagId;
}

/** Custom PINs of a collection that allows none stay blocked (behaviour.md 5.4). */
export async function checkUnblock(
  scope: Scope,
  asked: {
    readonly owner: Pick<HeldAccessor, 'collection_id'>;
    readonly former: Pick<KeyRow, 'key_type'>;
    readonly blocked: boolean | undefined;
  },
): Promise<void> {
  if (asked.former.key_type !== 'custom_pin' || asked.blocked !== false) return;
  const options = await findCollectionOptions(scope, asked.owner.collection_id);
  if (!options.custom_pin_enabled) throw notAllowed('The collection allows no custom PINs.');
}
