/** Locks as the Connect face shows and takes them (connect-api.md 5, 7). */
import { Type, type Static } from 'typebox';
import { versioned } from './connect-version.ts';
import { TimeScheduleSummaryResponse } from './easy-office-mode.ts';
import { Bool, Int, Name, optional, orNull, page, Text, Uuid, words } from './fields.ts';
import { FloorResponse } from './floors.ts';
import { communicationTypes, lockStates, lockTypes } from './iq-link.ts';
import { batteryStates } from './lock-conditions.ts';
import { iqLinkStates, requestLockStates, tagRegistrationStates } from './locks.ts';
import { RefResponse } from './refs.ts';
import { VendorResponse } from './vendors.ts';

const { eom_auto_start, ...schedule } = TimeScheduleSummaryResponse.properties;

/** The schedule in which a door stays open. */
export const SiteEasyOfficeModeSchedule = versioned(schedule, { eom_auto_start });
export type SiteEasyOfficeModeSchedule = Static<(typeof SiteEasyOfficeModeSchedule)['v1.2']>;

/** An IQ inside another answer. */
export const IqExtendedSummary = versioned(
  { ...RefResponse.properties, mac_address: orNull(Text), is_online: Bool, revision: orNull(Text) },
  { otp_enabled: Bool },
);

const shown = {
  ...RefResponse.properties,
  mac: orNull(Text),
  floor: orNull(FloorResponse),
  locked_state: words(lockStates),
  lock_type: words(lockTypes),
  online: Bool,
  iq_link_state: words(iqLinkStates),
  tag_registration_state: words(tagRegistrationStates),
  battery_level: words(batteryStates),
  left_open_alarm: Bool,
  intrusion_alarm: Bool,
  repeater: orNull(RefResponse),
  privacy_mode: Bool,
  communication_type: words(communicationTypes),
};
const offlineKeys = { offline_access_keys_limit: Int, offline_access_keys_count: Int };
const earlier = {
  ...shown,
  easy_office_mode_schedule: orNull(SiteEasyOfficeModeSchedule['v1.1']),
  iq: orNull(IqExtendedSummary['v1.1']),
};
const later = Type.Object({
  ...shown,
  ...offlineKeys,
  easy_office_mode_schedule: orNull(SiteEasyOfficeModeSchedule['v1.2']),
  iq: orNull(IqExtendedSummary['v1.2']),
  vendor: VendorResponse,
});
export type SiteLockResponse = Static<typeof later>;

/** A lock of a list. */
export const SiteLockResponse = { 'v1.1': Type.Object(earlier), 'v1.2': later } as const;
export const SiteLockPage = {
  'v1.1': page(SiteLockResponse['v1.1']),
  'v1.2': page(later),
} as const;

/** One lock, with its offline keys counted at both versions. */
export const SiteLockExtendedResponse = {
  'v1.1': Type.Object({ ...earlier, ...offlineKeys }),
  'v1.2': later,
} as const;
export const SiteLockExtendedPage = {
  'v1.1': page(SiteLockExtendedResponse['v1.1']),
  'v1.2': page(later),
} as const;

export const CreateSiteLockRequest = Type.Object({
  customer_reference: Name,
  activation_code: Text,
});

/** The nil UUID takes the lock off its floor. */
export const PatchSiteLockRequest = Type.Object({
  customer_reference: optional(Name),
  floor_id: optional(orNull(Uuid)),
});

export const SiteLockingRequest = Type.Object({
  locked_state: words(requestLockStates),
  otp: optional(orNull(Text)),
});

export const DetachSiteLockRequest = Type.Object({
  iq_link_state: words(iqLinkStates),
  otp: optional(orNull(Text)),
});
