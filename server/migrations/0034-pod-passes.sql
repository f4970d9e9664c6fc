-- Somebody who typed an access code of a pod: a login without address, worth one call until it has become a guest. An older process
-- may keep running beside this.
alter table logins alter column email drop not null;

create table pod_passes (
  login_id uuid primary key references logins on delete cascade,
  tenant_id uuid not null,
  collection_id uuid not null,
  pod_id uuid not null,
  -- No more than marks: what they name may be gone, and then the pass is worth nothing.
  access_code_id uuid not null,
  -- The site user it has become; null = the names were not given yet.
  accessor_id uuid,
  created_at timestamptz not null
);
create index pod_passes_created on pod_passes (created_at);

alter table sign_in_failures drop constraint sign_in_failures_kind_check;
alter table sign_in_failures add constraint sign_in_failures_kind_check
  check (kind in ('password', 'client_secret', 'second_factor', 'recovery_code', 'access_code'));
