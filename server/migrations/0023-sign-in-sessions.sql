-- Sessions of people, the one memory of who is signed in where, and tokens that ended before their time (identity.md 6). An
-- older process may keep running beside this: it does not know the tables; the sessions of its tokens are not in them, so that
-- processes which do refuse those tokens.

create table sign_in_sessions (
  id uuid primary key,
  login_id uuid not null references logins on delete cascade,
  -- SHA-256 of the cookie's value; null = made by a program that sent the password, which has no browser.
  secret_hash text,
  -- The client that made it by the person's password; null = a browser.
  client_id text references clients on delete cascade,
  amr text[] not null,
  identity_provider text not null,
  -- When the person last proved to be it.
  auth_time timestamptz not null,
  is_remembered boolean not null,
  network text not null,
  user_agent text,
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  -- Until when tokens of the session may be in use; null = none was given.
  tokens_until timestamptz,
  -- Signed out, or ended for the person; its tokens are refused.
  ended_at timestamptz
);
create unique index sign_in_sessions_secret on sign_in_sessions (secret_hash) where secret_hash is not null;
create index sign_in_sessions_login on sign_in_sessions (login_id);
create index sign_in_sessions_use on sign_in_sessions (last_used_at);

-- Access tokens (jti) and whole grants that were revoked, until the last of them has expired.
create table revoked_tokens (
  id text primary key,
  expires_at timestamptz not null
);
create index revoked_tokens_expiry on revoked_tokens (expires_at);
