/** Flats of a house, from the first key to the last guest: made by HTTP, tried at the simulated doors. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DoorAnswer } from '#iq/drivers/simulated-lock';
import { createMovableClock } from '#simulator/clock';
import {
  partOf,
  readBuilding,
  startTestBuilding,
  tag,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { itemsOf } from '#test/kit/core';
import { addPerson } from '#test/kit/people';
import { isDone, podGuest, podMember, podStay } from '#test/kit/pods';
import { insertTag } from '#test/kit/rows';
import { atSite, type AtTestSite } from '#test/kit/site';
import { until } from '#test/kit/wait';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 3_600_000;
/** A zone half an hour beside the others, which changes at no time of the year. */
const zone = { name: 'Asia/Kolkata', aheadMs: 5.5 * hourMs };

/** Both run with real time until they are moved. */
const doorClock = createMovableClock();
let cardea: TestServer;
let house: TestBuilding;
let asOwner: AtTestSite;
beforeAll(async () => {
  cardea = await startTestServer({ clock: createMovableClock() });
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Front door', 'Office', 'Storage'],
  });
  house = await startTestBuilding(cardea, { building, clock: doorClock, timeZone: zone.name });
  const siteId = house.collectionId;
  const person = await addPerson(cardea, { siteId, role: 'owner' });
  asOwner = atSite(cardea, { siteId, person });
}, 120_000);
afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

type Door = 'Front door' | 'Office' | 'Storage';
const locks = (...doors: readonly Door[]): string[] => doors.map((door) => house.lockId(door));
const email = (): string => `ada+${randomUUID()}@example.test`;
const newTag = () => insertTag(cardea, { collection_id: house.collectionId });

/** A pod with one member and one guest who have all of it, each with a tag. */
async function furnish(body: object) {
  const [held, lent] = [await newTag(), await newTag()];
  const { id } = await asOwner.read('POST', '/pods', {
    customer_reference: `Flat ${randomUUID()}`,
    max_guest_amount: 3,
    members: [podMember({ email: email(), tag_id: held.id })],
    ...body,
  });
  const path = `/pods/${id}`;
  await isDone(204, asOwner.ask('PATCH', `${path}/guests`, { add_guests: [podGuest()] }));
  const [guest] = await asOwner.items(`${path}/users?$filter=pod_user_type eq 'guest'`);
  await asOwner.read('PATCH', `/users/${guest?.id}`, { tag_id: lent.id });
  await untilSynced(cardea);
  return { path, member: held.tag_number, guest: lent.tag_number };
}

async function present(door: Door, tagNumber: string): Promise<DoorAnswer['did']> {
  return (await house.simulated.lock(door).present(tag(tagNumber))).did;
}
/** What each of these tags does at a door. */
const presentAll = (door: Door, tags: readonly string[]): Promise<DoorAnswer['did'][]> =>
  Promise.all(tags.map((one) => present(door, one)));

it('a pod that is always open gives its people its doors and no others, as its locks change', async () => {
  const flat = await furnish({ locks: locks('Front door', 'Office') });
  const tags = [flat.member, flat.guest];
  expect(await presentAll('Front door', tags)).toEqual(['opened', 'opened']);
  expect(await presentAll('Office', tags)).toEqual(['opened', 'opened']);
  expect(await presentAll('Storage', tags)).toEqual(['refused', 'refused']);
  await isDone(
    204,
    asOwner.ask('PATCH', `${flat.path}/locks`, {
      lock_to_remove_ids: locks('Office'),
      lock_to_add_ids: locks('Storage'),
    }),
  );
  await untilSynced(cardea);
  expect(await presentAll('Front door', tags)).toEqual(['opened', 'opened']);
  expect(await presentAll('Office', tags)).toEqual(['refused', 'refused']);
  expect(await presentAll('Storage', tags)).toEqual(['opened', 'opened']);
  await isDone(202, asOwner.ask('DELETE', flat.path));
}, 120_000);

