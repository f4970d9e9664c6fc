-- Entries and incidents lie in a table per UTC month of their time: new ones touch the indexes of their own month only, however
-- many there are, and a month that nobody keeps any more goes as a whole. What belongs to no month that has a table (a clock that is
-- years off, an event told very late) lies in `_other`, so that an insert never fails for want of one.
-- The time is part of every unique key, as it must be; the same event always carries the same time.
-- An older process may NOT keep running beside this: its way of erasing would take rows of the wrong month.

alter table entries rename to entries_whole;
alter table incidents rename to incidents_whole;
-- Names of keys and indexes are free for the tables that follow.
alter table entries_whole drop constraint entries_pkey;
alter table incidents_whole drop constraint incidents_pkey;
drop index entries_number, entries_time, entries_collection_time, entries_hidden;
drop index incidents_number, incidents_time, incidents_collection_time, incidents_hidden;

create table entries (like entries_whole including defaults including comments) partition by range (utc_date_time);
create table incidents (like incidents_whole including defaults including comments) partition by range (utc_date_time);
create table entries_other partition of entries default;
create table incidents_other partition of incidents default;

do $$
declare
  kind text;
  first timestamp;
  month timestamp;
begin
  foreach kind in array array['entries', 'incidents'] loop
    execute format('select date_trunc(''month'', min(utc_date_time) at time zone ''UTC'') from %I
      where utc_date_time > now() - interval ''2 years''', kind || '_whole') into first;
    month := date_trunc('month', now() at time zone 'UTC');
    month := least(first, month);
    while month < (now() at time zone 'UTC') + interval '1 month' loop
      execute format('create table %I partition of %I for values from (%L) to (%L)',
        kind || to_char(month, '_YYYY_MM'), kind, month at time zone 'UTC', (month + interval '1 month') at time zone 'UTC');
      month := month + interval '1 month';
    end loop;
  end loop;
end $$;

insert into entries select * from entries_whole;
insert into incidents select * from incidents_whole;
drop table entries_whole;
drop table incidents_whole;

alter table entries add primary key (tenant_id, id, utc_date_time);
alter table entries add constraint entries_place unique (tenant_id, iq_id, boot, sequence, utc_date_time);
create index entries_number on entries (tenant_id, number);
create index entries_time on entries (tenant_id, utc_date_time, id);
create index entries_collection_time on entries (tenant_id, collection_id, utc_date_time, id);
create index entries_hidden on entries (stored_at) where not is_readable;

alter table incidents add primary key (tenant_id, id, utc_date_time);
alter table incidents add constraint incidents_place unique (tenant_id, iq_id, boot, sequence, utc_date_time);
create index incidents_number on incidents (tenant_id, number);
create index incidents_time on incidents (tenant_id, utc_date_time, id);
create index incidents_collection_time on incidents (tenant_id, collection_id, utc_date_time, id);
create index incidents_hidden on incidents (stored_at) where not is_readable;
