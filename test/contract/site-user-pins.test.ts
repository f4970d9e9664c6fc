import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';

const now = new Date('2026-11-22T12:00:00Z');
const day = 86_400_000;
let server: TestServer;
let siteId: string;
let owner: TestPerson;
let superUser: TestPerson;
let ada: TestPerson;

beforeAll(async () => {
  server = await startTestServer({ clock: now });
  siteId = await addSite(server);
  owner = await addPerson(server, { siteId, role: 'owner' });
  superUser = await addPerson(server, { siteId, role: 'site_super_user' });
  ada = await addPerson(server, { siteId, role: 'site_user' });
});
afterAll(() => server.stop());

const ask = (
  method: string,
  path: string,
  { body, token = owner.token }: { readonly body?: unknown; readonly token?: string } = {},
): Promise<Answer> =>
  server.ask(method, `//v1.2/sites/${siteId}/users/${path}`, {
    token,
    ...(body === undefined ? {} : { body }),
  });

const rotate = (body: unknown = {}, more: { readonly id?: string | null; token?: string } = {}) =>
  ask('PUT', `${more.id ?? ada.accessorId}/pin`, {
    body,
    ...(more.token === undefined ? {} : { token: more.token }),
  });
const choose = (pin: unknown, more: { readonly id?: string | null; token?: string } = {}) =>
  ask('PUT', `${more.id ?? ada.accessorId}/pin/custom`, {
    body: { pin },
    ...(more.token === undefined ? {} : { token: more.token }),
  });

type Key = Readonly<Record<string, unknown>> & { readonly id: string };
async function keys(id = ada.accessorId): Promise<readonly Key[]> {
  const answer = await ask('GET', `${id ?? ''}/keys?$orderby=registration_date,id`);
  expect(answer.status, answer.text).toBe(200);
  return (answer.json as { items: Key[] }).items;
}

const ahead = (days: number): string => new Date(now.getTime() + days * day).toISOString();

async function suspend(id: string | null, isSuspended: boolean): Promise<void> {
  await server.database.pool.query(
    `insert into collection_settings (tenant_id, id, accessor_id, collection_id, blocked, suspended, use_pin, created_at)
     values ($1, gen_random_uuid(), $2, $3, false, $4, true, now())
     on conflict (tenant_id, accessor_id, collection_id) do update set suspended = $4`,
    [server.tenant.tenantId, id, siteId, isSuspended],
  );
}

describe('a generated PIN (connect-api.md 4.3)', () => {
  it('is a JSON string of six digits, quotes included, and is no key until it is asked for', async () => {
    expect(await keys()).toEqual([]);
    const answer = await rotate();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(answer.text).toMatch(/^"\d{6}"$/);
    expect(await keys()).toEqual([
      {
        id: expect.any(String) as string,
        key_id: expect.any(String) as string,
        key_identifier: 'pin',
        type: 'pin',
        expiry_date: null,
        registration_date: '2026-11-22T12:00:00Z',
        blocked: false,
        offline_access: false,
      },
    ]);
  });

  it('is another one when asked for again, and there is one only', async () => {
    const [before] = await keys();
    const first = (await rotate()).json;
    const second = (await rotate({ pin: '000000' })).json;
    expect(second).not.toBe(first);
    expect(second).not.toBe('000000');
    expect((await keys()).map(({ id }) => id)).toEqual([before?.id]);
  });

  it('ends when it is said to, a day to a year ahead', async () => {
    for (const days of [1, 30, 366]) {
      expect((await rotate({ expiry_date: ahead(days) })).status).toBe(200);
      const [key] = await keys();
      expect(key?.['expiry_date']).toBe(`${ahead(days).slice(0, 19)}Z`);
    }
    for (const days of [-1, 0, 0.5, 367])
      expect(refusal(await rotate({ expiry_date: ahead(days) }))).toBe('400 1101');
    expect(refusal(await rotate({ expiry_date: 'soon' }))).toBe('400 1101');
    expect(refusal(await rotate({ expiry_date: 5 }))).toBe('400 1100');
    expect((await rotate({ expiry_date: null })).status).toBe(200);
    expect((await keys())[0]?.['expiry_date']).toBeNull();
  });

  it('is told to its owner by mail without being in it', async () => {
    const pin = (await rotate()).json as string;
    const { rows } = await server.database.pool.query<{ body: string; user_id: string }>(
      `select body, user_id from messages where word = 'pin_changed' order by created_at desc limit 1`,
    );
    expect(rows[0]?.user_id).toBe(ada.userId);
    expect(rows[0]?.body).not.toContain(pin);
  });
});

