/** What people of a site open doors with: the PINs and keys of connect-api.md 3.2. */
import type { Route } from '#server/http/route';
import type { SiteRoute } from './site-route.ts';
import { siteUserKeyRoutes } from './site-user-keys.ts';
import { siteUserPinRoutes } from './site-user-pins.ts';

export type CredentialParts = Parameters<typeof siteUserPinRoutes>[1] &
  Parameters<typeof siteUserKeyRoutes>[1];

export function credentialRoutes(siteRoute: SiteRoute, parts: CredentialParts): Route[] {
  return [...siteUserPinRoutes(siteRoute, parts), ...siteUserKeyRoutes(siteRoute, parts)];
}
