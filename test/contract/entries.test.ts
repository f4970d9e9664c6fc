import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEventMonths } from '#server/store/event-months';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, itemsOf, refusal } from '#test/kit/core';
import { insertIq, insertLock } from '#test/kit/rows';

let cardea: TestServer;
let site: string;
let iq: string;
let lock: string;
const now = new Date('2026-11-22T12:00:00Z');

beforeAll(async () => {
  cardea = await startTestServer({ clock: now });
  site = (await create(cardea, '/collections', { store_events_ttl: '10.00:00:00' })).id;
  iq = await insertIq(cardea, { collection_id: site });
  lock = await insertLock(cardea, { collection_id: site });
});
afterAll(async () => {
  await cardea.stop();
});

/** Stores `count` events, the first `ago` before now, each a minute older than the one before. */
async function store(
  table: 'entries' | 'incidents',
  {
    count,
    ago = '1 minute',
    collection = site,
    isReadable = true,
  }: {
    readonly count: number;
    readonly ago?: string;
    readonly collection?: string | null;
    readonly isReadable?: boolean;
  },
): Promise<void> {
  const more = table === 'entries' ? ', exit_requested, access_by, access_detail' : '';
  const values = table === 'entries' ? `, false, 'tag', lpad((i % 50)::text, 8, '0')` : '';
  await cardea.database.pool.query(
    `insert into ${table} (tenant_id, id, number, iq_id, boot, sequence, collection_id, event_category, utc_date_time,
       local_date_time, lock_id, is_readable, stored_at${more})
     select $1, gen_random_uuid(), nextval('event_numbers'), $2, 1, nextval('event_numbers'), $3, $4, at,
       at at time zone 'Europe/Amsterdam', $5, $6, $7${values}
     from generate_series(1, $8) as i,
       lateral (select $7::timestamptz - $9::interval - i * interval '1 minute' as at) t`,
    [
      cardea.tenant.tenantId,
      iq,
      collection,
      table === 'entries' ? 'lock_opened' : 'lock_reset',
      lock,
      isReadable,
      now,
      count,
      ago,
    ],
  );
}

type Page = {
  readonly items: readonly (Readonly<Record<string, unknown>> & { id: string })[];
  readonly continuation_token: string | null;
  readonly next_page_link: string | null;
  readonly count: number | null;
};
const page = async (path: string, token?: string) => {
  const headers = token === undefined ? {} : { 'CLP-Continuation-Token': token };
  return (await cardea.ask('GET', path, { headers })).json as Page;
};

describe.each(['entries', 'incidents'] as const)('%s', (table) => {
  it('show every member, newest first', async () => {
    await store(table, { count: 250 });
    const { items } = await page(`/${table}?$top=2`);
    const common = {
      event_category: table === 'entries' ? 'lock_opened' : 'lock_reset',
      event_detail: null,
      utc_date_time: '2026-11-22T11:58:00Z',
      local_date_time: '2026-11-22T12:58:00',
      lock_id: lock,
      lock_customer_reference: null,
      lock_mac_address: null,
      iq_id: iq,
      iq_customer_reference: null,
      iq_mac_address: null,
      iq_revision: null,
      collection_id: site,
      collection_customer_reference: null,
      expiration_date_time: '2026-12-02T11:58:00Z',
    };
    const more = {
      accessor_id: null,
      exit_requested: false,
      access_by: 'tag',
      access_detail: '00000001',
      reject_reason: null,
    };
    const id = items[0]?.id;
    expect(items[0]).toEqual({ id, ...common, ...(table === 'entries' ? more : {}) });
    expect(items[1]).toMatchObject({ utc_date_time: '2026-11-22T11:57:00Z' });
  });

  it('come page by page, each once, while new ones arrive', async () => {
    const first = await page(`/${table}?$top=100&$count=true`);
    expect([first.items.length, first.count]).toEqual([100, 250]);
    const seen = first.items.map(({ id }) => id);
    let { continuation_token: token } = first;
    while (token !== null) {
      await store(table, { count: 1, ago: '-10 minutes' });
      const next = await page(`/${table}?$top=100&$count=true`, token);
      expect(next.items.length).toBeGreaterThan(0);
      seen.push(...next.items.map(({ id }) => id));
      token = next.continuation_token;
    }
    expect([seen.length, new Set(seen).size]).toEqual([250, 250]);
    const link = new URL(first.next_page_link ?? '');
    const byLink = await cardea.ask('GET', `/${link.pathname}${link.search}`);
    expect((byLink.json as Page).items.map(({ id }) => id)).toEqual(seen.slice(100, 200));
  });

  it('can be filtered in both dialects, exactly as clients write it', async () => {
    const filter = `(utc_date_time ge DateTime'2026-11-22T11:00:00Z')+and+(collection_id eq '${site}')+and+(utc_date_time lt 2026-11-22T11:58:30Z)`;
    expect(await itemsOf(cardea, `/${table}?$filter=${filter}&$top=1000`)).toHaveLength(59);
    const local = `local_date_time lt 2026-11-22T12:50:00 and lock_id eq ${lock}`;
    const ordered = await itemsOf(
      cardea,
      `/${table}?$filter=${local}&$orderby=local_date_time&$top=1`,
    );
    expect(ordered[0]).toMatchObject({ local_date_time: '2026-11-22T08:49:00' });
  });

  it('refuse $skip, unknown fields, and tokens of another query', async () => {
    expect(refusal(await cardea.ask('GET', `/${table}?$skip=1`))).toBe('400 1102');
    expect(refusal(await cardea.ask('GET', `/${table}?$filter=number gt 1`))).toBe('400 1102');
    const { continuation_token: token } = await page(`/${table}?$top=5`);
    const headers = { 'CLP-Continuation-Token': token ?? '' };
    const other = `/${table}?$orderby=utc_date_time asc`;
    expect(refusal(await cardea.ask('GET', other, { headers }))).toBe('400 1101');
    const broken = { 'CLP-Continuation-Token': 'x' };
    expect(refusal(await cardea.ask('GET', `/${table}`, { headers: broken }))).toBe('400 1101');
  });

  it('past their date, and hidden ones, are never shown; a changed setting moves the date', async () => {
    const own = (await create(cardea, '/collections', { store_events_ttl: '2.00:00:00' })).id;
    await store(table, { count: 3, ago: '1 day', collection: own });
    await store(table, { count: 4, ago: '3 days', collection: own });
    await store(table, { count: 5, collection: own, isReadable: false });
    const shown = async () =>
      (await page(`/${table}?$filter=collection_id eq ${own}&$count=true`)).count;
    expect(await shown()).toBe(3);
    const ttl = { body: { store_events_ttl: '5.00:00:00' } };
    await cardea.ask('PATCH', `/collections/${own}`, ttl);
    expect(await shown()).toBe(7);
    await store(table, { count: 2, ago: '89 days', collection: null });
    await store(table, { count: 2, ago: '90 days', collection: null });
    expect(await itemsOf(cardea, `/${table}?$filter=collection_id eq null`)).toHaveLength(2);
  });

  it('of another tenant are not seen', async () => {
    const token = await cardea.token('core_api.full', await cardea.addTenant('Other'));
    expect((await cardea.ask('GET', `/${table}`, { token })).json).toMatchObject({ items: [] });
  });
});

