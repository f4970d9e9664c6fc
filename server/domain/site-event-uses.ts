/** What people of a site do with what happened there. */
import { createAttendanceReports, type AttendanceReports } from './attendance-reports.ts';
import { createEventExports, type EventExports } from './event-exports.ts';
import { createSiteEntries, type SiteEntries } from './site-entries.ts';

export type SiteEventUses = {
  readonly siteEntries: SiteEntries;
  readonly eventExports: EventExports;
  readonly attendanceReports: AttendanceReports;
};

export function createSiteEventUses(
  parts: Parameters<typeof createAttendanceReports>[0],
): SiteEventUses {
  return {
    siteEntries: createSiteEntries(parts),
    eventExports: createEventExports(parts),
    attendanceReports: createAttendanceReports(parts),
  };
}
