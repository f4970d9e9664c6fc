-- Collections leave and come: signed exports, imports whose hubs follow, transfers between tenants. An older process may keep
-- running beside this; while it does, a hub of an imported IQ may be answered by it as one that belongs to nobody.

-- The results of migrations that were checked or done.
create table migrations (
  tenant_id uuid not null references tenants,
  id uuid not null,
  kind text not null check (kind in ('site_import', 'site_transfer', 'iq_content')),
  state text not null check (state in ('checked', 'done')),
  counts jsonb not null,
  id_map jsonb not null,
  created_at timestamptz not null,
  primary key (tenant_id, id)
);

-- One open token a collection; the token is 256 random bits, so a plain hash is enough.
create table transfer_tokens (
  tenant_id uuid not null,
  collection_id uuid not null,
  token_hash text not null,
  expires_at timestamptz not null,
  primary key (tenant_id, collection_id),
  foreign key (tenant_id, collection_id) references collections on delete cascade
);
create unique index transfer_tokens_hash on transfer_tokens (token_hash);

-- Keys of the HMAC under which keypad codes lie that came from elsewhere; codes are given out under the tenant's own only.
create table former_pin_hash_keys (
  tenant_id uuid not null references tenants,
  key bytea not null,
  created_at timestamptz not null,
  primary key (tenant_id, key)
);

alter table iqs
  -- SHA-256 of the activation code of the hub that an imported IQ waits for; null = it waits for none.
  add column awaited_code_hash text,
  -- What the hub says it holds was given to it elsewhere: it is sent everything from nothing first.
  add column holds_other_content boolean not null default false;
create unique index iqs_awaited on iqs (awaited_code_hash) where awaited_code_hash is not null;

-- A transfer gives rows another tenant, table by table: what they refer to must be right at its end only.
do $$
declare
  found record;
begin
  for found in
    select c.conname, c.conrelid::regclass as held
    from pg_constraint c
    join pg_attribute a on a.attrelid = c.conrelid and a.attname = 'tenant_id'
    where c.contype = 'f' and not c.condeferrable and cardinality(c.conkey) > 1 and a.attnum = any (c.conkey)
  loop
    execute format('alter table %s alter constraint %I deferrable initially immediate', found.held, found.conname);
  end loop;
end $$;
