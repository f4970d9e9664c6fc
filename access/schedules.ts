/**
 * Time schedules (behaviour.md 5.3): a window of the wall clock on marked weekdays between two dates, the end second included.
 * A window whose end lies before its start runs over midnight and belongs to the day it starts on.
 */
import type { Schedule } from '#contract/access-table';
import { offsetChanges, toWallMs, wallInstants } from './zones.ts';

const daySeconds = 86_400;
const dayMs = daySeconds * 1000;

/** A schedule in numbers; made once when the table changes, so that a decision only compares. */
export type CompiledSchedule = {
  readonly id: string;
  /** Seconds of the day. */
  readonly start: number;
  readonly end: number;
  /** Bit 0 = Sunday … bit 6 = Saturday. */
  readonly days: number;
  /** Wall seconds, or null = open. */
  readonly from: number | null;
  readonly until: number | null;
};

function secondsOfDay(text: string): number {
  const [hours = '0', minutes = '0', seconds = '0'] = text.split(':');
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

function wallSeconds(text: string | null): number | null {
  return text === null ? null : Math.floor(Date.parse(`${text.slice(0, 19)}Z`) / 1000);
}

/** Turns a schedule of the access table into numbers. */
export function compileSchedule(schedule: Schedule): CompiledSchedule {
  const marks = [
    schedule.sunday,
    schedule.monday,
    schedule.tuesday,
    schedule.wednesday,
    schedule.thursday,
    schedule.friday,
    schedule.saturday,
  ];
  return {
    id: schedule.id,
    start: secondsOfDay(schedule.start_time),
    end: secondsOfDay(schedule.end_time),
    days: marks.reduce((bits, marked, day) => (marked ? bits | (1 << day) : bits), 0),
    from: wallSeconds(schedule.start_date),
    until: wallSeconds(schedule.end_date),
  };
}

function isMarked(days: number, dayNumber: number): boolean {
  // 1970-01-01 was a Thursday.
  const weekday = (((dayNumber + 4) % 7) + 7) % 7;
  return (days & (1 << weekday)) !== 0;
}

/** True when the schedule covers a wall clock given in wall milliseconds. */
export function coversWall(schedule: CompiledSchedule, wallMs: number): boolean {
  const second = Math.floor(wallMs / 1000);
  if (schedule.from !== null && second < schedule.from) return false;
  if (schedule.until !== null && second > schedule.until) return false;
  const day = Math.floor(second / daySeconds);
  const time = second - day * daySeconds;
  if (schedule.end >= schedule.start) {
    return time >= schedule.start && time <= schedule.end && isMarked(schedule.days, day);
  }
  if (time >= schedule.start && isMarked(schedule.days, day)) return true;
  return time <= schedule.end && isMarked(schedule.days, day - 1);
}

/** The first of the schedules that covers an instant in the zone, or null. */
export function coveringSchedule(
  schedules: readonly CompiledSchedule[],
  { timeZone, at }: { readonly timeZone: string; readonly at: Date },
): CompiledSchedule | null {
  const wallMs = toWallMs(timeZone, at.getTime());
  return schedules.find((schedule) => coversWall(schedule, wallMs)) ?? null;
}

function wallEdges(schedule: CompiledSchedule, wallFromMs: number, days: number): number[] {
  const firstDay = Math.floor(wallFromMs / dayMs) - 1;
  const edges: number[] = [];
  for (let day = firstDay; day <= firstDay + days + 1; day += 1) {
    edges.push(day * dayMs + schedule.start * 1000, day * dayMs + (schedule.end + 1) * 1000);
    // A weekday or its end can also switch a window at midnight.
    edges.push(day * dayMs);
  }
  return edges;
}

/** Days a search looks at once: two weeks, as a window inside a skipped hour may miss one, and two days for edges. */
const searchDays = 16;

type Instant = { readonly timeZone: string; readonly at: Date };

/**
 * The first instant after `at` at which being covered by any of the schedules changes, or null when it never does.
 * Windows that touch are one: 23:59:59 followed by 00:00:00 is no change.
 */
export function nextChange(
  schedules: readonly CompiledSchedule[],
  { timeZone, at }: Instant,
): Date | null {
  const atMs = at.getTime();
  const isCovered = coverage(schedules, timeZone);
  const isCoveredBefore = isCovered(atMs);
  const atWallMs = toWallMs(timeZone, atMs);
  const dateEdges = dateEdgesOf(schedules).filter((edge) => edge > atWallMs - dayMs);
  // Between two dates the pattern repeats each week, so each stretch needs one look from its beginning.
  for (const fromWallMs of [atWallMs, ...dateEdges]) {
    const change = edgeInstants(schedules, { timeZone, fromWallMs, dateEdges }).find(
      (utcMs) => utcMs > atMs && isCovered(utcMs) !== isCoveredBefore,
    );
    if (change !== undefined) return new Date(change);
  }
  return null;
}

/** The last instant up to `at` at which being covered by any of the schedules changed to what it is at `at`, or null. */
export function previousChange(
  schedules: readonly CompiledSchedule[],
  { timeZone, at }: Instant,
): Date | null {
  const atMs = at.getTime();
  const isCovered = coverage(schedules, timeZone);
  const isCoveredAfter = isCovered(atMs);
  const atWallMs = toWallMs(timeZone, atMs);
  const dateEdges = dateEdgesOf(schedules).filter((edge) => edge < atWallMs + dayMs);
  for (const untilWallMs of [atWallMs, ...dateEdges.reverse()]) {
    const fromWallMs = untilWallMs - searchDays * dayMs;
    const change = edgeInstants(schedules, { timeZone, fromWallMs, dateEdges }).findLast(
      (utcMs) => utcMs <= atMs && isCovered(utcMs - 1) !== isCoveredAfter,
    );
    if (change !== undefined) return new Date(change);
  }
  return null;
}

function coverage(
  schedules: readonly CompiledSchedule[],
  timeZone: string,
): (utcMs: number) => boolean {
  return (utcMs) => {
    const wallMs = toWallMs(timeZone, utcMs);
    return schedules.some((schedule) => coversWall(schedule, wallMs));
  };
}

/** Wall milliseconds at which a date begins or ends one of the schedules, in order. */
function dateEdgesOf(schedules: readonly CompiledSchedule[]): number[] {
  return schedules
    .flatMap(({ from, until }) => [from, until === null ? null : until + 1])
    .filter((edge) => edge !== null)
    .map((edge) => edge * 1000)
    .sort((a, b) => a - b);
}

/** Every instant at which coverage can change in the search days from a wall clock on, in order. */
function edgeInstants(
  schedules: readonly CompiledSchedule[],
  {
    timeZone,
    fromWallMs,
    dateEdges,
  }: {
    readonly timeZone: string;
    readonly fromWallMs: number;
    readonly dateEdges: readonly number[];
  },
): number[] {
  const untilWallMs = fromWallMs + searchDays * dayMs;
  const walls = [
    ...dateEdges.filter((edge) => edge >= fromWallMs - dayMs && edge <= untilWallMs + dayMs),
    ...schedules.flatMap((schedule) => wallEdges(schedule, fromWallMs, searchDays)),
  ];
  const instants = new Set(walls.flatMap((wallMs) => wallInstants(timeZone, wallMs)));
  for (const change of offsetChanges(timeZone, fromWallMs - dayMs, untilWallMs + dayMs)) {
    instants.add(change);
  }
  return [...instants].sort((a, b) => a - b);
}
