import { describe, expect, test } from 'vitest';
import type { Schedule } from '#contract/access-table';
import { schedule } from '#test/kit/access-table';
import { compileSchedule, coveringSchedule, nextChange } from './schedules.ts';
import { toLocalText, wallInstants } from './zones.ts';

const amsterdam = 'Europe/Amsterdam';

function isOpen(over: Partial<Schedule>, at: string, timeZone = amsterdam): boolean {
  const compiled = [compileSchedule(schedule(over))];
  return coveringSchedule(compiled, { timeZone, at: new Date(at) }) !== null;
}

const noDays = {
  monday: false,
  tuesday: false,
  wednesday: false,
  thursday: false,
  friday: false,
  saturday: false,
  sunday: false,
};

describe('a schedule', () => {
  test.each([
    ['2026-03-29T00:59:59Z', false],
    ['2026-03-29T01:00:00Z', true],
    ['2026-03-29T01:30:59.999Z', true],
    ['2026-03-29T01:31:00Z', false],
  ])('02:30-03:30 on the day an hour is skipped, at %s: %s', (at, open) => {
    expect(isOpen({ start_time: '02:30:00', end_time: '03:30:59' }, at)).toBe(open);
  });

  test.each([
    ['2026-10-25T00:29:59Z', false],
    ['2026-10-25T00:30:00Z', true],
    ['2026-10-25T00:45:59Z', true],
    ['2026-10-25T00:46:00Z', false],
    ['2026-10-25T01:29:59Z', false],
    ['2026-10-25T01:30:00Z', true],
    ['2026-10-25T01:45:59Z', true],
    ['2026-10-25T01:46:00Z', false],
  ])('02:30-02:45 on the day an hour comes twice, at %s: %s', (at, open) => {
    expect(isOpen({ start_time: '02:30:00', end_time: '02:45:59' }, at)).toBe(open);
  });

  test.each([
    ['2026-06-05T20:00:00Z', true, 'Friday 22:00, before midnight'],
    ['2026-06-06T03:59:59Z', true, 'Saturday 05:59:59, the tail of Friday'],
    ['2026-06-06T04:00:00Z', false, 'Saturday 06:00:00'],
    ['2026-06-06T20:00:00Z', false, 'Saturday 22:00 is not marked'],
    ['2026-06-05T03:00:00Z', false, 'Friday 05:00 would be the tail of Thursday'],
  ])('over midnight belongs to the day it starts on: %s is %s (%s)', (at, open) => {
    const night = { ...noDays, friday: true, start_time: '22:00:00', end_time: '05:59:59' };
    expect(isOpen(night, at)).toBe(open);
  });

  test('has its end second and its dates to the second', () => {
    const window = {
      start_time: '09:00:00',
      end_time: '17:00:00',
      start_date: '2026-06-01T10:00:00',
      end_date: '2026-06-01T12:00:00',
    };
    const at = (text: string) => isOpen(window, text);
    expect([at('2026-06-01T07:59:59Z'), at('2026-06-01T08:00:00Z')]).toEqual([false, true]);
    expect([at('2026-06-01T10:00:00.999Z'), at('2026-06-01T10:00:01Z')]).toEqual([true, false]);
    expect(isOpen({ end_time: '17:00:00' }, '2026-06-01T15:00:00.999Z')).toBe(true);
    expect(isOpen({ end_time: '17:00:00' }, '2026-06-01T15:00:01Z')).toBe(false);
  });

  test('runs in zones of half and quarter hours and changes off the quarter', () => {
    expect(
      isOpen(
        { start_time: '12:00:00', end_time: '12:00:59' },
        '2026-01-01T06:15:00Z',
        'Asia/Kathmandu',
      ),
    ).toBe(true);
    expect(toLocalText('America/St_Johns', new Date('2007-03-11T03:30:59Z'))).toBe(
      '2007-03-11T00:00:59',
    );
    expect(toLocalText('America/St_Johns', new Date('2007-03-11T03:31:00Z'))).toBe(
      '2007-03-11T01:01:00',
    );
    expect(toLocalText('Australia/Lord_Howe', new Date('2026-04-04T15:00:00Z'))).toBe(
      '2026-04-05T01:30:00',
    );
  });
});

describe('the wall clock', () => {
  test('shows a skipped minute never and a repeated one twice', () => {
    const wall = (text: string) => Date.parse(`${text}Z`);
    const instants = (text: string) =>
      wallInstants(amsterdam, wall(text)).map((ms) => new Date(ms).toISOString());
    expect(instants('2026-03-29T02:30:00')).toEqual([]);
    expect(instants('2026-10-25T02:30:00')).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-25T01:30:00.000Z',
    ]);
    expect(instants('2026-07-01T12:00:00')).toEqual(['2026-07-01T10:00:00.000Z']);
  });
});

describe('the next change', () => {
  const change = (list: readonly Partial<Schedule>[], at: string): string | null =>
    nextChange(
      list.map((over) => compileSchedule(schedule(over))),
      { timeZone: amsterdam, at: new Date(at) },
    )?.toISOString() ?? null;
  const weekdays = { saturday: false, sunday: false, start_time: '09:00:00', end_time: '16:59:59' };

  test.each([
    ['the start of the day', [weekdays], '2026-06-01T05:00:00Z', '2026-06-01T07:00:00.000Z'],
    ['the second after the end', [weekdays], '2026-06-01T07:00:00Z', '2026-06-01T15:00:00.000Z'],
    ['Monday, over the weekend', [weekdays], '2026-06-05T15:00:00Z', '2026-06-08T07:00:00.000Z'],
    ['none: whole days touch', [{}], '2026-06-01T12:00:00Z', null],
    [
      'the end of two windows that touch',
      [{ end_time: '11:59:59' }, { start_time: '12:00:00', end_time: '12:59:59' }],
      '2026-06-01T08:00:00Z',
      '2026-06-01T11:00:00.000Z',
    ],
    [
      'a date months away',
      [{ start_date: '2026-12-24T10:00:00' }],
      '2026-06-01T12:00:00Z',
      '2026-12-24T09:00:00.000Z',
    ],
    [
      'the end date',
      [{ end_date: '2026-06-03T23:59:59' }],
      '2026-06-01T12:00:00Z',
      '2026-06-03T22:00:00.000Z',
    ],
    [
      'the midnight before an unmarked day',
      [{ sunday: false }],
      '2026-06-01T12:00:00Z',
      '2026-06-06T22:00:00.000Z',
    ],
    [
      'the skipped hour ends a window early',
      [{ start_time: '01:00:00', end_time: '02:29:59' }],
      '2026-03-29T00:10:00Z',
      '2026-03-29T01:00:00.000Z',
    ],
    [
      'the second half of a window in the repeated hour',
      [{ start_time: '02:30:00', end_time: '02:45:59' }],
      '2026-10-25T00:50:00Z',
      '2026-10-25T01:30:00.000Z',
    ],
    [
      'none: it lies in the past',
      [{ end_date: '2020-01-01T00:00:00' }],
      '2026-06-01T12:00:00Z',
      null,
    ],
  ])('is %s', (_name, list, at, expected) => {
    expect(change(list, at)).toBe(expected);
  });
});
