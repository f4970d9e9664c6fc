import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, itemsOf, refusal } from '#test/kit/core';

let cardea: TestServer;
beforeAll(async () => {
  cardea = await startTestServer();
});
afterAll(async () => {
  await cardea.stop();
});

const isHashOrNull = (hash: unknown) =>
  hash === null || (typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash));

type Entry = Record<string, string | number | null>;

describe('the audit log', () => {
  it('tells of each write: who, what, under which request', async () => {
    const answer = await cardea.ask('POST', '/accessors', {
      body: {},
      headers: { 'x-request-id': 'morning-shift-7' },
    });
    const { id } = answer.json as { id: string };
    const [entry] = await itemsOf(cardea, `/audit_log?$filter=object_id eq ${id}`);
    expect(entry).toEqual({
      id: expect.any(String) as string,
      number: expect.any(Number) as number,
      request_id: 'morning-shift-7',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      previous_hash: expect.toSatisfy(isHashOrNull) as string,
      utc_date_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
      client_id: cardea.tenant.clientId,
      user_id: null,
      accessor_id: id,
      action: 'accessor.create',
      object_type: 'accessor',
      object_id: id,
      collection_id: null,
      outcome: 'ok',
      detail: null,
      changes_hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
  });

  it('numbers records without gap and chains them, so that a reader can prove both', async () => {
    await Promise.all(Array.from({ length: 10 }, () => create(cardea, '/access_groups')));
    const found = (await itemsOf(cardea, '/audit_log?$orderby=number&$top=1000')) as Entry[];
    expect(found.map((entry) => entry['number'])).toEqual(found.map((_, index) => index + 1));
    let previous: string | null = null;
    for (const { hash, ...record } of found) {
      expect(record['previous_hash']).toBe(previous);
      const names = Object.keys(record).toSorted();
      const text = JSON.stringify(record, names);
      const chained: string = createHash('sha256')
        .update(`${previous ?? ''}${text}`)
        .digest('hex');
      expect(chained).toBe(hash);
      previous = chained;
    }
  });

  it('is read by token in runs that show each record once, the newest first', async () => {
    for (let index = 0; index < 5; index += 1) await create(cardea, '/accessors');
    const all = await itemsOf(cardea, '/audit_log?$top=1000');
    const seen: unknown[] = [];
    let token: string | null = null;
    for (;;) {
      const answer = await cardea.ask('GET', '/audit_log?$top=4&$count=true', {
        headers: token === null ? {} : { 'CLP-Continuation-Token': token },
      });
      const page = answer.json as {
        items: Entry[];
        continuation_token: string | null;
        next_page_link: string | null;
        count: number;
      };
      expect(page.count).toBe(all.length);
      expect(page.next_page_link === null).toBe(page.continuation_token === null);
      seen.push(...page.items);
      token = page.continuation_token;
      if (token === null) break;
    }
    expect(seen).toEqual(all);
    const times = all.map((entry) => entry['utc_date_time'] as string);
    expect(times).toEqual(times.toSorted((a, b) => (a < b ? 1 : a > b ? -1 : 0)));
  });

  it('refuses a damaged token and a skip, and shows no other tenant', async () => {
    const headers = { 'CLP-Continuation-Token': 'bm9uc2Vuc2U' };
    expect(refusal(await cardea.ask('GET', '/audit_log', { headers }))).toBe('400 1101');
    expect(refusal(await cardea.ask('GET', '/audit_log?$skip=1'))).toBe('400 1102');
    const token = await cardea.token('core_api.full', await cardea.addTenant('Quiet'));
    expect((await cardea.ask('GET', '/audit_log', { token })).json).toEqual({
      items: [],
      continuation_token: null,
      next_page_link: null,
      count: null,
    });
  });

  it('holds no PINs', async () => {
    const { id } = await create(cardea, '/accessors');
    const pin = (await cardea.ask('PUT', `/accessors/${id}/pin`, { body: {} })).json as string;
    await cardea.ask('PUT', `/accessors/${id}/pin/custom`, { body: { pin: '73519' } });
    const found = await itemsOf(cardea, `/audit_log?$filter=accessor_id eq ${id}&$orderby=number`);
    expect(found.map(({ action, detail }) => [action, detail])).toEqual([
      ['accessor.create', null],
      ['pin.rotate', null],
      ['custom_pin.set', null],
    ]);
    for (const entry of found)
      for (const value of Object.values(entry)) expect([pin, '73519']).not.toContain(value);
  });
});
