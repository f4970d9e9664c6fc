/** How far the rights of a site have come, and hubs that leave it, as its admins see it (connect-api.md 8). */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createClient, type Client } from '#client/client';
import {
  partOf,
  readBuilding,
  startTestBuilding,
  untilSynced,
  type Admitted,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { addPerson } from '#test/kit/people';
import { insertIq } from '#test/kit/rows';

let cardea: TestServer;
let house: TestBuilding;
let asAdmin: Client;
let site: { readonly site_id: string };
let admitted: Admitted;
beforeAll(async () => {
  cardea = await startTestServer();
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Front door', 'Storage'],
  });
  house = await startTestBuilding(cardea, { building });
  const siteId = house.collectionId;
  const { token } = await addPerson(cardea, { siteId, role: 'site_admin' });
  asAdmin = createClient({ baseUrl: cardea.url, token: async () => token });
  site = { site_id: siteId };
  admitted = await house.admit({ tagNumber: '00001001', locks: ['Front door', 'Storage'] });
  await untilSynced(cardea);
}, 120_000);
afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

it('every right at every lock is told with how far it has come', async () => {
  const list = async ($filter?: string) => {
    const query = $filter === undefined ? {} : { $filter };
    const path = '/ext/v1/sites/{site_id}/rights_state';
    return (await asAdmin.get(path, { path: site, query })).items;
  };
  const at = (lock: string) => ({
    lock_id: house.lockId(lock),
    accessor_id: admitted.accessorId,
    key_id: admitted.keyId,
    wanted: 'granted',
    state: 'in_hub',
    changed_at: expect.any(String) as string,
    confirmed_at: expect.any(String) as string,
  });
  const wanted = [at('Front door'), at('Storage')].toSorted((one, other) =>
    one.lock_id.localeCompare(other.lock_id),
  );
  expect(await list()).toEqual(wanted);
  expect(await list(`lock_id eq ${house.lockId('Storage')}`)).toEqual([at('Storage')]);
  expect(await list("state ne 'in_hub'")).toEqual([]);
});

it('a hub leaves the site once nothing hangs on it', async () => {
  const remove = (id: string) =>
    asAdmin.delete('/ext/v1/sites/{site_id}/iqs/{id}', { path: { ...site, id } });
  const isGone = { name: 'NOT_FOUND', status: 404 };
  await expect(remove(house.iqId('Ground floor hub'))).rejects.toMatchObject({
    name: 'DELETE_IQ_PREREQUISITES',
    status: 400,
  });
  const empty = await insertIq(cardea, { collection_id: house.collectionId });
  expect(await remove(empty)).toBeUndefined();
  await expect(remove(empty)).rejects.toMatchObject(isGone);
  await expect(remove(await insertIq(cardea))).rejects.toMatchObject(isGone);
});
