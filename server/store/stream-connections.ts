/** Connections of listeners from their negotiation to their end: which process holds which (streaming.md 4). */
import type { CollectionId, LoginId, TenantId } from '#contract/ids';
import type { Database } from './pool.ts';
import { readScope } from './scope.ts';
import type { EventKind } from './streamed-events.ts';

export type Transport = 'WebSockets' | 'ServerSentEvents' | 'LongPolling';

/** Where the events of a connection begin. */
export type Start = {
  /** Behind this number; null = from now on. */
  readonly after: number | null;
  /** Keeps the place under this name; null = nowhere. */
  readonly name: string | null;
  /** Each message carries its cursor. */
  readonly showsCursor: boolean;
};

/** What a connection was negotiated for. */
export type Negotiated = {
  readonly tenantId: TenantId;
  readonly loginId: LoginId;
  readonly kind: EventKind;
  readonly siteId: CollectionId;
  readonly userId: string | null;
  readonly start: Start;
};

export type ConnectionRow = Negotiated & {
  /** Who holds it; null = nobody has connected yet. */
  readonly processId: string | null;
  readonly transport: Transport | null;
};

/** The key of a connection: the hash of its secret token, in hexadecimal digits. */
export type ConnectionKey = { readonly tenantId: TenantId; readonly tokenHash: string };

const columns = `tenant_id as "tenantId", login_id as "loginId", hub as kind, collection_id as "siteId",
  user_id as "userId", start, process_id as "processId", transport`;

export async function insertNegotiated(
  database: Database,
  {
    tokenHash,
    negotiated,
    now,
  }: { readonly tokenHash: string; readonly negotiated: Negotiated; readonly now: Date },
): Promise<void> {
  const { tenantId, loginId, kind, siteId, userId, start } = negotiated;
  await readScope(database, tenantId).query(
    `insert into stream_connections (tenant_id, token_hash, login_id, hub, collection_id, user_id, start, negotiated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [tenantId, tokenHash, loginId, kind, siteId, userId, JSON.stringify(start), now],
    'stream_negotiate',
  );
}

/** In which tenant a connection listens whose caller has none. */
export async function findTenantOfConnection(
  database: Database,
  tokenHash: string,
): Promise<TenantId | undefined> {
  const { rows } = await database.pool.query<{ tenant_id: TenantId }>({
    name: 'stream_tenant',
    text: 'select tenant_id from stream_connections where token_hash = $1',
    values: [tokenHash],
  });
  return rows[0]?.tenant_id;
}

/** What is known of a connection, unless it was negotiated before `since` and nobody has connected. */
export async function findConnection(
  database: Database,
  { tenantId, tokenHash }: ConnectionKey,
  since: Date,
): Promise<ConnectionRow | undefined> {
  const [row] = await readScope(database, tenantId).query<ConnectionRow>(
    `select ${columns} from stream_connections
      where tenant_id = $1 and token_hash = $2 and (process_id is not null or negotiated_at > $3)`,
    [tenantId, tokenHash, since],
    'stream_find',
  );
  return row;
}

/** Takes a connection for this process; false = another request was first, or it is too late. */
export async function takeConnection(
  database: Database,
  { tenantId, tokenHash }: ConnectionKey,
  taking: { readonly processId: string; readonly transport: Transport; readonly since: Date },
): Promise<boolean> {
  const rows = await readScope(database, tenantId).query(
    `update stream_connections set process_id = $3, transport = $4
      where tenant_id = $1 and token_hash = $2 and process_id is null and negotiated_at > $5 returning 1`,
    [tenantId, tokenHash, taking.processId, taking.transport, taking.since],
    'stream_take',
  );
  return rows.length > 0;
}

export async function deleteConnection(
  database: Database,
  { tenantId, tokenHash }: ConnectionKey,
): Promise<void> {
  await readScope(database, tenantId).query(
    'delete from stream_connections where tenant_id = $1 and token_hash = $2',
    [tenantId, tokenHash],
    'stream_end',
  );
}

/** After which silence a process counts as gone, by the clock of the database. */
const processGoneAfter = `interval '15 seconds'`;
export const processSignOfLifeMs = 5_000;

/** Says that this process lives. */
export async function processLives(database: Database, processId: string): Promise<void> {
  await database.pool.query({
    name: 'stream_process_lives',
    text: `insert into stream_processes (id, seen_at) values ($1, now())
             on conflict (id) do update set seen_at = excluded.seen_at`,
    values: [processId],
  });
}

export async function isProcessAlive(database: Database, processId: string): Promise<boolean> {
  const { rowCount } = await database.pool.query({
    name: 'stream_process_alive',
    text: `select 1 from stream_processes where id = $1 and seen_at > now() - ${processGoneAfter}`,
    values: [processId],
  });
  return (rowCount ?? 0) > 0;
}

/** Forgets this process with what it holds, as it stops. */
export async function forgetProcess(database: Database, processId: string): Promise<void> {
  await database.pool.query('delete from stream_connections where process_id = $1', [processId]);
  await database.pool.query('delete from stream_mail where recipient_id = $1', [processId]);
  await database.pool.query('delete from stream_processes where id = $1', [processId]);
}

/** Forgets what nobody connected to since `since`, and what processes held that are gone. */
export async function forgetConnections(database: Database, since: Date): Promise<void> {
  await database.pool.query(
    `delete from stream_connections where process_id is null and negotiated_at <= $1`,
    [since],
  );
  await database.pool.query(
    `with gone as (
       delete from stream_processes where seen_at < now() - interval '1 minute' returning id
     ), held as (
       delete from stream_connections where process_id in (select id from gone)
     )
     delete from stream_mail where recipient_id in (select id from gone)`,
  );
}
