-- Phones of people: one that a person has added is the person's, and opens the doors of each accessor of theirs (behaviour.md
-- 11). An older process may not keep running beside this: it knows one key per phone.

alter table devices
  alter column accessor_id drop not null,
  add column user_id uuid,
  add constraint devices_owner check ((accessor_id is null) <> (user_id is null)),
  add constraint devices_user foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade deferrable;
create unique index devices_person on devices (tenant_id, user_id, device_uid) where user_id is not null;

-- What a phone opens doors by: the relation accessor - mobile key, for each accessor it was made for.
create table device_keys (
  tenant_id uuid not null,
  device_id uuid not null,
  accessor_id uuid not null,
  -- null = taken away: it is not made again by itself.
  key_id uuid,
  primary key (tenant_id, device_id, accessor_id),
  foreign key (tenant_id, device_id) references devices on delete cascade deferrable,
  foreign key (tenant_id, accessor_id) references accessors on delete cascade deferrable,
  foreign key (tenant_id, key_id) references keys on delete set null (key_id) deferrable
);
create index device_keys_accessor on device_keys (tenant_id, accessor_id);
create index device_keys_key on device_keys (tenant_id, key_id) where key_id is not null;
insert into device_keys (tenant_id, device_id, accessor_id, key_id)
  select tenant_id, id, accessor_id, key_id from devices where key_id is not null;
alter table devices drop column key_id;
