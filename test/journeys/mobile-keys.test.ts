import { afterAll, beforeAll, expect, it } from 'vitest';
import { createControl } from '#simulator/control';
import { Phone, signBy } from '#simulator/phones';
import {
  readBuilding,
  readObject,
  startTestBuilding,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, itemsOf, refusal } from '#test/kit/core';
import { apiOf, enrolPhone, farAhead, signerOf } from '#test/kit/phones';
import { freePort } from '#test/kit/ports';
import { until } from '#test/kit/wait';

let cardea: TestServer;
let house: TestBuilding;
let tags = 2_000;

beforeAll(async () => {
  cardea = await startTestServer();
  house = await startTestBuilding(cardea, { building: await readBuilding('harbour') });
}, 120_000);

afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

type Entry = Readonly<Record<string, unknown>>;

/** Somebody who may use these locks at any time. */
function somebody(...locks: readonly string[]) {
  tags += 1;
  return house.admit({ tagNumber: String(tags).padStart(8, '0'), locks });
}

/** The entries of phones at a lock. */
function entriesAt(lock: string): Promise<Entry[]> {
  const filter = `lock_id eq ${house.lockId(lock)} and access_by eq 'mkey'`;
  return itemsOf(cardea, `/entries?$top=1000&$filter=${filter}`);
}

/** Waits for an entry of a phone at a lock. */
function entryAt(lock: string, is: (entry: Entry) => boolean): Promise<Entry> {
  return until(async () => (await entriesAt(lock)).find(is), { what: 'the entry can be read' });
}

async function certificateStates(): Promise<Record<string, string>> {
  const { items } = (await readObject(cardea, '/tenant/certificate')) as {
    items: { iq_id: string; state: string }[];
  };
  return Object.fromEntries(items.map(({ iq_id, state }) => [iq_id, state]));
}

async function untilOnline(hub: string, online: boolean): Promise<void> {
  await until(
    async () => (await readObject(cardea, `/iqs/${house.iqId(hub)}`))['online'] === online,
    { what: `${hub} is ${online ? 'online' : 'offline'}`, timeoutMs: 60_000 },
  );
}

it('gives every hub the tenant certificate when it is registered', async () => {
  const states = await certificateStates();
  expect(Object.values(states)).toEqual(house.simulated.hubs.map(() => 'synced'));
});

it('opens a door for a phone, and the entry says so', async () => {
  const { accessorId } = await somebody('Front door');
  const { phone } = await enrolPhone(cardea, { accessorId });
  await untilSynced(cardea);
  const door = house.simulated.lock('Front door');
  await expect(phone.showTo(door)).resolves.toEqual({ did: 'opened', decidedBy: 'hub' });
  expect(await entryAt('Front door', (entry) => entry['accessor_id'] === accessorId)).toMatchObject(
    {
      event_category: 'lock_opened',
      access_by: 'mkey',
      access_detail: '',
      reject_reason: null,
    },
  );
});

it('opens for a phone while the server is away', async () => {
  const { accessorId } = await somebody('Front door');
  const { phone } = await enrolPhone(cardea, { accessorId });
  await untilSynced(cardea);
  await cardea.pause();
  await expect(phone.showTo(house.simulated.lock('Front door'))).resolves.toMatchObject({
    did: 'opened',
  });
  await cardea.resume();
  await untilOnline('Ground floor hub', true);
  await untilOnline('Upstairs hub', true);
});

it('refuses a phone that was taken away, as soon as the hub has heard of it', async () => {
  const { accessorId } = await somebody('Front door');
  const { phone, path } = await enrolPhone(cardea, { accessorId });
  await untilSynced(cardea);
  const door = house.simulated.lock('Front door');
  await expect(phone.showTo(door)).resolves.toMatchObject({ did: 'opened' });
  // Entries come in order: those of before are all here.
  await entryAt('Front door', (entry) => entry['accessor_id'] === accessorId);
  const known = new Set((await entriesAt('Front door')).map(({ id }) => id));
  expect((await cardea.ask('DELETE', path)).status).toBe(204);
  await untilSynced(cardea);
  const revoked = [
    ...(house.simulated.hub('Ground floor hub').view()?.table?.revoked.keys() ?? []),
  ];
  expect(revoked).toHaveLength(2);
  await expect(phone.showTo(door)).resolves.toMatchObject({ did: 'refused' });
  expect(await entryAt('Front door', ({ id }) => !known.has(id))).toMatchObject({
    event_category: 'lock_rejected',
    event_detail: 'no_access',
    accessor_id: null,
    reject_reason: 'unknown_credential',
  });
});

