/** Lockers at the door: who has one opens it, and nobody else (connect-api.md 4.12). */
import { everyDay } from '#contract/fields';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  partOf,
  readBuilding,
  spareLock,
  startTestBuilding,
  tag,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create } from '#test/kit/core';
import { addPerson, type TestPerson } from '#test/kit/people';
import { insertTag } from '#test/kit/rows';
import { atSite, type AtTestSite } from '#test/kit/site';
import { until } from '#test/kit/wait';

const hubName = 'Ground floor hub';
let cardea: TestServer;
let house: TestBuilding;
let siteId: string;
let asAdmin: AtTestSite;
let ann: Holder;
let bob: Holder;

type Holder = { readonly person: TestPerson; readonly at: AtTestSite; readonly tag: string };

async function addHolder(): Promise<Holder> {
  const person = await addPerson(cardea, { siteId, role: 'site_user' });
  const { id, tag_number } = await insertTag(cardea, { collection_id: siteId });
  await create(cardea, `/accessors/${person.accessorId}/keys`, { tag_id: id });
  return { person, at: atSite(cardea, { siteId, person }), tag: tag_number };
}

beforeAll(async () => {
  cardea = await startTestServer();
  const harbour = partOf(await readBuilding('harbour'), { hubs: [hubName], locks: ['Storage'] });
  const locker = (name: string) =>
    ({
      ...spareLock(harbour.locks[0], { name, lock_type: 'locker_lock' }),
      hub: hubName,
    }) as const;
  const locks = [locker('Locker 1'), locker('Locker 2')];
  house = await startTestBuilding(cardea, { building: { ...harbour, locks } });
  siteId = house.collectionId;
  const person = await addPerson(cardea, { siteId, role: 'site_admin' });
  asAdmin = atSite(cardea, { siteId, person });
  [ann, bob] = [await addHolder(), await addHolder()];
}, 120_000);
afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

/** Who opens a locker once the hub holds what was written. */
async function opensFor(name: string): Promise<readonly string[]> {
  await untilSynced(cardea);
  const found: string[] = [];
  for (const [who, holder] of Object.entries({ ann, bob })) {
    const { did } = await house.simulated.lock(name).present(tag(holder.tag));
    if (did === 'opened') found.push(who);
  }
  return found;
}

async function setMode(name: string, mode: string): Promise<string> {
  const id = house.lockId(name);
  await until(async () => (await asAdmin.items('/eloxx/lockers')).some((row) => row.id === id), {
    what: 'the hardware has said that it is a locker',
  });
  await asAdmin.read('PATCH', `/eloxx/lockers/${id}`, { mode });
  return id;
}

it('a free locker opens for its occupant alone, and for nobody after it was given back', async () => {
  const lock_id = await setMode('Locker 1', 'free_locker');
  expect(await opensFor('Locker 1')).toEqual([]);
  const taken = await ann.at.ask('POST', '/eloxx/lockers/occupations', { lock_id });
  expect(taken.status).toBe(204);
  const locker = house.simulated.lock('Locker 1');
  // Looked at meanwhile: however late the answer is, the bolt is out again after some seconds.
  const [action] = await Promise.all([
    ann.at.ask('POST', `/eloxx/lockers/${lock_id}/action`, { action: 'open' }),
    until(() => locker.isReleased, { what: 'the bolt is drawn back' }),
  ]);
  expect([action.status, action.text]).toEqual([204, '']);
  expect(await opensFor('Locker 1')).toEqual(['ann']);
  const others = await bob.at.ask('POST', `/eloxx/lockers/${lock_id}/action`, { action: 'open' });
  expect(others.status).toBe(403);
  const lock = await ann.at.ask('POST', `/eloxx/lockers/${lock_id}/action`, { action: 'lock' });
  expect(lock.status).toBe(204);
  const back = await ann.at.ask('DELETE', `/eloxx/lockers/occupations/${lock_id}`);
  expect(back.status).toBe(204);
  expect(await opensFor('Locker 1')).toEqual([]);
}, 120_000);

it('a group lets its members take a locker, and opens it for none of them meanwhile', async () => {
  const lock_id = await setMode('Locker 2', 'dynamic_locker');
  const { id } = await asAdmin.read('POST', '/access_groups', { customer_reference: 'Gym' });
  await asAdmin.read('POST', `/access_groups/${id}/time_schedules`, {
    start_time: '00:00',
    end_time: '24:00',
    ...everyDay,
  });
  await asAdmin.read('POST', `/access_groups/${id}/locks`, { lock_id });
  const users = { add_ids: [ann.person.userId, bob.person.userId] };
  expect((await asAdmin.ask('PATCH', `/access_groups/${id}/users`, users)).status).toBe(204);
  expect(await opensFor('Locker 2')).toEqual([]);
  const taken = await bob.at.ask('POST', '/eloxx/lockers/occupations', { lock_id });
  expect(taken.status).toBe(204);
  expect(await opensFor('Locker 2')).toEqual(['bob']);
  expect((await bob.at.ask('DELETE', `/eloxx/lockers/occupations/${lock_id}`)).status).toBe(204);
  await setMode('Locker 2', 'generic');
  expect(await opensFor('Locker 2')).toEqual(['ann', 'bob']);
  await asAdmin.ask('DELETE', `/access_groups/${id}`);
  const assigned = await asAdmin.ask('PUT', '/eloxx/lockers/assignments', {
    lock_id,
    user_ids: [ann.person.userId],
  });
  expect(assigned.status).toBe(204);
  expect(await opensFor('Locker 2')).toEqual(['ann']);
}, 120_000);
