/**
 * CSV files as programs of the world write them: `,`, `;` or tabs, CRLF, a byte order mark, Excel's `sep=` line, cells in quotes with
 * line breaks in them. Pure; what a cell means is for whoever asked for the file.
 */
import { parse } from 'csv-parse/sync';
import { ApiError } from '#contract/api-error';

export type CsvRow = {
  /** Where the row begins in the file, from 1. */
  readonly line: number;
  /** By the name of the column: blanks around it are gone, "" where the row is empty. */
  readonly cells: ReadonlyMap<string, string>;
  /** What is wrong with the row as a whole. */
  readonly fault: string | null;
};

export type CsvFile = {
  /** Lower case, blanks and dashes as `_`. */
  readonly columns: readonly string[];
  readonly rows: readonly CsvRow[];
};

const mostCsvRows = 10_000;
const mostColumns = 100;
const delimiters = [';', ',', '\t'] as const;

/**
 * Reads a file. Empty rows and those that begin with `#` are left out. VALUE_INVALID (`csv`), with the line: no header, quotes that
 * do not match, characters that were lost, a column twice, too many rows.
 */
export function readCsv(sent: string): CsvFile {
  const text = sent.replace(/^\uFEFF/, '').replaceAll(/\r\n?/g, '\n');
  const lost = text.indexOf('\uFFFD');
  if (lost >= 0)
    throw wrongFile(
      `Line ${lineAt(text, lost)} holds characters that were lost on the way; save the file as CSV UTF-8.`,
    );
  const told = /^sep=([;,\t|])\n/i.exec(text)?.[1];
  const body = told === undefined ? text : text.slice(5);
  const [header, ...records] = parseRecords(body, told ?? delimiterOf(body)).filter(isMeant);
  if (header === undefined) throw wrongFile('It is empty; the first row names the columns.');
  const columns = columnsOf(header.cells);
  if (records.length > mostCsvRows)
    throw wrongFile(`It has more than ${mostCsvRows} rows; send it in parts.`);
  return { columns: columns.filter((name) => name !== ''), rows: records.map(rowBelow(columns)) };
}

type CsvRecord = { readonly line: number; readonly cells: readonly string[] };

function parseRecords(text: string, delimiter: string): CsvRecord[] {
  try {
    return parse(text, {
      delimiter,
      record_delimiter: '\n',
      relax_column_count: true,
      skip_empty_lines: true,
      info: true,
    }).map((found): CsvRecord => {
      const { record, info } = found as unknown as {
        readonly record: readonly string[];
        readonly info: { readonly lines: number };
      };
      const breaks = record.reduce((sum, cell) => sum + cell.split('\n').length - 1, 0);
      return { line: info.lines - breaks, cells: record.map((cell) => cell.trim()) };
    });
  } catch (cause) {
    throw wrongFile(faultOf(cause), cause);
  }
}

const quoteFaults: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened and never closed',
  CSV_INVALID_CLOSING_QUOTE: 'text follows a closing quote; a quote inside a cell is written twice',
  INVALID_OPENING_QUOTE: 'a quote stands inside a cell that does not begin with one',
};

function faultOf(cause: unknown): string {
  const { code, lines } = cause as { readonly code?: unknown; readonly lines?: unknown };
  const known = typeof code === 'string' ? quoteFaults[code] : undefined;
  return known === undefined
    ? 'It cannot be read as CSV.'
    : `Up to line ${String(lines)}: ${known}.`;
}

function isMeant({ cells }: CsvRecord): boolean {
  return cells.some((cell) => cell !== '') && cells[0]?.startsWith('#') !== true;
}

/** Whatever divides the header most often. */
function delimiterOf(text: string): string {
  const lines = text.split('\n', 1_000);
  const header = lines.find((line) => line.trim() !== '' && !/^"?#/.test(line.trim())) ?? '';
  const counted = delimiters.map((one) => [one, header.split(one).length] as const);
  return counted.reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}

function columnsOf(header: readonly string[]): readonly string[] {
  if (header.length > mostColumns) throw wrongFile(`It has more than ${mostColumns} columns.`);
  const columns = header.map((name) => name.toLowerCase().replaceAll(/[\s-]+/g, '_'));
  const double = columns.find((name, index) => name !== '' && columns.indexOf(name) !== index);
  if (double !== undefined) throw wrongFile(`It has the column ${double} twice.`);
  return columns;
}

function rowBelow(columns: readonly string[]): (record: CsvRecord) => CsvRow {
  return ({ line, cells }) => {
    const isLonger = cells.slice(columns.length).some((cell) => cell !== '');
    const isWrong = isLonger || cells.length < columns.length;
    return {
      line,
      cells: new Map(columns.map((name, index) => [name, cells[index] ?? ''])),
      fault: isWrong
        ? `The row has ${cells.length} cells, the header ${columns.length}: a cell with the separator in it needs quotes.`
        : null,
    };
  };
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

function wrongFile(reason: string, cause?: unknown): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: 'csv', reason, cause });
}
