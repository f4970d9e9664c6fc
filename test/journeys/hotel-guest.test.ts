/** A guest of a hotel, from the reception's first call to the checked-out room: all by HTTP, tried at the simulated door. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DoorAnswer } from '#iq/drivers/simulated-lock';
import { createMovableClock } from '#simulator/clock';
import {
  always,
  partOf,
  readBuilding,
  startTestBuilding,
  tag,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { itemsOf } from '#test/kit/core';
import { addPerson, type TestPerson } from '#test/kit/people';
import { insertTag } from '#test/kit/rows';
import { until } from '#test/kit/wait';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Both run with real time until they are moved. */
const doorClock = createMovableClock();
const serverClock = createMovableClock();
let cardea: TestServer;
let hotel: TestBuilding;
let reception: TestPerson;
beforeAll(async () => {
  cardea = await startTestServer({ clock: serverClock });
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Front door', 'Office'],
  });
  hotel = await startTestBuilding(cardea, { building, clock: doorClock, timeZone: 'UTC' });
  reception = await addPerson(cardea, { siteId: hotel.collectionId, role: 'owner' });
}, 60_000);
afterAll(async () => {
  await hotel.stop();
  await cardea.stop();
});

type Json = Readonly<Record<string, unknown>>;

/** What the reception's program asks below the site. */
async function call(status: number, method: string, path: string, body?: object): Promise<unknown> {
  const answer = await cardea.ask(method, `//v1.2/sites/${hotel.collectionId}${path}`, {
    token: reception.token,
    ...(body === undefined ? {} : { body }),
  });
  expect([path, answer.status, answer.text]).toEqual([path, status, answer.text]);
  return answer.json;
}

type Guest = { readonly id: string; readonly userId: string };

async function addGuest(body: object): Promise<Guest & { readonly state: unknown }> {
  const made = (await call(201, 'POST', '/guests', body)) as Json & {
    readonly id: string;
    readonly user: { readonly id: string };
  };
  return { id: made.id, userId: made.user.id, state: made['subscription_state'] };
}

/** A group of the room with the guest in it, by a schedule. */
async function giveRoom({ userId }: Guest, schedule: object): Promise<void> {
  const { id } = (await call(200, 'POST', '/access_groups', { customer_reference: 'Room 12' })) as {
    id: string;
  };
  const group = `/access_groups/${id}`;
  await call(200, 'POST', `${group}/time_schedules`, schedule);
  await call(200, 'POST', `${group}/locks`, { lock_id: hotel.lockId('Office') });
  await call(200, 'POST', `${group}/users`, { user_id: userId });
}

async function type(code: string): Promise<DoorAnswer['did']> {
  const { did } = await hotel.simulated
    .lock('Office')
    .present({ what: { type: 'pin', code }, heldMs: 0 });
  return did;
}

async function typeAt(atMs: number, code: string): Promise<DoorAnswer['did']> {
  await doorClock.set(new Date(atMs));
  return type(code);
}

/** Wall clock of the hotel, which is in UTC. */
const wall = (atMs: number): string => new Date(atMs).toISOString().slice(0, 19);
/** The next whole second, as answers and schedules write it. */
const nextSecond = (): number => Math.ceil(doorClock.now().getTime() / 1_000) * 1_000;

/** Waits until a refusal for this reason can be read; its time may lie before that of others. */
async function untilRefusedAs(reason: string): Promise<void> {
  const filter = encodeURIComponent(`reject_reason eq '${reason}'`);
  await until(async () => (await itemsOf(cardea, `/entries?$filter=${filter}`)).length > 0, {
    what: `a refusal as ${reason} can be read`,
    timeoutMs: 60_000,
  });
}

async function allowOneSeat(): Promise<void> {
  await cardea.database.pool.query('update collections set user_amount = 1 where id = $1', [
    hotel.collectionId,
  ]);
}

it('ends the time of a guest at the door to the second, with the server down, and then the seat', async () => {
  await allowOneSeat();
  const endMs = nextSecond() + 20 * minuteMs;
  const guest = await addGuest({ alias: 'Room 14', expires_at: wall(endMs) });
  await giveRoom(guest, always);
  const card = await insertTag(cardea, { collection_id: hotel.collectionId });
  await call(200, 'PATCH', `/users/${guest.id}`, { tag_id: card.id });
  await untilSynced(cardea);
  const presentAt = async (atMs: number): Promise<DoorAnswer['did']> => {
    await doorClock.set(new Date(atMs));
    return (await hotel.simulated.lock('Office').present(tag(card.tag_number))).did;
  };
  await cardea.pause();
  expect(await presentAt(endMs - minuteMs)).toBe('opened');
  expect(await presentAt(endMs)).toBe('refused');
  await cardea.resume();
  await untilRefusedAs('key_expired');
  await serverClock.set(new Date(endMs + 1_000));
  expect(await call(200, 'GET', `/users/${guest.id}`)).toMatchObject({
    subscription_state: 'suspended',
  });
  const next = await addGuest({ alias: 'Room 15' });
  expect(next.state).toBe('subscribed');
  for (const { id } of [guest, next]) await call(202, 'DELETE', `/users/${id}`);
}, 120_000);

it('opens the room in the stay and not after, gives the seat on, and leaves no trace at the door', async () => {
  await allowOneSeat();
  const now = nextSecond();
  const [checkIn, checkOut] = [now + 24 * hourMs, now + 72 * hourMs];
  const guest = await addGuest({ alias: 'Room 12', expires_at: wall(checkOut + 12 * hourMs) });
  expect(guest.state).toBe('subscribed');
  await giveRoom(guest, {
    ...always,
    start_time: '00:00:00',
    end_time: '23:59:59',
    start_date: wall(checkIn),
    end_date: wall(checkOut),
  });
  await call(200, 'PATCH', `/users/${guest.id}`, { use_pin: true });
  const pin = String(await call(200, 'PUT', `/users/${guest.id}/pin`, {}));
  expect(pin).toMatch(/^\d{6,7}$/);
  await untilSynced(cardea);
  expect(await type(pin)).toBe('refused');
  expect(await typeAt(checkIn - minuteMs, pin)).toBe('refused');
  expect(await typeAt(checkIn + 1_000, pin)).toBe('opened');
  expect(await typeAt(checkOut - 60_000, pin)).toBe('opened');
  expect(await typeAt(checkOut + 5_000, pin)).toBe('refused');
  await untilRefusedAs('outside_schedule');
  await doorClock.set(new Date(checkIn + hourMs));
  expect(await type(pin)).toBe('opened');

  const next = await addGuest({ alias: 'Room 13' });
  expect(next.state).toBe('suspended');
  await call(403, 'PATCH', `/users/${next.id}/subscription`, { state: 'subscribed' });
  await call(204, 'PATCH', `/users/${guest.id}/subscription`, { state: 'suspended' });
  await call(204, 'PATCH', `/users/${next.id}/subscription`, { state: 'subscribed' });
  await untilSynced(cardea);
  expect(await type(pin)).toBe('refused');
  await untilRefusedAs('suspended');
  await call(202, 'DELETE', `/users/${guest.id}`);
  await call(404, 'GET', `/users/${guest.id}`);
  await untilSynced(cardea);
  expect(await type(pin)).toBe('refused');
  await untilRefusedAs('unknown_credential');
  await call(202, 'DELETE', `/users/${next.id}`);
}, 120_000);
