-- An older process may keep running.
alter table locks
  -- The version of the IQ's desired state that the memory of a lock with access by audit trail was last proven to fit.
  add column memory_table_version bigint,
  -- Whether the hardware applies schedules to offline keys; null = it has not said.
  add column holds_schedules boolean;