describe('a chosen PIN', () => {
  it('stands beside the generated one as a pin, and goes', async () => {
    expect(await keys()).toHaveLength(1);
    expect((await choose('74185')).status).toBe(204);
    expect((await keys()).map((key) => [key['type'], key['key_identifier']])).toEqual([
      ['pin', 'pin'],
      ['pin', 'pin'],
    ]);
    for (let time = 0; time < 2; time += 1)
      expect((await ask('DELETE', `${ada.accessorId ?? ''}/pin/custom`)).status).toBe(204);
    expect(await keys()).toHaveLength(1);
  });

  it.each(['123', '123456789', '1234', '9876', '5555', 'abcde', '12a45', ''])(
    '%j is refused with 1101',
    async (pin) => {
      expect(refusal(await choose(pin))).toBe('400 1101');
    },
  );

  it('of somebody else is refused like any other, and a missing one with 1100', async () => {
    expect((await choose('86420')).status).toBe(204);
    const refused = await choose('86420', { id: superUser.accessorId });
    expect(refused.json).toEqual({ ErrorCode: '1101', Message: "Value of 'pin' is invalid." });
    expect(refusal(await ask('PUT', `${ada.accessorId ?? ''}/pin/custom`, { body: {} }))).toBe(
      '400 1100',
    );
  });

  it('needs the feature, a plan in force and the switch of the site', async () => {
    const set = (columns: string): Promise<unknown> =>
      server.database.pool.query(`update collections set ${columns} where id = $1`, [siteId]);
    await set(`features = '{pods}'`);
    expect(refusal(await choose('97531'))).toBe('403 2212');
    expect((await ask('DELETE', `${ada.accessorId ?? ''}/pin/custom`)).status).toBe(204);
    await set(`features = null, subscription_ends_at = '2026-11-01T00:00:00Z'`);
    expect(refusal(await choose('97531'))).toBe('403 2212');
    expect((await rotate()).status).toBe(200);
    await set('subscription_ends_at = null');
    const options = `//ext/v1/sites/${siteId}/options`;
    const off = { token: owner.token, body: { custom_pin_enabled: false } };
    expect((await server.ask('PATCH', options, off)).status).toBe(200);
    expect(refusal(await choose('97531'))).toBe('403 2212');
    const on = { token: owner.token, body: { custom_pin_enabled: true } };
    expect((await server.ask('PATCH', options, on)).status).toBe(200);
    expect((await choose('97531')).status).toBe(204);
  });
});

describe('who is given a PIN', () => {
  it('is nobody suspended: 2203 for both kinds', async () => {
    await suspend(ada.accessorId, true);
    expect(refusal(await rotate())).toBe('403 2203');
    expect(refusal(await choose('97531'))).toBe('403 2203');
    await suspend(ada.accessorId, false);
    expect((await rotate()).status).toBe(200);
  });

  it('is no guest whose time is over', async () => {
    await server.database.pool.query('update accessors set expires_at = $2 where id = $1', [
      ada.accessorId,
      new Date(now.getTime() - 1000),
    ]);
    expect(refusal(await rotate())).toBe('403 2203');
    await server.database.pool.query('update accessors set expires_at = null where id = $1', [
      ada.accessorId,
    ]);
  });

  it('is nobody above the caller', async () => {
    const { token } = superUser;
    expect((await rotate({}, { token })).status).toBe(200);
    expect((await rotate({}, { token, id: superUser.accessorId })).status).toBe(200);
    for (const act of [
      rotate({}, { token, id: owner.accessorId }),
      choose('97531', { token, id: owner.accessorId }),
    ])
      expect(refusal(await act)).toBe('403 2203');
    const gone = await ask('DELETE', `${owner.accessorId ?? ''}/pin/custom`, { token });
    expect(refusal(gone)).toBe('403 2203');
    expect((await rotate({}, { id: owner.accessorId })).status).toBe(200);
  });

  it('is for those who look after users to say: an empty 403 for the others', async () => {
    for (const answer of [
      await rotate({}, { token: ada.token }),
      await choose('97531', { token: ada.token }),
      await ask('DELETE', `${ada.accessorId ?? ''}/pin/custom`, { token: ada.token }),
    ])
      expect([answer.status, answer.text]).toEqual([403, '']);
  });

  it('is a user of this site: 2202 for the platform id, another site and nobody', async () => {
    const elsewhere = await addPerson(server, { siteId: await addSite(server), role: 'site_user' });
    for (const id of [ada.userId, elsewhere.accessorId, randomUUID()]) {
      const answer = await rotate({ expiry_date: 5 }, { id });
      expect(answer.json).toEqual({ ErrorCode: '2202', Message: 'User not found' });
      expect(answer.status).toBe(404);
      expect(refusal(await choose('1', { id }))).toBe('404 2202');
      expect(refusal(await ask('DELETE', `${id ?? ''}/pin/custom`))).toBe('404 2202');
    }
    expect(refusal(await rotate({}, { id: 'GB0123456789' }))).toBe('400 1100');
  });
});
