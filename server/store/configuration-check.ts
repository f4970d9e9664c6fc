/**
 * Rights and settings of one site that lead nowhere: a statement per check, each over whole sets, so that a site of 20,000 people
 * costs a second and not a query per person. `$1` tenant, `$2` collection, `$3` the instant of the check.
 */
import type { FindingWord, FoundObject } from '#contract/configuration-check';
import type { CollectionId, TenantId } from '#contract/ids';
import { weakSignal } from '#contract/lock-conditions';
import type { Database } from './pool.ts';
import { inTransaction, type Scope } from './scope.ts';

/** The wall clock of the site; schedules run in the zone of the hub, which is that of its site unless told otherwise. */
const wall = `(select $3::timestamptz at time zone coalesce(time_zone, 'UTC') from collections
  where tenant_id = $1 and id = $2)`;

const marks = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const someDay = `(${marks.map((day) => `s.${day}`).join(' or ')})`;
const dayIsMarked = `(array[${marks.map((day) => `s.${day}`).join(', ')}])[extract(dow from day)::int + 1]`;
/** Dates less than a week apart may miss every marked day; a window over midnight belongs to the day it starts on. */
const dayWithin = `(s.start_date is null or s.end_date is null or s.end_date - s.start_date >= interval '7 days'
  or exists (select 1 from generate_series(s.start_date::date - (s.end_time < s.start_time)::int, s.end_date::date, interval '1 day')
    as day where ${dayIsMarked}))`;
const ever = `(${someDay} and (s.start_date is null or s.end_date is null or s.start_date <= s.end_date) and ${dayWithin})`;
const isOver = `(s.end_date is not null and s.end_date < ${wall})`;

/** Groups of the site, and those of no site that have a lock of it; nobody can find one of a pod, so none of those is reported. */
const groups = `groups as (select g.id, g.customer_reference, g.pod_id is null as is_listed from access_groups g where g.tenant_id = $1
  and (g.collection_id = $2 or g.collection_id is null and exists (select 1 from access_group_locks m
    join locks l on l.tenant_id = m.tenant_id and l.id = m.lock_id
    where m.tenant_id = g.tenant_id and m.access_group_id = g.id and l.collection_id = $2)))`;

/** People of the site, and those of no site who are in one of its groups. */
const people = `people as (select a.id, nullif(a.alias, '') as name, a.user_id,
    a.blocked or coalesce(c.blocked, false) as is_blocked, coalesce(c.suspended, false) as is_suspended,
    coalesce(c.use_pin, true) as may_use_pin
  from accessors a
  left join collection_settings c on c.tenant_id = a.tenant_id and c.accessor_id = a.id and c.collection_id = $2
  where a.tenant_id = $1 and (a.collection_id = $2 or a.collection_id is null and a.id in (
    select m.accessor_id from access_group_accessors m join groups g on g.id = m.access_group_id where m.tenant_id = $1)))`;

/** Groups anywhere in the tenant that still open something some time, with what their locks can read. */
const useful = `useful as (select m.access_group_id as id, bool_or(l.lock_type like '%\\_pin') as has_keypad,
    bool_or(l.lock_type = 'unknown') as has_unknown, bool_or(l.license_plate_camera) as has_camera
  from access_group_locks m join locks l on l.tenant_id = m.tenant_id and l.id = m.lock_id
  where m.tenant_id = $1 and l.iq_link_state <> 'detached' and exists (select 1 from time_schedules s
    where s.tenant_id = m.tenant_id and s.access_group_id = m.access_group_id and ${ever} and not ${isOver})
  group by m.access_group_id)`;

const rights = `rights as (select m.accessor_id, bool_or(u.has_keypad or u.has_unknown) as has_keypad,
    bool_or(u.has_camera) as has_camera
  from access_group_accessors m join useful u on u.id = m.access_group_id where m.tenant_id = $1 group by m.accessor_id)`;

/** Keys of the people with the instant they end. */
const held = `held as (select k.id, k.accessor_id, k.key_type, k.credential_id, k.blocked, p.name,
    coalesce(t.expiry_date, k.expires_at) as ends, t.collection_id as tag_collection_id
  from people p join keys k on k.tenant_id = $1 and k.accessor_id = p.id
  left join tags t on k.key_type = 'tag' and t.tenant_id = k.tenant_id and t.id = k.credential_id)`;

const siteIqs = `iqs q where q.tenant_id = $1 and q.collection_id = $2`;
const siteLocks = `locks l where l.tenant_id = $1 and l.collection_id = $2`;
const lockNow = `select 'lock', l.id, l.customer_reference`;
const iqNow = `select 'iq', q.id, q.customer_reference`;
const day = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;

