import { sql } from 'kysely';
import type { CollectionId, IqId, RepeaterId } from '#contract/ids';
import { communicationTypes } from '#contract/iq-link';
import { iqLinkStates } from '#contract/locks';
import type { ListOptions } from '#contract/odata';
import type { RepeaterResponse } from '#contract/repeaters';
import { listRows, type ListResult } from './list.ts';
import type { Sql, SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';
import type { SiteView } from './site-locks.ts';
import { updateColumns } from './update.ts';

/** A repeater as it is shown. */
export type RepeaterRow = Pick<
  RepeaterResponse,
  'online' | 'iq_link_state' | 'communication_type'
> & {
  readonly id: RepeaterId;
  readonly iq_id: IqId | null;
  readonly repeater_id: RepeaterId | null;
  readonly iq_customer_reference: string | null;
  readonly parent_customer_reference: string | null;
  readonly mac: string;
  readonly customer_reference: string | null;
  readonly collection_id: CollectionId | null;
  readonly vendor_id: string;
  readonly vendor_reference: string;
  readonly vendor_display_name: string;
};

/** behaviour.md 3.4: like a lock's. */
const online = `(r.online and r.iq_link_state in ('attached', 'detached_pending') and coalesce(i.online, false))`;

export const repeaterFields = {
  id: { type: 'uuid', sql: sql`r.id`, isNotNull: true },
  iq_id: { type: 'uuid', sql: sql`r.iq_id` },
  repeater_id: { type: 'uuid', sql: sql`r.repeater_id` },
  mac: { type: 'text', sql: sql`r.mac`, isNotNull: true },
  customer_reference: { type: 'text', sql: sql`r.customer_reference` },
  online: { type: 'bool', sql: sql.raw(online) },
  iq_link_state: { type: 'enum', words: iqLinkStates, sql: sql`r.iq_link_state` },
  collection_id: { type: 'uuid', sql: sql`r.collection_id` },
  communication_type: { type: 'enum', words: communicationTypes, sql: sql`r.communication_type` },
  'vendor/id': { type: 'uuid', sql: sql`v.id`, isNotNull: true },
  'vendor/reference': { type: 'text', sql: sql`v.reference`, isNotNull: true },
  'vendor/display_name': { type: 'text', sql: sql`v.display_name`, isNotNull: true },
} as const satisfies SqlListFields;

const {
  iq_id: _iq,
  repeater_id: _parent,
  collection_id: _site,
  'vendor/id': _vendor,
  'vendor/reference': _reference,
  'vendor/display_name': _name,
  ...siteMembers
} = repeaterFields;

/** What the Connect face shows of a repeater (connect-api.md 5.1). */
export const siteRepeaterFields = {
  ...siteMembers,
  'iq/id': { type: 'uuid', sql: sql`r.iq_id` },
  'iq/customer_reference': { type: 'text', sql: sql`i.customer_reference` },
  'parent_repeater/id': { type: 'uuid', sql: sql`r.repeater_id` },
  'parent_repeater/customer_reference': { type: 'text', sql: sql`p.customer_reference` },
} as const satisfies SqlListFields;

const columns = `r.id, r.iq_id, r.repeater_id, r.mac, r.customer_reference, ${online} as online, r.iq_link_state,
  r.collection_id, r.communication_type,
  i.customer_reference as iq_customer_reference, p.customer_reference as parent_customer_reference,
  v.id as vendor_id, v.reference as vendor_reference, v.display_name as vendor_display_name`;
const joins = `repeaters r
  join vendors v on v.reference = r.vendor_reference
  left join iqs i on i.tenant_id = r.tenant_id and i.id = r.iq_id
  left join repeaters p on p.tenant_id = r.tenant_id and p.id = r.repeater_id`;

/** Of the site; in the view of an installer what hangs on hubs enabled for him, or on none yet. */
function isInView({ siteId, iqIds }: SiteView): Sql {
  const ofSite = sql`r.collection_id = ${siteId}::uuid`;
  if (iqIds === undefined) return ofSite;
  return sql`${ofSite} and (r.iq_id is null or r.iq_id = any (${iqIds}::uuid[]))`;
}

/** A page of the repeaters of the tenant, or only those of a site in somebody's view. */
export function listRepeaters(
  scope: Scope,
  options: ListOptions,
  view?: SiteView,
): Promise<ListResult<RepeaterRow>> {
  return listRows<RepeaterRow>(scope, {
    from: sql.raw(joins),
    tenant: sql`r.tenant_id`,
    ...(view === undefined ? {} : { where: isInView(view) }),
    select: sql.raw(columns),
    fields: view === undefined ? repeaterFields : siteRepeaterFields,
    options,
    id: sql`r.id`,
    defaultOrder: [{ sql: sql`r.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

export async function findRepeater(scope: Scope, id: RepeaterId): Promise<RepeaterRow | undefined> {
  const [row] = await scope.query<RepeaterRow>(
    `select ${columns} from ${joins} where r.tenant_id = $1 and r.id = $2`,
    [scope.tenantId, id],
    'repeater_find',
  );
  return row;
}

export type NewRepeater = {
  readonly id: RepeaterId;
  readonly mac: string;
  readonly code: string;
  readonly customer_reference: string | null;
  readonly collection_id: CollectionId | null;
  readonly vendor_reference: string;
  readonly created_at: Date;
};

/** False when the code is in use, in whichever tenant. */
export async function insertRepeater(scope: WriteScope, repeater: NewRepeater): Promise<boolean> {
  const rows = await scope.query(
    `insert into repeaters (tenant_id, id, mac, code, customer_reference, collection_id, vendor_reference, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict do nothing returning id`,
    [
      scope.tenantId,
      repeater.id,
      repeater.mac,
      repeater.code,
      repeater.customer_reference,
      repeater.collection_id,
      repeater.vendor_reference,
      repeater.created_at,
    ],
  );
  return rows.length > 0;
}

const writable = ['customer_reference', 'collection_id'] as const;

export async function updateRepeater(
  scope: WriteScope,
  id: RepeaterId,
  change: Partial<Pick<RepeaterRow, (typeof writable)[number]>>,
): Promise<void> {
  await updateColumns(scope, { table: 'repeaters', id, columns: writable, change });
}

/** False when it is in a tree or linked: only a detached repeater can go. */
export async function deleteDetachedRepeater(scope: WriteScope, id: RepeaterId): Promise<boolean> {
  const rows = await scope.query(
    `delete from repeaters where tenant_id = $1 and id = $2 and iq_link_state = 'detached' and iq_id is null
     returning id`,
    [scope.tenantId, id],
  );
  return rows.length > 0;
}
