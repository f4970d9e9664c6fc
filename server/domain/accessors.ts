import type { Static } from 'typebox';
import type { PatchAccessorRequest, PostAccessorRequest } from '#contract/accessors';
import { ApiError } from '#contract/api-error';
import type { AccessGroupId, AccessorId, CollectionId, LockId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import {
  hasAccessor,
  isInGroup,
  isInOtherGroup,
  listAccessGroups,
  type AccessGroupRow,
} from '#server/store/access-groups';
import { hasCodeClash, holdPinHashKeys } from '#server/store/accessor-pins';
import {
  deleteAccessor,
  findAccessor,
  findAccessorUse,
  holdAccessor,
  insertAccessor,
  isInSite,
  listAccessors,
  updateAccessor,
  type AccessorRow,
  type HeldAccessor,
} from '#server/store/accessors';
import type { ListResult } from '#server/store/list';
import { findOfflineLocks } from '#server/store/offline-keys';
import { leaveSite } from '#server/store/people';
import { findGuestGroups } from '#server/store/pod-people';
import type { Database } from '#server/store/pool';
import { readScope, type Scope, type WriteScope } from '#server/store/scope';
import { changed, collectionOfBody } from './collections.ts';
import type { DesiredState } from './desired-state.ts';
import { settleOfflineKeys } from './offline-rights.ts';
import { writeRights, type Written } from './rights-write.ts';

export type PostAccessor = Required<Static<typeof PostAccessorRequest>>;
export type PatchAccessor = Static<typeof PatchAccessorRequest>;

export type Accessors = {
  /** VALUE_INVALID (404) when the tenant has none of that id. */
  get(actor: Actor, id: AccessorId): Promise<AccessorRow>;
  list(actor: Actor, options: ListOptions): Promise<ListResult<AccessorRow>>;
  /** The accessors of a group. */
  listOfGroup(
    actor: Actor,
    options: ListOptions,
    id: AccessGroupId,
  ): Promise<ListResult<AccessorRow>>;
  listGroups(
    actor: Actor,
    options: ListOptions,
    id: AccessorId,
  ): Promise<ListResult<AccessGroupRow>>;
  /** VALUE_INVALID: id taken, collection unknown. */
  create(actor: Actor, body: PostAccessor): Promise<Written<AccessorRow>>;
  /** VALUE_INVALID: collection unknown, or not that of a group the accessor is in. */
  update(actor: Actor, id: AccessorId, body: PatchAccessor): Promise<Written<AccessorRow>>;
  /** OPERATION_NOT_ALLOWED for the owner of a site, and with an active IQ PIN or a tag unless forced (core-api.md 10). */
  remove(actor: Actor, id: AccessorId, rule: { readonly force: boolean }): Promise<Written<void>>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly desiredState: DesiredState;
};

export function createAccessors(parts: Parts): Accessors {
  const { database, audit, clock, ids, desiredState } = parts;
  const scopeOf = (actor: Actor): Scope => readScope(database, actor.tenantId);
  return {
    get: (actor, id) => getAccessor(scopeOf(actor), id),
    list: (actor, options) => listAccessors(scopeOf(actor), options),
    listOfGroup: (actor, options, id) =>
      listAccessors(scopeOf(actor), options, isInGroup('accessors', id)),
    listGroups: (actor, options, id) => listAccessGroups(scopeOf(actor), options, hasAccessor(id)),

    create: (actor, body) =>
      writeRights({ database, actor }, async (scope) => {
        const id = (body.id ?? ids.next()) as AccessorId;
        const collectionId = await collectionOfBody(scope, body.collection_id);
        const row = { ...body, id, collection_id: collectionId, created_at: clock.now() };
        if (!(await insertAccessor(scope, row)))
          throw new ApiError('VALUE_INVALID', { parameter: 'id', reason: 'It is taken.' });
        await desiredState.refresh(scope, { accessorIds: [id] });
        const after = await getAccessor(scope, id);
        audit.record(scope, actor, { ...fact('create', { id, collectionId }), after });
        return after;
      }),

    update: (actor, id, body) =>
      writeRights({ database, actor }, async (scope) => {
        const collectionId =
          body.collection_id === undefined
            ? undefined
            : await collectionOfBody(scope, body.collection_id);
        const former = await heldAccessor(scope, id);
        if (collectionId !== undefined && collectionId !== former.collection_id)
          await checkMove(scope, { accessor: former, collectionId });
        const before = await getAccessor(scope, id);
        await updateAccessor(scope, id, body);
        const lockIds = await settleOfflineKeys(scope, { accessorIds: [id], now: clock.now() });
        await desiredState.refresh(scope, { accessorIds: [id], lockIds });
        const row = await getAccessor(scope, id);
        const detail = changed(body);
        audit.record(scope, actor, {
          ...fact('update', { id, collectionId: row.collection_id }),
          detail,
          before,
          after: row,
        });
        return row;
      }),

    remove: (actor, id, { force }) =>
      writeRights({ database, actor }, async (scope) => {
        const accessor = await heldAccessor(scope, id);
        const { collection_id: collectionId } = accessor;
        const use = await findAccessorUse(scope, id);
        if (use.isOwner) throw notAllowed('The accessor is the owner of a site.');
        if (!force && use.hasActivePin)
          throw notAllowed('The accessor has an active PIN on an IQ; send force=true.');
        if (!force && use.hasTag) throw notAllowed('The accessor has a tag; send force=true.');
        const before = await getAccessor(scope, id);
        await dropAccessor(scope, { accessor, desiredState });
        audit.record(scope, actor, { ...fact('delete', { id, collectionId }), before });
      }),
  };
}

/** The accessor of a path. VALUE_INVALID (404) when the tenant has none of that id. */
export async function getAccessor(scope: Scope, id: AccessorId): Promise<AccessorRow> {
  const row = await findAccessor(scope, id);
  if (row === undefined) throw noAccessor();
  return row;
}

/** The accessor of a path, held for a write. VALUE_INVALID (404) when the tenant has none of that id. */
export async function heldAccessor(scope: WriteScope, id: AccessorId): Promise<HeldAccessor> {
  const row = await holdAccessor(scope, id);
  if (row === undefined) throw noAccessor();
  return row;
}

function noAccessor(): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: 'accessor_id', case: 'path_id' });
}

