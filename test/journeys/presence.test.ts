import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMovableClock } from '#simulator/clock';
import type { SimulatedHub } from '#simulator/hub';
import {
  partOf,
  readBuilding,
  readObject,
  startTestBuilding,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { itemsOf } from '#test/kit/core';
import { until } from '#test/kit/wait';

/** Time of the server and of the building. */
const clock = createMovableClock();
let cardea: TestServer;
let house: TestBuilding;
let hub: SimulatedHub;
let iq: string;

beforeAll(async () => {
  cardea = await startTestServer({ clock });
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Upstairs hub'],
    locks: ['Flat 1', 'Flat 2'],
  });
  house = await startTestBuilding(cardea, { building, clock });
  hub = house.simulated.hub('Upstairs hub');
  iq = house.iqId('Upstairs hub');
}, 120_000);

afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

beforeEach(async () => {
  // At most one pair of incidents is told per device and minute.
  await pass(61_000);
});

let isLedOn = true;

/** The server has just heard the hub: it has said that it holds a change. */
async function hearFromHub(): Promise<void> {
  isLedOn = !isLedOn;
  await cardea.ask('PATCH', `/iqs/${iq}`, { body: { led_enabled: isLedOn } });
  await until(
    async () => (await readObject(cardea, `/iqs/${iq}`))['data_sync_state'] === 'synced',
    { what: 'the hub has been heard' },
  );
}

/** Lets time go by with a hub that is heard all the while. */
async function pass(ms: number): Promise<void> {
  await hearFromHub();
  for (let left = ms; left > 0; left -= 8_000) {
    await clock.move(Math.min(left, 8_000));
    await hearFromHub();
  }
}

async function isOnline(path: string): Promise<boolean> {
  return (await readObject(cardea, path))['online'] === true;
}

function untilOnline(path: string, online: boolean): Promise<unknown> {
  return until(async () => (await isOnline(path)) === online, {
    what: `${path} is shown ${online ? 'online' : 'offline'}`,
  });
}

/** Words of the incidents that `act` brings, oldest first; `last` ends the waiting. */
async function incidentsOf(act: () => Promise<unknown>, last: string): Promise<unknown[]> {
  const before = await incidents();
  await act();
  const after = await until(
    async () => {
      const present = (await incidents()).slice(before.length);
      return present.some((incident) => incident['event_category'] === last) && present;
    },
    { what: `${last} can be read` },
  );
  return after.map((incident) => incident['event_category']);
}

function incidents() {
  return itemsOf(cardea, '/incidents?$top=1000&$orderby=utc_date_time');
}

/** Silent from here: online for 15 s by the server's clock, then the hub and all its locks are shown offline. */
async function expectFoundWithin15s(fail: () => void | Promise<void>): Promise<void> {
  await hearFromHub();
  const heardMs = clock.now().getTime();
  await fail();
  // Real time passes as well: a machine that is slow to fail is no longer silence.
  await clock.move(Math.max(0, heardMs + 10_000 - clock.now().getTime()));
  expect(await isOnline(`/iqs/${iq}`)).toBe(true);
  await clock.move(5_500);
  await untilOnline(`/iqs/${iq}`, false);
  for (const flat of ['Flat 1', 'Flat 2'])
    expect(await readObject(cardea, `/locks/${house.lockId(flat)}`)).toMatchObject({
      online: false,
      iq: { is_online: false },
      iq_link_state: 'attached',
      locked_state: 'locked',
    });
  expect(await isOnline(`/repeaters/${house.iqId('Stairwell repeater')}`)).toBe(false);
}

async function expectBack(): Promise<void> {
  await untilOnline(`/iqs/${iq}`, true);
  for (const flat of ['Flat 1', 'Flat 2']) await untilOnline(`/locks/${house.lockId(flat)}`, true);
}

describe('a hub that cannot be heard', () => {
  it('is found when its line is cut, and comes back with it, each told of once', async () => {
    const words = await incidentsOf(async () => {
      await expectFoundWithin15s(() => hub.setLink('cut'));
      hub.setLink('up');
      await expectBack();
    }, 'iq_connection_restored');
    expect(words).toEqual(['iq_connection_lost', 'iq_connection_restored']);
  });

  it('is found when its line is half open and neither end has noticed', async () => {
    const words = await incidentsOf(async () => {
      await expectFoundWithin15s(() => hub.setLink('half_open'));
      hub.setLink('up');
      await expectBack();
    }, 'iq_connection_restored');
    expect(words).toEqual(['iq_connection_lost', 'iq_connection_restored']);
  });

  it('is found when its plug is pulled, and works by what is on its disk when it is back', async () => {
    const words = await incidentsOf(async () => {
      await expectFoundWithin15s(() => hub.pullPlug());
      await hub.plugIn();
      await expectBack();
    }, 'iq_connection_restored');
    expect(words).toEqual(['iq_connection_lost', 'iq_connection_restored']);
  });

  it('was never offline when it is back within 15 s', async () => {
    const before = (await incidents()).length;
    await hearFromHub();
    hub.setLink('cut');
    await until(() => hub.view()?.link === 'down', { what: 'the hub has noticed' });
    // The rest of the 15 s is real time for the way back.
    await clock.move(5_000);
    hub.setLink('up');
    await until(() => hub.view()?.link === 'ready', { what: 'the hub is linked again' });
    await pass(20_000);
    expect(await isOnline(`/iqs/${iq}`)).toBe(true);
    expect((await incidents()).length).toBe(before);
  });
});

describe('a repeater that dies', () => {
  it('takes its locks along while the hub stays, and gives them back', async () => {
    const repeater = house.simulated.repeater('Stairwell repeater');
    const repeaterPath = `/repeaters/${house.iqId('Stairwell repeater')}`;
    const lost = await incidentsOf(async () => {
      repeater.die();
      // Five missed heartbeats of 10 s; the hub's own go on.
      await pass(60_000);
      for (const path of [repeaterPath, ...flats()]) await untilOnline(path, false);
      expect(await isOnline(`/iqs/${iq}`)).toBe(true);
    }, 'lock_connection_lost');
    expect(new Set(lost)).toEqual(new Set(['lock_connection_lost']));
    await repeater.revive();
    for (const path of [repeaterPath, ...flats()]) await untilOnline(path, true);
  });
});

function flats(): string[] {
  return ['Flat 1', 'Flat 2'].map((flat) => `/locks/${house.lockId(flat)}`);
}
