import type { ConnectVersion } from '#contract/connect-version';
import { FloorPage, FloorResponse } from '#contract/floors';
import type { FloorId } from '#contract/ids';
import { PatchSiteFloorRequest, PostSiteFloorRequest } from '#contract/site-floors';
import { SiteLockExtendedPage } from '#contract/site-locks';
import type { Floors } from '#server/domain/floors';
import type { SiteFloors } from '#server/domain/site-floors';
import type { Call, Route } from '#server/http/route';
import { floorFields, type CollectionFloor } from '#server/store/floors';
import { siteLockExtendedFields } from '#server/store/site-locks';
import { toSiteLock } from './site-locks.ts';
import type { AtSite, SiteRoute } from './site-route.ts';
import { viewOf } from './site-view.ts';

const tag = 'floors';
const right = 'manage_hardware';

type Parts = {
  readonly version: ConnectVersion;
  readonly floors: Floors;
  readonly siteFloors: SiteFloors;
};

/** connect-api.md 3.9 and 4.11: floors of a site; a lock is on one of them, adding moves it. */
export function siteFloorRoutes(
  siteRoute: SiteRoute,
  { version, floors, siteFloors }: Parts,
): Route[] {
  const exists = (at: AtSite, call: Call) => siteFloors.get(at.actor, viewOf(at), call.id('id'));
  return [
    siteRoute({
      method: 'GET',
      path: '/floors',
      right: 'take_part',
      summary: 'List the floors of a site that the caller may see',
      tag,
      list: { fields: floorFields },
      answer: FloorPage,
      handle: async (at, call) =>
        call.page(await siteFloors.list(at.actor, call.list, viewOf(at)), (row) => row),
    }),
    siteRoute({
      method: 'POST',
      path: '/floors',
      right,
      summary: 'Add a floor',
      tag,
      body: { schema: PostSiteFloorRequest, mode: 'create' },
      named: ({ locks }) => ({ locks }),
      answer: FloorResponse,
      handle: ({ actor, siteId }, _call, { locks, ...body }) =>
        floors.create(actor, siteId, { ...body, lock_ids: locks }),
    }),
    siteRoute({
      method: 'GET',
      path: '/floors/{id}',
      right: 'take_part',
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
      named: ({ locks_to_add: locks }) => ({ locks }),
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
    siteRoute({
      method: 'GET',
      path: '/floors/{id}/locks',
      right: 'take_part',
      summary: 'List the locks of a floor that the caller may see',
      tag,
      list: { fields: siteLockExtendedFields[version] },
      answer: SiteLockExtendedPage[version],
      exists,
      handle: async (at, call) => {
        const of = { view: viewOf(at), id: call.id('id') as FloorId };
        return call.page(await siteFloors.listLocks(at.actor, call.list, of), toSiteLock);
      },
    }),
  ];
}

function floorOf({ siteId }: AtSite, call: Call): CollectionFloor {
  return { collectionId: siteId, id: call.id('id') };
}
