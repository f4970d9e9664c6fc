import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { UpdateResponse } from '#contract/firmware-updates';
import { writeCatalogue, type CatalogueOrder } from '#server/jobs/demo-catalogue';
import { catalogueFiles } from '#server/runtime/update-catalogue';
import { createMovableClock } from '#simulator/clock';
import type { SimulatedHub } from '#simulator/hub';
import {
  partOf,
  readBuilding,
  readObject,
  startTestBuilding,
  tag,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { until } from '#test/kit/wait';

const doors = ['Front door', 'Meeting room', 'Storage', 'Office'];
const published = new Date('2026-03-01T09:00:00Z');
/** An image that is longer under way than a few requests, also on a busy machine, which slows both. */
const slow = () => ({ content: randomBytes(6 * 1024 * 1024) });

/** Time of the building; it runs, and is moved past the patience of its hub. */
const clock = createMovableClock();
let folder: string;
let cardea: TestServer;
let house: TestBuilding;
let hub: SimulatedHub;
let iq: string;
/** Versions go up from test to test, so that none depends on another. */
let minor = 1;
let version: string;

const maker = makerKey();
const stranger = makerKey();

function makerKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cardea-catalogue-'));
  cardea = await startTestServer({ settings: { CARDEA_UPDATE_CATALOGUE: folder } });
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: doors,
  });
  house = await startTestBuilding(cardea, { building, clock, firmwareKey: maker.publicKey });
  hub = house.simulated.hub('Ground floor hub');
  iq = house.iqId('Ground floor hub');
  await house.admit({ tagNumber: '00007502', locks: ['Front door'] });
  await untilSynced(cardea);
}, 120_000);

afterAll(async () => {
  await house.stop();
  await cardea.stop();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  minor += 1;
  version = `9.${String(minor)}.0`;
  await publish();
  await until(async () => (await listed(`state eq 'running'`)).length === 0, {
    what: 'no update runs',
    timeoutMs: 60_000,
  });
  for (const name of doors)
    house.simulated.firmwareOf(house.simulated.lock(name)).failToStart(false);
  hub.firmware.failToStart(false);
  await until(async () => (await readObject(cardea, `/iqs/${iq}`))['online'] === true, {
    what: 'the hub is shown online',
  });
  for (const name of doors)
    await until(
      async () => (await readObject(cardea, `/locks/${house.lockId(name)}`))['online'] === true,
      { what: `${name} is shown online` },
    );
}, 120_000);

function modelOf(name: string): string {
  return house.simulated.firmwareOf(house.simulated.lock(name)).model;
}

function lockImage(name: string, more: Partial<CatalogueOrder> = {}): CatalogueOrder {
  return {
    hardware_type: 'lock',
    model: modelOf(name),
    component: 'firmware',
    version,
    content: randomBytes(450 * 1024),
    publishedAt: published,
    isWithdrawn: false,
    ...more,
  };
}

function hubImage(more: Partial<CatalogueOrder> = {}): CatalogueOrder {
  return {
    ...lockImage('Front door'),
    hardware_type: 'iq',
    model: 'IQ-2',
    component: 'router_firmware',
    ...more,
  };
}

function publish(...orders: readonly CatalogueOrder[]): Promise<void> {
  return writeCatalogue(folder, { privateKey: maker.privateKey, orders });
}

async function listed(filter: string): Promise<UpdateResponse[]> {
  const path = `/updates?$filter=${encodeURIComponent(filter)}`;
  const { items } = (await readObject(cardea, path)) as { items: UpdateResponse[] };
  return items;
}

/** The update of one device to the version of this test, as soon as its hardware has said what it runs. */
function offer(hardwareId: string): Promise<UpdateResponse> {
  return until(
    async () => (await listed(`hardware_id eq ${hardwareId} and version eq '${version}'`))[0],
    { what: 'the update is listed' },
  );
}

function apply({ id }: Pick<UpdateResponse, 'id'>): Promise<Answer> {
  return cardea.ask('POST', `/updates/${id}/apply`);
}

async function begin(hardwareId: string): Promise<UpdateResponse> {
  const answer = await apply(await offer(hardwareId));
  expect(answer.status).toBe(200);
  return answer.json as UpdateResponse;
}

function untilState(hardwareId: string, state: UpdateResponse['state']): Promise<UpdateResponse> {
  return until(
    async () => {
      const found = await offer(hardwareId);
      return found.state === state ? found : undefined;
    },
    { what: `the update is ${state}`, timeoutMs: 60_000 },
  );
}

function open(name: string): Promise<Answer> {
  return cardea.ask('PATCH', `/locks/${house.lockId(name)}/locking`, {
    body: { locked_state: 'unlocked' },
  });
}

