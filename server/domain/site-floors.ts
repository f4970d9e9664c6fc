import { ApiError } from '#contract/api-error';
import type { FloorResponse } from '#contract/floors';
import type { FloorId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { Actor } from '#server/events/audit';
import { isOnFloor } from '#server/store/floors';
import type { ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import { findSiteFloor, listSiteFloors } from '#server/store/site-floors';
import { listSiteLocks, type SiteLockRow, type SiteView } from '#server/store/site-locks';

export type SiteFloors = {
  /** VALUE_INVALID (404) when the site has none of that id, or none in this view. */
  get(actor: Actor, view: SiteView, id: FloorId): Promise<FloorResponse>;
  list(actor: Actor, options: ListOptions, view: SiteView): Promise<ListResult<FloorResponse>>;
  listLocks(
    actor: Actor,
    options: ListOptions,
    of: { readonly view: SiteView; readonly id: FloorId },
  ): Promise<ListResult<SiteLockRow>>;
};

/** Floors as people of a site see them; they are written as on the Core face (floors.ts). */
export function createSiteFloors({ database }: { readonly database: Database }): SiteFloors {
  return {
    async get({ tenantId }, view, id) {
      const row = await findSiteFloor(readScope(database, tenantId), view, id);
      if (row === undefined)
        throw new ApiError('VALUE_INVALID', { parameter: 'floor_id', case: 'path_id' });
      return row;
    },
    list: ({ tenantId }, options, view) =>
      listSiteFloors(readScope(database, tenantId), options, view),
    listLocks: ({ tenantId }, options, { view, id }) =>
      listSiteLocks(readScope(database, tenantId), options, { view, where: isOnFloor(id) }),
  };
}
