-- Webhooks: events posted to receivers of a site (streaming.md 8). An older process may keep running beside this; it sends none.
-- No key of these refers to a collection: one that is gone or another tenant's by now gets nothing, and its webhooks are erased.

create table webhooks (
  tenant_id uuid not null references tenants,
  id uuid not null,
  collection_id uuid not null,
  url text not null,
  events text[] not null,
  -- Empty = all.
  lock_ids uuid[] not null,
  description text,
  active boolean not null,
  secret_sealed bytea not null,
  -- The secret before the last change signs too until then.
  former_secret_sealed bytea,
  former_secret_until timestamptz,
  -- Events up to this number are not sent: they were stored before the webhook was there, or while it was off.
  after_number bigint not null,
  failing_since timestamptz,
  -- Since people were told of this failing; both end with the first success.
  told_failing_at timestamptz,
  told_failed_at timestamptz,
  created_by uuid,
  created_at timestamptz not null,
  -- Taken away: what it leaves is erased a few rows at a time.
  deleted_at timestamptz,
  primary key (tenant_id, id)
);
create index webhooks_collection on webhooks (tenant_id, collection_id, created_at, id);

-- Up to which number the events of a tenant have been laid out as deliveries.
create table webhook_places (
  tenant_id uuid not null references tenants,
  number bigint not null,
  primary key (tenant_id)
);

create table webhook_deliveries (
  tenant_id uuid not null references tenants,
  id uuid not null,
  webhook_id uuid not null,
  -- What is sent one after the other: a lock; of events without one the IQ; of pings the webhook.
  lane_id uuid not null,
  replay_id uuid,
  type text not null check (type in ('entry', 'incident', 'ping')),
  event_id uuid,
  -- Of the event; 0 for a ping.
  number bigint not null,
  event_at timestamptz not null,
  -- False = the site stores no such events: it goes within a day, as the event does.
  is_readable boolean not null,
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'failed')),
  attempts integer not null default 0,
  -- Attempts before the last redelivery: the schedule counts from there.
  former_attempts integer not null default 0,
  next_attempt_at timestamptz,
  last_status integer,
  last_error text,
  -- What was sent, as long as it was not taken: further attempts say the same.
  body text,
  created_at timestamptz not null,
  delivered_at timestamptz,
  primary key (tenant_id, id)
);
-- The next of a lane: live ones before replays, in the order of storing.
create index webhook_deliveries_next on webhook_deliveries (tenant_id, webhook_id, lane_id, (replay_id is not null), number, id)
  where state = 'waiting';
create index webhook_deliveries_list on webhook_deliveries (tenant_id, webhook_id, created_at, id);
create index webhook_deliveries_replay on webhook_deliveries (tenant_id, replay_id) where state = 'waiting' and replay_id is not null;
create index webhook_deliveries_age on webhook_deliveries (tenant_id, webhook_id, event_at);

-- One row for what is sent one after the other. Whoever sends moves next_at ahead and leaves a claim: when it dies, the lane
-- is due again by itself.
create table webhook_lanes (
  tenant_id uuid not null references tenants,
  webhook_id uuid not null,
  lane_id uuid not null,
  -- When there is something to do; null = nothing waits, or the webhook is off.
  next_at timestamptz,
  claim uuid,
  -- A live event does not wait for the next attempt of a replay.
  is_replay boolean not null default false,
  primary key (tenant_id, webhook_id, lane_id)
);
create index webhook_lanes_due on webhook_lanes (next_at) where next_at is not null;

-- The last replay of a webhook, and how far it has been laid out.
create table webhook_replays (
  tenant_id uuid not null references tenants,
  webhook_id uuid not null,
  id uuid not null,
  after_number bigint not null,
  until_number bigint not null,
  -- Of the events' own time; null = no bound.
  from_at timestamptz,
  to_at timestamptz,
  is_laid boolean not null default false,
  created_at timestamptz not null,
  primary key (tenant_id, webhook_id)
);
create index webhook_replays_open on webhook_replays (tenant_id) where not is_laid;
