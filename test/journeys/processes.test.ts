import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Building } from '#contract/building';
import {
  partOf,
  readBuilding,
  readObject,
  startTestBuilding,
  untilCalledHome,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { create, itemsOf, refusal, type CoreObject } from '#test/kit/core';
import { freePort } from '#test/kit/ports';
import { buildProduct, untilReady, type BuiltProduct, type Program } from '#test/kit/programs';
import { until } from '#test/kit/wait';

let product: BuiltProduct;
let cardea: TestServer;
let harbour: Building;

beforeAll(async () => {
  [product, cardea, harbour] = await Promise.all([
    buildProduct(),
    startTestServer(),
    readBuilding('harbour'),
  ]);
}, 120_000);

afterAll(async () => {
  await product.remove();
  await cardea.stop();
});

function startHub(code: string, more: readonly string[] = []): Program {
  const server = `mqtts://127.0.0.1:${String(cardea.mqttPort)}`;
  const data = join(cardea.dataDir, `hub-${code.slice(0, 6)}`);
  return product.start('iq/main', {
    args: ['--server', server, '--ca', cardea.caPath, '--code', code, '--data', data, ...more],
  });
}

async function register(code: string): Promise<CoreObject> {
  await untilCalledHome(cardea, code);
  const iq = await create(cardea, '/iqs', { activation_code: code });
  await until(async () => (await readObject(cardea, `/iqs/${iq.id}`))['online'] === true, {
    what: 'the hub is online',
  });
  return iq;
}

function open(lockId: string): Promise<Answer> {
  return cardea.ask('PATCH', `/locks/${lockId}/locking`, { body: { locked_state: 'unlocked' } });
}

function untilLockIsOnline(lockId: string): Promise<unknown> {
  return until(async () => (await readObject(cardea, `/locks/${lockId}`))['online'] === true, {
    what: 'the lock is online',
    timeoutMs: 60_000,
  });
}

it('registers a hub that runs as a command, with its default driver', async () => {
  const code = 'A1B2C3000102030405060708AB';
  const hub = startHub(code);
  const iq = await register(code);
  const shown = await until(
    async () => {
      const now = await readObject(cardea, `/iqs/${iq.id}`);
      return now['data_sync_state'] === 'synced' && now['signal_strength'] === 31 && now;
    },
    { what: 'the hub has its table and has reported' },
  );
  expect(shown).toMatchObject({ state: 'active', mac: 'A1.B2.C3', restore_required: false });
  expect(await readObject(cardea, `/iqs/${iq.id}/details`)).toMatchObject({
    network_details: { ethernet: { status: 'active' } },
  });
  expect(await hub.terminate()).toBe(0);
}, 300_000);

it('loses nothing that a hub has answered for when its process is killed', async () => {
  const building = partOf(harbour, { hubs: ['Ground floor hub'], locks: ['Front door'] });
  const [hardware] = building.hubs;
  const [door] = building.locks;
  if (hardware === undefined || door === undefined) throw new Error('an empty building');
  const file = join(cardea.dataDir, 'one-door.json');
  await writeFile(file, JSON.stringify(building));
  const start = () => startHub(hardware.code, ['--building', file]);
  let hub = start();
  const iq = await register(hardware.code);
  const { id: lockId } = await create(cardea, '/locks', { activation_code: door.code });
  const tree = { iq_tree_items: [{ id: lockId, parent_id: null, hardware_type: 'lock' }] };
  expect((await cardea.ask('PUT', `/iqs/${iq.id}/tree`, { body: tree })).status).toBe(204);
  await untilLockIsOnline(lockId);
  const untilItOpens = () =>
    until(async () => (await open(lockId)).status === 200, {
      what: 'the door opens',
      timeoutMs: 60_000,
    });
  let confirmed = 0;
  for (let kill = 0; kill < 3; kill += 1) {
    await untilItOpens();
    // Killed the moment it has answered, its entry most likely not yet told.
    expect((await open(lockId)).status).toBe(200);
    confirmed += 2;
    await hub.kill();
    hub = start();
  }
  await untilItOpens();
  confirmed += 1;
  const remote = encodeURIComponent("access_by eq 'remote'");
  await until(
    async () => (await itemsOf(cardea, `/entries?$top=1000&$filter=${remote}`)).length >= confirmed,
    { what: 'every opening that was confirmed has its entry', timeoutMs: 60_000 },
  );
  const { rows } = await cardea.database.pool.query(
    `select count(*)::int as stored, count(distinct sequence)::int as sequences,
            (select count(*)::int from commands where state = 'confirmed' and kind = 'open') as confirmed
       from entries where iq_id = $1 and access_by = 'remote'`,
    [iq.id],
  );
  expect(rows).toEqual([{ stored: confirmed, sequences: confirmed, confirmed }]);
  const gap = encodeURIComponent("event_detail eq 'event_gap'");
  expect(await itemsOf(cardea, `/incidents?$filter=${gap}`)).toEqual([]);
  expect(await hub.terminate()).toBe(0);
}, 300_000);

it('opens a door through two processes that share the work, and says 3101 when nobody holds hubs', async () => {
  const house: TestBuilding = await startTestBuilding(cardea, {
    building: partOf(harbour, { hubs: ['Upstairs hub'], locks: ['Flat 1'] }),
  });
  const lockId = house.lockId('Flat 1');
  await cardea.pause();
  const shared = {
    DATABASE_URL: cardea.databaseUrl,
    CARDEA_MQTT_PORT: String(cardea.mqttPort),
    CARDEA_DATA_DIR: cardea.dataDir,
    CARDEA_DEMO: 'none',
  };
  const httpPort = new URL(cardea.url).port;
  const streamPort = String(await freePort());
  const http = product.start('server/main', {
    env: { ...shared, ROLES: 'http', CARDEA_HTTP_PORT: httpPort },
  });
  const gateway = product.start('server/main', {
    env: { ...shared, ROLES: 'gateway,stream', CARDEA_HTTP_PORT: streamPort },
  });
  await untilReady(cardea.url, http);
  await untilReady(`http://127.0.0.1:${streamPort}`, gateway);
  const opened = await until(
    async () => {
      const answer = await open(lockId);
      return answer.status === 200 && answer;
    },
    { what: 'the hub has found its gateway again', timeoutMs: 60_000 },
  );
  expect(opened.json).toMatchObject({ id: lockId, locked_state: 'locked' });
  expect(house.simulated.lock('Flat 1').isReleased).toBe(true);
  expect(await gateway.terminate()).toBe(0);
  // The database's own 15 s without a sign of life, had they passed.
  await cardea.database.pool.query(`update gateways set seen_at = seen_at - interval '15 s'`);
  expect(refusal(await open(lockId))).toBe('500 3101');
  expect(await http.terminate()).toBe(0);
  await house.stop();
}, 300_000);
