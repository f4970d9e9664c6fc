import type { HubConnection } from '@microsoft/signalr';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HubEvent } from '#contract/events';
import type { DoorAnswer, SimulatedLock } from '#iq/drivers/simulated-lock';
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
import { create, createOpenGroup, itemsOf, type CoreObject } from '#test/kit/core';
import { listenAsOwner, type HeardEvent } from '#test/kit/listener';
import { until } from '#test/kit/wait';

const doorClock = createMovableClock();
const serverClock = createMovableClock();
let cardea: TestServer;
let house: TestBuilding;
let hub: SimulatedHub;
let frontDoor: SimulatedLock;
let meetingRoom: SimulatedLock;
let storage: SimulatedLock;
/** What the hub wrote into its ledger, oldest first. */
const written: HubEvent[] = [];

beforeAll(async () => {
  cardea = await startTestServer({ clock: serverClock });
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Front door', 'Meeting room', 'Storage'],
  });
  house = await startTestBuilding(cardea, { building, clock: doorClock });
  hub = house.simulated.hub('Ground floor hub');
  frontDoor = house.simulated.lock('Front door');
  meetingRoom = house.simulated.lock('Meeting room');
  storage = house.simulated.lock('Storage');
  house.simulated.onEvent((_hub, event) => {
    // Battery and radio are no entries and no incidents.
    if (event.kind !== 'lock_condition') written.push(event);
  });
}, 120_000);

afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

beforeEach(async () => {
  await until(() => hub.view()?.link === 'ready', { what: 'the hub is linked' });
});

/**
 * Sets the clock of the doors when no lock waits for the disk of its hub: minutes that pass while one waits are minutes that
 * nobody hears it.
 */
async function setDoorClock(to: Date): Promise<void> {
  await Promise.all(house.simulated.locks.map((each) => each.beatNow()));
  await doorClock.set(to);
}

const passAtDoors = (ms: number): Promise<void> =>
  setDoorClock(new Date(doorClock.now().getTime() + ms));

function lock(name: string): Promise<Record<string, unknown>> {
  return readObject(cardea, `/locks/${house.lockId(name)}`);
}

function untilLock(name: string, members: Readonly<Record<string, unknown>>): Promise<unknown> {
  return until(
    async () => {
      const shown = await lock(name);
      return Object.entries(members).every(([member, value]) => shown[member] === value);
    },
    { what: `${name} shows ${JSON.stringify(members)}` },
  );
}

/** Entries or incidents a filter finds, oldest first, once there are so many. */
async function readable(
  path: '/entries' | '/incidents',
  filter: string,
  count = 1,
): Promise<readonly CoreObject[]> {
  const query = `$top=1000&$orderby=utc_date_time&$filter=${encodeURIComponent(filter)}`;
  return until(
    async () => {
      const items = await itemsOf(cardea, `${path}?${query}`);
      return items.length >= count && items;
    },
    { what: `${path} can be read: ${filter}` },
  );
}

function words(events: readonly CoreObject[], member = 'event_category'): unknown[] {
  return events.map((event) => event[member]);
}

describe('the ledger of a hub', () => {
  it('arrives whole, once and in order, whatever breaks on the way', async () => {
    const press = async (times: number) => {
      for (let pressed = 0; pressed < times; pressed += 1) await storage.pressHandle();
    };
    const untilLinked = () =>
      until(() => hub.view()?.link === 'ready', { what: 'the hub is linked', timeoutMs: 60_000 });
    for (const records of [1, 2, 3, 5, 8]) {
      hub.dropAfter(records);
      await press(4);
      await untilLinked();
    }
    const pressing = press(20);
    await hub.pullPlug();
    await pressing;
    await hub.plugIn();
    await untilLinked();
    const more = press(10);
    await cardea.pause();
    await more;
    await press(3);
    await cardea.resume();
    await untilLinked();
    await press(1);
    const last = written.at(-1);
    await until(async () => (await stored()).at(-1) === `${String(last?.sequence)} ${last?.id}`, {
      what: 'the last event has arrived',
      timeoutMs: 60_000,
    });
    expect(await stored()).toEqual(written.map(({ sequence, id }) => `${String(sequence)} ${id}`));
    const handle = `lock_id eq ${house.lockId('Storage')} and access_by eq 'inside_handle'`;
    const shown = await readable('/entries', handle);
    expect(new Set(words(shown, 'id')).size).toBe(shown.length);
    const gaps = await itemsOf(cardea, `/incidents?$filter=event_detail%20eq%20'event_gap'`);
    expect(gaps).toEqual([]);
  });

  it('is streamed once and in order while the line drops', async () => {
    const heard: HeardEvent[] = [];
    const listener: HubConnection = await listenAsOwner(cardea, house.collectionId, heard);
    const from = written.length;
    for (const records of [2, 4]) {
      hub.dropAfter(records);
      for (let pressed = 0; pressed < 5; pressed += 1) await storage.pressHandle();
      await until(() => hub.view()?.link === 'ready', { what: 'the hub is linked again' });
    }
    const expected = written.slice(from).map(({ id }) => id);
    await until(() => heard.length >= expected.length, { what: 'the stream has told all' });
    await listener.stop();
    expect(heard.map(({ id }) => id)).toEqual(expected);
  });
});

