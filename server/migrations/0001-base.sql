-- The first ring: tenants, sign-in, collections, hardware, people as the hardware sees them, rights, desired state, commands,
-- events, audit. The tenant is the first column of every key, so that tables can be distributed by tenant later on.
-- No older process exists, so nothing has to keep running beside this.

create table tenants (
  id uuid primary key,
  name text not null,
  product_id uuid not null default gen_random_uuid(),
  -- Key of the HMAC under which keypad codes are stored and compared; travels to the tenant's hubs.
  pin_hash_key bytea not null default decode(md5(random()::text || clock_timestamp()::text || gen_random_uuid()::text) || md5(gen_random_uuid()::text), 'hex'),
  created_at timestamptz not null default now()
);

-- ── sign-in ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

create table clients (
  id text primary key,
  tenant_id uuid references tenants,
  product_id uuid,
  name text not null,
  kind text not null check (kind in ('confidential', 'public')),
  grants text[] not null,
  scopes text[] not null,
  redirect_uris text[] not null default '{}',
  post_logout_redirect_uris text[] not null default '{}',
  disabled_at timestamptz,
  created_at timestamptz not null
);

create table client_secrets (
  id uuid primary key,
  client_id text not null references clients on delete cascade,
  secret_hash text not null,
  created_at timestamptz not null,
  expires_at timestamptz
);
create index client_secrets_client on client_secrets (client_id);

-- A login is what signs in (sub); a user is the person in one tenant (user.id of Connect).
create table logins (
  id uuid primary key,
  email text not null,
  password_hash text,
  first_name text not null default '',
  last_name text not null default '',
  email_verified boolean not null default false,
  disabled_at timestamptz,
  created_at timestamptz not null
);
create unique index logins_email on logins (lower(email));

create table users (
  tenant_id uuid not null references tenants,
  id uuid not null,
  login_id uuid references logins,
  created_at timestamptz not null,
  primary key (tenant_id, id)
);
create index users_login on users (login_id);

-- What oidc-provider keeps (sessions, codes, grants, …), by model and id; ids are stored hashed.
create table oidc_payloads (
  model text not null,
  id_hash text not null,
  payload jsonb not null,
  grant_id text,
  uid text,
  consumed_at timestamptz,
  expires_at timestamptz,
  primary key (model, id_hash)
);
create index oidc_payloads_grant on oidc_payloads (grant_id) where grant_id is not null;
create index oidc_payloads_uid on oidc_payloads (model, uid) where uid is not null;
create index oidc_payloads_expiry on oidc_payloads (expires_at);

create table signing_keys (
  kid text primary key,
  private_jwk jsonb not null,
  public_jwk jsonb not null,
  published_at timestamptz not null,
  active_from timestamptz not null,
  retired_at timestamptz
);

-- ── vendors, collections, floors ─────────────────────────────────────────────────────────────────────────────────────────

create table vendors (
  id uuid primary key,
  reference text not null unique,
  display_name text not null,
  created_at timestamptz not null default now()
);
insert into vendors (id, reference, display_name) values ('5a111500-0000-4000-8000-000000000001', 'sallis', 'Sallis');

create table collections (
  tenant_id uuid not null references tenants,
  id uuid not null,
  customer_reference text,
  country_code text,
  time_zone text,
  sync_mkey boolean not null default true,
  masterkey_id uuid,
  default_installer_id uuid,
  default_installer_company_id uuid,
  store_entry_events boolean not null default true,
  store_incident_events boolean not null default true,
  store_lam_audits boolean not null default true,
  store_events_ttl_seconds bigint not null default 7776000,
  vendor_references text[] not null default '{sallis}',
  -- Site settings that differ from the defaults (behaviour.md 2, CollectionOptions).
  options jsonb not null default '{}',
  created_at timestamptz not null,
  primary key (tenant_id, id)
);
create unique index collections_id on collections (id);
create index collections_created on collections (tenant_id, created_at, id);

