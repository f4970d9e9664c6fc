-- Identity providers outside (OpenID Connect), through which people may sign in who are known here (identity.md 7). An older
-- process may keep running beside this: it does not know the tables.

create table identity_providers (
  -- What `idp` says in tokens, and part of the address that the provider sends people back to.
  id text primary key check (id ~ '^[a-z0-9][a-z0-9-]{0,39}$' and id <> 'local'),
  name text not null,
  issuer text not null,
  client_id text not null,
  -- Sealed with the key of the data folder.
  client_secret bytea not null,
  created_at timestamptz not null
);

-- Who somebody is there, noted at the first sign-in: an address that was given to somebody else later opens nothing.
create table outside_logins (
  provider_id text not null references identity_providers on delete cascade,
  login_id uuid not null references logins on delete cascade,
  subject text not null,
  created_at timestamptz not null,
  primary key (provider_id, login_id)
);
create unique index outside_logins_subject on outside_logins (provider_id, subject);

-- Callers of no tenant name their connection of a stream by its token alone.
create index stream_connections_token on stream_connections (token_hash);
