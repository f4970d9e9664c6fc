import { sql } from 'kysely';
import type { CollectionId, DeliveryId, TenantId, WebhookId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import {
  deliveryStates,
  deliveryTypes,
  type DeliveryState,
  type DeliveryType,
} from '#contract/webhooks';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Database } from './pool.ts';
import type { Scope, WriteScope } from './scope.ts';

export type DeliveryRow = {
  readonly id: DeliveryId;
  readonly event_id: string | null;
  readonly type: DeliveryType;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly next_attempt_at: Date | null;
  readonly last_status: number | null;
  readonly last_error: string | null;
  readonly created_at: Date;
  readonly delivered_at: Date | null;
  readonly replay: boolean;
};

export const deliveryFields = {
  id: { type: 'uuid', sql: sql`d.id`, isNotNull: true },
  event_id: { type: 'uuid', sql: sql`d.event_id` },
  type: { type: 'enum', words: deliveryTypes, sql: sql`d.type`, isNotNull: true },
  state: { type: 'enum', words: deliveryStates, sql: sql`d.state`, isNotNull: true },
  attempts: { type: 'int', sql: sql`d.attempts`, isNotNull: true },
  next_attempt_at: { type: 'instant', sql: sql`d.next_attempt_at` },
  last_status: { type: 'int', sql: sql`d.last_status` },
  last_error: { type: 'text', sql: sql`d.last_error` },
  created_at: { type: 'instant', sql: sql`d.created_at`, isNotNull: true },
  delivered_at: { type: 'instant', sql: sql`d.delivered_at` },
  replay: { type: 'bool', sql: sql`(d.replay_id is not null)`, isNotNull: true },
} as const satisfies SqlListFields;

const columns = `d.id, d.event_id, d.type, d.state, d.attempts, d.next_attempt_at, d.last_status, d.last_error,
  d.created_at, d.delivered_at, d.replay_id is not null as replay`;