create table floors (
  tenant_id uuid not null,
  id uuid not null,
  collection_id uuid not null,
  customer_reference text,
  number integer,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, collection_id) references collections on delete cascade
);

-- ── hardware ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

-- The factory register: every hub that has called home or was imported. It belongs to no tenant.
create table factory_hubs (
  hub_id uuid primary key,
  -- SHA-256 (hex) of the activation code: 80 random bits, so a plain hash is enough.
  code_hash text not null,
  mac text not null,
  model text,
  revision text,
  vendor_reference text,
  limits jsonb,
  first_contact_at timestamptz,
  last_contact_at timestamptz,
  -- The IQ that holds the claim; null = free. Set until the hub is wiped, deleted or not.
  claimed_tenant_id uuid,
  claimed_iq_id uuid,
  claim_id uuid,
  claim_confirmed_at timestamptz,
  -- scrypt or SHA-256 of the 256-bit credential handed out at the claim.
  credential_hash text,
  wipe_requested_at timestamptz
);
create unique index factory_hubs_code on factory_hubs (code_hash);
create unique index factory_hubs_iq on factory_hubs (claimed_iq_id) where claimed_iq_id is not null;

create table iqs (
  tenant_id uuid not null references tenants,
  id uuid not null,
  hub_id uuid,
  mac text not null,
  customer_reference text,
  collection_id uuid,
  time_zone text not null,
  subscribed boolean not null,
  -- True once the IQ was subscribed: from then on its doors keep getting rights (behaviour.md 4.2).
  has_been_subscribed boolean not null,
  otp_enabled boolean not null,
  led_enabled boolean not null default true,
  led_pattern text not null default 'green_blink_every_5_min',
  state text not null check (state in ('initialized', 'installation', 'active')),
  is_installation boolean not null default false,
  restore_required boolean not null default false,
  reset_date timestamptz,
  online boolean not null default false,
  -- Which gateway process holds the connection; null = none.
  gateway_id uuid,
  last_seen_at timestamptz,
  signal_strength integer not null default 0,
  operator text,
  revision text,
  model text,
  vendor_reference text not null references vendors (reference),
  limits jsonb not null default '{}',
  -- IqReport of contract/iq-link.ts as last reported, and when.
  report jsonb,
  report_at timestamptz,
  -- Desired state: newest version, the version the hub has proven to hold, since when the difference stands, last refusal.
  desired_version bigint not null default 0,
  applied_version bigint not null default 0,
  desired_changed_at timestamptz,
  sync_refused text,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, collection_id) references collections on delete set null (collection_id)
);
create unique index iqs_id on iqs (id);
create index iqs_created on iqs (tenant_id, created_at, id);
create index iqs_collection on iqs (tenant_id, collection_id);

create table repeaters (
  tenant_id uuid not null references tenants,
  id uuid not null,
  mac text not null,
  code text not null,
  customer_reference text,
  collection_id uuid,
  vendor_reference text not null references vendors (reference),
  iq_link_state text not null default 'detached'
    check (iq_link_state in ('detached', 'attached_pending', 'attached', 'detached_pending')),
  communication_type text not null default 'blue_net',
  online boolean not null default false,
  iq_id uuid,
  repeater_id uuid,
  tree_position integer,
  slot integer,
  signal_strength integer,
  signal_strength_last_update timestamptz,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, iq_id) references iqs,
  foreign key (tenant_id, collection_id) references collections on delete set null (collection_id)
);
create unique index repeaters_code on repeaters (code);
create index repeaters_created on repeaters (tenant_id, created_at, id);
create index repeaters_iq on repeaters (tenant_id, iq_id);

