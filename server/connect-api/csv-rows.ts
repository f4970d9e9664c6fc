/** What the cells of an imported file say (docs/csv-import.md), with the habits of spreadsheets taken off. Pure. */
import { csvColumns, type CsvImportKind } from '#contract/csv-imports';
import { ApiError } from '#contract/api-error';
import { assertNever } from '#contract/assert-never';
import { weekdays } from '#contract/fields';
import type { CsvContent } from '#server/domain/csv-imports';
import { cellFault, type CsvRowOf, type RowFault } from '#server/domain/csv-import-rows';
import { isMailAddress } from '#server/domain/mail-address';
import type { CsvFile, CsvRow } from '#server/http/csv-file';
import { valueForms } from '#server/http/value-forms';

type Content<K extends CsvImportKind> = Extract<CsvContent, { readonly kind: K }>;
type Value<K extends CsvImportKind> = Extract<
  Content<K>['rows'][number],
  { readonly value: unknown }
>['value'];

/** The rows of a file by its kind. VALUE_INVALID (`csv`): a column is missing without which no row means anything. */
export function readCsvContent(kind: CsvImportKind, file: CsvFile): CsvContent {
  const rows = { ...file, columns: file.columns.map(known), rows: file.rows.map(withKnownCells) };
  checkColumns(kind, rows);
  switch (kind) {
    case 'tags':
      return {
        kind,
        rows: readRows(rows, tagOf, ({ tagNumber, rfidUid }) => [tagNumber, rfidUid]),
      };
    case 'groups':
      return { kind, rows: readRows(rows, groupOf, (value) => [JSON.stringify(value)]) };
    case 'people':
      return { kind, rows: readRows(rows, personOf, keysOfPerson) };
    default:
      return assertNever(kind);
  }
}

/** Columns that mean nothing in files of this kind. */
export function ignoredColumns(kind: CsvImportKind, { columns }: CsvFile): readonly string[] {
  const meant: readonly string[] = csvColumns[kind];
  return columns.filter((name) => !meant.includes(known(name)));
}

/** The header that half of the world's files have. */
function known(column: string): string {
  return column === 'e_mail' ? 'email' : column;
}

function withKnownCells(row: CsvRow): CsvRow {
  return { ...row, cells: new Map([...row.cells].map(([name, cell]) => [known(name), cell])) };
}

const needed: Readonly<Record<CsvImportKind, readonly string[]>> = {
  tags: ['tag_number'],
  groups: ['name'],
  people: ['email', 'alias'],
};

function checkColumns(kind: CsvImportKind, { columns }: CsvFile): void {
  if (needed[kind].some((name) => columns.includes(name))) return;
  throw new ApiError('VALUE_INVALID', {
    parameter: 'csv',
    reason: `A file of ${kind} needs the column ${needed[kind].join(' or ')}; its first row names the columns: ${csvColumns[kind].join(', ')}.`,
  });
}

/** Reads the cells of one row; faults are gathered and not thrown, so that all of a file are told at once. */
class Cells {
  readonly faults: RowFault[] = [];
  readonly #cells: ReadonlyMap<string, string>;

  constructor(cells: ReadonlyMap<string, string>) {
    this.#cells = cells;
  }

  /** The text of a cell; null = the file does not say. */
  text(column: string): string | null {
    const text = withoutHabits(this.#cells.get(column) ?? '');
    if (text === '') return null;
    if (!/[^\P{Cc}\t\n]/u.test(text)) return text;
    this.fail(column, 'It holds control characters.');
    return null;
  }

  /** A cell as `read` has it; null = the file does not say, or wrongly. */
  value<T>(column: string, read: (text: string) => T | null, reason: string): T | null {
    const text = this.text(column);
    if (text === null) return null;
    const value = read(text);
    if (value === null) this.fail(column, reason);
    return value;
  }

  /** A value of a request, by the format that its schema names. */
  form(column: string, format: string, reason: string): string | null {
    return this.value(column, (text) => valueForms[format]?.(text) ?? null, reason);
  }

  /** Parts between `;`, `|` or line breaks. */
  list(column: string): readonly string[] {
    const parts = (this.text(column) ?? '').split(/[;|\n]/);
    return [...new Set(parts.map((part) => withoutHabits(part.trim())))].filter(
      (part) => part !== '',
    );
  }

  fail(column: string, reason: string): void {
    this.faults.push(cellFault(column, reason));
  }
}

/** `="0042"` and `'0042` are how people keep a spreadsheet from counting; `'t Hooft` is a name. */
function withoutHabits(cell: string): string {
  const quoted = /^="([^"]*)"$/.exec(cell)?.[1];
  return (quoted ?? cell).replace(/^'(?=[\d=+@-])/, '').trim();
}

function readRows<T>(
  { rows }: CsvFile,
  read: (cells: Cells) => T | null,
  keysOf: (value: T) => readonly (string | null)[],
): CsvRowOf<T>[] {
  const lines = new Map<string, number>();
  return rows.map(({ line, cells: sent, fault }): CsvRowOf<T> => {
    if (fault !== null)
      return {
        line,
        faults: [
          {
            column: null,
            error: new ApiError('VALUE_INVALID', { parameter: 'row', reason: fault }),
          },
        ],
      };
    const cells = new Cells(sent);
    const value = read(cells);
    if (value === null || cells.faults.length > 0) return { line, faults: cells.faults };
    const keys = keysOf(value).filter((key) => key !== null);
    const double = keys.find((key) => lines.has(key));
    for (const key of keys) lines.set(key, lines.get(key) ?? line);
    if (double === undefined) return { line, value };
    const reason = `Line ${lines.get(double) ?? line} says the same of the same.`;
    return { line, faults: [{ column: null, error: doubleRow(reason) }] };
  });
}

