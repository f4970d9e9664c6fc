import { afterEach, expect, test } from 'vitest';
import type { Building } from '#contract/building';
import type { OfflineKey, OfflineMemory } from '#access/offline';
import { createMovableClock, type MovableClock } from '#simulator/clock';
import { manyHubs } from '#simulator/many-hubs';
import { answerWithinMs, deviceHeartbeatMs, type Driver, type DriverEvent } from './driver.ts';
import { createSimulatedHardware, type SimulatedHardware } from './simulated.ts';

type World = {
  readonly clock: MovableClock;
  readonly hardware: SimulatedHardware;
  readonly driver: Driver;
  /** What the hub heard, oldest first. */
  readonly heard: DriverEvent[];
};

const worlds: World[] = [];

afterEach(() => {
  for (const { hardware } of worlds.splice(0)) hardware.stop();
});

/** Two hubs, a lock of each radio and a repeater; the first hub listens and attaches whatever shows its card or button. */
async function build(): Promise<World> {
  const [first, second] = manyHubs({ hubs: 2 }).hubs;
  const [blue, rf] = manyHubs({ hubs: 2 }).locks;
  if (!first || !second || !blue || !rf) throw new Error('two hubs have two locks');
  const building: Pick<Building, 'hubs' | 'locks' | 'repeaters'> = {
    hubs: [first, second],
    locks: [
      blue,
      { ...rf, communication_type: 'rf_net', lock_type: 'escutcheon_pin', hub: first.name },
    ],
    repeaters: [
      {
        id: '00000000-0000-4000-8000-000000000001',
        name: 'Repeater',
        code: '012E77',
        communication_type: 'blue_net',
        hub: first.name,
        parent: null,
      },
    ],
  };
  const clock = createMovableClock({ realNow: () => 0, start: new Date('2026-03-18T09:00:00Z') });
  const hardware = createSimulatedHardware({ building, clock, latencyMs: 0 });
  const driver = hardware.driverFor(first.code);
  const heard: DriverEvent[] = [];
  await driver.start(async (event) => {
    heard.push(event);
    if (event.kind === 'maintenance_card' || event.kind === 'repeater_button') {
      await driver.attach({ mac: event.mac, slot: 1, parentMac: null });
    }
  });
  const world = { clock, hardware, driver, heard };
  worlds.push(world);
  return world;
}

function locksOf({ hardware }: World) {
  const [blue, rf] = hardware.locks;
  const [repeater] = hardware.repeaters;
  if (!blue || !rf || !repeater) throw new Error('the world has two locks and a repeater');
  return { blue, rf, repeater };
}

/** Lets an act come to its end that waits for the patience of the driver. */
async function afterPatience<Result>({ clock }: World, act: Promise<Result>): Promise<Result> {
  await clock.move(answerWithinMs);
  return act;
}

function memoryOf(keys: number): OfflineMemory {
  const one = (index: number): OfflineKey => ({
    keyId: `key ${String(index)}`,
    accessorId: 'accessor',
    type: 'tag',
    value: String(index).padStart(8, '0'),
    rfidUid: null,
    expiresAt: null,
    schedules: null,
    overridePrivacyMode: false,
  });
  return {
    version: `${String(keys)} keys`,
    timeZone: 'UTC',
    pinHashKeys: [],
    phones: null,
    auditTrail: null,
    openTimeSeconds: 6,
    keys: Array.from({ length: keys }, (_, index) => one(index)),
  };
}

test('hardware the building does not have is not found, and a lock that showed no card is not attached', async () => {
  const world = await build();
  const { blue } = locksOf(world);
  expect(await world.driver.open('FFFFFF', 6_000)).toEqual({
    result: 'refused',
    word: 'hardware_not_found',
  });
  expect(await world.driver.open(blue.mac, 6_000)).toEqual({
    result: 'refused',
    word: 'not_attached',
  });
  expect(await world.driver.attach({ mac: blue.mac, slot: 1, parentMac: null })).toEqual({
    result: 'refused',
    word: 'command_forbidden',
  });
});

test('a card joins a lock to the hub that wants it, and a beat follows', async () => {
  const world = await build();
  const { blue } = locksOf(world);
  expect(await blue.showMaintenanceCard()).toBe('attached');
  await blue.beatNow();
  expect(world.heard.map((event) => event.kind)).toEqual([
    'maintenance_card',
    'lock_heartbeat',
    'lock_heartbeat',
  ]);
  world.heard.length = 0;
  await world.clock.move(deviceHeartbeatMs * 3);
  expect(world.heard.map((event) => event.kind)).toEqual(Array(3).fill('lock_heartbeat'));
});

test('a silent lock acts and is not heard; one out of range does not act', async () => {
  const world = await build();
  const { blue } = locksOf(world);
  await blue.showMaintenanceCard();
  blue.goSilent();
  expect(await afterPatience(world, world.driver.open(blue.mac, 60_000))).toEqual({
    result: 'silent',
  });
  expect(blue.isReleased).toBe(true);
  await blue.speakAgain();
  await world.clock.move(60_000);

  blue.outOfRange();
  expect(await afterPatience(world, world.driver.open(blue.mac, 60_000))).toEqual({
    result: 'silent',
  });
  expect(blue.isReleased).toBe(false);
  await blue.backInRange();
  expect(await world.driver.open(blue.mac, 6_000)).toEqual({ result: 'confirmed' });
});

