/** Rows of an imported file, before and after: what was read of them, and what became of them. */
import { ApiError } from '#contract/api-error';
import type { CsvRowAction, CsvRowNote } from '#contract/csv-imports';

/** A cell at fault; null = the row as a whole. */
export type RowFault = { readonly column: string | null; readonly error: ApiError };

/** A row as it was read: what it says, or why it cannot be read. */
export type CsvRowOf<T> = { readonly line: number } & (
  { readonly value: T } | { readonly faults: readonly RowFault[] }
);

/** What became of a row. */
export type RowResult = {
  readonly line: number;
  readonly action: CsvRowAction;
  readonly faults: readonly RowFault[];
  readonly notes: readonly CsvRowNote[];
};

/** A value of a cell that cannot be used, named by its column. */
export function cellFault(column: string, reason: string): RowFault {
  return { column, error: new ApiError('VALUE_INVALID', { parameter: column, reason }) };
}

export function failedRow(line: number, faults: readonly RowFault[]): RowResult {
  return { line, action: 'failed', faults, notes: [] };
}

/** What a rule says against a row; whatever is no fault of the row goes on. */
export function faultOfRule(
  error: unknown,
  columns: Readonly<Record<string, string>> = {},
): RowFault {
  if (!(error instanceof ApiError)) throw error;
  const { parameter } = error.detail;
  const column = parameter === undefined ? null : (columns[parameter] ?? parameter);
  return { column, error };
}

/** Whether a row could be read. */
export function isRead<T>(row: CsvRowOf<T>): row is { readonly line: number; readonly value: T } {
  return 'value' in row;
}

/** The ids of each name: files know things by their names, and names need not be unique. */
export function byName<Id>(
  rows: readonly { readonly id: Id; readonly name: string }[],
): Map<string, readonly Id[]> {
  const found = new Map<string, readonly Id[]>();
  for (const { id, name } of rows) found.set(name, [...(found.get(name) ?? []), id]);
  return found;
}