describe('tags, PINs and offline keys', () => {
  it('teaches a tag at a door, which then opens it', async () => {
    const answer = await cardea.ask(
      'PATCH',
      `/locks/${house.lockId('Front door')}/tag_registration`,
      { body: { duration_in_seconds: 60 } },
    );
    expect([answer.status, answer.json]).toMatchObject([
      200,
      { tag_registration_state: 'in_progress' },
    ]);
    expect((await frontDoor.present(tag('00005001'))).did).toBe('learned');
    const learned = await until(
      async () => (await itemsOf(cardea, `/tags?$filter=tag_number%20eq%20'00005001'`))[0],
      { what: 'the tag is in the list' },
    );
    expect(learned).toMatchObject({
      source_iq_id: house.iqId('Ground floor hub'),
      collection_id: house.collectionId,
      accessor_id: null,
    });
    await passAtDoors(61_000);
    await serverClock.move(61_000);
    await untilLock('Front door', { tag_registration_state: 'not_started' });
    expect((await frontDoor.present(tag('00005001'))).did).toBe('refused');
    const { id } = await create(cardea, '/accessors', { collection_id: house.collectionId });
    await create(cardea, `/accessors/${id}/keys`, { tag_id: learned.id });
    await createOpenGroup(cardea, { accessors: [id], locks: [house.lockId('Front door')] });
    await untilSynced(cardea);
    expect((await frontDoor.present(tag('00005001'))).did).toBe('opened');
  });

  it('opens a keypad door for a PIN, and ignores PINs after five wrong ones', async () => {
    const { id } = await create(cardea, '/accessors', { collection_id: house.collectionId });
    await createOpenGroup(cardea, { accessors: [id], locks: [house.lockId('Front door')] });
    const answer = await cardea.ask('PUT', `/accessors/${id}/pin`);
    expect([answer.status, answer.json]).toEqual([200, expect.stringMatching(/^\d{6,7}$/)]);
    const pin = answer.json as string;
    await untilSynced(cardea);
    expect(await type(pin)).toBe('opened');
    const [entry] = await readable('/entries', "access_by eq 'pin_code'");
    expect(entry).toMatchObject({ event_category: 'lock_opened', accessor_id: id });
    expect(entry).toMatchObject({ access_detail: '' });
    const wrong = pin.replace(/^./, (digit) => String((Number(digit) + 1) % 10));
    for (let tries = 0; tries < 5; tries += 1) expect(await type(wrong)).toBe('refused');
    expect(await type(pin)).toBe('refused');
    const refused = await readable('/entries', "reject_reason eq 'keypad_locked'");
    expect(words(refused, 'access_by')).toEqual(['pin_code']);
    await doorClock.move(31_000);
    expect(await type(pin)).toBe('opened');
  });

  it('opens for an offline key with the hub gone, and tells of it later as offline', async () => {
    const { keyId, accessorId } = await house.admit({ tagNumber: '00005003', locks: ['Storage'] });
    const path = `/locks/${house.lockId('Storage')}/offline_keys`;
    expect((await cardea.ask('PATCH', path, { body: { add_ids: [keyId] } })).status).toBe(204);
    await until(() => storage.offlineKeys === 1, { what: 'the lock holds the key' });
    await hub.pullPlug();
    expect(await storage.present(tag('00005003'))).toEqual({ did: 'opened', decidedBy: 'lock' });
    expect(await storage.present(tag('00005999'))).toEqual({ did: 'refused', decidedBy: 'lock' });
    await hub.plugIn();
    const [opened] = await readable('/entries', "access_detail eq '00005003'");
    expect(opened).toMatchObject({
      event_category: 'lock_opened',
      event_detail: 'offline',
      accessor_id: accessorId,
    });
    const [rejected] = await readable('/entries', "access_detail eq '00005999'");
    expect(rejected).toMatchObject({ event_category: 'lock_rejected', event_detail: 'offline' });
  });
});

