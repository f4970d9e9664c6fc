/** Plans and vouchers over HTTP (connect-api.md 2.4, 3.1, 4.13, 7; behaviour.md 15; design.md, rulings). */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { features } from '#contract/features';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';

type Json = Readonly<Record<string, unknown>>;

const start = new Date('2026-11-22T08:00:00Z');
let server: TestServer;
let operator: TestPerson;
let siteId: string;
let owner: TestPerson;
let user: TestPerson;
beforeAll(async () => {
  server = await startTestServer({ clock: start });
  siteId = await addSite(server);
  owner = await addPerson(server, { siteId, role: 'owner' });
  user = await addPerson(server, { siteId, role: 'site_user' });
  operator = await addPerson(server, { siteId, role: null });
  await server.database.pool.query('update logins set is_operator = true where id = $1', [
    operator.loginId,
  ]);
});
afterAll(() => server.stop());

function issue(body: Json, by: TestPerson = operator): Promise<Answer> {
  return server.ask('POST', '//ext/v1/vouchers', { token: by.token, body });
}

async function voucher(body: Json = {}): Promise<Json> {
  const answer = await issue(body);
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer.json as Json;
}

function redeem(code: unknown, { site = siteId, by = owner } = {}): Promise<Answer> {
  return server.ask('POST', `//v1.1/sites/${site}/vouchers`, {
    token: by.token,
    body: { voucher_code: code },
  });
}

async function subscription(site = siteId, by = owner, version = 'v1.2'): Promise<Json> {
  const answer = await server.ask('GET', `//${version}/sites/${site}/subscription`, {
    token: by.token,
  });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer.json as Json;
}

async function ownSite(): Promise<{ site: string; by: TestPerson }> {
  const site = await addSite(server);
  return { site, by: await addPerson(server, { siteId: site, role: 'owner' }) };
}

describe('the plan of a site', () => {
  it('is without limit or end, and holds everything, from the beginning', async () => {
    const { site, by } = await ownSite();
    const later = await subscription(site, by);
    expect(later).toEqual({
      end_date: null,
      user_amount: null,
      iq_amount: null,
      voucher_label: null,
      voucher_code: null,
      is_valid: true,
      type: 'default',
      features: [...features],
    });
    const { type: _type, ...members } = later;
    expect(await subscription(site, by, 'v1.1')).toEqual({
      ...members,
      features: [
        { id: expect.any(String) as string, code: 'apple_wallet_key' },
        { id: expect.any(String) as string, code: 'google_wallet_key' },
      ],
    });
  });

  it('is not told to plain users', async () => {
    const answer = await server.ask('GET', `//v1.1/sites/${siteId}/subscription`, {
      token: user.token,
    });
    expect([answer.status, answer.text]).toEqual([403, '']);
  });
});

