/** A guest of a hotel, from the reception's first call to the checked-out room: all by HTTP, tried at the simulated door. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createClient, type Client } from '#client/client';
import type { BodyOf } from '#client/operations';
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
import { addPerson } from '#test/kit/people';
import { insertTag } from '#test/kit/rows';
import { until } from '#test/kit/wait';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Both run with real time until they are moved. */
const doorClock = createMovableClock();
const serverClock = createMovableClock();
let cardea: TestServer;
let hotel: TestBuilding;
let reception: Client;
beforeAll(async () => {
  cardea = await startTestServer({ clock: serverClock });
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Front door', 'Office'],
  });
  hotel = await startTestBuilding(cardea, { building, clock: doorClock, timeZone: 'UTC' });
  const { token } = await addPerson(cardea, { siteId: hotel.collectionId, role: 'owner' });
  reception = createClient({ baseUrl: cardea.url, token: async () => token });
}, 120_000);
afterAll(async () => {
  await hotel.stop();
  await cardea.stop();
});

type Guest = { readonly id: string; readonly userId: string };

/** Where something of the site is, for the reception's program. */
const at = () => ({ site_id: hotel.collectionId });
const of = ({ id }: Pick<Guest, 'id'>) => ({ ...at(), id });

async function addGuest(
  body: BodyOf<'POST', '/v1.2/sites/{site_id}/guests'>,
): Promise<Guest & { readonly state: string }> {
  const { data, status } = await reception.request('POST', '/v1.2/sites/{site_id}/guests', {
    path: at(),
    body,
  });
  expect(status).toBe(201);
  return { id: data.id, userId: data.user.id, state: data.subscription_state };
}

/** A group of the room with the guest in it, by a schedule. */
async function giveRoom(
  { userId }: Guest,
  schedule: BodyOf<'POST', '/v1.2/sites/{site_id}/access_groups/{access_group_id}/time_schedules'>,
): Promise<void> {
  const { id } = await reception.post('/v1.2/sites/{site_id}/access_groups', {
    path: at(),
    body: { customer_reference: 'Room 12' },
  });
  const path = { ...at(), access_group_id: id };
  const group = '/v1.2/sites/{site_id}/access_groups/{access_group_id}';
  await reception.post(`${group}/time_schedules`, { path, body: schedule });
  await reception.post(`${group}/locks`, { path, body: { lock_id: hotel.lockId('Office') } });
  await reception.post(`${group}/users`, { path, body: { user_id: userId } });
}

const user = '/v1.2/sites/{site_id}/users/{id}';
const changeUser = (guest: Guest, body: BodyOf<'PATCH', typeof user>) =>
  reception.patch(user, { path: of(guest), body });
const setState = (guest: Guest, state: 'subscribed' | 'suspended') =>
  reception.request('PATCH', `${user}/subscription`, { path: of(guest), body: { state } });

async function checkOut(guest: Guest): Promise<void> {
  expect((await reception.request('DELETE', user, { path: of(guest) })).status).toBe(202);
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
  await changeUser(guest, { tag_id: card.id });
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
  const { subscription_state } = await reception.get(user, { path: of(guest) });
  expect(subscription_state).toBe('suspended');
  const next = await addGuest({ alias: 'Room 15' });
  expect(next.state).toBe('subscribed');
  for (const leaving of [guest, next]) await checkOut(leaving);
}, 120_000);

it('opens the room in the stay and not after, gives the seat on, and leaves no trace at the door', async () => {
  await allowOneSeat();
  const now = nextSecond();
  const [arrival, departure] = [now + 24 * hourMs, now + 72 * hourMs];
  const guest = await addGuest({ alias: 'Room 12', expires_at: wall(departure + 12 * hourMs) });
  expect(guest.state).toBe('subscribed');
  await giveRoom(guest, {
    ...always,
    start_time: '00:00:00',
    end_time: '23:59:59',
    start_date: wall(arrival),
    end_date: wall(departure),
  });
  await changeUser(guest, { use_pin: true });
  const pin = await reception.put(`${user}/pin`, { path: of(guest), body: {} });
  expect(pin).toMatch(/^\d{6,7}$/);
  await untilSynced(cardea);
  expect(await type(pin)).toBe('refused');
  expect(await typeAt(arrival - minuteMs, pin)).toBe('refused');
  expect(await typeAt(arrival + 1_000, pin)).toBe('opened');
  expect(await typeAt(departure - 60_000, pin)).toBe('opened');
  expect(await typeAt(departure + 5_000, pin)).toBe('refused');
  await untilRefusedAs('outside_schedule');
  await doorClock.set(new Date(arrival + hourMs));
  expect(await type(pin)).toBe('opened');

  const next = await addGuest({ alias: 'Room 13' });
  expect(next.state).toBe('suspended');
  await expect(setState(next, 'subscribed')).rejects.toMatchObject({ status: 403 });
  expect((await setState(guest, 'suspended')).status).toBe(204);
  expect((await setState(next, 'subscribed')).status).toBe(204);
  await untilSynced(cardea);
  expect(await type(pin)).toBe('refused');
  await untilRefusedAs('suspended');
  await checkOut(guest);
  await expect(reception.get(user, { path: of(guest) })).rejects.toMatchObject({ status: 404 });
  await untilSynced(cardea);
  expect(await type(pin)).toBe('refused');
  await untilRefusedAs('unknown_credential');
  await checkOut(next);
}, 120_000);
