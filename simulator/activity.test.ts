import { expect, test } from 'vitest';
import type { DriverEvent } from '#iq/drivers/driver';
import { createSimulatedHardware } from '#iq/drivers/simulated';
import { createActivity, isTimeFor } from './activity.ts';
import { createMovableClock } from './clock.ts';
import { finderOf } from './find.ts';
import { manyHubs } from './many-hubs.ts';

const timeZone = 'Europe/Amsterdam';

test.each([
  ['on a Friday inside the hours', '2026-03-27T07:00:00Z', true],
  ['a second before they begin', '2026-03-27T06:59:59Z', false],
  ['at the last minute', '2026-03-27T17:00:30Z', true],
  ['a minute after the end', '2026-03-27T17:01:00Z', false],
  ['on a Saturday', '2026-03-28T07:00:00Z', false],
  ['on the first Monday of summer time', '2026-03-30T06:00:00Z', true],
])('staff hours %s', (_name, at, expected) => {
  const hours = { from: '08:00', to: '18:00', days: 'weekdays' } as const;
  expect(isTimeFor(hours, { at: new Date(at), timeZone })).toBe(expected);
});

test('weekend acts happen on Saturday and Sunday of the place', () => {
  const hours = { from: '00:00', to: '23:59', days: 'weekend' } as const;
  // Friday evening UTC, Saturday in Amsterdam
  expect(isTimeFor(hours, { at: new Date('2026-03-27T23:30:00Z'), timeZone })).toBe(true);
  expect(isTimeFor(hours, { at: new Date('2026-03-29T22:30:00Z'), timeZone })).toBe(false);
});

test('people come as often as the script says, and close the door behind them', async () => {
  const building = manyHubs({ hubs: 1, everySeconds: 60 });
  const clock = createMovableClock({ realNow: () => 0 });
  const hardware = createSimulatedHardware({ building, clock, latencyMs: 0 });
  const driver = hardware.driverFor(building.hubs[0]?.code ?? '');
  const heard: DriverEvent[] = [];
  await driver.start(async (event) => {
    heard.push(event);
    if (event.kind === 'maintenance_card') {
      await driver.attach({ mac: event.mac, slot: 1, parentMac: null });
    }
  });
  await hardware.locks[0]?.showMaintenanceCard();
  const people = createActivity({ building, lockByName: finderOf('lock', hardware.locks), clock });
  people.start();
  await clock.move(3_600_000);
  people.stop();
  await clock.move(60_000);

  const exits = heard.filter((event) => event.kind === 'presented').length;
  expect(exits).toBeGreaterThanOrEqual(40);
  expect(exits).toBeLessThanOrEqual(120);
  const leaf = heard.filter((event) => event.kind === 'door').map(({ door }) => door);
  expect(leaf).toEqual(Array.from({ length: exits }, () => ['open', 'closed']).flat());
  hardware.stop();
});
