import { sql } from 'kysely';
import { nilUuid, type TenantId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Database } from './pool.ts';
import { readScope, type WriteScope } from './scope.ts';

export type Tenant = {
  readonly id: TenantId;
  readonly name: string;
  readonly productId: string;
  readonly createdAt: Date;
};

type Row = { id: TenantId; name: string; product_id: string; created_at: Date };

/** `pinHashKey` are 32 random bytes. */
type NewTenant = Tenant & { readonly pinHashKey: Buffer };

/** Adds a tenant; one that is there already stays as it is. */
export async function insertTenant(database: Database, tenant: NewTenant): Promise<void> {
  await database.pool.query(
    `insert into tenants (id, name, product_id, pin_hash_key, created_at)
     values ($1, $2, $3, $4, $5) on conflict (id) do nothing`,
    [tenant.id, tenant.name, tenant.productId, tenant.pinHashKey, tenant.createdAt],
  );
}

/** Adds the first tenant of an installation; false when there is one already, also when two processes begin at once. */
export async function insertFirstTenant(
  scope: WriteScope,
  { id, name, productId, pinHashKey, createdAt }: NewTenant,
): Promise<boolean> {
  await scope.query('lock table tenants in share row exclusive mode', []);
  const made = await scope.query(
    `insert into tenants (id, name, product_id, pin_hash_key, created_at)
     select $1, $2, $3, $4, $5 where not exists (select from tenants) returning id`,
    [id, name, productId, pinHashKey, createdAt],
  );
  return made.length === 1;
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