function notAllowed(reason: string): ApiError {
  return new ApiError('OPERATION_NOT_ALLOWED', { reason });
}

/**
 * Takes an accessor away with all it has; the doors are told. Of a person whom no site has any more, and who has no profile,
 * nothing is kept.
 */
export async function dropAccessor(
  scope: WriteScope,
  {
    accessor,
    desiredState,
  }: { readonly accessor: HeldAccessor; readonly desiredState: DesiredState },
): Promise<void> {
  await desiredState.refresh(scope, await takeAway(scope, accessor));
}

/** The same for a caller who tells the doors; gives what they must hear of. */
export async function takeAway(
  scope: WriteScope,
  {
    id,
    user_id: userId,
    collection_id: siteId,
  }: Pick<HeldAccessor, 'id' | 'user_id' | 'collection_id'>,
): Promise<Gone> {
  const gone = await deletePlace(scope, id);
  if (userId !== null && siteId !== null) await leaveSite(scope, { userIds: [userId], siteId });
  return gone;
}

/** What the doors must hear of when an accessor goes: with a guest of a pod goes the group of its own rule. */
export type Gone = {
  readonly accessorIds: readonly AccessorId[];
  readonly lockIds: readonly LockId[];
  readonly groupIds: readonly AccessGroupId[];
};

/** Deletes an accessor and keeps its person. */
export async function deletePlace(scope: WriteScope, id: AccessorId): Promise<Gone> {
  const offline = await findOfflineLocks(scope, { accessorId: id });
  const { groupIds, lockIds } = await findGuestGroups(scope, [id]);
  await deleteAccessor(scope, id);
  return { accessorIds: [id], groupIds, lockIds: [...new Set([...offline, ...lockIds])] };
}

/**
 * An accessor stays inside the collection of its groups (core-api.md 7.4), and brings no code that is in use (behaviour.md 5.4).
 * An owner stays in the own site, and nobody is twice in one.
 */
async function checkMove(
  scope: WriteScope,
  move: { readonly accessor: HeldAccessor; readonly collectionId: CollectionId | null },
): Promise<void> {
  const { accessor, collectionId } = move;
  const { id, user_id: userId } = accessor;
  const no = (reason: string): ApiError =>
    new ApiError('VALUE_INVALID', { parameter: 'collection_id', reason });
  if ((await findAccessorUse(scope, id)).isOwner) throw no('The accessor is the owner of a site.');
  if (collectionId !== null && (await isInOtherGroup(scope, 'accessors', { id, collectionId })))
    throw no('The accessor is in an access group of another collection.');
  const isThere =
    userId !== null && collectionId !== null && (await isInSite(scope, { userId, collectionId }));
  if (isThere) throw no('The person of the accessor has another accessor there.');
  await holdPinHashKeys(scope);
  if (await hasCodeClash(scope, id, collectionId))
    throw no('A keypad code of the accessor cannot be used there.');
}

function fact(
  verb: string,
  what: { readonly id: AccessorId; readonly collectionId: CollectionId | null },
) {
  return {
    action: `accessor.${verb}`,
    objectType: 'accessor',
    objectId: what.id,
    accessorId: what.id,
    collectionId: what.collectionId,
  };
}
