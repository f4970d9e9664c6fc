import {
  FloorPlanResponse,
  planImageTypes,
  planLimits,
  PlanPlace,
  PutPlanLockRequest,
  PutPlanLocksRequest,
} from '#contract/floor-plans';
import type { FloorPlans, PlanLock } from '#server/domain/floor-plans';
import type { SiteFloors } from '#server/domain/site-floors';
import type { Call, Route } from '#server/http/route';
import type { CollectionFloor } from '#server/store/floors';
import type { AtSite, SiteRoute } from './site-route.ts';
import { viewOf } from './site-view.ts';

const tag = 'floors';
const right = 'manage_hardware';
const plan = '/floors/{id}/plan';
const one = `${plan}/locks/{lock_id}`;

type Parts = { readonly floorPlans: FloorPlans; readonly siteFloors: SiteFloors };

/** docs/floors.md: pictures of floors and the places of their locks. */
export function floorPlanRoutes(siteRoute: SiteRoute, { floorPlans, siteFloors }: Parts): Route[] {
  const floorIsSeen = (at: AtSite, call: Call) =>
    siteFloors.get(at.actor, viewOf(at), call.id('id'));
  const planIsThere = async (at: AtSite, call: Call) => {
    await floorIsSeen(at, call);
    await floorPlans.requirePlan(at.actor, call.id('id'));
  };
  const lockIsThere = async (at: AtSite, call: Call) => {
    await planIsThere(at, call);
    await floorPlans.requireLock(at.actor, lockOf(at, call));
  };
  return [
    siteRoute({
      method: 'GET',
      path: plan,
      right: 'take_part',
      summary:
        'What the picture of a floor is, and where on it the locks are that the caller may see',
      tag,
      answer: FloorPlanResponse,
      exists: floorIsSeen,
      handle: (at, call) => floorPlans.get(at.actor, { view: viewOf(at), id: call.id('id') }),
    }),
    siteRoute({
      method: 'DELETE',
      path: plan,
      right,
      summary: 'Remove the picture of a floor with the places on it; the locks stay on the floor',
      tag,
      answer: null,
      exists: planIsThere,
      handle: (at, call) => floorPlans.remove(at.actor, floorOf(at, call)),
    }),
    siteRoute({
      method: 'GET',
      path: `${plan}/image`,
      right: 'take_part',
      summary: 'The picture of a floor',
      tag,
      answer: { pictures: planImageTypes },
      exists: floorIsSeen,
      handle: (at, call) => floorPlans.picture(at.actor, call.id('id')),
    }),
    siteRoute({
      method: 'PUT',
      path: `${plan}/image`,
      right,
      summary: 'Give a floor its picture, or another one; the locks keep their places',
      tag,
      file: { mediaTypes: planImageTypes, bytes: planLimits.bytes },
      answer: FloorPlanResponse,
      errors: ['OPERATION_NOT_ALLOWED'],
      exists: floorIsSeen,
      handle: (at, call) => floorPlans.replacePicture(at.actor, floorOf(at, call), call.file()),
    }),
    siteRoute({
      method: 'PUT',
      path: `${plan}/locks`,
      right,
      summary: 'Put locks of a floor in their places on its picture; those left out have none',
      tag,
      body: { schema: PutPlanLocksRequest, mode: 'create' },
      answer: FloorPlanResponse,
      exists: planIsThere,
      handle: (at, call, { locks }) => floorPlans.placeAll(at.actor, floorOf(at, call), locks),
    }),
    siteRoute({
      method: 'PUT',
      path: one,
      right,
      summary: 'Put a lock of a floor in its place on the picture',
      tag,
      body: { schema: PutPlanLockRequest, mode: 'create' },
      answer: PlanPlace,
      exists: lockIsThere,
      handle: (at, call, { x, y }) =>
        floorPlans.place(at.actor, floorOf(at, call), { lock_id: call.id('lock_id'), x, y }),
    }),
    siteRoute({
      method: 'DELETE',
      path: one,
      right,
      summary: 'Take a lock off the picture; it stays on the floor',
      tag,
      answer: null,
      exists: lockIsThere,
      handle: (at, call) => floorPlans.takeOff(at.actor, lockOf(at, call)),
    }),
  ];
}

function floorOf({ siteId }: AtSite, call: Call): CollectionFloor {
  return { collectionId: siteId, id: call.id('id') };
}

function lockOf(at: AtSite, call: Call): PlanLock {
  return { ...floorOf(at, call), lockId: call.id('lock_id') };
}
