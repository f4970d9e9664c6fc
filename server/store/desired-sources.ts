/**
 * What the desired state of IQs ought to be, made from the rows of hardware, people and rights: each function returns the
 * items that differ from those stored, value null for items whose cause is gone (contract/access-table.ts).
 */
import type { AccessGroupId, AccessorId, CollectionId, IqId, LockId, TagId } from '#contract/ids';
import { groupOpens } from './locker-access.ts';
import type { Scope } from './scope.ts';

export type ChangedItem = { readonly iqId: IqId; readonly key: string; readonly value: unknown };

type Row = { iq_id: IqId; key: string; value: unknown };

/** Compares what `wanted` says with what is stored under the same kind of key. */
function difference(wanted: string, stored: string): string {
  return `with wanted (iq_id, key, value) as (${wanted}),
    stored as (select iq_id, key, value from desired_items where tenant_id = $1 and value is not null and ${stored})
    select coalesce(w.iq_id, s.iq_id) as iq_id, coalesce(w.key, s.key) as key, w.value
    from wanted w full join stored s on s.iq_id = w.iq_id and s.key = w.key
    where w.value is distinct from s.value`;
}

async function changes(
  scope: Scope,
  query: { readonly name: string; readonly text: string; readonly values: readonly unknown[] },
): Promise<ChangedItem[]> {
  const rows = await scope.query<Row>(query.text, [scope.tenantId, ...query.values], query.name);
  return rows.map(({ iq_id, key, value }) => ({ iqId: iq_id, key, value }));
}

const settings = difference(
  `select q.id, 'settings', jsonb_build_object(
     'iq_id', q.id, 'collection_id', q.collection_id, 'time_zone', q.time_zone,
     'led_enabled', q.led_enabled, 'led_pattern', q.led_pattern,
     'tags_from_other_sites', coalesce((c.options->>'tags_from_other_sites')::boolean, true),
     'door_left_open_seconds', coalesce((c.options->>'door_left_open_seconds')::int, 30),
     'offline_validity_hours', (c.options->>'offline_validity_hours')::int,
     'offline_schedules', coalesce((c.options->>'offline_schedules')::boolean, true),
     'masterkey_tag_id', c.masterkey_id,
     'pin_hash_key', encode(t.pin_hash_key, 'base64'))
     || case when q.subscribed then '{}' else jsonb_build_object('subscribed', false) end
     || coalesce((select jsonb_build_object('former_pin_hash_keys',
          jsonb_agg(translate(encode(f.key, 'base64'), E'\\n', '') order by f.key))
        from former_pin_hash_keys f where f.tenant_id = q.tenant_id having count(*) > 0), '{}')
   from iqs q join tenants t on t.id = q.tenant_id
   left join collections c on c.tenant_id = q.tenant_id and c.id = q.collection_id
   where q.tenant_id = $1 and q.id = any ($2)`,
  `iq_id = any ($2) and key = 'settings'`,
);

/** Zone, lights and site settings of IQs. */
export function changedSettings(scope: Scope, iqIds: readonly IqId[]): Promise<ChangedItem[]> {
  return changes(scope, { name: 'desired_settings', text: settings, values: [iqIds] });
}

