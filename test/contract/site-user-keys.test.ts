import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { createOpenGroup, refusal } from '#test/kit/core';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { insertIq, insertLock, insertTag } from '#test/kit/rows';

let server: TestServer;
let siteId: string;
let iqId: string;
let owner: TestPerson;
let superUser: TestPerson;
let ada: TestPerson;
/** Made anew for each test. */
let tagNumber: string;
let tagId: string;
let keyId: string;

type Key = Readonly<Record<string, unknown>> & { readonly id: string };

const ask = (
  method: string,
  path: string,
  { body, token = owner.token }: { readonly body?: unknown; readonly token?: string } = {},
): Promise<Answer> =>
  server.ask(method, `//v1.1/sites/${siteId}${path}`, {
    token,
    ...(body === undefined ? {} : { body }),
  });
const keysOf = (person: TestPerson): string => `/users/${person.accessorId ?? ''}/keys`;
const change = (body: unknown, token = owner.token): Promise<Answer> =>
  ask('PATCH', `${keysOf(ada)}/${keyId}`, { body, token });

async function giveTag(
  person: TestPerson,
): Promise<{ keyId: string; tagId: string; number: string }> {
  const tag = await insertTag(server, { collection_id: siteId });
  const made = await server.ask('POST', `/accessors/${person.accessorId ?? ''}/keys`, {
    body: { tag_id: tag.id },
  });
  expect(made.status, made.text).toBe(200);
  return { keyId: (made.json as Key).id, tagId: tag.id, number: tag.tag_number };
}

async function lockIn(collection: string, more: object = {}): Promise<string> {
  return insertLock(server, {
    collection_id: collection,
    iq_id: iqId,
    iq_link_state: 'attached',
    ...more,
  });
}

const offlineKeysOf = async (lockId: string): Promise<readonly string[]> => {
  const answer = await ask('GET', `/locks/${lockId}/offline_keys`);
  expect(answer.status, answer.text).toBe(200);
  return (answer.json as { items: Key[] }).items.map(({ id }) => id);
};

beforeAll(async () => {
  server = await startTestServer();
  siteId = await addSite(server);
  iqId = await insertIq(server, { collection_id: siteId });
  owner = await addPerson(server, { siteId, role: 'owner' });
  superUser = await addPerson(server, { siteId, role: 'site_super_user' });
});
afterAll(() => server.stop());
beforeEach(async () => {
  ada = await addPerson(server, { siteId, role: 'site_user' });
  ({ keyId, tagId, number: tagNumber } = await giveTag(ada));
});

describe('the keys of a user', () => {
  it('show everything of a tag', async () => {
    const answer = await ask('GET', keysOf(ada));
    expect(answer.json).toEqual({
      items: [
        {
          id: keyId,
          key_id: tagId,
          key_identifier: tagNumber,
          type: 'tag',
          expiry_date: null,
          registration_date: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
          blocked: false,
          offline_access: false,
        },
      ],
      next_page_link: null,
      count: null,
    });
  });

  it('are of every kind, a plate being one that Connect does not know', async () => {
    await server.ask('POST', `/accessors/${ada.accessorId ?? ''}/license_plates`, {
      token: await server.token('hardware_api'),
      body: { license_plate: `AB${String(Date.now()).slice(-6)}` },
    });
    await ask('PUT', `/users/${ada.accessorId ?? ''}/pin`);
    const { items } = (await ask('GET', `${keysOf(ada)}?$orderby=type`)).json as { items: Key[] };
    expect(items.map((key) => key['type'])).toEqual(['pin', 'tag', 'unknown']);
    const tags = await ask('GET', `${keysOf(ada)}?$filter=type eq 'tag' and blocked eq false`);
    expect((tags.json as { items: Key[] }).items.map(({ id }) => id)).toEqual([keyId]);
  });

  it('are filtered and ordered by any member', async () => {
    const { items } = (await ask('GET', keysOf(ada))).json as { items: Key[] };
    for (const member of Object.keys(items[0] ?? {})) {
      expect((await ask('GET', `${keysOf(ada)}?$orderby=${member}`)).status, member).toBe(200);
      const filtered = await ask('GET', `${keysOf(ada)}?$filter=${member} ne null`);
      expect(filtered.status, member).toBe(200);
    }
    expect(refusal(await ask('GET', `${keysOf(ada)}?$filter=accessor_id ne null`))).toBe(
      '400 1102',
    );
  });

  it('are seen by oneself and by those who see everything', async () => {
    expect((await ask('GET', keysOf(ada), { token: ada.token })).status).toBe(200);
    expect((await ask('GET', keysOf(ada), { token: superUser.token })).status).toBe(200);
    const other = await addPerson(server, { siteId, role: 'site_user' });
    const hidden = await ask('GET', keysOf(ada), { token: other.token });
    expect(hidden.json).toEqual({ ErrorCode: '2202', Message: 'User not found' });
  });
});