type Check = { readonly with: readonly string[]; readonly select: string };

const checks: Readonly<Record<FindingWord, Check>> = {
  group_without_schedule: {
    with: [groups],
    select: `select 'access_group', g.id, g.customer_reference, null from groups g
      where g.is_listed and exists (select 1 from access_group_locks m where m.tenant_id = $1 and m.access_group_id = g.id)
        and exists (select 1 from access_group_accessors m where m.tenant_id = $1 and m.access_group_id = g.id)
        and not exists (select 1 from time_schedules s where s.tenant_id = $1 and s.access_group_id = g.id)`,
  },
  group_without_lock: {
    with: [groups],
    select: `select 'access_group', g.id, g.customer_reference, null from groups g
      where g.is_listed and not exists (select 1 from access_group_locks m where m.tenant_id = $1 and m.access_group_id = g.id)`,
  },
  group_without_people: {
    with: [groups],
    select: `select 'access_group', g.id, g.customer_reference, null from groups g
      where g.is_listed and not exists (select 1 from access_group_accessors m where m.tenant_id = $1 and m.access_group_id = g.id)`,
  },
  schedule_never_opens: {
    with: [groups],
    select: `select 'time_schedule', s.id, g.customer_reference, g.id::text from groups g
      join time_schedules s on s.tenant_id = $1 and s.access_group_id = g.id
      where g.is_listed and not ${ever}`,
  },
  schedule_is_over: {
    with: [groups],
    select: `select 'time_schedule', s.id, g.customer_reference, to_char(s.end_date, 'YYYY-MM-DD"T"HH24:MI:SS') from groups g
      join time_schedules s on s.tenant_id = $1 and s.access_group_id = g.id
      where g.is_listed and ${ever} and ${isOver}`,
  },
  person_without_key: {
    with: [groups, people],
    select: `select 'accessor', p.id, p.name, null from people p
      where exists (select 1 from access_group_accessors m where m.tenant_id = $1 and m.accessor_id = p.id)
        and not exists (select 1 from keys k where k.tenant_id = $1 and k.accessor_id = p.id)`,
  },
  person_without_group: {
    with: [groups, people],
    select: `select 'accessor', p.id, p.name, null from people p
      where exists (select 1 from keys k where k.tenant_id = $1 and k.accessor_id = p.id)
        and not exists (select 1 from access_group_accessors m where m.tenant_id = $1 and m.accessor_id = p.id)`,
  },
  key_opens_nothing: {
    with: [groups, people, held, useful, rights],
    select: `select 'key', h.id, h.name, h.accessor_id::text from held h
      where exists (select 1 from access_group_accessors m where m.tenant_id = $1 and m.accessor_id = h.accessor_id)
        and not exists (select 1 from rights r where r.accessor_id = h.accessor_id)
        and h.credential_id is distinct from (select masterkey_id from collections where tenant_id = $1 and id = $2)`,
  },
  key_expired: {
    with: [groups, people, held],
    select: `select 'key', h.id, h.name, ${day('h.ends')} from held h where h.ends <= $3::timestamptz`,
  },
  key_expires_soon: {
    with: [groups, people, held],
    select: `select 'key', h.id, h.name, ${day('h.ends')} from held h
      where h.ends > $3::timestamptz and h.ends <= $3::timestamptz + interval '14 days'`,
  },
  blocked_person_with_rights: {
    with: [groups, people, useful, rights],
    select: `select 'accessor', p.id, p.name, case when p.is_blocked then 'blocked' else 'suspended' end from people p
      join rights r on r.accessor_id = p.id where p.is_blocked or p.is_suspended`,
  },
  pin_not_allowed: {
    with: [groups, people, held],
    select: `select 'key', h.id, h.name, h.accessor_id::text from held h join people p on p.id = h.accessor_id
      where h.key_type in ('pin', 'custom_pin') and not p.may_use_pin`,
  },
  pin_without_keypad: {
    with: [groups, people, held, useful, rights],
    select: `select 'key', h.id, h.name, h.accessor_id::text from held h join rights r on r.accessor_id = h.accessor_id
      where h.key_type in ('pin', 'custom_pin') and not r.has_keypad`,
  },
  plate_without_camera: {
    with: [groups, people, held, useful, rights],
    select: `select 'key', h.id, h.name, h.accessor_id::text from held h join rights r on r.accessor_id = h.accessor_id
      where h.key_type = 'license_plate' and not r.has_camera`,
  },
  phone_certificate_ends: {
    with: [groups, people],
    select: `select 'device', d.id, coalesce(d.customer_reference, p.name), ${day('d.expires_at')} from people p
      join device_keys dk on dk.tenant_id = $1 and dk.accessor_id = p.id and dk.key_id is not null
      join devices d on d.tenant_id = $1 and d.id = dk.device_id
      where d.expires_at <= $3::timestamptz + interval '30 days'`,
  },
  tag_held_by_several: {
    with: [],
    select: `select 'tag', t.id, t.tag_number, string_agg(a.id::text, ' ' order by a.id) from tags t
      join keys k on k.tenant_id = t.tenant_id and k.credential_id = t.id and k.key_type = 'tag'
      join accessors a on a.tenant_id = k.tenant_id and a.id = k.accessor_id
      where t.tenant_id = $1 and t.collection_id = $2
      group by t.id, t.tag_number having count(distinct coalesce(a.user_id, a.id)) > 1`,
  },
  tag_unused: {
    with: [],
    select: `select 'tag', t.id, t.tag_number, ${day('t.added_date')} from tags t
      where t.tenant_id = $1 and t.collection_id = $2 and t.added_date <= $3::timestamptz - interval '30 days'
        and not exists (select 1 from keys k where k.tenant_id = $1 and k.credential_id = t.id and k.key_type = 'tag')`,
  },
  tag_of_other_site: {
    with: [groups, people, held],
    select: `select 'key', h.id, h.name, h.accessor_id::text from held h
      join collections c on c.tenant_id = $1 and c.id = $2
      where not coalesce((c.options ->> 'tags_from_other_sites')::boolean, true) and h.tag_collection_id <> $2`,
  },
  master_key_dead: {
    with: [],
    select: `select 'collection', c.id, c.customer_reference, c.masterkey_id::text from collections c
      where c.tenant_id = $1 and c.id = $2 and c.masterkey_id is not null and not exists (
        select 1 from tags t join keys k on k.tenant_id = t.tenant_id and k.credential_id = t.id and k.key_type = 'tag'
        join accessors a on a.tenant_id = k.tenant_id and a.id = k.accessor_id
        left join collection_settings s on s.tenant_id = a.tenant_id and s.accessor_id = a.id and s.collection_id = c.id
        where t.tenant_id = c.tenant_id and t.id = c.masterkey_id and not k.blocked and not a.blocked
          and not coalesce(s.blocked or s.suspended, false)
          and (t.expiry_date is null or t.expiry_date > $3::timestamptz))`,
  },
  lock_without_group: {
    with: [],
    select: `${lockNow}, null from ${siteLocks} and l.iq_link_state <> 'detached'
        and not exists (select 1 from access_group_locks m where m.tenant_id = l.tenant_id and m.lock_id = l.id)`,
  },
  lock_nobody_can_open: {
    with: [
      groups,
      useful,
      `opening as (select distinct m.access_group_id as id from access_group_accessors m
        join useful u on u.id = m.access_group_id
        join accessors a on a.tenant_id = m.tenant_id and a.id = m.accessor_id and not a.blocked
        left join collection_settings c on c.tenant_id = a.tenant_id and c.accessor_id = a.id and c.collection_id = $2
        join keys k on k.tenant_id = a.tenant_id and k.accessor_id = a.id and not k.blocked
        left join tags t on k.key_type = 'tag' and t.tenant_id = k.tenant_id and t.id = k.credential_id
        where m.tenant_id = $1 and not coalesce(c.blocked or c.suspended, false)
          and coalesce(coalesce(t.expiry_date, k.expires_at) > $3::timestamptz, true))`,
    ],
    select: `${lockNow}, null from ${siteLocks} and l.iq_link_state <> 'detached'
        and exists (select 1 from access_group_locks m where m.tenant_id = l.tenant_id and m.lock_id = l.id)
        and not exists (select 1 from access_group_locks m join opening o on o.id = m.access_group_id
          where m.tenant_id = l.tenant_id and m.lock_id = l.id)`,
  },
  lock_without_iq: {
    with: [],
    select: `${lockNow}, null from ${siteLocks} and l.iq_link_state = 'detached'
        and exists (select 1 from access_group_locks m where m.tenant_id = l.tenant_id and m.lock_id = l.id)`,
  },
  lock_out_of_reach: {
    with: [],
    select: `${lockNow}, q.id::text from ${siteLocks.replace(
      ' where ',
      ' join iqs q on q.tenant_id = l.tenant_id and q.id = l.iq_id and q.online where ',
    )} and l.iq_link_state = 'attached' and not l.online`,
  },
  battery_low: {
    with: [],
    select: `${lockNow}, l.battery_level from ${siteLocks} and l.battery_level in ('low', 'critical')`,
  },
  radio_weak: {
    with: [],
    select: `${lockNow}, l.signal_strength::text from ${siteLocks} and l.iq_link_state = 'attached' and l.online
        and l.signal_strength < ${String(weakSignal)}`,
  },
  office_hours_never_begin: {
    with: [],
    select: `${lockNow}, null from ${siteLocks} and l.easy_office_mode is not null
        and not exists (select 1 from jsonb_populate_record(null::time_schedules, l.easy_office_mode) s
          where ${ever} and not ${isOver})`,
  },
  offline_keys_near_limit: {
    with: [],
    select: `${lockNow}, o.many || ' of ' || l.offline_key_limit from ${siteLocks.replace(
      ' where ',
      ` cross join lateral (select count(*) as many from offline_keys o
          where o.tenant_id = l.tenant_id and o.lock_id = l.id) o where `,
    )} and l.offline_key_limit > 0 and o.many >= 0.9 * l.offline_key_limit`,
  },
  offline_keys_refused: {
    with: [],
    select: `${lockNow}, null from ${siteLocks} and l.offline_memory_refused`,
  },
  offline_validity_near: {
    with: [],
    select: `${iqNow}, ${day(`(q.last_seen_at + make_interval(hours => (c.options ->> 'offline_validity_hours')::int))`)}
      from ${siteIqs.replace(' where ', ' join collections c on c.tenant_id = q.tenant_id and c.id = q.collection_id where ')}
        and not q.online and q.last_seen_at is not null and (c.options ->> 'offline_validity_hours')::int > 0
        and q.last_seen_at <= $3::timestamptz - 0.75 * make_interval(hours => (c.options ->> 'offline_validity_hours')::int)`,
  },
  iq_offline_long: {
    with: [],
    select: `${iqNow}, ${day('q.last_seen_at')} from ${siteIqs} and not q.online and q.state <> 'initialized'
        and coalesce(q.last_seen_at, q.created_at) <= $3::timestamptz - interval '24 hours'`,
  },
  iq_unsubscribed_with_rights: {
    with: [],
    select: `${iqNow}, null from ${siteIqs} and not q.subscribed and exists (select 1 from locks l
        join access_group_locks m on m.tenant_id = l.tenant_id and m.lock_id = l.id
        where l.tenant_id = q.tenant_id and l.iq_id = q.id)`,
  },
  rights_not_in_hub: {
    with: [],
    select: `${iqNow}, ${day('q.desired_changed_at')} from ${siteIqs} and q.applied_version <> q.desired_version
        and q.sync_refusals < 3 and q.desired_changed_at <= $3::timestamptz - interval '5 minutes'`,
  },
  rights_refused_by_hub: {
    with: [],
    select: `${iqNow}, q.sync_refused from ${siteIqs} and q.applied_version <> q.desired_version and q.sync_refusals >= 3`,
  },
  iq_without_new_certificate: {
    with: [],
    select: `${iqNow}, q.certificate_version::text from ${siteIqs} and q.has_been_subscribed
        and q.certificate_version is distinct from (select max(version) from tenant_keys
          where tenant_id = $1 and purpose = 'certificate')
        and exists (select 1 from device_keys dk where dk.tenant_id = $1 and dk.key_id is not null)`,
  },
};

