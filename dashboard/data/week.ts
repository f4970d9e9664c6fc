/** Hours of a week: what a schedule of the API covers, and how a drawn rectangle becomes one. */
import type { ItemOf } from '#client/operations';
import { weekdays } from '../parts/weekdays.ts';

export type Schedule =
  ItemOf<'/v1.2/sites/{site_id}/access_groups/{access_group_id}/time_schedules'>;

/** Hours on some days, as somebody draws and writes them. */
export type Span = {
  /** One per weekday, from Monday. */
  readonly days: readonly boolean[];
  /** `08:00` */
  readonly from: string;
  /** `18:00`; `00:00` is the end of the day, what is before `from` lies in the next day. */
  readonly until: string;
};

/** A cell of the week: weekday from 0 = Monday, hour from 0 to 23. */
export type Cell = { readonly day: number; readonly hour: number };

const dayMinutes = 24 * 60;

export function spanOf(schedule: Schedule): Span {
  const until = schedule.end_time.slice(0, 5);
  return {
    days: weekdays.map((day) => schedule[day]),
    from: schedule.start_time.slice(0, 5),
    until: until === '23:59' ? '00:00' : until,
  };
}

/** The hours of a span as the API takes them. */
export function writtenSpan({ days, from, until }: Span) {
  const flag = (index: number) => days[index] ?? false;
  return {
    start_time: `${from}:00`,
    end_time: until === '00:00' ? '23:59:59' : `${until}:00`,
    monday: flag(0),
    tuesday: flag(1),
    wednesday: flag(2),
    thursday: flag(3),
    friday: flag(4),
    saturday: flag(5),
    sunday: flag(6),
  };
}

/** Whether a span has a day and a time that passes. */
export function isPossible({ days, from, until }: Span): boolean {
  return (
    days.includes(true) && from !== '' && until !== '' && (from !== until || until === '00:00')
  );
}

/** The rectangle between two cells, as hours on days. */
export function spanBetween(one: Cell, other: Cell): Span {
  const [firstDay, lastDay] = [Math.min(one.day, other.day), Math.max(one.day, other.day)];
  const clock = (hour: number) => `${String(hour % 24).padStart(2, '0')}:00`;
  return {
    days: weekdays.map((_, day) => day >= firstDay && day <= lastDay),
    from: clock(Math.min(one.hour, other.hour)),
    until: clock(Math.max(one.hour, other.hour) + 1),
  };
}

/** Every day, round the clock. */
export const wholeWeek = spanBetween({ day: 0, hour: 0 }, { day: 6, hour: 23 });

/** What part of a cell a span covers, from 0 to 1 of its hour; undefined = nothing. */
export function partOfCell(
  span: Span,
  { day, hour }: Cell,
): { readonly from: number; readonly to: number } | undefined {
  const start = minutesOf(span.from);
  const end = span.until === '00:00' ? dayMinutes : minutesOf(span.until);
  const isOn = (index: number) => span.days[(index + 7) % 7] === true;
  const pieces: (readonly [number, number])[] = [];
  if (isOn(day)) pieces.push([start, end > start ? end : dayMinutes]);
  if (end <= start && isOn(day - 1)) pieces.push([0, end]);
  for (const [from, to] of pieces) {
    const inside = {
      from: Math.max(0, (from - hour * 60) / 60),
      to: Math.min(1, (to - hour * 60) / 60),
    };
    if (inside.from < inside.to) return inside;
  }
  return undefined;
}

/** Whether a span goes on after midnight. */
export function isOverMidnight({ from, until }: Span): boolean {
  return until !== '00:00' && minutesOf(until) <= minutesOf(from);
}

function minutesOf(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
}

/** Runs of days that follow each other: `[[0, 4], [6, 6]]`. */
export function runsOf(days: readonly boolean[]): (readonly [number, number])[] {
  const runs: [number, number][] = [];
  days.forEach((isOn, day) => {
    const last = runs.at(-1);
    if (!isOn) return;
    if (last?.[1] === day - 1) last[1] = day;
    else runs.push([day, day]);
  });
  return runs;
}
