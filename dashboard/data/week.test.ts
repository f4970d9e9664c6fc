import { describe, expect, it } from 'vitest';
import {
  isOverMidnight,
  isPossible,
  partOfCell,
  runsOf,
  spanBetween,
  writtenSpan,
} from './week.ts';

const office = spanBetween({ day: 4, hour: 17 }, { day: 0, hour: 8 });

describe('hours that are drawn', () => {
  it('are the rectangle between two cells, wherever it begins', () => {
    expect(office).toEqual({
      days: [true, true, true, true, true, false, false],
      from: '08:00',
      until: '18:00',
    });
    expect(writtenSpan(office)).toMatchObject({
      end_time: '18:00:00',
      friday: true,
      sunday: false,
    });
  });

  it('reach the end of the day by its last hour', () => {
    const late = spanBetween({ day: 6, hour: 20 }, { day: 6, hour: 23 });
    expect(writtenSpan(late)).toMatchObject({ start_time: '20:00:00', end_time: '23:59:59' });
    expect([isPossible(late), isOverMidnight(late)]).toEqual([true, false]);
    expect(partOfCell(late, { day: 6, hour: 23 })).toEqual({ from: 0, to: 1 });
  });

  it('cover a part of an hour, and go on after midnight, on Monday after Sunday as well', () => {
    const night = {
      days: [false, false, false, false, false, false, true],
      from: '22:30',
      until: '06:15',
    };
    expect(isOverMidnight(night)).toBe(true);
    expect(partOfCell(night, { day: 6, hour: 22 })).toEqual({ from: 0.5, to: 1 });
    expect(partOfCell(night, { day: 0, hour: 6 })).toEqual({ from: 0, to: 0.25 });
    expect(partOfCell(night, { day: 0, hour: 7 })).toBeUndefined();
    expect(partOfCell(night, { day: 6, hour: 3 })).toBeUndefined();
  });

  it('are told as runs of days', () => {
    expect(runsOf([true, true, false, true, false, true, true])).toEqual([
      [0, 1],
      [3, 3],
      [5, 6],
    ]);
    expect(isPossible({ ...office, days: [] })).toBe(false);
    expect(isPossible({ ...office, until: '08:00' })).toBe(false);
  });
});
