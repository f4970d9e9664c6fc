import { describe, expect, it } from 'vitest';
import { ApiError } from '#contract/api-error';
import { readCsv } from './csv-file.ts';

/** Rows as `[line, …cells]`. */
function rowsOf(text: string): unknown[] {
  return readCsv(text).rows.map(({ line, cells }) => [line, ...cells.values()]);
}

function refusalOf(text: string): string {
  try {
    readCsv(text);
  } catch (error) {
    if (error instanceof ApiError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'read';
}

describe('a file', () => {
  it.each([
    ['commas', 'a,b\n1,2\n'],
    ['semicolons and CRLF', 'a;b\r\n1;2\r\n'],
    ['tabs', 'a\tb\n1\t2'],
    ['a byte order mark', '\uFEFFa,b\n1,2\n'],
    ['the line breaks of an old Mac', 'a,b\r1,2\r'],
  ])('is read with %s', (_name, text) => {
    expect(readCsv(text).columns).toEqual(['a', 'b']);
    expect(rowsOf(text)).toEqual([[2, '1', '2']]);
  });

  it('names its separator in a first line of its own', () => {
    expect(rowsOf('sep=;\r\na,1;b\r\n1;2\r\n')).toEqual([[3, '1', '2']]);
  });

  it('has the names of its columns in any letter case, with blanks or dashes', () => {
    expect(readCsv('First Name;E-Mail\n').columns).toEqual(['first_name', 'e_mail']);
  });

  it('has rows that begin on the line that is told, whatever breaks in quotes come before', () => {
    const text = '# made by hand\n\na;b\r\n"x\r\n\r\ny";1\r\n\r\n;\r\n# left out;\r\nz;2\r\n';
    expect(rowsOf(text)).toEqual([
      [4, 'x\n\ny', '1'],
      [10, 'z', '2'],
    ]);
  });

  it('keeps separators and quotes in quoted cells', () => {
    expect(rowsOf('a,b\n"1, 2","say ""no"""\n')).toEqual([[2, '1, 2', 'say "no"']]);
  });

  it('has a row with cells too many or too few as a fault of that row', () => {
    const { rows } = readCsv('a,b\n1\n1,2,3\n1,2,\n');
    expect(rows.map(({ line, fault }) => [line, fault === null])).toEqual([
      [2, false],
      [3, false],
      [4, true],
    ]);
  });

  it.each([
    ['', 'It is empty; the first row names the columns.'],
    ['\n\n;;\n', 'It is empty; the first row names the columns.'],
    ['a,b,A\n1,2,3', 'It has the column a twice.'],
    ['a,b\n1,"2\n3,4\n', 'Up to line 3: a quote is opened and never closed.'],
    [
      'a,b\n1,"2"3\n',
      'Up to line 2: text follows a closing quote; a quote inside a cell is written twice.',
    ],
    ['a,b\n1,2"3"\n', 'Up to line 2: a quote stands inside a cell that does not begin with one.'],
    [
      'a,b\n1,2\nJos\uFFFD,4',
      'Line 3 holds characters that were lost on the way; save the file as CSV UTF-8.',
    ],
    [`a\n${'1\n'.repeat(10_001)}`, 'It has more than 10000 rows; send it in parts.'],
    [`${'a,'.repeat(101)}b`, 'It has more than 100 columns.'],
  ])('that cannot be read says why: %#', (text, reason) => {
    expect(refusalOf(text)).toBe(`1101 Value of 'csv' is invalid. ${reason}`);
  });
});
