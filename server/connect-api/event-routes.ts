/** What happened in a site: connect-api.md 3.8, and the report of 3.9. */
import type { ConnectVersion } from '#contract/connect-version';
import type { SiteEventUses } from '#server/domain/site-event-uses';
import type { Route } from '#server/http/route';
import { attendanceReportRoutes } from './attendance-reports.ts';
import { entryRoutes } from './entries.ts';
import { eventExportRoutes } from './event-exports.ts';
import type { SiteRoute } from './site-route.ts';

export type EventParts = SiteEventUses & { readonly version: ConnectVersion };

export function eventRoutes(siteRoute: SiteRoute, parts: EventParts): Route[] {
  return [
    // The later version has neither (connect-api.md 1.1).
    ...(parts.version === 'v1.1'
      ? [...entryRoutes(siteRoute, parts), ...eventExportRoutes(siteRoute, parts)]
      : []),
    ...attendanceReportRoutes(siteRoute, parts),
  ];
}