create table locks (
  tenant_id uuid not null references tenants,
  id uuid not null,
  mac text not null,
  code text not null,
  customer_reference text,
  collection_id uuid,
  floor_id uuid,
  vendor_reference text not null references vendors (reference),
  iq_link_state text not null default 'detached'
    check (iq_link_state in ('detached', 'attached_pending', 'attached', 'detached_pending')),
  locked_state text not null default 'none',
  -- Since when a pending locked_state waits for the lock; after 10 s it is shown as uncertain.
  locked_state_at timestamptz,
  lock_type text not null default 'unknown',
  communication_type text not null default 'blue_net',
  battery_level text not null default 'unknown',
  online boolean not null default false,
  left_open_alarm boolean not null default false,
  intrusion_alarm boolean not null default false,
  privacy_mode boolean not null default false,
  tag_registration_until timestamptz,
  license_plate_camera boolean not null default false,
  open_time_seconds integer not null default 6,
  offline_key_limit integer,
  iq_id uuid,
  repeater_id uuid,
  tree_position integer,
  slot integer,
  signal_strength integer,
  signal_strength_last_update timestamptz,
  -- EasyOfficeModeSchedule of contract/access-table.ts
  easy_office_mode jsonb,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, iq_id) references iqs,
  foreign key (tenant_id, repeater_id) references repeaters,
  foreign key (tenant_id, floor_id) references floors on delete set null (floor_id),
  foreign key (tenant_id, collection_id) references collections on delete set null (collection_id)
);
create unique index locks_code on locks (code);
create index locks_created on locks (tenant_id, created_at, id);
create index locks_iq on locks (tenant_id, iq_id);
create index locks_collection on locks (tenant_id, collection_id, created_at, id);
create index locks_mac on locks (tenant_id, mac);

-- ── people and credentials as the hardware sees them ─────────────────────────────────────────────────────────────────────

create table accessors (
  tenant_id uuid not null references tenants,
  id uuid not null,
  -- The person, where there is one; accessors made on the Core face have none.
  user_id uuid,
  collection_id uuid,
  remote_access boolean not null default false,
  blocked boolean not null default false,
  override_privacy_mode boolean not null default false,
  toggle_easy_office_mode boolean not null default false,
  toggle_manual_office_mode boolean not null default false,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references users on delete set null (user_id),
  foreign key (tenant_id, collection_id) references collections on delete set null (collection_id)
);
create unique index accessors_id on accessors (id);
create index accessors_created on accessors (tenant_id, created_at, id);
create index accessors_collection on accessors (tenant_id, collection_id);

create table collection_settings (
  tenant_id uuid not null,
  id uuid not null,
  accessor_id uuid not null,
  collection_id uuid not null,
  blocked boolean not null default false,
  suspended boolean not null default false,
  use_pin boolean not null default false,
  remote_access boolean,
  toggle_easy_office_mode boolean,
  toggle_manual_office_mode boolean,
  override_privacy_mode boolean,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, accessor_id, collection_id),
  foreign key (tenant_id, accessor_id) references accessors on delete cascade,
  foreign key (tenant_id, collection_id) references collections on delete cascade
);

create table tags (
  tenant_id uuid not null references tenants,
  id uuid not null,
  tag_number text not null,
  rfid_uid text,
  source_iq_id uuid,
  collection_id uuid,
  expiry_date timestamptz,
  added_date timestamptz not null,
  registration_date timestamptz,
  vendor_references text[] not null default '{sallis}',
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, collection_id) references collections on delete set null (collection_id)
);
create unique index tags_number on tags (tenant_id, tag_number);
create index tags_created on tags (tenant_id, created_at, id);
create index tags_collection on tags (tenant_id, collection_id);

-- A key is the relation accessor - credential. credential_id names a tag, or is the PIN's, plate's or mobile key's own id.
create table keys (
  tenant_id uuid not null,
  id uuid not null,
  accessor_id uuid not null,
  key_type text not null check (key_type in ('tag', 'mkey', 'pin', 'wallet', 'license_plate', 'custom_pin')),
  credential_id uuid not null,
  blocked boolean not null default false,
  -- What a reader reports for credentials that are no tags: base64 HMAC of a keypad code, a plate.
  credential_value text,
  expires_at timestamptz,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, accessor_id) references accessors on delete cascade
);
create index keys_accessor on keys (tenant_id, accessor_id, created_at, id);
create index keys_credential on keys (tenant_id, credential_id);
create unique index keys_tag on keys (tenant_id, credential_id, accessor_id);