export function listDeliveries(
  scope: Scope,
  options: ListOptions,
  webhookId: WebhookId,
): Promise<ListResult<DeliveryRow>> {
  return listRows<DeliveryRow>(scope, {
    from: sql`webhook_deliveries d`,
    tenant: sql`d.tenant_id`,
    where: sql`d.webhook_id = ${webhookId}::uuid`,
    select: sql.raw(columns),
    fields: deliveryFields,
    options,
    id: sql`d.id`,
    defaultOrder: [{ sql: sql`d.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** A delivery by the webhook it is of, as paths name it. */
export type WebhookDelivery = { readonly webhookId: WebhookId; readonly id: DeliveryId };

export async function findDelivery(
  scope: Scope,
  { webhookId, id }: WebhookDelivery,
): Promise<DeliveryRow | undefined> {
  const [row] = await scope.query<DeliveryRow>(
    `select ${columns} from webhook_deliveries d where d.tenant_id = $1 and d.webhook_id = $2 and d.id = $3`,
    [scope.tenantId, webhookId, id],
  );
  return row;
}

/** A ping that was tried already: its lane is the webhook itself, and nothing of it waits. */
export async function insertPing(
  scope: WriteScope,
  {
    webhookId,
    id,
    now,
    isTaken,
    status,
    error,
  }: WebhookDelivery & {
    readonly now: Date;
    readonly isTaken: boolean;
    readonly status: number | null;
    readonly error: string | null;
  },
): Promise<void> {
  await scope.query(
    `insert into webhook_deliveries (tenant_id, id, webhook_id, lane_id, type, number, event_at, is_readable, state,
       attempts, last_status, last_error, created_at, delivered_at)
     values ($1, $2, $3, $3, 'ping', 0, $4, true, case when $5 then 'delivered' else 'failed' end, 1, $6, $7, $4,
       case when $5 then $4::timestamptz end)`,
    [scope.tenantId, id, webhookId, now, isTaken, status, error],
  );
}

/** Lets a delivery that has ended wait again, its schedule from the beginning; false = it is still under way. */
export async function restartDelivery(
  scope: WriteScope,
  { webhookId, id, now }: WebhookDelivery & { readonly now: Date },
): Promise<boolean> {
  const [row] = await scope.query<{ lane_id: string }>(
    `update webhook_deliveries set state = 'waiting', former_attempts = attempts, next_attempt_at = null, delivered_at = null
      where tenant_id = $1 and webhook_id = $2 and id = $3 and state <> 'waiting' returning lane_id`,
    [scope.tenantId, webhookId, id],
  );
  if (row === undefined) return false;
  // It was stored before what waits in its lane: it goes first, and at once, unless something is being sent.
  await scope.query(
    `insert into webhook_lanes (tenant_id, webhook_id, lane_id, next_at)
     select $1, id, $3, $4 from webhooks where tenant_id = $1 and id = $2 and active
     on conflict (tenant_id, webhook_id, lane_id) do update
       set next_at = case when webhook_lanes.claim is null then excluded.next_at else webhook_lanes.next_at end`,
    [scope.tenantId, webhookId, row.lane_id, now],
  );
  return true;
}

/** What the deliveries of a webhook are kept by. */
export type DeliveryKeeping = {
  readonly tenantId: TenantId;
  readonly webhookId: WebhookId;
  /** Null = the webhook, or its site, is gone: nothing is kept. */
  readonly keptSeconds: number | null;
};

/** Every webhook there is or was, with how long the events of its site are kept. */
export async function listDeliveryKeepings(database: Database): Promise<DeliveryKeeping[]> {
  const { rows } = await database.pool.query<{
    tenant_id: TenantId;
    id: WebhookId;
    seconds: number | null;
  }>(
    `select w.tenant_id, w.id,
       case when w.deleted_at is null then c.store_events_ttl_seconds::float8 end as seconds
     from webhooks w left join collections c on c.tenant_id = w.tenant_id and c.id = w.collection_id`,
  );
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    webhookId: row.id,
    keptSeconds: row.seconds,
  }));
}

/** Erases at most `limit` deliveries whose event is past its time; returns how many. */
export async function eraseDeliveries(
  scope: Scope,
  { webhookId, keptSeconds }: DeliveryKeeping,
  { now, limit }: { readonly now: Date; readonly limit: number },
): Promise<number> {
  const rows = await scope.query(
    `delete from webhook_deliveries where tenant_id = $1 and id = any (array(
       select d.id from webhook_deliveries d
        where d.tenant_id = $1 and d.webhook_id = $2
          and ($3::float8 is null or d.event_at < $4::timestamptz - make_interval(secs => $3)
            or (not d.is_readable and d.created_at < $4::timestamptz - interval '1 day'))
        limit $5)) returning 1`,
    [scope.tenantId, webhookId, keptSeconds, now, limit],
  );
  return rows.length;
}

/** Erases what is left of a webhook without deliveries. */
export async function eraseWebhook(scope: Scope, id: WebhookId): Promise<void> {
  for (const table of ['webhook_lanes', 'webhook_replays'])
    await scope.query(`delete from ${table} where tenant_id = $1 and webhook_id = $2`, [
      scope.tenantId,
      id,
    ]);
  await scope.query('delete from webhooks where tenant_id = $1 and id = $2', [scope.tenantId, id]);
}

export type NewReplay = {
  readonly id: string;
  readonly webhookId: WebhookId;
  readonly siteId: CollectionId;
  /** The first event is behind this number. */
  readonly afterNumber: number;
  /** Of the events' own time, both counted in; null = no bound. */
  readonly fromAt: Date | null;
  readonly toAt: Date | null;
  readonly now: Date;
};

/** Whether the last replay of a webhook has not come to its end. */
export async function hasReplay(scope: Scope, webhookId: WebhookId): Promise<boolean> {
  const rows = await scope.query(
    `select 1 from webhook_replays r where r.tenant_id = $1 and r.webhook_id = $2 and (not r.is_laid or exists (
       select 1 from webhook_deliveries d where d.tenant_id = $1 and d.replay_id = r.id and d.state = 'waiting'))`,
    [scope.tenantId, webhookId],
  );
  return rows.length > 0;
}

/** Begins a replay of what is stored at this moment; gives how many events it has. */
export async function insertReplay(scope: WriteScope, replay: NewReplay): Promise<number> {
  const { id, webhookId, siteId, afterNumber, fromAt, toAt, now } = replay;
  // One statement, one moment: what is counted is what will be laid out.
  const counted = (table: string, type: string): string =>
    `select e.number from ${table} e, hook w where e.tenant_id = $1 and e.collection_id = $3 and e.number > $5
       and ($6::timestamptz is null or e.utc_date_time >= $6) and ($7::timestamptz is null or e.utc_date_time <= $7)
       and '${type}' = any (w.events) and (w.lock_ids = '{}' or e.lock_id = any (w.lock_ids))`;
  const [row] = await scope.query<{ count: string }>(
    `with hook as (select events, lock_ids from webhooks where tenant_id = $1 and id = $2),
     found as (select count(*) as count, min(number) as first, max(number) as last
       from (${counted('entries', 'entry')} union all ${counted('incidents', 'incident')}) events),
     begun as (
       insert into webhook_replays (tenant_id, webhook_id, id, after_number, until_number, from_at, to_at, is_laid, created_at)
       select $1, $2, $4, coalesce(first - 1, 0), coalesce(last, 0), $6, $7, count = 0, $8 from found
       on conflict (tenant_id, webhook_id) do update set id = excluded.id, after_number = excluded.after_number,
         until_number = excluded.until_number, from_at = excluded.from_at, to_at = excluded.to_at,
         is_laid = excluded.is_laid, created_at = excluded.created_at)
     select count from found`,
    [scope.tenantId, webhookId, siteId, id, afterNumber, fromAt, toAt, now],
  );
  return Number(row?.count ?? 0);
}
