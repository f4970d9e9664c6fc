-- Phones, the keys of a tenant that vouch for them, and the tenant's own signer (behaviour.md 11). An older process may keep
-- running beside this: it neither reads nor writes these.

create table tenant_keys (
  tenant_id uuid not null references tenants,
  -- certificate: signs phone certificates, kept by the signer; mobile_key: signs mobile keys, kept by the server.
  purpose text not null check (purpose in ('certificate', 'mobile_key')),
  version integer not null,
  -- PKCS 8, sealed; null where an outside signer keeps the key.
  private_sealed bytea,
  -- DER SubjectPublicKeyInfo.
  public_key bytea not null,
  -- DER X.509 of the tenant, signed by this very key.
  certificate bytea check (purpose = 'mobile_key' or certificate is not null),
  created_at timestamptz not null,
  -- A newer version took its place: trusted until every IQ has that one, 30 days at most.
  superseded_at timestamptz,
  retired_at timestamptz,
  primary key (tenant_id, purpose, version)
);

-- Who may ask the built-in signer for signatures; the secret is 128 random bits, so a plain hash is enough.
create table signer_roles (
  tenant_id uuid primary key references tenants,
  role_id uuid not null unique,
  secret_hash text not null,
  created_at timestamptz not null
);
create table signer_tokens (
  token_hash text primary key,
  tenant_id uuid not null references tenants,
  expires_at timestamptz not null
);
create index signer_tokens_expiry on signer_tokens (expires_at);

create table devices (
  tenant_id uuid not null,
  id uuid not null,
  accessor_id uuid not null,
  customer_reference text,
  device_uid text,
  -- Waits for its signature; TBSCertificate in DER.
  pending_tbs bytea,
  pending_certificate_id uuid,
  pending_public_key bytea,
  pending_expires_at timestamptz,
  -- The finished one, DER X.509; null = never activated, or its key was taken away.
  certificate bytea,
  certificate_id uuid,
  -- Version of the tenant key that signed it.
  certificate_version integer,
  public_key bytea,
  expires_at timestamptz,
  -- The relation accessor - mobile key; its going ends the activation.
  key_id uuid,
  mkey_id uuid,
  mkey_uid text,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, accessor_id) references accessors on delete cascade,
  foreign key (tenant_id, key_id) references keys on delete set null (key_id)
);
create index devices_accessor on devices (tenant_id, accessor_id, created_at, id);
create index devices_key on devices (tenant_id, key_id) where key_id is not null;

-- Phone certificates and mobile keys that are accepted no more, until they would have expired anyway.
create table revoked_credentials (
  tenant_id uuid not null references tenants,
  id uuid not null,
  expires_at timestamptz not null,
  primary key (tenant_id, id)
);

-- Version of the tenant certificate that the hub has proven to hold; null = none.
alter table iqs add column certificate_version integer;
