import { Type, type Static } from 'typebox';
import { TimeScheduleResponse } from './easy-office-mode.ts';
import {
  Bool,
  Instant,
  Int,
  optional,
  orNull,
  page,
  Reference,
  Text,
  Uuid,
  words,
} from './fields.ts';
import { FloorResponse } from './floors.ts';
import { communicationTypes, lockStates, lockTypes } from './iq-link.ts';
import { batteryStates } from './lock-conditions.ts';
import { VendorResponse } from './vendors.ts';

/** core-api.md 8. */
export const iqLinkStates = [
  'attached_pending',
  'attached',
  'detached',
  'detached_pending',
] as const;
export type IqLinkState = (typeof iqLinkStates)[number];
export const tagRegistrationStates = ['not_started', 'in_progress'] as const;
export const requestLockStates = [
  'none',
  'locked',
  'office_mode',
  'uncertain',
  'unlocked',
] as const;

/** An IQ inside another answer, core-api.md 7.1. */
export const IqSummaryResponse = Type.Object({
  id: Uuid,
  customer_reference: orNull(Text),
  mac_address: orNull(Text),
  is_online: Bool,
  collection_id: orNull(Uuid),
  revision: orNull(Text),
});

export const RepeaterSummaryResponse = Type.Object({
  id: Uuid,
  customer_reference: orNull(Text),
  mac_address: orNull(Text),
  is_online: Bool,
  collection_id: orNull(Uuid),
});

/** core-api.md 7.2. */
export const LockResponse = Type.Object({
  id: Uuid,
  mac: orNull(Text),
  customer_reference: orNull(Text),
  locked_state: words(lockStates),
  lock_type: words(lockTypes),
  online: Bool,
  iq_link_state: words(iqLinkStates),
  tag_registration_state: words(tagRegistrationStates),
  battery_level: words(batteryStates),
  left_open_alarm: Bool,
  intrusion_alarm: Bool,
  collection_id: orNull(Uuid),
  privacy_mode: Bool,
  communication_type: words(communicationTypes),
  iq: orNull(IqSummaryResponse),
  repeater: orNull(RepeaterSummaryResponse),
  easy_office_mode_schedule: orNull(TimeScheduleResponse),
  floor: orNull(FloorResponse),
  signal_strength: orNull(Int),
  signal_strength_last_update: orNull(Instant),
  license_plate_camera: Bool,
  vendor: VendorResponse,
});
export type LockResponse = Static<typeof LockResponse>;
export const LockPage = page(LockResponse);

export const LockSummaryResponse = Type.Object({
  id: Uuid,
  customer_reference: orNull(Text),
  mac_address: orNull(Text),
  is_online: Bool,
  collection_id: orNull(Uuid),
  floor_id: orNull(Uuid),
});
export type LockSummaryResponse = Static<typeof LockSummaryResponse>;
export const LockSummaryPage = page(LockSummaryResponse);

export const PostLockRequest = Type.Object({
  customer_reference: optional(orNull(Reference)),
  activation_code: optional(orNull(Text)),
  collection_id: optional(orNull(Uuid)),
  license_plate_camera: optional(Bool),
  vendor: optional(orNull(Text)),
});

export const UpdateLockRequest = Type.Object({
  customer_reference: optional(orNull(Reference)),
  collection_id: optional(orNull(Uuid)),
  floor_id: optional(orNull(Uuid)),
  license_plate_camera: optional(Bool),
});

export const UpdateCollectionLockRequest = Type.Object({ license_plate_camera: optional(Bool) });

/** `validate_access` is ours: groups and schedules are asked too (behaviour.md 7.1). */
export const LockingRequest = Type.Object({
  locked_state: words(requestLockStates),
  accessor_id: optional(orNull(Uuid)),
  otp: optional(orNull(Text)),
  validate_access: optional(Bool),
});

/** 15 to 600 seconds (behaviour.md 2); the domain judges, as outside of it the answer is a 404. */
export const TagRegistrationRequest = Type.Object({
  duration_in_seconds: { ...Int, minimum: 15, maximum: 600 },
});

/** `force` is ours: ends the link of a broken lock at once (behaviour.md 4.6). */
export const DetachLockRequest = Type.Object({
  iq_link_state: optional(orNull(words(iqLinkStates))),
  accessor_id: optional(orNull(Uuid)),
  otp: optional(orNull(Text)),
  force: optional(Bool),
});

export const ReplaceLockRequest = Type.Object({
  activation_code: optional(orNull(Text)),
  accessor_id: optional(orNull(Uuid)),
  otp: optional(orNull(Text)),
});
