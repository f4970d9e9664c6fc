import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { AccessorId, CollectionId, FloorId, LockId } from '#contract/ids';
import type { PostLockRequest, UpdateLockRequest } from '#contract/locks';
import type { ListOptions } from '#contract/odata';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import { isCodeInUse } from '#server/store/hardware-codes';
import type { ListResult } from '#server/store/list';
import {
  deleteDetachedLock,
  findFloorCollection,
  findLock,
  hasLock,
  hasLockDependants,
  holdLock,
  insertLock,
  isInGroupOutside,
  isOfCollection,
  listLocks,
  updateLock,
  type LockRow,
} from '#server/store/locks';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type Scope, type WriteScope } from '#server/store/scope';
import { changed, collectionOfBody, getCollection } from './collections.ts';
import type { DesiredState } from './desired-state.ts';
import { hardwareCode } from './hardware-codes.ts';
import { writeRights, type Written } from './rights-write.ts';
import { vendorReference } from './vendors.ts';

export type PostLock = Required<Static<typeof PostLockRequest>>;
export type UpdateLock = Static<typeof UpdateLockRequest>;

export type Locks = {
  /** VALUE_INVALID (404) when the tenant has none of that id. */
  get(actor: Actor, id: LockId): Promise<LockRow>;
  /** The same check without reading what is shown. */
  getExisting(actor: Actor, id: LockId): Promise<void>;
  list(actor: Actor, options: ListOptions): Promise<ListResult<LockRow>>;
  /** The locks of one collection. VALUE_INVALID (404) when there is no such collection. */
  listOfCollection(
    actor: Actor,
    options: ListOptions,
    id: CollectionId,
  ): Promise<ListResult<LockRow>>;
  /** VALUE_INVALID (404) when the lock is not in the collection. */
  getOfCollection(actor: Actor, id: LockId, collectionId: CollectionId): Promise<LockRow>;
  /** REQUEST_INVALID (no code), VALUE_INVALID, ACTIVATION_CODE_INVALID (form, in use). */
  create(actor: Actor, body: PostLock): Promise<LockRow>;
  /** VALUE_INVALID: collection not that of its IQ or of its groups, floor of another collection. */
  update(actor: Actor, id: LockId, body: UpdateLock): Promise<Written<LockRow>>;
  /** OPERATION_NOT_ALLOWED while linked, or with dependants unless forced (core-api.md 10). */
  remove(actor: Actor, id: LockId, rule: { readonly force: boolean }): Promise<void>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly desiredState: DesiredState;
};

export function createLocks({ database, audit, clock, ids, desiredState }: Parts): Locks {
  const scopeOf = (actor: Actor): Scope => readScope(database, actor.tenantId);

  return {
    get: (actor, id) => getLock(scopeOf(actor), id, clock.now()),
    async getExisting(actor, id) {
      if (!(await hasLock(scopeOf(actor), id))) throw noLock();
    },
    list: (actor, options) => listLocks(scopeOf(actor), options),
    async listOfCollection(actor, options, id) {
      await getCollection(scopeOf(actor), id);
      return listLocks(scopeOf(actor), options, isOfCollection(id));
    },
    async getOfCollection(actor, id, collectionId) {
      await getCollection(scopeOf(actor), collectionId);
      const row = await getLock(scopeOf(actor), id, clock.now());
      if (row.collection_id !== collectionId) throw noLock();
      return row;
    },

    create: (actor, body) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        const { code, mac } = hardwareCode(body.activation_code);
        const collectionId = await collectionOfBody(scope, body.collection_id);
        const vendor = await vendorReference(scope, { sent: body.vendor, parameter: 'vendor' });
        const id = ids.next<LockId>();
        const row = {
          id,
          mac,
          code,
          customer_reference: body.customer_reference,
          collection_id: collectionId,
          license_plate_camera: body.license_plate_camera,
          vendor_reference: vendor,
          created_at: clock.now(),
        };
        if ((await isCodeInUse(scope, code)) || !(await insertLock(scope, row)))
          throw new ApiError('ACTIVATION_CODE_INVALID', { reason: 'The code is in use.' });
        const after = await getLock(scope, id, clock.now());
        audit.record(scope, actor, { ...lockFact('create', { id, collectionId }), after });
        return after;
      }),

    update: (actor, id, body) =>
      writeRights({ database, actor }, async (scope) => {
        const former = await heldLock(scope, id, clock.now());
        const change = await readChange(scope, former, body);
        const before = await getLock(scope, id, clock.now());
        await updateLock(scope, id, change);
        await desiredState.refresh(scope, { lockIds: [id] });
        const row = await getLock(scope, id, clock.now());
        audit.record(scope, actor, {
          ...lockFact('update', { id, collectionId: row.collection_id }),
          detail: changed(body),
          before,
          after: row,
        });
        return row;
      }),

    remove: (actor, id, { force }) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        const { collection_id: collectionId } = await heldLock(scope, id, clock.now());
        const before = await getLock(scope, id, clock.now());
        const hasDependants = !force && (await hasLockDependants(scope, id));
        if (!(await deleteDetachedLock(scope, id)))
          throw new ApiError('OPERATION_NOT_ALLOWED', { reason: 'The lock is not detached.' });
        if (hasDependants)
          throw new ApiError('OPERATION_NOT_ALLOWED', {
            reason: 'It has an easy office mode schedule or offline keys; send force=true.',
          });
        await desiredState.refresh(scope, { lockIds: [id] });
        audit.record(scope, actor, { ...lockFact('delete', { id, collectionId }), before });
      }),
  };
}

