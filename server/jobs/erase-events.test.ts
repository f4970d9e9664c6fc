import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createManualClock } from '#server/runtime/clock';
import { createTestDatabase, silentLog, type TestDatabase } from '#test/kit/database';
import { createEventEraser } from './erase-events.ts';

const now = new Date('2026-06-01T12:00:00Z');
const dayMs = 86_400_000;
let test: TestDatabase;
const tenantId = randomUUID();
const iqId = randomUUID();
let number = 0;

beforeAll(async () => {
  test = await createTestDatabase();
  await test.database.pool.query('insert into tenants (id, name) values ($1, $2)', [tenantId, 'T']);
});
afterAll(() => test.drop());

async function addCollection(days: number): Promise<string> {
  const id = randomUUID();
  await test.database.pool.query(
    `insert into collections (tenant_id, id, store_events_ttl_seconds, created_at) values ($1, $2, $3, $4)`,
    [tenantId, id, days * 86_400, now],
  );
  return id;
}

async function addEntry(
  collectionId: string | null,
  { daysAgo, isReadable = true }: { daysAgo: number; isReadable?: boolean },
): Promise<string> {
  const id = randomUUID();
  number += 1;
  const at = new Date(now.getTime() - daysAgo * dayMs);
  await test.database.pool.query(
    `insert into entries (tenant_id, id, number, iq_id, boot, sequence, collection_id, event_category, utc_date_time,
       local_date_time, exit_requested, is_readable, stored_at)
     values ($1, $2, $3, $4, 1, $3, $5, 'lock_opened', $6, '2026-01-01', false, $7, $6)`,
    [tenantId, id, number, iqId, collectionId, at, isReadable],
  );
  return id;
}

async function idsLeft(): Promise<string[]> {
  const { rows } = await test.database.pool.query<{ id: string }>(
    'select id from entries order by number',
  );
  return rows.map(({ id }) => id);
}

it('erases what the retention of each collection has ended, and nothing else', async () => {
  const short = await addCollection(1);
  const long = await addCollection(400);
  const gone = await addCollection(3650);
  const kept = [
    await addEntry(short, { daysAgo: 0.9 }),
    await addEntry(long, { daysAgo: 399 }),
    await addEntry(null, { daysAgo: 89 }),
    await addEntry(long, { daysAgo: 0.9, isReadable: false }),
  ];
  await addEntry(short, { daysAgo: 1.1 });
  await addEntry(long, { daysAgo: 401 });
  await addEntry(null, { daysAgo: 91 });
  await addEntry(gone, { daysAgo: 91 });
  await addEntry(long, { daysAgo: 1.1, isReadable: false });
  await test.database.pool.query('delete from collections where id = $1', [gone]);
  const eraser = createEventEraser({
    database: test.database,
    clock: createManualClock(now),
    log: silentLog(),
  });
  await expect(eraser.run()).resolves.toBe(5);
  await expect(idsLeft()).resolves.toEqual(kept);
});
