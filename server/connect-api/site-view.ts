import type { AccessorId } from '#contract/ids';
import { nilUuid } from '#contract/ids';
import { hasSiteRight } from '#server/domain/permissions';
import type { SiteView } from '#server/store/site-locks';
import type { AtSite } from './site-route.ts';

/** What of a site somebody may see: everything, or what concerns the own site user (connect-api.md 2.3). */
export function viewOf({ siteId, accessorId, place }: AtSite): SiteView {
  if (hasSiteRight(place, 'see_everything')) return { siteId, accessorId: null };
  return { siteId, accessorId: accessorId ?? (nilUuid as AccessorId) };
}
