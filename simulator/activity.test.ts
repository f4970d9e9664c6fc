import { expect, test } from 'vitest';
import { isTimeFor } from './activity.ts';

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
