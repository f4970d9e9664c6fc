/** The programs of docs/moving.md, run as they stand there against a building of real hub software. */
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
