import type { AccessorId } from '#contract/ids';
import { nilUuid } from '#contract/ids';
import { hasSiteRight } from '#server/domain/permissions';
import type { SiteView } from '#server/store/site-locks';
import type { AtSite } from './site-route.ts';

/**
 * What of a site somebody may see: everything, what concerns the own site user (connect-api.md 2.3), or as an installer who is no
 * site user the hubs enabled for him.
 */
export function viewOf({ siteId, accessorId, place }: AtSite): SiteView {
  if (hasSiteRight(place, 'see_everything')) return { siteId, accessorId: null };
  if (place.visit !== null && accessorId === null)
    return { siteId, accessorId: null, iqIds: place.visit.iqIds };
  return { siteId, accessorId: accessorId ?? (nilUuid as AccessorId) };
}

/** Everything of the site, where the right to the call has narrowed it already. */
export function wholeOf({ siteId }: AtSite): SiteView {
  return { siteId, accessorId: null };
}
