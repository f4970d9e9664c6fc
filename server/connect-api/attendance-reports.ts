import { TimeAttendanceReportRequest } from '#contract/attendance-reports';
import type { AttendanceReports } from '#server/domain/attendance-reports';
import type { Route } from '#server/http/route';
import type { SiteRoute } from './site-route.ts';

/** connect-api.md 3.9, 4.11. */
export function attendanceReportRoutes(
  siteRoute: SiteRoute,
  { attendanceReports }: { readonly attendanceReports: AttendanceReports },
): Route[] {
  return [
    siteRoute({
      method: 'POST',
      path: '/reports/timeattendance',
      right: 'make_reports',
      feature: 'time_and_attendance_report',
      summary: 'Mail yourself a report of who came and left when',
      tag: 'events',
      body: { schema: TimeAttendanceReportRequest, mode: 'create' },
      named: ({ lock_in_id: first, lock_out_id: second }) => ({ locks: [first, second] }),
      answer: null,
      errors: ['MESSAGE_INVALID', 'PLATFORM_FUNCTION_FAILED', 'REQUEST_FAILED'],
      handle: ({ actor, siteId, userId }, _call, body) =>
        attendanceReports.send(actor, { siteId, userId }, body),
    }),
  ];
}
