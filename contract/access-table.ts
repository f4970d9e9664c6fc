/**
 * The desired state of one IQ: a set of items by key, each replaced or removed as a whole, so that a delta holds just the
 * items that changed. It is all the IQ needs to decide without the server (behaviour.md 5, 7.2, 8, 12).
 */
import { Type, type Static } from 'typebox';
import { nullable } from './frame-fields.ts';

const Uuid = Type.String();

/** Wall-clock window in the IQ's zone; the end second is included; end before start runs over midnight (5.3). */
export const Schedule = Type.Object({
  id: Uuid,
  /** HH:mm:ss */
  start_time: Type.String(),
  end_time: Type.String(),
  /** YYYY-MM-DDTHH:mm:ss wall clock, or null = open */
  start_date: nullable(Type.String()),
  end_date: nullable(Type.String()),
  monday: Type.Boolean(),
  tuesday: Type.Boolean(),
  wednesday: Type.Boolean(),
  thursday: Type.Boolean(),
  friday: Type.Boolean(),
  saturday: Type.Boolean(),
  sunday: Type.Boolean(),
});
export type Schedule = Static<typeof Schedule>;

export const EasyOfficeModeSchedule = Type.Object({
  ...Schedule.properties,
  eom_auto_start: Type.Boolean(),
});
export type EasyOfficeModeSchedule = Static<typeof EasyOfficeModeSchedule>;

export const SettingsItem = Type.Object({
  iq_id: Uuid,
  collection_id: nullable(Uuid),
  time_zone: Type.String(),
  led_enabled: Type.Boolean(),
  led_pattern: Type.String(),
  /** Absent = true: only the light says that it is not (4.2). */
  subscribed: Type.Optional(Type.Boolean()),
  tags_from_other_sites: Type.Boolean(),
  door_left_open_seconds: Type.Integer(),
  offline_validity_hours: nullable(Type.Integer()),
  offline_schedules: Type.Boolean(),
  /** The id of the tag that opens every lock of the collection. */
  masterkey_tag_id: nullable(Uuid),
  /** base64 key of the HMAC-SHA-256 under which keypad codes are stored. */
  pin_hash_key: Type.String(),
  /** Other keys under which codes lie that were given out elsewhere; absent = there are none. */
  former_pin_hash_keys: Type.Optional(Type.Array(Type.String())),
});
export type SettingsItem = Static<typeof SettingsItem>;

export const LockItem = Type.Object({
  id: Uuid,
  mac: Type.String(),
  /** The hub's number for the device: given at first attach, kept while the item stays. */
  slot: Type.Integer(),
  repeater_id: nullable(Uuid),
  link: Type.Union([
    Type.Literal('attached_pending'),
    Type.Literal('attached'),
    Type.Literal('detached_pending'),
  ]),
  open_time_seconds: Type.Integer(),
  license_plate_camera: Type.Boolean(),
  group_ids: Type.Array(Uuid),
  easy_office_mode: nullable(EasyOfficeModeSchedule),
  /** Keys (relation ids) that open with the hub gone. */
  offline_key_ids: Type.Array(Uuid),
  /** A key that opened within so many days opens with the hub gone (12.3); absent = off. */
  audit_trail_days: Type.Optional(Type.Integer({ minimum: 1, maximum: 255 })),
});
export type LockItem = Static<typeof LockItem>;

export const RepeaterItem = Type.Object({
  id: Uuid,
  mac: Type.String(),
  slot: Type.Integer(),
  repeater_id: nullable(Uuid),
  link: Type.Union([
    Type.Literal('attached_pending'),
    Type.Literal('attached'),
    Type.Literal('detached_pending'),
  ]),
});
export type RepeaterItem = Static<typeof RepeaterItem>;

export const GroupItem = Type.Object({ id: Uuid, schedules: Type.Array(Schedule) });
export type GroupItem = Static<typeof GroupItem>;

export const KeyItem = Type.Object({
  /** The relation accessor - credential. */
  id: Uuid,
  /** The tag, PIN, mobile key or plate. */
  credential_id: Uuid,
  type: Type.Union([
    Type.Literal('tag'),
    Type.Literal('mkey'),
    Type.Literal('pin'),
    Type.Literal('wallet'),
    Type.Literal('license_plate'),
    Type.Literal('custom_pin'),
  ]),
  blocked: Type.Boolean(),
  /** UTC instant, or null = never */
  expires_at: nullable(Type.String()),
  /** What a reader would report: tag number, plate, or base64 HMAC of the keypad code. */
  value: Type.String(),
  rfid_uid: nullable(Type.String()),
  /** Collection of the tag; null where the credential belongs to none. */
  collection_id: nullable(Uuid),
});
export type KeyItem = Static<typeof KeyItem>;

/** Flags are those in force for the IQ's collection (behaviour.md 5.2). */
export const AccessorItem = Type.Object({
  id: Uuid,
  blocked: Type.Boolean(),
  suspended: Type.Boolean(),
  use_pin: Type.Boolean(),
  override_privacy_mode: Type.Boolean(),
  toggle_easy_office_mode: Type.Boolean(),
  toggle_manual_office_mode: Type.Boolean(),
  group_ids: Type.Array(Uuid),
  keys: Type.Array(KeyItem),
});
export type AccessorItem = Static<typeof AccessorItem>;

/** Whom a hub believes when a phone shows its key (behaviour.md 11). */
export const TrustItem = Type.Object({
  /** Version of the tenant certificate in use; the first of `certificates`. */
  version: Type.Integer(),
  certificates: Type.Array(
    Type.Object({
      /** base64 DER X.509 */
      certificate: Type.String(),
      /** UTC instant from which on it is not believed any more, or null = while it is listed */
      trusted_until: nullable(Type.String()),
    }),
  ),
  /** base64 DER SubjectPublicKeyInfo, P-256: who signs mobile keys (ES256) */
  mobile_key_signers: Type.Array(Type.String()),
});
export type TrustItem = Static<typeof TrustItem>;

/** A phone certificate or mobile key that is not accepted any more; `id` is the certificate's or the key's. */
export const RevokedItem = Type.Object({
  id: Uuid,
  /** UTC instant after which it would not be accepted anyway */
  expires_at: Type.String(),
});
export type RevokedItem = Static<typeof RevokedItem>;

/** Schema of an item by the part of its key before the slash; keys are `settings`, `trust` and `<kind>/<uuid>`. */
export const itemSchemas = {
  settings: SettingsItem,
  lock: LockItem,
  repeater: RepeaterItem,
  group: GroupItem,
  accessor: AccessorItem,
  trust: TrustItem,
  revoked: RevokedItem,
} as const;
export type ItemKind = keyof typeof itemSchemas;

/** One change: the new value of an item, or null when it is gone. */
export const DesiredItem = Type.Object({ key: Type.String(), value: Type.Unknown() });
export type DesiredItem = Static<typeof DesiredItem>;