test('a jammed bolt refuses every act by its word', async () => {
  const world = await build();
  const { blue } = locksOf(world);
  await blue.showMaintenanceCard();
  blue.jam();
  const jammed = { result: 'refused', word: 'jammed' };
  expect(await world.driver.open(blue.mac, 6_000)).toEqual(jammed);
  expect(await world.driver.startOfficeMode(blue.mac)).toEqual(jammed);
  expect(await world.driver.endOfficeMode(blue.mac)).toEqual(jammed);
});

test.each([
  ['rf_net', 39],
  ['blue_net', 360],
] as const)(
  'a lock on %s holds %i offline keys and refuses one more, keeping what it has',
  async (radio, limit) => {
    const world = await build();
    const { blue, rf } = locksOf(world);
    const lock = radio === 'rf_net' ? rf : blue;
    await lock.showMaintenanceCard();
    expect(lock.traits.offlineKeyLimit).toBe(limit);
    expect(await world.driver.writeMemory(lock.mac, memoryOf(limit))).toEqual({
      result: 'confirmed',
    });
    expect(await world.driver.writeMemory(lock.mac, memoryOf(limit + 1))).toEqual({
      result: 'refused',
      word: 'command_forbidden',
    });
    expect(lock.status().memoryVersion).toBe(`${String(limit)} keys`);
  },
);

test('only a keypad on rf_net keeps PINs', async () => {
  const { blue, rf } = locksOf(await build());
  expect(rf.traits.holdsPins).toBe(true);
  expect(blue.traits.holdsPins).toBe(false);
});

test('a lock behind a dead repeater is silent, and reached again when the repeater has power', async () => {
  const world = await build();
  const { blue, repeater } = locksOf(world);
  expect(await repeater.pressReset()).toBe('attached');
  await blue.showMaintenanceCard();
  await world.driver.attach({ mac: blue.mac, slot: 2, parentMac: repeater.mac });
  expect(repeater.mac).toBe('01.2E.77');
  expect(await world.driver.open(blue.mac, 6_000)).toEqual({ result: 'confirmed' });

  repeater.die();
  expect(await afterPatience(world, world.driver.open(blue.mac, 6_000))).toEqual({
    result: 'silent',
  });
  expect(await afterPatience(world, world.driver.measureSignal(repeater.mac))).toEqual({
    result: 'silent',
  });
  await repeater.revive();
  expect(await world.driver.measureSignal(blue.mac)).toMatchObject({ result: 'confirmed' });
});

test('what a hub failed to keep is told again, with the same record number each time', async () => {
  const world = await build();
  const { blue } = locksOf(world);
  await blue.showMaintenanceCard();
  await world.driver.stop();
  await blue.tamper(true);
  await blue.connectProgrammer();

  const tries: DriverEvent[] = [];
  let failures = 2;
  await world.driver.start((event) => {
    tries.push(event);
    failures -= 1;
    return failures >= 0 ? Promise.reject(new Error('disk full')) : Promise.resolve();
  });
  while (blue.waitingRecords > 0) await blue.beatNow();

  const told = tries.filter((event) => event.kind !== 'lock_heartbeat');
  expect(told.map((event) => event.kind)).toEqual(['tamper', 'tamper', 'tamper', 'ppd_connected']);
  const numbers = told.map((event) => ('record' in event ? event.record : null));
  expect(new Set(numbers.slice(0, 3)).size).toBe(1);
  expect(Number(numbers[3])).toBeGreaterThan(Number(numbers[0]));
});

test('a hub that goes away in the middle of a decision leaves it to the lock', async () => {
  const world = await build();
  const { blue } = locksOf(world);
  await blue.showMaintenanceCard();
  await blue.beatNow();
  await world.driver.writeMemory(blue.mac, memoryOf(1));
  await world.driver.stop();
  const asked = new Promise<void>((resolve) => {
    void world.driver.start((event) => {
      if (event.kind !== 'presented') return Promise.resolve();
      resolve();
      return new Promise<void>(() => undefined);
    });
  });
  const answer = blue.present({
    what: { type: 'tag', tagNumber: '00000000', rfidUid: null },
    heldMs: 0,
  });
  await asked;
  await world.driver.stop();
  expect(await answer).toEqual({ did: 'opened', decidedBy: 'lock' });
  expect(blue.waitingRecords).toBe(1);
});

test('the lock of one hub goes to another when that one wants it and the card is shown', async () => {
  const world = await build();
  const { blue } = locksOf(world);
  await blue.showMaintenanceCard();
  await world.driver.stop();
  const [, second] = manyHubs({ hubs: 2 }).hubs;
  const other = world.hardware.driverFor(second?.code ?? '');
  await other.start(async (event) => {
    if (event.kind === 'maintenance_card') {
      await other.attach({ mac: event.mac, slot: 7, parentMac: null });
    }
  });
  expect(await blue.showMaintenanceCard()).toBe('attached');
  expect(blue.attachment).toEqual({ hub: second?.code, slot: 7, parentMac: null });
  expect(await world.driver.open(blue.mac, 6_000)).toEqual({
    result: 'refused',
    word: 'not_attached',
  });
});