/** The lock of a path. VALUE_INVALID (404) when the tenant has none of that id. */
export async function getLock(scope: Scope, id: LockId, now: Date): Promise<LockRow> {
  const row = await findLock(scope, id, now);
  if (row === undefined) throw noLock();
  return row;
}

/** The lock of a path, held for a write. VALUE_INVALID (404) when the tenant has none of that id. */
export async function heldLock(scope: WriteScope, id: LockId, now: Date): Promise<LockRow> {
  if (!(await holdLock(scope, id))) throw noLock();
  return getLock(scope, id, now);
}

export function noLock(): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: 'lock_id', case: 'path_id' });
}

/** What the audit log says of an act on a lock. */
export function lockFact(
  verb: string,
  lock: {
    readonly id: LockId;
    readonly collectionId: CollectionId | null;
    readonly accessorId?: AccessorId | null;
  },
) {
  return {
    action: `lock.${verb}`,
    objectType: 'lock',
    objectId: lock.id,
    collectionId: lock.collectionId,
    accessorId: lock.accessorId ?? null,
  };
}

type Change = Parameters<typeof updateLock>[2];

/** core-api.md 7.2: a lock in a tree stays in its IQ's collection; another collection takes it off its floor. */
async function readChange(scope: WriteScope, former: LockRow, body: UpdateLock): Promise<Change> {
  const { collection_id: sentCollection, floor_id: sentFloor, ...plain } = body;
  const collectionId =
    sentCollection === undefined
      ? former.collection_id
      : await newCollection(scope, former, sentCollection);
  const isMoved = collectionId !== former.collection_id;
  if (typeof sentFloor === 'string') {
    const floorCollection = await findFloorCollection(scope, sentFloor as FloorId);
    if (floorCollection === undefined || floorCollection !== collectionId)
      throw new ApiError('VALUE_INVALID', {
        parameter: 'floor_id',
        case: 'body_id',
        reason: 'No such floor in the collection of the lock.',
      });
  }
  const floorId = sentFloor === undefined ? (isMoved ? null : undefined) : sentFloor;
  return {
    ...plain,
    ...(isMoved ? { collection_id: collectionId } : {}),
    ...(floorId === undefined ? {} : { floor_id: floorId as FloorId | null }),
  };
}

async function newCollection(
  scope: WriteScope,
  former: LockRow,
  sent: string | null,
): Promise<CollectionId | null> {
  const next = await collectionOfBody(scope, sent);
  if (next === former.collection_id) return next;
  if (former.iq_id !== null)
    throw new ApiError('VALUE_INVALID', {
      parameter: 'collection_id',
      reason: 'The lock is in the tree of an IQ and stays in its collection.',
    });
  if (await isInGroupOutside(scope, former.id, next))
    throw new ApiError('VALUE_INVALID', {
      parameter: 'collection_id',
      reason: 'The lock is in an access group of another collection.',
    });
  return next;
}
