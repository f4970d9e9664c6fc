/**
 * The export file: everything of one collection as one signed JSON document (core-api.md 11, behaviour.md 20). Members of a row
 * are the columns it is stored in. References between rows are ids that occur in the same file. Published as
 * docs/generated/export.schema.json; guide: docs/migrations.md.
 */
import { Type, type Static } from 'typebox';
import { CollectionOptions, collectionOptionRanges } from './collection-options.ts';
import { accessByWords, entryCategories, incidentCategories, rejectReasons } from './events.ts';
import { communicationTypes, lockTypes } from './iq-link.ts';
import { batteryStates } from './lock-conditions.ts';
import { iqLedPatterns } from './iqs.ts';
import { offlineAccessTypes } from './key-settings.ts';
import { lockModes } from './lockers.ts';
import { incidentRuleWords, ruleTypes } from './message-rules.ts';
import { podAccessRuleTypes, podUserTypes } from './pods.ts';
import { roleRights } from './roles.ts';
import { iqLinkStates } from './locks.ts';
import { planImageTypes, planLimits } from './floor-plans.ts';
import { nullable, words } from './frame-fields.ts';

/** Format and version of the files this version writes and reads. */
export const exportFormat = 'cardea-export';
export const exportVersion = 1;
/** How many entries and how many incidents a file holds at most; the newest. */
export const mostExportedEvents = 40_000;

const day =
  '(19|2\\d)\\d{2}-((0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])|(0[469]|11)-(0[1-9]|[12]\\d|30)|02-(0[1-9]|1\\d|2\\d))';
const hours = '([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d';

const Id = Type.String({
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
});
/** UTC instant. */
const Instant = Type.String({ pattern: `^${day}T${hours}(\\.\\d{1,6})?(Z|\\+00:00)$` });
/** Wall clock without zone. */
const Local = Type.String({ pattern: `^${day}T${hours}(\\.\\d{1,6})?$` });
const ClockTime = Type.String({ pattern: `^${hours}$` });
const Word = Type.String({ maxLength: 100 });
const Line = Type.String({ maxLength: 500 });
const Name = nullable(Type.String({ maxLength: 255 }));
const Bool = Type.Boolean();
const whole = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum });
const small = whole(-2_147_483_648, 2_147_483_647);
const large = whole(0, Number.MAX_SAFE_INTEGER);
const Vendors = Type.Array(Word, { minItems: 1, maxItems: 20 });
const created = { created_at: Instant };

const schedule = {
  id: Id,
  start_time: ClockTime,
  end_time: ClockTime,
  start_date: nullable(Local),
  end_date: nullable(Local),
  monday: Bool,
  tuesday: Bool,
  wednesday: Bool,
  thursday: Bool,
  friday: Bool,
  saturday: Bool,
  sunday: Bool,
};

const optionRange = (name: keyof typeof collectionOptionRanges) =>
  whole(collectionOptionRanges[name].least, collectionOptionRanges[name].most);

/** Only those that were set. */
const Options = Type.Partial(
  Type.Object({
    ...CollectionOptions.properties,
    otp_future_seconds: optionRange('otp_future_seconds'),
    offline_validity_hours: nullable(optionRange('offline_validity_hours')),
    door_left_open_seconds: optionRange('door_left_open_seconds'),
    mkey_validity_hours: optionRange('mkey_validity_hours'),
    activity_log_days: optionRange('activity_log_days'),
  }),
  { additionalProperties: false },
);

const Collection = Type.Object({
  id: Id,
  customer_reference: Name,
  country_code: nullable(Type.String({ pattern: '^[A-Z]{2}$' })),
  time_zone: nullable(Word),
  sync_mkey: Bool,
  masterkey_id: nullable(Id),
  store_entry_events: Bool,
  store_incident_events: Bool,
  store_lam_audits: Bool,
  store_events_ttl_seconds: whole(86_400, 3650 * 86_400),
  vendor_references: Vendors,
  options: Options,
  /** Absent or null = a collection without owner. */
  owner_user_id: Type.Optional(nullable(Id)),
  ...created,
});

