/** Every word an incident can have (behaviour.md 10), each from what really happens at a door, a hub or a line. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { incidentCategories } from '#contract/events';
import type { SimulatedLock } from '#iq/drivers/simulated-lock';
import { createMovableClock } from '#simulator/clock';
import type { SimulatedHub } from '#simulator/hub';
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
import { itemsOf, type CoreObject } from '#test/kit/core';
import { until } from '#test/kit/wait';

/** Noon of the building, so that no window of a test crosses midnight. */
const doorClock = createMovableClock({
  start: new Date(`${new Date().toISOString().slice(0, 10)}T11:00:00Z`),
});
const serverClock = createMovableClock();
let cardea: TestServer;
let house: TestBuilding;
let hub: SimulatedHub;
/** Leaf, sensor and privacy knob. */
let meetingRoom: SimulatedLock;

beforeAll(async () => {
  cardea = await startTestServer({ clock: serverClock });
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Meeting room', 'Storage'],
  });
  house = await startTestBuilding(cardea, { building, clock: doorClock });
  hub = house.simulated.hub('Ground floor hub');
  meetingRoom = house.simulated.lock('Meeting room');
  await house.admit({ tagNumber: '00004711', locks: ['Meeting room'] });
  await untilSynced(cardea);
}, 120_000);

afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

const seen = new Set<unknown>();

beforeEach(async () => {
  await until(() => hub.view()?.link === 'ready', { what: 'the hub is linked', timeoutMs: 60_000 });
});

/** The incidents that `act` brings, in the order of storing, once there are so many; and notes their words. */
async function broughtBy(
  act: () => Promise<unknown>,
  count: number,
  isMeant: (incident: CoreObject) => boolean = () => true,
): Promise<CoreObject[]> {
  const known = new Set((await all()).map(({ id }) => id));
  await act();
  const found = await until(
    async () => {
      const fresh = (await all()).filter((one) => !known.has(one.id) && isMeant(one));
      return fresh.length >= count && fresh;
    },
    { what: `${String(count)} incidents can be read`, timeoutMs: 60_000 },
  );
  const { rows } = await cardea.database.pool.query<{ id: string }>(
    'select id from incidents order by number',
  );
  const place = new Map(rows.map(({ id }, index) => [id, index]));
  for (const incident of found) seen.add(incident['event_category']);
  return found.sort((one, other) => (place.get(one.id) ?? 0) - (place.get(other.id) ?? 0));
}

const all = () => itemsOf(cardea, '/incidents?$top=1000');

function words(incidents: readonly CoreObject[]): string[] {
  return incidents.map((incident) => {
    const detail = incident['event_detail'];
    return `${String(incident['event_category'])}${typeof detail === 'string' ? ` ${detail}` : ''}`;
  });
}

const atMeetingRoom = () => ({
  lock_id: house.lockId('Meeting room'),
  iq_id: house.iqId('Ground floor hub'),
  collection_id: house.collectionId,
});

/** The tries to lock a jammed door may end while the next cause is at work. */
const isElsewhere = (incident: CoreObject): boolean =>
  incident['lock_id'] !== house.lockId('Meeting room');

const causes: [string, () => Promise<unknown>, readonly string[]][] = [
  [
    'a door that is forced, and falls shut',
    async () => {
      await meetingRoom.openDoor();
      await meetingRoom.closeDoor();
    },
    ['intrusion_alarm_start', 'intrusion_alarm_end'],
  ],
  [
    'a door that is propped open, and let go',
    async () => {
      await meetingRoom.holdDoorOpen();
      await doorClock.move(31_000);
      await meetingRoom.closeDoor();
    },
    ['door_left_open_alarm_start', 'door_left_open_alarm_end'],
  ],
  [
    'a housing that is opened, and closed',
    async () => {
      await meetingRoom.tamper(true);
      await meetingRoom.tamper(false);
    },
    ['tamper_alarm_start', 'tamper_alarm_end'],
  ],
  [
    'a battery that runs down',
    async () => {
      for (const level of ['good', 'low', 'low', 'critical'] as const)
        await meetingRoom.drainBattery(level);
    },
    ['low_battery_warning low', 'low_battery_warning critical'],
  ],
  [
    'a lock that wakes up in the year 2000',
    () => meetingRoom.loseClock(),
    ['lock_clock_failure', 'lock_time_set'],
  ],
  [
    'a programming device in its socket',
    () => meetingRoom.connectProgrammer(),
    ['lock_ppd_connected'],
  ],
  ['a word that no list has', () => meetingRoom.say('motor hot'), ['unknown motor hot']],
  [
    'a bolt that sticks when somebody with a right comes',
    async () => {
      meetingRoom.jam();
      expect(await meetingRoom.present(tag('00004711'))).toMatchObject({ did: 'nothing' });
      await meetingRoom.unjam();
    },
    ['operation_not_completed jammed'],
  ],
  [
    'a lock that cannot be heard, and can again',
    async () => {
      meetingRoom.outOfRange();
      await doorClock.move(60_000);
      await meetingRoom.backInRange();
    },
    ['lock_connection_lost', 'lock_connection_restored'],
  ],
];