const hardware = difference(
  `select l.iq_id, 'lock/' || l.id, jsonb_build_object(
     'id', l.id, 'mac', l.mac, 'slot', coalesce(l.slot, 0), 'repeater_id', l.repeater_id,
     'link', l.iq_link_state, 'open_time_seconds', l.open_time_seconds,
     'license_plate_camera', l.license_plate_camera, 'easy_office_mode', l.easy_office_mode,
     'group_ids', coalesce((select jsonb_agg(g.access_group_id order by g.access_group_id) from access_group_locks g
        where g.tenant_id = l.tenant_id and g.lock_id = l.id and ${groupOpens('g')}), '[]'),
     'offline_key_ids', coalesce((select jsonb_agg(o.key_id order by o.key_id) from offline_keys o
        where o.tenant_id = l.tenant_id and o.lock_id = l.id), '[]'))
     || case when l.audit_trail_days = 0 then '{}' else jsonb_build_object('audit_trail_days', l.audit_trail_days) end
   from locks l where l.tenant_id = $1 and l.iq_id = any ($2) and l.iq_link_state <> 'detached'
   union all
   select r.iq_id, 'repeater/' || r.id, jsonb_build_object(
     'id', r.id, 'mac', r.mac, 'slot', coalesce(r.slot, 0), 'repeater_id', r.repeater_id, 'link', r.iq_link_state)
   from repeaters r where r.tenant_id = $1 and r.iq_id = any ($2) and r.iq_link_state <> 'detached'`,
  `iq_id = any ($2) and (key like 'lock/%' or key like 'repeater/%')`,
);

/** Locks and repeaters in the trees of IQs. */
export function changedHardware(scope: Scope, iqIds: readonly IqId[]): Promise<ChangedItem[]> {
  return changes(scope, { name: 'desired_hardware', text: hardware, values: [iqIds] });
}

const groups = difference(
  `select distinct on (l.iq_id, g.id) l.iq_id, 'group/' || g.id, jsonb_build_object('id', g.id, 'schedules',
     coalesce((select jsonb_agg(jsonb_build_object(
        'id', s.id, 'start_time', to_char(s.start_time, 'HH24:MI:SS'), 'end_time', to_char(s.end_time, 'HH24:MI:SS'),
        'start_date', to_char(s.start_date, 'YYYY-MM-DD"T"HH24:MI:SS'),
        'end_date', to_char(s.end_date, 'YYYY-MM-DD"T"HH24:MI:SS'),
        'monday', s.monday, 'tuesday', s.tuesday, 'wednesday', s.wednesday, 'thursday', s.thursday,
        'friday', s.friday, 'saturday', s.saturday, 'sunday', s.sunday) order by s.created_at, s.id)
      from time_schedules s where s.tenant_id = g.tenant_id and s.access_group_id = g.id), '[]'))
   from locks l
   join access_group_locks m on m.tenant_id = l.tenant_id and m.lock_id = l.id
   join access_groups g on g.tenant_id = m.tenant_id and g.id = m.access_group_id
   where l.tenant_id = $1 and l.iq_id = any ($2) and l.iq_link_state <> 'detached'
     and ($3::uuid[] is null or g.id = any ($3))`,
  `iq_id = any ($2) and key like 'group/%' and ($4::text[] is null or key = any ($4))`,
);

/** Groups that have a lock in the tree of these IQs, with their schedules; null = all groups. */
export function changedGroups(
  scope: Scope,
  iqIds: readonly IqId[],
  groupIds: readonly AccessGroupId[] | null,
): Promise<ChangedItem[]> {
  return changes(scope, {
    name: 'desired_groups',
    text: groups,
    values: [iqIds, groupIds, groupIds?.map((id) => `group/${id}`) ?? null],
  });
}

type Given = { readonly iqs: boolean; readonly accessors: boolean };

/**
 * The statement for the IQs ($2) and accessors ($3, their keys $4) that are given; each is one of its own, since a condition
 * that may be null would hide the index.
 */
