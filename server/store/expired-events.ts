/** Erasing what retention has ended (behaviour.md 9): the one place where events go, for all tenants of the installation. */
import type { CollectionId, TenantId } from '#contract/ids';
import type { Database } from './pool.ts';

const tables = ['entries', 'incidents'] as const;
/** Events of no collection, or of one that is gone, are kept for 90 days. */
const ownerlessSeconds = 90 * 86_400;
const hiddenSeconds = 86_400;

export type Retention = {
  readonly tenantId: TenantId;
  readonly collectionId: CollectionId;
  readonly seconds: number;
};

/** How long each collection keeps its events. */
export async function listRetentions(database: Database): Promise<Retention[]> {
  const { rows } = await database.pool.query<{
    tenant_id: TenantId;
    id: CollectionId;
    ttl: number;
  }>(
    'select tenant_id, id, store_events_ttl_seconds::float8 as ttl from collections order by tenant_id, id',
  );
  return rows.map((row) => ({ tenantId: row.tenant_id, collectionId: row.id, seconds: row.ttl }));
}

type Erasing = { readonly now: Date; readonly limit: number };

/** Erases at most `limit` events of each kind that a collection no longer keeps, the oldest first; returns how many. */
export async function eraseExpiredEvents(
  database: Database,
  { tenantId, collectionId, seconds }: Retention,
  { now, limit }: Erasing,
): Promise<number> {
  const before = new Date(now.getTime() - seconds * 1000);
  return eraseFrom(database, {
    where: 'tenant_id = $2 and collection_id = $3 and utc_date_time < $4',
    values: [limit, tenantId, collectionId, before],
  });
}

/** The same for events whose collection is none or gone. */
export async function eraseOwnerlessEvents(
  database: Database,
  { now, limit }: Erasing,
): Promise<number> {
  const before = new Date(now.getTime() - ownerlessSeconds * 1000);
  return eraseFrom(database, {
    where: `utc_date_time < $2 and not exists (select 1 from collections c
      where c.tenant_id = e.tenant_id and c.id = e.collection_id)`,
    values: [limit, before],
  });
}

/** Events that a site does not store are kept hidden for at most a day, for streams and notices. */
export async function eraseHiddenEvents(
  database: Database,
  { now, limit }: Erasing,
): Promise<number> {
  const before = new Date(now.getTime() - hiddenSeconds * 1000);
  return eraseFrom(database, {
    where: 'not is_readable and stored_at < $2',
    values: [limit, before],
  });
}

async function eraseFrom(
  database: Database,
  { where, values }: { readonly where: string; readonly values: readonly unknown[] },
): Promise<number> {
  let erased = 0;
  for (const table of tables) {
    const { rowCount } = await database.pool.query(
      `delete from ${table} where ctid = any (array(
         select e.ctid from ${table} e where ${where} limit $1))`,
      [...values],
    );
    erased += rowCount ?? 0;
  }
  return erased;
}
