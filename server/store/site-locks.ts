/** Locks of a site with what people of the site are shown beside (connect-api.md 5.1, 7). */
import { sql } from 'kysely';
import type { AccessorId, CollectionId, IqId, LockId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import { isOfCollection, lockFields, lockFrom, lockSelect, type LockRow } from './locks.ts';
import type { Sql, SqlListFields } from './odata-filter.ts';
import { offlineKeyLimit } from './offline-keys.ts';
import type { Scope } from './scope.ts';

export type SiteLockRow = LockRow & {
  readonly iq_otp_enabled: boolean | null;
  readonly offline_access_keys_limit: number;
  readonly offline_access_keys_count: number;
};

/** Of whom a list is: everything of the site, or what somebody shares a group with. */
export type SiteView = {
  readonly siteId: CollectionId;
  /** null = everything. */
  readonly accessorId: AccessorId | null;
  /** Only the hardware of these IQs and of none: what an installer was let in for. */
  readonly iqIds?: readonly IqId[];
};

const offlineKeyCount = sql`(select count(*)::int from offline_keys o
  where o.tenant_id = l.tenant_id and o.lock_id = l.id)`;

const extras: Sql = sql`i.otp_enabled as iq_otp_enabled, ${sql.raw(offlineKeyLimit)} as offline_access_keys_limit,
  ${offlineKeyCount} as offline_access_keys_count`;

const offlineFields = {
  offline_access_keys_limit: { type: 'int', sql: sql.raw(offlineKeyLimit) },
  offline_access_keys_count: { type: 'int', sql: offlineKeyCount },
} as const satisfies SqlListFields;

const shownFields = {
  id: lockFields.id,
  customer_reference: lockFields.customer_reference,
  mac: lockFields.mac,
  'floor/id': lockFields['floor/id'],
  'floor/customer_reference': lockFields['floor/customer_reference'],
  'floor/number': lockFields['floor/number'],
  'floor/lock_count': lockFields['floor/lock_count'],
  locked_state: lockFields.locked_state,
  lock_type: lockFields.lock_type,
  online: lockFields.online,
  iq_link_state: lockFields.iq_link_state,
  tag_registration_state: lockFields.tag_registration_state,
  battery_level: lockFields.battery_level,
  left_open_alarm: lockFields.left_open_alarm,
  intrusion_alarm: lockFields.intrusion_alarm,
  'easy_office_mode_schedule/start_time': lockFields['easy_office_mode_schedule/start_time'],
  'easy_office_mode_schedule/end_time': lockFields['easy_office_mode_schedule/end_time'],
  'easy_office_mode_schedule/start_date': lockFields['easy_office_mode_schedule/start_date'],
  'easy_office_mode_schedule/end_date': lockFields['easy_office_mode_schedule/end_date'],
  'easy_office_mode_schedule/monday': lockFields['easy_office_mode_schedule/monday'],
  'easy_office_mode_schedule/tuesday': lockFields['easy_office_mode_schedule/tuesday'],
  'easy_office_mode_schedule/wednesday': lockFields['easy_office_mode_schedule/wednesday'],
  'easy_office_mode_schedule/thursday': lockFields['easy_office_mode_schedule/thursday'],
  'easy_office_mode_schedule/friday': lockFields['easy_office_mode_schedule/friday'],
  'easy_office_mode_schedule/saturday': lockFields['easy_office_mode_schedule/saturday'],
  'easy_office_mode_schedule/sunday': lockFields['easy_office_mode_schedule/sunday'],
  'iq/id': lockFields['iq/id'],
  'iq/customer_reference': lockFields['iq/customer_reference'],
  'iq/mac_address': lockFields['iq/mac_address'],
  'iq/is_online': lockFields['iq/is_online'],
  'iq/revision': lockFields['iq/revision'],
  'repeater/id': lockFields['repeater/id'],
  'repeater/customer_reference': lockFields['repeater/customer_reference'],
  privacy_mode: lockFields.privacy_mode,
  communication_type: lockFields.communication_type,
} as const satisfies SqlListFields;

const laterFields = {
  ...shownFields,
  ...offlineFields,
  'easy_office_mode_schedule/eom_auto_start':
    lockFields['easy_office_mode_schedule/eom_auto_start'],
  'iq/otp_enabled': { type: 'bool', sql: sql`i.otp_enabled` },
  'vendor/id': lockFields['vendor/id'],
  'vendor/reference': lockFields['vendor/reference'],
  'vendor/display_name': lockFields['vendor/display_name'],
} as const satisfies SqlListFields;

/** What a list of locks may be asked by, at each version. */
export const siteLockFields = { 'v1.1': shownFields, 'v1.2': laterFields } as const;
/** The same where offline keys are counted at both versions. */
export const siteLockExtendedFields = {
  'v1.1': { ...shownFields, ...offlineFields },
  'v1.2': laterFields,
} as const;

/** Condition for lists of locks (`l`): a group gives them to the accessor. */
export function isOpenTo(accessorId: AccessorId): Sql {
  return sql`exists (select 1 from access_group_accessors ga
    join access_group_locks gl on gl.tenant_id = ga.tenant_id and gl.access_group_id = ga.access_group_id
    where ga.tenant_id = l.tenant_id and ga.accessor_id = ${accessorId}::uuid and gl.lock_id = l.id)`;
}

/** Condition for locks (`l`): they are in view. */
export function isInView({ siteId, accessorId, iqIds }: SiteView): Sql {
  if (accessorId !== null) return sql`${isOfCollection(siteId)} and ${isOpenTo(accessorId)}`;
  if (iqIds === undefined) return isOfCollection(siteId);
  return sql`${isOfCollection(siteId)} and (l.iq_id is null or l.iq_id = any (${iqIds}::uuid[]))`;
}

/** A page of the locks of a site; `where` narrows it further and speaks of `l`. */
export function listSiteLocks(
  scope: Scope,
  options: ListOptions,
  { view, where }: { readonly view: SiteView; readonly where?: Sql },
): Promise<ListResult<SiteLockRow>> {
  return listRows<SiteLockRow>(scope, {
    from: lockFrom(options.now),
    tenant: sql`l.tenant_id`,
    where: where === undefined ? isInView(view) : sql`${isInView(view)} and (${where})`,
    select: sql`${lockSelect}, ${extras}`,
    fields: laterFields,
    options,
    id: sql`l.id`,
    defaultOrder: [{ sql: sql`l.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** Whether a lock is of the site and in somebody's view. */
export async function isSiteLock(scope: Scope, view: SiteView, id: LockId): Promise<boolean> {
  const rows = await scope.query(
    `select 1 from locks l where l.tenant_id = $1 and l.id = $2 and l.collection_id = $3
       and ($4::uuid is null or exists (select 1 from access_group_accessors ga
         join access_group_locks gl on gl.tenant_id = ga.tenant_id and gl.access_group_id = ga.access_group_id
         where ga.tenant_id = $1 and ga.accessor_id = $4 and gl.lock_id = l.id))
       and ($5::uuid[] is null or l.iq_id is null or l.iq_id = any ($5))`,
    [scope.tenantId, id, view.siteId, view.accessorId, view.iqIds ?? null],
    'site_lock_has',
  );
  return rows.length > 0;
}

/** What the Core face does not show of a lock. */
export async function findLockExtras(
  scope: Scope,
  id: LockId,
): Promise<Omit<SiteLockRow, keyof LockRow> | undefined> {
  const [row] = await scope.query<Omit<SiteLockRow, keyof LockRow>>(
    `select i.otp_enabled as iq_otp_enabled, ${offlineKeyLimit} as offline_access_keys_limit,
       (select count(*)::int from offline_keys o where o.tenant_id = l.tenant_id and o.lock_id = l.id)
         as offline_access_keys_count
     from locks l left join iqs i on i.tenant_id = l.tenant_id and i.id = l.iq_id
     where l.tenant_id = $1 and l.id = $2`,
    [scope.tenantId, id],
    'site_lock_extras',
  );
  return row;
}

/** Those of the ids that are locks of the site. */
export async function listSiteLockIds(
  scope: Scope,
  siteId: CollectionId,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await scope.query<{ id: string }>(
    'select id from locks where tenant_id = $1 and collection_id = $2 and id = any ($3)',
    [scope.tenantId, siteId, ids],
  );
  return new Set(rows.map(({ id }) => id));
}
