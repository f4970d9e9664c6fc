import type { LockId } from '#contract/ids';
import type { LockSettingsResponse } from '#contract/lock-settings';
import type { Scope, WriteScope } from './scope.ts';

/** What is set at a lock; undefined when the tenant has none of that id. */
export async function findLockSettings(
  scope: Scope,
  id: LockId,
): Promise<LockSettingsResponse | undefined> {
  const [row] = await scope.query<LockSettingsResponse>(
    `select open_time_seconds as open_time, audit_trail_days as offline_access_by_audit_trail_day_count,
       wall_reader_near_detection as wall_reader_near_detection_opening
     from locks where tenant_id = $1 and id = $2`,
    [scope.tenantId, id],
    'lock_settings_find',
  );
  return row;
}

export async function updateLockSettings(
  scope: WriteScope,
  id: LockId,
  settings: LockSettingsResponse,
): Promise<void> {
  await scope.query(
    `update locks set open_time_seconds = $3, audit_trail_days = $4, wall_reader_near_detection = $5
      where tenant_id = $1 and id = $2`,
    [
      scope.tenantId,
      id,
      settings.open_time,
      settings.offline_access_by_audit_trail_day_count,
      settings.wall_reader_near_detection_opening,
    ],
  );
}
