/** What an IQ writes into its ledger: facts in the past tense, numbered, uploaded in order, stored once (behaviour.md 8-10). */
import { Type, type Static } from 'typebox';
import { nullable, words } from './frame-fields.ts';
import { batteryStates } from './lock-conditions.ts';

export const entryCategories = [
  'lock_opened',
  'lock_rejected',
  'easy_office_mode',
  'office_mode',
  'privacy_mode',
] as const;
export type EntryCategory = (typeof entryCategories)[number];

export const accessByWords = [
  'tag',
  'pin_code',
  'mkey',
  'wallet',
  'remote',
  'license_plate',
  'inside_handle',
  'schedule',
] as const;
export type AccessBy = (typeof accessByWords)[number];

export const rejectReasons = [
  'keypad_locked',
  'unknown_credential',
  'foreign_tag',
  'key_expired',
  'key_blocked',
  'accessor_blocked',
  'suspended',
  'credential_not_allowed',
  'not_in_group',
  'no_schedule',
  'outside_schedule',
  'privacy_mode',
  'lock_offline',
  'hub_table_damaged',
  'offline_validity_over',
] as const;
export type RejectReason = (typeof rejectReasons)[number];

export const incidentCategories = [
  'intrusion_alarm_start',
  'intrusion_alarm_end',
  'tamper_alarm_start',
  'tamper_alarm_end',
  'door_left_open_alarm_start',
  'door_left_open_alarm_end',
  'lock_connection_lost',
  'lock_connection_restored',
  'iq_connection_lost',
  'iq_connection_restored',
  'low_battery_warning',
  'lock_clock_failure',
  'lock_time_set',
  'lock_ppd_connected',
  'operation_not_completed',
  'lock_reset',
  'easy_office_mode_end_failed',
  'unknown',
] as const;
export type IncidentCategory = (typeof incidentCategories)[number];

const common = {
  /** Counts up by one from 1 for the life of the ledger, restarts of the hub included. */
  sequence: Type.Integer({ minimum: 1 }),
  id: Type.String({ format: 'uuid' }),
  /** UTC instant at the door, RFC 3339 with milliseconds. */
  at: Type.String(),
  /** Wall clock of the IQ's zone at that instant, YYYY-MM-DDTHH:mm:ss. */
  local: Type.String(),
};

export const EntryEvent = Type.Object({
  ...common,
  kind: Type.Literal('entry'),
  lock_id: Type.String(),
  category: words(entryCategories),
  detail: nullable(Type.String()),
  accessor_id: nullable(Type.String()),
  access_by: words(accessByWords),
  access_detail: Type.String(),
  exit_requested: Type.Boolean(),
  reject_reason: nullable(words(rejectReasons)),
});
export type EntryEvent = Static<typeof EntryEvent>;

export const IncidentEvent = Type.Object({
  ...common,
  kind: Type.Literal('incident'),
  lock_id: nullable(Type.String()),
  category: words(incidentCategories),
  detail: nullable(Type.String()),
});
export type IncidentEvent = Static<typeof IncidentEvent>;

/** A lock or repeater joined (card or button) or left for good. */
export const LinkEvent = Type.Object({
  ...common,
  kind: words([
    'lock_attached',
    'lock_detached',
    'repeater_attached',
    'repeater_detached',
  ] as const),
  hardware_id: Type.String(),
});
export type LinkEvent = Static<typeof LinkEvent>;

/** A tag was shown while tag registration ran. */
export const TagShownEvent = Type.Object({
  ...common,
  kind: Type.Literal('tag_shown'),
  lock_id: Type.String(),
  tag_number: nullable(Type.String()),
  rfid_uid: nullable(Type.String()),
});
export type TagShownEvent = Static<typeof TagShownEvent>;

/** The reset button was held: content gone, network settings kept. */
export const FactoryResetEvent = Type.Object({ ...common, kind: Type.Literal('factory_reset') });
export type FactoryResetEvent = Static<typeof FactoryResetEvent>;

/** A lock that belongs to nobody was reset by hand within radio reach: it has forgotten its former hub. */
export const HardwareResetEvent = Type.Object({
  ...common,
  kind: Type.Literal('hardware_reset'),
  mac: Type.String(),
});
export type HardwareResetEvent = Static<typeof HardwareResetEvent>;

/** What changed of the battery of a lock, or of its radio; what is absent is as it was. A first one says all that is known. */
export const LockConditionEvent = Type.Object({
  ...common,
  kind: Type.Literal('lock_condition'),
  lock_id: Type.String(),
  battery_level: Type.Optional(words(batteryStates)),
  /** The hub hears it. */
  online: Type.Optional(Type.Boolean()),
  /** How well the hub, or the repeater between, hears it: 0-31, 31 best. */
  signal_strength: Type.Optional(Type.Integer({ minimum: 0, maximum: 31 })),
});
export type LockConditionEvent = Static<typeof LockConditionEvent>;

export const HubEvent = Type.Union([
  EntryEvent,
  IncidentEvent,
  LinkEvent,
  TagShownEvent,
  FactoryResetEvent,
  HardwareResetEvent,
  LockConditionEvent,
]);
export type HubEvent = Static<typeof HubEvent>;
