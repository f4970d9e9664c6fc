/**
 * Events become deliveries, deliveries are claimed, sent by whoever claimed them, and settled. A lane (webhook and lock) holds
 * what is sent one after the other, in the order of storing: it is claimed as a whole, so no second attempt of it runs anywhere. A
 * claim is a time: when its holder dies, the lane is due again.
 */
import type { CollectionId, DeliveryId, TenantId, WebhookId } from '#contract/ids';
import type { DeliveryType } from '#contract/webhooks';
import type { Database } from './pool.ts';
import type { Scope, WriteScope } from './scope.ts';
import type { SealedSecrets } from './webhooks.ts';

/** Bus topic that says a webhook or a replay began, of which events may have to be laid out; the payload is empty. */
export const webhooksTopic = 'webhooks';
/** Bus topic that says lanes are due; the payload is empty. */
export const lanesTopic = 'webhook-lanes';

/** A lane of a webhook: a lock, or what stands for one. */
export type Lane = {
  readonly tenantId: TenantId;
  readonly webhookId: WebhookId;
  readonly laneId: string;
};

/** Tenants that have, or had, webhooks; `hasWork` = there is something to lay out. */
export async function listWebhookTenants(
  database: Database,
): Promise<{ readonly tenantId: TenantId; readonly hasWork: boolean }[]> {
  const { rows } = await database.pool.query<{ tenantId: TenantId; hasWork: boolean }>({
    name: 'webhook_tenants',
    text: `select p.tenant_id as "tenantId",
         exists (select 1 from entries e where e.tenant_id = p.tenant_id and e.number > p.number)
           or exists (select 1 from incidents i where i.tenant_id = p.tenant_id and i.number > p.number)
           or exists (select 1 from webhook_replays r where r.tenant_id = p.tenant_id and not r.is_laid) as "hasWork"
       from webhook_places p order by p.tenant_id`,
  });
  return rows;
}

const lanesOf = (source: string): string => `
  insert into webhook_lanes (tenant_id, webhook_id, lane_id, next_at)
  select distinct $1::uuid, webhook_id, lane_id, $2::timestamptz from ${source} order by 2, 3
  on conflict (tenant_id, webhook_id, lane_id) do update set next_at = excluded.next_at
    where webhook_lanes.next_at is null or (webhook_lanes.is_replay and webhook_lanes.claim is null and not $4)`;

/**
 * Lays out the next events of a tenant, at most `limit`, as deliveries of its webhooks; gives how many events there were. None
 * when another process is at it.
 */
export async function layEvents(
  scope: WriteScope,
  { now, limit }: { readonly now: Date; readonly limit: number },
): Promise<number> {
  const [place] = await scope.query<{ number: string; is_wanted: boolean }>(
    `select number, exists (select 1 from webhooks w where w.tenant_id = $1 and w.active) as is_wanted
       from webhook_places where tenant_id = $1 for no key update skip locked`,
    [scope.tenantId],
    'webhook_place',
  );
  if (place === undefined) return 0;
  if (!place.is_wanted) {
    await passEvents(scope);
    return 0;
  }
  const part = (table: string, type: string): string =>
    `(select '${type}' as type, e.number, e.id, e.lock_id, e.iq_id, e.collection_id, e.utc_date_time, e.is_readable
        from ${table} e where e.tenant_id = $1 and e.number > $5 order by e.number limit $3)`;
  // One statement sees one moment: of two kinds read one after the other, the second could be ahead of the first.
  const [row] = await scope.query<{ laid: number }>(
    `with page as materialized (
       select * from (${part('entries', 'entry')} union all ${part('incidents', 'incident')}) events
        order by number limit $3),
     laid as (
       insert into webhook_deliveries (tenant_id, id, webhook_id, lane_id, type, event_id, number, event_at, is_readable,
         created_at)
       select $1, gen_random_uuid(), w.id, coalesce(p.lock_id, p.iq_id), p.type, p.id, p.number, p.utc_date_time,
         p.is_readable, $2
       from page p join webhooks w on w.tenant_id = $1 and w.collection_id = p.collection_id
       join collections c on c.tenant_id = $1 and c.id = p.collection_id
         and (c.subscription_ends_at is null or $2::timestamptz < c.subscription_ends_at)
         and (c.features is null or 'events_streaming' = any (c.features))
       where w.active and w.deleted_at is null and p.number > w.after_number and p.type = any (w.events)
         and (w.lock_ids = '{}' or p.lock_id = any (w.lock_ids))
       order by p.number
       returning webhook_id, lane_id),
     lanes as (${lanesOf('laid')}),
     moved as (
       update webhook_places set number = (select max(number) from page)
        where tenant_id = $1 and exists (select 1 from page))
     select count(*)::int as laid from page`,
    [scope.tenantId, now, limit, false, place.number],
    'webhook_lay',
  );
  return row?.laid ?? 0;
}