const Iq = Type.Object({
  id: Id,
  mac: Word,
  customer_reference: Name,
  time_zone: Word,
  subscribed: Bool,
  has_been_subscribed: Bool,
  otp_enabled: Bool,
  led_enabled: Bool,
  led_pattern: words(iqLedPatterns),
  is_installation: Bool,
  model: nullable(Word),
  revision: nullable(Word),
  vendor_reference: Word,
  /** What the hub said it takes; {} = it never said. */
  limits: Type.Partial(
    Type.Object({
      locks: whole(0, 10_000),
      repeaters: whole(0, 10_000),
      layers: whole(0, 100),
      persons: whole(0, 100_000_000),
    }),
  ),
  /** SHA-256 (hex) of the hub's activation code; null = the IQ has no hub. */
  code_hash: nullable(Type.String({ pattern: '^[0-9a-f]{64}$' })),
  /** The last event of the hub that was stored; null = none. */
  ledger: nullable(Type.Object({ boot: large, sequence: large })),
  ...created,
});

const place = {
  iq_id: nullable(Id),
  repeater_id: nullable(Id),
  tree_position: nullable(whole(1, 100_000)),
  slot: nullable(whole(0, 100_000)),
};
const hardware = {
  id: Id,
  mac: Word,
  code: Type.String({ pattern: '^([0-9A-F]{6}|[0-9A-F]{8}|[0-9A-F]{14}|[0-9A-F]{16})$' }),
  customer_reference: Name,
  vendor_reference: Word,
  iq_link_state: words(iqLinkStates),
  communication_type: words(communicationTypes),
};

const Lock = Type.Object({
  ...hardware,
  floor_id: nullable(Id),
  lock_type: words(lockTypes),
  battery_level: words(batteryStates),
  license_plate_camera: Bool,
  open_time_seconds: whole(1, 240),
  audit_trail_days: whole(0, 255),
  offline_key_limit: nullable(whole(0, 100_000)),
  easy_office_mode: nullable(Type.Object({ ...schedule, eom_auto_start: Bool })),
  /** Absent in files of servers that knew no lockers. */
  locker_mode: Type.Optional(words(lockModes)),
  wall_reader_near_detection: Type.Optional(Bool),
  locker_group_id: Type.Optional(nullable(Id)),
  ...place,
  ...created,
});

const Key = Type.Object({
  id: Id,
  accessor_id: Id,
  /** Phones and passes are activated anew where they come to. */
  key_type: words(['tag', 'license_plate', 'pin', 'custom_pin'] as const),
  credential_id: Id,
  blocked: Bool,
  /** The plate; keypad codes are among the secrets. */
  credential_value: nullable(Line),
  expires_at: nullable(Instant),
  ...created,
});

