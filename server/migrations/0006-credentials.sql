-- Keypad codes must be unique where their owners could meet, and plates are looked up by what a camera reads. An older
-- process may keep running beside this: it writes the same columns.

create index keys_value on keys (tenant_id, credential_value) where credential_value is not null;
