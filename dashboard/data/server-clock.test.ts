import { expect, it } from 'vitest';
import { createServerClock } from './server-clock.ts';

const answer = (date?: string) =>
  new Response(null, date === undefined ? {} : { headers: { date } });

it.each([
  ['an hour ahead', '2026-08-25T08:25:00Z', -3_600_000],
  ['an hour behind', '2026-08-25T06:25:00Z', 3_600_000],
])('a browser %s has the time of the server', (_how, browser, aheadMs) => {
  let nowMs = Date.parse(browser);
  const clock = createServerClock(() => nowMs);
  clock.note(answer('Tue, 25 Aug 2026 07:25:00 GMT'));
  nowMs += 90_000;
  expect(clock.aheadMs()).toBe(aheadMs);
  expect(clock.now()).toEqual(new Date('2026-08-25T07:26:30Z'));
});

it('the latest answer counts, and one that tells no time changes nothing', () => {
  const clock = createServerClock(() => Date.parse('2026-08-25T12:00:00Z'));
  expect(clock.now()).toEqual(new Date('2026-08-25T12:00:00Z'));
  clock.note(answer('Tue, 25 Aug 2026 07:25:00 GMT'));
  clock.note(answer('Tue, 25 Aug 2026 07:26:00 GMT'));
  clock.note(answer());
  clock.note(answer('yesterday'));
  expect(clock.now()).toEqual(new Date('2026-08-25T07:26:00Z'));
});
