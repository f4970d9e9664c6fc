-- Hidden events are few and go within a day: found without reading the others. An older process may keep running beside this.
create index entries_hidden on entries (stored_at) where not is_readable;
create index incidents_hidden on incidents (stored_at) where not is_readable;
