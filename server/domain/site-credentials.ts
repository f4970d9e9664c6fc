/** What people of a site open doors with: PINs and keys. */
import { createAccessorPins, type AccessorPins } from './accessor-pins.ts';
import { createSiteUserKeys, type SiteUserKeys } from './site-user-keys.ts';
import { createSiteUserPins, type SiteUserPins } from './site-user-pins.ts';

export type SiteCredentials = {
  readonly accessorPins: AccessorPins;
  readonly siteUserPins: SiteUserPins;
  readonly siteUserKeys: SiteUserKeys;
};

export function createSiteCredentials(
  parts: Parameters<typeof createAccessorPins>[0],
): SiteCredentials {
  const accessorPins = createAccessorPins(parts);
  return {
    accessorPins,
    siteUserPins: createSiteUserPins({ ...parts, accessorPins }),
    siteUserKeys: createSiteUserKeys(parts),
  };
}
