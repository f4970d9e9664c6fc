/** What a site is itself: its life, its plan, its roles, and whom it lets in. */
import type { Route } from '#server/http/route';
import { installerAccessRoutes, installerEntryRoutes } from './installer-access.ts';
import { iqRemovalRoutes } from './iqs.ts';
import type { OperatorRoute } from './operator-route.ts';
import { siteRightsStateRoutes } from './rights-state.ts';
import { ownRoleRoutes, roleRoutes } from './roles.ts';
import type { SiteRoute } from './site-route.ts';
import { siteReleaseRoutes, siteRoutes } from './sites.ts';
import { subscriptionRoutes } from './subscriptions.ts';
import { issuedVoucherRoutes, voucherRoutes } from './vouchers.ts';

export type SiteUseParts = Parameters<typeof siteRoutes>[1] &
  Parameters<typeof roleRoutes>[1] &
  Parameters<typeof voucherRoutes>[1] &
  Parameters<typeof installerAccessRoutes>[1];

/** Those of connect-api.md 3.1 and 3.9. */
export function siteUseRoutes(siteRoute: SiteRoute, parts: SiteUseParts): Route[] {
  return [
    ...siteRoutes(siteRoute, parts),
    ...roleRoutes(siteRoute, parts),
    ...subscriptionRoutes(siteRoute, parts),
    ...voucherRoutes(siteRoute, parts),
    ...installerAccessRoutes(siteRoute, parts),
  ];
}

export type OwnSiteUseParts = Parameters<typeof siteReleaseRoutes>[1] &
  Parameters<typeof ownRoleRoutes>[1] &
  Parameters<typeof issuedVoucherRoutes>[1] &
  Parameters<typeof iqRemovalRoutes>[1] &
  Parameters<typeof siteRightsStateRoutes>[1] &
  Parameters<typeof installerEntryRoutes>[0];

/** Those of `/ext/v1`. */
export function ownSiteUseRoutes(
  {
    siteRoute,
    operatorRoute,
  }: { readonly siteRoute: SiteRoute; readonly operatorRoute: OperatorRoute },
  parts: OwnSiteUseParts,
): Route[] {
  return [
    ...siteReleaseRoutes(siteRoute, parts),
    ...ownRoleRoutes(siteRoute, parts),
    ...installerEntryRoutes(parts),
    ...iqRemovalRoutes(siteRoute, parts),
    ...siteRightsStateRoutes(siteRoute, parts),
    ...issuedVoucherRoutes(operatorRoute, parts),
  ];
}
