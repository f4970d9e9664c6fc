import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Building } from '#contract/building';
import { createMovableClock } from '#simulator/clock';
import type { SimulatedBuilding } from '#simulator/building';
import {
  connectBuilding,
  partOf,
  readBuilding,
  readObject,
  tag,
  untilCalledHome,
  untilSynced,
} from '#test/kit/building';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { create, createOpenGroup, refusal } from '#test/kit/core';
import { until } from '#test/kit/wait';

const clock = createMovableClock();
let cardea: TestServer;
/** One hub and two doors; the installer comes when he is called. */
let plan: Building;
let code = '';
let house: SimulatedBuilding;
const others: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  cardea = await startTestServer({ clock });
  const harbour = await readBuilding('harbour');
  const hubs = ['Ground floor hub'];
  plan = { ...partOf(harbour, { hubs, locks: ['Front door', 'Storage'] }), installer: 'manual' };
  code = plan.hubs[0]?.code ?? '';
  house = await connectBuilding(cardea, { building: plan });
}, 120_000);

afterEach(async () => {
  for (const other of others.splice(0)) await other.stop();
});

afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

function post(activationCode: string, more: object = {}): Promise<Answer> {
  return cardea.ask('POST', '/iqs', { body: { activation_code: activationCode, ...more } });
}

function untilIq(id: string, members: Readonly<Record<string, unknown>>): Promise<unknown> {
  return untilShows(`/iqs/${id}`, members);
}

function untilShows(path: string, members: Readonly<Record<string, unknown>>): Promise<unknown> {
  return until(
    async () => {
      const shown = await readObject(cardea, path);
      return Object.entries(members).every(([member, value]) => shown[member] === value);
    },
    { what: `${path} shows ${JSON.stringify(members)}` },
  );
}

async function putTree(iq: string, locks: readonly string[]): Promise<Answer> {
  const items = locks.map((id) => ({ id, parent_id: null, hardware_type: 'lock' }));
  return cardea.ask('PUT', `/iqs/${iq}/tree`, { body: { iq_tree_items: items } });
}

/** Registers the hub; the former journey has left it wiped. */
async function register(more: object = {}): Promise<string> {
  await untilCalledHome(cardea, code);
  const answer = await until(
    async () => {
      const given = await post(code, more);
      return given.status === 200 && given;
    },
    { what: 'the hub can be registered' },
  );
  const { id } = answer.json as { id: string };
  await untilIq(id, { online: true });
  return id;
}

async function registerLock(name: string): Promise<string> {
  const hardware = plan.locks.find((lock) => lock.name === name);
  return (await create(cardea, '/locks', { activation_code: hardware?.code })).id;
}

async function remove(path: string): Promise<void> {
  const answer = await cardea.ask('DELETE', path);
  expect([path, answer.status]).toEqual([path, 204]);
}

describe('an activation code', () => {
  it('claims the hub it is printed on, in any writing, once', async () => {
    await untilCalledHome(cardea, code);
    const written = `${code.slice(0, 6)}-${code.slice(6, 16)}.${code.slice(16)}`.toLowerCase();
    const answer = await post(written, { customer_reference: 'Hall', time_zone: 'Europe/Madrid' });
    expect([answer.status, answer.json]).toMatchObject([
      200,
      { state: 'active', mac: '03.E4.AD', subscribed: true, time_zone: 'Europe/Madrid' },
    ]);
    const { id } = answer.json as { id: string };
    await untilIq(id, { online: true, data_sync_state: 'synced' });
    expect(house.hubs[0]?.view()?.iqId).toBe(id);
    expect(refusal(await post(code))).toBe('400 1501');
    await remove(`/iqs/${id}`);
  });

  it('is 1501 when it is malformed, unknown or of a lock, and 1100 when it is missing', async () => {
    for (const wrong of ['12345', 'FFFFFF00000000000000000000', plan.locks[0]?.code ?? ''])
      expect([wrong, refusal(await post(wrong))]).toEqual([wrong, '400 1501']);
    expect(refusal(await cardea.ask('POST', '/iqs', { body: {} }))).toBe('400 1100');
  });

  it('is 2208 while its hub was never in contact', async () => {
    const imported = 'ABCDEF0102030405060708090A';
    await cardea.database.pool.query(
      `insert into factory_hubs (hub_id, code_hash, mac)
       values (gen_random_uuid(), encode(sha256(convert_to($1, 'UTF8')), 'hex'), 'AB.CD.EF')`,
      [imported],
    );
    expect(refusal(await post(imported))).toBe('400 2208');
  });

  it('is 2208 when the hub refuses, as it still holds the doors of another server', async () => {
    const elsewhere = await startTestServer();
    others.push(elsewhere);
    const building = partOf(await readBuilding('harbour'), { hubs: ['Upstairs hub'], locks: [] });
    const dataDir = join(cardea.dataDir, 'moved');
    const before = await connectBuilding(elsewhere, { building, dataDir });
    const [hub] = building.hubs;
    await untilCalledHome(elsewhere, hub?.code ?? '');
    const { id } = await create(elsewhere, '/iqs', { activation_code: hub?.code });
    await until(
      async () => (await readObject(elsewhere, `/iqs/${id}`))['data_sync_state'] === 'synced',
      { what: 'the hub holds a table' },
    );
    await before.stop();
    const after = await connectBuilding(cardea, { building, dataDir });
    others.push(after);
    await untilCalledHome(cardea, hub?.code ?? '');
    expect(refusal(await post(hub?.code ?? ''))).toBe('400 2208');
    expect(after.hubs[0]?.view()?.iqId).toBe(id);
  });
});

