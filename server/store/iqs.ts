import { sql } from 'kysely';
import type { CollectionId, HubId, IqId } from '#contract/ids';
import { dataSyncStates, iqLedPatterns, iqStates, type IqResponse } from '#contract/iqs';
import type { Frame, IqReport } from '#contract/iq-link';
import type { ListOptions } from '#contract/odata';
import { compileSql, listRows, type ListResult } from './list.ts';
import type { Sql, SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';
import { isOpenTo, type SiteView } from './site-locks.ts';
import { updateColumns } from './update.ts';

/** An IQ as it is shown, and what its use-cases decide by. */
export type IqRow = Pick<
  IqResponse,
  'led_pattern' | 'restore_required' | 'online' | 'data_sync_state' | 'signal_strength'
> & {
  readonly id: IqId;
  readonly hub_id: HubId | null;
  readonly customer_reference: string | null;
  readonly time_zone: string;
  readonly subscribed: boolean;
  readonly has_been_subscribed: boolean;
  readonly otp_enabled: boolean;
  readonly led_enabled: boolean;
  readonly mac: string;
  readonly operator: string | null;
  readonly state: 'initialized' | 'installation' | 'active';
  readonly is_installation: boolean;
  /** Whether its hub has said anything about itself yet. */
  readonly has_reported: boolean;
  /** It takes another's place, or loses its own: until the new hub holds its table, 60 s at most (behaviour.md 4.8). */
  readonly is_being_replaced: boolean;
  readonly model: string | null;
  readonly reset_date: Date | null;
  readonly collection_id: CollectionId | null;
  readonly revision: string | null;
  readonly vendor_id: string;
  readonly vendor_reference: string;
  readonly vendor_display_name: string;
};

/**
 * behaviour.md 3.4: an IQ without subscription so far is sent nothing, so it was never synced; an answer is late 60 s after
 * the change, or after the IQ came back.
 */
export const dataSyncState = `case
  when i.desired_version > 0 and i.applied_version = i.desired_version then 'synced'
  when not i.online or not i.has_been_subscribed then 'not_synced'
  when i.sync_refused is not null then 'failed'
  when greatest(i.desired_changed_at, i.online_since) <= clock.at - interval '60 seconds' then 'failed'
  else 'pending' end`;

/** SQL: a replacement of IQ `i` runs at `clock.at`; it ends by itself after 60 s. */
const isBeingReplaced = `coalesce(i.replacing_since > clock.at - interval '60 seconds', false)`;

export const iqFields = {
  id: { type: 'uuid', sql: sql`i.id`, isNotNull: true },
  customer_reference: { type: 'text', sql: sql`i.customer_reference` },
  time_zone: { type: 'text', sql: sql`i.time_zone`, isNotNull: true },
  subscribed: { type: 'bool', sql: sql`i.subscribed`, isNotNull: true },
  otp_enabled: { type: 'bool', sql: sql`i.otp_enabled`, isNotNull: true },
  led_enabled: { type: 'bool', sql: sql`i.led_enabled`, isNotNull: true },
  led_pattern: { type: 'enum', words: iqLedPatterns, sql: sql`i.led_pattern` },
  mac: { type: 'text', sql: sql`i.mac`, isNotNull: true },
  operator: { type: 'text', sql: sql`i.operator` },
  state: { type: 'enum', words: iqStates, sql: sql`i.state` },
  restore_required: { type: 'bool', sql: sql`i.restore_required`, isNotNull: true },
  reset_date: { type: 'instant', sql: sql`i.reset_date` },
  online: { type: 'bool', sql: sql`i.online`, isNotNull: true },
  data_sync_state: { type: 'enum', words: dataSyncStates, sql: sql.raw(dataSyncState) },
  signal_strength: { type: 'int', sql: sql`i.signal_strength`, isNotNull: true },
  collection_id: { type: 'uuid', sql: sql`i.collection_id` },
  revision: { type: 'text', sql: sql`i.revision` },
  'vendor/id': { type: 'uuid', sql: sql`v.id`, isNotNull: true },
  'vendor/reference': { type: 'text', sql: sql`v.reference`, isNotNull: true },
  'vendor/display_name': { type: 'text', sql: sql`v.display_name`, isNotNull: true },
} as const satisfies SqlListFields;

const {
  collection_id: _site,
  subscribed: _subscribed,
  led_pattern: _pattern,
  ...iqMembers
} = iqFields;
const {
  'vendor/id': _vendor,
  'vendor/reference': _reference,
  'vendor/display_name': _name,
  ...siteMembers
} = iqMembers;

const laterFields = {
  ...siteMembers,
  signal_strength: {
    type: 'int',
    sql: sql`(case when i.report_at is not null then i.signal_strength end)`,
  },
} as const satisfies SqlListFields;
const { otp_enabled: _later, ...earlierFields } = laterFields;

/** What the Connect face shows of an IQ, at each version (connect-api.md 5.1, 7). */
export const siteIqFields = { 'v1.1': earlierFields, 'v1.2': laterFields } as const;

const columns = `i.id, i.hub_id, i.customer_reference, i.time_zone, i.subscribed, i.has_been_subscribed, i.otp_enabled,
  i.led_enabled, i.led_pattern, i.mac, i.operator, i.state, i.is_installation, i.model,
  i.report_at is not null as has_reported,
  ${isBeingReplaced} as is_being_replaced, i.restore_required, i.reset_date, i.online,
  ${dataSyncState} as data_sync_state, i.signal_strength, i.collection_id, i.revision,
  v.id as vendor_id, v.reference as vendor_reference, v.display_name as vendor_display_name`;
const joins = 'iqs i join vendors v on v.reference = i.vendor_reference';

/**
 * Of the site; in the view of an ordinary user those with a lock that one shares a group with, in that of an installer those enabled
 * for him.
 */
function isInView({ siteId, accessorId, iqIds }: SiteView): Sql {
  const ofSite = sql`i.collection_id = ${siteId}::uuid`;
  if (iqIds !== undefined) return sql`${ofSite} and i.id = any (${iqIds}::uuid[])`;
  if (accessorId === null) return ofSite;
  return sql`${ofSite} and exists (
    select 1 from locks l where l.tenant_id = i.tenant_id and l.iq_id = i.id and ${isOpenTo(accessorId)})`;
}

/** Whether a site has an IQ with one of these macs. */
export async function hasHubAmong(
  scope: Scope,
  { siteId, macs }: { readonly siteId: CollectionId; readonly macs: readonly string[] },
): Promise<boolean> {
  const rows = await scope.query(
    `select 1 from iqs where tenant_id = $1 and collection_id = $2 and lower(mac) = any ($3::text[]) limit 1`,
    [scope.tenantId, siteId, macs.map((mac) => mac.toLowerCase())],
  );
  return rows.length > 0;
}

/** Whether an IQ is of the site and in somebody's view. */
export async function isSiteIq(scope: Scope, view: SiteView, id: IqId): Promise<boolean> {
  const { text, values } = compileSql(
    sql`select 1 from iqs i
        where i.tenant_id = ${scope.tenantId}::uuid and i.id = ${id}::uuid and ${isInView(view)}`,
  );
  return (await scope.query(text, values)).length > 0;
}

/** A page of the IQs of the tenant, or only those of a site in somebody's view. */
export function listIqs(
  scope: Scope,
  options: ListOptions,
  view?: SiteView,
): Promise<ListResult<IqRow>> {
  return listRows<IqRow>(scope, {
    from: sql`${sql.raw(joins)} cross join (select ${options.now}::timestamptz as at) clock`,
    tenant: sql`i.tenant_id`,
    ...(view === undefined ? {} : { where: isInView(view) }),
    select: sql.raw(columns),
    fields: view === undefined ? iqFields : laterFields,
    options,
    id: sql`i.id`,
    defaultOrder: [{ sql: sql`i.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

const findText = `select ${columns} from ${joins} cross join (select $3::timestamptz as at) clock
  where i.tenant_id = $1 and i.id = $2`;

/** One IQ as it is shown at `now`. */
export async function findIq(scope: Scope, id: IqId, now: Date): Promise<IqRow | undefined> {
  const [row] = await scope.query<IqRow>(findText, [scope.tenantId, id, now], 'iq_find');
  return row;
}

/** The same, held against other changes until the transaction ends. */
export async function lockIq(scope: WriteScope, id: IqId, now: Date): Promise<IqRow | undefined> {
  const [row] = await scope.query<IqRow>(
    `${findText} for no key update of i`,
    [scope.tenantId, id, now],
    'iq_lock',
  );
  return row;
}

export type NewIq = {
  readonly id: IqId;
  readonly hub_id: HubId;
  readonly mac: string;
  readonly customer_reference: string | null;
  readonly collection_id: CollectionId | null;
  readonly time_zone: string;
  readonly subscribed: boolean;
  readonly otp_enabled: boolean;
  readonly is_installation: boolean;
  readonly vendor_reference: string;
  readonly revision: string | null;
  readonly model: string | null;
  readonly limits: Frame<'hello'>['limits'] | null;
  readonly created_at: Date;
};

/** Enters an IQ whose hub has not confirmed its claim yet. */
export async function insertIq(scope: WriteScope, iq: NewIq): Promise<void> {
  await scope.query(
    `insert into iqs (tenant_id, id, hub_id, mac, customer_reference, collection_id, time_zone, subscribed,
       has_been_subscribed, otp_enabled, state, is_installation, vendor_reference, revision, model, limits, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, 'initialized', $10, $11, $12, $13, $14, $15)`,
    [
      scope.tenantId,
      iq.id,
      iq.hub_id,
      iq.mac,
      iq.customer_reference,
      iq.collection_id,
      iq.time_zone,
      iq.subscribed,
      iq.otp_enabled,
      iq.is_installation,
      iq.vendor_reference,
      iq.revision,
      iq.model,
      iq.limits ?? {},
      iq.created_at,
    ],
  );
}

const writable = [
  'customer_reference',
  'collection_id',
  'time_zone',
  'subscribed',
  'has_been_subscribed',
  'otp_enabled',
  'led_enabled',
  'led_pattern',
  'state',
  'is_installation',
] as const;

export type IqChange = Partial<Pick<IqRow, (typeof writable)[number]>>;

/** Writes the members given; the others stay. */
export async function updateIq(scope: WriteScope, id: IqId, change: IqChange): Promise<void> {
  await updateColumns(scope, { table: 'iqs', id, columns: writable, change });
}

/** Its names stay, for events its hub has yet to tell. */
export async function deleteIq(scope: WriteScope, id: IqId, now: Date): Promise<void> {
  await scope.query(
    `with gone as (
       delete from iqs where tenant_id = $1 and id = $2
       returning tenant_id, id, mac, customer_reference, revision, collection_id, time_zone
     )
     insert into gone_iqs (tenant_id, id, mac, customer_reference, revision, collection_id, time_zone, gone_at)
     select tenant_id, id, mac, customer_reference, revision, collection_id, time_zone, $3 from gone`,
    [scope.tenantId, id, now],
  );
}

/** Whether a lock or repeater is in the tree of the IQ or still linked to it. */
export async function hasHardware(scope: Scope, id: IqId): Promise<boolean> {
  const [row] = await scope.query<{ has: boolean }>(
    `select exists (select 1 from locks where tenant_id = $1 and iq_id = $2)
         or exists (select 1 from repeaters where tenant_id = $1 and iq_id = $2) as has`,
    [scope.tenantId, id],
  );
  return row?.has ?? false;
}

/** Whether a lock of the IQ is in an access group that belongs to a collection, but not to this one (core-api.md 7.1). */
export async function hasLockInGroupOutside(
  scope: Scope,
  iqId: IqId,
  collectionId: CollectionId | null,
): Promise<boolean> {
  const [row] = await scope.query<{ has: boolean }>(
    `select exists (
       select 1 from locks l
         join access_group_locks gl on gl.tenant_id = l.tenant_id and gl.lock_id = l.id
         join access_groups g on g.tenant_id = gl.tenant_id and g.id = gl.access_group_id
        where l.tenant_id = $1 and l.iq_id = $2 and g.collection_id is not null
          and g.collection_id is distinct from $3) as has`,
    [scope.tenantId, iqId, collectionId],
  );
  return row?.has ?? false;
}

/** Moves everything in the tree of an IQ to its collection; locks leave their floors, which belong to the former one. */
export async function moveTreeToCollection(
  scope: WriteScope,
  iqId: IqId,
  collectionId: CollectionId | null,
): Promise<void> {
  const values = [scope.tenantId, iqId, collectionId];
  await scope.query(
    `update locks set collection_id = $3, floor_id = null
      where tenant_id = $1 and iq_id = $2 and collection_id is distinct from $3`,
    values,
  );
  await scope.query(
    `update repeaters set collection_id = $3 where tenant_id = $1 and iq_id = $2`,
    values,
  );
}

/** What the hub last said about itself, and when. */
export async function findIqReport(
  scope: Scope,
  id: IqId,
): Promise<{ readonly report: IqReport | null; readonly report_at: Date | null } | undefined> {
  const [row] = await scope.query<{ report: IqReport | null; report_at: Date | null }>(
    'select report, report_at from iqs where tenant_id = $1 and id = $2',
    [scope.tenantId, id],
  );
  return row;
}

/** Notes that the content of a hub was asked to be sent again; how late the hub is counts from here. */
export async function noteRestoreAsked(scope: WriteScope, id: IqId, now: Date): Promise<void> {
  await scope.query(
    `update iqs set restore_asked_at = $3,
            desired_changed_at = case when restore_required then $3 else desired_changed_at end
      where tenant_id = $1 and id = $2`,
    [scope.tenantId, id, now],
  );
}
