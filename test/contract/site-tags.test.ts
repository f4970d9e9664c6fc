import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { create, refusal } from '#test/kit/core';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { insertTag } from '#test/kit/rows';

/** Tags of a site and who has them (connect-api.md 3.5, 4.7). */
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

function ask(method: string, path: string, by = owner, site = siteId): Promise<Answer> {
  return server.ask(method, `//v1.2/sites/${site}${path}`, { token: by.token });
}

const show = async (id: string) => (await ask('GET', `/tags/${id}`)).json;
const idsOf = (answer: Answer) =>
  (answer.json as { items: { id: string }[] }).items.map(({ id }) => id);

it('a tag shows who has it and whether its key is blocked', async () => {
  const { id, tag_number } = await insertTag(server, { collection_id: siteId });
  const free = {
    id,
    blocked: false,
    creation_date: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    registration_date: expect.stringMatching(/Z$/) as string,
    tag_number,
    source_iq_id: null,
    site_user_key_id: null,
    site_user: null,
    is_pod_tag: false,
  };
  expect(await show(id)).toEqual(free);
  const key = await create(server, `/accessors/${user.accessorId}/keys`, { tag_id: id });
  const held = {
    ...free,
    site_user_key_id: key.id,
    site_user: {
      id: user.accessorId,
      user: { id: user.userId, first_name: 'Ada', last_name: 'Visser', image_url: null },
    },
  };
  expect(await show(id)).toEqual(held);
  await server.ask('PATCH', `/accessors/${user.accessorId}/keys/${key.id}`, {
    body: { blocked: true },
  });
  expect(await show(id)).toEqual({ ...held, blocked: true });
  const blocked = `/tags?$filter=blocked eq true and site_user/user/last_name eq 'visser'`;
  expect(idsOf(await ask('GET', blocked))).toEqual([id]);
});

it('a tag of an accessor without a person shows its key and nobody', async () => {
  const { id } = await insertTag(server, { collection_id: siteId });
  const accessor = await create(server, '/accessors', { collection_id: siteId });
  const key = await create(server, `/accessors/${accessor.id}/keys`, { tag_id: id });
  expect(await show(id)).toMatchObject({ site_user_key_id: key.id, site_user: null });
});

it('a tag is deleted while nobody has it', async () => {
  const { id } = await insertTag(server, { collection_id: siteId });
  const key = await create(server, `/accessors/${user.accessorId}/keys`, { tag_id: id });
  expect(refusal(await ask('DELETE', `/tags/${id}`))).toBe('403 2203');
  await server.ask('DELETE', `/accessors/${user.accessorId}/keys/${key.id}`);
  const refused = await ask('DELETE', `/tags/${id}`, user);
  expect([refused.status, refused.text]).toEqual([403, '']);
  expect((await ask('DELETE', `/tags/${id}`)).status).toBe(204);
  expect((await ask('DELETE', `/tags/${id}`)).json).toEqual({
    ErrorCode: '2202',
    Message: 'Tag not found',
  });
});

it('a tag of another site is Tag not found', async () => {
  const { id } = await insertTag(server, { collection_id: await addSite(server) });
  expect(refusal(await ask('GET', `/tags/${id}`))).toBe('404 2202');
  expect(refusal(await ask('DELETE', `/tags/${id}`))).toBe('404 2202');
  expect(refusal(await ask('GET', `/tags/${randomUUID()}`))).toBe('404 2202');
  expect(idsOf(await ask('GET', '/tags?$top=1000'))).not.toContain(id);
});

it('an ordinary user sees the own tags', async () => {
  const person = await addPerson(server, { siteId, role: 'site_user' });
  const own = await insertTag(server, { collection_id: siteId });
  const other = await insertTag(server, { collection_id: siteId });
  await create(server, `/accessors/${person.accessorId}/keys`, { tag_id: own.id });
  expect((await ask('GET', '/tags?$count=true', person)).json).toMatchObject({ count: 1 });
  expect(idsOf(await ask('GET', '/tags', person))).toEqual([own.id]);
  expect(refusal(await ask('GET', `/tags/${other.id}`, person))).toBe('404 2202');
});
