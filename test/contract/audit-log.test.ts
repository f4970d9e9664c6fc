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

  it('has the newest first within a second too, whichever way it is paged', async () => {
    await Promise.all(Array.from({ length: 12 }, () => create(cardea, '/accessors')));
    const { id } = await create(cardea, '/access_groups');
    const [last] = (await itemsOf(cardea, '/audit_log?$top=1')) as Entry[];
    expect([last?.['action'], last?.['object_id']]).toEqual(['access_group.create', id]);
    const read = async (query: string) =>
      (await itemsOf(cardea, `/audit_log?$top=1000${query}`)) as Entry[];
    const numbers = async (query: string) => (await read(query)).map((entry) => entry['number']);
    // Of acts at once, one may be dated before it is numbered: their seconds go first.
    const key = (entry: Entry) =>
      `${entry['utc_date_time']} ${String(entry['number']).padStart(9, '0')}`;
    const keys = (await read('')).map(key);
    expect(keys).toEqual(keys.toSorted().toReversed());
    const all = await numbers('');
    expect(await numbers('&$orderby=utc_date_time')).toEqual(all.toReversed());
    const walked: unknown[] = [];
    let next: string | null = '/audit_log?$top=5&$orderby=utc_date_time desc';
    while (next !== null) {
      const { json } = await cardea.ask('GET', next);
      const page = json as { items: Entry[]; next_page_link: string | null };
      walked.push(...page.items.map((entry) => entry['number']));
      const link: URL | null = page.next_page_link === null ? null : new URL(page.next_page_link);
      next = link === null ? null : `/${link.pathname}${link.search}`;
    }
    expect(walked).toEqual(all);
  });

  it('is read as the history of an object: who, when, from what to what', async () => {
    const { id } = await create(cardea, '/access_groups', { customer_reference: 'Day staff' });
    await cardea.ask('PATCH', `/access_groups/${id}`, { body: { customer_reference: 'Nights' } });
    await cardea.ask('DELETE', `/access_groups/${id}`);
    const found = await itemsOf(
      cardea,
      `/audit_log/changes?$filter=object_id eq ${id}&$orderby=number`,
    );
    const ofName = { member: 'customer_reference' };
    expect(found.map(({ action, client_id: who }) => [action, who])).toEqual(
      ['create', 'update', 'delete'].map((verb) => [
        `access_group.${verb}`,
        cardea.tenant.clientId,
      ]),
    );
    expect(found[0]?.['changes']).toContainEqual({ ...ofName, before: null, after: 'Day staff' });
    expect(found[1]?.['changes']).toEqual([{ ...ofName, before: 'Day staff', after: 'Nights' }]);
    expect(found[2]?.['changes']).toContainEqual({ ...ofName, before: 'Nights', after: null });
    await cardea.database.pool.query(
      'delete from audit_changes c using audit_log r where r.number = c.number and r.object_id = $1',
      [id],
    );
    const rest = await itemsOf(cardea, `/audit_log/changes?$filter=object_id eq ${id}`);
    expect(rest.map(({ changes, changes_erased: erased }) => [changes, erased])).toEqual(
      rest.map(() => [[], true]),
    );
  });

  it('says who went into a group and who left, and which keys open a lock offline', async () => {
    const { id: group } = await create(cardea, '/access_groups');
    const { id: ada } = await create(cardea, '/accessors');
    const { id: bo } = await create(cardea, '/accessors');
    const members = `/access_groups/${group}/accessors`;
    await cardea.ask('PATCH', members, { body: { add_ids: [ada], remove_ids: [] } });
    await cardea.ask('PUT', members, { body: { ids: [bo] } });
    const found = await itemsOf(
      cardea,
      `/audit_log/changes?$filter=object_id eq ${group}&$orderby=number`,
    );
    expect(found.map(({ changes }) => changes).slice(1)).toEqual([
      [{ member: 'accessors', before: [], after: [ada] }],
      [{ member: 'accessors', before: [ada], after: [bo] }],
    ]);
  });

  it('tells of each failed sign-in with account, client and network, beside the chain', async () => {
    const fail = (fields: Readonly<Record<string, string>>) =>
      fetch(`${cardea.url}/connect/token`, {
        method: 'POST',
        headers: { 'x-request-id': 'wrong-one' },
        body: new URLSearchParams({ client_id: cardea.tenant.clientId, ...fields }),
      });
    await fail({ grant_type: 'client_credentials', client_secret: 'guess' });
    await fail({
      grant_type: 'password',
      client_secret: cardea.tenant.clientSecret,
      username: 'nobody@example.com',
      password: 'guess',
      scope: 'user_api.full_access',
    });
    const found = await itemsOf(
      cardea,
      `/audit_log/changes?$filter=action eq 'sign_in.fail'&$orderby=number`,
    );
    expect(found.map(({ detail, outcome, request_id: id }) => [detail, outcome, id])).toEqual([
      ['client_secret', 'refused', 'wrong-one'],
      ['password', 'refused', 'wrong-one'],
    ]);
    expect(found[1]?.['changes']).toEqual([
      {
        member: 'account',
        before: null,
        after: expect.stringMatching(/^unknown:[0-9a-f]{64}$/) as string,
      },
      { member: 'network', before: null, after: '127.0.0.1' },
    ]);
    expect(JSON.stringify(found)).not.toContain('nobody@example.com');
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
    const { rows } = await cardea.database.pool.query<{ body: string }>(
      'select body from audit_changes',
    );
    const beside = rows.map(({ body }) => body).join();
    for (const code of [pin, '73519']) expect(beside).not.toContain(`"${code}"`);
  });
});
