-- A change of one person or lock finds the hubs that hold it by the key of its item, whatever the number of hubs and people. An
-- older process may keep running beside this.
create index desired_items_key on desired_items (tenant_id, key);