function accessorDifference(given: Given): string {
  return difference(
    `select q.id, 'accessor/' || a.id, jsonb_build_object(
       'id', a.id,
       'blocked', a.blocked or coalesce(s.blocked, false),
       'suspended', coalesce(s.suspended, false),
       'use_pin', coalesce(s.use_pin, true),
       'override_privacy_mode', coalesce(s.override_privacy_mode, a.override_privacy_mode),
       'toggle_easy_office_mode', coalesce(s.toggle_easy_office_mode, a.toggle_easy_office_mode),
       'toggle_manual_office_mode', coalesce(s.toggle_manual_office_mode, a.toggle_manual_office_mode),
       'group_ids', coalesce((select jsonb_agg(m.access_group_id order by m.access_group_id) from access_group_accessors m
          where m.tenant_id = a.tenant_id and m.accessor_id = a.id), '[]'),
       'keys', held.keys)
     from accessors a
     cross join lateral (
       select 1 from keys k where k.tenant_id = a.tenant_id and k.accessor_id = a.id limit 1
     ) some_key
     -- Known to the IQs of its own collection (or to all, when it has none), and wherever a group gives it a lock.
     cross join lateral (select array(
       select l.iq_id from access_group_accessors ga
       join access_group_locks gl on gl.tenant_id = ga.tenant_id and gl.access_group_id = ga.access_group_id
       join locks l on l.tenant_id = gl.tenant_id and l.id = gl.lock_id
       where ga.tenant_id = a.tenant_id and ga.accessor_id = a.id and l.iq_id is not null
       group by l.iq_id) as iq_ids) near
     join iqs q on q.tenant_id = a.tenant_id ${given.iqs ? 'and q.id = any ($2)' : ''}
       and (a.collection_id is null or q.collection_id = a.collection_id or q.id = any (near.iq_ids))
     left join collection_settings s on s.tenant_id = a.tenant_id and s.accessor_id = a.id
       and s.collection_id = q.collection_id
     cross join lateral (
       select jsonb_agg(jsonb_build_object(
          'id', k.id, 'credential_id', k.credential_id, 'type', k.key_type,
          'blocked', k.blocked or coalesce(ks.blocked, false),
          'expires_at', to_char(least(coalesce(t.expiry_date, k.expires_at), a.expires_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
          'value', coalesce(t.tag_number, k.credential_value, ''),
          'rfid_uid', t.rfid_uid, 'collection_id', t.collection_id) order by k.created_at, k.id) as keys
       from keys k
       left join tags t on k.key_type = 'tag' and t.tenant_id = k.tenant_id and t.id = k.credential_id
       left join key_settings ks on ks.tenant_id = k.tenant_id and ks.key_id = k.id and ks.collection_setting_id = s.id
       where k.tenant_id = a.tenant_id and k.accessor_id = a.id
     ) held
     where a.tenant_id = $1 ${given.accessors ? 'and a.id = any ($3)' : ''}`,
    `${given.iqs ? 'iq_id = any ($2)' : '$2::uuid[] is null'}
     and ${given.accessors ? 'key = any ($4::text[])' : "key like 'accessor/%' and $3::uuid[] is null and $4::text[] is null"}`,
  );
}

/** Accessors with their flags, groups and keys, on the IQs that must know them; null = all. */
export function changedAccessors(
  scope: Scope,
  on: {
    readonly iqIds: readonly IqId[] | null;
    readonly accessorIds: readonly AccessorId[] | null;
  },
): Promise<ChangedItem[]> {
  const { iqIds, accessorIds } = on;
  const given = { iqs: iqIds !== null, accessors: accessorIds !== null };
  return changes(scope, {
    name: `desired_accessors_${iqIds === null ? 'all' : 'iqs'}_${accessorIds === null ? 'all' : 'some'}`,
    text: accessorDifference(given),
    values: [iqIds, accessorIds, accessorIds?.map((id) => `accessor/${id}`) ?? null],
  });
}

const instant = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;
/** PostgreSQL breaks base64 into lines. */
const base64 = (column: string): string => `translate(encode(${column}, 'base64'), E'\\n', '')`;

