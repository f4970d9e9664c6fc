import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IqId, TenantId } from '#contract/ids';
import { createTestDatabase, silentLog, type TestDatabase } from '#test/kit/database';
import { insertIq } from '#test/kit/rows';
import { listEventMonths, openEventMonths } from './event-months.ts';
import { insertEvents, type NewEntry } from './events.ts';
import { migrate } from './migrate.ts';
import { inTransaction, readScope, type WriteScope } from './scope.ts';
import { readEventsAfter } from './streamed-events.ts';

const tenantId = randomUUID() as string as TenantId;
const now = new Date('2026-11-22T12:00:00Z');
let test: TestDatabase;
let iqId: IqId;

beforeAll(async () => {
  test = await createTestDatabase();
  const { database } = test;
  await database.pool.query('insert into tenants (id, name) values ($1, $2)', [tenantId, 'T']);
  iqId = await insertIq({ database, tenant: { tenantId } }, {});
  await openEventMonths(database, now);
});
afterAll(() => test.drop());

function entry(sequence: number, at: string): NewEntry {
  return {
    id: randomUUID(),
    iqId,
    boot: 1,
    sequence,
    at: new Date(at),
    local: at.slice(0, 19),
    detail: null,
    lockId: null,
    category: 'lock_opened',
    accessorId: null,
    accessBy: 'tag',
    accessDetail: '1',
    exitRequested: false,
    rejectReason: null,
  };
}

function insert(...entries: readonly NewEntry[]): Promise<void> {
  const events = { entries, incidents: [], ledgers: new Map(), now };
  return inTransaction({ database: test.database, tenantId }, (scope) =>
    insertEvents(scope, events),
  );
}

async function whereAndWhat(): Promise<[string, number][]> {
  const { rows } = await test.database.pool.query<{ table: string; sequence: string }>(
    'select tableoid::regclass::text as table, sequence from entries where tenant_id = $1 order by number',
    [tenantId],
  );
  return rows.map(({ table, sequence }) => [table, Number(sequence)]);
}

it('an event lies in the month of its own time, and is stored once wherever that is', async () => {
  const told = [
    entry(1, '2026-11-30T23:59:59.999Z'),
    entry(2, '2026-12-01T00:00:00.000Z'),
    entry(3, '2001-01-01T00:00:00.000Z'),
    entry(4, '2026-11-22T11:59:00.000Z'),
  ];
  await insert(...told);
  const places = [
    ['entries_2026_11', 1],
    ['entries_2026_12', 2],
    ['entries_other', 3],
    ['entries_2026_11', 4],
  ];
  await expect(whereAndWhat()).resolves.toEqual(places);
  await insert(...told, ...told.map((one) => ({ ...one, id: randomUUID() })));
  await expect(whereAndWhat()).resolves.toEqual(places);
});

it('is read by number across the months, in the order of storing', async () => {
  const events = await readEventsAfter(readScope(test.database, tenantId), {
    kind: 'entries',
    after: 0,
    limit: 10,
  });
  expect(events.map(({ message }) => message.utc_date_time.slice(0, 7))).toEqual([
    '2026-11',
    '2026-12',
    '2001-01',
    '2026-11',
  ]);
});

it('months are opened while hubs tell, and nothing is lost or waits for long', async () => {
  const { pool } = test.database;
  await pool.query('drop table entries_2026_12');
  let sequence = 1_000;
  const opening = { isDone: false };
  const telling = (async () => {
    while (!opening.isDone) {
      sequence += 1;
      await insert(entry(sequence, '2026-12-05T00:00:00.000Z'));
    }
  })();
  while (!(await openEventMonths(test.database, now)));
  opening.isDone = true;
  await telling;
  await insert(entry(sequence + 1, '2026-12-05T00:00:00.000Z'));
  const found = (await whereAndWhat()).filter(([, number]) => number > 1_000);
  expect(found.map(([, number]) => number)).toEqual(
    Array.from({ length: sequence + 1 - 1_000 }, (_, index) => 1_001 + index),
  );
  expect(new Set(found.map(([table]) => table))).toEqual(new Set(['entries_2026_12']));
});