describe('a voucher', () => {
  it('is issued by an operator with 12 letters or digits, shown before it is redeemed, and becomes the plan', async () => {
    const { site, by } = await ownSite();
    const issued = await voucher({
      user_amount: 50,
      iq_amount: '3',
      month_span: 12,
      features: ['pods', 'apple_wallet_key'],
      type: 'renewal',
      label: 'Fifty',
    });
    expect(issued).toEqual({
      id: expect.any(String) as string,
      code: expect.stringMatching(/^[A-Z0-9]{12}$/) as string,
      tenant_id: server.tenant.tenantId,
      user_amount: 50,
      user_unlimited: false,
      month_span: 12,
      month_span_unlimited: false,
      iq_amount: 3,
      iq_unlimited: false,
      type: 'renewal',
      customer_uid: null,
      label: 'Fifty',
      activation_date: null,
      start_date: null,
      end_date: null,
      features: ['pods', 'apple_wallet_key'],
    });
    const { features: _features, ...shown } = issued;
    const asked = await server.ask(
      'GET',
      `//v1.1/sites/${site}/vouchers?voucher_code=${String(issued['code']).toLowerCase()}`,
      { token: by.token },
    );
    expect(asked.json).toEqual(shown);
    const redeemed = await redeem(issued['code'], { site, by });
    const dates = {
      activation_date: '2026-11-22T08:00:00Z',
      start_date: '2026-11-22T08:00:00Z',
      end_date: '2027-11-22T08:00:00Z',
    };
    expect([redeemed.status, redeemed.json]).toEqual([200, { ...shown, ...dates }]);
    expect(await subscription(site, by)).toEqual({
      end_date: '2027-11-22T08:00:00Z',
      user_amount: 50,
      iq_amount: 3,
      voucher_label: 'Fifty',
      voucher_code: issued['code'],
      is_valid: true,
      type: 'default',
      features: ['pods', 'apple_wallet_key'],
    });
    expect((await subscription(site, by, 'v1.1'))['features']).toEqual([
      { id: expect.any(String) as string, code: 'apple_wallet_key' },
    ]);
    expect(refusal(await redeem(issued['code'], { site, by }))).toBe('403 2203');
    const removed = await server.ask('DELETE', `//ext/v1/vouchers/${String(issued['id'])}`, {
      token: operator.token,
    });
    expect(refusal(removed)).toBe('403 2203');
  });

  it('adds what was left of the plan before, by as many users as it was for', async () => {
    const { site, by } = await ownSite();
    const plan = async (users: number | null, months: number | null): Promise<unknown> => {
      const { code } = await voucher({ user_amount: users, month_span: months });
      const answer = await redeem(code, { site, by });
      return (answer.json as Json)['end_date'];
    };
    expect(await plan(100, 1)).toBe('2026-12-22T08:00:00Z');
    // 30 days for 100 people are 60 days for 50.
    expect(await plan(50, 1)).toBe('2027-02-20T08:00:00Z');
    expect(await plan(null, 1)).toBe('2027-03-22T08:00:00Z');
    expect(await plan(10, null)).toBeNull();
    expect(await plan(10, 3)).toBe('2027-02-22T08:00:00Z');
  });

  it('is redeemed by the site alone that it was issued for', async () => {
    const { site, by } = await ownSite();
    const uid = `NL${String(Date.now()).slice(-10)}`;
    await server.database.pool.query('update collections set site_uid = $2 where id = $1', [
      site,
      uid,
    ]);
    const { code } = await voucher({ customer_uid: uid });
    expect(refusal(await redeem(code))).toBe('403 2203');
    expect((await redeem(code, { site, by })).json).toMatchObject({
      customer_uid: uid,
      user_unlimited: true,
      user_amount: 0,
      month_span_unlimited: true,
      end_date: null,
    });
  });

  it.each([
    ['too short', 'ABC', '400 1101'],
    ['of other characters', 'ABCDEFGHIJK-', '400 1101'],
    ['unknown', 'ZZZZZZZZZZZZ', '404 2202'],
    ['left out', undefined, '400 1100'],
  ])('is refused with a code that is %s', async (_what, code, expected) => {
    expect(refusal(await redeem(code))).toBe(expected);
    const query = code === undefined ? '' : `?voucher_code=${code}`;
    const asked = await server.ask('GET', `//v1.2/sites/${siteId}/vouchers${query}`, {
      token: owner.token,
    });
    expect(refusal(asked)).toBe(expected);
  });

  it('of another tenant is unknown', async () => {
    const other = await server.addTenant('Second');
    const { code } = await voucher({ tenant_id: other.tenantId });
    expect(refusal(await redeem(code))).toBe('404 2202');
  });

  it('has one winner of two who redeem it at the same time', async () => {
    const [one, other] = [await ownSite(), await ownSite()];
    const { code } = await voucher({ tenant_id: server.tenant.tenantId });
    const answers = await Promise.all([redeem(code, one), redeem(code, other)]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 403]);
  });

  it('is redeemed by owner and admins', async () => {
    const { code } = await voucher({ tenant_id: server.tenant.tenantId });
    const answer = await redeem(code, { by: user });
    expect([answer.status, answer.text]).toEqual([403, '']);
  });
});

describe('operators', () => {
  it('issue, list and take back vouchers; nobody else does', async () => {
    const tenant_id = server.tenant.tenantId;
    const issued = await voucher({ tenant_id, label: 'Mine' });
    const list = await server.ask(
      'GET',
      `//ext/v1/vouchers?$filter=label eq 'mine' and user_unlimited eq true and activation_date eq null`,
      { token: operator.token },
    );
    expect(list.json).toEqual({ items: [issued], next_page_link: null, count: null });
    const one = `//ext/v1/vouchers/${String(issued['id'])}`;
    for (const [method, path] of [
      ['GET', '//ext/v1/vouchers'],
      ['POST', '//ext/v1/vouchers'],
      ['DELETE', one],
    ] as const) {
      const answer = await server.ask(method, path, { token: owner.token });
      expect([answer.status, answer.text]).toEqual([403, '']);
    }
    expect((await server.ask('DELETE', one, { token: operator.token })).status).toBe(204);
    expect(refusal(await server.ask('DELETE', one, { token: operator.token }))).toBe('404 2202');
  });

  it.each([
    ['fewer than no users', { user_amount: -1 }, '400 1101'],
    ['no month', { month_span: 0 }, '400 1101'],
    ['an unknown feature', { features: ['teleport'] }, '400 1101'],
    ['an unknown type', { type: 'gift' }, '400 1101'],
    ['a label of 256 characters', { label: 'x'.repeat(256) }, '400 1101'],
    ['an unknown tenant', { tenant_id: randomUUID() }, '404 2202'],
  ])('are refused %s', async (_what, wrong, expected) => {
    const answer = await issue({ tenant_id: server.tenant.tenantId, ...wrong });
    expect(refusal(answer)).toBe(expected);
  });

  it('name the tenant where there are several', async () => {
    await server.addTenant('Third');
    expect(refusal(await issue({}))).toBe('400 1100');
  });
});
