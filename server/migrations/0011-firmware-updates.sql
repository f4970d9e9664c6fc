-- Firmware: what runs where, and the updates of it (behaviour.md 20). An older process may keep running beside this: it neither
-- reads nor writes these.

-- A version as numbers that compare as versions do; null for what is none.
create function version_key(version text) returns integer[] language sql immutable parallel safe as $$
  select case when version ~ '^\d{1,6}(\.\d{1,6}){0,3}$' then string_to_array(version, '.')::integer[] end
$$;

create table hardware_firmware (
  tenant_id uuid not null references tenants,
  iq_id uuid,
  lock_id uuid,
  repeater_id uuid,
  hardware_id uuid not null generated always as (coalesce(iq_id, lock_id, repeater_id)) stored,
  component text not null,
  model text not null,
  version text not null,
  primary key (tenant_id, hardware_id, component),
  foreign key (tenant_id, iq_id) references iqs on delete cascade,
  foreign key (tenant_id, lock_id) references locks on delete cascade,
  foreign key (tenant_id, repeater_id) references repeaters on delete cascade,
  check (num_nonnulls(iq_id, lock_id, repeater_id) = 1)
);

create table firmware_updates (
  tenant_id uuid not null references tenants,
  id uuid not null default gen_random_uuid(),
  iq_id uuid,
  lock_id uuid,
  repeater_id uuid,
  hardware_id uuid not null generated always as (coalesce(iq_id, lock_id, repeater_id)) stored,
  hardware_type text not null generated always as
    (case when iq_id is not null then 'iq' when lock_id is not null then 'lock' else 'repeater' end) stored,
  component text not null,
  model text not null,
  current_version text not null,
  version text not null,
  published_at timestamptz not null,
  -- SignedFirmware of contract/firmware.ts, and the file of the catalogue that holds the image.
  firmware jsonb not null,
  file text not null,
  state text not null default 'available' check (state in ('available', 'running', 'installed', 'failed')),
  -- The catalogue offers it and it fits what runs there.
  is_offered boolean not null default true,
  -- While running: waits for its turn, is being sent to the hub, is with the hub.
  phase text check (phase in ('waiting', 'sending', 'active')),
  -- The attempt as the hub knows it.
  run_id uuid,
  applied_at timestamptz,
  started_at timestamptz,
  -- When it was last sent to the hub.
  sent_at timestamptz,
  finished_at timestamptz,
  message text,
  primary key (tenant_id, id),
  unique (tenant_id, hardware_id, component, version),
  foreign key (tenant_id, iq_id) references iqs on delete cascade,
  foreign key (tenant_id, lock_id) references locks on delete cascade,
  foreign key (tenant_id, repeater_id) references repeaters on delete cascade,
  check (num_nonnulls(iq_id, lock_id, repeater_id) = 1),
  check ((state = 'running') = (phase is not null))
);
create index firmware_updates_order on firmware_updates (tenant_id, published_at desc, id desc);
create index firmware_updates_running on firmware_updates (tenant_id, hardware_id) where state = 'running';
create index firmware_updates_image on firmware_updates (tenant_id, model, component, version) where state = 'failed';

-- Which catalogue the offers of a tenant were made from.
create table firmware_offers (
  tenant_id uuid primary key references tenants,
  digest text not null
);
