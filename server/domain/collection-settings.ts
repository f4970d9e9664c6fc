import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type {
  PatchCollectionSettingRequest,
  PostCollectionSettingRequest,
} from '#contract/collection-settings';
import type { AccessorId, CollectionId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import {
  deleteCollectionSetting,
  findCollectionSetting,
  hasKeySettings,
  insertCollectionSetting,
  isGuestOver,
  isSettingIn,
  isSettingOf,
  listCollectionSettings,
  updateCollectionSetting,
  type CollectionSettingRow,
  type SettingPlace,
} from '#server/store/collection-settings';
import { holdCollection } from '#server/store/collections';
import { hasFreeSeat } from '#server/store/seats';
import type { ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import { readScope, type Scope, type WriteScope } from '#server/store/scope';
import { heldAccessor } from './accessors.ts';
import { changed } from './collections.ts';
import type { DesiredState } from './desired-state.ts';
import { settleOfflineKeys } from './offline-rights.ts';
import { writeRights, type Written } from './rights-write.ts';
import { takeSeat } from './seats.ts';

export type PostCollectionSetting = Required<Static<typeof PostCollectionSettingRequest>>;
export type PatchCollectionSetting = Static<typeof PatchCollectionSettingRequest>;

export type CollectionSettings = {
  /** VALUE_INVALID (404) when the accessor has none in the collection. */
  get(actor: Actor, place: SettingPlace): Promise<CollectionSettingRow>;
  listOfAccessor(
    actor: Actor,
    options: ListOptions,
    id: AccessorId,
  ): Promise<ListResult<CollectionSettingRow>>;
  listOfCollection(
    actor: Actor,
    options: ListOptions,
    id: CollectionId,
  ): Promise<ListResult<CollectionSettingRow>>;
  /**
   * VALUE_INVALID: id taken, collection unknown, or the accessor has one there already. NO_SUBSCRIPTION: no seat is free for a
   * setting that is not suspended (behaviour.md 15), as below.
   */
  create(
    actor: Actor,
    accessorId: AccessorId,
    body: PostCollectionSetting,
  ): Promise<Written<CollectionSettingRow>>;
  update(
    actor: Actor,
    place: SettingPlace,
    body: PatchCollectionSetting,
  ): Promise<Written<CollectionSettingRow>>;
  /** OPERATION_NOT_ALLOWED while it has key settings, unless forced (core-api.md 10). */
  remove(
    actor: Actor,
    place: SettingPlace,
    rule: { readonly force: boolean },
  ): Promise<Written<void>>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly desiredState: DesiredState;
};

export function createCollectionSettings(parts: Parts): CollectionSettings {
  const { database, audit, clock, ids, desiredState } = parts;
  const scopeOf = (actor: Actor): Scope => readScope(database, actor.tenantId);

  async function refresh(scope: WriteScope, accessorId: AccessorId): Promise<void> {
    const accessorIds = [accessorId];
    const lockIds = await settleOfflineKeys(scope, { accessorIds, now: clock.now() });
    await desiredState.refresh(scope, { accessorIds, lockIds });
  }

  return {
    get: (actor, place) => getCollectionSetting(scopeOf(actor), place),
    listOfAccessor: (actor, options, id) =>
      listCollectionSettings(scopeOf(actor), options, isSettingOf(id)),
    listOfCollection: (actor, options, id) =>
      listCollectionSettings(scopeOf(actor), options, isSettingIn(id)),

    create: (actor, accessorId, body) =>
      writeRights({ database, actor }, async (scope, warn) => {
        const place = { accessorId, collectionId: body.collection_id as CollectionId };
        if (!(await holdCollection(scope, place.collectionId)))
          throw new ApiError('VALUE_INVALID', {
            parameter: 'collection_id',
            reason: 'Nothing has this id.',
          });
        await heldAccessor(scope, accessorId);
        if ((await findCollectionSetting(scope, place)) !== undefined)
          throw new ApiError('VALUE_INVALID', {
            parameter: 'collection_id',
            reason: 'The accessor has a setting in this collection.',
          });
        if (body.suspended) {
          if (!(await hasFreeSeat(scope, place.collectionId, clock.now())))
            warn('seat_limit_reached');
        } else await takeSeat(scope, place.collectionId, clock.now());
        const isInserted = await insertCollectionSetting(scope, {
          ...body,
          id: body.id ?? ids.next(),
          accessor_id: accessorId,
          collection_id: place.collectionId,
          created_at: clock.now(),
        });
        if (!isInserted)
          throw new ApiError('VALUE_INVALID', { parameter: 'id', reason: 'It is taken.' });
        await refresh(scope, accessorId);
        const row = await getCollectionSetting(scope, place);
        audit.record(scope, actor, { ...fact('create', row), after: row });
        return row;
      }),

    update: (actor, place, body) =>
      writeRights({ database, actor }, async (scope) => {
        await heldAccessor(scope, place.accessorId);
        const before = await getCollectionSetting(scope, place);
        if (before.suspended && body.suspended === false) {
          await checkNotOver(scope, { ...place, now: clock.now() });
          await takeSeat(scope, place.collectionId, clock.now());
        }
        await updateCollectionSetting(scope, before.id, body);
        await refresh(scope, place.accessorId);
        const row = await getCollectionSetting(scope, place);
        audit.record(scope, actor, {
          ...fact('update', row),
          detail: changed(body),
          before,
          after: row,
        });
        return row;
      }),

    remove: (actor, place, { force }) =>
      writeRights({ database, actor }, async (scope) => {
        await heldAccessor(scope, place.accessorId);
        const row = await getCollectionSetting(scope, place);
        if (!force && (await hasKeySettings(scope, row.id)))
          throw new ApiError('OPERATION_NOT_ALLOWED', {
            reason: 'Settings of keys hang on it; send force=true.',
          });
        await deleteCollectionSetting(scope, row.id);
        await refresh(scope, place.accessorId);
        audit.record(scope, actor, { ...fact('delete', row), before: row });
      }),
  };
}

/** A guest whose time is over stays suspended (connect-api.md 3.2). OPERATION_NOT_ALLOWED. */
export async function checkNotOver(
  scope: Scope,
  place: SettingPlace & { readonly now: Date },
): Promise<void> {
  if (await isGuestOver(scope, place))
    throw new ApiError('OPERATION_NOT_ALLOWED', { reason: 'The time of the guest is over.' });
}

/** The setting of a path. VALUE_INVALID (404) when the accessor has none in the collection. */
export async function getCollectionSetting(
  scope: Scope,
  place: SettingPlace,
): Promise<CollectionSettingRow> {
  const row = await findCollectionSetting(scope, place);
  if (row === undefined)
    throw new ApiError('VALUE_INVALID', { parameter: 'collection_id', case: 'path_id' });
  return row;
}

function fact(verb: string, row: CollectionSettingRow) {
  return {
    action: `collection_setting.${verb}`,
    objectType: 'collection_setting',
    objectId: row.id,
    accessorId: row.accessor_id,
    collectionId: row.collection_id,
  };
}
