import { afterAll, beforeAll, expect, it } from 'vitest';
import type { HubEvent } from '#contract/events';
import { manyHubs } from '#simulator/many-hubs';
import { startTestBuilding, type TestBuilding } from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { itemsOf } from '#test/kit/core';
import {
  buildProduct,
  untilReady,
  type BuiltProduct,
  type PreparedProgram,
} from '#test/kit/programs';
import { until } from '#test/kit/wait';

const hubs = 10;
const kills = 20;
/** Somebody leaves through every door so often. */
const pressEveryMs = 100;

let product: BuiltProduct;
/** Registers the building and is asked things; the doors' events go to the program under test, at the same address. */
let cardea: TestServer;
let house: TestBuilding;
/** What each hub wrote into its ledger, by its IQ; what of battery and radio, apart. */
const written = new Map<string, HubEvent[]>();
const conditions: string[] = [];
let presses: NodeJS.Timeout;

beforeAll(async () => {
  const begun = await Promise.all([buildProduct(), startTestServer()]);
  [product, cardea] = begun;
  house = await startTestBuilding(cardea, { building: manyHubs({ hubs }) });
  house.simulated.onEvent((hub, event) => {
    const iqId = house.iqId(hub.name);
    if (event.kind === 'lock_condition') {
      conditions.push(event.id);
      return;
    }
    written.set(iqId, [...(written.get(iqId) ?? []), event]);
  });
  await cardea.pause();
  presses = setInterval(() => {
    for (const lock of house.simulated.locks) void lock.pressHandle();
  }, pressEveryMs);
}, 120_000);

afterAll(async () => {
  clearInterval(presses);
  await house.stop();
  await product.remove();
  await cardea.stop();
});

function prepareServer(): PreparedProgram {
  return product.prepareServer({
    env: {
      DATABASE_URL: cardea.databaseUrl,
      CARDEA_HTTP_PORT: new URL(cardea.url).port,
      CARDEA_MQTT_PORT: String(cardea.mqttPort),
      CARDEA_DATA_DIR: cardea.dataDir,
      CARDEA_DEMO: 'none',
    },
  });
}

async function storedCount(): Promise<number> {
  const { rows } = await cardea.database.pool.query<{ count: string }>(
    'select count(*) from entries',
  );
  return Number(rows[0]?.count);
}

function untilMoreIsStored(): Promise<unknown> {
  let before = -1;
  return until(
    async () => {
      const count = await storedCount();
      if (before === -1) before = count;
      return count > before;
    },
    { what: 'events arrive', timeoutMs: 60_000 },
  );
}

type Stored = { readonly iq_id: string; readonly sequence: number; readonly id: string };

/** Sequence and id of what is stored of each hub, in the order of the numbers that readers follow. */
async function stored(): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await cardea.database.pool.query<Stored>(
    `select iq_id, sequence::int, id from (
       select number, iq_id, sequence, id from entries
       union all select number, iq_id, sequence, id from incidents where sequence > 0) as events
     order by number`,
  );
  const byIq = new Map<string, string[]>();
  for (const { iq_id: iqId, sequence, id } of rows)
    byIq.set(iqId, [...(byIq.get(iqId) ?? []), `${String(sequence)} ${id}`]);
  return byIq;
}

/** Lets every ledger be told to its end, then compares it with the store, event by event. */
async function expectAllStoredOnce(): Promise<void> {
  clearInterval(presses);
  await Promise.all(house.simulated.locks.map((lock) => lock.pressHandle()));
  const total = [...written.values()].reduce((sum, events) => sum + events.length, 0);
  await until(async () => (await storedCount()) >= total, {
    what: 'every event of every hub has arrived',
    timeoutMs: 60_000,
  });
  const inStore = await stored();
  expect(inStore.size).toBe(hubs);
  for (const [iqId, events] of written) {
    const ledger = events.map(({ sequence, id }) => `${String(sequence)} ${id}`);
    expect(ledger.length).toBeGreaterThan(kills);
    expect(inStore.get(iqId)).toEqual(ledger);
  }
  // Of battery and radio there is something to tell at any time: what was written by here.
  const known = [...conditions].sort();
  const storedConditions = async (): Promise<string[]> => {
    const { rows } = await cardea.database.pool.query<{ id: string }>(
      'select id from lock_conditions where id = any ($1)',
      [known],
    );
    return rows.map(({ id }) => id).sort();
  };
  await until(async () => (await storedConditions()).length >= known.length, {
    what: 'battery and radio of every lock have arrived',
  });
  expect(await storedConditions()).toEqual(known);
  const gaps = (await itemsOf(cardea, '/incidents?$top=1000')).filter(
    (incident) => incident['event_detail'] === 'event_gap',
  );
  expect(gaps).toEqual([]);
  expect((await itemsOf(cardea, '/entries?$top=1')).length).toBe(1);
}

it('loses and doubles no event when the server is killed 20 times, then asked to stop under load', async () => {
  let next = prepareServer();
  for (let kill = 0; kill < kills; kill += 1) {
    const server = next.go();
    next = prepareServer();
    await untilMoreIsStored();
    // Anywhere in the work of storing, acknowledging, welcoming.
    const moment = performance.now() + Math.random() * 300;
    await until(() => performance.now() >= moment, { what: 'the moment has come' });
    await server.kill();
  }
  const stopped = next.go();
  next = prepareServer();
  await untilMoreIsStored();
  expect(await stopped.terminate()).toBe(0);
  await untilReady(cardea.url, next.go());
  await expectAllStoredOnce();
}, 600_000);
