/** PINs and keys that people of a site are given, from the Connect face to the keypad and back as entries (connect-api.md 4.3, 4.10). */
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  always,
  partOf,
  readBuilding,
  startTestBuilding,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { addPerson, type TestPerson } from '#test/kit/people';
import { until } from '#test/kit/wait';

const nil = '00000000-0000-0000-0000-000000000000';
let cardea: TestServer;
let house: TestBuilding;
let owner: TestPerson;
let ada: TestPerson;
beforeAll(async () => {
  cardea = await startTestServer();
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Office'],
  });
  house = await startTestBuilding(cardea, { building });
  owner = await addPerson(cardea, { siteId: house.collectionId, role: 'owner' });
  ada = await addPerson(cardea, { siteId: house.collectionId, role: 'site_user' });
}, 120_000);
afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

async function call(
  status: number,
  method: string,
  path: string,
  { body, token = owner.token }: { readonly body?: object; readonly token?: string } = {},
): Promise<unknown> {
  const answer = await cardea.ask(method, `//v1.1/sites/${house.collectionId}${path}`, {
    token,
    ...(body === undefined ? {} : { body }),
  });
  expect([path, answer.status, answer.text]).toEqual([path, status, answer.text]);
  return answer.json;
}

async function type(code: string): Promise<string> {
  const shown = { what: { type: 'pin', code } as const, heldMs: 0 };
  return (await house.simulated.lock('Office').present(shown)).did;
}

type Item = Readonly<Record<string, unknown>> & { readonly id: string };

/** The newest entry, once there are so many. */
async function newestOf(count: number, token = owner.token): Promise<Item> {
  return until(
    async () => {
      const page = (await call(200, 'GET', '/entries?$count=true', { token })) as {
        readonly items: readonly Item[];
        readonly count: number;
      };
      return page.count >= count ? page.items[0] : undefined;
    },
    { what: `there are ${String(count)} entries` },
  );
}

it('a PIN opens for its owner, who finds the own use in the log, until the key is blocked', async () => {
  const { id: group } = (await call(200, 'POST', '/access_groups', {
    body: { customer_reference: 'Staff' },
  })) as Item;
  await call(200, 'POST', `/access_groups/${group}/time_schedules`, { body: always });
  await call(200, 'POST', `/access_groups/${group}/locks`, {
    body: { lock_id: house.lockId('Office') },
  });
  await call(200, 'POST', `/access_groups/${group}/users`, { body: { user_id: ada.userId } });
  const place = `/users/${ada.accessorId ?? ''}`;
  await call(200, 'PATCH', place, { body: { use_pin: true } });
  const pin = (await call(200, 'PUT', `${place}/pin`)) as string;
  await call(204, 'PUT', `${place}/pin/custom`, { body: { pin: '40718' } });
  await untilSynced(cardea);
  expect([await type(pin), await type('40718')]).toEqual(['opened', 'opened']);
  expect(await newestOf(2, ada.token)).toMatchObject({
    event_category: 'lock_opened',
    access_by: 'pin_code',
    access_detail: '',
    user_id: ada.userId,
    user_first_name: 'Ada',
    reject_reason: null,
  });

  const other = pin === '135790' ? '246801' : '135790';
  expect(await type(other)).toBe('refused');
  expect(await newestOf(3)).toMatchObject({
    event_category: 'lock_rejected',
    event_detail: 'no_access',
    user_id: nil,
    user_alias: null,
    reject_reason: 'unknown_credential',
  });

  const { items } = (await call(200, 'GET', `${place}/keys?$orderby=registration_date,id`)) as {
    items: Item[];
  };
  expect(items.map((key) => key['type'])).toEqual(['pin', 'pin']);
  for (const { id } of items)
    await call(200, 'PATCH', `${place}/keys/${id}`, { body: { blocked: true }, token: ada.token });
  await untilSynced(cardea);
  expect([await type(pin), await type('40718')]).toEqual(['refused', 'refused']);
  expect(await newestOf(5)).toMatchObject({
    event_category: 'lock_rejected',
    event_detail: 'blocked',
    user_id: ada.userId,
    reject_reason: 'key_blocked',
  });

  const fresh = (await call(200, 'PUT', `${place}/pin`)) as string;
  await untilSynced(cardea);
  expect([await type(fresh), await type(pin)]).toEqual(['opened', 'refused']);
  // The seventh entry tells of the last try; all before it are there by then.
  await newestOf(7);
  const csv = await cardea.ask(
    'GET',
    `//v1.1/sites/${house.collectionId}/entries/export?access_by=pin_code&event_category=lock_opened`,
    { token: owner.token },
  );
  expect(csv.text.split('\r\n').slice(1, -1)).toHaveLength(3);
});
