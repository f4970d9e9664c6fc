import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { addPerson, addSite } from '#test/kit/people';

type Entry = { readonly id: string; readonly action: string; readonly collection_id: string };
type Page = { readonly items: readonly Entry[]; readonly continuation_token: string | null };

let server: TestServer;
let siteId: string;
let ownerToken: string;
beforeAll(async () => {
  server = await startTestServer();
  siteId = await addSite(server);
  const elsewhere = await addSite(server);
  for (const id of [siteId, elsewhere, siteId])
    await server.ask('PATCH', `/collections/${id}/options`, { body: { activity_log_days: 40 } });
  ownerToken = (await addPerson(server, { siteId, role: 'owner' })).token;
});
afterAll(() => server.stop());

async function page(query: string): Promise<Page> {
  const answer = await server.ask('GET', `//ext/v1/sites/${siteId}/audit_log${query}`, {
    token: ownerToken,
  });
  expect(answer.status).toBe(200);
  return answer.json as Page;
}

it('owner and admins read what the tenant has on record of their site, and of no other', async () => {
  const { items } = await page('');
  expect(items.map(({ action }) => action)).toEqual([
    'collection.update_options',
    'collection.update_options',
  ]);
  expect(new Set(items.map(({ collection_id: id }) => id))).toEqual(new Set([siteId]));
  const { json } = await server.ask('GET', `/audit_log?$filter=collection_id eq ${siteId}`);
  expect(items).toEqual((json as Page).items);
});

it('is paged by token, which fits no other list', async () => {
  const first = await page('?$top=1');
  const token = first.continuation_token ?? '';
  const second = await page(`?$top=1&continuation_token=${token}`);
  expect(second.items[0]?.id).not.toBe(first.items[0]?.id);
  const refused = await server.ask('GET', `/audit_log?$top=1&continuation_token=${token}`);
  expect(refused).toMatchObject({ status: 400, json: { ErrorCode: '1101' } });
});

it('a super user gets an empty 403', async () => {
  const { token } = await addPerson(server, { siteId, role: 'site_super_user' });
  const refused = await server.ask('GET', `//ext/v1/sites/${siteId}/audit_log`, { token });
  expect([refused.status, refused.text]).toEqual([403, '']);
});