function doubleRow(reason: string): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: 'row', reason });
}

const longName = 'It has 1 to 255 characters.';

function personOf(cells: Cells): Value<'people'> | null {
  const email = cells.value(
    'email',
    (text) => (isMailAddress(text) ? text : null),
    'It is no e-mail address.',
  );
  const alias = cells.form('alias', 'alias', longName);
  if (email === null && alias === null && cells.faults.length === 0)
    cells.fail('email', 'Whoever has no e-mail address needs an alias, to be found again by.');
  return {
    email,
    alias,
    firstName: cells.form('first_name', 'name', longName),
    lastName: cells.form('last_name', 'name', longName),
    roles: cells.list('roles'),
    groups: cells.list('groups'),
    tags: cells.list('tags').flatMap((text) => tagNumber(cells, 'tags', text) ?? []),
  };
}

function keysOfPerson({ email, alias, tags }: Value<'people'>): readonly string[] {
  const who = email === null ? `alias ${alias ?? ''}` : `email ${email.toLowerCase()}`;
  return [who, ...tags.map((number) => `tag ${number}`)];
}

function tagOf(cells: Cells): Value<'tags'> | null {
  const text = cells.text('tag_number');
  if (text === null) cells.fail('tag_number', 'Every tag needs its number.');
  const number = text === null ? null : tagNumber(cells, 'tag_number', text);
  const rfidUid = cells.value(
    'rfid_uid',
    (chip) => (chip.length <= 64 && !isCounted(chip) ? chip : null),
    'It is the number of the chip as text, of 64 characters at most.',
  );
  const expiresAt = cells.form('expires_at', 'date-time', 'Write it as 2027-01-31T12:00:00Z.');
  return number === null ? null : { tagNumber: number, rfidUid, expiresAt };
}

/** Spreadsheets drop the zeros in front: they are put back. */
function tagNumber(cells: Cells, column: string, text: string): string | null {
  if (/^\d{1,8}$/.test(text)) return text.padStart(8, '0');
  cells.fail(
    column,
    isCounted(text)
      ? `A spreadsheet has made a number of ${text}; format the column as text and write the eight digits.`
      : `A tag has a number of eight digits, not "${text}".`,
  );
  return null;
}

function isCounted(text: string): boolean {
  return /^\d+(?:[.,]\d+)?e\+?\d+$/i.test(text);
}

function groupOf(cells: Cells): Value<'groups'> | null {
  const name = cells.form('name', 'name', longName);
  if (name === null && cells.faults.length === 0) cells.fail('name', 'Every group needs its name.');
  const days = cells.value('days', daysOf, 'Write days as mon-fri, sat|sun or all.');
  const time = 'Write it as 08:00.';
  const date = 'Write it as 2027-01-31.';
  const hours = {
    start_time: cells.form('start_time', 'time-start', time),
    end_time: cells.form('end_time', 'time-end', time),
    start_date: cells.form('start_date', 'local-start', date),
    end_date: cells.form('end_date', 'local-end', date),
  };
  const hasHours = Object.values(hours).some((value) => value !== null);
  if (days === null && hasHours && cells.faults.length === 0)
    cells.fail('days', 'A schedule needs days; write all for every day.');
  const schedule =
    days === null
      ? null
      : {
          ...hours,
          start_time: hours.start_time ?? '00:00:00',
          end_time: hours.end_time ?? '23:59:59',
          ...days,
        };
  return name === null ? null : { name, locks: cells.list('locks'), schedule };
}

type Days = Readonly<Record<(typeof weekdays)[number], boolean>>;

const dayWords: ReadonlyMap<string, string> = new Map([
  ['all', 'monday-sunday'],
  ['daily', 'monday-sunday'],
  ['weekdays', 'monday-friday'],
  ['weekend', 'saturday-sunday'],
]);

/** `mon-fri`, `sat|sun`, `fri-mon`, `all`; null when a part is no day. */
function daysOf(text: string): Days | null {
  const parts = text
    .toLowerCase()
    .replaceAll(/\s*[-–]\s*/g, '-')
    .split(/[\s,;|]+/)
    .filter((part) => part !== '');
  const chosen = new Set<number>();
  for (const part of parts) {
    const [from = '', to = from, ...more] = (dayWords.get(part) ?? part).split('-');
    const [first, last] = [dayNumber(from), dayNumber(to)];
    if (first < 0 || last < 0 || more.length > 0) return null;
    for (let day = first; ; day = (day + 1) % 7) {
      chosen.add(day);
      if (day === last) break;
    }
  }
  const has = (day: number): boolean => chosen.has(day);
  return {
    monday: has(0),
    tuesday: has(1),
    wednesday: has(2),
    thursday: has(3),
    friday: has(4),
    saturday: has(5),
    sunday: has(6),
  };
}

/** Monday is 0; three letters are enough, -1 is no day. */
function dayNumber(text: string): number {
  return text.length < 3 ? -1 : weekdays.findIndex((day) => day.startsWith(text));
}
