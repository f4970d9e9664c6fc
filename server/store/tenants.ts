import { sql } from 'kysely';
import { nilUuid, type TenantId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Database } from './pool.ts';
import { readScope } from './scope.ts';

export type Tenant = {
  readonly id: TenantId;
  readonly name: string;
  readonly productId: string;
  readonly createdAt: Date;
};

type Row = { id: TenantId; name: string; product_id: string; created_at: Date };

/** Adds a tenant; one that is there already stays as it is. `pinHashKey` are 32 random bytes. */
export async function insertTenant(
  database: Database,
  tenant: Tenant & { readonly pinHashKey: Buffer },
): Promise<void> {
  await database.pool.query(
    `insert into tenants (id, name, product_id, pin_hash_key, created_at)
     values ($1, $2, $3, $4, $5) on conflict (id) do nothing`,
    [tenant.id, tenant.name, tenant.productId, tenant.pinHashKey, tenant.createdAt],
  );
}

/** The tenant of an id, if there is one. */
export async function findTenant(database: Database, id: TenantId): Promise<Tenant | undefined> {
  const { rows } = await database.pool.query<Row>(
    'select id, name, product_id, created_at from tenants where id = $1',
    [id],
  );
  const row = rows[0];
  return (
    row && { id: row.id, name: row.name, productId: row.product_id, createdAt: row.created_at }
  );
}

/** Every tenant of the installation. */
export async function listTenantIds(database: Database): Promise<TenantId[]> {
  const { rows } = await database.pool.query<{ id: TenantId }>({
    name: 'tenant_ids',
    text: 'select id from tenants',
  });
  return rows.map(({ id }) => id);
}

/** A tenant as operators see it. */
export type TenantRow = {
  readonly id: TenantId;
  readonly name: string;
  readonly site_count: number;
  readonly created_at: Date;
};

export const tenantFields = {
  id: { type: 'uuid', sql: sql`t.id`, isNotNull: true },
  name: { type: 'text', sql: sql`t.name`, isNotNull: true },
  created_at: { type: 'instant', sql: sql`t.created_at`, isNotNull: true },
} as const satisfies SqlListFields;

/** A page of all tenants, oldest first. */
export function listTenants(
  database: Database,
  options: ListOptions,
): Promise<ListResult<TenantRow>> {
  return listRows<TenantRow>(readScope(database, nilUuid as TenantId), {
    from: sql`tenants t`,
    tenant: 'shared',
    select: sql`t.id, t.name, (select count(*)::int from collections c where c.tenant_id = t.id) as site_count, t.created_at`,
    fields: tenantFields,
    options,
    id: sql`t.id`,
    defaultOrder: [{ sql: sql`t.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}
