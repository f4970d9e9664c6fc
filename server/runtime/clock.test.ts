import { expect, test, vi } from 'vitest';
import { createManualClock, createSystemClock } from './clock.ts';

const START = new Date('2026-03-29T00:00:00Z');

test('a manual clock stands still until it is moved', () => {
  const clock = createManualClock(START);
  expect(clock.now()).toEqual(START);
  clock.advance(1500);
  expect(clock.now()).toEqual(new Date('2026-03-29T00:00:01.500Z'));
  clock.set(new Date('2027-01-01T00:00:00Z'));
  expect(clock.now()).toEqual(new Date('2027-01-01T00:00:00Z'));
});

test('timers fire in the order of their due times, each seeing its own, also those made on the way', () => {
  const clock = createManualClock(START);
  const fired: [string, number][] = [];
  const note = (name: string) => fired.push([name, clock.now().getTime() - START.getTime()]);
  clock.setTimeout(() => note('late'), 300);
  clock.setTimeout(() => {
    note('early');
    clock.setTimeout(() => note('chained'), 100);
  }, 100);
  clock.setTimeout(() => note('same, made second'), 300);
  clock.setTimeout(() => note('never'), 1001);
  clock.advance(1000);
  expect(fired).toEqual([
    ['early', 100],
    ['chained', 200],
    ['late', 300],
    ['same, made second', 300],
  ]);
});

test('a cancelled timer does not fire', () => {
  const clock = createManualClock(START);
  const act = vi.fn();
  clock.setTimeout(act, 10).cancel();
  clock.advance(10);
  expect(act).not.toHaveBeenCalled();
});

test('a wait longer than Node can count does not fire at once', () => {
  vi.useFakeTimers({ now: START });
  try {
    const act = vi.fn();
    createSystemClock().setTimeout(act, 40 * 86_400_000);
    vi.advanceTimersByTime(40 * 86_400_000 - 1);
    expect(act).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(act).toHaveBeenCalledOnce();
  } finally {
    vi.useRealTimers();
  }
});
