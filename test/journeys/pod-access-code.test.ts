/** Somebody without an account: types the code of a pod, gives a name, opens the door by phone, and is gone (identity.md 4). */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Phone } from '#simulator/phones';
import {
  partOf,
  readBuilding,
  startTestBuilding,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { addPerson, type TestPerson } from '#test/kit/people';
import { atSite, type AtTestSite } from '#test/kit/site';
import { until } from '#test/kit/wait';

let cardea: TestServer;
let house: TestBuilding;
let member: TestPerson;
let asOwner: AtTestSite;
let asMember: AtTestSite;
let pod: string;

beforeAll(async () => {
  cardea = await startTestServer();
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Front door', 'Storage'],
  });
  house = await startTestBuilding(cardea, { building });
  const siteId = house.collectionId;
  asOwner = atSite(cardea, { siteId, person: await addPerson(cardea, { siteId, role: 'owner' }) });
  member = await addPerson(cardea, { siteId, role: 'site_user' });
  asMember = atSite(cardea, { siteId, person: member });
  ({ id: pod } = await asOwner.read('POST', '/pods', {
    customer_reference: 'Flat 12',
    max_guest_amount: 1,
    locks: [house.lockId('Front door')],
    members: [{ first_name: 'Ada', last_name: 'Visser', email: member.email }],
  }));
}, 120_000);
afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

/** What the phone app asks, with the token that the code was worth. */
async function ask<T>(status: number, method: string, path: string, options: object): Promise<T> {
  const answer = await cardea.ask(method, `//v1.2${path}`, options);
  expect([path, answer.status, answer.text]).toEqual([path, status, expect.any(String)]);
  return answer.json as T;
}

async function typeCode(code: string): Promise<{ status: number; token: string }> {
  const response = await fetch(`${cardea.url}/connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'access_code',
      access_code: code,
      client_id: 'cardea-phone',
    }),
  });
  const { access_token: token = '' } = (await response.json()) as { access_token?: string };
  return { status: response.status, token };
}

const show = (phone: Phone, lock = 'Front door') => phone.showTo(house.simulated.lock(lock));

it('a code makes a guest whose phone opens the pod, until a member ends it', async () => {
  const { code } = (await asMember.read('PUT', `/pods/${pod}/access_codes`, {})) as unknown as {
    code: string;
  };
  const { token } = await typeCode(code);
  const body = { first_name: 'Grace', last_name: 'Hopper' };
  await ask(204, 'POST', '/pods/guests', { token, body });
  expect((await typeCode(code)).status).toBe(400);

  const phone = new Phone('The phone of Grace');
  const device = { device_name: phone.name, device_uid: 'grace', public_key: phone.publicKey };
  const added = await ask<{ id: string; certificate: string }>(200, 'POST', '/me/devices', {
    token,
    body: device,
  });
  await phone.keep({ certificate: added.certificate });
  const key = `/me/devices/${added.id}/mkey`;
  const { mkey_data: mkeyData } = await ask<{ mkey_data: string }>(200, 'GET', key, { token });
  await phone.keep({ mkeyData });
  await untilSynced(cardea);
  await expect(show(phone)).resolves.toEqual({ did: 'opened', decidedBy: 'hub' });
  await expect(show(phone, 'Storage')).resolves.toMatchObject({ did: 'refused' });

  const asGuest = atSite(cardea, { siteId: house.collectionId, person: { token } });
  const locking = `/locks/${house.lockId('Front door')}/locking`;
  expect((await asGuest.ask('PATCH', locking, { locked_state: 'unlocked' })).status).toBe(200);

  const users = await asMember.items(`/pods/${pod}/users?$filter=pod_user_type eq 'guest'`);
  const change = { remove_guests_ids: users.map((user) => user.id) };
  expect((await asMember.ask('PATCH', `/pods/${pod}/guests`, change)).status).toBe(204);
  await until(async () => (await show(phone)).did === 'refused', {
    what: 'the door refuses the phone of a guest who was ended',
    timeoutMs: 60_000,
  });
  const refused = await asGuest.ask('PATCH', locking, { locked_state: 'unlocked' });
  expect(refused.status).toBeGreaterThanOrEqual(401);
});
