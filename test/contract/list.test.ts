import * as fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '#contract/api-error';
import type { TenantId } from '#contract/ids';
import type { EventPosition, ListOptions } from '#contract/odata';
import { parseListOptions } from '#server/http/list';
import { createTestDatabase, type TestDatabase } from '#test/kit/database';
import { compileSql, listEvents, listRows } from '#server/store/list';
import type { SqlListFields } from '#server/store/odata-filter';
import { readScope, type Scope } from '#server/store/scope';

const tenant = '00000000-0000-4000-8000-000000000001' as TenantId;
const stranger = '00000000-0000-4000-8000-000000000002' as TenantId;
const uuid = (number: number): string =>
  `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;

const fields: SqlListFields = {
  id: { type: 'uuid', sql: sql.ref('r.id') },
  name: { type: 'text', sql: sql.ref('r.name') },
  state: { type: 'enum', words: ['b', 'a', 'c'], sql: sql.ref('r.state') },
  online: { type: 'bool', sql: sql.ref('r.online') },
  number: { type: 'int', sql: sql.ref('r.number') },
  ratio: { type: 'number', sql: sql.ref('r.ratio') },
  utc_date_time: { type: 'instant', sql: sql.ref('r.utc_date_time'), isNotNull: true },
  reset_date: { type: 'instant', sql: sql.ref('r.reset_date') },
  local_date_time: { type: 'local', sql: sql.ref('r.local_date_time') },
  start_time: { type: 'time', sql: sql.ref('r.start_time') },
  ttl: { type: 'span', sql: sql.ref('r.ttl') },
  owner: { type: 'uuid', sql: sql.ref('r.owner') },
};

const source = {
  from: sql`rows r`,
  tenant: sql.ref('r.tenant_id'),
  where: sql`r.is_readable`,
  select: sql`r.id, r.number`,
  fields,
  id: sql.ref('r.id'),
};

type Row = { id: string; number: number | null };

let database: TestDatabase;
let scope: Scope;

function options(rawQuery: string): ListOptions {
  const now = new Date('2026-03-01T12:00:00Z');
  return parseListOptions(rawQuery, { fields, v3Conversion: true, now });
}

async function list(rawQuery: string, of: Scope = scope) {
  const defaultOrder = [
    { sql: sql.ref('r.utc_date_time'), type: 'instant', direction: 'asc' },
  ] as const;
  const page = await listRows<Row>(of, { ...source, options: options(rawQuery), defaultOrder });
  return { ...page, rows: page.rows.map((row) => row.id) };
}

type Asked = { readonly rawQuery: string; readonly position?: EventPosition | null };

async function events({ rawQuery, position = null }: Asked, of: Scope = scope) {
  const page = await listEvents<Row>(of, { ...source, options: options(rawQuery), position });
  return { ...page, rows: page.rows.map((row) => row.id) };
}

/** Follows the pages to their end, acting between them. */
async function allEvents(rawQuery: string, between: () => Promise<void> = async () => {}) {
  const ids: string[] = [];
  let position: EventPosition | null = null;
  do {
    const page = await events({ rawQuery, position });
    ids.push(...page.rows);
    position = page.next;
    await between();
  } while (position !== null);
  return ids;
}

async function insert(rows: readonly Record<string, unknown>[]): Promise<void> {
  await scope.query(
    `insert into rows (tenant_id, id, is_readable, name, state, online, number, ratio, utc_date_time, reset_date,
       local_date_time, start_time, ttl, owner)
     select coalesce(tenant_id, $2), id, coalesce(is_readable, true), name, state, online, number, ratio,
       coalesce(utc_date_time, 'epoch'), reset_date, local_date_time, start_time, ttl, owner
     from jsonb_populate_recordset(null::rows, $1::jsonb)`,
    [JSON.stringify(rows), tenant],
  );
}

beforeAll(async () => {
  database = await createTestDatabase();
  scope = readScope(database.database, tenant);
  await scope.query(
    `create table rows (tenant_id uuid, id uuid primary key, is_readable boolean, name text, state text, online boolean,
       number integer, ratio double precision, utc_date_time timestamptz not null, reset_date timestamptz,
       local_date_time timestamp, start_time time, ttl interval, owner uuid)`,
    [],
  );
  await scope.query(`create index rows_time on rows (tenant_id, utc_date_time, id)`, []);
});

afterAll(() => database.drop());

beforeEach(async () => {
  await scope.query('truncate rows', []);
});

const hours = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    id: uuid(index),
    number: index,
    utc_date_time: new Date(Date.UTC(2026, 0, 1, index)).toISOString(),
  }));

describe('a page of a list', () => {
  it('has the default order, twenty rows, no count, and says whether more follow', async () => {
    await insert(hours(21));
    expect(await list('')).toEqual({
      rows: hours(20).map((row) => row.id),
      count: null,
      hasMore: true,
    });
    expect(await list('$skip=1')).toMatchObject({ hasMore: false });
    expect(await list('$skip=20')).toEqual({ rows: [uuid(20)], count: null, hasMore: false });
    expect(await list('$skip=99999999999999999999')).toMatchObject({ rows: [], hasMore: false });
  });

  it('counts all matches, before $skip and $top', async () => {
    await insert(hours(30));
    expect(await list('$filter=number ge 10&$count=true&$skip=5&$top=3')).toEqual({
      rows: [uuid(15), uuid(16), uuid(17)],
      count: 20,
      hasMore: true,
    });
    expect(await list('$top=0&$count=true')).toEqual({ rows: [], count: 30, hasMore: false });
  });

  it('shows the rows of its tenant only, whatever the filter says', async () => {
    await insert([{ id: uuid(1) }, { id: uuid(2), tenant_id: stranger }]);
    await insert([{ id: uuid(3), is_readable: false }]);
    const either = '$filter=true or not true&$count=true';
    expect(await list(either)).toEqual({ rows: [uuid(1)], count: 1, hasMore: false });
    const theirs = readScope(database.database, stranger);
    expect(await list(either, theirs)).toEqual({ rows: [uuid(2)], count: 1, hasMore: false });
    expect(await events({ rawQuery: either }, theirs)).toMatchObject({ rows: [uuid(2)], count: 1 });
  });

  it('orders text without letter case, nothing as the largest, and by id where all is equal', async () => {
    await insert([
      { id: uuid(1), name: 'b' },
      { id: uuid(2), name: 'B' },
      { id: uuid(3), name: 'a' },
      { id: uuid(4) },
      { id: uuid(5), name: 'C' },
    ]);
    expect((await list('$orderby=name')).rows).toEqual([3, 1, 2, 5, 4].map(uuid));
    expect((await list('$orderby=name desc')).rows).toEqual([4, 5, 2, 1, 3].map(uuid));
  });

  it('orders by several fields', async () => {
    await insert([
      { id: uuid(1), online: true, number: 1 },
      { id: uuid(2), online: false, number: 1 },
      { id: uuid(3), online: true, number: 2 },
    ]);
    expect((await list('$orderby=online desc,number desc')).rows).toEqual([3, 1, 2].map(uuid));
  });
});

describe('a run of event pages', () => {
  it('goes newest first and ends without a position', async () => {
    await insert(hours(5));
    const first = await events({ rawQuery: '$top=2' });
    expect(first).toEqual({
      rows: [uuid(4), uuid(3)],
      count: null,
      next: { id: uuid(3), keys: ['2026-01-01T03:00:00.000000Z'] },
    });
    expect(await allEvents('$top=2')).toEqual([4, 3, 2, 1, 0].map(uuid));
    expect(await events({ rawQuery: '$top=5' })).toMatchObject({ next: null });
    expect(await events({ rawQuery: '$top=0' })).toEqual({ rows: [], count: null, next: null });
  });

  it('counts all matches on every page', async () => {
    await insert(hours(5));
    const { next } = await events({ rawQuery: '$top=2&$count=true' });
    const second = await events({ rawQuery: '$top=2&$count=true', position: next });
    expect(second).toMatchObject({ rows: [uuid(2), uuid(1)], count: 5 });
  });

  it('neither repeats nor skips while events arrive', async () => {
    await insert(hours(30));
    let arrived = 100;
    const ids = await allEvents('$top=4', async () => {
      arrived += 1;
      const moment = { utc_date_time: '2026-06-01T00:00:00Z' };
      // One newer than all, one among the oldest, late from an offline hub.
      await insert([{ id: uuid(arrived), ...moment }, { id: uuid(arrived + 1000) }]);
    });
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => id < uuid(100))).toEqual(
      hours(30)
        .map((row) => row.id)
        .reverse(),
    );
  });

  it('tells events of one microsecond and events of the next apart', async () => {
    const base = '2026-01-01T00:00:00.12345';
    const rows = [1, 2, 3, 4, 5, 6].map((n) => ({
      id: uuid(n),
      utc_date_time: `${base}${String(n % 2)}Z`,
    }));
    await insert(rows);
    expect(await allEvents('$top=1')).toEqual([5, 3, 1, 6, 4, 2].map(uuid));
    expect(await allEvents('$top=1&$orderby=utc_date_time')).toEqual([2, 4, 6, 1, 3, 5].map(uuid));
  });

  it('shows every event exactly once in any order of any fields', async () => {
    const item = fc
      .constantFrom(...Object.keys(fields))
      .chain((path) => fc.constantFrom('asc', 'desc').map((direction) => `${path} ${direction}`));
    const small = <T>(...values: T[]) => fc.option(fc.constantFrom(...values), { nil: null });
    const row = fc.record({
      name: small('a', 'B', 'b', 'é', "it's", ''),
      state: small('a', 'b', 'c'),
      online: small(true, false),
      number: small(-1, 0, 2147483647),
      ratio: small(0.1, 1e-7, 1.5e200, -2),
      utc_date_time: fc.constantFrom('2026-01-01T00:00:00.000001Z', '2026-01-01T00:00:00.000002Z'),
      reset_date: small('2026-01-01T00:00:00.000001Z', '2026-01-01T00:00:00.000002Z'),
      local_date_time: small('2026-01-01T00:00:00.000001', '2026-01-01T00:00:00'),
      start_time: small('00:00:00', '23:59:59'),
      ttl: small('1 hour', '90 days', '-00:00:00.5'),
      owner: small(uuid(1), uuid(2)),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 3, maxLength: 12 }),
        fc.array(item, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 4 }),
        async (rows, order, top) => {
          await scope.query('truncate rows', []);
          await insert(rows.map((row, index) => ({ ...row, id: uuid(index) })));
          const orderby = `$orderby=${order.join(',')}`;
          const all = await list(`${orderby}&$top=1000`);
          expect(all.rows.length).toBe(rows.length);
          expect(await allEvents(`${orderby}&$top=${top}`)).toEqual(all.rows);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('goes on by the id of the last row when its keys were too long for a token', async () => {
    await insert(hours(5));
    const position = { id: uuid(3), keys: null };
    expect(await events({ rawQuery: '$top=2', position })).toMatchObject({
      rows: [uuid(2), uuid(1)],
    });
    const gone = events({ rawQuery: '', position: { id: uuid(99), keys: null } });
    await expect(gone).rejects.toMatchObject({ error: 'VALUE_INVALID' });
    const foreign = events({ rawQuery: '', position }, readScope(database.database, stranger));
    await expect(foreign).rejects.toBeInstanceOf(ApiError);
  });

  it('starts in the index at its position, in both directions', async () => {
    await insert(hours(2000));
    await scope.query('analyze rows', []);
    for (const direction of ['desc', 'asc']) {
      const rawQuery = `$top=20&$orderby=utc_date_time ${direction}`;
      const position = { id: uuid(1000), keys: ['2026-02-11T16:00:00.000000Z'] };
      let plan: Record<string, unknown> = {};
      const spy: Scope = {
        tenantId: tenant,
        async query(text, values) {
          const [explained] = await scope.query<{ 'QUERY PLAN': Record<string, unknown>[] }>(
            `explain (analyze, format json) ${text}`,
            values,
          );
          plan = explained?.['QUERY PLAN'][0] ?? {};
          return [];
        },
      };
      await listEvents(spy, { ...source, options: options(rawQuery), position });
      const text = JSON.stringify(plan);
      expect(text).toContain('"Index Name":"rows_time"');
      expect(text).not.toContain('"Node Type":"Sort"');
      const removed = [...text.matchAll(/"Rows Removed by Filter":(\d+)/g)].map((m) =>
        Number(m[1]),
      );
      expect(Math.max(0, ...removed)).toBeLessThan(10);
    }
  });
});

it('a composed query numbers its parameters from 1 each time', () => {
  const query = compileSql(sql`select ${1} where ${sql`a = ${'x'}`} and b = ${true}`);
  expect(query).toEqual({ text: 'select $1 where a = $2 and b = $3', values: [1, 'x', true] });
  expect(compileSql(sql`select ${2}`)).toEqual({ text: 'select $1', values: [2] });
});
