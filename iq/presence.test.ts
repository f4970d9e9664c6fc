import { beforeEach, expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '#server/runtime/clock';
import { usualStatus } from '#test/kit/hub-rig';
import { followClock, newDoor, type Door } from './door.ts';
import { createHubTime, type HubTime } from './hub-time.ts';
import { createPresence, type Presence } from './presence.ts';

/** Time that really passes. */
let base: ManualClock;
/** What the hub takes it for. */
let clock: HubTime;
let door: Door;
let presence: Presence;
let told: string[];

beforeEach(() => {
  base = createManualClock(new Date('2026-06-01T10:00:00Z'));
  clock = createHubTime(base, 0);
  told = [];
  door = newDoor(
    {
      id: 'door',
      kind: 'lock',
      mac: '014FCA0A000071',
      slot: 1,
      parent_mac: null,
      is_confirmed: true,
      office_mode: 'none',
      battery_warned: null,
      was_reset: false,
      window_done: null,
    },
    clock.now(),
  );
  door.status = usualStatus;
  presence = createPresence({
    clock,
    conditions: { look: () => Promise.resolve() },
    doors: new Map([[door.id, door]]),
    repeaters: new Map(),
    recorder: {
      record: () => Promise.resolve(),
      entry: () => Promise.resolve(),
      incident(category) {
        told.push(
          `${category.replace('lock_connection_', '')} ${clock.now().toISOString().slice(11, 19)}`,
        );
        return Promise.resolve();
      },
    },
    onLost: () => undefined,
    onRepeaterChanged: () => undefined,
    onFailure: () => undefined,
  });
  presence.start();
});

/** Lets time pass with a lock that beats each 10 s. */
async function beatFor(seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 10) {
    base.advance(10_000);
    await presence.heard(door);
  }
}

test('a lock that flickers is told of once a minute', async () => {
  await presence.heard(door);
  base.advance(50_000);
  await presence.heard(door);
  base.advance(50_000);
  expect(door.isOnline).toBe(false);
  await presence.heard(door);
  expect(told).toEqual(['lost 10:00:50', 'restored 10:00:50']);
  base.advance(50_000);
  await presence.heard(door);
  expect(told.slice(2)).toEqual(['lost 10:02:30', 'restored 10:02:30']);
});

test('a lock that flickers and then stays away is told of when the minute is over', async () => {
  await presence.heard(door);
  base.advance(50_000);
  await presence.heard(door);
  // Silent for good: lost again at 10:01:40, 50 s after it was lost before.
  base.advance(55_000);
  expect(told).toEqual(['lost 10:00:50', 'restored 10:00:50']);
  expect(door.isOnline).toBe(false);
  base.advance(60_000);
  await presence.heard(door);
  expect(told.slice(2)).toEqual(['lost 10:01:50', 'restored 10:02:45']);
});

test.each([
  ['an hour ahead', 3_600_000],
  ['an hour back', -3_600_000],
  ['years ahead', 10 * 365 * 86_400_000],
])('a clock that is set %s makes no lock silent', async (_what, jumpMs) => {
  await beatFor(20);
  clock.correct(new Date(clock.now().getTime() + jumpMs));
  await beatFor(120);
  expect([door.isOnline, told]).toEqual([true, []]);
  base.advance(55_000);
  expect(door.isOnline).toBe(false);
});

test('what a door was allowed and denied lasts as long when the clock is set', () => {
  const now = clock.now();
  door.mayOpenUntil = new Date(now.getTime() + 6_000);
  door.keypad = { ...door.keypad, lockedUntil: now.getTime() + 30_000 };
  followClock(door, -3_600_000);
  expect(door.mayOpenUntil).toEqual(new Date(now.getTime() - 3_594_000));
  expect(door.keypad.lockedUntil).toBe(now.getTime() - 3_570_000);
});
