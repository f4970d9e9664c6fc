import { expect, it } from 'vitest';
import {
  ailingOf,
  batterySince,
  conditionSeries,
  lossOf,
  signalRange,
  type Condition,
} from './conditions.ts';
import type { Lock } from './locks.ts';

const span = { from: new Date('2026-11-01T00:00:00Z'), until: new Date('2026-11-01T10:00:00Z') };
const was = (time: string, changes: Partial<Condition>): Condition => ({
  id: time,
  utc_date_time: `2026-${time}:00Z`,
  battery_level: 'good',
  online: true,
  signal_strength: 20,
  ...changes,
});
const conditions = [
  was('10-31T12:00', {}),
  was('11-01T02:00', { online: false }),
  was('11-01T03:00', { online: false, battery_level: 'low' }),
  was('11-01T04:00', { battery_level: 'low', signal_strength: 9 }),
  was('11-01T09:00', { battery_level: 'low', signal_strength: 9, online: false }),
];
const hour = (count: number) => span.from.getTime() / 1000 + count * 3600;

it('a picture begins and ends with its span, and a line goes on to where the contact was lost', () => {
  expect(conditionSeries(conditions, span)).toEqual({
    at: [0, 2, 2, 3, 4, 9, 9, 10].map(hour),
    battery: [2, 2, 2, 1, 1, 1, 1, 1],
    signal: [20, 20, null, null, 9, 9, null, null],
    lost: [0, 0, 31, 31, 0, 0, 31, 31],
  });
  expect(conditionSeries([], span)).toEqual({ at: [], battery: [], signal: [], lost: [] });
});

it('what the picture shows is told: losses within the span, since when the battery is as it is, the signal', () => {
  expect(lossOf(conditions, span)).toEqual({ times: 2, ms: 3 * 3_600_000 });
  expect(lossOf([was('10-31T12:00', { online: false })], span)).toEqual({
    times: 1,
    ms: 36_000_000,
  });
  expect(batterySince(conditions)?.utc_date_time).toBe('2026-11-01T03:00:00Z');
  expect(batterySince([was('10-31T12:00', { battery_level: null })])).toBeNull();
  expect(signalRange(conditions)).toEqual({ least: 9, most: 20 });
  expect(signalRange([])).toBeNull();
});

it('doors to look after stand by urgency, and well ones not at all', () => {
  const lock = (id: string, changes: Partial<Lock>) =>
    ({ id, battery_level: 'good', online: true, iq_link_state: 'attached', ...changes }) as Lock;
  const locks = [
    lock('radio', {}),
    lock('low', { battery_level: 'low' }),
    lock('well', {}),
    lock('lost', { online: false }),
    lock('detached', { online: false, iq_link_state: 'detached' }),
    lock('empty', { battery_level: 'critical' }),
  ];
  const found = ailingOf(locks, new Map([['radio', 4]]));
  expect(found.map(({ lock: { id } }) => id)).toEqual(['empty', 'lost', 'low', 'radio']);
  expect(found.at(-1)?.weakSignal).toBe(4);
});
