-- Second factors of people, devices they are known on, and sign-ins that wait for a factor (identity.md 9 and 10). An older
-- process may keep running beside this: it does not know the tables; it asks nobody for a second factor.

create table second_factors (
  login_id uuid not null references logins on delete cascade,
  id uuid not null,
  kind text not null check (kind in ('authenticator', 'passkey')),
  name text not null,
  -- Authenticator: the shared secret under the seal, and the newest time step a code was taken of.
  sealed_secret bytea,
  last_step bigint,
  -- Passkey, as WebAuthn names the parts.
  credential_id text,
  public_key bytea,
  sign_count bigint,
  transports text[],
  created_at timestamptz not null,
  last_used_at timestamptz,
  primary key (login_id, id),
  check (case kind when 'authenticator' then sealed_secret is not null and last_step is not null
    else credential_id is not null and public_key is not null and sign_count is not null and transports is not null end)
);
create unique index second_factors_credential on second_factors (credential_id) where credential_id is not null;

create table recovery_codes (
  login_id uuid not null references logins on delete cascade,
  -- SHA-256; 80 random bits are behind it.
  code_hash text not null,
  created_at timestamptz not null,
  used_at timestamptz,
  primary key (login_id, code_hash)
);

-- Clients that a person with a second factor lets in by the password alone.
create table integration_accounts (
  login_id uuid not null references logins on delete cascade,
  client_id text not null references clients on delete cascade,
  marked_at timestamptz not null,
  primary key (login_id, client_id)
);
create index integration_accounts_client on integration_accounts (client_id);

-- Browsers in which a login has signed in, by a cookie of their own.
create table known_devices (
  login_id uuid not null references logins on delete cascade,
  secret_hash text not null,
  -- Until when it is not asked for a second factor.
  trusted_until timestamptz,
  last_used_at timestamptz not null,
  primary key (login_id, secret_hash)
);
create index known_devices_use on known_devices (last_used_at);

-- The password was right; a second factor is awaited.
create table sign_in_attempts (
  -- SHA-256 of the cookie's value.
  secret_hash text primary key,
  login_id uuid not null references logins on delete cascade,
  amr text[] not null,
  identity_provider text not null,
  is_remembered boolean not null,
  wrong_codes integer not null default 0,
  expires_at timestamptz not null
);
create index sign_in_attempts_login on sign_in_attempts (login_id);
create index sign_in_attempts_expiry on sign_in_attempts (expires_at);

-- Challenges of passkeys that were answered; none is answered twice.
create table answered_challenges (
  challenge_hash text primary key,
  expires_at timestamptz not null
);
create index answered_challenges_expiry on answered_challenges (expires_at);

alter table sign_in_failures drop constraint sign_in_failures_kind_check;
alter table sign_in_failures add constraint sign_in_failures_kind_check
  check (kind in ('password', 'client_secret', 'second_factor', 'recovery_code'));
