-- Lockers: how each is given out, who has it at present, and the bank it stands in. An older process may keep running.
create table locker_groups (
  tenant_id uuid not null references tenants,
  id uuid not null,
  collection_id uuid not null,
  customer_reference text not null,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, collection_id) references collections on delete cascade deferrable
);
create index locker_groups_created on locker_groups (tenant_id, collection_id, created_at, id);

alter table locks
  -- Opens when a credential is near, not only when it is held to the reader.
  add column wall_reader_near_detection boolean not null default false,
  add column locker_mode text not null default 'generic'
    check (locker_mode in ('generic', 'dynamic_locker', 'free_locker')),
  add column locker_group_id uuid,
  add constraint locks_locker_group foreign key (tenant_id, locker_group_id) references locker_groups
    on delete set null (locker_group_id) deferrable;
create index locks_locker_group on locks (tenant_id, locker_group_id) where locker_group_id is not null;

alter table access_groups
  -- The locker whose own group it is: those to whom it is assigned, or who occupies it. Seen as a group of lockers only.
  add column locker_id uuid,
  add constraint access_groups_locker foreign key (tenant_id, locker_id) references locks on delete cascade deferrable;
create unique index access_groups_locker on access_groups (tenant_id, locker_id) where locker_id is not null;

-- Who has a locker that is given out by the day; one for each person and site.
create table locker_occupations (
  tenant_id uuid not null,
  lock_id uuid not null,
  accessor_id uuid not null,
  occupied_at timestamptz not null,
  primary key (tenant_id, lock_id),
  foreign key (tenant_id, lock_id) references locks on delete cascade deferrable,
  foreign key (tenant_id, accessor_id) references accessors on delete cascade deferrable
);
create unique index locker_occupations_accessor on locker_occupations (tenant_id, accessor_id);
