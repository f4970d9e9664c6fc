/** A building moves with its hubs: to another installation, to another tenant, from one hub to another. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { SimulatedBuilding } from '#simulator/building';
import {
  connectBuilding,
  partOf,
  readBuilding,
  readObject,
  spareHub,
  startTestBuilding,
  tag,
  untilCalledHome,
  untilSynced,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, itemsOf, refusal } from '#test/kit/core';
import { until } from '#test/kit/wait';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function server(): Promise<TestServer> {
  const started = await startTestServer();
  ends.push(() => started.stop());
  return started;
}

function keyPair() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
  };
}

async function groundFloor() {
  return partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Front door', 'Storage'],
  });
}

function pin(code: string) {
  return { what: { type: 'pin', code }, heldMs: 0 } as const;
}

async function did(building: SimulatedBuilding, door: string, shown: ReturnType<typeof tag>) {
  return (await building.lock(door).present(shown)).did;
}

async function untilOnline(at: TestServer, iqId: string, token?: string): Promise<void> {
  await until(
    async () => {
      const answer = await at.ask('GET', `/iqs/${iqId}`, token === undefined ? {} : { token });
      const iq = answer.json as { online?: boolean; state?: string; data_sync_state?: string };
      return iq.online === true && iq.state === 'active' && iq.data_sync_state === 'synced';
    },
    { what: 'the IQ is online, active and synced', timeoutMs: 60_000 },
  );
}

async function entriesOf(at: TestServer, tagNumber: string, token?: string): Promise<string[]> {
  const filter = encodeURIComponent(`access_detail eq '${tagNumber}'`);
  const answer = await at.ask(
    'GET',
    `/entries?$filter=${filter}`,
    token === undefined ? {} : { token },
  );
  return (answer.json as { items: { event_category: string }[] }).items.map(
    (entry) => entry.event_category,
  );
}

it('a building goes to another installation: its hubs follow by themselves, and every door decides as before', async () => {
  const building = await groundFloor();
  const dataDir = await mkdtemp(join(tmpdir(), 'cardea-moving-'));
  ends.push(() => rm(dataDir, { recursive: true, force: true }));
  const former = await server();
  const house = await startTestBuilding(former, { building, dataDir });
  const iqId = house.iqId('Ground floor hub');
  const always = await house.admit({ tagNumber: '00007001', locks: ['Front door'] });
  const never = await house.admit({
    tagNumber: '00007002',
    locks: ['Front door'],
    flags: { blocked: true },
  });
  const { json: code } = await former.ask('PUT', `/accessors/${always.accessorId}/pin`, {
    body: {},
  });
  await untilSynced(former);
  expect(await did(house.simulated, 'Front door', tag('00007001'))).toBe('opened');
  expect(await did(house.simulated, 'Front door', pin(String(code)))).toBe('opened');
  expect(await did(house.simulated, 'Front door', tag('00007002'))).toBe('refused');
  await until(async () => (await entriesOf(former, '00007002')).length > 0, {
    what: 'the entries are stored',
  });

  const keys = keyPair();
  const query = `events=true&public_key=${encodeURIComponent(keys.publicKey)}`;
  const exported = await former.ask('GET', `/collections/${house.collectionId}/export?${query}`);
  expect([exported.status, exported.text.slice(0, 300)]).toEqual([200, expect.any(String)]);
  await house.stop();
  await former.pause();

  const next = await server();
  const body = { kind: 'site_import', export: exported.json, private_key: keys.privateKey };
  const checked = await next.ask('POST', '/migrations', { body: { ...body, dry_run: true } });
  expect([checked.status, checked.text]).toEqual([200, expect.stringContaining('"checked"')]);
  expect(await itemsOf(next, '/collections')).toEqual([]);
  const done = await next.ask('POST', '/migrations', { body });
  expect([done.status, done.text]).toEqual([200, expect.stringContaining('"done"')]);
  const result = done.json as { id: string; id_map: unknown[]; counts: Record<string, number> };
  expect(result.id_map).toEqual([]);
  expect(result.counts).toMatchObject({ iqs: 1, locks: 2, tags: 2, keys: 3, accessors: 2 });
  expect(await readObject(next, `/migrations/${result.id}`)).toEqual(result);
  expect((await readObject(next, `/iqs/${iqId}`))['state']).toBe('initialized');

  const moved = await connectBuilding(next, { building, dataDir });
  ends.push(() => moved.stop());
  await until(
    () =>
      moved
        .hub('Ground floor hub')
        .view()
        ?.locks.every(({ online }) => online),
    {
      what: 'the locks are heard',
      timeoutMs: 60_000,
    },
  );
  expect(await did(moved, 'Front door', tag('00007001'))).toBe('opened');
  await untilOnline(next, iqId);
  expect(await did(moved, 'Front door', tag('00007001'))).toBe('opened');
  expect(await did(moved, 'Front door', pin(String(code)))).toBe('opened');
  expect(await did(moved, 'Front door', tag('00007002'))).toBe('refused');
  expect(await did(moved, 'Storage', tag('00007001'))).toBe('refused');
  await until(async () => (await entriesOf(next, '00007002')).length === 2, {
    what: 'what was and what is can be read in one list',
  });
  // Nothing is missing between what was brought and what the hub goes on telling.
  const gaps = await itemsOf(next, `/incidents?$filter=event_detail eq 'event_gap'`);
  expect(gaps).toEqual([]);

  // Rights are changed where they are now.
  const path = `/accessors/${never.accessorId}`;
  expect((await next.ask('PATCH', path, { body: { blocked: false } })).status).toBe(200);
  await until(async () => (await did(moved, 'Front door', tag('00007002'))) === 'opened', {
    what: 'the change is at the door',
  });
  const locking = { body: { locked_state: 'unlocked' } };
  const opening = await next.ask('PATCH', `/locks/${house.lockId('Front door')}/locking`, locking);
  expect([opening.status, opening.text]).toEqual([200, expect.any(String)]);
}, 120_000);

it('a hub that was reset comes to its imported IQ by its code', async () => {
  const building = await groundFloor();
  const former = await server();
  const house = await startTestBuilding(former, { building });
  const iqId = house.iqId('Ground floor hub');
  await house.admit({ tagNumber: '00007101', locks: ['Front door'] });
  await untilSynced(former);
  const exported = await former.ask('GET', `/collections/${house.collectionId}/export`);
  await house.stop();

  const next = await server();
  const body = { kind: 'site_import', export: exported.json };
  expect((await next.ask('POST', '/migrations', { body })).status).toBe(200);
  // Other data folder: the hub knows nothing of what it was.
  const fresh = await connectBuilding(next, { building });
  ends.push(() => fresh.stop());
  const [hub] = building.hubs;
  await untilCalledHome(next, hub?.code ?? '');
  expect((await readObject(next, `/iqs/${iqId}`))['state']).toBe('initialized');
  const registered = await create(next, '/iqs', { activation_code: hub?.code });
  expect(registered.id).toBe(iqId);
  await untilOnline(next, iqId);
  await until(async () => (await did(fresh, 'Front door', tag('00007101'))) === 'opened', {
    what: 'the door opens',
    timeoutMs: 60_000,
  });
}, 120_000);

it('a collection goes to another tenant while its doors go on', async () => {
  const building = await groundFloor();
  const cardea = await server();
  const house = await startTestBuilding(cardea, { building });
  ends.push(() => house.stop());
  const { simulated, collectionId } = house;
  const iqId = house.iqId('Ground floor hub');
  const person = await house.admit({ tagNumber: '00007201', locks: ['Front door'] });
  const pinPath = `/accessors/${person.accessorId}/pin`;
  const { json: code } = await cardea.ask('PUT', pinPath, { body: {} });
  await untilSynced(cardea);
  expect(await did(simulated, 'Front door', tag('00007201'))).toBe('opened');
  await until(async () => (await entriesOf(cardea, '00007201')).length === 1, {
    what: 'the entry is stored',
  });
  const other = await cardea.addTenant('Second');
  const token = await cardea.token('core_api.full', other);
  const given = await cardea.ask('POST', `/collections/${collectionId}/transfer_token`);
  expect(given.status).toBe(200);
  const { token: transfer } = given.json as { token: string };
  const body = { kind: 'site_transfer', transfer_token: transfer };

  const own = await cardea.ask('POST', '/migrations', { body });
  expect([refusal(own), own.text]).toEqual(['400 2223', expect.stringContaining('token')]);
  const dry = { body: { ...body, dry_run: true }, token };
  const seen = await cardea.ask('POST', '/migrations', dry);
  const { checks } = seen.json as { checks: { check: string; outcome: string }[] };
  const made = checks.filter(({ outcome }) => outcome !== 'not_applicable');
  expect([seen.status, made.map(({ check, outcome }) => `${check} ${outcome}`)]).toEqual([
    200,
    ['token passed', 'reference_broken passed'],
  ]);
  expect((await cardea.ask('GET', `/collections/${collectionId}`)).status).toBe(200);

  const done = await cardea.ask('POST', '/migrations', { body, token });
  expect([done.status, done.text]).toEqual([200, expect.stringContaining('"done"')]);
  for (const path of [
    `/collections/${collectionId}`,
    `/iqs/${iqId}`,
    `/locks/${house.lockId('Front door')}`,
    `/accessors/${person.accessorId}`,
    `/tags/${person.tagId}`,
  ]) {
    expect([path, (await cardea.ask('GET', path)).status]).toEqual([path, 404]);
    expect([path, (await cardea.ask('GET', path, { token })).status]).toEqual([path, 200]);
  }
  expect(await did(simulated, 'Front door', tag('00007201'))).toBe('opened');
  await untilOnline(cardea, iqId, token);
  expect(await did(simulated, 'Front door', pin(String(code)))).toBe('opened');
  expect(await did(simulated, 'Storage', tag('00007201'))).toBe('refused');
  await until(async () => (await entriesOf(cardea, '00007201', token)).length === 3, {
    what: 'the entries of before and after are the new tenant’s',
  });
  expect(await entriesOf(cardea, '00007201')).toEqual([]);
  const locking = { body: { locked_state: 'unlocked' }, token };
  const lock = `/locks/${house.lockId('Front door')}/locking`;
  expect((await cardea.ask('PATCH', lock, locking)).status).toBe(200);
  expect(refusal(await cardea.ask('PATCH', lock, { body: locking.body }))).toBe('404 1101');
  const again = await cardea.ask('POST', '/migrations', { body, token });
  expect([refusal(again), again.text]).toEqual(['400 2223', expect.stringContaining('token')]);
}, 120_000);

it('the content of one hub goes to another: each lock once by its card, then every door as before', async () => {
  const harbour = await groundFloor();
  const spare = spareHub(harbour.hubs[0], { name: 'Spare hub' });
  const building = { ...harbour, hubs: [...harbour.hubs, spare] };
  const cardea = await server();
  const house = await startTestBuilding(cardea, { building });
  ends.push(() => house.stop());
  const [from, to] = [house.iqId('Ground floor hub'), house.iqId('Spare hub')];
  await house.admit({ tagNumber: '00007301', locks: ['Front door'] });
  await untilSynced(cardea);
  const body = { kind: 'iq_content', source_iq_id: from, target_iq_id: to };
  const back = { body: { ...body, source_iq_id: to, target_iq_id: from } };
  const wrong = await cardea.ask('POST', '/migrations', back);
  expect([refusal(wrong), wrong.text]).toEqual([
    '400 2223',
    expect.stringContaining('target_not_empty'),
  ]);
  const done = await cardea.ask('POST', '/migrations', { body });
  expect([done.status, done.json]).toEqual([
    200,
    {
      id: expect.any(String),
      state: 'done',
      counts: { locks: 2, repeaters: 0, otp_activations: 0 },
      id_map: [{ old_id: from, new_id: to }],
      checks: expect.any(Array),
      rows_done: 0,
      rows_total: 0,
      is_cancel_asked: false,
    },
  ]);
  for (const name of ['Front door', 'Storage'])
    await until(
      async () => {
        const lock = await readObject(cardea, `/locks/${house.lockId(name)}`);
        const iq = lock['iq'] as { id: string } | null;
        return lock['online'] === true && lock['iq_link_state'] === 'attached' && iq?.id === to;
      },
      { what: `${name} hangs on the other hub`, timeoutMs: 60_000 },
    );
  expect(await did(house.simulated, 'Front door', tag('00007301'))).toBe('opened');
  expect(await did(house.simulated, 'Storage', tag('00007301'))).toBe('refused');
  expect((await cardea.ask('DELETE', `/iqs/${from}`)).status).toBe(204);
}, 120_000);
