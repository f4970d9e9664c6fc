-- Plans of sites, the vouchers they come from, and installers who are let in for a day. An older process may keep running beside
-- this: it knows none of them.
alter table collections
  -- When the plan in force began; null = the one a site begins with.
  add column subscription_starts_at timestamptz,
  -- How many days before the end of the plan the owner was told last; null = not told.
  add column subscription_told_days integer;

create table vouchers (
  tenant_id uuid not null references tenants,
  id uuid not null,
  -- 12 capital letters or digits.
  code text not null,
  -- null = as many, as long, or as much as wanted.
  user_amount integer check (user_amount >= 0),
  iq_amount integer check (iq_amount >= 0),
  month_span integer check (month_span > 0),
  features text[],
  type text not null check (type in ('standard', 'expansion', 'renewal')),
  label text,
  -- The only site that may redeem it; null = any of the tenant.
  site_uid text,
  created_at timestamptz not null,
  -- No more than a mark: the site may go to another tenant, or be deleted.
  redeemed_by_site_id uuid,
  redeemed_at timestamptz,
  ends_at timestamptz,
  primary key (tenant_id, id)
);
create unique index vouchers_code on vouchers (code);

create table installer_accesses (
  tenant_id uuid not null,
  collection_id uuid not null,
  -- SHA-256 of the token, which is shown once.
  token_hash bytea not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  -- Whether the person who trades the token becomes the default installer of the site.
  sets_default boolean not null,
  -- The person who has traded the token.
  user_id uuid,
  created_at timestamptz not null,
  primary key (tenant_id, collection_id),
  foreign key (tenant_id, collection_id) references collections on delete cascade deferrable,
  foreign key (tenant_id, user_id) references users on delete set null (user_id) deferrable
);
create unique index installer_accesses_token on installer_accesses (token_hash);

-- The hubs that an installer may touch; each was enabled by somebody of the site.
create table installer_access_iqs (
  tenant_id uuid not null,
  iq_id uuid not null,
  collection_id uuid not null,
  enabled_at timestamptz not null,
  primary key (tenant_id, iq_id),
  foreign key (tenant_id, collection_id) references installer_accesses on delete cascade deferrable,
  foreign key (tenant_id, iq_id) references iqs on delete cascade deferrable
);
create index installer_access_iqs_site on installer_access_iqs (tenant_id, collection_id);