describe('the hot lists', () => {
  beforeAll(async () => {
    await openEventMonths(cardea.database, now);
    await store('entries', { count: 100_000, collection: null, ago: '1 minute' });
    await cardea.database.pool.query(
      `insert into locks (tenant_id, id, mac, code, vendor_reference, created_at)
       select $1, gen_random_uuid(), lpad(i::text, 14, '0'), lpad(i::text, 14, '0'), 'sallis', now()
       from generate_series(1, 100000) as i`,
      [cardea.tenant.tenantId],
    );
    await cardea.database.pool.query('analyze entries; analyze locks');
  }, 120_000);

  /** The plans of what a request really asked the database, without running it again. */
  async function plansOf(path: string): Promise<string[]> {
    const { pool } = cardea.serverDatabase;
    const asked: { text: string; values: unknown[] }[] = [];
    const original = pool.query.bind(pool) as (...given: unknown[]) => unknown;
    pool.query = ((...given: unknown[]) => {
      const [query] = given as [{ text: string; values?: unknown[] }];
      asked.push({ text: query.text, values: query.values ?? [] });
      return original(...given);
    }) as typeof pool.query;
    try {
      expect((await cardea.ask('GET', path)).status).toBe(200);
    } finally {
      pool.query = original as typeof pool.query;
    }
    const plans: string[] = [];
    for (const { text, values } of asked.filter(({ text }) => /from (entries|locks)/.test(text))) {
      const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`explain ${text}`, values);
      plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
    }
    return plans;
  }

  it.each([
    ['/entries', 'entries_2026_11_tenant_id_utc_date_time_id_idx'],
    [
      `/entries?$filter=collection_id eq ${randomUUID()}`,
      'entries_2026_11_tenant_id_collection_id_utc_date_time_id_idx',
    ],
    [
      `/entries?$filter=utc_date_time ge 2026-11-22T11:00:00Z&$orderby=utc_date_time`,
      'entries_2026_11_tenant_id_utc_date_time_id_idx',
    ],
    [`/locks?$filter=(mac eq '00000000000042')`, 'locks_mac_text'],
    ['/locks?$top=100', 'locks_created'],
  ])('%s is served by the index %s', async (path, index) => {
    const plans = await plansOf(path);
    expect(plans).toHaveLength(1);
    expect(plans[0]).toContain(index);
    // A month in which nothing has happened costs nothing to read whole.
    expect(plans[0]).not.toMatch(/Seq Scan on (entries|locks)(?!.*cost=0\.00\.\.0\.00)/);
  });
});
