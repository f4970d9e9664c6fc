import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AppendLog } from '#iq/files';
import { createMovableClock } from './clock.ts';

const start = new Date('2026-03-02T08:00:00.000Z');

function stillClock() {
  return createMovableClock({ realNow: () => 0, start });
}

test('timers that fall due by a move fire in order, each at its own time', async () => {
  const clock = stillClock();
  const fired: string[] = [];
  const note = (name: string) => () => fired.push(`${name} ${clock.now().toISOString()}`);
  clock.setTimeout(note('late'), 60_000);
  clock.setTimeout(() => {
    note('early')();
    clock.setTimeout(note('follows'), 30_000);
  }, 10_000);
  clock.setTimeout(note('cancelled'), 20_000).cancel();
  const notDue = clock.setTimeout(note('not due'), 90_001);

  await clock.move(90_000);

  expect(fired).toEqual([
    'early 2026-03-02T08:00:10.000Z',
    'follows 2026-03-02T08:00:40.000Z',
    'late 2026-03-02T08:01:00.000Z',
  ]);
  expect(clock.now().toISOString()).toBe('2026-03-02T08:01:30.000Z');
  expect(clock.movedMs - start.getTime()).toBe(90_000);
  notDue.cancel();
});

test('a timer waits as long as before when the clock is set back', async () => {
  const clock = stillClock();
  const fired: string[] = [];
  clock.setTimeout(() => fired.push(clock.now().toISOString()), 10_000);

  await clock.set(new Date('2026-03-01T08:00:00.000Z'));
  expect(fired).toEqual([]);
  await clock.move(10_000);

  expect(fired).toEqual(['2026-03-01T08:00:10.000Z']);
});

test('timers go on in real time after a move', async () => {
  const clock = createMovableClock();
  const before = Date.now();
  await clock.move(86_400_000);
  await new Promise<void>((resolve) => {
    clock.setTimeout(resolve, 5);
  });
  expect(clock.now().getTime() - before).toBeGreaterThanOrEqual(86_400_000 + 4);
});

test('a moved clock stands still while a hub writes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cardea-clock-'));
  const log = new AppendLog(join(folder, 'log'));
  await log.open();
  const clock = stillClock();
  let writtenAt: string | null = null;
  clock.setTimeout(() => {
    void log.append(['an event']).then(() => {
      writtenAt = clock.now().toISOString();
    });
  }, 10_000);
  for (let seconds = 11; seconds <= 60; seconds += 1) {
    clock.setTimeout(() => undefined, seconds * 1000);
  }

  await clock.move(60_000);

  expect(writtenAt).toBe('2026-03-02T08:00:10.000Z');
  await log.close();
  await rm(folder, { recursive: true });
});
