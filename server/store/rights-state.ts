/**
 * How far rights have come (behaviour.md 3.4), worked out for one page from the items of the desired state: what is wanted is
 * in their values, what the hub has proven to hold is in `former` where it has not proven the value yet. Nothing is written
 * per right, so that a lock added to a group of 100,000 people stays one changed item.
 */
import { sql } from 'kysely';
import type { AccessorId, CollectionId, IqId, LockId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { rightStates, wantedRights, type RightState } from '#contract/rights-state';
import { listRows, type ListResult } from './list.ts';
import type { Sql, SqlListFields } from './odata-filter.ts';
import type { Scope } from './scope.ts';

export type RightRow = Omit<RightState, 'changed_at' | 'confirmed_at'> & {
  readonly changed_at: Date;
  readonly confirmed_at: Date | null;
};

/** What the hub behind a lock wants, holds and held for it; groups are those with a schedule. */
type Place = {
  readonly lock_id: LockId;
  readonly iq_id: IqId;
  readonly collection_id: CollectionId | null;
  readonly is_attached: boolean;
  /** The newest version the hub has proven to hold; 0 = none. */
  readonly proven: string;
  readonly sent_version: string;
  readonly sync_refusals: number;
  readonly version: string;
  readonly changed_at: string;
  readonly confirmed_at: string | null;
  readonly has_camera: boolean;
  readonly groups: readonly string[];
  readonly open_now: readonly string[];
  readonly open_held: readonly string[];
  readonly open_before: readonly string[];
  readonly offline_now: readonly string[];
  readonly offline_before: readonly string[];
  readonly held_keys: readonly string[] | null;
  readonly held_keys_at: string | null;
  readonly memory_refused: boolean;
  /** The lock opens, or still may, for keys of its audit trail. */
  readonly uses_trail: boolean;
  /** The table that the lock's memory was proven to fit. */
  readonly memory_version: string | null;
};

/** A hub that is ahead holds the state of a database that was restored since: it has proven nothing. */
const proven = `(case when q.applied_version > q.desired_version then 0 else q.applied_version end)`;
const held = (item: string, proof = proven): string =>
  `(case when ${proof} = 0 then null when ${item}.version <= ${proof} then ${item}.value
     when ${item}.former_version <= ${proof} then ${item}.former end)`;
const isRecent = (item: string, since: string): string =>
  `(${item}.has_lost and coalesce(${item}.confirmed_at, 'infinity') > ${since})`;
const before = (item: string, since: string): string =>
  `(case when ${isRecent(item, since)} then ${item}.former else ${item}.value end)`;
const hasSchedule = (group: string): string =>
  `coalesce(jsonb_array_length(${group} -> 'schedules') > 0, false)`;

const placeColumns = `l.id as lock_id, q.id as iq_id, l.collection_id, l.iq_link_state = 'attached' as is_attached,
  ${proven} as proven, q.sent_version, q.sync_refusals,
  greatest(d.version, g.version) as version, greatest(d.changed_at, g.changed_at)::text as changed_at,
  greatest(d.confirmed_at, g.confirmed_at)::text as confirmed_at,
  coalesce((d.value ->> 'license_plate_camera')::boolean, false) as has_camera,
  g.groups, g.open_now, g.open_held, g.open_before,
  coalesce(d.value -> 'offline_key_ids', '[]') as offline_now,
  coalesce(${before('d', '$3')} -> 'offline_key_ids', '[]') as offline_before,
  l.held_offline_key_ids as held_keys, l.held_offline_keys_at::text as held_keys_at,
  l.offline_memory_refused as memory_refused,
  l.audit_trail_days > 0 or l.memory_table_version is not null as uses_trail, l.memory_table_version as memory_version`;

const placeJoins = `locks l
  join iqs q on q.tenant_id = l.tenant_id and q.id = l.iq_id
  join desired_items d on d.tenant_id = l.tenant_id and d.iq_id = l.iq_id and d.key = 'lock/' || l.id
  cross join lateral (
    select coalesce(jsonb_agg(n.id), '[]') as groups,
      coalesce(jsonb_agg(n.id) filter (where d.value -> 'group_ids' ? n.id and ${hasSchedule('i.value')}), '[]') as open_now,
      coalesce(jsonb_agg(n.id) filter (where ${held('d')} -> 'group_ids' ? n.id and ${hasSchedule(held('i'))}), '[]')
        as open_held,
      coalesce(jsonb_agg(n.id) filter (where ${before('d', '$3')} -> 'group_ids' ? n.id
        and ${hasSchedule(before('i', '$3'))}), '[]') as open_before,
      max(i.version) as version, max(i.changed_at) as changed_at, max(i.confirmed_at) as confirmed_at
    from (select jsonb_array_elements_text(d.value -> 'group_ids') as id
          union select jsonb_array_elements_text(d.former -> 'group_ids')) n
    left join desired_items i on i.tenant_id = l.tenant_id and i.iq_id = l.iq_id and i.key = 'group/' || n.id
  ) g`;

/** A revocation that has arrived can still be seen for a day. */
function seenSince(now: string): Date {
  return new Date(Date.parse(now) - 24 * 3_600_000);
}

async function findPlace(scope: Scope, lockId: LockId, since: Date): Promise<Place | undefined> {
  const [row] = await scope.query<Place>(
    `select ${placeColumns} from ${placeJoins} where l.tenant_id = $1 and l.id = $2`,
    [scope.tenantId, lockId, since],
    'right_place',
  );
  return row;
}

/** The locks an accessor shares a group with, or did until a moment ago, each with its hub. */
function listPlaces(scope: Scope, accessorId: AccessorId, since: Date): Promise<Place[]> {
  const lostGroups = `array(select jsonb_array_elements_text(d.former -> 'group_ids'))`;
  return scope.query<Place>(
    `with own as materialized (
       select a.iq_id, a.value, a.former, ${isRecent('a', '$3')} as is_recent from iqs q
       join desired_items a on a.tenant_id = q.tenant_id and a.iq_id = q.id and a.key = 'accessor/' || $2::uuid
       where q.tenant_id = $1),
     near as (
       select gl.lock_id as id from access_group_accessors ga
       join access_group_locks gl on gl.tenant_id = ga.tenant_id and gl.access_group_id = ga.access_group_id
       where ga.tenant_id = $1 and ga.accessor_id = $2
       union select gl.lock_id from own cross join lateral jsonb_array_elements_text(own.former -> 'group_ids') as n (id)
       join access_group_locks gl on gl.tenant_id = $1 and gl.access_group_id = n.id::uuid
       where own.is_recent
       union select substr(d.key, 6)::uuid from desired_items d join own on own.iq_id = d.iq_id
       where d.tenant_id = $1 and d.has_lost and d.key like 'lock/%' and coalesce(d.confirmed_at, 'infinity') > $3
         and (own.value -> 'group_ids' ?| ${lostGroups}
           or own.is_recent and own.former -> 'group_ids' ?| ${lostGroups}))
     select ${placeColumns} from near cross join ${placeJoins} where l.tenant_id = $1 and l.id = near.id`,
    [scope.tenantId, accessorId, since],
  );
}

/** The keys of one value of an accessor's item: whether each may open, and whether a group leads to the lock. */
function keysOf(item: string, open: 'open_now' | 'open_held' | 'open_before'): string {
  return `select '${open}' as at, x.id, x.type,
      coalesce(${item} -> 'group_ids' ?| array(select jsonb_array_elements_text(p.${open})), false)
        and (x.type <> 'license_plate' or p.has_camera) as leads,
      not x.blocked and not (${item} ->> 'blocked')::boolean and not (${item} ->> 'suspended')::boolean
        and (x.type not in ('pin', 'custom_pin') or (${item} ->> 'use_pin')::boolean) as may
    from jsonb_to_recordset(${item} -> 'keys') as x (id uuid, type text, blocked boolean)`;
}

const placeSource = (
  places: Sql,
): Sql => sql`(select * from jsonb_to_recordset(${places}::jsonb) as p (
  lock_id uuid, iq_id uuid, collection_id uuid, is_attached boolean, proven bigint, sent_version bigint,
  sync_refusals int, version bigint, changed_at timestamptz, confirmed_at timestamptz, has_camera boolean,
  groups jsonb, open_now jsonb, open_held jsonb, open_before jsonb, offline_now jsonb, offline_before jsonb,
  held_keys uuid[], held_keys_at timestamptz, memory_refused boolean,
  uses_trail boolean, memory_version bigint)) p`;

/** One row per lock, accessor and key; `accessors` gives the column `accessor_id`. */
function rightsFrom(
  scope: Scope,
  from: { readonly places: readonly Place[]; readonly accessors: Sql; readonly since: Date },
): Sql {
  const { places, accessors, since } = from;
  const heldItem = held('a', 'p.proven');
  const beforeItem = before('a', 's.since');
  return sql`${placeSource(sql`${JSON.stringify(places)}`)}
    cross join (select ${since}::timestamptz as since) s
    cross join ${accessors} c
    join desired_items a on a.tenant_id = ${scope.tenantId}::uuid and a.iq_id = p.iq_id
      and a.key = 'accessor/' || c.accessor_id
    cross join lateral (
      select v.id as key_id,
        bool_or(v.at = 'open_now' and v.leads and v.may) as is_wanted,
        bool_or(v.at = 'open_held' and v.leads and v.may) as is_held,
        bool_or(v.at = 'open_before' and v.leads and v.may) as was_wanted,
        bool_or(v.at = 'open_now' and v.leads) as is_member,
        max(v.type) as type
      from (${sql.raw(keysOf('a.value', 'open_now'))}
        union all ${sql.raw(keysOf(heldItem, 'open_held'))}
        union all ${sql.raw(keysOf(beforeItem, 'open_before'))}) v
      group by v.id) k`;
}

const isShown = sql`(k.is_wanted or k.is_held or k.was_wanted or k.is_member)`;

const isProven = `(p.proven > 0 and k.is_wanted = k.is_held)`;
const isOffline = `(p.offline_now ? k.key_id::text)`;
/** Another key than a lock can remember is no key of its audit trail (behaviour.md 12.2). */
const isRemembered = `(p.uses_trail and k.type in ('tag', 'mkey', 'wallet'))`;
const isTrailProven = `coalesce(greatest(a.version, p.version) <= p.memory_version, false)`;
const isHeldByLock = `(k.key_id = any (p.held_keys))`;
/** Wanted on every lock of its groups, and this one has no room (behaviour.md 12.3). */
const hasNoRoom = `(k.type in ('tag', 'mkey', 'wallet') and p.is_attached and not ${isOffline} and exists (
  select 1 from key_settings ks
  join collection_settings s on s.tenant_id = ks.tenant_id and s.id = ks.collection_setting_id
  where ks.tenant_id = a.tenant_id and ks.key_id = k.key_id and s.collection_id = p.collection_id
    and ks.offline_access_type = 'by_access'))`;
const wanted = `case when k.is_wanted then 'granted' else 'revoked' end`;
const state = `case
  when not ${isProven} and p.sync_refusals >= 3 then 'failed'
  when not ${isProven} then
    case when greatest(a.version, p.version) <= p.sent_version then 'sent' else 'requested' end
  when k.is_wanted and (${hasNoRoom} or ${isOffline} and p.memory_refused) then 'failed'
  when k.is_wanted and ${isOffline} and ${isHeldByLock} then 'in_lock'
  when not k.is_wanted and coalesce(${isHeldByLock}, p.offline_before ? k.key_id::text) then 'requested'
  when not k.is_wanted and ${isRemembered} then case when ${isTrailProven} then 'in_lock' else 'requested' end
  when not k.is_wanted and p.offline_before ? k.key_id::text then 'in_lock'
  else 'in_hub' end`;
const changedAt = `greatest(a.changed_at, p.changed_at)`;
const confirmedAt = `case ${state}
  when 'in_lock' then greatest(a.confirmed_at, p.confirmed_at, p.held_keys_at)
  when 'in_hub' then greatest(a.confirmed_at, p.confirmed_at) end`;

export const rightStateFields = {
  lock_id: { type: 'uuid', sql: sql`p.lock_id`, isNotNull: true },
  accessor_id: { type: 'uuid', sql: sql`c.accessor_id`, isNotNull: true },
  key_id: { type: 'uuid', sql: sql`k.key_id`, isNotNull: true },
  wanted: { type: 'enum', words: wantedRights, sql: sql.raw(wanted) },
  state: { type: 'enum', words: rightStates, sql: sql.raw(state) },
  changed_at: { type: 'instant', sql: sql.raw(changedAt), isNotNull: true },
  confirmed_at: { type: 'instant', sql: sql.raw(confirmedAt) },
} as const satisfies SqlListFields;

const select = sql.raw(`p.lock_id, c.accessor_id, k.key_id, ${wanted} as wanted, ${state} as state,
  ${changedAt} as changed_at, ${confirmedAt} as confirmed_at`);

const none: ListResult<RightRow> = { rows: [], count: null, hasMore: false };

/** A page of the rights at a lock, in the order of accessors; a lock without a hub has none on the way. */
export async function listRightsOfLock(
  scope: Scope,
  options: ListOptions,
  lockId: LockId,
): Promise<ListResult<RightRow>> {
  const since = seenSince(options.now);
  const place = await findPlace(scope, lockId, since);
  if (place === undefined) return { ...none, count: options.count ? 0 : null };
  const accessors = sql`(select distinct accessor_id from (
      select ga.accessor_id from access_group_accessors ga
      where ga.tenant_id = ${scope.tenantId}::uuid and ga.access_group_id = any (${place.groups}::uuid[])
      union all select substr(d.key, 10)::uuid from desired_items d
      where d.tenant_id = ${scope.tenantId}::uuid and d.iq_id = ${place.iq_id}::uuid and d.has_lost
        and d.key like 'accessor/%' and coalesce(d.confirmed_at, 'infinity') > ${since}::timestamptz
    ) given order by accessor_id)`;
  return listRows<RightRow>(scope, {
    from: rightsFrom(scope, { places: [place], accessors, since }),
    tenant: sql`a.tenant_id`,
    where: isShown,
    select,
    fields: rightStateFields,
    options,
    id: sql`k.key_id`,
    defaultOrder: [{ sql: sql`c.accessor_id`, type: 'uuid', direction: 'asc', isNotNull: true }],
  });
}

/** A page of the rights of an accessor, in the order of locks. */
export async function listRightsOfAccessor(
  scope: Scope,
  options: ListOptions,
  accessorId: AccessorId,
): Promise<ListResult<RightRow>> {
  const since = seenSince(options.now);
  const places = await listPlaces(scope, accessorId, since);
  if (places.length === 0) return { ...none, count: options.count ? 0 : null };
  return listRows<RightRow>(scope, {
    from: rightsFrom(scope, {
      places,
      accessors: sql`(select ${accessorId}::uuid as accessor_id)`,
      since,
    }),
    tenant: sql`a.tenant_id`,
    where: isShown,
    select,
    fields: rightStateFields,
    options,
    id: sql`(p.lock_id, k.key_id)`,
    defaultOrder: [{ sql: sql`p.lock_id`, type: 'uuid', direction: 'asc', isNotNull: true }],
  });
}

/** A page of the rights at every lock of a site, lock by lock. */
export async function listRightsOfSite(
  scope: Scope,
  options: ListOptions,
  siteId: CollectionId,
): Promise<ListResult<RightRow>> {
  const since = seenSince(options.now);
  const places = await scope.query<Place>(
    `select ${placeColumns} from ${placeJoins} where l.tenant_id = $1 and l.collection_id = $2`,
    [scope.tenantId, siteId, since],
  );
  if (places.length === 0) return { ...none, count: options.count ? 0 : null };
  const accessors = sql`lateral (select distinct accessor_id from (
      select ga.accessor_id from access_group_accessors ga
      where ga.tenant_id = ${scope.tenantId}::uuid
        and ga.access_group_id = any (array(select jsonb_array_elements_text(p.groups)::uuid))
      union all select substr(d.key, 10)::uuid from desired_items d
      where d.tenant_id = ${scope.tenantId}::uuid and d.iq_id = p.iq_id and d.has_lost
        and d.key like 'accessor/%' and coalesce(d.confirmed_at, 'infinity') > ${since}::timestamptz
    ) given)`;
  return listRows<RightRow>(scope, {
    from: rightsFrom(scope, { places, accessors, since }),
    tenant: sql`a.tenant_id`,
    where: isShown,
    select,
    fields: rightStateFields,
    options,
    id: sql`(c.accessor_id, k.key_id)`,
    defaultOrder: [{ sql: sql`p.lock_id`, type: 'uuid', direction: 'asc', isNotNull: true }],
  });
}
