import type { TenantId } from '#contract/ids';
import type { Database } from './pool.ts';

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
