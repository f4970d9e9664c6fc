/** Entries counted by time, person and door. Pure, but for the query. */
import { useQuery } from '@tanstack/react-query';
import { api } from './api.ts';
import type { Entry } from './events.ts';
import { useSiteId } from './site.tsx';

/** More than this is neither fetched nor drawn. */
export const mostEntries = 10_000;
const hourMs = 3_600_000;

/** Entries since an instant, the newest first, at most `mostEntries`. */
export function useActivity(sinceHours: number) {
  const siteId = useSiteId();
  return useQuery({
    queryKey: ['site', siteId, 'entries', 'activity', sinceHours],
    queryFn: async ({ signal }) => {
      const since = new Date(Date.now() - sinceHours * hourMs).toISOString();
      const found: Entry[] = [];
      const pages = api.pages('/v1.1/sites/{site_id}/entries', {
        path: { site_id: siteId },
        query: { $top: 1000, $filter: `utc_date_time ge ${since}` },
        signal,
      });
      for await (const { items } of pages) {
        found.push(...items);
        if (found.length >= mostEntries) break;
      }
      return found.slice(0, mostEntries);
    },
    // Thousands of rows: once a minute is enough, whatever happens at the doors.
    staleTime: 60_000,
  });
}

export type HourSeries = {
  /** Starts of hours, seconds since 1970. */
  readonly hours: readonly number[];
  readonly opened: readonly number[];
  readonly refused: readonly number[];
};

/** Openings and refusals in each hour, up to the hour of `until`. */
export function seriesOf(
  entries: readonly Entry[],
  { sinceHours, until }: { readonly sinceHours: number; readonly until: Date },
): HourSeries {
  const last = Math.floor(until.getTime() / hourMs);
  const first = last - sinceHours + 1;
  const opened = Array.from({ length: sinceHours }, () => 0);
  const refused = Array.from({ length: sinceHours }, () => 0);
  for (const entry of entries) {
    const index = Math.floor(Date.parse(entry.utc_date_time) / hourMs) - first;
    if (index < 0 || index >= sinceHours) continue;
    const counts = entry.event_category === 'lock_rejected' ? refused : opened;
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return { hours: opened.map((_, index) => (first + index) * 3600), opened, refused };
}

/** Uses by weekday (0 = Monday) and hour, by the clock of the site. */
export function gridOf(entries: readonly Entry[]): readonly (readonly number[])[] {
  const grid = Array.from({ length: 7 }, () => Array.from({ length: 24 }, () => 0));
  for (const { local_date_time: local } of entries) {
    // A wall clock without zone: read as if it were UTC, its parts stay what they are.
    const at = new Date(`${local.slice(0, 19)}Z`);
    const row = grid[(at.getUTCDay() + 6) % 7];
    if (row !== undefined) row[at.getUTCHours()] = (row[at.getUTCHours()] ?? 0) + 1;
  }
  return grid;
}

/** Names with how often they occur, the most frequent first. */
export function ranked(names: readonly string[]): (readonly [name: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const name of names) if (name !== '') counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}
