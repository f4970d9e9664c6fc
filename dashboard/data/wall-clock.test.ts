import { expect, it } from 'vitest';
import { instantAt } from './wall-clock.ts';

it('a clock of the site is read in the zone of the site', () => {
  expect(instantAt('2026-12-24T18:00', 'Europe/Amsterdam')).toBe('2026-12-24T17:00:00.000Z');
  expect(instantAt('2026-07-01T00:30', 'America/New_York')).toBe('2026-07-01T04:30:00.000Z');
});

it('of an hour that comes twice the first is meant, and one that is left out is near', () => {
  expect(instantAt('2026-10-25T02:30', 'Europe/Amsterdam')).toBe('2026-10-25T00:30:00.000Z');
  expect(instantAt('2026-03-29T02:30', 'Europe/Amsterdam')).toMatch(/^2026-03-29T0[01]:30/);
});
