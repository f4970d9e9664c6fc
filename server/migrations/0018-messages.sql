-- Messages about entries and incidents: rules, who is told, what was made for whom and how far it has come. An older process
-- may keep running beside this; it makes no messages.

create table message_rules (
  tenant_id uuid not null,
  id uuid not null,
  collection_id uuid not null,
  kind text not null check (kind in ('entry', 'incident')),
  -- Of entries `entered` or `rejected`; of incidents their category, of which each has one rule.
  word text not null,
  customer_reference text,
  send_mail boolean not null default false,
  send_sms boolean not null default false,
  send_push boolean not null default false,
  on_inside_handle boolean not null default false,
  -- Whether users or locks were chosen. They stay so when the last one chosen is deleted: the rule then tells nothing, and
  -- does not begin to tell everything.
  some_users boolean not null default false,
  some_locks boolean not null default false,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, collection_id) references collections on delete cascade deferrable
);
create index message_rules_collection on message_rules (tenant_id, collection_id, kind, created_at, id);
create unique index message_rules_incident on message_rules (tenant_id, collection_id, word) where kind = 'incident';

create table message_rule_locks (
  tenant_id uuid not null,
  rule_id uuid not null,
  lock_id uuid not null,
  primary key (tenant_id, rule_id, lock_id),
  foreign key (tenant_id, rule_id) references message_rules on delete cascade deferrable,
  foreign key (tenant_id, lock_id) references locks on delete cascade deferrable
);
create index message_rule_locks_lock on message_rule_locks (tenant_id, lock_id);

-- Of whom a rule is about.
create table message_rule_users (
  tenant_id uuid not null,
  rule_id uuid not null,
  user_id uuid not null,
  primary key (tenant_id, rule_id, user_id),
  foreign key (tenant_id, rule_id) references message_rules on delete cascade deferrable,
  foreign key (tenant_id, user_id) references users on delete cascade
);
create index message_rule_users_user on message_rule_users (tenant_id, user_id);

-- Who is told beside the owner.
create table message_rule_recipients (
  tenant_id uuid not null,
  rule_id uuid not null,
  user_id uuid not null,
  primary key (tenant_id, rule_id, user_id),
  foreign key (tenant_id, rule_id) references message_rules on delete cascade deferrable,
  foreign key (tenant_id, user_id) references users on delete cascade
);
create index message_rule_recipients_user on message_rule_recipients (tenant_id, user_id);

create table message_rule_schedules (
  tenant_id uuid not null,
  id uuid not null,
  rule_id uuid not null,
  start_time time not null,
  end_time time not null,
  start_date timestamp,
  end_date timestamp,
  monday boolean not null,
  tuesday boolean not null,
  wednesday boolean not null,
  thursday boolean not null,
  friday boolean not null,
  saturday boolean not null,
  sunday boolean not null,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, rule_id) references message_rules on delete cascade deferrable
);
create index message_rule_schedules_rule on message_rule_schedules (tenant_id, rule_id, created_at, id);

-- How a site reaches a person, and when it does not.
create table message_recipients (
  tenant_id uuid not null,
  collection_id uuid not null,
  user_id uuid not null,
  phone text,
  quiet_from time,
  quiet_until time,
  created_at timestamptz not null,
  primary key (tenant_id, collection_id, user_id),
  foreign key (tenant_id, collection_id) references collections on delete cascade deferrable,
  foreign key (tenant_id, user_id) references users on delete cascade,
  check ((quiet_from is null) = (quiet_until is null))
);
create index message_recipients_user on message_recipients (tenant_id, user_id);

-- How far the events of a tenant were turned into messages.
create table message_cursors (
  tenant_id uuid primary key references tenants,
  entry_number bigint not null default 0,
  incident_number bigint not null default 0
);

-- When a rule last told of a place (the lock, else the IQ), and how many events it has left out since.
create table message_turns (
  tenant_id uuid not null,
  rule_id uuid not null,
  place_id uuid not null,
  word text not null,
  told_at timestamptz not null,
  left_out integer not null default 0,
  primary key (tenant_id, rule_id, place_id, word),
  foreign key (tenant_id, rule_id) references message_rules on delete cascade deferrable
);

