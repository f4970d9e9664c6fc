import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { TenantId, WebhookId } from '#contract/ids';
import { createTestDatabase, type TestDatabase } from '#test/kit/database';
import { inTransaction, readScope } from './scope.ts';
import { claimLanes, findNextDelivery, holdLane, releaseLane, type Lane } from './webhook-lanes.ts';

const now = new Date('2026-11-22T08:00:00Z');
const later = new Date(now.getTime() + 30_000);

let test: TestDatabase;
let tenantId: TenantId;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());
beforeEach(async () => {
  tenantId = randomUUID() as string as TenantId;
  const { pool } = test.database;
  await pool.query('truncate webhook_lanes, webhook_deliveries, webhooks');
  await pool.query("insert into tenants (id, name) values ($1, 'First')", [tenantId]);
});

/** A webhook with so many lanes, in each of which so many deliveries wait. */
async function addWebhook(lanes: number, inEach: number): Promise<WebhookId> {
  const { pool } = test.database;
  const id = randomUUID() as string as WebhookId;
  const collectionId = randomUUID();
  await pool.query('insert into collections (tenant_id, id, created_at) values ($1, $2, now())', [
    tenantId,
    collectionId,
  ]);
  await pool.query(
    `insert into webhooks (tenant_id, id, collection_id, url, events, lock_ids, active, secret_sealed, after_number, created_at)
     values ($1, $2, $3, 'https://8.8.8.8/', '{entry}', '{}', true, '\\x00', 0, now())`,
    [tenantId, id, collectionId],
  );
  await pool.query(
    `with lane as (
       insert into webhook_lanes (tenant_id, webhook_id, lane_id, next_at)
       select $1, $2, gen_random_uuid(), $3 from generate_series(1, $4) returning lane_id)
     insert into webhook_deliveries (tenant_id, id, webhook_id, lane_id, type, event_id, number, event_at, is_readable, created_at)
     select $1, gen_random_uuid(), $2, lane_id, 'entry', gen_random_uuid(), n, $3, true, $3
     from lane, generate_series(1, $5::int) n`,
    [tenantId, id, now, lanes, inEach],
  );
  return id;
}

const claim = (more: Partial<Parameters<typeof claimLanes>[1]> = {}): Promise<Lane[]> =>
  claimLanes(test.database, {
    now,
    until: later,
    claim: randomUUID(),
    limit: 10,
    limitEach: 8,
    except: [],
    ...more,
  });

it('of a lane two processes that claim at once never both get hold', async () => {
  await addWebhook(40, 1);
  const claims = await Promise.all(Array.from({ length: 10 }, () => claim()));
  const taken = claims.flat().map(({ laneId }) => laneId);
  expect(taken.length).toBeGreaterThanOrEqual(8);
  expect(new Set(taken).size).toBe(taken.length);
});

it('of one webhook at most so many lanes are claimed, and none of those that are busy', async () => {
  const [busy, other] = [await addWebhook(30, 1), await addWebhook(30, 1)];
  const mixed = await claim();
  const of = (id: WebhookId) => mixed.filter(({ webhookId }) => webhookId === id).length;
  expect([of(busy) <= 8, of(other) <= 8, mixed.length]).toEqual([true, true, 10]);
  const rest = await claim({ except: [busy] });
  expect([rest.length, new Set(rest.map(({ webhookId }) => webhookId))]).toEqual([
    8,
    new Set([other]),
  ]);
});

it('a claim that has ended gives the lane to the next, and its holder may settle nothing more', async () => {
  await addWebhook(1, 2);
  const [lane] = await claim({ claim: '00000000-0000-4000-8000-000000000001' });
  if (lane === undefined) throw new Error('no lane');
  expect(await claim()).toEqual([]);
  const next = '00000000-0000-4000-8000-000000000002';
  const end = new Date(later.getTime() + 30_000);
  expect(await claim({ now: later, until: end, claim: next })).toEqual([lane]);
  const hold = (by: string) =>
    inTransaction({ database: test.database, tenantId }, (scope) =>
      holdLane(scope, lane, { claim: by, until: end }),
    );
  expect(await hold('00000000-0000-4000-8000-000000000001')).toBe(false);
  expect(await hold(next)).toBe(true);
  await inTransaction({ database: test.database, tenantId }, (scope) =>
    releaseLane(scope, lane, now),
  );
  expect(await claim()).toEqual([lane]);
});

it('what is next is found by an index, however much waits', async () => {
  const webhookId = await addWebhook(20, 2_000);
  await test.database.pool.query('analyze webhook_deliveries, webhook_lanes');
  const [lane] = await claim();
  if (lane === undefined) throw new Error('no lane');
  expect(await findNextDelivery(readScope(test.database, tenantId), lane)).toMatchObject({
    number: 1,
    isReplay: false,
  });
  const { rows } = await test.database.pool.query<{ 'QUERY PLAN': string }>(
    `explain (analyze, buffers, timing off) select d.id from webhook_deliveries d
      where d.tenant_id = '${tenantId}' and d.webhook_id = '${webhookId}' and d.lane_id = '${lane.laneId}' and d.state = 'waiting'
      order by (d.replay_id is not null), d.number, d.id limit 1`,
  );
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(plan).toContain('webhook_deliveries_next');
  expect(plan).not.toMatch(/Sort|Seq Scan/);
});