it('a stay begins and ends for member and guest to the minute of the house, with the server down', async () => {
  const began = Math.ceil(doorClock.now().getTime() / secondMs) * secondMs;
  const [checkIn, checkOut] = [began + 24 * hourMs, began + 72 * hourMs];
  const wall = (atMs: number): string => new Date(atMs + zone.aheadMs).toISOString().slice(0, 19);
  const rule = (from: number, to: number) => ({
    access_rule_type: 'checkin_checkout',
    schedules: [podStay(wall(from), wall(to))],
  });
  const flat = await furnish({ locks: locks('Office'), access_rule: rule(checkIn, checkOut) });
  const tags = [flat.member, flat.guest];
  const presentAt = async (atMs: number): Promise<DoorAnswer['did'][]> => {
    await doorClock.set(new Date(atMs));
    return presentAll('Office', tags);
  };
  const [in_, out] = [
    ['opened', 'opened'],
    ['refused', 'refused'],
  ] as const;
  await cardea.pause();
  // The clock of the door goes on while two tags are shown.
  expect(await presentAt(checkIn - minuteMs)).toEqual(out);
  expect(await presentAt(checkIn)).toEqual(in_);
  expect(await presentAt(checkOut - minuteMs)).toEqual(in_);
  expect(await presentAt(checkOut + secondMs)).toEqual(out);
  await cardea.resume();
  const filter = encodeURIComponent(`reject_reason eq 'outside_schedule'`);
  await until(async () => (await itemsOf(cardea, `/entries?$filter=${filter}`)).length >= 4, {
    what: 'the refusals outside of the stay can be read',
    timeoutMs: 60_000,
  });

  const later = rule(checkIn, checkOut + 24 * hourMs);
  await isDone(204, asOwner.ask('PUT', `${flat.path}/access_rule`, later));
  await untilSynced(cardea);
  expect(await presentAll('Office', tags)).toEqual(in_);
  await doorClock.set(new Date(began));
  expect(await presentAll('Office', tags)).toEqual(out);
  await isDone(204, asOwner.ask('PUT', `${flat.path}/access_rule`, { access_rule_type: 'always' }));
  await untilSynced(cardea);
  expect(await presentAll('Office', tags)).toEqual(in_);
  await isDone(202, asOwner.ask('DELETE', flat.path));
}, 180_000);

it('a flat that is cleaned shuts out whoever lived there and takes the next; one that is deleted, all', async () => {
  const flat = await furnish({ locks: locks('Office') });
  const neighbours = await furnish({ locks: locks('Office', 'Storage') });
  const former = [flat.member, flat.guest];
  expect(await presentAll('Office', former)).toEqual(['opened', 'opened']);
  await isDone(202, asOwner.ask('PATCH', `${flat.path}/clean`));
  await untilSynced(cardea);
  expect(await presentAll('Office', former)).toEqual(['refused', 'refused']);
  const [key] = await asOwner.items(`/tags?$filter=tag_number eq '${flat.member}'`);
  await isDone(
    204,
    asOwner.ask('PATCH', `${flat.path}/members`, {
      add_members: [podMember({ email: email(), tag_id: key?.id })],
    }),
  );
  await untilSynced(cardea);
  expect(await presentAll('Office', former)).toEqual(['opened', 'refused']);
  expect(await present('Storage', flat.member)).toBe('refused');

  await isDone(202, asOwner.ask('DELETE', flat.path));
  await untilSynced(cardea);
  expect(await presentAll('Office', former)).toEqual(['refused', 'refused']);
  const others = [neighbours.member, neighbours.guest];
  expect(await presentAll('Office', others)).toEqual(['opened', 'opened']);
  expect(await presentAll('Storage', others)).toEqual(['opened', 'opened']);
  expect(await asOwner.items(`/locks?$filter=id eq ${house.lockId('Office')}`)).toHaveLength(1);
}, 120_000);
