/** How far the rights of a site have come, and hubs that leave it, as its admins see it (connect-api.md 8). */
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  partOf,
  readBuilding,
  startTestBuilding,
  untilSynced,
  type Admitted,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { addPerson } from '#test/kit/people';
import { insertIq } from '#test/kit/rows';
import { atSite, type AtTestSite } from '#test/kit/site';

let cardea: TestServer;
let house: TestBuilding;
let asAdmin: AtTestSite;
let admitted: Admitted;
beforeAll(async () => {
  cardea = await startTestServer();
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Front door', 'Storage'],
  });
  house = await startTestBuilding(cardea, { building });
  const siteId = house.collectionId;
  const person = await addPerson(cardea, { siteId, role: 'site_admin' });
  asAdmin = atSite(cardea, { siteId, person });
  admitted = await house.admit({ tagNumber: '00001001', locks: ['Front door', 'Storage'] });
  await untilSynced(cardea);
}, 120_000);
afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

it('every right at every lock is told with how far it has come', async () => {
  const list = async (query = '') => {
    const answer = await asAdmin.askAt('ext', 'GET', `/rights_state${query}`);
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
    return (answer.json as { items: { lock_id: string }[] }).items;
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
  expect(await list(`?$filter=lock_id eq ${house.lockId('Storage')}`)).toEqual([at('Storage')]);
  expect(await list("?$filter=state ne 'in_hub'")).toEqual([]);
});

it('a hub leaves the site once nothing hangs on it', async () => {
  const remove = (iqId: string) => asAdmin.askAt('ext', 'DELETE', `/iqs/${iqId}`);
  expect(refusal(await remove(house.iqId('Ground floor hub')))).toBe('400 2209');
  const empty = await insertIq(cardea, { collection_id: house.collectionId });
  expect((await remove(empty)).status).toBe(204);
  expect(refusal(await remove(empty))).toBe('404 2202');
  expect(refusal(await remove(await insertIq(cardea)))).toBe('404 2202');
});
