/** Guests of a flat whom a member of it lets in: made by HTTP, tried at the simulated doors, and gone again (connect-api.md 4.9). */
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
import { itemsOf, refusal } from '#test/kit/core';
import { addPerson, type TestPerson } from '#test/kit/people';
import { isDone, podGuest, podMember, podStay } from '#test/kit/pods';
import { insertTag } from '#test/kit/rows';
import { atSite, type AtTestSite } from '#test/kit/site';
import { until } from '#test/kit/wait';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** Runs with real time until it is moved. */
const doorClock = createMovableClock();
let cardea: TestServer;
let house: TestBuilding;
let asOwner: AtTestSite;
let asMember: AtTestSite;
/** The flat: its front door and its office. */
let pod: string;
beforeAll(async () => {
  cardea = await startTestServer();
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Front door', 'Office', 'Storage'],
  });
  house = await startTestBuilding(cardea, { building, clock: doorClock, timeZone: 'UTC' });
  const siteId = house.collectionId;
  asOwner = atSite(cardea, { siteId, person: await addPerson(cardea, { siteId, role: 'owner' }) });
  const member = await addPerson(cardea, { siteId, role: null });
  asMember = atSite(cardea, { siteId, person: member });
  const { id } = await asOwner.read('POST', '/pods', {
    customer_reference: 'Flat 12',
    max_guest_amount: 3,
    locks: [house.lockId('Front door'), house.lockId('Office')],
    members: [podMember({ email: member.email })],
  });
  pod = `/pods/${id}`;
}, 120_000);
afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

type Door = 'Front door' | 'Office' | 'Storage';
type Guest = { readonly id: string; readonly tagNumber: string };

/** A guest of the member's, to whom the house gives a tag. */
async function letIn(more: object): Promise<Guest> {
  const { id: tag_id, tag_number: tagNumber } = await insertTag(cardea, {
    collection_id: house.collectionId,
  });
  await isDone(204, asMember.ask('PATCH', `${pod}/guests`, { add_guests: [podGuest(more)] }));
  const guests = await asMember.items(`${pod}/users?$filter=pod_user_type eq 'guest'`);
  const id = guests.at(-1)?.id ?? '';
  await asOwner.read('PATCH', `/users/${id}`, { tag_id });
  await untilSynced(cardea);
  return { id, tagNumber };
}

async function present(door: Door, { tagNumber }: Guest): Promise<DoorAnswer['did']> {
  return (await house.simulated.lock(door).present(tag(tagNumber))).did;
}

async function refusalsOf({ id }: Guest): Promise<unknown[]> {
  const filter = encodeURIComponent(`accessor_id eq ${id} and event_category eq 'lock_rejected'`);
  return (await itemsOf(cardea, `/entries?$filter=${filter}`)).map(
    (entry) => entry['reject_reason'],
  );
}

const remove = (guest: Guest): Promise<void> =>
  isDone(204, asMember.ask('PATCH', `${pod}/guests`, { remove_guests_ids: [guest.id] }));

/** Midnight of the next of these weekdays (0 = Sunday) at the doors, in UTC. */
function nextDay(weekday: number): number {
  const today = Math.floor(doorClock.now().getTime() / dayMs) * dayMs;
  const ahead = (weekday - new Date(today).getUTCDay() + 7) % 7;
  return today + (ahead === 0 ? 7 : ahead) * dayMs;
}

