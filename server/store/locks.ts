import { sql } from 'kysely';
import type { EasyOfficeModeSchedule } from '#contract/access-table';
import type { CollectionId, FloorId, IqId, LockId, RepeaterId } from '#contract/ids';
import { communicationTypes, lockStates, lockTypes } from '#contract/iq-link';
import { batteryStates } from '#contract/lock-conditions';
import { iqLinkStates, tagRegistrationStates, type LockResponse } from '#contract/locks';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { Sql, SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';
import { updateColumns } from './update.ts';

/** A lock as it is shown, embedded objects as flat columns: what depends on time or on its IQ is computed by SQL. */
export type LockRow = Pick<
  LockResponse,
  | 'locked_state'
  | 'lock_type'
  | 'online'
  | 'iq_link_state'
  | 'tag_registration_state'
  | 'battery_level'
  | 'left_open_alarm'
  | 'intrusion_alarm'
  | 'privacy_mode'
  | 'communication_type'
  | 'license_plate_camera'
> & {
  readonly id: LockId;
  readonly mac: string;
  readonly customer_reference: string | null;
  readonly collection_id: CollectionId | null;
  readonly signal_strength: number | null;
  readonly signal_strength_last_update: Date | null;
  readonly easy_office_mode: EasyOfficeModeSchedule | null;
  readonly iq_id: IqId | null;
  readonly iq_customer_reference: string | null;
  readonly iq_mac: string | null;
  readonly iq_online: boolean | null;
  readonly iq_collection_id: CollectionId | null;
  readonly iq_revision: string | null;
  readonly repeater_id: RepeaterId | null;
  readonly repeater_customer_reference: string | null;
  readonly repeater_mac: string | null;
  readonly repeater_online: boolean;
  readonly repeater_collection_id: CollectionId | null;
  readonly floor_id: FloorId | null;
  readonly floor_customer_reference: string | null;
  readonly floor_number: number | null;
  readonly floor_lock_count: number | null;
  readonly vendor_id: string;
  readonly vendor_reference: string;
  readonly vendor_display_name: string;
};

/** behaviour.md 3.4: a lock behind a silent IQ, or one that is not attached, is not online. */
const online = `(l.online and l.iq_link_state in ('attached', 'detached_pending') and coalesce(i.online, false))`;
const repeaterOnline = `coalesce(r.online and r.iq_link_state in ('attached', 'detached_pending') and i.online, false)`;
/** behaviour.md 3.3: a pending value without confirmation for 10 s is uncertain. */
const lockedState = `case when l.locked_state in ('locked_pending', 'office_mode_pending')
  and l.locked_state_at <= clock.at - interval '10 seconds' then 'uncertain' else l.locked_state end`;
const tagRegistration = `case when l.tag_registration_until > clock.at and ${online}
  then 'in_progress' else 'not_started' end`;
const floorLockCount = `case when f.id is null then null else
  (select count(*)::int from locks fl where fl.tenant_id = f.tenant_id and fl.floor_id = f.id) end`;
const eom = (member: string): Sql => sql.raw(`l.easy_office_mode ->> '${member}'`);
const eomFlag = (member: string) =>
  ({ type: 'bool', sql: sql`(${eom(member)})::boolean` }) as const;

export const lockFields = {
  id: { type: 'uuid', sql: sql`l.id`, isNotNull: true },
  mac: { type: 'text', sql: sql`l.mac`, isNotNull: true },
  customer_reference: { type: 'text', sql: sql`l.customer_reference` },
  locked_state: { type: 'enum', words: lockStates, sql: sql.raw(lockedState) },
  lock_type: { type: 'enum', words: lockTypes, sql: sql`l.lock_type` },
  online: { type: 'bool', sql: sql.raw(online) },
  iq_link_state: { type: 'enum', words: iqLinkStates, sql: sql`l.iq_link_state` },
  tag_registration_state: {
    type: 'enum',
    words: tagRegistrationStates,
    sql: sql.raw(tagRegistration),
  },
  battery_level: { type: 'enum', words: batteryStates, sql: sql`l.battery_level` },
  left_open_alarm: { type: 'bool', sql: sql`l.left_open_alarm` },
  intrusion_alarm: { type: 'bool', sql: sql`l.intrusion_alarm` },
  collection_id: { type: 'uuid', sql: sql`l.collection_id` },
  privacy_mode: { type: 'bool', sql: sql`l.privacy_mode` },
  communication_type: { type: 'enum', words: communicationTypes, sql: sql`l.communication_type` },
  signal_strength: { type: 'int', sql: sql`l.signal_strength` },
  signal_strength_last_update: { type: 'instant', sql: sql`l.signal_strength_last_update` },
  license_plate_camera: { type: 'bool', sql: sql`l.license_plate_camera` },
  'iq/id': { type: 'uuid', sql: sql`l.iq_id` },
  'iq/customer_reference': { type: 'text', sql: sql`i.customer_reference` },
  'iq/mac_address': { type: 'text', sql: sql`i.mac` },
  'iq/is_online': { type: 'bool', sql: sql`i.online` },
  'iq/collection_id': { type: 'uuid', sql: sql`i.collection_id` },
  'iq/revision': { type: 'text', sql: sql`i.revision` },
  'repeater/id': { type: 'uuid', sql: sql`l.repeater_id` },
  'repeater/customer_reference': { type: 'text', sql: sql`r.customer_reference` },
  'repeater/mac_address': { type: 'text', sql: sql`r.mac` },
  'repeater/is_online': {
    type: 'bool',
    sql: sql.raw(`case when r.id is not null then ${repeaterOnline} end`),
  },
  'repeater/collection_id': { type: 'uuid', sql: sql`r.collection_id` },
  'floor/id': { type: 'uuid', sql: sql`l.floor_id` },
  'floor/customer_reference': { type: 'text', sql: sql`f.customer_reference` },
  'floor/number': { type: 'int', sql: sql`f.number` },
  'floor/lock_count': { type: 'int', sql: sql.raw(floorLockCount) },
  'easy_office_mode_schedule/id': { type: 'uuid', sql: sql`(${eom('id')})::uuid` },
  'easy_office_mode_schedule/start_time': {
    type: 'time',
    sql: sql`(${eom('start_time')})::time`,
  },
  'easy_office_mode_schedule/end_time': { type: 'time', sql: sql`(${eom('end_time')})::time` },
  'easy_office_mode_schedule/start_date': {
    type: 'local',
    sql: sql`(${eom('start_date')})::timestamp`,
  },
  'easy_office_mode_schedule/end_date': {
    type: 'local',
    sql: sql`(${eom('end_date')})::timestamp`,
  },
  'easy_office_mode_schedule/eom_auto_start': eomFlag('eom_auto_start'),
  'easy_office_mode_schedule/monday': eomFlag('monday'),
  'easy_office_mode_schedule/tuesday': eomFlag('tuesday'),
  'easy_office_mode_schedule/wednesday': eomFlag('wednesday'),
  'easy_office_mode_schedule/thursday': eomFlag('thursday'),
  'easy_office_mode_schedule/friday': eomFlag('friday'),
  'easy_office_mode_schedule/saturday': eomFlag('saturday'),
  'easy_office_mode_schedule/sunday': eomFlag('sunday'),
  'vendor/id': { type: 'uuid', sql: sql`v.id`, isNotNull: true },
  'vendor/reference': { type: 'text', sql: sql`v.reference`, isNotNull: true },
  'vendor/display_name': { type: 'text', sql: sql`v.display_name`, isNotNull: true },
} as const satisfies SqlListFields;

const columns = `l.id, l.mac, l.customer_reference, ${lockedState} as locked_state, l.lock_type, ${online} as online,
  l.iq_link_state, ${tagRegistration} as tag_registration_state, l.battery_level, l.left_open_alarm,
  l.intrusion_alarm, l.collection_id, l.privacy_mode, l.communication_type, l.signal_strength,
  l.signal_strength_last_update, l.license_plate_camera, l.easy_office_mode,
  l.iq_id, i.customer_reference as iq_customer_reference, i.mac as iq_mac, i.online as iq_online,
  i.collection_id as iq_collection_id, i.revision as iq_revision,
  l.repeater_id, r.customer_reference as repeater_customer_reference, r.mac as repeater_mac,
  ${repeaterOnline} as repeater_online, r.collection_id as repeater_collection_id,
  l.floor_id, f.customer_reference as floor_customer_reference, f.number as floor_number,
  ${floorLockCount} as floor_lock_count,
  v.id as vendor_id, v.reference as vendor_reference, v.display_name as vendor_display_name`;

const joins = `locks l
  join vendors v on v.reference = l.vendor_reference
  left join iqs i on i.tenant_id = l.tenant_id and i.id = l.iq_id
  left join repeaters r on r.tenant_id = l.tenant_id and r.id = l.repeater_id
  left join floors f on f.tenant_id = l.tenant_id and f.id = l.floor_id`;

/** What `lockFrom` gives, as LockRow names it. */
export const lockSelect: Sql = sql.raw(columns);

/** Locks (`l`) with all that is shown of them at an instant; `lockFields` and `lockSelect` speak of it. */
export function lockFrom(now: string): Sql {
  return sql`${sql.raw(joins)} cross join (select ${now}::timestamptz as at) clock`;
}

/** A page of the locks of the tenant; `where` narrows it further and speaks of `l`. */
export function listLocks(
  scope: Scope,
  options: ListOptions,
  where?: Sql,
): Promise<ListResult<LockRow>> {
  return listRows<LockRow>(scope, {
    from: lockFrom(options.now),
    tenant: sql`l.tenant_id`,
    ...(where === undefined ? {} : { where }),
    select: lockSelect,
    fields: lockFields,
    options,
    id: sql`l.id`,
    defaultOrder: [{ sql: sql`l.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** Narrows a list of locks to one collection. */
export function isOfCollection(id: CollectionId): Sql {
  return sql`l.collection_id = ${id}::uuid`;
}

const findText = `select ${columns} from ${joins} cross join (select $3::timestamptz as at) clock
  where l.tenant_id = $1 and l.id = $2`;

/** One lock as it is shown at `now`. */
export async function findLock(scope: Scope, id: LockId, now: Date): Promise<LockRow | undefined> {
  const [row] = await scope.query<LockRow>(findText, [scope.tenantId, id, now], 'lock_find');
  return row;
}

export async function hasLock(scope: Scope, id: LockId): Promise<boolean> {
  const rows = await scope.query(
    'select 1 from locks where tenant_id = $1 and id = $2',
    [scope.tenantId, id],
    'lock_has',
  );
  return rows.length > 0;
}

export type NewLock = {
  readonly id: LockId;
  readonly mac: string;
  readonly code: string;
  readonly customer_reference: string | null;
  readonly collection_id: CollectionId | null;
  readonly license_plate_camera: boolean;
  readonly vendor_reference: string;
  readonly created_at: Date;
};

/** False when the code is in use, in whichever tenant. */
export async function insertLock(scope: WriteScope, lock: NewLock): Promise<boolean> {
  const rows = await scope.query(
    `insert into locks (tenant_id, id, mac, code, customer_reference, collection_id, license_plate_camera,
       vendor_reference, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict do nothing returning id`,
    [
      scope.tenantId,
      lock.id,
      lock.mac,
      lock.code,
      lock.customer_reference,
      lock.collection_id,
      lock.license_plate_camera,
      lock.vendor_reference,
      lock.created_at,
    ],
  );
  return rows.length > 0;
}

const writable = [
  'customer_reference',
  'collection_id',
  'floor_id',
  'license_plate_camera',
  'easy_office_mode',
] as const;

/** Writes the members given; the others stay. */
export async function updateLock(
  scope: WriteScope,
  id: LockId,
  change: Partial<Pick<LockRow, (typeof writable)[number]>>,
): Promise<void> {
  await updateColumns(scope, { table: 'locks', id, columns: writable, change });
}

/** Holds a lock's row against other changes until the transaction ends; false when there is none. */
export async function holdLock(scope: WriteScope, id: LockId): Promise<boolean> {
  const rows = await scope.query(
    'select 1 from locks where tenant_id = $1 and id = $2 for no key update',
    [scope.tenantId, id],
    'lock_hold',
  );
  return rows.length > 0;
}

/** False when it is linked to an IQ: only a detached lock can go. Memberships and offline relations go with it. */
export async function deleteDetachedLock(scope: WriteScope, id: LockId): Promise<boolean> {
  const rows = await scope.query(
    `delete from locks where tenant_id = $1 and id = $2 and iq_link_state = 'detached' returning id`,
    [scope.tenantId, id],
  );
  return rows.length > 0;
}

/** Whether an easy office mode schedule or an offline key hangs on the lock (core-api.md 10). */
export async function hasLockDependants(scope: Scope, id: LockId): Promise<boolean> {
  const [row] = await scope.query<{ has: boolean }>(
    `select l.easy_office_mode is not null
         or exists (select 1 from offline_keys o where o.tenant_id = l.tenant_id and o.lock_id = l.id) as has
       from locks l where l.tenant_id = $1 and l.id = $2`,
    [scope.tenantId, id],
  );
  return row?.has ?? false;
}

/** Whether the lock is in an access group that belongs to a collection, but not to this one. */
export async function isInGroupOutside(
  scope: Scope,
  id: LockId,
  collectionId: CollectionId | null,
): Promise<boolean> {
  const [row] = await scope.query<{ is: boolean }>(
    `select exists (
       select 1 from access_group_locks gl
         join access_groups g on g.tenant_id = gl.tenant_id and g.id = gl.access_group_id
        where gl.tenant_id = $1 and gl.lock_id = $2 and g.collection_id is not null
          and g.collection_id is distinct from $3) as is`,
    [scope.tenantId, id, collectionId],
  );
  return row?.is ?? false;
}

/** The collection of a floor; undefined when the tenant has no such floor. */
export async function findFloorCollection(
  scope: Scope,
  id: FloorId,
): Promise<CollectionId | undefined> {
  const [row] = await scope.query<{ collection_id: CollectionId }>(
    'select collection_id from floors where tenant_id = $1 and id = $2',
    [scope.tenantId, id],
  );
  return row?.collection_id;
}