it('refuses the former certificate once its renewal is signed, and opens for the new one', async () => {
  const { accessorId } = await somebody('Front door');
  const { phone, path, renew } = await enrolPhone(cardea, { accessorId });
  const door = house.simulated.lock('Front door');
  await cardea.ask('PUT', `${path}/certificate`, {
    body: { public_key: phone.publicKey, expiry_date: '2049-01-01' },
  });
  await untilSynced(cardea);
  await expect(phone.showTo(door)).resolves.toMatchObject({ did: 'opened' });
  expect(await readObject(cardea, path)).toMatchObject({ state: 'activated' });
  const before = phone.answer;
  const place = { bytes: new Uint8Array(32), iqId: '', collectionId: house.collectionId };
  const former = await before(place);
  await renew('2049-01-01');
  await untilSynced(cardea);
  await expect(phone.showTo(door)).resolves.toMatchObject({ did: 'opened' });
  const old = (challenge: Parameters<Phone['answer']>[0]) =>
    phone
      .answer(challenge)
      .then((proof) => proof && { ...proof, certificate: former?.certificate ?? '' });
  await expect(door.presentPhone(old)).resolves.toMatchObject({ did: 'refused' });
});

it('refuses a signature that is not of this challenge', async () => {
  const { accessorId } = await somebody('Front door');
  const { phone } = await enrolPhone(cardea, { accessorId });
  await untilSynced(cardea);
  const recorded = await phone.answer({
    bytes: new Uint8Array(32),
    iqId: '',
    collectionId: house.collectionId,
  });
  const door = house.simulated.lock('Front door');
  await expect(door.presentPhone(async () => recorded)).resolves.toMatchObject({ did: 'refused' });
  await expect(phone.showTo(door)).resolves.toMatchObject({ did: 'opened' });
});

it('refuses the phone of a blocked key and says whose it is', async () => {
  const { accessorId } = await somebody('Front door');
  const { phone } = await enrolPhone(cardea, { accessorId });
  const keys = await itemsOf(cardea, `/accessors/${accessorId}/keys`);
  const key = keys.find(({ key_type }) => key_type === 'mkey');
  await cardea.ask('PATCH', `/accessors/${accessorId}/keys/${key?.id}`, {
    body: { blocked: true },
  });
  await untilSynced(cardea);
  await expect(phone.showTo(house.simulated.lock('Front door'))).resolves.toMatchObject({
    did: 'refused',
  });
  const entry = await entryAt('Front door', (one) => one['accessor_id'] === accessorId);
  expect(entry).toMatchObject({ event_detail: 'blocked', reject_reason: 'key_blocked' });
});

it("refuses another tenant's phone", async () => {
  const stranger = await cardea.addTenant('Stranger');
  const token = await cardea.token('core_api.full', stranger);
  const made = await cardea.ask('POST', '/accessors', { body: {}, token });
  const { phone } = await enrolPhone(cardea, {
    accessorId: (made.json as { id: string }).id,
    tenant: stranger,
  });
  await expect(phone.showTo(house.simulated.lock('Front door'))).resolves.toMatchObject({
    did: 'refused',
  });
});

it('activates a phone while its hub is away, and the door follows when the hub is back', async () => {
  const hub = house.simulated.hub('Ground floor hub');
  const { accessorId } = await somebody('Front door');
  await untilSynced(cardea);
  hub.setLink('cut');
  await untilOnline('Ground floor hub', false);
  const { phone } = await enrolPhone(cardea, { accessorId });
  const door = house.simulated.lock('Front door');
  await expect(phone.showTo(door)).resolves.toMatchObject({ did: 'refused' });
  hub.setLink('up');
  await untilOnline('Ground floor hub', true);
  await untilSynced(cardea);
  await expect(phone.showTo(door)).resolves.toMatchObject({ did: 'opened' });
}, 120_000);

