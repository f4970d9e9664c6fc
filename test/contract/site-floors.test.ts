import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { createOpenGroup, refusal } from '#test/kit/core';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { insertLock } from '#test/kit/rows';

/** Floors of a site (connect-api.md 3.9, 4.11). */
let server: TestServer;
let siteId: string;
let owner: TestPerson;
let user: TestPerson;

beforeAll(async () => {
  server = await startTestServer({ settings: { ROLES: 'http' } });
  siteId = await addSite(server);
  owner = await addPerson(server, { siteId, role: 'owner' });
  user = await addPerson(server, { siteId, role: 'site_user' });
});
afterAll(async () => {
  await server.stop();
});

function ask(method: string, path: string, body?: object, by = owner): Promise<Answer> {
  return server.ask(method, `//v1.1/sites/${siteId}${path}`, {
    token: by.token,
    ...(body === undefined ? {} : { body }),
  });
}

type Floor = { readonly id: string; readonly lock_count: number };

async function floor(body: object): Promise<Floor> {
  const answer = await ask('POST', '/floors', body);
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer.json as Floor;
}

const show = async (id: string, by = owner) =>
  (await ask('GET', `/floors/${id}`, undefined, by)).json as Floor;
const lock = () => insertLock(server, { collection_id: siteId });
const idsOf = (answer: Answer) =>
  (answer.json as { items: { id: string }[] }).items.map(({ id }) => id);

it('a floor shows its name, number and how many locks are on it', async () => {
  const [first, second] = [await lock(), await lock()];
  const made = await floor({ number: 1, customer_reference: 'First', locks: [first, second] });
  expect(made).toEqual({
    id: expect.any(String) as string,
    customer_reference: 'First',
    number: 1,
    lock_count: 2,
  });
  expect(await show(made.id)).toEqual(made);
  const locks = await ask('GET', `/floors/${made.id}/locks?$orderby=id`);
  expect(idsOf(locks)).toEqual([first, second].sort());
  const [item] = (locks.json as { items: Record<string, unknown>[] }).items;
  expect(item).toMatchObject({ floor: made, offline_access_keys_count: 0 });
  expect(item).not.toHaveProperty('vendor');
});

it('a number may be on several floors, and a lock on one: adding moves it', async () => {
  const moving = await lock();
  const from = await floor({ number: 7, customer_reference: 'West', locks: [moving] });
  const to = await floor({ number: 7, customer_reference: 'East' });
  const answer = await ask('PATCH', `/floors/${to.id}`, { locks_to_add: [moving] });
  expect(answer.json).toEqual({ ...to, lock_count: 1 });
  expect(await show(from.id)).toMatchObject({ lock_count: 0 });
  const off = await ask('PATCH', `/floors/${to.id}`, {
    customer_reference: 'South',
    locks_to_remove: [moving, randomUUID()],
  });
  expect(off.json).toEqual({ ...to, customer_reference: 'South', lock_count: 0 });
});

it('a floor with locks goes only by force, and its locks stay', async () => {
  const kept = await lock();
  const { id } = await floor({ number: 2, customer_reference: 'Second', locks: [kept] });
  expect(refusal(await ask('DELETE', `/floors/${id}`))).toBe('403 2203');
  expect((await ask('DELETE', `/floors/${id}?force=true`)).status).toBe(204);
  expect(refusal(await ask('DELETE', `/floors/${id}`))).toBe('404 2202');
  expect((await server.ask('GET', `/locks/${kept}`)).json).toMatchObject({ floor: null });
});

it('a lock that is not of the site is Lock not found, and nothing is changed', async () => {
  const foreign = await insertLock(server, { collection_id: await addSite(server) });
  const { id } = await floor({ number: 3, customer_reference: 'Third' });
  const message = { ErrorCode: '2202', Message: 'Lock not found' };
  for (const wrong of [foreign, randomUUID()]) {
    const body = { number: 3, customer_reference: 'Third', locks: [wrong] };
    expect((await ask('POST', '/floors', body)).json).toEqual(message);
    const add = await ask('PATCH', `/floors/${id}`, { number: 4, locks_to_add: [wrong] });
    expect(add.json).toEqual(message);
  }
  expect(await show(id)).toMatchObject({ number: 3 });
});

it.each([
  [{ customer_reference: 'X' }, '400 1100'],
  [{ number: 1 }, '400 1100'],
  [{ number: 'one', customer_reference: 'X' }, '400 1100'],
  [{ number: 1, customer_reference: '' }, '400 1101'],
  [{ number: 1, customer_reference: 'x'.repeat(256) }, '400 1101'],
  [{ number: 1, customer_reference: 'X', locks: ['x'] }, '400 1100'],
])('a floor is not made of %j', async (body, expected) => {
  expect(refusal(await ask('POST', '/floors', body))).toBe(expected);
});

it('a floor of another site is Floor not found', async () => {
  const other = await addSite(server);
  const its = await addPerson(server, { siteId: other, role: 'owner' });
  const { id } = await floor({ number: 1, customer_reference: 'Mine' });
  for (const path of [`/floors/${id}`, `/floors/${id}/locks`]) {
    const answer = await server.ask('GET', `//v1.2/sites/${other}${path}`, { token: its.token });
    expect(answer.json).toEqual({ ErrorCode: '2202', Message: 'Floor not found' });
  }
});

it('an ordinary user sees the floors of the locks that groups give, with those locks', async () => {
  const [given, kept] = [await lock(), await lock()];
  const { id } = await floor({ number: 9, customer_reference: 'Ninth', locks: [given, kept] });
  await floor({ number: 10, customer_reference: 'Tenth', locks: [await lock()] });
  expect(refusal(await ask('GET', `/floors/${id}`, undefined, user))).toBe('404 2202');
  await createOpenGroup(server, { accessors: [user.accessorId ?? ''], locks: [given] });
  expect(idsOf(await ask('GET', '/floors', undefined, user))).toEqual([id]);
  expect(await show(id, user)).toMatchObject({ lock_count: 1 });
  expect(idsOf(await ask('GET', `/floors/${id}/locks`, undefined, user))).toEqual([given]);
  const filtered = `/floors?$filter=lock_count eq 1 and number gt 8&$count=true`;
  expect((await ask('GET', filtered, undefined, user)).json).toMatchObject({ count: 1 });
  const refused = await ask('DELETE', `/floors/${id}`, undefined, user);
  expect([refused.status, refused.text]).toEqual([403, '']);
});
