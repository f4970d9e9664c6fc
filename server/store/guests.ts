import type { AccessorId, CollectionId, TenantId } from '#contract/ids';
import type { Database } from './pool.ts';

export type EndedGuest = {
  readonly tenant_id: TenantId;
  readonly id: AccessorId;
  readonly collection_id: CollectionId;
};

/** Guests of all tenants whose time is over while they still have a seat, the longest over first. */
export async function listEndedGuests(database: Database, now: Date): Promise<EndedGuest[]> {
  const { rows } = await database.pool.query<EndedGuest>(
    `select a.tenant_id, a.id, a.collection_id from accessors a
     join collection_settings s on s.tenant_id = a.tenant_id and s.accessor_id = a.id and s.collection_id = a.collection_id
     where a.expires_at <= $1 and not s.suspended order by a.expires_at limit 1000`,
    [now],
  );
  return rows;
}
