import { FloorPage, FloorResponse } from '#contract/floors';
import { PatchSiteFloorRequest, PostSiteFloorRequest } from '#contract/site-floors';
import type { Floors } from '#server/domain/floors';
import type { Call, Route } from '#server/http/route';
import { floorFields, type CollectionFloor } from '#server/store/floors';
import type { AtSite, SiteRoute } from './site-route.ts';

const tag = 'floors';
const right = 'manage_hardware';

/** connect-api.md 3.9 and 4.11: floors of a site; a lock is on one of them, adding moves it. */
export function siteFloorRoutes(
  siteRoute: SiteRoute,
  { floors }: { readonly floors: Floors },
): Route[] {
  const exists = (at: AtSite, call: Call) => floors.get(at.actor, floorOf(at, call));
  return [
    siteRoute({
      method: 'GET',
      path: '/floors',
      right: 'see_everything',
      summary: 'List the floors of a site',
      tag,
      list: { fields: floorFields },
      answer: FloorPage,
      handle: async ({ actor, siteId }, call) =>
        call.page(await floors.list(actor, call.list, siteId), (row) => row),
    }),
    siteRoute({
      method: 'POST',
      path: '/floors',
      right,
      summary: 'Add a floor',
      tag,
      body: { schema: PostSiteFloorRequest, mode: 'create' },
      answer: FloorResponse,
      handle: ({ actor, siteId }, _call, { locks, ...body }) =>
        floors.create(actor, siteId, { ...body, lock_ids: locks }),
    }),
    siteRoute({
      method: 'GET',
      path: '/floors/{id}',
      right: 'see_everything',
      summary: 'One floor',
      tag,
      answer: FloorResponse,
      handle: exists,
    }),
    siteRoute({
      method: 'PATCH',
      path: '/floors/{id}',
      right,
      summary: 'Change a floor, remove and add locks',
      tag,
      body: { schema: PatchSiteFloorRequest, mode: 'patch' },
      answer: FloorResponse,
      exists,
      handle: (at, call, { locks_to_add: add, locks_to_remove: remove, ...body }) =>
        floors.update(at.actor, floorOf(at, call), {
          ...body,
          ...(add === undefined ? {} : { lock_to_add_ids: add }),
          ...(remove === undefined ? {} : { lock_to_remove_ids: remove }),
        }),
    }),
    siteRoute({
      method: 'DELETE',
      path: '/floors/{id}',
      right,
      summary: 'Remove a floor; its locks stay',
      tag,
      query: { force: { kind: 'bool', summary: 'also when locks are on it' } },
      answer: null,
      errors: ['OPERATION_NOT_ALLOWED'],
      exists,
      handle: (at, call) =>
        floors.remove(at.actor, floorOf(at, call), { force: call.flag('force') }),
    }),
  ];
}

function floorOf({ siteId }: AtSite, call: Call): CollectionFloor {
  return { collectionId: siteId, id: call.id('id') };
}
