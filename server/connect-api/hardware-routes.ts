/** The hardware of a site and the phones of its people: connect-api.md 3.5, 3.6, and the floors of 3.9. */
import type { Route } from '#server/http/route';
import { siteFloorRoutes } from './floors.ts';
import { siteIqPinRoutes } from './iq-pins.ts';
import { siteIqRoutes } from './iqs.ts';
import { siteRepeaterRoutes } from './repeaters.ts';
import { ownDeviceRoutes } from './own-devices.ts';
import type { SiteRoute } from './site-route.ts';
import { siteTagRoutes } from './tags.ts';
import { siteTreeRoutes } from './tree.ts';

export type HardwareParts = Parameters<typeof siteIqRoutes>[1] &
  Parameters<typeof siteIqPinRoutes>[1] &
  Parameters<typeof siteTreeRoutes>[1] &
  Parameters<typeof siteRepeaterRoutes>[1] &
  Parameters<typeof siteTagRoutes>[1] &
  Parameters<typeof siteFloorRoutes>[1] &
  Parameters<typeof ownDeviceRoutes>[0];

export function hardwareRoutes(siteRoute: SiteRoute, parts: HardwareParts): Route[] {
  return [
    ...siteIqRoutes(siteRoute, parts),
    ...siteIqPinRoutes(siteRoute, parts),
    ...siteTreeRoutes(siteRoute, parts),
    ...siteRepeaterRoutes(siteRoute, parts),
    ...siteTagRoutes(siteRoute, parts),
    ...siteFloorRoutes(siteRoute, parts),
    ...ownDeviceRoutes(parts),
  ];
}
