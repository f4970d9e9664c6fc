/** Locks of a site and who may open them: connect-api.md 3.3, 3.4 and 3.10. */
import type { Route } from '#server/http/route';
import { siteEasyOfficeModeRoutes } from './easy-office-mode.ts';
import { lockSettingRoutes } from './lock-settings.ts';
import { lockerRoutes } from './lockers.ts';
import { siteOfflineKeyRoutes } from './offline-keys.ts';
import { siteAccessGroupRoutes } from './site-access-groups.ts';
import { siteLockRoutes } from './site-locks.ts';
import type { SiteRoute } from './site-route.ts';
import { siteTimeScheduleRoutes } from './time-schedules.ts';

export type DoorParts = Parameters<typeof siteLockRoutes>[1] &
  Parameters<typeof lockSettingRoutes>[1] &
  Parameters<typeof siteEasyOfficeModeRoutes>[1] &
  Parameters<typeof siteOfflineKeyRoutes>[1] &
  Parameters<typeof siteAccessGroupRoutes>[1] &
  Parameters<typeof siteTimeScheduleRoutes>[1] &
  Parameters<typeof lockerRoutes>[1];

export function doorRoutes(siteRoute: SiteRoute, parts: DoorParts): Route[] {
  return [
    ...siteLockRoutes(siteRoute, parts),
    ...lockSettingRoutes(siteRoute, parts),
    ...siteEasyOfficeModeRoutes(siteRoute, parts),
    ...siteOfflineKeyRoutes(siteRoute, parts),
    ...siteAccessGroupRoutes(siteRoute, parts),
    ...siteTimeScheduleRoutes(siteRoute, parts),
    ...lockerRoutes(siteRoute, parts),
  ];
}
