import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedBuilding } from '#simulator/building';
import {
  connectBuilding,
  partOf,
  readBuilding,
  readObject,
  untilCalledHome,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, itemsOf, refusal } from '#test/kit/core';
import { until } from '#test/kit/wait';

const hubName = 'Ground floor hub';
let cardea: TestServer;
let simulated: SimulatedBuilding;
let iq: string;
let door: string;

beforeAll(async () => {
  cardea = await startTestServer();
  const building = partOf(await readBuilding('harbour'), {
    hubs: [hubName],
    locks: ['Front door'],
  });
  simulated = await connectBuilding(cardea, { building });
  const hub = simulated.hub(hubName);
  await untilCalledHome(cardea, hub.code);
  const body = { activation_code: hub.code, time_zone: 'Europe/Amsterdam', subscribed: false };
  iq = (await create(cardea, '/iqs', body)).id;
  const [lock] = building.locks;
  door = (await create(cardea, '/locks', { activation_code: lock?.code })).id;
  await until(async () => (await readObject(cardea, `/iqs/${iq}`))['online'] === true, {
    what: 'the hub is online',
  });
  const tree = { iq_tree_items: [{ id: door, parent_id: null, hardware_type: 'lock' }] };
  const answer = await cardea.ask('PUT', `/iqs/${iq}/tree`, { body: tree });
  expect([answer.status, answer.text]).toEqual([204, '']);
}, 120_000);
afterAll(async () => {
  await simulated.stop();
  await cardea.stop();
});

const tableVersion = () => simulated.hub(hubName).view()?.tableVersion;
const subscribe = (subscribed: boolean) =>
  cardea.ask('PATCH', `/iqs/${iq}`, { body: { subscribed } });
const light = () => simulated.hub(hubName).light;
const showing = (word: string) =>
  until(() => light() === word, { timeoutMs: 60_000, what: `the hub shows ${word}` });
const open = () =>
  cardea.ask('PATCH', `/locks/${door}/locking`, { body: { locked_state: 'unlocked' } });

describe('an IQ that is not subscribed', () => {
  it('is known, but nothing is sent to it until it is for the first time', async () => {
    // A question to the hub and its answer: whatever was sent before has arrived.
    const path = `/iqs/${iq}/signal_strength?force_refresh=true`;
    expect((await cardea.ask('GET', path)).status).toBe(200);
    expect(tableVersion()).toBe(0);
    expect(light()).toBe('permanent_purple');
    expect(await readObject(cardea, `/iqs/${iq}`)).toMatchObject({
      subscribed: false,
      data_sync_state: 'not_synced',
    });
    expect((await subscribe(true)).status).toBe(200);
    await until(() => (tableVersion() ?? 0) > 0, { what: 'the hub has its table' });
    await showing('green_blink_every_5_min');
    await until(async () => (await readObject(cardea, `/locks/${door}`))['online'] === true, {
      what: 'the lock is attached and online',
    });
    expect((await open()).status).toBe(200);
  });

  it('that was once still gets rights, but takes no door command', async () => {
    expect((await subscribe(false)).status).toBe(200);
    await showing('permanent_purple');
    expect(refusal(await open())).toBe('403 3103');
    const before = tableVersion() ?? 0;
    const { id: group } = await create(cardea, '/access_groups');
    await create(cardea, `/access_groups/${group}/time_schedules`, { monday: true });
    const body = { add_ids: [door] };
    await cardea.ask('PATCH', `/access_groups/${group}/locks`, { body });
    await until(() => (tableVersion() ?? 0) > before, { what: 'the change reaches the hub' });
    expect(await itemsOf(cardea, `/access_groups/${group}/locks`)).toHaveLength(1);
  });
});
