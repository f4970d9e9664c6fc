-- Guests whose time is over are looked for every few seconds. An older process may keep running beside this.
create index accessors_expiry on accessors (expires_at) where expires_at is not null;
