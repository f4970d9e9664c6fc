import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { HubEvent } from '#contract/events';
import type { DoorAnswer } from '#iq/drivers/simulated-lock';
import { createMovableClock } from '#simulator/clock';
import type { SimulatedHub } from '#simulator/hub';
import {
  always,
  partOf,
  readBuilding,
  readObject,
  startTestBuilding,
  tag,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, itemsOf } from '#test/kit/core';
import { until } from '#test/kit/wait';

/** Time at the doors. The end of daylight saving is near: 02:00 comes twice in Amsterdam on this day. */
const doorClock = createMovableClock({ start: new Date('2026-10-25T00:00:00Z') });
/** Time of the server; it runs, and is moved where silence has to grow. */
const serverClock = createMovableClock();
let cardea: TestServer;
let house: TestBuilding;
let hub: SimulatedHub;
let iq: string;

beforeAll(async () => {
  cardea = await startTestServer({ clock: serverClock });
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Front door', 'Storage'],
  });
  house = await startTestBuilding(cardea, { building, clock: doorClock });
  house.simulated.onEvent((_hub, event) => written.push(event));
  // The doors live in another month than the server: what they tell of must not have expired by then.
  await cardea.ask('PATCH', `/collections/${house.collectionId}`, {
    body: { store_events_ttl: '3650.00:00:00' },
  });
  hub = house.simulated.hub('Ground floor hub');
  iq = house.iqId('Ground floor hub');
}, 120_000);

afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

async function present(tagNumber: string, door = 'Front door'): Promise<DoorAnswer['did']> {
  return (await house.simulated.lock(door).present(tag(tagNumber))).did;
}

async function presentAt(instant: string, tagNumber: string): Promise<DoorAnswer['did']> {
  await doorClock.set(new Date(instant));
  return present(tagNumber);
}

/** What hubs wrote down, oldest first. */
const written: HubEvent[] = [];

/** Why the door refused this tag the last time, as it can be read. */
async function reason(tagNumber: string): Promise<unknown> {
  const last = written.findLast(
    (event) => event.kind === 'entry' && event.access_detail === tagNumber,
  );
  const entry = await until(
    async () => (await itemsOf(cardea, `/entries?$filter=id eq ${last?.id}`))[0],
    { what: 'the refusal can be read' },
  );
  return entry['reject_reason'];
}

async function change(method: string, path: string, body?: object): Promise<void> {
  const answer = await cardea.ask(method, path, { body });
  expect([path, answer.status, answer.text]).toEqual([
    path,
    expect.toBeOneOf([200, 204]),
    answer.text,
  ]);
  await untilSynced(cardea);
}

function syncState(): Promise<unknown> {
  return readObject(cardea, `/iqs/${iq}`).then((shown) => shown['data_sync_state']);
}

it('opens twice on the night when clocks go back, and not in the minutes that spring skips', async () => {
  await house.admit({
    tagNumber: '00003001',
    locks: ['Front door'],
    schedule: { ...always, start_time: '02:30', end_time: '02:45' },
  });
  await house.admit({
    tagNumber: '00003002',
    locks: ['Front door'],
    schedule: { ...always, start_time: '02:30', end_time: '03:30' },
  });
  await untilSynced(cardea);
  const autumn = {
    '2026-10-25T00:29:50Z': 'refused',
    '2026-10-25T00:30:00Z': 'opened',
    '2026-10-25T00:45:50Z': 'opened',
    '2026-10-25T00:46:00Z': 'refused',
    '2026-10-25T01:29:50Z': 'refused',
    '2026-10-25T01:30:00Z': 'opened',
    '2026-10-25T01:45:50Z': 'opened',
    '2026-10-25T01:46:00Z': 'refused',
  } as const;
  for (const [instant, did] of Object.entries(autumn))
    expect([instant, await presentAt(instant, '00003001')]).toEqual([instant, did]);
  const spring = {
    '2026-03-29T00:59:50Z': 'refused',
    '2026-03-29T01:00:00Z': 'opened',
    '2026-03-29T01:30:50Z': 'opened',
    '2026-03-29T01:31:00Z': 'refused',
  } as const;
  for (const [instant, did] of Object.entries(spring))
    expect([instant, await presentAt(instant, '00003002')]).toEqual([instant, did]);
  expect(await reason('00003002')).toBe('outside_schedule');
});