it('opens by its lock alone where new phones get offline access', async () => {
  await cardea.ask('PATCH', `/collections/${house.collectionId}/options`, {
    body: { offline_access_for_new_mobile_keys: true },
  });
  const { accessorId } = await somebody('Front door');
  const { phone, path } = await enrolPhone(cardea, { accessorId });
  const other = await enrolPhone(cardea, { accessorId: (await somebody('Office')).accessorId });
  await untilSynced(cardea);
  const door = house.simulated.lock('Front door');
  await until(() => door.offlineKeys > 0, { what: 'the lock holds the key' });
  door.outOfRange();
  await expect(phone.showTo(door)).resolves.toEqual({ did: 'opened', decidedBy: 'lock' });
  await expect(other.phone.showTo(door)).resolves.toEqual({ did: 'refused', decidedBy: 'lock' });
  await door.backInRange();
  expect((await cardea.ask('DELETE', path)).status).toBe(204);
  await until(() => door.offlineKeys === 0, { what: 'the lock has forgotten the key' });
  door.outOfRange();
  await expect(phone.showTo(door)).resolves.toEqual({ did: 'refused', decidedBy: 'lock' });
  await door.backInRange();
  await cardea.ask('PATCH', `/collections/${house.collectionId}/options`, {
    body: { offline_access_for_new_mobile_keys: false },
  });
});

it('makes a key per IQ where the collection asks for that', async () => {
  const { accessorId } = await somebody('Front door', 'Flat 2');
  const { phone, path } = await enrolPhone(cardea, { accessorId });
  await cardea.ask('PATCH', `/collections/${house.collectionId}`, { body: { sync_mkey: false } });
  expect(refusal(await cardea.ask('GET', `${path}/mkey`))).toBe('400 1100');
  const api = await apiOf(cardea);
  await phone.fetchKey({ api, path, query: `?iq_id=${house.iqId('Ground floor hub')}` });
  await cardea.ask('PATCH', `/collections/${house.collectionId}`, { body: { sync_mkey: true } });
  await untilSynced(cardea);
  await expect(phone.showTo(house.simulated.lock('Front door'))).resolves.toMatchObject({
    did: 'opened',
  });
  await expect(phone.showTo(house.simulated.lock('Flat 2'))).resolves.toMatchObject({
    did: 'refused',
  });
});

it('rotates the certificate: a hub that is away is told of, trusts the former one, and follows on its return', async () => {
  const { accessorId } = await somebody('Front door', 'Flat 2');
  const signer = await signerOf(cardea);
  const { phone, path, renew } = await enrolPhone(cardea, { accessorId, signer });
  await untilSynced(cardea);
  const [ground, upstairs] = [house.iqId('Ground floor hub'), house.iqId('Upstairs hub')];
  house.simulated.hub('Upstairs hub').setLink('cut');
  await untilOnline('Upstairs hub', false);

  const rotated = await cardea.ask('POST', '/tenant/certificate');
  expect(rotated.status).toBe(200);
  const { items } = rotated.json as { items: { iq_id: string }[] };
  expect(items).toHaveLength(2);
  expect(items).toEqual(
    expect.arrayContaining([
      { iq_id: ground, state: 'synced', ErrorCode: null, Message: null },
      {
        iq_id: upstairs,
        state: 'failed',
        ErrorCode: '2211',
        Message: 'Tenant Certificate Sync failed for Iq',
      },
    ]),
  );
  const incidents = await itemsOf(
    cardea,
    `/incidents?$filter=event_category eq 'unknown' and event_detail eq 'certificate_sync_failed'`,
  );
  expect(incidents.map(({ iq_id }) => iq_id)).toEqual([upstairs]);

  const doors = ['Front door', 'Flat 2'].map((name) => house.simulated.lock(name));
  for (const door of doors)
    await expect(phone.showTo(door)).resolves.toMatchObject({ did: 'opened' });
  const { phone: newer } = await enrolPhone(cardea, { accessorId, signer });
  await until(async () => (await newer.showTo(doors[0] ?? neverADoor())).did === 'opened', {
    what: 'the hub that is here knows the new phone',
  });

  house.simulated.hub('Upstairs hub').setLink('up');
  await untilOnline('Upstairs hub', true);
  await until(async () => (await certificateStates())[upstairs] === 'synced', {
    what: 'the returned hub has the certificate',
  });
  await until(async () => refusal(await cardea.ask('GET', `${path}/mkey`)) === '403 2203', {
    what: 'the former certificate is over',
  });
  await untilSynced(cardea);
  for (const door of doors) {
    await expect(phone.showTo(door)).resolves.toMatchObject({ did: 'refused' });
    await expect(newer.showTo(door)).resolves.toMatchObject({ did: 'opened' });
  }
  await renew();
  await untilSynced(cardea);
  for (const door of doors)
    await expect(phone.showTo(door)).resolves.toMatchObject({ did: 'opened' });
}, 120_000);

