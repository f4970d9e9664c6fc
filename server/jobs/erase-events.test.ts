import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createManualClock } from '#server/runtime/clock';
import { listEventMonths } from '#server/store/event-months';
import { createTestDatabase, silentLog, type TestDatabase } from '#test/kit/database';
import { createEventEraser, type Erased } from './erase-events.ts';

const dayMs = 86_400_000;
const began = new Date('2026-06-01T12:00:00Z');
let now: Date;
let test: TestDatabase;
const tenantId = randomUUID();
const iqId = randomUUID();
let number = 0;

beforeEach(async () => {
  test = await createTestDatabase();
  now = began;
  await test.database.pool.query('insert into tenants (id, name) values ($1, $2)', [tenantId, 'T']);
});
afterEach(() => test.drop());

function erase(): Promise<Erased> {
  const clock = createManualClock(now);
  return createEventEraser({ database: test.database, clock, log: silentLog() }).run();
}

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

async function idsLeft(table = 'entries'): Promise<string[]> {
  const { rows } = await test.database.pool.query<{ id: string }>(
    `select id from ${table} order by number`,
  );
  return rows.map(({ id }) => id);
}

async function tables(): Promise<string[]> {
  const months = await listEventMonths(test.database);
  return months.filter(({ kind }) => kind === 'entries').map(({ table }) => table);
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
  await expect(erase()).resolves.toMatchObject({ events: 5 });
  await expect(idsLeft()).resolves.toEqual(kept);
});

it('goes by the retention of the day: a shorter one erases what a longer one kept', async () => {
  const site = await addCollection(400);
  const young = await addEntry(site, { daysAgo: 5 });
  await addEntry(site, { daysAgo: 50 });
  await expect(erase()).resolves.toMatchObject({ events: 0 });
  await test.database.pool.query('update collections set store_events_ttl_seconds = $1', [
    10 * 86_400,
  ]);
  await expect(erase()).resolves.toMatchObject({ events: 1 });
  await expect(idsLeft()).resolves.toEqual([young]);
});

it('opens this month and the next, and takes over what already lies elsewhere of them', async () => {
  await test.database.pool.query('drop table if exists entries_2026_06, entries_2026_07');
  const id = await addEntry(null, { daysAgo: 0.1 });
  await expect(idsLeft('entries_other')).resolves.toEqual([id]);
  await erase();
  await expect(tables()).resolves.toEqual(
    expect.arrayContaining(['entries_2026_06', 'entries_2026_07']),
  );
  await expect(idsLeft('entries_2026_06')).resolves.toEqual([id]);
  await expect(idsLeft('entries_other')).resolves.toEqual([]);
});

it('drops a whole month when nobody keeps it any longer, and no sooner', async () => {
  await erase();
  await addCollection(100);
  const site = await addCollection(30);
  for (let day = 0; day < 20; day += 1) await addEntry(site, { daysAgo: -day });
  await addEntry(null, { daysAgo: -1 });
  // July begins 100 days before 9 October; a collection without events keeps June as long.
  now = new Date('2026-10-08T23:00:00Z');
  const before = await erase();
  expect(before.months).not.toContain('entries_2026_06');
  now = new Date('2026-10-09T00:00:00Z');
  const after = await erase();
  expect(after.months).toContain('entries_2026_06');
  await expect(tables()).resolves.not.toContain('entries_2026_06');
  await expect(idsLeft()).resolves.toEqual([]);
});

it('leaves a month in which something is kept, and tries again when it is in use', async () => {
  await erase();
  const long = await addCollection(365);
  const id = await addEntry(long, { daysAgo: 0 });
  now = new Date('2026-10-01T12:00:00Z');
  await erase();
  await expect(idsLeft('entries_2026_06')).resolves.toEqual([id]);
  now = new Date('2027-08-01T12:00:00Z');
  const reader = await test.database.pool.connect();
  await reader.query('begin');
  await reader.query('select * from entries');
  await erase();
  await expect(tables()).resolves.toContain('entries_2026_06');
  await reader.query('commit');
  reader.release();
  await erase();
  await expect(tables()).resolves.not.toContain('entries_2026_06');
});

it('keeps an event told so late that its month has gone, and one of a clock that is years off', async () => {
  await erase();
  const long = await addCollection(3_650);
  const ids = [await addEntry(long, { daysAgo: 700 }), await addEntry(long, { daysAgo: -4_000 })];
  await erase();
  await expect(idsLeft('entries_other')).resolves.toEqual(ids);
});

it('looks only at what goes: each search is by an index, also among collections that keep more', async () => {
  await erase();
  const long = await addCollection(3_650);
  const { pool } = test.database;
  await pool.query(
    `insert into entries (tenant_id, id, number, iq_id, boot, sequence, collection_id, event_category, utc_date_time,
       local_date_time, exit_requested, stored_at)
     select $1, gen_random_uuid(), n, $2, 2, n, $3, 'lock_opened', $4::timestamptz + n * interval '1 second', '2026-01-01',
       false, $4 from generate_series(1, 20000) n`,
    [tenantId, iqId, long, began],
  );
  await pool.query('analyze');
  now = new Date('2026-12-01T12:00:00Z');
  const asked: { text: string; values: unknown[] }[] = [];
  const original = pool.query.bind(pool) as (...given: unknown[]) => unknown;
  pool.query = ((...given: unknown[]) => {
    const [text, values] = given as [string, unknown[]];
    if (text.startsWith('delete from entries_2026_06')) asked.push({ text, values });
    return original(...given);
  }) as typeof pool.query;
  await erase();
  pool.query = original as typeof pool.query;
  expect(asked).toHaveLength(3);
  for (const { text, values } of asked) {
    const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`explain ${text}`, values);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).not.toMatch(/Seq Scan on entries/);
    expect(plan).toContain('Tid Scan on entries_2026_06');
  }
});