describe('a key is blocked', () => {
  it('and let in again by whoever looks after people', async () => {
    const blocked = await change({ blocked: true }, superUser.token);
    expect(blocked.status, blocked.text).toBe(200);
    expect(blocked.json).toMatchObject({ id: keyId, blocked: true });
    expect((await change({}, superUser.token)).json).toMatchObject({ blocked: true });
    expect((await change({ blocked: null }, superUser.token)).json).toMatchObject({
      blocked: true,
    });
    const free = await change({ blocked: 'false' }, superUser.token);
    expect(free.json).toMatchObject({ blocked: false });
  });

  it('by its owner, who cannot let it in again', async () => {
    expect((await change({ blocked: true }, ada.token)).json).toMatchObject({ blocked: true });
    const again = await change({ blocked: false }, ada.token);
    expect([again.status, again.text]).toEqual([403, '']);
    expect((await change({ blocked: false })).json).toMatchObject({ blocked: false });
  });

  it('also where the Core face blocked it for the site', async () => {
    const place = `/accessors/${ada.accessorId ?? ''}/collection_settings`;
    const setting = await server.ask('POST', place, { body: { collection_id: siteId } });
    expect(setting.status, setting.text).toBe(200);
    const settings = `${place}/${siteId}/key_settings`;
    const made = await server.ask('POST', settings, {
      body: { accessor_key_id: keyId, blocked: true },
    });
    expect(made.status, made.text).toBe(200);
    const shown = await ask('GET', `${keysOf(ada)}?$filter=blocked eq true`);
    expect((shown.json as { items: Key[] }).items.map(({ id }) => id)).toEqual([keyId]);
    expect((await change({ blocked: false })).json).toMatchObject({ blocked: false });
  });

  it('with a record of what was before and after', async () => {
    await change({ blocked: true });
    const { rows } = await server.database.pool.query<{ action: string; user_id: string }>(
      `select action, user_id from audit_log where object_id = $1 order by number desc limit 1`,
      [keyId],
    );
    expect(rows).toEqual([{ action: 'key.update', user_id: owner.userId }]);
  });
});

describe('a key that opens offline', () => {
  it('is on every lock of its owner’s groups, and on none when that ends', async () => {
    const [first, second] = [await lockIn(siteId), await lockIn(siteId)];
    const stranger = await lockIn(siteId);
    await createOpenGroup(server, { accessors: [ada.accessorId ?? ''], locks: [first, second] });
    const answer = await change({ offline_access: true });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json).toMatchObject({ offline_access: true, blocked: false });
    for (const lock of [first, second]) expect(await offlineKeysOf(lock)).toContain(keyId);
    expect(await offlineKeysOf(stranger)).not.toContain(keyId);
    expect((await change({ blocked: false })).json).toMatchObject({ offline_access: true });
    expect((await change({ offline_access: false })).json).toMatchObject({ offline_access: false });
    for (const lock of [first, second]) expect(await offlineKeysOf(lock)).not.toContain(keyId);
  });

  it('leaves its locks when it is blocked', async () => {
    const lock = await lockIn(siteId);
    await createOpenGroup(server, { accessors: [ada.accessorId ?? ''], locks: [lock] });
    await change({ offline_access: true });
    await change({ blocked: true }, ada.token);
    expect(await offlineKeysOf(lock)).not.toContain(keyId);
  });

  it('is refused with 2205 for a PIN, a blocked key and a full lock, and nothing has changed', async () => {
    await ask('PUT', `/users/${ada.accessorId ?? ''}/pin`);
    const { items } = (await ask('GET', `${keysOf(ada)}?$filter=type eq 'pin'`)).json as {
      items: Key[];
    };
    const pin = `${keysOf(ada)}/${items[0]?.id ?? ''}`;
    expect(refusal(await ask('PATCH', pin, { body: { offline_access: true } }))).toBe('400 2205');
    expect(refusal(await change({ blocked: true, offline_access: true }))).toBe('400 2205');
    const shown = (await ask('GET', `${keysOf(ada)}?$filter=type eq 'tag'`)).json;
    expect(shown).toMatchObject({ items: [{ blocked: false, offline_access: false }] });
    const full = await lockIn(siteId, { offline_key_limit: 0 });
    await createOpenGroup(server, { accessors: [ada.accessorId ?? ''], locks: [full] });
    expect(refusal(await change({ offline_access: true }))).toBe('400 2205');
    expect((await ask('GET', `${keysOf(ada)}?$filter=type eq 'tag'`)).json).toEqual(shown);
  });

  it('is for those who look after hardware to say', async () => {
    for (const token of [superUser.token, ada.token]) {
      const answer = await change({ offline_access: true }, token);
      expect([answer.status, answer.text]).toEqual([403, '']);
    }
  });
});

describe('is refused', () => {
  it('to others than its owner and those who look after people, with an empty 403', async () => {
    const other = await addPerson(server, { siteId, role: 'site_user' });
    const answer = await change({ blocked: true }, other.token);
    expect([answer.status, answer.text]).toEqual([403, '']);
  });

  it('with 2203 for somebody above the caller', async () => {
    const own = await giveTag(owner);
    const path = `${keysOf(owner)}/${own.keyId}`;
    const answer = await ask('PATCH', path, { body: { blocked: true }, token: superUser.token });
    expect(refusal(answer)).toBe('403 2203');
  });

  it('with 2202 for an unknown user, the platform id, and a key of nobody or somebody else', async () => {
    for (const id of [randomUUID(), ada.userId])
      expect(refusal(await ask('GET', `/users/${id}/keys`))).toBe('404 2202');
    const other = await giveTag(await addPerson(server, { siteId, role: 'site_user' }));
    for (const id of [randomUUID(), other.keyId]) {
      const answer = await ask('PATCH', `${keysOf(ada)}/${id}`, { body: { blocked: 'maybe' } });
      expect(answer.json).toEqual({ ErrorCode: '2202', Message: 'Key not found' });
    }
    expect(refusal(await change({ blocked: 'maybe' }))).toBe('400 1100');
  });
});
