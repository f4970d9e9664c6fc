import { sql } from 'kysely';
import type { CollectionId, UserId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { VendorResponse } from '#contract/vendors';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';
import { updateColumns } from './update.ts';

export type CollectionRow = {
  readonly id: CollectionId;
  readonly customer_reference: string | null;
  readonly country_code: string | null;
  readonly time_zone: string | null;
  readonly sync_mkey: boolean;
  readonly masterkey_id: string | null;
  readonly default_installer_id: string | null;
  readonly default_installer_company_id: string | null;
  readonly store_entry_events: boolean;
  readonly store_incident_events: boolean;
  readonly store_lam_audits: boolean;
  readonly store_events_ttl_seconds: number;
  readonly vendors: readonly VendorResponse[];
};

/** What a create or an update may write. */
export type CollectionWrite = Omit<CollectionRow, 'id' | 'vendors' | 'default_installer_id'> & {
  readonly vendor_references: readonly string[];
};

export const collectionFields = {
  id: { type: 'uuid', sql: sql`c.id`, isNotNull: true },
  customer_reference: { type: 'text', sql: sql`c.customer_reference` },
  country_code: { type: 'text', sql: sql`c.country_code` },
  sync_mkey: { type: 'bool', sql: sql`c.sync_mkey`, isNotNull: true },
  masterkey_id: { type: 'uuid', sql: sql`c.masterkey_id` },
  default_installer_id: { type: 'uuid', sql: sql`c.default_installer_id` },
  default_installer_company_id: { type: 'uuid', sql: sql`c.default_installer_company_id` },
  store_entry_events: { type: 'bool', sql: sql`c.store_entry_events`, isNotNull: true },
  store_incident_events: { type: 'bool', sql: sql`c.store_incident_events`, isNotNull: true },
  store_lam_audits: { type: 'bool', sql: sql`c.store_lam_audits`, isNotNull: true },
  store_events_ttl: {
    type: 'span',
    sql: sql`make_interval(secs => c.store_events_ttl_seconds)`,
    isNotNull: true,
  },
  time_zone: { type: 'text', sql: sql`c.time_zone` },
} as const satisfies SqlListFields;

const columns = `c.id, c.customer_reference, c.country_code, c.time_zone, c.sync_mkey, c.masterkey_id,
  c.default_installer_id, c.default_installer_company_id, c.store_entry_events, c.store_incident_events,
  c.store_lam_audits, c.store_events_ttl_seconds::float8 as store_events_ttl_seconds,
  (select coalesce(json_agg(json_build_object('id', v.id, 'reference', v.reference, 'display_name', v.display_name)
     order by v.reference), '[]') from vendors v where v.reference = any (c.vendor_references)) as vendors`;

export async function findCollection(
  scope: Scope,
  id: CollectionId,
): Promise<CollectionRow | undefined> {
  const [row] = await scope.query<CollectionRow>(
    `select ${columns} from collections c where c.tenant_id = $1 and c.id = $2`,
    [scope.tenantId, id],
    'collection_find',
  );
  return row;
}

/** Keeps the collection from being deleted until the transaction ends; false when there is none. */
export async function holdCollection(scope: WriteScope, id: CollectionId): Promise<boolean> {
  const rows = await scope.query(
    'select 1 from collections where tenant_id = $1 and id = $2 for key share',
    [scope.tenantId, id],
    'collection_hold',
  );
  return rows.length > 0;
}

/** The owner of the site; null = nobody was named. */
export async function findOwner(scope: Scope, id: CollectionId): Promise<UserId | null> {
  const [row] = await scope.query<{ owner: UserId | null }>(
    'select owner_user_id as owner from collections where tenant_id = $1 and id = $2',
    [scope.tenantId, id],
    'collection_owner',
  );
  return row?.owner ?? null;
}

export function listCollections(
  scope: Scope,
  options: ListOptions,
): Promise<ListResult<CollectionRow>> {
  return listRows<CollectionRow>(scope, {
    from: sql`collections c`,
    tenant: sql`c.tenant_id`,
    select: sql.raw(columns),
    fields: collectionFields,
    options,
    id: sql`c.id`,
    defaultOrder: [{ sql: sql`c.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** False when the id is taken, in whichever tenant. */
export async function insertCollection(
  scope: WriteScope,
  row: CollectionWrite & { readonly id: CollectionId; readonly created_at: Date },
): Promise<boolean> {
  const rows = await scope.query(
    `insert into collections (tenant_id, id, customer_reference, country_code, time_zone, sync_mkey, masterkey_id,
       default_installer_company_id, store_entry_events, store_incident_events, store_lam_audits,
       store_events_ttl_seconds, vendor_references, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
     on conflict do nothing returning id`,
    [
      scope.tenantId,
      row.id,
      row.customer_reference,
      row.country_code,
      row.time_zone,
      row.sync_mkey,
      row.masterkey_id,
      row.default_installer_company_id,
      row.store_entry_events,
      row.store_incident_events,
      row.store_lam_audits,
      row.store_events_ttl_seconds,
      row.vendor_references,
      row.created_at,
    ],
  );
  return rows.length > 0;
}

const writable = [
  'customer_reference',
  'country_code',
  'time_zone',
  'sync_mkey',
  'masterkey_id',
  'store_entry_events',
  'store_incident_events',
  'store_lam_audits',
  'store_events_ttl_seconds',
  'vendor_references',
] as const;

/** Writes the members given; the others stay. */
export async function updateCollection(
  scope: WriteScope,
  id: CollectionId,
  change: Partial<Pick<CollectionWrite, (typeof writable)[number]>>,
): Promise<void> {
  await updateColumns(scope, { table: 'collections', id, columns: writable, change });
}

/**
 * Holds the collection and all that names it, in the order in which everybody takes rows (docs/decisions/0064), until the
 * transaction ends; false when there is none.
 */
export async function holdCollectionWhole(scope: WriteScope, id: CollectionId): Promise<boolean> {
  const found = await scope.query(
    'select 1 from collections where tenant_id = $1 and id = $2 for update',
    [scope.tenantId, id],
  );
  if (found.length === 0) return false;
  for (const table of ['access_groups', 'accessors', 'tags', 'locks', 'repeaters', 'iqs'])
    await scope.query(
      `select 1 from ${table} where tenant_id = $1 and collection_id = $2 order by id for no key update`,
      [scope.tenantId, id],
    );
  return true;
}

/** False when there was none. What belongs to it goes by the schema's rules; hardware and people stay without it. */
export async function deleteCollection(scope: WriteScope, id: CollectionId): Promise<boolean> {
  const rows = await scope.query(
    'delete from collections where tenant_id = $1 and id = $2 returning id',
    [scope.tenantId, id],
  );
  return rows.length > 0;
}

/** Whether anything names the collection: IQ, lock, repeater, tag, accessor, group (core-api.md 10). */
export async function isCollectionInUse(scope: Scope, id: CollectionId): Promise<boolean> {
  const [row] = await scope.query<{ used: boolean }>(
    `select ${['iqs', 'locks', 'repeaters', 'tags', 'accessors', 'access_groups']
      .map((table) => `exists (select 1 from ${table} where tenant_id = $1 and collection_id = $2)`)
      .join(' or ')} as used`,
    [scope.tenantId, id],
  );
  return row?.used ?? false;
}
