/** The programs of docs/moving.md, run as they stand there against a building of real hub software. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { partOf, readBuilding, startTestBuilding, type TestBuilding } from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { addPerson, type TestPerson } from '#test/kit/people';
import { runnableLanguages, samplesOf, startSample } from '#test/kit/samples';

let server: TestServer;
let house: TestBuilding;
let owner: TestPerson;
beforeAll(async () => {
  server = await startTestServer();
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Front door'],
  });
  house = await startTestBuilding(server, { building });
  owner = await addPerson(server, { siteId: house.collectionId, role: 'owner' });
}, 120_000);
afterAll(async () => {
  await house.stop();
  await server.stop();
});

it('has a program that can be run here', () => {
  expect(runnableLanguages.map(({ language }) => language)).toContain('ts');
});

/** What the program says; it ends by itself. */
async function said(sample: (typeof runnableLanguages)[number]): Promise<string> {
  const [text = ''] = await samplesOf('moving', sample.language);
  const running = startSample(sample, {
    text,
    env: {
      BASE_URL: server.url,
      CLIENT_ID: server.tenant.clientId,
      CLIENT_SECRET: server.tenant.clientSecret,
      USERNAME: owner.email,
      PASSWORD: owner.password,
      DOOR: 'Front door',
    },
  });
  await running.ended;
  return running.said();
}

it.each(runnableLanguages)(
  'the program in $language finds the door and opens it',
  async (language) => {
    const openings = async (): Promise<number> => {
      const { rows } = await server.database.pool.query<{ count: number }>(
        "select count(*)::int from commands where kind = 'open' and state = 'confirmed'",
      );
      return rows[0]?.count ?? 0;
    };
    const before = await openings();
    const output = await said(language);
    expect(output).toContain('Front door');
    expect(output).toMatch(/^200\b/m);
    expect(await openings()).toBe(before + 1);
  },
);

it('every address that the guide tells to change to is there', async () => {
  const ask = (method: string, path: string) => server.ask(method, `/${path}`, { token: null });
  const { json } = await ask('GET', '/.well-known/openid-configuration');
  expect(json).toMatchObject({ token_endpoint: `${server.url}/connect/token` });
  const query = `site_id=${house.collectionId}&negotiateVersion=1`;
  // Without a token an address that is there says 401, any other 404.
  for (const path of ['/v1.2/locks', '/v1.1/sites', '/v1.2/sites'])
    expect([path, (await ask('GET', path)).status]).toEqual([path, 401]);
  for (const hub of ['/v1/hub/entries', '/v1/hub/incidents'])
    expect([hub, (await ask('POST', `${hub}/negotiate?${query}`)).status]).toEqual([hub, 401]);
  const { status, json: told } = await ask('GET', '/v1.2/bridges');
  expect([status, told]).toEqual([404, expect.objectContaining({ ErrorCode: '1100' })]);
});

it('ids that the guide calls yours to choose are kept, and lead to the site of the same id', async () => {
  const id = randomUUID();
  const named = {
    id,
    customer_reference: 'Moved',
    country_code: 'NL',
    time_zone: 'Europe/Amsterdam',
  };
  expect((await server.ask('POST', '/collections', { body: named })).json).toMatchObject({ id });
  const person = randomUUID();
  expect((await server.ask('POST', '/accessors', { body: { id: person } })).json).toMatchObject({
    id: person,
  });
  const { email } = owner;
  const site = await server.ask('PUT', `//ext/v1/sites/${id}/owner`, { body: { email } });
  expect([200, 204], site.text).toContain(site.status);
  const { json } = await server.ask('GET', '//v1.2/sites', { token: owner.token });
  expect((json as { items: { id: string }[] }).items.map((one) => one.id)).toContain(id);
});
