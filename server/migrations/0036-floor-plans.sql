-- Pictures of floors, and where on them their locks are. An older process may keep running beside this.
create table floor_plans (
  tenant_id uuid not null,
  floor_id uuid not null,
  media_type text not null check (media_type in ('image/png', 'image/jpeg', 'image/webp')),
  width integer not null,
  height integer not null,
  image bytea not null,
  -- SHA-256 (hex) of the picture.
  digest text not null,
  created_at timestamptz not null,
  primary key (tenant_id, floor_id),
  foreign key (tenant_id, floor_id) references floors on delete cascade deferrable
);
-- It is compressed by itself.
alter table floor_plans alter column image set storage external;

create table floor_plan_locks (
  tenant_id uuid not null,
  lock_id uuid not null,
  floor_id uuid not null,
  -- Of width and height, from the upper left corner.
  x double precision not null check (x between 0 and 1),
  y double precision not null check (y between 0 and 1),
  -- A lock is on one floor.
  primary key (tenant_id, lock_id),
  foreign key (tenant_id, lock_id) references locks on delete cascade deferrable,
  foreign key (tenant_id, floor_id) references floor_plans on delete cascade deferrable
);
create index floor_plan_locks_floor on floor_plan_locks (tenant_id, floor_id);

-- A lock that leaves its floor, in whatever way, leaves its place there.
create function leave_floor_plan() returns trigger language plpgsql as $$
begin
  delete from floor_plan_locks where tenant_id = new.tenant_id and lock_id = new.id;
  return null;
end $$;
create trigger locks_leave_floor_plan after update of floor_id on locks
  for each row when (old.floor_id is distinct from new.floor_id) execute function leave_floor_plan();
