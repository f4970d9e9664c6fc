import { expect, test } from 'vitest';
import { createManualClock } from './clock.ts';
import { createRounds } from './rounds.ts';

const began = new Date('2026-06-01T00:00:00Z');

test('rounds follow each other after their ends, failed ones too, until the stop', async () => {
  const clock = createManualClock(began);
  const told: unknown[] = [];
  const ends: (() => void)[] = [];
  let begun = 0;
  const rounds = createRounds({
    clock,
    firstMs: 100,
    everyMs: 1_000,
    round: async () => {
      begun += 1;
      await new Promise<void>((resolve) => ends.push(resolve));
      if (begun === 1) throw new Error('the first one fails');
    },
    onFailure: (error) => told.push((error as Error).message),
  });
  const end = async (): Promise<void> => {
    ends.at(-1)?.();
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  rounds.start();
  clock.advance(99);
  expect(begun).toBe(0);
  clock.advance(1);
  expect(begun).toBe(1);
  clock.advance(5_000);
  expect(begun).toBe(1);
  await end();
  expect(told).toEqual(['the first one fails']);
  clock.advance(1_000);
  expect(begun).toBe(2);
  const stopped = rounds.stop();
  expect(rounds.isStopped).toBe(true);
  await end();
  await stopped;
  clock.advance(5_000);
  expect(begun).toBe(2);
});
