import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Building } from '#contract/building';
import { partOf, readBuilding, startTestBuilding, untilSynced } from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { freePort } from '#test/kit/ports';
import { buildProduct, untilReady, type BuiltProduct, type Program } from '#test/kit/programs';
import { startReceiver, verify, type TestReceiver } from '#test/kit/receiver';
import { insertLock } from '#test/kit/rows';
import { addEventPlace, storeEntries, type StoredEntry } from '#test/kit/stored-events';
import { until } from '#test/kit/wait';

const settings = { CARDEA_WEBHOOK_ALLOW: '127.0.0.1' };

let product: BuiltProduct;
let cardea: TestServer;
let harbour: Building;
let receiver: TestReceiver;
beforeAll(async () => {
  [product, cardea, harbour, receiver] = await Promise.all([
    buildProduct(),
    startTestServer({ settings }),
    readBuilding('harbour'),
    startReceiver(),
  ]);
}, 120_000);
afterAll(async () => {
  await product.remove();
  await cardea.stop();
  await receiver.stop();
});

async function createWebhook(siteId: string, owner: TestPerson) {
  const made = await cardea.ask('POST', `//ext/v1/sites/${siteId}/webhooks`, {
    token: owner.token,
    body: { url: receiver.url, events: ['entry'] },
  });
  if (made.status !== 200) throw new Error(made.text);
  return made.json as { readonly id: string; readonly secret: string };
}

it('a door that a person opens in the building is told to the receiver, signed', async () => {
  const house = await startTestBuilding(cardea, {
    building: partOf(harbour, { hubs: ['Ground floor hub'], locks: ['Front door'] }),
  });
  try {
    const siteId = house.collectionId;
    const owner = await addPerson(cardea, { siteId, role: 'owner' });
    const { secret } = await createWebhook(siteId, owner);
    const [card] = harbour.cards;
    await house.admit({
      tagNumber: card?.tag_number ?? '',
      locks: ['Front door'],
    });
    await untilSynced(cardea);
    await house.simulated.lock('Front door').present({
      what: { type: 'tag', tagNumber: card?.tag_number ?? '', rfidUid: null },
      heldMs: 0,
    });
    const found = await until(
      () => receiver.received.find(({ message }) => message.type === 'entry'),
      { what: 'the entry has arrived', timeoutMs: 60_000 },
    );
    expect(verify(secret, found)).toMatchObject({
      type: 'entry',
      site_id: siteId,
      replay: false,
      data: {
        event_category: 'lock_opened',
        access_by: 'tag',
        lock_id: house.lockId('Front door'),
      },
    });
    const { items } = (await cardea.ask('GET', '/entries')).json as { items: { id: string }[] };
    expect(items.map(({ id }) => id)).toContain((found.message.data as { id: string }).id);
  } finally {
    await house.stop();
  }
}, 120_000);

/** Starts a process with every part, and gives its address. */
async function startServer(): Promise<Program> {
  const port = String(await freePort());
  const program = product.start('server/main', {
    env: {
      ...settings,
      ROLES: 'http,jobs',
      DATABASE_URL: cardea.databaseUrl,
      CARDEA_HTTP_PORT: port,
      CARDEA_DATA_DIR: cardea.dataDir,
      CARDEA_DEMO: 'none',
    },
  });
  await untilReady(`http://127.0.0.1:${port}`, program);
  return program;
}

/** Lets the claims of a process that is no more end, as its 30 s would. */
async function endClaims(): Promise<void> {
  await cardea.database.pool.query(
    "update webhook_lanes set next_at = next_at - interval '30 s' where claim is not null",
  );
}

it('two processes share the work, one is killed, and every event arrives in order', async () => {
  const siteId = await addSite(cardea);
  const owner = await addPerson(cardea, { siteId, role: 'owner' });
  // Whenever this runs, the stored entries are not past their retention.
  await cardea.database.pool.query(
    'update collections set store_events_ttl_seconds = 1000000000 where id = $1',
    [siteId],
  );
  const { id: webhookId } = await createWebhook(siteId, owner);
  const place = await addEventPlace(cardea.database, { tenantId: cardea.tenant.tenantId, siteId });
  const locks = await Promise.all(
    Array.from({ length: 6 }, () => insertLock(cardea, { collection_id: siteId })),
  );
  await cardea.pause();
  const before = receiver.received.length;
  const [first, second] = await Promise.all([startServer(), startServer()]);
  // Slow enough that attempts are under way when the process is killed.
  receiver.answer(() => new Promise((resolve) => setTimeout(() => resolve({ status: 204 }), 20)));
  const entries = Array.from({ length: 600 }, (_each, index): StoredEntry => {
    const lockId = locks[index % locks.length];
    return lockId === undefined ? place : { ...place, lockId };
  });
  const [head, ...rest] = entries;
  if (head === undefined) throw new Error('no entries');
  const ids = await storeEntries(cardea.database, [head, ...rest]);
  const arrived = () => receiver.received.slice(before);
  await until(() => arrived().length > 100, { what: 'many have arrived', timeoutMs: 60_000 });
  await first.kill();
  const delivered = async (): Promise<number> => {
    const { rows } = await cardea.database.pool.query<{ count: number }>(
      "select count(*)::int as count from webhook_deliveries where webhook_id = $1 and state = 'delivered'",
      [webhookId],
    );
    return rows[0]?.count ?? 0;
  };
  await endClaims();
  // Deliveries are made of events a page at a time: that none waits does not say that there will be no more.
  await until(async () => (await delivered()) >= 600, {
    what: 'everything is delivered',
    timeoutMs: 90_000,
  });
  const { rows } = await cardea.database.pool.query<{ count: number }>(
    'select count(*)::int as count from webhook_deliveries where webhook_id = $1',
    [webhookId],
  );
  expect(rows[0]?.count).toBe(600);
  const doubles = arrived().length - 600;
  // What was under way when the process died, and what other claims were cut short beside it.
  expect(doubles).toBeGreaterThanOrEqual(0);
  expect(doubles).toBeLessThanOrEqual(60);
  for (const lockId of locks) {
    const data = arrived().map(({ message }) => message.data as { id: string; lock_id: string });
    const told = [...new Set(data.filter((each) => each.lock_id === lockId).map(({ id }) => id))];
    expect(told).toEqual(ids.filter((_id, index) => entries[index]?.lockId === lockId));
  }
  expect(await second.terminate()).toBe(0);
}, 360_000);
