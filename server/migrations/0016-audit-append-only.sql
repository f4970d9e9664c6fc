-- The audit log can only grow: records are appended by one function, and go only when they are older than they must be kept
-- and a signed checkpoint stands for them. An older process must not keep running beside this: it appends without the
-- function, which the role of the server may no longer do.

-- What may hold names lies beside the chain, which knows only its salted hash: erasing text and salt leaves every hash valid.
alter table audit_log add column changes_hash text;
create table audit_changes (
  tenant_id uuid not null,
  number bigint not null,
  -- 32 hex digits, without which nobody can try names against the hash.
  salt text not null,
  -- Canonical JSON: [{"after":…,"before":…,"member":…}], kept as text since the hash is of these very characters.
  body text not null,
  primary key (tenant_id, number)
);

-- The history of an object is read from the newest on.
create index audit_log_object on audit_log (tenant_id, object_id, utc_date_time, number);

-- What was signed, so that a log written anew is found out. The signature is Ed25519 over the canonical JSON of
-- {at, erases, hash, number, tenant_id}; one that erases stands for the records up to its number, which are gone.
create table audit_checkpoints (
  tenant_id uuid not null references tenants,
  number bigint not null,
  hash text not null,
  at timestamptz not null,
  erases boolean not null,
  -- DER SubjectPublicKeyInfo and signature, base64.
  public_key text not null,
  signature text not null,
  primary key (tenant_id, number, erases)
);

create function audit_json(value text) returns text
language sql immutable parallel safe as $$
  select coalesce(pg_catalog.to_json(value)::text, 'null')
$$;

-- Functions that take any type are named with their schema: who may make functions could otherwise make a better match,
-- which would then run with the owner's right.

-- Appends records in their order, the chain's head held until the end of the transaction. What is hashed is made from the
-- very values that are stored (core-api.md 11): the former hash, then the record as canonical JSON (RFC 8785).
create function append_audit(for_tenant uuid, records jsonb) returns void
language plpgsql security definer as $$
declare
  head audit_heads%rowtype;
  former text;
  entry audit_log%rowtype;
  sent jsonb;
begin
  select * into head from audit_heads h where h.tenant_id = for_tenant for update;
  if not found then
    insert into audit_heads (tenant_id, number, hash) values (for_tenant, 0, '') on conflict (tenant_id) do nothing;
    select * into strict head from audit_heads h where h.tenant_id = for_tenant for update;
  end if;
  for sent in select e.value from pg_catalog.jsonb_array_elements(records) with ordinality as e (value, place) order by e.place loop
    entry := pg_catalog.jsonb_populate_record(null::audit_log, sent);
    head.number := head.number + 1;
    former := nullif(head.hash, '');
    entry.tenant_id := for_tenant;
    entry.number := head.number;
    entry.previous_hash := former;
    entry.changes_hash := pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to((sent ->> 'salt') || (sent ->> 'changes'), 'UTF8')), 'hex');
    head.hash := pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.concat(
      former,
      '{"accessor_id":', audit_json(entry.accessor_id::text),
      ',"action":', audit_json(entry.action),
      ',"changes_hash":' || pg_catalog.to_json(entry.changes_hash)::text,
      ',"client_id":', audit_json(entry.client_id),
      ',"collection_id":', audit_json(entry.collection_id::text),
      ',"detail":', audit_json(entry.detail),
      ',"id":', audit_json(entry.id::text),
      ',"number":', entry.number,
      ',"object_id":', audit_json(entry.object_id::text),
      ',"object_type":', audit_json(entry.object_type),
      ',"outcome":', audit_json(entry.outcome),
      ',"previous_hash":', audit_json(former),
      ',"request_id":', audit_json(entry.request_id),
      ',"user_id":', audit_json(entry.user_id::text),
      ',"utc_date_time":', audit_json(pg_catalog.to_char(entry.utc_date_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')),
      '}'), 'UTF8')), 'hex');
    entry.hash := head.hash;
    insert into audit_log select entry.*;
    if entry.changes_hash is not null then
      insert into audit_changes (tenant_id, number, salt, body)
      values (for_tenant, entry.number, sent ->> 'salt', sent ->> 'changes');
    end if;
  end loop;
  update audit_heads h set number = head.number, hash = head.hash where h.tenant_id = for_tenant;
end
$$;

-- Erases the records up to the one of a checkpoint, which stands for them from then on; gives how many went. The trigger
-- below sees to it that each is old enough.
create function erase_audit(for_tenant uuid, up_to bigint) returns bigint
language plpgsql security definer as $$
declare
  erased bigint;
begin
  perform from audit_checkpoints c join audit_log l on l.tenant_id = c.tenant_id and l.number = c.number and l.hash = c.hash
    where c.tenant_id = for_tenant and c.number = up_to and c.erases;
  if not found then
    raise exception 'audit records are erased up to a checkpoint, and % is none', up_to using errcode = '42501';
  end if;
  delete from audit_changes where tenant_id = for_tenant and number <= up_to;
  delete from audit_log where tenant_id = for_tenant and number <= up_to;
  get diagnostics erased = row_count;
  return erased;
end
$$;

create function refuse_audit_change() returns trigger
language plpgsql as $$
begin
  raise exception '% only grows: no % on it', tg_table_name, lower(tg_op) using errcode = '42501';
end
$$;

-- 365 days unless the collection says otherwise (behaviour.md 2); a record of no collection, or of one that is gone, has the 365.
create function check_audit_erasure() returns trigger
language plpgsql security definer as $$
begin
  if old.utc_date_time < now() - pg_catalog.make_interval(days => coalesce((
      select (c.options ->> 'activity_log_days')::int from collections c
      where c.tenant_id = old.tenant_id and c.id = old.collection_id), 365))
    and exists (select 1 from audit_checkpoints c where c.tenant_id = old.tenant_id and c.number >= old.number and c.erases)
  then
    return old;
  end if;
  raise exception 'audit record % must still be kept', old.number using errcode = '42501';
end
$$;

create function check_audit_head() returns trigger
language plpgsql as $$
begin
  if new.tenant_id = old.tenant_id and new.number > old.number then
    return new;
  end if;
  raise exception 'the audit log of a tenant does not shrink' using errcode = '42501';
end
$$;

create trigger only_grows before update or truncate on audit_log for each statement execute function refuse_audit_change();
create trigger keeps before delete on audit_log for each row execute function check_audit_erasure();
create trigger only_grows before delete or truncate on audit_heads for each statement execute function refuse_audit_change();
create trigger moves_on before update on audit_heads for each row execute function check_audit_head();
create trigger only_grows before update or delete or truncate on audit_checkpoints
  for each statement execute function refuse_audit_change();
create trigger only_grows before update or truncate on audit_changes for each statement execute function refuse_audit_change();

-- Functions of the owner's right find these tables and no others, whatever tables the caller makes for itself.
do $$
declare
  name text;
begin
  foreach name in array array['append_audit(uuid, jsonb)', 'erase_audit(uuid, bigint)', 'check_audit_erasure()'] loop
    execute format('alter function %s set search_path = %I, pg_temp', name, current_schema());
    execute format('revoke all on function %s from public', name);
  end loop;
end
$$;