describe('a hub that is deleted', () => {
  it('keeps its code to itself until it is wiped, then starts anew', async () => {
    const hub = house.hub('Ground floor hub');
    const first = await register();
    await untilIq(first, { data_sync_state: 'synced' });
    hub.setLink('cut');
    await remove(`/iqs/${first}`);
    expect(refusal(await cardea.ask('GET', `/iqs/${first}`))).toBe('404 1101');
    expect(refusal(await post(code))).toBe('400 2208');
    hub.setLink('up');
    await until(() => hub.view()?.iqId === null, { what: 'the hub is wiped', timeoutMs: 60_000 });
    const second = await register();
    expect(second).not.toBe(first);
    expect(hub.view()?.iqId).toBe(second);
    await remove(`/iqs/${second}`);
  });
});

describe('a hub in installation', () => {
  it('attaches locks and lets its people in, but opens nothing from afar until it is released', async () => {
    const iq = await register({ is_installation: true });
    expect(await readObject(cardea, `/iqs/${iq}`)).toMatchObject({ state: 'installation' });
    const door = await registerLock('Front door');
    expect((await putTree(iq, [door])).status).toBe(204);
    await showCard('Front door', 'attached');
    await untilShows(`/locks/${door}`, { online: true });
    const open = () =>
      cardea.ask('PATCH', `/locks/${door}/locking`, { body: { locked_state: 'unlocked' } });
    expect(refusal(await open())).toBe('403 3103');
    expect(
      (await cardea.ask('PATCH', `/iqs/${iq}`, { body: { is_installation: false } })).status,
    ).toBe(200);
    expect(await readObject(cardea, `/iqs/${iq}`)).toMatchObject({ state: 'active' });
    expect((await open()).status).toBe(200);
    await detach(door, 'Front door');
    await remove(`/locks/${door}`);
    await remove(`/iqs/${iq}`);
  });
});

describe('the maintenance card', () => {
  it('ends both pending states, and until then the door goes on as before', async () => {
    const iq = await register();
    const [door, storage] = [await registerLock('Front door'), await registerLock('Storage')];
    expect(await house.lock('Front door').showMaintenanceCard()).toBe('waiting');
    expect((await putTree(iq, [door, storage])).status).toBe(204);
    for (const id of [door, storage])
      await untilShows(`/locks/${id}`, { iq_link_state: 'attached_pending', online: false });
    await showCard('Front door', 'attached');
    await showCard('Storage', 'attached');
    for (const id of [door, storage])
      await untilShows(`/locks/${id}`, { iq_link_state: 'attached', online: true });
    expect(await house.lock('Front door').showMaintenanceCard()).toBe('online');
    expect(refusal(await putTree(iq, [storage]))).toBe('400 2204');
    expect(refusal(await cardea.ask('DELETE', `/locks/${door}`))).toBe('403 2203');
    expect(refusal(await cardea.ask('DELETE', `/iqs/${iq}`))).toBe('400 2209');

    await admit(door);
    expect((await house.lock('Front door').present(tag('00006001'))).did).toBe('opened');
    expect((await cardea.ask('PATCH', `/locks/${door}/detach`, { body: {} })).json).toMatchObject({
      iq_link_state: 'detached_pending',
    });
    expect((await house.lock('Front door').present(tag('00006001'))).did).toBe('opened');
    await untilSynced(cardea);
    await showCard('Front door', 'detached');
    await untilShows(`/locks/${door}`, { iq_link_state: 'detached', online: false, iq: null });
    expect((await house.lock('Front door').present(tag('00006001'))).did).not.toBe('opened');
    expect((await putTree(iq, [storage])).status).toBe(204);

    house.hub('Ground floor hub').setLink('cut');
    await clock.move(20_000);
    await untilIq(iq, { online: false });
    const forced = `/locks/${storage}/detach`;
    expect(refusal(await cardea.ask('PATCH', forced, { body: {} }))).toBe('400 3105');
    expect((await cardea.ask('PATCH', forced, { body: { force: true } })).json).toMatchObject({
      iq_link_state: 'detached',
      iq: null,
    });
    house.hub('Ground floor hub').setLink('up');
    await until(() => house.hub('Ground floor hub').view()?.locks.length === 0, {
      what: 'the hub has dropped the lock',
    });
    await remove(`/locks/${storage}`);
    await remove(`/locks/${door}`);
    await remove(`/iqs/${iq}`);
  });
});