describe('the cause of an incident', () => {
  it.each(causes)(
    '%s',
    async (_what, act, wanted) => {
      const found = await broughtBy(act, wanted.length);
      expect(words(found)).toEqual(wanted);
      for (const incident of found) expect(incident).toMatchObject(atMeetingRoom());
    },
    120_000,
  );

  it('easy office mode that a stuck bolt does not end', async () => {
    const path = `/locks/${house.lockId('Meeting room')}/easy_office_mode_schedule`;
    const now = doorClock.now().getTime();
    const [start, end] = [new Date(now + 5 * 60_000), new Date(now + 10 * 60_000)];
    const wallClock = (at: Date) =>
      at.toLocaleTimeString('en-GB', { timeZone: 'Europe/Amsterdam' });
    const body = {
      ...always,
      start_time: wallClock(start),
      end_time: wallClock(end),
      eom_auto_start: true,
    };
    expect((await cardea.ask('PUT', path, { body })).status).toBe(200);
    await untilSynced(cardea);
    await doorClock.set(new Date(start.getTime() + 1_000));
    await until(() => meetingRoom.isReleased, { what: 'the door stands open', timeoutMs: 60_000 });
    const found = await broughtBy(async () => {
      meetingRoom.jam();
      await doorClock.set(new Date(end.getTime() + 1_000));
      // Tried again each minute; each try is an act on the hub's disk.
      await until(
        async () => {
          await doorClock.move(61_000);
          return (await all()).some(isOf('easy_office_mode_end_failed'));
        },
        { what: 'the failure can be read', timeoutMs: 60_000 },
      );
    }, 1);
    expect(words(found)).toContain('easy_office_mode_end_failed');
    expect((await cardea.ask('DELETE', path)).status).toBe(204);
    await meetingRoom.unjam();
  }, 120_000);

  it('a hub that falls silent for 15 s, and is back', async () => {
    const found = await broughtBy(
      async () => {
        hub.setLink('cut');
        await until(() => hub.view()?.link === 'down', { what: 'the hub has noticed' });
        await serverClock.move(16_000);
        await until(async () => (await all()).some(isOf('iq_connection_lost')), {
          what: 'the loss can be read',
          timeoutMs: 60_000,
        });
        hub.setLink('up');
      },
      2,
      isElsewhere,
    );
    expect(words(found)).toEqual(['iq_connection_lost', 'iq_connection_restored']);
    for (const incident of found)
      expect(incident).toMatchObject({ iq_id: house.iqId('Ground floor hub'), lock_id: null });
  }, 120_000);

  it('a lock that is reset by hand', async () => {
    const found = await broughtBy(
      () => house.simulated.lock('Storage').resetByHand(),
      1,
      isElsewhere,
    );
    expect(words(found)).toEqual(['lock_reset']);
  }, 120_000);

  it('there is one for every word', () => {
    expect(seen).toEqual(new Set(incidentCategories));
  });
});

it('what a lock without its time remembers is told with the time it was told, and can be read', async () => {
  meetingRoom.outOfRange();
  await meetingRoom.loseClock();
  await meetingRoom.pressHandle();
  const before = await itemsOf(cardea, '/entries?$top=1000');
  await meetingRoom.backInRange();
  const entry = await until(
    async () =>
      (await itemsOf(cardea, '/entries?$top=1000')).find(({ id }) =>
        before.every((one) => one.id !== id),
      ),
    { what: 'the entry can be read', timeoutMs: 60_000 },
  );
  const awayMs = Date.parse(String(entry['utc_date_time'])) - doorClock.now().getTime();
  expect(Math.abs(awayMs)).toBeLessThan(3_600_000);
}, 120_000);

function isOf(category: string): (incident: CoreObject) => boolean {
  return (incident) => incident['event_category'] === category;
}
