import { randomUUID } from 'node:crypto';
import type { TenantId } from '#contract/ids';
import type { Database } from '#server/store/pool';

export type StoredEvent = {
  readonly tenantId: TenantId;
  readonly siteId: string | null;
  readonly accessorId?: string | null;
  readonly category?: string;
  readonly rejectReason?: string | null;
  readonly accessBy?: string;
};

/** The key under which writers of events follow one another, so that numbers become visible in order. */
const orderLock = 0x6361_7264;

/** Stores an entry as a hub's upload would; gives its id. Nobody is woken. */
export async function storeEntry(database: Database, event: StoredEvent): Promise<string> {
  const [id] = await storeEntries(database, [event]);
  if (id === undefined) throw new Error('nothing was stored');
  return id;
}

/** Stores entries in one transaction, in the order given. */
export async function storeEntries(
  database: Database,
  events: readonly StoredEvent[],
): Promise<readonly string[]> {
  const client = await database.pool.connect();
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1)', [orderLock]);
    const ids: string[] = [];
    for (const event of events) {
      const id = randomUUID();
      await client.query(
        `insert into entries (tenant_id, id, number, iq_id, boot, sequence, collection_id, event_category,
           utc_date_time, local_date_time, accessor_id, iq_customer_reference, iq_mac_address, iq_revision,
           exit_requested, access_by, access_detail, reject_reason, stored_at)
         select $1, $2, n, $3, 1, n, $4, $5, '2026-11-22T08:15:30Z', '2026-11-22 09:15:30', $6, 'IQ ground floor',
           '0A.1B.2C', '2.0', false, $7, '09990001', $8, now() from nextval('event_numbers') as n`,
        [
          event.tenantId,
          id,
          randomUUID(),
          event.siteId,
          event.category ?? 'lock_opened',
          event.accessorId ?? null,
          event.accessBy ?? 'tag',
          event.rejectReason ?? null,
        ],
      );
      ids.push(id);
    }
    await client.query('commit');
    return ids;
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

/** Stores an incident; gives its id. Nobody is woken. */
export async function storeIncident(
  database: Database,
  { tenantId, siteId, category }: StoredEvent,
): Promise<string> {
  const id = randomUUID();
  await database.pool.query(
    `insert into incidents (tenant_id, id, number, iq_id, boot, sequence, collection_id, event_category,
       utc_date_time, local_date_time, iq_customer_reference, iq_mac_address, iq_revision, stored_at)
     select $1, $2, n, $3, 1, n, $4, $5, '2026-11-22T08:15:30Z', '2026-11-22 09:15:30', 'IQ ground floor', '0A.1B.2C',
       '2.0', now() from nextval('event_numbers') as n`,
    [tenantId, id, randomUUID(), siteId, category ?? 'door_left_open'],
  );
  return id;
}
