import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PulledEvents } from '#contract/streamed-events';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { startOtherProcess, type OtherProcess } from '#test/kit/other-process';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import {
  addEventPlace,
  storeEntries,
  storeEntry,
  storeIncident,
  type EventPlace,
} from '#test/kit/stored-events';

let cardea: TestServer;
let other: OtherProcess;
let siteId: string;
let place: EventPlace;
let admin: TestPerson;
let user: TestPerson;
beforeAll(async () => {
  cardea = await startTestServer();
  other = await startOtherProcess(cardea);
  siteId = await addSite(cardea);
  place = await addEventPlace(cardea.database, { tenantId: cardea.tenant.tenantId, siteId });
  admin = await addPerson(cardea, { siteId, role: 'site_admin' });
  user = await addPerson(cardea, { siteId, role: 'site_user' });
});
afterAll(async () => {
  await other.stop();
  await cardea.stop();
});

const ask = (query: string, token = admin.token): Promise<Answer> =>
  cardea.ask('GET', `//ext/v1/sites/${siteId}/events?${query}`, { token });

async function pull(query: string, token?: string): Promise<PulledEvents> {
  const answer = await ask(query, token);
  expect([answer.status, answer.text.slice(0, 200)]).toEqual([200, expect.any(String)]);
  return answer.json as PulledEvents;
}

describe('the event pull (streaming.md 7)', () => {
  it('goes through everything once and in order, page by page', async () => {
    const from = (await pull('stream=entries')).cursor;
    const stored = await storeEntries(cardea.database, [
      place,
      ...Array.from({ length: 44 }, () => place),
    ]);
    await storeIncident(cardea.database, { ...place, category: 'unknown' });
    const heard: string[] = [];
    const sizes: number[] = [];
    let cursor = from;
    while (heard.length < stored.length) {
      const page = await pull(`stream=entries&cursor=${cursor}`);
      heard.push(...page.items.map(({ id }) => id));
      sizes.push(page.items.length);
      expect(page.cursor).toBe(page.items.at(-1)?.cursor);
      cursor = page.cursor;
    }
    expect(heard).toEqual(stored);
    expect(sizes).toEqual([20, 20, 5]);
    const again = await pull(`stream=entries&limit=1000&cursor=${from}`);
    expect(again.items.map(({ id }) => id)).toEqual(stored);
    expect(await pull(`stream=entries&cursor=${cursor}`)).toMatchObject({ items: [] });
  });

  it('has the members of the message, with the cursor; incidents without those of a person', async () => {
    const { cursor } = await pull('stream=incidents');
    const entryId = await storeEntry(cardea.database, { ...place, accessorId: user.accessorId });
    const incidentId = await storeIncident(cardea.database, { ...place, category: 'unknown' });
    const entries = await pull(`stream=Entries&user_id=${user.userId}&cursor=${cursor}`);
    expect(entries.items).toEqual([
      expect.objectContaining({
        id: entryId,
        user_id: user.userId,
        user_first_name: 'Ada',
        user_image_url: null,
        reject_reason: null,
        ttl_in_seconds: 7_776_000,
      }),
    ]);
    expect(Object.keys(entries.items[0] ?? {})).toHaveLength(24);
    const incidents = await pull(`stream=incidents&user_id=unread&cursor=${cursor}`);
    expect(incidents.items.map(({ id }) => id)).toEqual([incidentId]);
    expect(Object.keys(incidents.items[0] ?? {})).toHaveLength(13);
  });

  it('waits for the first event', async () => {
    const { cursor } = await pull('stream=entries');
    const waiting = pull(`stream=entries&wait=30&cursor=${cursor}`);
    const id = await storeEntry(cardea.database, place);
    other.wake(place.tenantId);
    expect((await waiting).items.map((item) => item.id)).toEqual([id]);
  });

  it('answers what is there when the server stops meanwhile', async () => {
    const server = await startTestServer();
    const site = await addSite(server);
    const { token } = await addPerson(server, { siteId: site, role: 'owner' });
    const waiting = server.ask('GET', `//ext/v1/sites/${site}/events?stream=entries&wait=30`, {
      token,
    });
    const path = `//ext/v1/sites/${site}/events?stream=entries`;
    expect((await server.ask('GET', path, { token })).status).toBe(200);
    await server.stop();
    expect([200, 503]).toContain((await waiting).status);
  }, 120_000);

  it('a user hears the own entries and nothing else', async () => {
    const own = `stream=entries&cursor=earliest&user_id=${user.userId}`;
    expect((await pull(own, user.token)).items.every((item) => item.user_id === user.userId)).toBe(
      true,
    );
    for (const query of [
      'stream=entries',
      `stream=entries&user_id=${admin.userId}`,
      `stream=incidents&user_id=${user.userId}`,
    ]) {
      const { status, text } = await ask(query, user.token);
      expect([status, text]).toEqual([403, '']);
    }
  });

  it.each([
    ['', '1100'],
    ['stream=', '1100'],
    ['stream=doors', '1101'],
    ['stream=entries&user_id=me', '1100'],
    ['stream=entries&limit=0', '1101'],
    ['stream=entries&limit=1001', '1101'],
    ['stream=entries&limit=ten', '1100'],
    ['stream=entries&wait=31', '1101'],
    ['stream=entries&wait=-1', '1101'],
    ['stream=entries&cursor=nonsense', '1101'],
  ])('%j is refused with 400 %s', async (query, code) => {
    const { status, json } = await ask(query);
    expect(status).toBe(400);
    expect(json).toMatchObject({ ErrorCode: code });
  });

  it('a site unknown to the caller is 404 2202, a token that cannot be read 401', async () => {
    const path = `//ext/v1/sites/${randomUUID()}/events?stream=entries`;
    const unknown = await cardea.ask('GET', path, { token: admin.token });
    expect([unknown.status, unknown.json]).toEqual([
      404,
      { ErrorCode: '2202', Message: 'Site not found' },
    ]);
    expect((await ask('stream=entries', 'a.b.c')).status).toBe(401);
  });
});