describe('a repeater', () => {
  it('joins by its button and carries its lock, and leaves with the tree, without a button', async () => {
    const part = partOf(await readBuilding('harbour'), {
      hubs: ['Upstairs hub'],
      locks: ['Flat 1'],
    });
    // Not the hub that another server's doors are in.
    const newCode = '03E4C00102030405060708090A';
    const hubs = part.hubs.map((hub) => ({ ...hub, code: newCode }));
    const building: Building = { ...part, hubs, installer: 'manual' };
    const dataDir = join(cardea.dataDir, 'upstairs');
    const upstairs = await connectBuilding(cardea, { building, dataDir });
    others.push(upstairs);
    const [repeater, lock] = [building.repeaters[0], building.locks[0]];
    await untilCalledHome(cardea, newCode);
    const { id: iq } = await create(cardea, '/iqs', { activation_code: newCode });
    await untilIq(iq, { online: true });
    const { id: repeaterId } = await create(cardea, '/repeaters', {
      activation_code: repeater?.code,
    });
    const { id: lockId } = await create(cardea, '/locks', { activation_code: lock?.code });
    const tree = [
      { id: repeaterId, parent_id: null, hardware_type: 'repeater' },
      { id: lockId, parent_id: repeaterId, hardware_type: 'lock' },
    ];
    const put = (items: readonly object[]) =>
      cardea.ask('PUT', `/iqs/${iq}/tree`, { body: { iq_tree_items: items } });
    expect((await put(tree)).status).toBe(204);
    await untilSynced(cardea);
    await upstairs.repeater('Stairwell repeater').pressReset();
    await untilShows(`/repeaters/${repeaterId}`, { iq_link_state: 'attached', online: true });
    expect(await upstairs.lock('Flat 1').showMaintenanceCard()).toBe('attached');
    await untilShows(`/locks/${lockId}`, { iq_link_state: 'attached', online: true });
    expect(refusal(await put([]))).toBe('400 2204');
    expect((await cardea.ask('PATCH', `/locks/${lockId}/detach`, { body: {} })).status).toBe(200);
    await untilSynced(cardea);
    expect(await upstairs.lock('Flat 1').showMaintenanceCard()).toBe('detached');
    await untilShows(`/locks/${lockId}`, { iq_link_state: 'detached' });
    expect((await put([])).status).toBe(204);
    await untilShows(`/repeaters/${repeaterId}`, { iq_link_state: 'detached', iq_id: null });
    await remove(`/repeaters/${repeaterId}`);
    await remove(`/locks/${lockId}`);
    await remove(`/iqs/${iq}`);
  });
});

async function showCard(lock: string, light: string): Promise<void> {
  await until(async () => (await house.lock(lock).showMaintenanceCard()) === light, {
    what: `the card makes ${lock} show ${light}`,
  });
}

async function detach(id: string, name: string): Promise<void> {
  expect((await cardea.ask('PATCH', `/locks/${id}/detach`, { body: {} })).status).toBe(200);
  await untilSynced(cardea);
  await showCard(name, 'detached');
  await untilShows(`/locks/${id}`, { iq_link_state: 'detached' });
}

/** Somebody with the tag 00006001 may always pass this door. */
async function admit(lockId: string): Promise<void> {
  const { id } = await create(cardea, '/accessors');
  const { rows } = await cardea.database.pool.query<{ id: string }>(
    `insert into tags (tenant_id, id, tag_number, added_date, registration_date, created_at)
     values ($1, gen_random_uuid(), '00006001', now(), now(), now()) returning id`,
    [cardea.tenant.tenantId],
  );
  await create(cardea, `/accessors/${id}/keys`, { tag_id: rows[0]?.id });
  await createOpenGroup(cardea, { accessors: [id], locks: [lockId] });
  await untilSynced(cardea);
}