it('lets a person with curl hold a phone to a simulated door', async () => {
  const control = createControl(house.simulated);
  const url = await control.listen({ port: await freePort(), host: '127.0.0.1' });
  const call = async (method: string, path: string, body: object) => {
    const answer = await fetch(`${url}${path}`, { method, body: JSON.stringify(body) });
    const json = (await answer.json()) as Record<string, unknown>;
    return { status: answer.status, body: json };
  };
  const made = await call('POST', '/phones', { name: 'mine' });
  const { accessorId } = await somebody('Front door');
  const { id } = await create(cardea, `/accessors/${accessorId}/devices`);
  const path = `/accessors/${accessorId}/devices/${id}`;
  const begun = await cardea.ask('POST', `${path}/certificate`, {
    body: { public_key: made.body['public_key'], expiry_date: farAhead },
  });
  const { certificate_data } = begun.json as { certificate_data: string };
  const signature = await signBy(await signerOf(cardea), certificate_data);
  const finished = await cardea.ask('PATCH', `${path}/certificate`, { body: { signature } });
  const key = await cardea.ask('GET', `${path}/mkey`);
  const kept = { ...(finished.json as object), ...(key.json as object) };
  expect((await call('PUT', '/phones/mine', kept)).body).toMatchObject({ name: 'mine', keys: 1 });
  await untilSynced(cardea);
  expect((await call('POST', '/locks/Front door/phone', { phone: 'mine' })).body).toMatchObject({
    did: 'opened',
    decided_by: 'hub',
    events: [{ category: 'lock_opened', access_by: 'mkey', accessor_id: accessorId }],
  });
  const unknown = await call('POST', '/locks/Front door/phone', { phone: 'yours' });
  expect(unknown).toMatchObject({ status: 404, body: { known: ['mine'] } });
  await call('POST', '/phones', { name: 'other' });
  expect((await call('PUT', '/phones/other', kept)).status).toBe(400);
  await control.close();
});

it('warns where the hub of an accessor lacks the certificate', async () => {
  const { accessorId } = await somebody('Front door');
  const signer = await signerOf(cardea);
  const { id } = await create(cardea, `/accessors/${accessorId}/devices`);
  house.simulated.hub('Ground floor hub').setLink('cut');
  await untilOnline('Ground floor hub', false);
  expect((await cardea.ask('POST', '/tenant/certificate')).status).toBe(200);
  const path = `/accessors/${accessorId}/devices/${id}/certificate`;
  const { publicKey } = new Phone('late');
  const body = { public_key: publicKey, expiry_date: '2050-01-01' };
  const begun = await cardea.ask('POST', path, { body });
  const { certificate_data } = begun.json as { certificate_data: string };
  const signature = await signBy(signer, certificate_data);
  const finished = await cardea.ask('PATCH', path, { body: { signature } });
  expect(finished.status).toBe(200);
  const warning = finished.headers.get('clp-warning');
  expect(warning).toContain(`certificate_sync_failed; iq=${house.iqId('Ground floor hub')}`);
  house.simulated.hub('Ground floor hub').setLink('up');
  await untilOnline('Ground floor hub', true);
}, 120_000);

it('refuses a phone whose certificate is over', async () => {
  const { accessorId } = await somebody('Front door');
  const inTwoHours = new Date(house.simulated.clock.now().getTime() + 2 * 3_600_000);
  const { phone } = await enrolPhone(cardea, {
    accessorId,
    expiryDate: inTwoHours.toISOString(),
  });
  await untilSynced(cardea);
  const door = house.simulated.lock('Front door');
  await expect(phone.showTo(door)).resolves.toMatchObject({ did: 'opened' });
  await house.simulated.clock.move(3 * 3_600_000);
  await expect(phone.showTo(door)).resolves.toMatchObject({ did: 'refused' });
  const isOver = (entry: Entry) =>
    entry['accessor_id'] === accessorId && entry['event_category'] === 'lock_rejected';
  expect(await entryAt('Front door', isOver)).toMatchObject({
    event_detail: 'expired',
    reject_reason: 'key_expired',
  });
});

function neverADoor(): never {
  throw new Error('the building has a door');
}
