-- How far each right has come (behaviour.md 3.4, RightState), what locks hold by themselves, and who has a plate. An older
-- process may keep running beside this: what it writes counts as changed, and as confirmed with the next word of the hub.

alter table desired_items
  add column changed_at timestamptz not null default now(),
  -- When the hub proved to hold this version of the item.
  add column confirmed_at timestamptz,
  -- What the hub held before the first change it has not proven to hold, and the version of that value.
  add column former jsonb,
  add column former_version bigint,
  -- Against `former` somebody lost something: a group, a key, an offline right, the last schedule.
  add column has_lost boolean not null default false;

create index desired_items_unconfirmed on desired_items (tenant_id, iq_id, version) where confirmed_at is null;
create index desired_items_lost_accessors on desired_items (tenant_id, iq_id, coalesce(confirmed_at, 'infinity'))
  where has_lost and key like 'accessor/%';
create index desired_items_lost_locks on desired_items (tenant_id, coalesce(confirmed_at, 'infinity'))
  where has_lost and key like 'lock/%';

-- Whether the later of two values of an item takes something away that the earlier gave.
create function desired_item_loses(earlier jsonb, later jsonb) returns boolean language sql immutable as $$
  select earlier is not null and (later is null
    or coalesce(not (later -> 'group_ids' @> (earlier -> 'group_ids')), false)
    or coalesce(not (later -> 'offline_key_ids' @> (earlier -> 'offline_key_ids')), false)
    or coalesce(not (jsonb_path_query_array(later, '$.keys[*].id') @> jsonb_path_query_array(earlier, '$.keys[*].id')), false)
    or coalesce(jsonb_array_length(later -> 'schedules') = 0 and jsonb_array_length(earlier -> 'schedules') > 0, false))
$$;

alter table iqs
  -- The newest version that was sent on the present connection or before it, whether or not it arrived.
  add column sent_version bigint not null default 0,
  -- How often in a row the hub refused what it was sent.
  add column sync_refusals integer not null default 0;

alter table locks
  -- Whoever opened within so many days opens with the hub gone too; 0 = off.
  add column audit_trail_days integer not null default 0 check (audit_trail_days between 0 and 255),
  -- The offline keys the lock has confirmed to hold, and when it last said so anew; null = nobody knows.
  add column held_offline_key_ids uuid[],
  add column held_offline_keys_at timestamptz,
  -- The lock refused its offline memory three times in a row.
  add column offline_memory_refused boolean not null default false;

create index keys_plate on keys (tenant_id, credential_value) where key_type = 'license_plate';
