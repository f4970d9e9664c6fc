-- Which gateway processes live, and the truth about commands whose outcome came after their deadline.
-- An older process may keep running beside this: it neither reads nor writes these.

-- A gateway writes its row each 5 s; by the database's clock it is gone when the row is older than 15 s.
create table gateways (
  id uuid primary key,
  seen_at timestamptz not null default now()
);

-- The state stays `unknown` (or `expired`), as that is what the caller was told; here is what the hub said later.
alter table commands
  add column late_result text check (late_result in ('confirmed', 'refused')),
  add column late_word text,
  add column late_at timestamptz;

create index iqs_gateway on iqs (gateway_id) where gateway_id is not null;
create index iqs_online on iqs (id) where online;
create index commands_deadline on commands (deadline) where state in ('queued', 'sent');
