-- Limits against guessing (identity.md 10), shared by all processes. An older process may keep running beside this: it
-- does not know the tables.

-- Every failed sign-in, kept for 90 days as its audit trail; the limits count its newest rows.
create table sign_in_failures (
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('password', 'client_secret')),
  -- Password: 'login:<id>', or 'unknown:<sha-256>' of an address without a login. Secret: 'client:<id>', or 'client' for all unknown ones.
  account text not null,
  client_id text,
  -- IPv4 address, or the first 64 bits of an IPv6 address.
  network text not null,
  failed_at timestamptz not null
);
create index sign_in_failures_account on sign_in_failures (kind, account, failed_at desc);
create index sign_in_failures_network on sign_in_failures (kind, network, failed_at desc);
create index sign_in_failures_time on sign_in_failures (failed_at);

-- Where a login signed in before: nobody can lock it out there.
create table sign_in_networks (
  login_id uuid not null references logins on delete cascade,
  network text not null,
  last_success_at timestamptz not null,
  primary key (login_id, network)
);

-- Requests of the running minute. Unlogged: it is written at every token request and worth a minute at most.
create unlogged table token_request_counts (
  account text not null,
  network text not null,
  minute timestamptz not null,
  requests integer not null,
  primary key (account, network)
);
create index token_request_counts_minute on token_request_counts (minute);
