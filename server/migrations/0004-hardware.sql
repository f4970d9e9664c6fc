-- What the hardware's rules look up. An older process may keep running beside this: it neither reads nor writes these.

-- Since when an IQ is online, so that changes made while it was away count as late only from its return on.
alter table iqs add column online_since timestamptz;
-- A restore was asked for: from then on a hub that was reset may be sent its content (behaviour.md 4.9).
alter table iqs add column restore_asked_at timestamptz;

-- Filters by MAC compare without regard to letter case.
create index locks_mac_text on locks (tenant_id, lower(mac));
create index iqs_mac_text on iqs (tenant_id, lower(mac));
create index locks_floor on locks (tenant_id, floor_id) where floor_id is not null;

-- A tag shown for registration must not be another tenant's (behaviour.md 5.1).
create index tags_number_anywhere on tags (tag_number);
create index tags_rfid_anywhere on tags (rfid_uid) where rfid_uid is not null;