describe('with many events', () => {
  beforeAll(async () => {
    await test.database.pool.query(
      `insert into entries (tenant_id, id, number, iq_id, boot, sequence, event_category, utc_date_time, local_date_time,
         exit_requested, stored_at)
       select $1, gen_random_uuid(), nextval('event_numbers'), $2, 5, n, 'lock_opened', $3::timestamptz - n * interval '10 seconds',
         '2026-01-01', false, $3 from generate_series(1, 50000) n`,
      [tenantId, iqId, now],
    );
    await test.database.pool.query('analyze');
  }, 120_000);

  /** What `act` asks of the tables of events, as plans. */
  async function plansOf(act: (scope: WriteScope) => Promise<unknown>): Promise<string[]> {
    const asked: { text: string; values: readonly unknown[] }[] = [];
    await inTransaction({ database: test.database, tenantId }, (scope) =>
      act({
        ...scope,
        query(text, values, name) {
          asked.push({ text, values });
          return scope.query(text, values, name);
        },
      }),
    );
    const plans: string[] = [];
    for (const { text, values } of asked.filter((one) => /\bentries\b/.test(one.text))) {
      const { rows } = await test.database.pool.query<{ 'QUERY PLAN': string }>(`explain ${text}`, [
        ...values,
      ]);
      plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
    }
    return plans;
  }

  const hotActs: [string, (scope: WriteScope) => Promise<unknown>][] = [
    [
      'telling listeners',
      (scope) => readEventsAfter(scope, { kind: 'entries', after: 9, limit: 100 }),
    ],
    [
      'storing what hubs and the server saw',
      (scope) =>
        insertEvents(scope, {
          entries: [
            entry(90_000, '2026-11-22T11:00:00.000Z'),
            { ...entry(1, '2026-11-22T11:00:00.000Z'), boot: null, sequence: null },
          ],
          incidents: [],
          ledgers: new Map(),
          now,
        }),
    ],
  ];

  it('names are looked up once for each IQ and lock, however many events they tell of', async () => {
    const entries = Array.from({ length: 50 }, (_, index) =>
      entry(91_000 + index, '2026-11-22T11:00:00.000Z'),
    );
    const [plan] = await plansOf((scope) =>
      insertEvents(scope, { entries, incidents: [], ledgers: new Map(), now }),
    );
    const afterNames = plan?.slice(plan.search(/Function Scan on e /)) ?? '';
    expect(afterNames).toMatch(/CTE Scan on sites/);
    expect(afterNames).not.toMatch(/ on (collections|iqs|locks)/);
  });

  it.each(hotActs)('%s reads no month as a whole', async (_what, act) => {
    const plans = await plansOf(act);
    expect(plans).toHaveLength(1);
    expect(plans[0]).toMatch(/Index (Only )?Scan.*entries_2026_11/);
    expect(plans[0]).not.toMatch(/Seq Scan on entries(?!.*cost=0\.00\.\.0\.00)/);
  });
});

describe('a database from before the months', () => {
  let old: TestDatabase;
  let folder: string;
  const all = fileURLToPath(new URL('../migrations/', import.meta.url));

  beforeAll(async () => {
    old = await createTestDatabase();
    folder = mkdtempSync(join(tmpdir(), 'cardea-months-'));
    await old.database.pool.query('drop schema public cascade; create schema public');
    const names = readdirSync(all).sort();
    const former = names.slice(
      0,
      names.findIndex((name) => name.endsWith('-event-months.sql')),
    );
    for (const name of former) copyFileSync(join(all, name), join(folder, name));
    await migrate({ database: old.database, log: silentLog(), directory: folder });
  }, 120_000);
  afterAll(async () => {
    await old.drop();
    rmSync(folder, { recursive: true });
  });

  it('is brought forward with every event, each in its month', async () => {
    const { pool } = old.database;
    for (const kind of ['entries', 'incidents'])
      await pool.query(
        `insert into ${kind} (tenant_id, id, number, iq_id, boot, sequence, event_category, utc_date_time, local_date_time,
           stored_at${kind === 'entries' ? ', exit_requested' : ''})
         select $1, gen_random_uuid(), nextval('event_numbers'), $1, 1, n, 'x', now() - n * interval '1 day', now(), now()
           ${kind === 'entries' ? ', false' : ''} from generate_series(-100, 900, 10) n`,
        [tenantId],
      );
    const content = async (kind: string) =>
      (
        await pool.query<{ row: unknown }>(
          `select to_jsonb(e) as row from ${kind} e order by number`,
        )
      ).rows;
    const before = [await content('entries'), await content('incidents')];
    await migrate({ database: old.database, log: silentLog() });
    expect([await content('entries'), await content('incidents')]).toEqual(before);
    for (const { table, from, to } of await listEventMonths(old.database)) {
      if (from === null || to === null) continue;
      const { rowCount } = await pool.query(
        `select 1 from ${table} where utc_date_time < $1 or utc_date_time >= $2`,
        [from, to],
      );
      expect([table, rowCount]).toEqual([table, 0]);
    }
    // Two years back and the coming month have tables; what lies outside has a place too.
    const { rows } = await pool.query<{ old: string; far: string }>(
      `select count(*) filter (where utc_date_time < now() - interval '762 days') as old,
         count(*) filter (where utc_date_time > now() + interval '62 days') as far from entries_other`,
    );
    expect(rows[0]).toEqual({ old: '14', far: '4' });
  });
});
