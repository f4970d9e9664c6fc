import type { CollectionId, TenantId, UserId } from '#contract/ids';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import { findSitePlace, type SitePlace } from '#server/store/site-people';

export type SitePlaces = {
  /** Where a person stands in a site; undefined when the site is not there or the person no part of it. */
  find(
    tenantId: TenantId,
    of: { readonly siteId: CollectionId; readonly userId: UserId },
  ): Promise<SitePlace | undefined>;
};

/** Who is who in the sites of a tenant (behaviour.md 16). */
export function createSitePlaces({ database }: { readonly database: Database }): SitePlaces {
  return {
    async find(tenantId, of) {
      const place = await findSitePlace(readScope(database, tenantId), of);
      if (place === undefined || (!place.isOwner && place.role === null)) return undefined;
      return place;
    },
  };
}
