-- How people come to an account, keep it and leave it: mails about accounts, sign-ups, links, invitations, removals of personal
-- data. Logins come before the tenant, so what is about them has none. An older process may keep running beside this; it sends
-- no account mails.

create table account_mails (
  id uuid primary key,
  login_id uuid references logins on delete cascade,
  channel text not null check (channel in ('mail', 'sms')),
  address text not null,
  word text not null,
  subject text not null,
  body text not null,
  -- What is in it opens an account: the text goes when the mail has.
  has_link boolean not null,
  state text not null check (state in ('waiting', 'delivered', 'failed', 'outbox')),
  attempts integer not null default 0,
  next_attempt_at timestamptz,
  give_up_at timestamptz not null,
  -- A process that sends it says so here; one that died is overtaken after that.
  claimed_until timestamptz,
  last_error text,
  created_at timestamptz not null,
  delivered_at timestamptz
);
create index account_mails_address on account_mails (lower(address), created_at);
create index account_mails_created on account_mails (created_at, id);
create index account_mails_due on account_mails (next_attempt_at) where state = 'waiting';
create index account_mails_login on account_mails (login_id) where login_id is not null;

-- Everybody who asked for an account, of whom those with a token can confirm it. The others have an account, or had too many mails.
create table sign_ups (
  id uuid primary key,
  token_hash text unique,
  email text not null,
  password_hash text not null,
  first_name text not null,
  last_name text not null,
  language text,
  network text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index sign_ups_network on sign_ups (network, created_at);
create index sign_ups_created on sign_ups (created_at);

-- One link of each purpose at a time; `first` makes the first operator and is of no login.
create table account_links (
  id uuid primary key,
  purpose text not null check (purpose in ('reset', 'first')),
  token_hash text not null unique,
  login_id uuid references logins on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  check ((purpose = 'first') = (login_id is null))
);
create index account_links_login on account_links (login_id) where login_id is not null;

-- An address changes when both mailboxes have said so, or the new one alone after seven days.
create table address_changes (
  login_id uuid primary key references logins on delete cascade,
  new_email text not null,
  old_token_hash text not null unique,
  new_token_hash text not null unique,
  old_confirmed_at timestamptz,
  new_confirmed_at timestamptz,
  created_at timestamptz not null,
  -- From then on the new mailbox is enough.
  alone_at timestamptz not null
);
create index address_changes_alone on address_changes (alone_at) where new_confirmed_at is not null;

create table phone_codes (
  login_id uuid primary key references logins on delete cascade,
  phone text not null,
  code_hash text not null,
  wrong_tries integer not null default 0,
  created_at timestamptz not null,
  expires_at timestamptz not null
);

create table login_images (
  login_id uuid primary key references logins on delete cascade,
  id uuid not null unique,
  media_type text not null check (media_type in ('image/jpeg', 'image/png', 'image/webp')),
  image bytea not null,
  created_at timestamptz not null
);

-- Set when somebody deletes the own account: whatever is killed meanwhile, another process ends it.
alter table logins add column removal_requested_at timestamptz;
create index logins_removal on logins (removal_requested_at) where removal_requested_at is not null;

-- The latest invitation of each person of a site. The person is named without a foreign key, since the mail is handed over
-- before the person is stored; the trigger below takes the invitation away with the person.
create table invitations (
  tenant_id uuid not null,
  id uuid not null,
  collection_id uuid not null,
  user_id uuid not null,
  token_hash text not null,
  address text not null,
  inviter_name text not null,
  subject text not null,
  body text not null,
  mail_state text not null check (mail_state in ('delivered', 'outbox')),
  state text not null check (state in ('open', 'accepted', 'declined')),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  primary key (tenant_id, collection_id, user_id),
  foreign key (tenant_id, collection_id) references collections on delete cascade deferrable
);
create unique index invitations_token on invitations (token_hash);
create index invitations_user on invitations (tenant_id, user_id);
create index invitations_expiry on invitations (expires_at);

create function end_invitation() returns trigger
language plpgsql as $$
begin
  delete from invitations where tenant_id = old.tenant_id and collection_id = old.collection_id and user_id = old.user_id;
  return null;
end
$$;
create trigger ends_invitation after delete on accessors
  for each row when (old.user_id is not null and old.collection_id is not null) execute function end_invitation();

-- Whoever takes no invitations of a site: SHA-256 (hex) of the address in lower case.
create table invitation_blocks (
  tenant_id uuid not null,
  collection_id uuid not null,
  address_hash text not null,
  created_at timestamptz not null,
  primary key (tenant_id, collection_id, address_hash),
  foreign key (tenant_id, collection_id) references collections on delete cascade deferrable
);

-- What a site has told its people, in one list.
create view site_messages as
  select tenant_id, id, collection_id, kind, word, rule_id, event_id, user_id, channel, subject, body, state, attempts,
    next_attempt_at, last_error, created_at, delivered_at
  from messages
  union all
  select tenant_id, id, collection_id, 'notice', 'invitation', null::uuid, null::uuid, user_id, 'mail', subject, body, mail_state,
    1, null::timestamptz, null, created_at, case when mail_state = 'delivered' then created_at end
  from invitations;

-- Somebody wants to be forgotten by a site. The row goes with the person.
create table data_removals (
  tenant_id uuid not null,
  id uuid not null,
  collection_id uuid not null,
  accessor_id uuid not null,
  user_id uuid not null,
  reason text not null,
  state text not null check (state in ('waiting', 'refused')),
  refusal text,
  created_at timestamptz not null,
  -- Carried out from then on, when nobody has answered.
  expires_at timestamptz not null,
  answered_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, accessor_id) references accessors on delete cascade deferrable,
  foreign key (tenant_id, collection_id) references collections on delete cascade deferrable,
  check ((state = 'refused') = (refusal is not null))
);
create unique index data_removals_waiting on data_removals (tenant_id, accessor_id) where state = 'waiting';
create index data_removals_collection on data_removals (tenant_id, collection_id, created_at, id);
create index data_removals_due on data_removals (expires_at) where state = 'waiting';

-- People who were forgotten: what a hub that was away tells of them later is blanked as well.
create table forgotten_accessors (
  tenant_id uuid not null,
  accessor_id uuid not null,
  collection_id uuid not null,
  -- Entries up to this number are blanked.
  number bigint not null,
  forgotten_at timestamptz not null,
  primary key (tenant_id, accessor_id),
  foreign key (tenant_id, collection_id) references collections on delete cascade deferrable
);
create index forgotten_accessors_age on forgotten_accessors (forgotten_at);