it('carries every change of a right to the door', async () => {
  const person = await house.admit({ tagNumber: '00003010', locks: ['Front door'] });
  const group = `/access_groups/${person.groupId}`;
  const [schedule] = await itemsOf(cardea, `${group}/time_schedules`);
  await untilSynced(cardea);
  expect(await present('00003010')).toBe('opened');
  expect(await present('00003010', 'Storage')).toBe('refused');
  expect(await reason('00003010')).toBe('not_in_group');

  await change('PATCH', `${group}/locks`, { add_ids: [house.lockId('Storage')] });
  expect(await present('00003010', 'Storage')).toBe('opened');

  await change('PATCH', `${group}/locks`, { remove_ids: [house.lockId('Front door')] });
  expect(await present('00003010')).toBe('refused');
  expect(await reason('00003010')).toBe('not_in_group');
  expect(await present('00003010', 'Storage')).toBe('opened');

  await change('DELETE', `${group}/time_schedules/${schedule?.id ?? ''}`);
  expect(await present('00003010', 'Storage')).toBe('refused');
  expect(await reason('00003010')).toBe('no_schedule');
  await create(cardea, `${group}/time_schedules`, always);
  await untilSynced(cardea);
  expect(await present('00003010', 'Storage')).toBe('opened');

  const accessor = `/accessors/${person.accessorId}`;
  await change('PATCH', accessor, { blocked: true });
  expect(await present('00003010', 'Storage')).toBe('refused');
  expect(await reason('00003010')).toBe('accessor_blocked');
  await change('PATCH', accessor, { blocked: false });
  expect(await present('00003010', 'Storage')).toBe('opened');

  await change('PATCH', `/tags/${person.tagId}`, { expiry_date: '2026-01-01T00:00:00Z' });
  expect(await present('00003010', 'Storage')).toBe('refused');
  expect(await reason('00003010')).toBe('key_expired');
  await change('PATCH', `/tags/${person.tagId}`, { expiry_date: '' });
  expect(await present('00003010', 'Storage')).toBe('opened');

  await change('DELETE', `${accessor}/keys/${person.keyId}`);
  expect(await present('00003010', 'Storage')).toBe('refused');
  expect(await reason('00003010')).toBe('unknown_credential');
});

it('says truthfully whether a change is at the hub', async () => {
  const { accessorId } = await house.admit({ tagNumber: '00003020', locks: ['Front door'] });
  await untilSynced(cardea);
  hub.setLink('half_open');
  const online = await cardea.ask('PATCH', `/accessors/${accessorId}`, { body: { blocked: true } });
  expect(online.headers.get('clp-warning')).toBeNull();
  expect(await syncState()).toBe('pending');
  await serverClock.move(16_000);
  await until(async () => (await readObject(cardea, `/iqs/${iq}`))['online'] === false, {
    what: 'the hub is found silent',
  });
  expect(await syncState()).toBe('not_synced');
  // The door cannot know better until the hub is back.
  expect(await present('00003020')).toBe('opened');
  const offline = await cardea.ask('PATCH', `/accessors/${accessorId}`, {
    body: { toggle_manual_office_mode: true },
  });
  expect(offline.status).toBe(200);
  expect(offline.headers.get('clp-warning')).toBe(`iq_offline_change_queued; iq=${iq}`);
  hub.setLink('up');
  await until(async () => (await syncState()) === 'synced', { what: 'the hub has the change' });
  expect(await present('00003020')).toBe('refused');
  expect(await reason('00003020')).toBe('accessor_blocked');
});

it('sends what has changed, not the table', async () => {
  const { accessorId } = await house.admit({ tagNumber: '00003030', locks: ['Front door'] });
  for (let made = 0; made < 20; made += 1)
    await house.admit({ tagNumber: String(4_000 + made).padStart(8, '0'), locks: ['Front door'] });
  await untilSynced(cardea);
  const before = await bytesSent();
  await change('PATCH', `/accessors/${accessorId}`, { blocked: true });
  const changeBytes = (await bytesSent()) - before;
  expect((await cardea.ask('POST', `/iqs/${iq}/restore`)).status).toBe(200);
  await until(async () => (await bytesSent()) - before > 10 * changeBytes, {
    what: 'the whole table is on its way',
  });
});

it('refuses at a hub that cannot read its table, lets everybody out, and heals by itself', async () => {
  await house.admit({ tagNumber: '00003040', locks: ['Front door', 'Storage'] });
  await untilSynced(cardea);
  await hub.pullPlug();
  const folder = join(cardea.dataDir, hub.id, hub.id, 'table');
  for (const file of await readdir(folder)) await writeFile(join(folder, file), 'a torn page');
  hub.setLink('cut');
  await hub.plugIn();
  await until(() => hub.view()?.locks.every(({ online }) => online), {
    what: 'the locks are heard',
    timeoutMs: 60_000,
  });
  expect(await present('00003040')).toBe('refused');
  expect((await house.simulated.lock('Front door').pressHandle()).did).toBe('opened');
  expect((await house.simulated.lock('Storage').pressHandle()).did).toBe('opened');
  hub.setLink('up');
  await until(async () => (await present('00003040')) === 'opened', {
    what: 'the table is whole again',
  });
  const filter = encodeURIComponent("access_detail eq '00003040'");
  const reasons = await until(
    async () => {
      const items = await itemsOf(cardea, `/entries?$filter=${filter}`);
      return items.length > 0 && new Set(items.map((entry) => entry['reject_reason']));
    },
    { what: 'the refusals can be read' },
  );
  expect(reasons).toContain('hub_table_damaged');
});

async function bytesSent(): Promise<number> {
  const { text } = await cardea.ask('GET', '//metrics', { token: null });
  const found = /^cardea_gateway_bytes_out_total (\d+)/m.exec(text);
  if (found?.[1] === undefined) throw new Error('the metrics do not tell of bytes sent');
  return Number(found[1]);
}
