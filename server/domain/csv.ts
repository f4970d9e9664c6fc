/** CSV as people open it in a table (connect-api.md 4.10): `;`, CRLF, quotes where needed, no cell that a program would run. */
import { stringify } from 'csv-stringify/sync';

export type CsvCell = string | null;

/** Lines of cells, each ended. */
export function csvLines(rows: readonly (readonly CsvCell[])[]): string {
  return stringify(
    rows.map((row) => [...row]),
    { delimiter: ';', record_delimiter: '\r\n', escape_formulas: true },
  );
}

/** `MM/DD/YYYY HH:MM:SS` of an instant, in UTC. */
export function csvInstant(at: Date): string {
  return csvLocal(at.toISOString());
}

/** The same of a wall clock: `YYYY-MM-DD` and `HH:MM:SS`, divided by one character. */
export function csvLocal(wallClock: string): string {
  return `${csvDate(wallClock)} ${wallClock.slice(11, 19)}`;
}

/** `MM/DD/YYYY` of whatever begins with `YYYY-MM-DD`. */
export function csvDate(wallClock: string): string {
  return `${wallClock.slice(5, 7)}/${wallClock.slice(8, 10)}/${wallClock.slice(0, 4)}`;
}