create table key_settings (
  tenant_id uuid not null,
  id uuid not null,
  key_id uuid not null,
  collection_setting_id uuid not null,
  blocked boolean not null default false,
  offline_access_type text not null default 'by_offline_keys',
  created_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, key_id, collection_setting_id),
  foreign key (tenant_id, key_id) references keys on delete cascade,
  foreign key (tenant_id, collection_setting_id) references collection_settings on delete cascade
);

create table offline_keys (
  tenant_id uuid not null,
  lock_id uuid not null,
  key_id uuid not null,
  created_at timestamptz not null,
  primary key (tenant_id, lock_id, key_id),
  foreign key (tenant_id, lock_id) references locks on delete cascade,
  foreign key (tenant_id, key_id) references keys on delete cascade
);
create index offline_keys_key on offline_keys (tenant_id, key_id);

-- OTP secret and PIN of an accessor on one IQ (behaviour.md 6); secret and pin are encrypted with the operator's key.
create table iq_pins (
  tenant_id uuid not null,
  id uuid not null,
  iq_id uuid not null,
  accessor_id uuid not null,
  secret_sealed bytea not null,
  pin_sealed bytea not null,
  activation_state text not null default 'inactive' check (activation_state in ('inactive', 'active')),
  activation_date timestamptz,
  wrong_at timestamptz[] not null default '{}',
  blocked_until timestamptz,
  used_codes jsonb not null default '[]',
  created_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, iq_id, accessor_id),
  foreign key (tenant_id, iq_id) references iqs on delete cascade,
  foreign key (tenant_id, accessor_id) references accessors on delete cascade
);

-- ── rights ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

create table access_groups (
  tenant_id uuid not null references tenants,
  id uuid not null,
  customer_reference text,
  collection_id uuid,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, collection_id) references collections on delete set null (collection_id)
);
create unique index access_groups_id on access_groups (id);
create index access_groups_created on access_groups (tenant_id, created_at, id);
create index access_groups_collection on access_groups (tenant_id, collection_id);

create table access_group_accessors (
  tenant_id uuid not null,
  access_group_id uuid not null,
  accessor_id uuid not null,
  primary key (tenant_id, access_group_id, accessor_id),
  foreign key (tenant_id, access_group_id) references access_groups on delete cascade,
  foreign key (tenant_id, accessor_id) references accessors on delete cascade
);
create index access_group_accessors_accessor on access_group_accessors (tenant_id, accessor_id);

create table access_group_locks (
  tenant_id uuid not null,
  access_group_id uuid not null,
  lock_id uuid not null,
  primary key (tenant_id, access_group_id, lock_id),
  foreign key (tenant_id, access_group_id) references access_groups on delete cascade,
  foreign key (tenant_id, lock_id) references locks on delete cascade
);
create index access_group_locks_lock on access_group_locks (tenant_id, lock_id);

create table time_schedules (
  tenant_id uuid not null,
  id uuid not null,
  access_group_id uuid not null,
  start_time time not null,
  end_time time not null,
  start_date timestamp,
  end_date timestamp,
  monday boolean not null,
  tuesday boolean not null,
  wednesday boolean not null,
  thursday boolean not null,
  friday boolean not null,
  saturday boolean not null,
  sunday boolean not null,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, access_group_id) references access_groups on delete cascade
);
create index time_schedules_group on time_schedules (tenant_id, access_group_id, created_at, id);

-- ── desired state, commands ──────────────────────────────────────────────────────────────────────────────────────────────

