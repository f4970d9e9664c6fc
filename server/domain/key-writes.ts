/** What is written, told and recorded when a key of a tag comes, changes or goes; who may is asked before. */
import { ApiError } from '#contract/api-error';
import type { AccessorId, KeyId, TagId } from '#contract/ids';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import type { HeldAccessor } from '#server/store/accessors';
import { deleteKey, findKey, insertKey, updateKey, type KeyRow } from '#server/store/keys';
import { findOfflineLocks } from '#server/store/offline-keys';
import type { Scope, WriteScope } from '#server/store/scope';
import type { DesiredState } from './desired-state.ts';
import { tagGiven, type Notices } from './notices.ts';
import { settleOfflineKeys } from './offline-rights.ts';

export type KeyWriteParts = {
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly desiredState: DesiredState;
  readonly notices: Notices;
};

type Held = { readonly actor: Actor; readonly owner: HeldAccessor };

/** Makes a key of a tag; its owner is told. */
export async function addTagKey(
  scope: WriteScope,
  { audit, clock, ids, desiredState, notices }: KeyWriteParts,
  { actor, owner, tagId, blocked }: Held & { readonly tagId: TagId; readonly blocked: boolean },
): Promise<KeyRow> {
  const id = ids.next<KeyId>();
  await insertKey(scope, {
    id,
    accessor_id: owner.id,
    key_type: 'tag',
    credential_id: tagId,
    blocked,
    credential_value: null,
    expires_at: null,
    created_at: clock.now(),
  });
  await desiredState.refresh(scope, { accessorIds: [owner.id] });
  const after = await getKey(scope, id);
  audit.record(scope, actor, { ...fact('create', { owner, id }), after });
  await notices.tell(scope, tagGiven(owner, after.key_number));
  return after;
}

/** Blocks a key or swaps its tag: rights and offline relations follow. `detail` names the members sent. */
export async function changeKey(
  scope: WriteScope,
  { audit, clock, desiredState, notices }: KeyWriteParts,
  {
    actor,
    owner,
    id,
    tagId,
    blocked,
    detail,
  }: Held & {
    readonly id: KeyId;
    readonly tagId: TagId | undefined;
    readonly blocked: boolean | undefined;
    readonly detail: string;
  },
): Promise<KeyRow> {
  const before = await getKey(scope, id);
  await updateKey(scope, id, {
    ...(tagId === undefined ? {} : { credential_id: tagId }),
    ...(blocked === undefined ? {} : { blocked }),
  });
  const accessorIds: readonly AccessorId[] = [owner.id];
  const settled = await settleOfflineKeys(scope, { accessorIds, now: clock.now() });
  const opened = await findOfflineLocks(scope, { keyId: id });
  await desiredState.refresh(scope, { accessorIds, lockIds: [...settled, ...opened] });
  const after = await getKey(scope, id);
  audit.record(scope, actor, { ...fact('update', { owner, id }), detail, before, after });
  if (tagId !== undefined) await notices.tell(scope, tagGiven(owner, after.key_number));
  return after;
}

/** Takes a key away, offline too; the credential stays. */
export async function removeKey(
  scope: WriteScope,
  { audit, desiredState }: KeyWriteParts,
  { actor, owner, id }: Held & { readonly id: KeyId },
): Promise<void> {
  const lockIds = await findOfflineLocks(scope, { keyId: id });
  const before = await getKey(scope, id);
  await deleteKey(scope, id);
  await desiredState.refresh(scope, { accessorIds: [owner.id], lockIds });
  audit.record(scope, actor, { ...fact('delete', { owner, id }), before });
}

/** The key of a path. VALUE_INVALID (404) when the tenant has none of that id. */
export async function getKey(scope: Scope, id: KeyId): Promise<KeyRow> {
  const row = await findKey(scope, id);
  if (row === undefined) throw noKey();
  return row;
}

/** What a path's key that names nothing is answered with. */
export function noKey(): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: 'id', case: 'path_id' });
}

function fact(verb: string, { owner, id }: { readonly owner: HeldAccessor; readonly id: KeyId }) {
  return {
    action: `key.${verb}`,
    objectType: 'key',
    objectId: id,
    accessorId: owner.id,
    collectionId: owner.collection_id,
  };
}
