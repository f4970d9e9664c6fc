import type { LockResponse } from '#contract/lock';
import { instantTextOrNull } from '#contract/time-text';
import type { LockRow } from '#server/store/locks';

/** A lock's row as core-api.md 7.2 shows it. */
export function toLockResponse(row: LockRow): LockResponse {
  return {
    id: row.id,
    mac: row.mac,
    customer_reference: row.customer_reference,
    locked_state: row.locked_state,
    lock_type: row.lock_type,
    online: row.online,
    iq_link_state: row.iq_link_state,
    tag_registration_state: row.tag_registration_state,
    battery_level: row.battery_level,
    left_open_alarm: row.left_open_alarm,
    intrusion_alarm: row.intrusion_alarm,
    collection_id: row.collection_id,
    privacy_mode: row.privacy_mode,
    communication_type: row.communication_type,
    iq: iqSummary(row),
    repeater: repeaterSummary(row),
    easy_office_mode_schedule: row.easy_office_mode,
    floor: floor(row),
    signal_strength: row.signal_strength,
    signal_strength_last_update: instantTextOrNull(row.signal_strength_last_update),
    license_plate_camera: row.license_plate_camera,
    vendor: {
      id: row.vendor_id,
      reference: row.vendor_reference,
      display_name: row.vendor_display_name,
    },
  };
}

function iqSummary(row: LockRow): LockResponse['iq'] {
  if (row.iq_id === null) return null;
  return {
    id: row.iq_id,
    customer_reference: row.iq_customer_reference,
    mac_address: row.iq_mac,
    is_online: row.iq_online ?? false,
    collection_id: row.iq_collection_id,
    revision: row.iq_revision,
  };
}

function repeaterSummary(row: LockRow): LockResponse['repeater'] {
  if (row.repeater_id === null) return null;
  return {
    id: row.repeater_id,
    customer_reference: row.repeater_customer_reference,
    mac_address: row.repeater_mac,
    is_online: row.repeater_online,
    collection_id: row.repeater_collection_id,
  };
}

function floor(row: LockRow): LockResponse['floor'] {
  if (row.floor_id === null) return null;
  return {
    id: row.floor_id,
    customer_reference: row.floor_customer_reference,
    number: row.floor_number,
    lock_count: row.floor_lock_count ?? 0,
  };
}