const trust = difference(
  `select q.id, 'trust', jsonb_build_object(
     'version', k.version, 'certificates', k.certificates,
     'mobile_key_signers', coalesce((select jsonb_agg(${base64('m.public_key')} order by m.version desc) from tenant_keys m
        where m.tenant_id = $1 and m.purpose = 'mobile_key' and m.retired_at is null), '[]'))
   from iqs q cross join (
     select max(version) as version, jsonb_agg(jsonb_build_object('certificate', ${base64('certificate')},
        'trusted_until', ${instant(`(superseded_at + interval '30 days')`)}) order by version desc) as certificates
     from tenant_keys where tenant_id = $1 and purpose = 'certificate' and retired_at is null
   ) k
   where q.tenant_id = $1 and q.id = any ($2) and k.version is not null
   union all
   select q.id, 'revoked/' || r.id, jsonb_build_object('id', r.id, 'expires_at', ${instant('r.expires_at')})
   from iqs q join revoked_credentials r on r.tenant_id = q.tenant_id
   where q.tenant_id = $1 and q.id = any ($2)`,
  `iq_id = any ($2) and (key = 'trust' or key like 'revoked/%')`,
);

/** Whom IQs believe when a phone shows its key, and what they believe no more (behaviour.md 11, 20). */
export function changedTrust(scope: Scope, iqIds: readonly IqId[]): Promise<ChangedItem[]> {
  return changes(scope, { name: 'desired_trust', text: trust, values: [iqIds] });
}

/** IQs concerned by a change: those that have the object, and those whose stored items still speak of it. */
export async function findConcernedIqs(
  scope: Scope,
  touched: {
    readonly iqIds: readonly IqId[];
    readonly lockIds: readonly LockId[];
    readonly groupIds: readonly AccessGroupId[];
    readonly collectionIds: readonly CollectionId[];
  },
): Promise<{ readonly byHardware: readonly IqId[]; readonly byGroup: readonly IqId[] }> {
  const { iqIds, lockIds, groupIds, collectionIds } = touched;
  const isEmpty = [iqIds, lockIds, groupIds, collectionIds].every((ids) => ids.length === 0);
  if (isEmpty) return { byHardware: [], byGroup: [] };
  const rows = await scope.query<{ id: IqId; by_hardware: boolean }>(
    `with named (iq_id, by_hardware) as (
       select unnest($2::uuid[]), true
       union all select iq_id, true from locks where tenant_id = $1 and id = any ($3)
       union all select iq_id, true from desired_items where tenant_id = $1 and key = any ($6::text[])
       union all select id, true from iqs where tenant_id = $1 and collection_id = any ($5)
       union all select q.id, true from iqs q
         join desired_items d on d.tenant_id = q.tenant_id and d.iq_id = q.id and d.key = 'settings'
         where cardinality($5::uuid[]) > 0 and q.tenant_id = $1 and (d.value ->> 'collection_id')::uuid = any ($5)
       union all select l.iq_id, false from access_group_locks g
         join locks l on l.tenant_id = g.tenant_id and l.id = g.lock_id
         where g.tenant_id = $1 and g.access_group_id = any ($4)
       union all select iq_id, false from desired_items where tenant_id = $1 and key = any ($7::text[]))
     select q.id, bool_or(n.by_hardware) as by_hardware from named n
     join iqs q on q.tenant_id = $1 and q.id = n.iq_id group by q.id order by q.id`,
    [
      scope.tenantId,
      iqIds,
      lockIds,
      groupIds,
      collectionIds,
      lockIds.map((id) => `lock/${id}`),
      groupIds.map((id) => `group/${id}`),
    ],
    'desired_concerned',
  );
  return {
    byHardware: rows.filter((row) => row.by_hardware).map((row) => row.id),
    byGroup: rows.filter((row) => !row.by_hardware).map((row) => row.id),
  };
}

/** Of these IQs, those that were given no settings yet or those of another collection: every accessor is asked anew. */
export async function findIqsOfOtherCollection(
  scope: Scope,
  iqIds: readonly IqId[],
): Promise<readonly IqId[]> {
  const rows = await scope.query<{ id: IqId }>(
    `select q.id from iqs q
     left join desired_items d on d.tenant_id = q.tenant_id and d.iq_id = q.id and d.key = 'settings'
     where q.tenant_id = $1 and q.id = any ($2)
       and (d.value is null or (d.value->>'collection_id')::uuid is distinct from q.collection_id)`,
    [scope.tenantId, iqIds],
    'desired_moved',
  );
  return rows.map((row) => row.id);
}

