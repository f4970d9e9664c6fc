import { Type, type Static } from 'typebox';
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
import { networkStates } from './iq-link.ts';
import { VendorResponse } from './vendors.ts';

/** core-api.md 8; `factory` and `dead` are never shown (behaviour.md 3.1). */
export const iqStates = ['factory', 'initialized', 'installation', 'active', 'dead'] as const;
export type IqState = (typeof iqStates)[number];
export const dataSyncStates = ['synced', 'pending', 'not_synced', 'failed'] as const;
export const iqLedPatterns = [
  'green_blink_every_5_min',
  'permanent_green',
  'blink_red_every_second',
  'blink_green_every_second',
  'blink_blue_every_second',
  'red_blue_every_2_seconds',
  'red_green_every_2_seconds',
  'green_blue_every_2_seconds',
  'rgb_every_5_seconds',
  'permanent_white',
  'blink_white_every_5_minutes',
  'off',
] as const;
export type IqLedPattern = (typeof iqLedPatterns)[number];

/** core-api.md 7.1. */
export const IqResponse = Type.Object({
  id: Uuid,
  customer_reference: orNull(Text),
  time_zone: orNull(Text),
  subscribed: orNull(Bool),
  otp_enabled: orNull(Bool),
  led_enabled: orNull(Bool),
  led_pattern: words(iqLedPatterns),
  mac: orNull(Text),
  operator: orNull(Text),
  state: words(iqStates),
  restore_required: Bool,
  reset_date: orNull(Instant),
  online: Bool,
  data_sync_state: words(dataSyncStates),
  signal_strength: Int,
  collection_id: orNull(Uuid),
  revision: orNull(Text),
  vendor: VendorResponse,
});
export type IqResponse = Static<typeof IqResponse>;
export const IqPage = page(IqResponse);

export const PostIqRequest = Type.Object({
  customer_reference: optional(orNull(Reference)),
  collection_id: optional(orNull(Uuid)),
  time_zone: optional(orNull(Text)),
  activation_code: optional(orNull(Text)),
  subscribed: optional(orNull(Bool)),
  otp_enabled: optional(Bool),
  is_installation: optional(Bool),
  vendor: optional(orNull(Text)),
});

/** `is_installation: false` ends `installation` (ours). */
export const PatchIqRequest = Type.Object({
  customer_reference: optional(orNull(Reference)),
  subscribed: optional(Bool),
  time_zone: optional(Text),
  otp_enabled: optional(Bool),
  led_enabled: optional(Bool),
  collection_id: optional(orNull(Uuid)),
  led_pattern: optional(words(iqLedPatterns)),
  is_installation: optional(Bool),
});

export const ReplaceIqRequest = Type.Object({
  activation_code: optional(orNull(Text)),
  is_installation: optional(Bool),
});

const m2m = { priority: orNull(Int), status: words(networkStates) };
const wired = { ...m2m, mac_address: orNull(Text) };

export const IqDetailsResponse = Type.Object({
  rf_info: Type.Object({ request_date: Instant, channel: Int }),
  network_details: Type.Object({
    m2m: Type.Object(m2m),
    ethernet: Type.Object(wired),
    wifi: Type.Object(wired),
  }),
});
export type IqDetailsResponse = Static<typeof IqDetailsResponse>;

export const GetSignalStrengthResponse = Type.Object({ signal_strength: Int });

export const GetSoftwareVersionsResponse = Type.Object({
  modem_application_version: orNull(Text),
  modem_firmware_version: orNull(Text),
  router_firmware_version: orNull(Text),
  node_firmware_version: orNull(Text),
});
export type GetSoftwareVersionsResponse = Static<typeof GetSoftwareVersionsResponse>;
