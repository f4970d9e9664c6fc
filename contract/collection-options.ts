import { Type, type Static } from 'typebox';
import { Bool, Int, optional, orNull } from './fields.ts';

/** The settings of a site (behaviour.md 2). */
export const CollectionOptions = Type.Object({
  single_use_otp: Bool,
  otp_future_seconds: Int,
  custom_pin_enabled: Bool,
  tags_from_other_sites: Bool,
  offline_access_for_new_mobile_keys: Bool,
  offline_schedules: Bool,
  offline_validity_hours: orNull(Int),
  door_left_open_seconds: Int,
  remote_open_checks_schedule: Bool,
  tree_mixed_root: Bool,
  auto_restore: Bool,
  mkey_validity_hours: Int,
  activity_log_days: Int,
  second_factor_for_admins: Bool,
});
export type CollectionOptions = Static<typeof CollectionOptions>;

/** What holds where nothing was set, and for objects of no collection. */
export const defaultCollectionOptions: CollectionOptions = {
  single_use_otp: false,
  otp_future_seconds: 60,
  custom_pin_enabled: true,
  // Known systems let a tag of one site open at another where a group says so; who wants less switches it off.
  tags_from_other_sites: true,
  offline_access_for_new_mobile_keys: false,
  offline_schedules: true,
  offline_validity_hours: null,
  door_left_open_seconds: 30,
  remote_open_checks_schedule: false,
  tree_mixed_root: false,
  auto_restore: false,
  mkey_validity_hours: 8760,
  activity_log_days: 365,
  second_factor_for_admins: false,
};

/** Least and most of the numbers, both allowed; `offline_validity_hours` also takes 0, which is null again. */
export const collectionOptionRanges = {
  otp_future_seconds: { least: 0, most: 180 },
  offline_validity_hours: { least: 0, most: 8784 },
  door_left_open_seconds: { least: 5, most: 600 },
  mkey_validity_hours: { least: 1, most: 8784 },
  activity_log_days: { least: 1, most: 3650 },
} as const satisfies { readonly [Name in keyof CollectionOptions]?: unknown };

export const PatchCollectionOptionsRequest = Type.Object({
  single_use_otp: optional(Bool),
  otp_future_seconds: optional(Int),
  custom_pin_enabled: optional(Bool),
  tags_from_other_sites: optional(Bool),
  offline_access_for_new_mobile_keys: optional(Bool),
  offline_schedules: optional(Bool),
  offline_validity_hours: optional(Int),
  door_left_open_seconds: optional(Int),
  remote_open_checks_schedule: optional(Bool),
  tree_mixed_root: optional(Bool),
  auto_restore: optional(Bool),
  mkey_validity_hours: optional(Int),
  activity_log_days: optional(Int),
  /** The owner and the admins sign in with a second factor (identity.md 9). */
  second_factor_for_admins: optional(Bool),
});