/**
 * A transaction whose statements join whole sets, never row by row: after many people came at once, and until the tables were
 * analyzed, the planner takes 20,000 of them for a handful.
 */
export function inWholeSets<T>(
  { database, tenantId }: { readonly database: Database; readonly tenantId: TenantId },
  work: (scope: Scope) => Promise<T>,
): Promise<T> {
  return inTransaction({ database, tenantId }, async (scope) => {
    await scope.query('set transaction read only', []);
    await scope.query('set local enable_nestloop = off', []);
    return work(scope);
  });
}

export type Found = { readonly total: number; readonly objects: readonly FoundObject[] };

/** What one check finds, at most `limit` objects of it, by name. */
export async function findConfigurationFaults(
  scope: Scope,
  word: FindingWord,
  of: { readonly collectionId: CollectionId; readonly now: Date; readonly limit: number },
): Promise<Found> {
  const check = checks[word];
  const parts = [
    // Every statement takes the same three values, whether or not it needs them.
    'given as (select $1::uuid, $2::uuid, $3::timestamptz)',
    ...check.with,
    `found (object_type, object_id, name, detail) as (${check.select})`,
  ];
  const rows = await scope.query<FoundObject & { total: string }>(
    `with ${parts.join(',\n')}
     select object_type, object_id, name, detail, count(*) over () as total from found
     order by name nulls last, object_id limit $4`,
    [scope.tenantId, of.collectionId, of.now, of.limit],
    `check_${word}`,
  );
  return {
    total: Number(rows[0]?.total ?? 0),
    objects: rows.map(({ total: _total, ...object }) => object),
  };
}
