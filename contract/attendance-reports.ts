/** The report of who came and left when (connect-api.md 3.9, 4.11). */
import { Type, type Static } from 'typebox';
import { Instant, Uuid } from './fields.ts';

export const TimeAttendanceReportRequest = Type.Object({
  from_date: Instant,
  to_date: Instant,
  lock_in_id: Uuid,
  lock_out_id: Uuid,
});
export type TimeAttendanceReportRequest = Static<typeof TimeAttendanceReportRequest>;