/** Moves the place of a tenant without webhooks behind its newest event. */
async function passEvents(scope: WriteScope): Promise<void> {
  await scope.query(
    `update webhook_places p set number = n.number from (
       select greatest((select max(number) from entries where tenant_id = $1),
         (select max(number) from incidents where tenant_id = $1)) as number) n
      where p.tenant_id = $1 and p.number < n.number`,
    [scope.tenantId],
    'webhook_pass',
  );
}

/** Lays out the next events of a replay of the tenant, at most `limit`; false = there is none to lay out, or another process is at it. */
export async function layReplay(
  scope: WriteScope,
  { now, limit }: { readonly now: Date; readonly limit: number },
): Promise<boolean> {
  const [replay] = await scope.query<{
    webhook_id: string;
    id: string;
    after_number: string;
    until_number: string;
    from_at: Date | null;
    to_at: Date | null;
  }>(
    `select webhook_id, id, after_number, until_number, from_at, to_at from webhook_replays
      where tenant_id = $1 and not is_laid order by created_at limit 1 for no key update skip locked`,
    [scope.tenantId],
    'webhook_replay_next',
  );
  if (replay === undefined) return false;
  const part = (table: string, type: string): string =>
    `(select '${type}' as type, e.number, e.id, e.lock_id, e.iq_id, e.utc_date_time, e.is_readable
        from ${table} e join webhooks w on w.tenant_id = $1 and w.id = $5 and w.deleted_at is null
       where e.tenant_id = $1 and e.collection_id = w.collection_id and e.number > $7 and e.number <= $8
         and ($9::timestamptz is null or e.utc_date_time >= $9) and ($10::timestamptz is null or e.utc_date_time <= $10)
         and '${type}' = any (w.events) and (w.lock_ids = '{}' or e.lock_id = any (w.lock_ids))
       order by e.number limit $3)`;
  await scope.query(
    `with page as materialized (
       select * from (${part('entries', 'entry')} union all ${part('incidents', 'incident')}) events
        order by number limit $3),
     laid as (
       insert into webhook_deliveries (tenant_id, id, webhook_id, lane_id, replay_id, type, event_id, number, event_at,
         is_readable, created_at)
       select $1, gen_random_uuid(), $5, coalesce(p.lock_id, p.iq_id), $6, p.type, p.id, p.number, p.utc_date_time,
         p.is_readable, $2
       from page p order by p.number
       returning webhook_id, lane_id),
     lanes as (${lanesOf('laid')}),
     moved as (
       update webhook_replays set after_number = coalesce((select max(number) from page), after_number),
         is_laid = (select count(*) from page) < $3
        where tenant_id = $1 and webhook_id = $5)
     select 1`,
    [
      scope.tenantId,
      now,
      limit,
      true,
      replay.webhook_id,
      replay.id,
      replay.after_number,
      replay.until_number,
      replay.from_at,
      replay.to_at,
    ],
    'webhook_lay_replay',
  );
  return true;
}

export type Claiming = {
  readonly now: Date;
  /** When the lanes are due again, should the holder die. */
  readonly until: Date;
  readonly claim: string;
  readonly limit: number;
  /** Of one webhook at most so many: a receiver that is slow keeps nobody else waiting. */
  readonly limitEach: number;
  /** Webhooks of which enough is being sent. */
  readonly except: readonly WebhookId[];
};

/** Takes lanes that are due, those that have waited longest first; of no lane two processes get hold. */
export async function claimLanes(
  database: Database,
  { now, until, claim, limit, limitEach, except }: Claiming,
): Promise<Lane[]> {
  const { rows } = await database.pool.query<Lane>({
    name: 'webhook_claim',
    text: `with first as (
         select tenant_id, webhook_id, lane_id, next_at from webhook_lanes
          where next_at <= $1 and not (webhook_id = any ($2)) order by next_at limit 500),
       placed as (
         select *, row_number() over (partition by webhook_id order by next_at) as place from first),
       picked as (
         select l.tenant_id, l.webhook_id, l.lane_id from webhook_lanes l
           join (select * from placed where place <= $3 order by next_at limit $4) p using (tenant_id, webhook_id, lane_id)
          where l.next_at <= $1 for update of l skip locked)
       update webhook_lanes l set next_at = $5, claim = $6 from picked p
        where l.tenant_id = p.tenant_id and l.webhook_id = p.webhook_id and l.lane_id = p.lane_id
       returning l.tenant_id as "tenantId", l.webhook_id as "webhookId", l.lane_id as "laneId"`,
    values: [now, except, limitEach, limit, until, claim],
  });
  return rows;
}

