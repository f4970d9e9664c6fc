import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type {
  AccessorFloorsResponse,
  FloorPatchRequest,
  FloorRequest,
  FloorResponse,
} from '#contract/floors';
import type { AccessorId, CollectionId, FloorId, LockId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import { holdCollection } from '#server/store/collections';
import {
  addFloorLocks,
  deleteFloor,
  findFloor,
  holdCollectionLocks,
  holdFloor,
  insertFloor,
  isOnFloor,
  listAccessorFloors,
  listFloors,
  removeFloorLocks,
  updateFloor,
  type CollectionFloor,
  type FloorRow,
} from '#server/store/floors';
import type { ListResult } from '#server/store/list';
import { listLocks, type LockRow } from '#server/store/locks';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type Scope, type WriteScope } from '#server/store/scope';
import { changed, noCollection } from './collections.ts';

export type PostFloor = Required<Static<typeof FloorRequest>>;
export type PatchFloor = Static<typeof FloorPatchRequest>;

export type Floors = {
  /** VALUE_INVALID (404) when the collection has none of that id. */
  get(actor: Actor, floor: CollectionFloor): Promise<FloorRow>;
  list(actor: Actor, options: ListOptions, id: CollectionId): Promise<ListResult<FloorRow>>;
  listLocks(actor: Actor, options: ListOptions, id: FloorId): Promise<ListResult<LockRow>>;
  /** The floors of one accessor, and of all that have one. */
  ofAccessor(actor: Actor, id: AccessorId, collectionId: CollectionId): Promise<FloorResponse[]>;
  ofAccessors(actor: Actor, collectionId: CollectionId): Promise<AccessorFloorsResponse[]>;
  /** VALUE_INVALID: a lock is not of the collection. */
  create(actor: Actor, collectionId: CollectionId, body: PostFloor): Promise<FloorRow>;
  update(actor: Actor, floor: CollectionFloor, body: PatchFloor): Promise<FloorRow>;
  /** OPERATION_NOT_ALLOWED while it has locks, unless forced (core-api.md 10). */
  remove(actor: Actor, floor: CollectionFloor, rule: { readonly force: boolean }): Promise<void>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
};

export function createFloors({ database, audit, clock, ids }: Parts): Floors {
  const scopeOf = (actor: Actor): Scope => readScope(database, actor.tenantId);
  const write = <T>(actor: Actor, work: (scope: WriteScope) => Promise<T>): Promise<T> =>
    inTransaction({ database, tenantId: actor.tenantId }, work);
  return {
    get: (actor, floor) => getFloor(scopeOf(actor), floor),
    list: (actor, options, id) => listFloors(scopeOf(actor), options, id),
    listLocks: (actor, options, id) => listLocks(scopeOf(actor), options, isOnFloor(id)),
    ofAccessor: async (actor, id, collectionId) => {
      const [found] = await listAccessorFloors(scopeOf(actor), collectionId, id);
      return found?.floors ?? [];
    },
    ofAccessors: (actor, collectionId) => listAccessorFloors(scopeOf(actor), collectionId, null),

    create: (actor, collectionId, body) =>
      write(actor, async (scope) => {
        if (!(await holdCollection(scope, collectionId))) throw noCollection();
        const parameter = 'lock_ids';
        const sent = body.lock_ids ?? [];
        const lockIds = await heldLocks(scope, collectionId, { ids: sent, parameter });
        const floor = { collectionId, id: ids.next<FloorId>() };
        await insertFloor(scope, {
          id: floor.id,
          collection_id: collectionId,
          customer_reference: body.customer_reference,
          number: body.number,
          created_at: clock.now(),
        });
        await addFloorLocks(scope, floor.id, lockIds);
        const after = await getFloor(scope, floor);
        audit.record(scope, actor, { ...fact('create', floor), after });
        return after;
      }),

    update: (actor, floor, body) =>
      write(actor, async (scope) => {
        if (!(await holdFloor(scope, floor))) throw noFloor();
        const parameter = 'lock_to_add_ids';
        const sent = body.lock_to_add_ids ?? [];
        const adding = await heldLocks(scope, floor.collectionId, { ids: sent, parameter });
        const before = await getFloor(scope, floor);
        await updateFloor(scope, floor.id, body);
        await removeFloorLocks(scope, floor.id, body.lock_to_remove_ids ?? []);
        await addFloorLocks(scope, floor.id, adding);
        const after = await getFloor(scope, floor);
        audit.record(scope, actor, {
          ...fact('update', floor),
          detail: changed(body),
          before,
          after,
        });
        return after;
      }),

    remove: (actor, floor, { force }) =>
      write(actor, async (scope) => {
        if (!(await holdFloor(scope, floor))) throw noFloor();
        const before = await getFloor(scope, floor);
        if (!force && before.lock_count > 0)
          throw new ApiError('OPERATION_NOT_ALLOWED', {
            reason: 'The floor has locks; send force=true.',
          });
        await deleteFloor(scope, floor.id);
        audit.record(scope, actor, { ...fact('delete', floor), before });
      }),
  };
}

async function getFloor(scope: Scope, floor: CollectionFloor): Promise<FloorRow> {
  const row = await findFloor(scope, floor);
  if (row === undefined) throw noFloor();
  return row;
}

function noFloor(): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: 'floor_id', case: 'path_id' });
}

async function heldLocks(
  scope: WriteScope,
  collectionId: CollectionId,
  { ids, parameter }: { readonly ids: readonly string[]; readonly parameter: string },
): Promise<LockId[]> {
  const found = await holdCollectionLocks(scope, collectionId, ids);
  const known = new Set<string>(found);
  const other = ids.find((id) => !known.has(id));
  if (other !== undefined)
    throw new ApiError('VALUE_INVALID', {
      parameter,
      case: 'body_id',
      reason: `The collection has no lock ${other}.`,
    });
  return found;
}

function fact(verb: string, { collectionId, id }: CollectionFloor) {
  return { action: `floor.${verb}`, objectType: 'floor', objectId: id, collectionId };
}
