import { Type, type Static } from 'typebox';
import { Bool, Int, optional, ranged } from './fields.ts';

/** What is set at one lock (connect-api.md 5.1): seconds and days. */
export const LockSettingsResponse = Type.Object({
  open_time: Int,
  offline_access_by_audit_trail_day_count: Int,
  wall_reader_near_detection_opening: Bool,
});
export type LockSettingsResponse = Static<typeof LockSettingsResponse>;

export const PutLockSettingsRequest = Type.Object({
  open_time: ranged({ minimum: 1, maximum: 240 }),
  offline_access_by_audit_trail_day_count: ranged({ minimum: 0, maximum: 255 }),
  wall_reader_near_detection_opening: optional(Bool),
});
