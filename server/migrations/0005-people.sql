-- Who a person is in a site: the accessor of the site that belongs to the person carries the role; the owner stands above all
-- roles and is a member of the site itself. An older process may keep running beside this.
alter table accessors add column role_code text
  check (role_code in ('site_admin', 'site_super_user', 'site_user'));
alter table accessors add column alias text not null default '';
create index accessors_user on accessors (tenant_id, user_id) where user_id is not null;
alter table collections add column owner_user_id uuid;
alter table collections
  add constraint collections_owner foreign key (tenant_id, owner_user_id) references users (tenant_id, id);