-- One row per item of an IQ's desired state (contract/access-table.ts); a removed item stays as value null until every hub
-- that could hold it has gone past its version.
create table desired_items (
  tenant_id uuid not null,
  iq_id uuid not null,
  key text not null,
  value jsonb,
  version bigint not null,
  primary key (tenant_id, iq_id, key),
  foreign key (tenant_id, iq_id) references iqs on delete cascade
);
create index desired_items_version on desired_items (tenant_id, iq_id, version);

create table commands (
  tenant_id uuid not null,
  id uuid not null,
  iq_id uuid not null,
  lock_id uuid,
  kind text not null,
  body jsonb not null,
  state text not null check (state in ('queued', 'sent', 'confirmed', 'refused', 'expired', 'unknown')),
  word text,
  request_id text,
  queued_at timestamptz not null,
  sent_at timestamptz,
  deadline timestamptz not null,
  finished_at timestamptz,
  primary key (tenant_id, id)
);
create index commands_waiting on commands (tenant_id, iq_id, queued_at) where state in ('queued', 'sent');

-- ── events ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

-- How far each hub's ledger is stored. Gaps are incidents.
create table iq_ledgers (
  tenant_id uuid not null,
  iq_id uuid not null,
  boot bigint not null,
  sequence bigint not null,
  primary key (tenant_id, iq_id)
);

-- Numbers are given while the lock of the event store is held until commit, so they become visible in order.
create sequence event_numbers;

create table entries (
  tenant_id uuid not null,
  id uuid not null,
  number bigint not null,
  iq_id uuid not null,
  boot bigint not null,
  sequence bigint not null,
  collection_id uuid,
  event_category text not null,
  event_detail text,
  utc_date_time timestamptz not null,
  local_date_time timestamp not null,
  lock_id uuid,
  lock_customer_reference text,
  lock_mac_address text,
  accessor_id uuid,
  iq_customer_reference text,
  iq_mac_address text,
  iq_revision text,
  collection_customer_reference text,
  exit_requested boolean not null,
  access_by text,
  access_detail text,
  reject_reason text,
  -- False = the collection stores none: kept for streams for 24 h, never shown by the lists.
  is_readable boolean not null default true,
  stored_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, iq_id, boot, sequence)
);
create unique index entries_number on entries (tenant_id, number);
create index entries_time on entries (tenant_id, utc_date_time, id);
create index entries_collection_time on entries (tenant_id, collection_id, utc_date_time, id);

create table incidents (
  tenant_id uuid not null,
  id uuid not null,
  number bigint not null,
  iq_id uuid not null,
  boot bigint not null,
  -- Negative for incidents the server itself noticed.
  sequence bigint not null,
  collection_id uuid,
  event_category text not null,
  event_detail text,
  utc_date_time timestamptz not null,
  local_date_time timestamp not null,
  lock_id uuid,
  lock_customer_reference text,
  lock_mac_address text,
  iq_customer_reference text,
  iq_mac_address text,
  iq_revision text,
  collection_customer_reference text,
  is_readable boolean not null default true,
  stored_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, iq_id, boot, sequence)
);
create unique index incidents_number on incidents (tenant_id, number);
create index incidents_time on incidents (tenant_id, utc_date_time, id);
create index incidents_collection_time on incidents (tenant_id, collection_id, utc_date_time, id);

-- ── audit ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

create table audit_heads (
  tenant_id uuid primary key references tenants,
  number bigint not null,
  hash text not null
);

create table audit_log (
  tenant_id uuid not null,
  number bigint not null,
  id uuid not null,
  request_id text,
  hash text not null,
  previous_hash text,
  utc_date_time timestamptz not null,
  client_id text,
  user_id uuid,
  accessor_id uuid,
  action text not null,
  object_type text,
  object_id uuid,
  collection_id uuid,
  outcome text not null check (outcome in ('ok', 'refused', 'failed')),
  detail text,
  primary key (tenant_id, number)
);
create index audit_log_time on audit_log (tenant_id, utc_date_time, number);

-- Whether demo data was laid, and other facts of the whole installation.
create table installation_facts (
  name text primary key,
  value jsonb not null,
  created_at timestamptz not null default now()
);
