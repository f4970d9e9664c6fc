-- People and places: what is known of a person, which roles somebody has in a site, and how far a site has come. An older
-- process may not keep running beside this: it knows one role per person only.

-- Of a person without a profile the tenant knows what its sites have written; of one with a profile the login says it all.
alter table users
  add column email text,
  add column first_name text not null default '',
  add column last_name text not null default '',
  add column phone text,
  add column language text,
  -- The site that made the person; it may change names and address until there is a profile. No more than a mark: the site may
  -- go to another tenant, or be deleted.
  add column managing_site_id uuid;
create unique index users_email on users (tenant_id, lower(email)) where email is not null;
drop index users_login;
create unique index users_login on users (login_id, tenant_id) where login_id is not null;

alter table logins
  add column phone text,
  add column language text,
  add column image_url text,
  -- Runs the installation: issues vouchers, administers clients.
  add column is_operator boolean not null default false;

create view people as
  select u.tenant_id, u.id, u.login_id, n.id is not null as has_profile, u.managing_site_id, u.created_at,
    case when n.id is null then u.email else n.email end as email,
    case when n.id is null then u.first_name else n.first_name end as first_name,
    case when n.id is null then u.last_name else n.last_name end as last_name,
    case when n.id is null then u.phone else n.phone end as phone,
    case when n.id is null then u.language else n.language end as language,
    n.image_url
  from users u left join logins n on n.id = u.login_id;

-- Roles that a site has made for itself; the built-in ones are in contract/roles.ts.
create table site_roles (
  tenant_id uuid not null,
  id uuid not null,
  collection_id uuid not null,
  customer_reference text,
  code text not null,
  -- A built-in role or one of the same site; how far below site_admin it stands.
  parent_id uuid not null,
  depth integer not null check (depth > 0),
  rights text[] not null,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, collection_id) references collections on delete cascade deferrable
);
create unique index site_roles_code on site_roles (tenant_id, collection_id, lower(code));

-- A site user is an accessor with a person and roles.
alter table accessors
  add column role_ids uuid[] not null default '{}',
  -- When a guest's access ends.
  add column expires_at timestamptz;
drop trigger tell_roles_changed on accessors;
update accessors set role_ids = array[case coalesce(role_code, 'site_user')
    when 'site_admin' then '7d53b0b3-3ef7-11e8-9f1c-0050568d6e36'
    when 'site_super_user' then '76f7e578-80fb-11e8-a892-000d3a221c5b'
    else '8f6081a3-80fb-11e8-a892-000d3a221c5b' end]::uuid[]
  where user_id is not null and collection_id is not null;
alter table accessors drop column role_code;
create trigger tell_roles_changed after update of role_ids, user_id, collection_id, tenant_id on accessors
  for each row when (old.user_id is not null and (old.role_ids, old.user_id, old.collection_id, old.tenant_id)
    is distinct from (new.role_ids, new.user_id, new.collection_id, new.tenant_id)) execute function tell_roles();
create unique index accessors_person on accessors (tenant_id, collection_id, user_id)
  where user_id is not null and collection_id is not null;

alter table collections
  -- Two letters and ten digits; made when the collection becomes known to people.
  add column site_uid text,
  add column installation_state text not null default 'self_installed'
    check (installation_state in ('installation', 'released', 'self_installed')),
  -- Whoever sets the site up acts as its owner until the release.
  add column installer_user_id uuid,
  -- The plan in force; features null = all, ends null = never.
  add column voucher_code text,
  add column voucher_label text,
  add column subscription_ends_at timestamptz,
  add column features text[],
  add constraint collections_installer foreign key (tenant_id, installer_user_id) references users (tenant_id, id),
  add constraint collections_installing check (installation_state <> 'installation' or installer_user_id is not null);
create unique index collections_site_uid on collections (site_uid) where site_uid is not null;
create trigger tell_installer_changed after update of installer_user_id, installation_state on collections
  for each row when ((old.installer_user_id, old.installation_state)
    is distinct from (new.installer_user_id, new.installation_state)) execute function tell_roles();
