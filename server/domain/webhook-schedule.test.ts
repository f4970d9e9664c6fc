import { expect, it } from 'vitest';
import { nextDelayMs, retryAfterMs, retryDelaysMs } from './webhook-schedule.ts';

const hour = 3_600_000;

it('tries 13 times over 72 h 42 min 35 s', () => {
  const total = retryDelaysMs.reduce((sum, delay) => sum + delay, 0);
  expect(retryDelaysMs.length + 1).toBe(13);
  expect(total).toBe(72 * hour + 42 * 60_000 + 35_000);
});

it('moves each wait by a tenth at most, both ways', () => {
  retryDelaysMs.forEach((delay, index) => {
    const wait = (random: number) =>
      nextDelayMs({ attempts: index + 1, random, retryAfterMs: null });
    expect(wait(0)).toBe(Math.round(delay * 0.9));
    expect(wait(0.5)).toBe(delay);
    expect(wait(1)).toBe(Math.round(delay * 1.1));
  });
});

it('ends after the last attempt, whatever the receiver asks for', () => {
  expect(nextDelayMs({ attempts: 13, random: 0.5, retryAfterMs: 60_000 })).toBeNull();
});

it.each([
  ['a longer wait is obeyed', 60_000, 60_000],
  ['a shorter one is not', 1_000, 5_000],
  ['an hour is the longest', 100 * hour, hour],
])('%s', (_what, asked, waited) => {
  expect(nextDelayMs({ attempts: 1, random: 0.5, retryAfterMs: asked })).toBe(waited);
});

it.each([
  [429, '120', 120_000],
  [503, ' 5 ', 5_000],
  [503, 'Sun, 22 Nov 2026 08:01:00 GMT', 60_000],
  [429, 'Sun, 22 Nov 2026 07:00:00 GMT', 0],
  [500, '120', null],
  [429, 'soon', null],
  [429, '-5', null],
  [429, null, null],
])('Retry-After of %s: %s is %s ms', (status, header, expected) => {
  const now = new Date('2026-11-22T08:00:00Z');
  expect(retryAfterMs({ status, header, now })).toBe(expected);
});
