-- Migrations tell every check, and can be followed and cancelled while they run. An older process may keep running.
alter table migrations
  drop constraint migrations_state_check,
  add constraint migrations_state_check check (state in ('checked', 'done', 'running', 'aborted', 'cancelled')),
  add column checks jsonb not null default '[]',
  -- Rows that are laid so far, of how many; written beside the transaction that lays them.
  add column rows_done integer not null default 0,
  add column rows_total integer not null default 0,
  add column cancel_asked_at timestamptz;
