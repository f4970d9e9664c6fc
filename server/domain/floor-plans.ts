import { createHash } from 'node:crypto';
import { ApiError } from '#contract/api-error';
import { planLimits, type FloorPlanResponse, type PlanPlace } from '#contract/floor-plans';
import type { FloorId, LockId } from '#contract/ids';
import { instantText } from '#contract/time-text';
import type { Actor, Audit } from '#server/events/audit';
import { holdFloor, type CollectionFloor } from '#server/store/floors';
import {
  countOtherPlanBytes,
  deletePlan,
  deletePlanPlaces,
  findPlan,
  findPlanPicture,
  holdFloorLocks,
  isOnFloorNow,
  listPlanPlaces,
  putPlan,
  putPlanPlaces,
  type PlanPicture,
} from '#server/store/floor-plans';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type Scope, type WriteScope } from '#server/store/scope';
import type { SiteView } from '#server/store/site-locks';
import { cleanImage, type ImageFault } from './plan-image.ts';

export type PlanLock = CollectionFloor & { readonly lockId: LockId };

export type FloorPlans = {
  /** The plan as it is in this view; a floor without picture has none. */
  get(
    actor: Actor,
    of: { readonly view: SiteView; readonly id: FloorId },
  ): Promise<FloorPlanResponse>;
  /** NOT_FOUND `Floor plan not found`: the floor has none. */
  picture(actor: Actor, id: FloorId): Promise<PlanPicture>;
  /** NOT_FOUND `Floor plan not found`: the floor has none. */
  requirePlan(actor: Actor, id: FloorId): Promise<void>;
  /** VALUE_INVALID `Lock not found`: it is not on the floor. */
  requireLock(actor: Actor, lock: PlanLock): Promise<void>;
  /**
   * Takes a picture in the place of the one before. REQUEST_INVALID (415): no PNG, JPEG or WebP by its bytes; VALUE_INVALID: damaged,
   * too many pixels; OPERATION_NOT_ALLOWED: the site's plans are too much together.
   */
  replacePicture(actor: Actor, floor: CollectionFloor, sent: Buffer): Promise<FloorPlanResponse>;
  /** Removes the picture and the places on it. */
  remove(actor: Actor, floor: CollectionFloor): Promise<void>;
  /** Puts these locks in their places and takes all others off. VALUE_INVALID: beside the picture, not on the floor, or twice. */
  placeAll(
    actor: Actor,
    floor: CollectionFloor,
    places: readonly PlanPlace[],
  ): Promise<FloorPlanResponse>;
  /** Puts one lock in its place; the others stay. */
  place(actor: Actor, floor: CollectionFloor, place: PlanPlace): Promise<PlanPlace>;
  /** Takes one lock off the plan; NOT_FOUND where it has no place. */
  takeOff(actor: Actor, lock: PlanLock): Promise<void>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
};

export function createFloorPlans({ database, audit, clock }: Parts): FloorPlans {
  const scopeOf = (actor: Actor): Scope => readScope(database, actor.tenantId);
  /** Changes a plan while nobody else does, and records it. */
  const change = (
    actor: Actor,
    floor: CollectionFloor,
    { verb, work }: { readonly verb: string; readonly work: (scope: WriteScope) => Promise<void> },
  ): Promise<FloorPlanResponse> =>
    inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
      if (!(await holdFloor(scope, floor))) throw noFloor();
      const before = await readPlan(scope, wholeOf(floor));
      await work(scope);
      const after = await readPlan(scope, wholeOf(floor));
      audit.record(scope, actor, {
        action: `floor_plan.${verb}`,
        objectType: 'floor',
        objectId: floor.id,
        collectionId: floor.collectionId,
        before: recorded(before),
        after: recorded(after),
      });
      return after;
    });

  return {
    get: (actor, of) => readPlan(scopeOf(actor), of),
    async picture(actor, id) {
      const found = await findPlanPicture(scopeOf(actor), id);
      if (found === undefined) throw noPlan();
      return found;
    },
    requirePlan: (actor, id) => requirePlan(scopeOf(actor), id),
    async requireLock(actor, { id, lockId }) {
      if (!(await isOnFloorNow(scopeOf(actor), id, lockId))) throw noLock();
    },

    async replacePicture(actor, floor, sent) {
      const image = cleanImage(sent);
      if (typeof image === 'string') throw refusal(image, sent);
      return change(actor, floor, {
        verb: 'replace',
        async work(scope) {
          // Two uploads at once may each find room for themselves: what is too much then is one picture.
          const others = await countOtherPlanBytes(scope, floor);
          if (others + image.bytes.length > planLimits.siteBytes)
            throw new ApiError('OPERATION_NOT_ALLOWED', {
              reason: `The plans of a site have ${planLimits.siteBytes / 1024 / 1024} MiB together; send a smaller picture or remove another.`,
            });
          await putPlan(scope, floor.id, {
            media_type: image.mediaType,
            width: image.width,
            height: image.height,
            image: image.bytes,
            digest: digestOf(image.bytes),
            created_at: clock.now(),
          });
        },
      });
    },

    async remove(actor, floor) {
      await change(actor, floor, {
        verb: 'delete',
        async work(scope) {
          await requirePlan(scope, floor.id);
          await deletePlan(scope, floor.id);
        },
      });
    },

    placeAll: (actor, floor, places) =>
      change(actor, floor, {
        verb: 'place',
        async work(scope) {
          await requirePlan(scope, floor.id);
          await putPlaces(scope, floor.id, places);
          const but = places.map((place) => place.lock_id);
          await deletePlanPlaces(scope, floor.id, { but });
        },
      }),

    async place(actor, floor, place) {
      await change(actor, floor, {
        verb: 'place',
        async work(scope) {
          await requirePlan(scope, floor.id);
          await putPlaces(scope, floor.id, [place]);
        },
      });
      return place;
    },

    async takeOff(actor, { lockId, ...floor }) {
      await change(actor, floor, {
        verb: 'place',
        async work(scope) {
          if ((await deletePlanPlaces(scope, floor.id, { of: lockId })) === 0) throw noLock();
        },
      });
    },
  };
}

