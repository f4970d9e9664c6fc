-- Battery and radio of locks as they changed, told by hubs in their ledgers. An older process may keep running.
create table lock_conditions (
  tenant_id uuid not null,
  lock_id uuid not null,
  -- By the clock of the hub, or of the lock where the hub was out of its reach.
  at timestamptz not null,
  id uuid not null,
  -- Null = as it was.
  battery_level text,
  online boolean,
  signal_strength smallint,
  primary key (tenant_id, lock_id, at, id),
  foreign key (tenant_id, lock_id) references locks on delete cascade deferrable
);
