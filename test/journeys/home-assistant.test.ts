/** Doors in Home Assistant, over a real MQTT broker: shown, kept up to date, and opened only where that is allowed. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { Aedes } from 'aedes';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSystemClock } from '#server/runtime/clock';
import { readConfig } from '#server/runtime/config';
import { createRandomIds } from '#server/runtime/ids';
import { createCardea, type Cardea } from '#server/wire';
import { partOf, readBuilding, startTestBuilding, type TestBuilding } from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { itemsOf } from '#test/kit/core';
import { silentLog } from '#test/kit/database';
import { freePort } from '#test/kit/ports';
import { until } from '#test/kit/wait';

let broker: { readonly url: string; readonly aedes: Aedes; readonly server: Server };
let cardea: TestServer;
let house: TestBuilding;
let assistant: MqttClient;
/** The last message of each topic. */
const heard = new Map<string, string>();
const running: Cardea[] = [];

beforeAll(async () => {
  broker = await startBroker();
  cardea = await startTestServer();
  house = await startTestBuilding(cardea, {
    building: partOf(await readBuilding('harbour'), {
      hubs: ['Ground floor hub'],
      locks: ['Meeting room', 'Storage'],
    }),
  });
  assistant = await connectAsync(broker.url, { clean: true });
  assistant.on('message', (topic, payload) => heard.set(topic, payload.toString()));
  await assistant.publishAsync(leftover(), '{}', { qos: 1, retain: true });
  await assistant.publishAsync(orders(), 'OPEN', { qos: 1, retain: true });
  await assistant.subscribeAsync('#', { qos: 1 });
  // Two processes that could: one of them does.
  await startShowing('off');
  await startShowing('off');
}, 120_000);

afterAll(async () => {
  await stopShowing();
  await assistant.endAsync();
  await house.stop();
  await cardea.stop();
  broker.aedes.close();
  broker.server.close();
});

const site = (): string => house.collectionId;
const room = (): string => house.lockId('Meeting room');
const orders = (): string => `cardea/${site()}/lock/${room()}/set`;
const leftoverId = randomUUID();
const leftover = (): string => `homeassistant/lock/${site()}/${leftoverId}-lock/config`;

function said(topic: string): Record<string, unknown> | undefined {
  const text = heard.get(topic);
  return text === undefined || text === ''
    ? undefined
    : (JSON.parse(text) as Record<string, unknown>);
}

const shown = (component: string, word: string, id = room()) =>
  until(() => said(`homeassistant/${component}/${site()}/${id}-${word}/config`), {
    what: `the ${component} ${word} is there`,
  });

const untilState = (wanted: Readonly<Record<string, string>>) =>
  until(
    () => {
      const state = said(`cardea/${site()}/lock/${room()}`);
      const isThere = Object.entries(wanted).every(([name, value]) => state?.[name] === value);
      return isThere ? state : undefined;
    },
    { what: () => `the lock shows ${JSON.stringify(wanted)}` },
  );

async function openings(): Promise<number> {
  const { rows } = await cardea.database.pool.query<{ count: number }>(
    `select count(*)::int as count from commands where lock_id = $1`,
    [room()],
  );
  return rows[0]?.count ?? 0;
}

async function startBroker() {
  const aedes = await Aedes.createBroker();
  const server = createServer((socket) => aedes.handle(socket));
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { url: `mqtt://127.0.0.1:${String(port)}`, aedes, server };
}

/** Another process of the server, with the role that shows doors. */
async function startShowing(opening: 'off' | 'on'): Promise<void> {
  const made = await createCardea({
    config: readConfig({
      ROLES: 'jobs',
      CARDEA_HTTP_PORT: String(await freePort()),
      CARDEA_DATA_DIR: cardea.dataDir,
      CARDEA_DEMO: 'none',
      CARDEA_HOME_ASSISTANT_URL: broker.url,
      CARDEA_HOME_ASSISTANT_SITES: site(),
      CARDEA_HOME_ASSISTANT_OPENING: opening,
    }),
    database: cardea.serverDatabase,
    ownerDatabase: cardea.database,
    clock: createSystemClock(),
    log: silentLog(),
    ids: createRandomIds(),
  });
  running.push(made);
  await made.start();
}

