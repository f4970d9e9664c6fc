import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { create, refusal } from '#test/kit/core';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';

/** Repeaters of a site (connect-api.md 3.5); in a tree they are in site-iqs.test.ts. */
let server: TestServer;
let siteId: string;
let owner: TestPerson;

beforeAll(async () => {
  server = await startTestServer({ settings: { ROLES: 'http' } });
  siteId = await addSite(server);
  owner = await addPerson(server, { siteId, role: 'owner' });
});
afterAll(async () => {
  await server.stop();
});

function ask(method: string, path: string, body?: object, by = owner): Promise<Answer> {
  return server.ask(method, `//v1.2/sites/${siteId}/repeaters${path}`, {
    token: by.token,
    ...(body === undefined ? {} : { body }),
  });
}

const freshCode = () => randomBytes(7).toString('hex');
const post = (body: object) => ask('POST', '', body);

it('a repeater is registered, renamed and removed', async () => {
  const code = freshCode();
  const made = await post({ customer_reference: 'Stairs', activation_code: code });
  const shown = {
    id: expect.any(String) as string,
    customer_reference: 'Stairs',
    mac: code.toUpperCase(),
    online: false,
    iq_link_state: 'detached',
    iq: null,
    parent_repeater: null,
    communication_type: 'blue_net',
  };
  expect(made.json).toEqual(shown);
  const { id } = made.json as { id: string };
  const renamed = await ask('PATCH', `/${id}`, { customer_reference: 'Attic' });
  expect(renamed.json).toEqual({ ...shown, customer_reference: 'Attic' });
  expect((await ask('GET', `/${id}`)).json).toEqual(renamed.json);
  const found = await ask('GET', `?$filter=iq/id eq null and customer_reference eq 'attic'`);
  expect((found.json as { items: unknown[] }).items).toEqual([renamed.json]);
  expect((await ask('DELETE', `/${id}`)).status).toBe(204);
  expect((await ask('DELETE', `/${id}`)).json).toEqual({
    ErrorCode: '2202',
    Message: 'Repeater not found',
  });
});

it.each([
  [{ activation_code: '014FCA0A000071' }, '400 1100'],
  [{ customer_reference: 'R' }, '400 1100'],
  [{ customer_reference: '', activation_code: '014FCA0A000071' }, '400 1101'],
  [{ customer_reference: 'R', activation_code: 'short' }, '400 1501'],
  [{ customer_reference: 'R', activation_code: '' }, '400 1501'],
])('a repeater is not registered by %j', async (body, expected) => {
  expect(refusal(await post(body))).toBe(expected);
});

it('a code is used once', async () => {
  const activation_code = freshCode();
  expect((await post({ customer_reference: 'One', activation_code })).status).toBe(200);
  expect(refusal(await post({ customer_reference: 'Two', activation_code }))).toBe('400 1501');
});

it('a repeater of another site of the tenant is not found', async () => {
  const { id } = await create(server, '/repeaters', { activation_code: freshCode() });
  for (const [method, body] of [
    ['GET', undefined],
    ['PATCH', { customer_reference: 'Mine' }],
    ['DELETE', undefined],
  ] as const)
    expect([method, refusal(await ask(method, `/${id}`, body))]).toEqual([method, '404 2202']);
  expect(refusal(await ask('GET', `/${randomUUID()}`))).toBe('404 2202');
});

it('super users see repeaters, admins write them, ordinary users do neither', async () => {
  const status = async (role: 'site_admin' | 'site_super_user' | 'site_user') => {
    const by = await addPerson(server, { siteId, role });
    const body = { customer_reference: 'R', activation_code: freshCode() };
    return [(await ask('GET', '', undefined, by)).status, (await ask('POST', '', body, by)).status];
  };
  expect(await status('site_admin')).toEqual([200, 200]);
  expect(await status('site_super_user')).toEqual([200, 403]);
  expect(await status('site_user')).toEqual([403, 403]);
});