it('a guest enters in the chosen hours by the chosen door alone, with the server down', async () => {
  const schedules = [{ start_time: '09:00', end_time: '17:00', tuesday: true }];
  const locks = [house.lockId('Office')];
  const access_rule = { access_rule_type: 'custom', locks, schedules };
  const guest = await letIn({ access_rule });
  const tuesday = nextDay(2);
  const at = async (hours: number, door: Door = 'Office'): Promise<DoorAnswer['did']> => {
    await doorClock.set(new Date(tuesday + hours * 60 * minuteMs));
    return present(door, guest);
  };
  await cardea.pause();
  expect(await at(9 - 1 / 60)).toBe('refused');
  expect(await at(9)).toBe('opened');
  expect(await at(12)).toBe('opened');
  expect(await at(12, 'Front door')).toBe('refused');
  expect(await at(12, 'Storage')).toBe('refused');
  expect(await at(17 + 1 / 60)).toBe('refused');
  expect(await at(24 + 12)).toBe('refused');
  await cardea.resume();
  await until(async () => (await refusalsOf(guest)).length === 5, {
    what: 'the refusals can be read',
    timeoutMs: 60_000,
  });
  expect(new Set(await refusalsOf(guest))).toEqual(new Set(['outside_schedule', 'not_in_group']));

  // A lock that leaves the pod leaves the rule, which then opens nothing, not even when the lock comes back.
  const office = [house.lockId('Office')];
  await isDone(204, asOwner.ask('PATCH', `${pod}/locks`, { lock_to_remove_ids: office }));
  await untilSynced(cardea);
  expect(await at(13)).toBe('refused');
  const { access_rule: emptied } = await asMember.read('GET', `${pod}/guests/${guest.id}`);
  expect(emptied).toMatchObject({ access_rule_type: 'custom', locks: [] });
  await isDone(204, asOwner.ask('PATCH', `${pod}/locks`, { lock_to_add_ids: office }));
  await untilSynced(cardea);
  expect(await at(13)).toBe('refused');

  await isDone(
    204,
    asMember.ask('PATCH', `${pod}/guests/${guest.id}`, {
      access_rule: { access_rule_type: 'always' },
    }),
  );
  await untilSynced(cardea);
  expect(await at(20)).toBe('opened');
  expect(await at(20, 'Front door')).toBe('opened');
  expect(await at(20, 'Storage')).toBe('refused');

  await remove(guest);
  expect(refusal(await asOwner.ask('GET', `/users/${guest.id}`))).toBe('404 2202');
  await untilSynced(cardea);
  expect(await present('Office', guest)).toBe('refused');
}, 180_000);

it('a stay gives a guest whatever locks the pod has, and ends when it is over', async () => {
  const checkOut = nextDay(5) + 11 * 60 * minuteMs;
  const wall = (atMs: number): string => new Date(atMs).toISOString().slice(0, 19);
  const stay = podStay(wall(checkOut - 2 * dayMs), wall(checkOut));
  const access_rule = { access_rule_type: 'checkin_checkout', schedules: [stay] };
  const guest = await letIn({ access_rule });
  const storage = [house.lockId('Storage')];
  await isDone(204, asOwner.ask('PATCH', `${pod}/locks`, { lock_to_add_ids: storage }));
  await untilSynced(cardea);
  await doorClock.set(new Date(checkOut - minuteMs));
  expect(await present('Storage', guest)).toBe('opened');
  expect(await present('Front door', guest)).toBe('opened');
  await doorClock.set(new Date(checkOut + minuteMs));
  expect(await present('Front door', guest)).toBe('refused');
  await isDone(204, asOwner.ask('PATCH', `${pod}/locks`, { lock_to_remove_ids: storage }));
  await remove(guest);
}, 120_000);

it('a guest who signs in opens the doors of the rule from afar, until the pod lets go', async () => {
  // A command has a deadline, by the clock of the server.
  await doorClock.set(new Date());
  const siteId = house.collectionId;
  const person: TestPerson = await addPerson(cardea, { siteId, role: null });
  const locks = [house.lockId('Office')];
  const schedules = [{ start_time: '03:00', end_time: '03:01', sunday: true }];
  const { email } = person;
  const guest = await letIn({
    email,
    access_rule: { access_rule_type: 'custom', locks, schedules },
  });
  const asGuest = atSite(cardea, { siteId, person });
  const open = (door: Door) =>
    asGuest.ask('PATCH', `/locks/${house.lockId(door)}/locking`, { locked_state: 'unlocked' });
  expect((await asGuest.items('/locks')).map(({ id }) => id)).toEqual(locks);
  expect((await open('Office')).status).toBe(200);
  for (const door of ['Front door', 'Storage'] as const)
    expect(refusal(await open(door))).toMatch(/^40[34] 220[23]$/);
  await remove(guest);
  expect(refusal(await open('Office'))).toBe('404 2202');
}, 120_000);
