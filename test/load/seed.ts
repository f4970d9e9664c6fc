/** Rows in bulk, as the API and hubs would have left them; everything is laid by number, the same in every run. */
import { createHash } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { TenantId } from '#contract/ids';
import { createSystemClock } from '#server/runtime/clock';
import { createRandomIds } from '#server/runtime/ids';
import { createClients } from '#server/identity/clients';
import type { Database } from '#server/store/pool';

export const tenantId = '00000000-0000-4000-8000-0000000b0001' as string as TenantId;
export const locksPerCollection = 1_000;

export type Client = { readonly client_id: string; readonly client_secret: string };
export type SeededHub = {
  readonly hubId: string;
  readonly iqId: string;
  readonly lockId: string;
  /** The password of its connections. */
  readonly credential: string;
};

/** The id of the `number`-th thing of a kind, as the SQL below makes it. */
export function idOf(kind: string, number: number): string {
  const hex = createHash('md5')
    .update(`${kind} ${String(number)}`)
    .digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const sqlId = (kind: string, number: string): string => `md5('${kind} ' || ${number})::uuid`;

/** The tenant with a client for both faces. */
export async function seedTenant(database: Database): Promise<Client> {
  await database.pool.query('insert into tenants (id, name) values ($1, $2)', [tenantId, 'Bench']);
  const clients = createClients({ database, clock: createSystemClock(), ids: createRandomIds() });
  const { id, secret } = await clients.createClient({
    tenantId,
    name: 'Bench',
    kind: 'confidential',
    grants: ['client_credentials', 'password'],
    scopes: ['core_api.full', 'hardware_api', 'user_api.full_access'],
  });
  if (secret === undefined) throw new Error('a confidential client has a secret');
  return { client_id: id, client_secret: secret };
}

/** Collections of a thousand locks each, one in fifty with an empty battery. */
export async function seedLocks(database: Database, locks: number): Promise<void> {
  await inBulk(database, async (client) => {
    await client.query(
      `insert into collections (tenant_id, id, customer_reference, created_at)
       select $1, ${sqlId('collection', 'n')}, 'Site ' || n, now() from generate_series(0, $2::int - 1) n`,
      [tenantId, Math.ceil(locks / locksPerCollection)],
    );
    await client.query(
      `insert into locks (tenant_id, id, mac, code, customer_reference, collection_id, vendor_reference, battery_level,
         created_at)
       select $1, ${sqlId('lock', 'n')}, lpad(to_hex(n), 14, '0'), lpad(to_hex(n), 14, '0'),
         'Door ' || (n::bigint * 7919 % 1000003), ${sqlId('collection', `(n / ${String(locksPerCollection)})`)}, 'sallis',
         case when n % 50 = 0 then 'low' else 'good' end, timestamptz '2026-01-01' + n * interval '1 second'
       from generate_series(0, $2::int - 1) n`,
      [tenantId, locks],
    );
  });
}

/** People with a tag each, of the first collection. */
export async function seedKeys(database: Database, keys: number): Promise<void> {
  await inBulk(database, async (client) => {
    const values = [tenantId, keys];
    await client.query(
      `insert into accessors (tenant_id, id, collection_id, created_at)
       select $1, ${sqlId('accessor', 'n')}, ${sqlId('collection', '0')}, now() from generate_series(0, $2::int - 1) n`,
      values,
    );
    await client.query(
      `insert into tags (tenant_id, id, tag_number, collection_id, added_date, created_at)
       select $1, ${sqlId('tag', 'n')}, lpad(n::text, 8, '0'), ${sqlId('collection', '0')}, now(), now()
       from generate_series(0, $2::int - 1) n`,
      values,
    );
    await client.query(
      `insert into keys (tenant_id, id, accessor_id, key_type, credential_id, created_at)
       select $1, ${sqlId('key', 'n')}, ${sqlId('accessor', 'n')}, 'tag', ${sqlId('tag', 'n')}, now()
       from generate_series(0, $2::int - 1) n`,
      values,
    );
  });
}

/** Entries spread over the locks of the first collections, one each second, the newest of them recent. */
export async function seedEntries(database: Database, entries: number): Promise<void> {
  await inBulk(database, (client) =>
    client.query(
      `insert into entries (tenant_id, id, number, iq_id, boot, sequence, collection_id, event_category, utc_date_time,
         local_date_time, lock_id, accessor_id, exit_requested, access_by, access_detail, stored_at)
       select $1, ${sqlId('entry', 'n')}, nextval('event_numbers'), ${sqlId('iq', '(n % 1000)')}, 1, -1 - n,
         ${sqlId('collection', '(n % 100)')}, 'lock_opened', at, at, ${sqlId('lock', '(n % 1000)')},
         ${sqlId('accessor', '(n % 1000)')}, false, 'tag', lpad((n % 1000)::text, 8, '0'), at
       from generate_series(0, $2::int - 1) n, lateral (select now() - ($2::int - n) * interval '1 second' as at) t`,
      [tenantId, entries],
    ),
  );
}

/** IQs of one collection whose hubs have been claimed, each with one attached lock. */
export async function seedHubs(
  database: Database,
  { hubs, collectionId }: { readonly hubs: number; readonly collectionId: string },
): Promise<readonly SeededHub[]> {
  const seeded = Array.from({ length: hubs }, (_, number) => ({
    hubId: idOf('hub', number),
    iqId: idOf('iq', number),
    lockId: idOf('hub lock', number),
    credential: `${idOf('credential', number)}${idOf('credential', -1 - number)}`,
  }));
  const hashes = seeded.map(({ credential }) => sha256(credential));
  await inBulk(database, async (client) => {
    await client.query(
      `insert into collections (tenant_id, id, customer_reference, time_zone, created_at)
       values ($1, $2, 'Hubs', 'UTC', now())`,
      [tenantId, collectionId],
    );
    await client.query(
      `insert into iqs (tenant_id, id, hub_id, mac, customer_reference, collection_id, time_zone, subscribed,
         has_been_subscribed, otp_enabled, state, vendor_reference, created_at)
       select $1, ${sqlId('iq', 'n')}, ${sqlId('hub', 'n')}, lpad(to_hex(n), 6, '0'), 'IQ ' || n, $3, 'UTC', true, true,
         false, 'active', 'sallis', now() from generate_series(0, $2::int - 1) n`,
      [tenantId, hubs, collectionId],
    );
    await client.query(
      `insert into factory_hubs (hub_id, code_hash, mac, first_contact_at, claimed_tenant_id, claimed_iq_id, claim_id,
         claim_confirmed_at, credential_hash)
       select ${sqlId('hub', 'n')}, 'code ' || n, lpad(to_hex(n), 6, '0'), now(), $1, ${sqlId('iq', 'n')},
         ${sqlId('claim', 'n')}, now(), ($3::text[])[n + 1] from generate_series(0, $2::int - 1) n`,
      [tenantId, hubs, hashes],
    );
    await client.query(
      `insert into locks (tenant_id, id, mac, code, customer_reference, collection_id, iq_id, iq_link_state, slot,
         tree_position, vendor_reference, lock_type, online, created_at)
       select $1, ${sqlId('hub lock', 'n')}, 'E' || lpad(to_hex(n), 13, '0'), 'E' || lpad(to_hex(n), 13, '0'),
         'Hub door ' || n, $3, ${sqlId('iq', 'n')}, 'attached', 1, 1, 'sallis', 'escutcheon', true, now()
       from generate_series(0, $2::int - 1) n`,
      [tenantId, hubs, collectionId],
    );
  });
  return seeded;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** In one transaction without the checks of foreign keys: the rows are right by the way they are made. */
async function inBulk(
  database: Database,
  work: (client: PoolClient) => Promise<unknown>,
): Promise<void> {
  const client = await database.pool.connect();
  try {
    await client.query('begin');
    await client.query('set local session_replication_role = replica');
    await work(client);
    await client.query('commit');
    // The planner decides by what it knows of the tables.
    await client.query('analyze');
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
}