describe('what a door does by itself', () => {
  it('stays open by its easy office mode schedule, and says so', async () => {
    const path = `/locks/${house.lockId('Meeting room')}/easy_office_mode_schedule`;
    const wallClock = (at: Date) =>
      at.toLocaleTimeString('en-GB', { timeZone: 'Europe/Amsterdam' });
    const windowIn = (minutes: number): [Date, Date] => {
      const now = doorClock.now().getTime();
      return [new Date(now + minutes * 60_000), new Date(now + (minutes + 5) * 60_000)];
    };
    // Not over midnight.
    const isOneDay = ([from, to]: [Date, Date]) => wallClock(from) < wallClock(to);
    const [start, end] = isOneDay(windowIn(5)) ? windowIn(5) : windowIn(15);
    const schedule = { ...always, start_time: wallClock(start), end_time: wallClock(end) };
    const answer = await cardea.ask('PUT', path, { body: { ...schedule, eom_auto_start: true } });
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
    await untilSynced(cardea);
    await untilLock('Meeting room', { locked_state: 'locked' });
    await setDoorClock(start);
    await untilLock('Meeting room', { locked_state: 'office_mode' });
    expect(meetingRoom.isReleased).toBe(true);
    // The last second belongs to the window.
    await setDoorClock(new Date(end.getTime() + 1_000));
    await untilLock('Meeting room', { locked_state: 'locked' });
    expect(meetingRoom.isReleased).toBe(false);
    const entries = await readable('/entries', "event_category eq 'easy_office_mode'", 2);
    expect(words(entries, 'event_detail')).toEqual(['start', 'end']);
    expect(words(entries, 'access_by')).toEqual(['schedule', 'schedule']);
    expect((await cardea.ask('DELETE', path)).status).toBe(204);
  });

  it('tells of a door left open, of one forced, and of a battery that runs down', async () => {
    const here = `lock_id eq ${house.lockId('Meeting room')}`;
    await meetingRoom.holdDoorOpen();
    await doorClock.move(31_000);
    await untilLock('Meeting room', { left_open_alarm: true, intrusion_alarm: false });
    await meetingRoom.closeDoor();
    await untilLock('Meeting room', { left_open_alarm: false });
    await passAtDoors(60_000);
    await meetingRoom.openDoor();
    await untilLock('Meeting room', { intrusion_alarm: true });
    await meetingRoom.closeDoor();
    await untilLock('Meeting room', { intrusion_alarm: false });
    await meetingRoom.drainBattery('low');
    await untilLock('Meeting room', { battery_level: 'low' });
    await meetingRoom.drainBattery('critical');
    await untilLock('Meeting room', { battery_level: 'critical' });
    const told = await readable('/incidents', here, 6);
    expect(words(told)).toEqual([
      'door_left_open_alarm_start',
      'door_left_open_alarm_end',
      'intrusion_alarm_start',
      'intrusion_alarm_end',
      'low_battery_warning',
      'low_battery_warning',
    ]);
    expect(words(told, 'event_detail').slice(4)).toEqual(['low', 'critical']);
  });
});

async function type(code: string): Promise<DoorAnswer['did']> {
  return (await frontDoor.present({ what: { type: 'pin', code }, heldMs: 0 })).did;
}

/** Sequence and id of everything stored of hubs since the journey began, in the order of the numbers. */
async function stored(): Promise<readonly string[]> {
  const first = written[0]?.sequence ?? 0;
  const { rows } = await cardea.database.pool.query<{ place: string }>(
    `select sequence || ' ' || id as place from (
       select number, sequence, id from entries where sequence >= $1
       union all select number, sequence, id from incidents where sequence >= $1) as events
     order by number`,
    [first],
  );
  return rows.map(({ place }) => place);
}
