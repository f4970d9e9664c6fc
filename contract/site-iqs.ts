/** IQs as the Connect face shows them (connect-api.md 4.6, 4.7, 5, 7). */
import { Type, type Static } from 'typebox';
import { versioned } from './connect-version.ts';
import {
  Bool,
  Instant,
  Int,
  listOf,
  Name,
  optional,
  orNull,
  page,
  Text,
  TimeZone,
  Uuid,
  words,
} from './fields.ts';
import { communicationTypes, lockTypes } from './iq-link.ts';
import { batteryStates } from './lock-conditions.ts';
import { dataSyncStates, iqStates } from './iqs.ts';
import { hardwareTypes, IqTreeItem } from './tree.ts';

export const SiteIqResponse = versioned(
  {
    id: Uuid,
    customer_reference: orNull(Text),
    time_zone: orNull(Text),
    mac: orNull(Text),
    operator: orNull(Text),
    state: words(iqStates),
    restore_required: Bool,
    reset_date: orNull(Instant),
    online: Bool,
    led_enabled: Bool,
    data_sync_state: words(dataSyncStates),
    /** 0 to 31; null until the hub has told it. */
    signal_strength: orNull(Int),
    revision: orNull(Text),
  },
  { otp_enabled: Bool },
);
export type SiteIqResponse = Static<(typeof SiteIqResponse)['v1.2']>;
export const SiteIqPage = {
  'v1.1': page(SiteIqResponse['v1.1']),
  'v1.2': page(SiteIqResponse['v1.2']),
} as const;

export const PostSiteIqRequest = Type.Object({
  customer_reference: Name,
  time_zone: TimeZone,
  activation_code: Text,
});

export const PatchSiteIqRequest = Type.Object({
  customer_reference: optional(Name),
  time_zone: optional(TimeZone),
  led_enabled: optional(Bool),
});

export const ReplaceSiteIqRequest = Type.Object({ activation_code: Text });

export const SiteIqSecretResponse = Type.Object({ secret: orNull(Text) });

export const PutSitePinRequest = Type.Object({ otp: Text, delta: Text });

/** `parent_id` null = directly on the IQ. */
export const SiteTreeItem = Type.Object({
  id: Uuid,
  parent_id: orNull(Uuid),
  hardware_type: words(hardwareTypes),
  mac: orNull(Text),
  customer_reference: orNull(Text),
  lock_type: words(lockTypes),
  is_online: Bool,
  is_attached: Bool,
  battery_state: words(batteryStates),
  communication_type: words(communicationTypes),
});
export type SiteTreeItem = Static<typeof SiteTreeItem>;
export const SiteTree = listOf(SiteTreeItem);

/** `otp` is required where the IQ has `otp_enabled`. */
export const PutSiteTreeRequest = Type.Object({
  otp: optional(orNull(Text)),
  iq_tree_items: optional(orNull(listOf(IqTreeItem))),
});
