/** What a site is itself: its life, its plan, its roles, and whom it lets in. */
import { createInstallerAccess, type InstallerAccess } from './installer-access.ts';
import { createRoles, type Roles } from './roles.ts';
import { createSiteOwners, type SiteOwners } from './site-owners.ts';
import { createSites, type Sites } from './sites.ts';
import { createVouchers, type Vouchers } from './vouchers.ts';

export type SiteUses = {
  readonly sites: Sites;
  readonly installerAccess: InstallerAccess;
  readonly roles: Roles;
  readonly vouchers: Vouchers;
  readonly siteOwners: SiteOwners;
};

export function createSiteUses(
  parts: Parameters<typeof createSites>[0] &
    Parameters<typeof createInstallerAccess>[0] &
    Parameters<typeof createRoles>[0] &
    Parameters<typeof createSiteOwners>[0],
): SiteUses {
  return {
    sites: createSites(parts),
    installerAccess: createInstallerAccess(parts),
    roles: createRoles(parts),
    vouchers: createVouchers(parts),
    siteOwners: createSiteOwners(parts),
  };
}