async function audited(action: string, id: string): Promise<unknown[]> {
  const { rows } = await cardea.database.pool.query<{ outcome: string }>(
    'select outcome from audit_log where tenant_id = $1 and action = $2 and object_id = $3',
    [cardea.tenant.tenantId, action, id],
  );
  return rows.map(({ outcome }) => outcome);
}

describe('firmware updates', () => {
  it('are listed for hubs and locks that run an older version, and for no other tenant', async () => {
    await publish(
      hubImage(),
      lockImage('Front door'),
      lockImage('Front door', { version: '1.0.0' }),
      lockImage('Front door', { model: 'Another lock' }),
      lockImage('Front door', { version: `10.${String(minor)}.0`, isWithdrawn: true }),
    );
    const lockId = house.lockId('Front door');
    expect(await offer(lockId)).toMatchObject({
      hardware_type: 'lock',
      hardware_id: lockId,
      component: 'firmware',
      version,
      state: 'available',
      published_at: '2026-03-01T09:00:00Z',
      started_at: null,
      finished_at: null,
      message: null,
    });
    expect(await offer(iq)).toMatchObject({ hardware_type: 'iq', component: 'router_firmware' });
    expect(await listed(`version eq '10.${String(minor)}.0'`)).toEqual([]);
    const other = await cardea.addTenant('Other');
    const token = await cardea.token('core_api.full', other);
    const empty = await cardea.ask('GET', '/updates', { token });
    expect((empty.json as { items: unknown[] }).items).toEqual([]);
    const { id } = await offer(lockId);
    expect((await cardea.ask('POST', `/updates/${id}/apply`, { token })).status).toBe(404);
  });

  it('reach a lock through its hub, which refuses commands meanwhile and opens by tag', async () => {
    await publish(lockImage('Front door', slow()));
    const lockId = house.lockId('Front door');
    const running = await begin(lockId);
    expect(running).toMatchObject({ state: 'running', message: null });
    expect(running.started_at).not.toBeNull();
    expect(refusal(await apply(running))).toBe('400 2207');
    expect(refusal(await open('Front door'))).toBe('403 3103');
    expect(await house.simulated.lock('Front door').present(tag('00007502'))).toEqual({
      did: 'opened',
      decidedBy: 'hub',
    });
    const installed = await untilState(lockId, 'installed');
    expect(installed).toMatchObject({ current_version: version, message: null });
    expect(installed.finished_at).not.toBeNull();
    const lock = house.simulated.lock('Front door');
    expect(house.simulated.firmwareOf(lock).version('firmware')).toBe(version);
    expect((await open('Front door')).status).toBe(200);
    expect(refusal(await apply(installed))).toBe('400 2207');
    expect(await audited('update.apply', lockId)).toContain('ok');
    expect(await audited('update.install', lockId)).toContain('ok');
  });

  it('of a hub show blue light, end with its restart, and are in its software versions', async () => {
    await publish(hubImage(slow()));
    await begin(iq);
    await until(() => hub.light === 'blink_blue_every_second', { what: 'the light is blue' });
    expect(refusal(await open('Storage'))).toBe('403 3103');
    expect(refusal(await cardea.ask('POST', `/iqs/${iq}/reset`))).toBe('403 3103');
    expect(refusal(await cardea.ask('DELETE', `/iqs/${iq}`))).toBe('400 2209');
    const boot = hub.view()?.boot ?? 0;
    await untilState(iq, 'installed');
    expect(hub.view()?.boot).toBeGreaterThan(boot);
    await until(() => hub.light === 'green_blink_every_5_min', { what: 'the light is as ever' });
    const versions = await readObject(cardea, `/iqs/${iq}/software_versions`);
    expect(versions).toMatchObject({
      router_firmware_version: version,
      node_firmware_version: '3.9.0',
    });
  });

  it('go back to the former version when hub or lock does not start with the new one', async () => {
    await publish(hubImage(), lockImage('Storage'));
    const lock = house.simulated.firmwareOf(house.simulated.lock('Storage'));
    const [hubBefore, lockBefore] = [
      hub.firmware.version('router_firmware'),
      lock.version('firmware'),
    ];
    hub.firmware.failToStart(true);
    lock.failToStart(true);
    await begin(iq);
    expect((await untilState(iq, 'failed')).message).toContain('former version');
    await begin(house.lockId('Storage'));
    expect((await untilState(house.lockId('Storage'), 'failed')).message).toContain('former');
    expect(hub.firmware.version('router_firmware')).toBe(hubBefore);
    expect(lock.version('firmware')).toBe(lockBefore);
    expect(await audited('update.fail', iq)).toContain('failed');
    lock.failToStart(false);
    await begin(house.lockId('Storage'));
    await untilState(house.lockId('Storage'), 'installed');
  });

  it('signed by another maker are refused by the hardware', async () => {
    const lockId = house.lockId('Meeting room');
    await writeCatalogue(folder, {
      privateKey: stranger.privateKey,
      orders: [lockImage('Meeting room')],
    });
    const before = house.simulated.firmwareOf(house.simulated.lock('Meeting room'));
    const running = before.version('firmware');
    await begin(lockId);
    expect((await untilState(lockId, 'failed')).message).toContain('not signed by the maker');
    expect(before.version('firmware')).toBe(running);
  });

  it('wait for their turn while the share of the tenant that may be updated is', async () => {
    await publish(lockImage('Front door', slow()), lockImage('Storage'), lockImage('Office'));
    await offer(house.lockId('Office'));
    const first = await begin(house.lockId('Front door'));
    const second = await begin(house.lockId('Office'));
    expect(first.started_at).not.toBeNull();
    expect(second).toMatchObject({ state: 'running', started_at: null });
    expect((await open('Office')).status).toBe(200);
    const [ended, waited] = [
      await untilState(house.lockId('Front door'), 'installed'),
      await untilState(house.lockId('Office'), 'installed'),
    ];
    expect(Date.parse(waited.started_at ?? '')).toBeGreaterThanOrEqual(
      Date.parse(ended.finished_at ?? ''),
    );
  });

  it('go on where they stopped when hub and server are stopped in the middle', async () => {
    await publish(lockImage('Meeting room', { content: randomBytes(8 * 1024 * 1024) }));
    const lockId = house.lockId('Meeting room');
    await begin(lockId);
    await until(() => hub.light === 'blink_blue_every_second', { what: 'the hub has the update' });
    await hub.pullPlug();
    await cardea.pause();
    await hub.plugIn();
    await cardea.resume();
    await untilState(lockId, 'installed');
  }, 120_000);

  it('are refused when withdrawn, when a newer one is offered, and when the hardware is offline', async () => {
    const lockId = house.lockId('Front door');
    await publish(lockImage('Front door'));
    const known = await offer(lockId);
    await publish(lockImage('Front door', { isWithdrawn: true }));
    expect(refusal(await apply(known))).toBe('400 2207');
    await publish(
      lockImage('Front door'),
      lockImage('Front door', { version: `9.${String(minor)}.5` }),
    );
    expect(refusal(await apply(known))).toBe('400 2207');
    await publish(lockImage('Front door'));
    const lock = house.simulated.firmwareOf(house.simulated.lock('Front door'));
    const before = lock.version('firmware');
    const door = house.simulated.lock('Front door');
    const shown = async () => (await readObject(cardea, `/locks/${lockId}`))['online'];
    door.outOfRange();
    await clock.move(61_000);
    await until(async () => (await shown()) === false, { what: 'the lock is missed' });
    expect(refusal(await apply(known))).toBe('400 2207');
    expect(lock.version('firmware')).toBe(before);
    await clock.move(-61_000);
    await door.backInRange();
    await until(async () => (await shown()) === true, { what: 'the lock is back' });
    expect(refusal(await apply({ id: crypto.randomUUID() }))).toBe('404 1101');
  });

  it('stop when three devices have failed: the others keep what they run', async () => {
    const same = doors.filter((name) => modelOf(name) === modelOf('Office'));
    await publish(...new Map(doors.map((name) => [modelOf(name), lockImage(name)])).values());
    expect(same.length).toBeGreaterThan(0);
    // Three failures of the same image, of devices that this small house does not have.
    const known = await offer(house.lockId('Office'));
    await cardea.database.pool.query(
      `with made as (
         insert into locks (tenant_id, id, mac, code, vendor_reference, created_at)
         select $1, gen_random_uuid(), n::text, 'FAIL' || $4 || n, 'sallis', now() from generate_series(1, 3) n returning id)
       insert into firmware_updates (tenant_id, lock_id, component, model, current_version, version, published_at, firmware, file, state)
       select $1, made.id, 'firmware', $2, '1.0.0', $3, now(), '{}', 'x', 'failed' from made`,
      [cardea.tenant.tenantId, modelOf('Office'), version, String(minor)],
    );
    expect(refusal(await apply(known))).toBe('400 2207');
  });

  it('answer 3010 when the catalogue is missing, malformed or not signed by its maker', async () => {
    await publish(lockImage('Front door'));
    const { id } = await offer(house.lockId('Front door'));
    const index = await readFile(join(folder, catalogueFiles.index), 'utf8');
    for (const broken of [index.replace(version, '99.0.0'), '{', '']) {
      await writeFile(join(folder, catalogueFiles.index), broken);
      expect((await cardea.ask('GET', '/updates')).json).toMatchObject({ ErrorCode: '3010' });
      expect(refusal(await apply({ id }))).toBe('500 3010');
    }
    await rm(join(folder, catalogueFiles.index));
    expect((await cardea.ask('GET', '/updates')).status).toBe(500);
  });
});
