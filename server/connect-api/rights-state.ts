import { RightStatePage, type RightState } from '#contract/rights-state';
import { instantText, instantTextOrNull } from '#contract/time-text';
import type { RightsState } from '#server/domain/rights-state';
import type { Route } from '#server/http/route';
import { rightStateFields, type RightRow } from '#server/store/rights-state';
import type { SiteRoute } from './site-route.ts';

/** connect-api.md 8: has each grant and revocation of a site arrived at its door? */
export function siteRightsStateRoutes(
  siteRoute: SiteRoute,
  { rightsState }: { readonly rightsState: RightsState },
): Route[] {
  return [
    siteRoute({
      method: 'GET',
      path: '/rights_state',
      right: 'manage_site',
      summary: 'How far the rights of a site have come, lock by lock',
      tag: 'rights state',
      list: { fields: rightStateFields },
      answer: RightStatePage,
      handle: async ({ actor, siteId }, call) =>
        call.page(await rightsState.listOfSite(actor, call.list, siteId), toRightState),
    }),
  ];
}

function toRightState(row: RightRow): RightState {
  return {
    ...row,
    changed_at: instantText(row.changed_at),
    confirmed_at: instantTextOrNull(row.confirmed_at),
  };
}