async function stopShowing(): Promise<void> {
  for (const one of running.splice(0)) await one.stop();
}

describe('without leave to open', () => {
  it('a lock, its hub and its alarms appear with their names and states', async () => {
    const lock = await shown('binary_sensor', 'lock');
    expect(lock).toMatchObject({
      name: null,
      device_class: 'lock',
      state_topic: `cardea/${site()}/lock/${room()}`,
      device: { name: 'Meeting room', via_device: `cardea-${house.iqId('Ground floor hub')}` },
    });
    expect(lock).not.toHaveProperty('command_topic');
    for (const word of ['online', 'battery_low', 'left_open', 'intrusion'])
      expect((await shown('binary_sensor', word))['unique_id']).toBe(`cardea-${room()}-${word}`);
    const hub = await shown('binary_sensor', 'online', house.iqId('Ground floor hub'));
    expect(hub).toMatchObject({ device_class: 'connectivity', device: { model: 'IQ' } });
    await untilState({ online: 'ON', state: 'LOCKED', unlocked: 'OFF', intrusion: 'OFF' });
    expect(heard.get(`cardea/${site()}/status`)).toBe('online');
  });

  it('what is no longer there is taken away', async () => {
    await until(() => heard.get(leftover()) === '', { what: 'the leftover is gone' });
  });

  it('an alarm and its end are seen at once', async () => {
    const lock = house.simulated.lock('Meeting room');
    await lock.openDoor();
    await untilState({ intrusion: 'ON' });
    await lock.closeDoor();
    await untilState({ intrusion: 'OFF' });
  });

  it('nobody opens a door by the broker', async () => {
    await assistant.publishAsync(orders(), 'OPEN', { qos: 1 });
    // Office mode by the API goes the same way later, so that the order was passed over by then.
    await cardea.ask('PATCH', `/locks/${room()}/locking`, {
      body: { locked_state: 'office_mode' },
    });
    await untilState({ state: 'UNLOCKED', unlocked: 'ON' });
    await cardea.ask('PATCH', `/locks/${room()}/locking`, { body: { locked_state: 'locked' } });
    await untilState({ state: 'LOCKED', unlocked: 'OFF' });
    expect(await openings()).toBe(2);
  });
});

describe('with leave to open', () => {
  beforeAll(async () => {
    await stopShowing();
    await until(() => heard.get(`cardea/${site()}/status`) === 'offline', {
      what: 'the end is told',
    });
    await startShowing('on');
    await startShowing('on');
  }, 120_000);

  it('the sensor gives way to a lock, which opens once and is in the audit log by its name', async () => {
    const lock = await shown('lock', 'lock');
    expect(lock).toMatchObject({ command_topic: orders(), payload_open: 'OPEN' });
    await until(
      () => heard.get(`homeassistant/binary_sensor/${site()}/${room()}-lock/config`) === '',
      {
        what: 'the sensor is gone',
      },
    );
    await until(() => heard.get(`cardea/${site()}/status`) === 'online', { what: 'it is back' });
    const before = await openings();
    await assistant.publishAsync(orders(), 'OPEN', { qos: 1 });
    const record = await until(
      async () => {
        const items = await itemsOf(cardea, `/audit_log?$filter=client_id eq 'home-assistant'`);
        return items.at(-1);
      },
      { what: 'the opening is in the audit log' },
    );
    expect(record).toMatchObject({
      action: 'lock.locking',
      object_id: room(),
      outcome: 'ok',
      user_id: null,
    });
    const entry = await until(
      async () => {
        const items = await itemsOf(cardea, '/entries');
        return items.find((item) => item['event_category'] === 'lock_opened');
      },
      { what: 'the entry is there' },
    );
    expect(entry).toMatchObject({ access_by: 'remote', lock_id: room() });
    // Neither the other process nor the order that the broker kept has opened it too.
    expect(await openings()).toBe(before + 1);
  });
});