const event = {
  id: Id,
  iq_id: Id,
  boot: large,
  /** Below zero: the server itself saw it. */
  sequence: whole(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  event_detail: nullable(Line),
  utc_date_time: Instant,
  local_date_time: Local,
  lock_id: nullable(Id),
  lock_customer_reference: nullable(Line),
  lock_mac_address: nullable(Line),
  iq_customer_reference: nullable(Line),
  iq_mac_address: nullable(Line),
  iq_revision: nullable(Line),
  collection_customer_reference: nullable(Line),
  is_readable: Bool,
};

/** The sections of a file that hold rows, in the order in which they refer to each other. */
export const exportRows = {
  /** The people of the site; of those who have an account, what it says. */
  people: Type.Object({
    id: Id,
    email: nullable(Type.String({ maxLength: 320 })),
    first_name: Line,
    last_name: Line,
    language: nullable(Word),
    ...created,
  }),
  /** Those the site has made for itself; a parent is one of them or built in. */
  site_roles: Type.Object({
    id: Id,
    customer_reference: Name,
    code: Line,
    parent_id: Id,
    depth: whole(1, 100),
    rights: Type.Array(words(roleRights), { maxItems: roleRights.length }),
    ...created,
  }),
  locker_groups: Type.Object({ id: Id, customer_reference: Line, ...created }),
  floors: Type.Object({ id: Id, customer_reference: Name, number: nullable(small), ...created }),
  floor_plans: Type.Object({
    floor_id: Id,
    media_type: words(planImageTypes),
    /** base64; size and digest are its own. */
    image: Type.String({ maxLength: Math.ceil(planLimits.bytes / 3) * 4 }),
    ...created,
  }),
  iqs: Iq,
  repeaters: Type.Object({ ...hardware, ...place, ...created }),
  locks: Lock,
  floor_plan_locks: Type.Object({
    lock_id: Id,
    floor_id: Id,
    x: Type.Number({ minimum: 0, maximum: 1 }),
    y: Type.Number({ minimum: 0, maximum: 1 }),
  }),
  tags: Type.Object({
    id: Id,
    tag_number: Word,
    rfid_uid: nullable(Word),
    source_iq_id: nullable(Id),
    expiry_date: nullable(Instant),
    added_date: Instant,
    registration_date: nullable(Instant),
    vendor_references: Vendors,
    ...created,
  }),
  accessors: Type.Object({
    id: Id,
    remote_access: Bool,
    blocked: Bool,
    override_privacy_mode: Bool,
    toggle_easy_office_mode: Bool,
    toggle_manual_office_mode: Bool,
    /** These are absent in files of servers that knew no people. */
    user_id: Type.Optional(nullable(Id)),
    role_ids: Type.Optional(Type.Array(Id, { maxItems: 100 })),
    alias: Type.Optional(Line),
    expires_at: Type.Optional(nullable(Instant)),
    came_by_pod: Type.Optional(Bool),
    ...created,
  }),
  locker_occupations: Type.Object({ lock_id: Id, accessor_id: Id, occupied_at: Instant }),
  pods: Type.Object({
    id: Id,
    customer_reference: Line,
    max_guest_amount: whole(0, 2_147_483_647),
    access_rule_type: words(['always', 'checkin_checkout'] as const),
    ...created,
  }),
  pod_users: Type.Object({
    pod_id: Id,
    accessor_id: Id,
    pod_user_type: words(podUserTypes),
    access_rule_type: words(podAccessRuleTypes),
    all_locks: Bool,
    ...created,
  }),
  collection_settings: Type.Object({
    id: Id,
    accessor_id: Id,
    blocked: Bool,
    suspended: Bool,
    use_pin: Bool,
    remote_access: nullable(Bool),
    toggle_easy_office_mode: nullable(Bool),
    toggle_manual_office_mode: nullable(Bool),
    override_privacy_mode: nullable(Bool),
    ...created,
  }),
  keys: Key,
  key_settings: Type.Object({
    id: Id,
    key_id: Id,
    collection_setting_id: Id,
    blocked: Bool,
    offline_access_type: words(offlineAccessTypes),
    ...created,
  }),
  offline_keys: Type.Object({ lock_id: Id, key_id: Id, ...created }),
  access_groups: Type.Object({
    id: Id,
    customer_reference: Name,
    /** The locker whose own group it is; absent or null = a group of doors. */
    locker_id: Type.Optional(nullable(Id)),
    /** The pod whose own group it is, and the guest whose rule it holds. */
    pod_id: Type.Optional(nullable(Id)),
    pod_guest_id: Type.Optional(nullable(Id)),
    ...created,
  }),
  access_group_accessors: Type.Object({ access_group_id: Id, accessor_id: Id }),
  access_group_locks: Type.Object({ access_group_id: Id, lock_id: Id }),
  time_schedules: Type.Object({ ...schedule, access_group_id: Id, ...created }),
  message_rules: Type.Object({
    id: Id,
    kind: words(['entry', 'incident'] as const),
    word: words([...ruleTypes, ...incidentRuleWords]),
    customer_reference: Name,
    send_mail: Bool,
    send_sms: Bool,
    send_push: Bool,
    on_inside_handle: Bool,
    some_users: Bool,
    some_locks: Bool,
    ...created,
  }),
  message_rule_locks: Type.Object({ rule_id: Id, lock_id: Id }),
  message_rule_users: Type.Object({ rule_id: Id, user_id: Id }),
  message_rule_recipients: Type.Object({ rule_id: Id, user_id: Id }),
  message_rule_schedules: Type.Object({ ...schedule, rule_id: Id, ...created }),
  message_recipients: Type.Object({
    user_id: Id,
    phone: nullable(Word),
    quiet_from: nullable(ClockTime),
    quiet_until: nullable(ClockTime),
    ...created,
  }),
} as const;
/** Sections that files of older servers have not. */
export const laterSections = [
  'people',
  'site_roles',
  'floor_plans',
  'floor_plan_locks',
  'locker_groups',
  'locker_occupations',
  'pods',
  'pod_users',
  'message_rules',
  'message_rule_locks',
  'message_rule_users',
  'message_rule_recipients',
  'message_rule_schedules',
  'message_recipients',
] as const satisfies readonly (keyof typeof exportRows)[];
type LaterSection = (typeof laterSections)[number];
export type ExportSection = keyof typeof exportRows;
export const exportSections = Object.keys(exportRows) as readonly ExportSection[];

/** Events, only when asked for: the newest, in the order in which they were stored. */
export const exportEvents = {
  entries: Type.Object({
    ...event,
    event_category: words(entryCategories),
    accessor_id: nullable(Id),
    exit_requested: Bool,
    access_by: nullable(words(accessByWords)),
    access_detail: nullable(Line),
    reject_reason: nullable(words(rejectReasons)),
  }),
  incidents: Type.Object({ ...event, event_category: words(incidentCategories) }),
} as const;
export type ExportEventSection = keyof typeof exportEvents;

const mostRows = 1_000_000;
const rowsOf = <T extends Type.TSchema>(row: T) => Type.Array(row, { maxItems: mostRows });
type RowSchemas = {
  [Name in Exclude<ExportSection, LaterSection>]: Type.TArray<(typeof exportRows)[Name]>;
} & { [Name in LaterSection]: Type.TOptional<Type.TArray<(typeof exportRows)[Name]>> };
const later: ReadonlySet<string> = new Set(laterSections);

/** A file whose signature has been checked. */
export const ExportFile = Type.Object({
  format: Type.Literal(exportFormat),
  version: Type.Literal(exportVersion),
  /** RFC 7638 thumbprint of the key that signed: the name of the installation it comes from. */
  installation: Word,
  exported_at: Instant,
  collection: Collection,
  ...(Object.fromEntries(
    Object.entries(exportRows).map(([name, row]) => [
      name,
      later.has(name) ? Type.Optional(rowsOf(row)) : rowsOf(row),
    ]),
  ) as unknown as RowSchemas),
  /** null = not asked for. */
  events: nullable(
    Type.Object({
      /** False: there are older ones. */
      is_complete: Bool,
      entries: rowsOf(exportEvents.entries),
      incidents: rowsOf(exportEvents.incidents),
    }),
  ),
  /** Compact JWE (ECDH-ES, A256GCM) around ExportSecrets; null = no key was named, and keypad codes are left out. */
  secrets: nullable(Type.String()),
  /** Detached JWS (EdDSA) over the canonical JSON (RFC 8785) of the file without this member. */
  signature: Type.Object({
    public_key: Type.Object({
      kty: Type.Literal('OKP'),
      crv: Type.Literal('Ed25519'),
      x: Type.String({ maxLength: 100 }),
    }),
    protected: Type.String({ maxLength: 1_000 }),
    signature: Type.String({ maxLength: 200 }),
  }),
});
export type SentExportFile = Static<typeof ExportFile>;
/** A file with every section, as it is written. */
export type ExportFile = SentExportFile & Required<Pick<SentExportFile, LaterSection>>;
export type ExportRow<Name extends ExportSection> = Static<(typeof exportRows)[Name]>;

/** What only the holder of the private key reads. */
export const ExportSecrets = Type.Object({
  /** Keys (base64) of the HMAC-SHA-256 under which the codes lie. */
  pin_hash_keys: Type.Array(Type.String({ pattern: '^[A-Za-z0-9+/]{22,88}={0,2}$' }), {
    maxItems: 100,
  }),
  /** base64 HMAC of the keypad code of a key. */
  pin_hashes: Type.Array(
    Type.Object({ key_id: Id, hash: Type.String({ pattern: '^[A-Za-z0-9+/]{43}=$' }) }),
    { maxItems: mostRows },
  ),
  /** OTP secret and PIN of an accessor at an IQ (behaviour.md 6). */
  otp: Type.Array(
    Type.Object({
      iq_id: Id,
      accessor_id: Id,
      secret: Type.String({ pattern: '^[A-Za-z0-9]{16}$' }),
      pin: Type.String({ pattern: '^\\d{4}$' }),
      activation_state: words(['inactive', 'active'] as const),
      activation_date: nullable(Instant),
    }),
    { maxItems: mostRows },
  ),
});
export type ExportSecrets = Static<typeof ExportSecrets>;