/** SHA-256 of a picture, hex. */
export function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function wholeOf({ collectionId, id }: CollectionFloor) {
  return { view: { siteId: collectionId, accessorId: null }, id };
}

async function readPlan(
  scope: Scope,
  of: { readonly view: SiteView; readonly id: FloorId },
): Promise<FloorPlanResponse> {
  const row = await findPlan(scope, of.id);
  return {
    floor_id: of.id,
    image: row === undefined ? null : { ...row, created_at: instantText(row.created_at) },
    locks: await listPlanPlaces(scope, of),
  };
}

/** One member a lock, so that a history names the locks that were moved. */
function recorded({ image, locks }: FloorPlanResponse): object {
  const places = locks.map(({ lock_id: id, x, y }) => [`lock ${id}`, { x, y }]);
  return { image, ...(Object.fromEntries(places) as object) };
}

async function requirePlan(scope: Scope, id: FloorId): Promise<void> {
  if ((await findPlan(scope, id)) === undefined) throw noPlan();
}

async function putPlaces(
  scope: WriteScope,
  id: FloorId,
  places: readonly PlanPlace[],
): Promise<void> {
  const isBeside = (value: number): boolean => !(value >= 0 && value <= 1);
  for (const { x, y } of places)
    if (isBeside(x) || isBeside(y))
      throw new ApiError('VALUE_INVALID', {
        parameter: isBeside(x) ? 'x' : 'y',
        reason: 'It is a part of the side of the picture, from 0 to 1.',
      });
  const ids = places.map((place) => place.lock_id);
  if (new Set(ids).size < ids.length)
    throw new ApiError('VALUE_INVALID', { parameter: 'locks', reason: 'A lock is named twice.' });
  const held = new Set<string>(await holdFloorLocks(scope, id, ids));
  if (ids.some((lockId) => !held.has(lockId))) throw noLock();
  await putPlanPlaces(scope, id, places);
}

function refusal(fault: ImageFault, sent: Buffer): ApiError {
  if (sent.length === 0)
    return new ApiError('REQUEST_INVALID', { reason: 'The body must be a picture.' });
  if (fault === 'kind')
    return new ApiError('REQUEST_INVALID', {
      case: 'media_type',
      reason: 'Send a PNG, JPEG or WebP picture.',
    });
  const { sidePixels, pixels } = planLimits;
  const reason =
    fault === 'damaged'
      ? 'It is damaged or cut short.'
      : `It has more than ${sidePixels} pixels a side, or more than ${pixels / 1e6} million.`;
  return new ApiError('VALUE_INVALID', { parameter: 'image', reason });
}

function noFloor(): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: 'floor_id', case: 'path_id' });
}

function noPlan(): ApiError {
  return new ApiError('NOT_FOUND', { thing: 'Floor plan' });
}

function noLock(): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: 'lock_id', case: 'path_id' });
}