create table messages (
  tenant_id uuid not null references tenants,
  id uuid not null,
  collection_id uuid,
  kind text not null check (kind in ('entry', 'incident', 'notice')),
  word text not null,
  rule_id uuid,
  event_id uuid,
  -- Whom the event is about, so that the right to see it can be asked again.
  event_user_id uuid,
  user_id uuid not null,
  channel text not null check (channel in ('mail', 'sms', 'push')),
  subject text not null,
  body text not null,
  state text not null check (state in ('waiting', 'delivered', 'failed', 'withheld', 'outbox')),
  attempts integer not null default 0,
  next_attempt_at timestamptz,
  give_up_at timestamptz not null,
  -- A process that sends it says so here; one that died is overtaken after that.
  claimed_until timestamptz,
  last_error text,
  created_at timestamptz not null,
  delivered_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, collection_id) references collections on delete cascade deferrable,
  foreign key (tenant_id, user_id) references users on delete cascade
);
create unique index messages_event on messages (tenant_id, event_id, rule_id, user_id, channel) where event_id is not null;
create index messages_collection on messages (tenant_id, collection_id, created_at, id);
create index messages_created on messages (created_at);
create index messages_due on messages (next_attempt_at) where state = 'waiting';
create index messages_user on messages (tenant_id, user_id);

-- What was stored before is not told any more.
insert into message_cursors (tenant_id, entry_number, incident_number)
select t.id, coalesce((select max(number) from entries e where e.tenant_id = t.id), 0),
  coalesce((select max(number) from incidents i where i.tenant_id = t.id), 0)
from tenants t;

-- One rule for each incident exists from the start, however a collection comes to be (connect-api.md 4.11). Their ids follow
-- from the collection, so that nothing here is left to chance.
create function add_incident_rules() returns trigger
language plpgsql as $$
begin
  insert into message_rules (tenant_id, id, collection_id, kind, word, send_mail, created_at)
  select new.tenant_id, md5(new.id::text || ' ' || word)::uuid, new.id, 'incident', word,
    word in ('intrusion_alarm_start', 'tamper_alarm_start', 'door_left_open_alarm_start', 'low_battery_warning',
      'iq_connection_lost'),
    new.created_at + place * interval '1 microsecond'
  from unnest(array['intrusion_alarm_start', 'tamper_alarm_start', 'door_left_open_alarm_start', 'door_left_open_alarm_end',
    'intrusion_alarm_end', 'tamper_alarm_end', 'lock_connection_lost', 'lock_connection_restored', 'lock_ppd_connected',
    'low_battery_warning', 'lock_clock_failure', 'lock_time_set', 'operation_not_completed', 'lock_reset',
    'easy_office_mode_end_failed', 'iq_connection_lost', 'iq_connection_restored']) with ordinality as w (word, place);
  return null;
end
$$;
create trigger has_incident_rules after insert on collections for each row execute function add_incident_rules();

insert into message_rules (tenant_id, id, collection_id, kind, word, send_mail, created_at)
select c.tenant_id, md5(c.id::text || ' ' || word)::uuid, c.id, 'incident', word,
  word in ('intrusion_alarm_start', 'tamper_alarm_start', 'door_left_open_alarm_start', 'low_battery_warning',
    'iq_connection_lost'),
  c.created_at + place * interval '1 microsecond'
from collections c, unnest(array['intrusion_alarm_start', 'tamper_alarm_start', 'door_left_open_alarm_start',
  'door_left_open_alarm_end', 'intrusion_alarm_end', 'tamper_alarm_end', 'lock_connection_lost', 'lock_connection_restored',
  'lock_ppd_connected', 'low_battery_warning', 'lock_clock_failure', 'lock_time_set', 'operation_not_completed', 'lock_reset',
  'easy_office_mode_end_failed', 'iq_connection_lost', 'iq_connection_restored']) with ordinality as w (word, place);