/** A delivery whose turn it is, with what its sending needs. */
export type NextDelivery = SealedSecrets & {
  readonly id: DeliveryId;
  readonly type: DeliveryType;
  readonly number: number;
  readonly eventId: string | null;
  readonly isReplay: boolean;
  readonly attempts: number;
  readonly formerAttempts: number;
  readonly nextAttemptAt: Date | null;
  readonly body: string | null;
  readonly siteId: CollectionId;
  readonly url: string;
  /** Its webhook's last attempts were not taken. */
  readonly isFailing: boolean;
};

/** The next of a lane; undefined = none, or the webhook is off, or its site is gone. */
export async function findNextDelivery(
  scope: Scope,
  { webhookId, laneId }: Lane,
): Promise<NextDelivery | undefined> {
  const [row] = await scope.query<Omit<NextDelivery, 'number'> & { number: string }>(
    `select d.id, d.type, d.number, d.event_id as "eventId", d.replay_id is not null as "isReplay", d.attempts,
       d.former_attempts as "formerAttempts", d.next_attempt_at as "nextAttemptAt", d.body, w.collection_id as "siteId",
       w.url, w.failing_since is not null as "isFailing", w.secret_sealed as "secretSealed", w.former_secret_sealed as "formerSecretSealed",
       w.former_secret_until as "formerSecretUntil"
     from webhook_deliveries d
     join webhooks w on w.tenant_id = d.tenant_id and w.id = d.webhook_id and w.active
     join collections c on c.tenant_id = w.tenant_id and c.id = w.collection_id
     where d.tenant_id = $1 and d.webhook_id = $2 and d.lane_id = $3 and d.state = 'waiting'
     order by (d.replay_id is not null), d.number, d.id limit 1`,
    [scope.tenantId, webhookId, laneId],
    'webhook_next',
  );
  return row === undefined ? undefined : { ...row, number: Number(row.number) };
}

/** Keeps a lane for its holder, until the instant given should it die; false = the claim is another's by now. */
export async function holdLane(
  scope: WriteScope,
  { webhookId, laneId }: Lane,
  { claim, until }: { readonly claim: string; readonly until: Date },
): Promise<boolean> {
  const rows = await scope.query(
    `update webhook_lanes set next_at = $5 where tenant_id = $1 and webhook_id = $2 and lane_id = $3 and claim = $4
     returning 1`,
    [scope.tenantId, webhookId, laneId, claim, until],
    'webhook_lane_hold',
  );
  return rows.length > 0;
}

/** What became of an attempt. */
export type Settled = {
  readonly id: DeliveryId;
  readonly state: 'waiting' | 'delivered' | 'failed';
  readonly attempts: number;
  readonly nextAttemptAt: Date | null;
  readonly status: number | null;
  readonly error: string | null;
  /** Kept for the next attempt; null once it was taken. */
  readonly body: string | null;
  readonly now: Date;
};

export async function settleDelivery(scope: WriteScope, settled: Settled): Promise<void> {
  await scope.query(
    `update webhook_deliveries set state = $3, attempts = $4, next_attempt_at = $5, last_status = $6, last_error = $7,
       body = $8, delivered_at = case when $3 = 'delivered' then $9::timestamptz end
      where tenant_id = $1 and id = $2`,
    [
      scope.tenantId,
      settled.id,
      settled.state,
      settled.attempts,
      settled.nextAttemptAt,
      settled.status,
      settled.error,
      settled.body,
      settled.now,
    ],
    'webhook_settle',
  );
}

/** A delivery whose event is no longer kept goes with it. */
export async function dropDelivery(scope: WriteScope, id: DeliveryId): Promise<void> {
  await scope.query('delete from webhook_deliveries where tenant_id = $1 and id = $2', [
    scope.tenantId,
    id,
  ]);
}

/** Gives a held lane back: due when its next delivery is, and not at all when nothing waits or the webhook is off. */
export async function releaseLane(
  scope: WriteScope,
  { webhookId, laneId }: Lane,
  now: Date,
): Promise<void> {
  await scope.query(
    `update webhook_lanes l set claim = null, next_at = n.next_at, is_replay = coalesce(n.is_replay, false)
     from (select 1) one
     left join lateral (
       select coalesce(d.next_attempt_at, $4::timestamptz) as next_at, d.replay_id is not null as is_replay
         from webhook_deliveries d
         join webhooks w on w.tenant_id = d.tenant_id and w.id = d.webhook_id and w.active
         join collections c on c.tenant_id = w.tenant_id and c.id = w.collection_id
        where d.tenant_id = $1 and d.webhook_id = $2 and d.lane_id = $3 and d.state = 'waiting'
        order by (d.replay_id is not null), d.number, d.id limit 1) n on true
     where l.tenant_id = $1 and l.webhook_id = $2 and l.lane_id = $3`,
    [scope.tenantId, webhookId, laneId, now],
    'webhook_release',
  );
}
