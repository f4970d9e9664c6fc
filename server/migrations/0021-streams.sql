-- Streams past one process, and places to resume from. An older process may keep running beside this: it serves the
-- connections that it has negotiated itself, and knows nothing of cursors.

-- What happened in a site is read again in the order of storing.
create index entries_collection_number on entries (tenant_id, collection_id, number);
create index incidents_collection_number on incidents (tenant_id, collection_id, number);

-- Processes that hold connections of listeners. None of this outlives a crash of the database: listeners negotiate again.
create unlogged table stream_processes (
  id uuid primary key,
  seen_at timestamptz not null
);

-- Connections from their negotiation to their end, by the hash of their secret token.
create unlogged table stream_connections (
  tenant_id uuid not null,
  token_hash text not null,
  login_id uuid not null,
  hub text not null check (hub in ('entries', 'incidents')),
  collection_id uuid not null,
  -- Only the entries of this person; null = of everybody.
  user_id uuid,
  -- Where its events begin: Start of stream/listening.ts.
  start jsonb not null,
  negotiated_at timestamptz not null,
  -- Who holds it; null = nobody has connected yet.
  process_id uuid,
  transport text check (transport in ('WebSockets', 'ServerSentEvents', 'LongPolling')),
  primary key (tenant_id, token_hash)
);
create index stream_connections_waiting on stream_connections (negotiated_at) where process_id is null;
create index stream_connections_process on stream_connections (process_id);

-- Requests that reached another process than the one that holds their connection, and the answers to them.
create unlogged table stream_mail (
  recipient_id uuid not null,
  number bigint generated always as identity,
  sender_id uuid not null,
  request_id uuid not null,
  -- poll, send, end, cancel: requests; answer: the answer.
  kind text not null,
  token_hash text not null,
  status smallint,
  is_binary boolean not null default false,
  body bytea not null,
  sent_at timestamptz not null,
  primary key (recipient_id, number)
);

-- How far a listener has acknowledged, under a name of its own (streaming.md 7).
create table stream_places (
  tenant_id uuid not null references tenants,
  collection_id uuid not null,
  hub text not null check (hub in ('entries', 'incidents')),
  login_id uuid not null references logins on delete cascade,
  client_id text not null,
  name text not null,
  number bigint not null,
  used_at timestamptz not null,
  primary key (tenant_id, collection_id, hub, login_id, client_id, name)
);
create index stream_places_login on stream_places (login_id);
create index stream_places_used on stream_places (used_at);

-- Whoever takes a role away, listeners of that site are looked at as soon as it is committed: a wake-up of the bus
-- (store/bus.ts) from nobody in particular. Equal ones of a transaction are one.
create function tell_roles() returns trigger language plpgsql as $$
begin
  perform pg_notify('cardea_bus', '00000000-0000-0000-0000-000000000000'
    || json_build_array(json_build_array('roles:' || old.tenant_id, ''))::text);
  return null;
end $$;
create trigger tell_roles_changed after update of role_code, user_id, collection_id, tenant_id on accessors
  for each row when (old.user_id is not null and (old.role_code, old.user_id, old.collection_id, old.tenant_id)
    is distinct from (new.role_code, new.user_id, new.collection_id, new.tenant_id)) execute function tell_roles();
create trigger tell_roles_gone after delete on accessors
  for each row when (old.user_id is not null) execute function tell_roles();
create trigger tell_owner_changed after update of owner_user_id, tenant_id on collections
  for each row when (old.owner_user_id is not null and (old.owner_user_id, old.tenant_id)
    is distinct from (new.owner_user_id, new.tenant_id)) execute function tell_roles();
