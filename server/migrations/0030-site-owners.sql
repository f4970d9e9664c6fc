-- The sites of an owner are looked up when the owner signs in. An older process may keep running beside this.
create index collections_owner on collections (tenant_id, owner_user_id) where owner_user_id is not null;
