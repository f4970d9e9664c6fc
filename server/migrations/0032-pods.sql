-- Pods: a flat, a room or an office with its members and guests. What they may open is said by access groups of the pod's own: one for
-- whoever has all its locks at its times, and one for each guest with a rule of its own. An older process may not keep running: it
-- would show those groups as groups of doors.
create table pods (
  tenant_id uuid not null references tenants,
  id uuid not null,
  collection_id uuid not null,
  customer_reference text not null,
  max_guest_amount integer not null check (max_guest_amount >= 0),
  access_rule_type text not null check (access_rule_type in ('always', 'checkin_checkout')),
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, collection_id) references collections on delete cascade deferrable
);
create unique index pods_name on pods (tenant_id, collection_id, lower(btrim(customer_reference)));
create index pods_created on pods (tenant_id, collection_id, created_at, id);

-- Nobody is twice in a pod, and a member of one pod is a member of no other.
create table pod_users (
  tenant_id uuid not null,
  pod_id uuid not null,
  accessor_id uuid not null,
  pod_user_type text not null check (pod_user_type in ('member', 'guest')),
  -- Of a guest; members have the pod's own.
  access_rule_type text not null default 'always' check (access_rule_type in ('always', 'custom', 'checkin_checkout')),
  -- A guest who has whatever locks the pod has.
  all_locks boolean not null default true,
  created_at timestamptz not null,
  primary key (tenant_id, pod_id, accessor_id),
  foreign key (tenant_id, pod_id) references pods on delete cascade deferrable,
  foreign key (tenant_id, accessor_id) references accessors on delete cascade deferrable
);
create index pod_users_accessor on pod_users (tenant_id, accessor_id);
create unique index pod_users_member on pod_users (tenant_id, accessor_id) where pod_user_type = 'member';

alter table access_groups
  -- The pod whose own group it is, and the guest whose rule it holds; null = the pod's rule. In no list of groups.
  add column pod_id uuid,
  add column pod_guest_id uuid,
  add constraint access_groups_pod foreign key (tenant_id, pod_id) references pods on delete cascade deferrable,
  add constraint access_groups_pod_guest foreign key (tenant_id, pod_id, pod_guest_id)
    references pod_users on delete cascade deferrable,
  add constraint access_groups_kind check ((pod_id is null or locker_id is null) and (pod_guest_id is null or pod_id is not null));
create unique index access_groups_pod on access_groups (tenant_id, pod_id) where pod_id is not null and pod_guest_id is null;
create unique index access_groups_pod_guest on access_groups (tenant_id, pod_id, pod_guest_id) where pod_guest_id is not null;

-- Came to the site through a pod, and leaves it with the last one.
alter table accessors add column came_by_pod boolean not null default false;

create table pod_access_codes (
  tenant_id uuid not null,
  id uuid not null,
  pod_id uuid not null,
  -- Never the code: whoever reads the table cannot use it.
  code_hash bytea not null,
  generated_by uuid not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  use_limit integer not null check (use_limit > 0),
  used integer not null default 0 check (used between 0 and use_limit),
  revoked_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, pod_id) references pods on delete cascade deferrable,
  foreign key (tenant_id, generated_by) references users on delete cascade deferrable
);
create unique index pod_access_codes_hash on pod_access_codes (code_hash);
create unique index pod_access_codes_active on pod_access_codes (tenant_id, pod_id) where revoked_at is null;
create index pod_access_codes_created on pod_access_codes (tenant_id, pod_id, created_at, id);
