import { randomUUID } from 'node:crypto';
import type { QueryResultRow } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TenantId } from '#contract/ids';
import { createTestDatabase, type TestDatabase } from '#test/kit/database';
import { findTellableEvents, listTenantsToTell } from './message-events.ts';
import { claimMessages } from './messages.ts';
import type { Database } from './pool.ts';
import type { Scope } from './scope.ts';
import { newestEventNumber } from './streamed-events.ts';

const rows = 30_000;
const tenantId = randomUUID() as string as TenantId;
const siteId = randomUUID();
let test: TestDatabase;

beforeAll(async () => {
  test = await createTestDatabase();
  const { pool } = test.database;
  const userId = randomUUID();
  await pool.query('insert into tenants (id, name) values ($1, $2)', [tenantId, 'T']);
  await pool.query('insert into users (tenant_id, id, created_at) values ($1, $2, now())', [
    tenantId,
    userId,
  ]);
  await pool.query('insert into collections (tenant_id, id, created_at) values ($1, $2, now())', [
    tenantId,
    siteId,
  ]);
  await pool.query(
    `insert into message_rules (tenant_id, id, collection_id, kind, word, send_mail, created_at)
     values ($1, gen_random_uuid(), $2, 'entry', 'rejected', true, now())`,
    [tenantId, siteId],
  );
  await pool.query(
    `insert into entries (tenant_id, id, number, iq_id, boot, sequence, collection_id, event_category, utc_date_time,
       local_date_time, exit_requested, stored_at)
     select $1, gen_random_uuid(), n, $2, 1, n, $2, 'lock_rejected', now() - n * interval '1 millisecond', now(), false, now()
     from generate_series(1, $3::int) n`,
    [tenantId, siteId, rows],
  );
  // Half of them were sent, half wait for the end of quiet hours; three are due.
  await pool.query(
    `insert into messages (tenant_id, id, collection_id, kind, word, user_id, channel, subject, body, state, next_attempt_at,
       give_up_at, created_at)
     select $1, gen_random_uuid(), $2, 'notice', 'tag_given', $3, 'mail', 's', 'b',
       case when n % 2 = 0 and n > 6 then 'delivered' else 'waiting' end,
       case when n in (1, 2, 3) then now() - interval '1 second' else now() + interval '1 hour' end, now(), now()
     from generate_series(1, $4::int) n`,
    [tenantId, siteId, userId, rows],
  );
  await pool.query('analyze');
});
afterAll(() => test.drop());

/** The most rows that any step of a plan looked at, taken or not. */
async function looked(text: string, values: readonly unknown[]): Promise<number> {
  const { rows: plans } = await test.database.pool.query<{ 'QUERY PLAN': unknown }>(
    `explain (analyze, format json) ${text}`,
    [...values],
  );
  const plan = JSON.stringify(plans[0]?.['QUERY PLAN']);
  const counts = [...plan.matchAll(/"(?:Actual Rows|Rows Removed by Filter)":([\d.]+)/g)];
  return Math.max(...counts.map(([, count]) => Number(count)));
}

/** A database that only tells how much a statement would look at. */
function explaining(into: number[]): Database {
  const query = async ({ text, values = [] }: { text: string; values?: unknown[] }) => {
    into.push(await looked(text, values));
    return { rows: [] };
  };
  return { pool: { query }, close: () => Promise.resolve() } as unknown as Database;
}

it('what is due is found without looking at what waits or was sent', async () => {
  const seen: number[] = [];
  const now = new Date();
  const until = new Date(now.getTime() + 60_000);
  await claimMessages(explaining(seen), { now, until, limit: 8 });
  expect(seen).toEqual([3]);
});

it('new events are found without looking at those that were told', async () => {
  const seen: number[] = [];
  const scope: Scope = {
    tenantId,
    async query<Row extends QueryResultRow>(text: string, values: readonly unknown[]) {
      seen.push(await looked(text, values));
      return [] as Row[];
    },
  };
  await newestEventNumber(scope, 'entries');
  await findTellableEvents(scope, {
    kind: 'entry',
    after: rows - 5,
    upTo: rows,
    since: new Date(Date.now() - 86_400_000),
    limit: 200,
  });
  expect(seen).toHaveLength(2);
  expect(Math.max(...seen)).toBeLessThan(50);
});

it('a tenant with nothing new is passed by without looking at its events', async () => {
  await test.database.pool.query(
    `insert into message_cursors (tenant_id, entry_number, incident_number) values ($1, $2, 0)`,
    [tenantId, rows],
  );
  await expect(listTenantsToTell(test.database)).resolves.toEqual([]);
  const seen: number[] = [];
  await listTenantsToTell(explaining(seen));
  expect(seen[0]).toBeLessThan(50);
});