/** Members of groups that have one of these locks, who are known to an IQ by such a group only. */
export async function findGuests(
  scope: Scope,
  iqIds: readonly IqId[],
): Promise<readonly AccessorId[]> {
  const rows = await scope.query<{ id: AccessorId }>(
    `select distinct a.id from iqs q
     join locks l on l.tenant_id = q.tenant_id and l.iq_id = q.id
     join access_group_locks gl on gl.tenant_id = l.tenant_id and gl.lock_id = l.id
     join access_group_accessors ga on ga.tenant_id = gl.tenant_id and ga.access_group_id = gl.access_group_id
     join accessors a on a.tenant_id = ga.tenant_id and a.id = ga.accessor_id
     where q.tenant_id = $1 and q.id = any ($2)
       and a.collection_id is not null and a.collection_id is distinct from q.collection_id
     union
     select a.id from desired_items d
     join iqs q on q.tenant_id = d.tenant_id and q.id = d.iq_id
     join accessors a on a.tenant_id = d.tenant_id and a.id = substr(d.key, 10)::uuid
     where d.tenant_id = $1 and d.iq_id = any ($2) and d.key like 'accessor/%' and d.value is not null
       and a.collection_id is not null and a.collection_id is distinct from q.collection_id`,
    [scope.tenantId, iqIds],
    'desired_guests',
  );
  return rows.map((row) => row.id);
}

/** Who holds a key to these tags. */
export async function findTagHolders(
  scope: Scope,
  tagIds: readonly TagId[],
): Promise<readonly AccessorId[]> {
  const rows = await scope.query<{ id: AccessorId }>(
    `select distinct accessor_id as id from keys where tenant_id = $1 and key_type = 'tag' and credential_id = any ($2)`,
    [scope.tenantId, tagIds],
  );
  return rows.map((row) => row.id);
}

/**
 * Keeps the collections that IQs have just come to from being changed until the transaction ends: who changes a collection
 * looks for its IQs, and would not see these.
 */
export async function holdCollectionsOf(scope: Scope, iqIds: readonly IqId[]): Promise<void> {
  await scope.query(
    `select 1 from collections c where c.tenant_id = $1
       and c.id in (select q.collection_id from iqs q where q.tenant_id = $1 and q.id = any ($2))
      order by c.id for share`,
    [scope.tenantId, iqIds],
    'desired_hold_collections',
  );
}

/** Takes the rows of groups, so that of two changes of one group the later sees the earlier. */
export async function lockGroups(scope: Scope, groupIds: readonly AccessGroupId[]): Promise<void> {
  await scope.query(
    'select 1 from access_groups where tenant_id = $1 and id = any ($2) order by id for no key update',
    [scope.tenantId, groupIds],
  );
}

/** Key space of the advisory lock below; the second half is the tenant. */
const membershipLock = 0x0cad;

/**
 * Takes the rows of accessors, so that of two changes of one person the later sees the earlier, and keeps IQs from being
 * filled anew meanwhile.
 */
export async function lockAccessors(
  scope: Scope,
  accessorIds: readonly AccessorId[],
): Promise<void> {
  await scope.query(
    'select pg_advisory_xact_lock_shared($2, hashtext($1::text))',
    [scope.tenantId, membershipLock],
    'desired_lock_shared',
  );
  await scope.query(
    'select 1 from accessors where tenant_id = $1 and id = any ($2) order by id for no key update',
    [scope.tenantId, accessorIds],
    'desired_lock_accessors',
  );
}

/** Waits for changes of single accessors and holds them off: an IQ is about to be filled with all of them. */
export async function lockAllAccessors(scope: Scope): Promise<void> {
  await scope.query('select pg_advisory_xact_lock($2, hashtext($1::text))', [
    scope.tenantId,
    membershipLock,
  ]);
}
