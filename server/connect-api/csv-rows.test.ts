import { describe, expect, it } from 'vitest';
import type { CsvImportKind } from '#contract/csv-imports';
import { readCsv } from '#server/http/csv-file';
import { ignoredColumns, readCsvContent } from './csv-rows.ts';

/** Values of the rows, or their faults as `[line, column, message]`. */
function read(kind: CsvImportKind, text: string): unknown[] {
  return readCsvContent(kind, readCsv(text)).rows.map((row) =>
    'value' in row
      ? row.value
      : row.faults.map(({ column, error }) => [row.line, column, error.detail.reason]),
  );
}

const nobody = { email: null, alias: null, firstName: null, lastName: null, roles: [], groups: [] };

describe('a file of people', () => {
  it('is read with lists between semicolons, bars or line breaks', () => {
    const text =
      'E-mail,First name,Last name,Groups,Tags,Department\n' +
      'ada@example.com,Ada,Visser,"Staff; Cleaners|Staff\nLobby",7527|00000012,Sales\n';
    expect(read('people', text)).toEqual([
      {
        ...nobody,
        email: 'ada@example.com',
        firstName: 'Ada',
        lastName: 'Visser',
        groups: ['Staff', 'Cleaners', 'Lobby'],
        tags: ['00007527', '00000012'],
      },
    ]);
    expect(ignoredColumns('people', readCsv(text))).toEqual(['department']);
  });

  it('loses the signs that keep a spreadsheet from counting, and no apostrophe of a name', () => {
    const text = `alias,last_name,tags\n"=""0042""",'t Hooft,'00007527\n`;
    expect(read('people', text)).toEqual([
      { ...nobody, alias: '0042', lastName: "'t Hooft", tags: ['00007527'] },
    ]);
  });

  it('tells every cell at fault by its column', () => {
    const text =
      'email,alias,first_name,tags\n' +
      'ada,,Ada,7.527E+03\n' +
      `,,Ben,123456789\n` +
      `eve@example.com,,${'x'.repeat(256)},\n`;
    expect(read('people', text)).toEqual([
      [
        [2, 'email', 'It is no e-mail address.'],
        [
          2,
          'tags',
          'A spreadsheet has made a number of 7.527E+03; format the column as text and write the eight digits.',
        ],
      ],
      [
        [3, 'email', 'Whoever has no e-mail address needs an alias, to be found again by.'],
        [3, 'tags', 'A tag has a number of eight digits, not "123456789".'],
      ],
      [[4, 'first_name', 'It has 1 to 255 characters.']],
    ]);
  });

  it('has nobody and no tag twice', () => {
    const text =
      'email,alias,tags\nada@example.com,,1\nADA@example.com,,\n,Room 1,\n,Room 1,\n,Room 2,1\n';
    expect(read('people', text).filter(Array.isArray)).toEqual([
      [[3, null, 'Line 2 says the same of the same.']],
      [[5, null, 'Line 4 says the same of the same.']],
      [[6, null, 'Line 2 says the same of the same.']],
    ]);
  });
});

describe('a file of groups', () => {
  const weekend = { saturday: true, sunday: true };
  const week = { monday: true, tuesday: true, wednesday: true, thursday: true, friday: true };
  const off = (days: object): object =>
    Object.fromEntries(Object.keys(days).map((day) => [day, false]));
  const always = { start_time: '00:00:00', end_time: '23:59:59', start_date: null, end_date: null };

  it.each([
    ['mon-fri', { ...week, ...off(weekend) }],
    ['Monday – Friday', { ...week, ...off(weekend) }],
    ['weekdays', { ...week, ...off(weekend) }],
    ['sat|sun', { ...off(week), ...weekend }],
    ['Sat; Sun', { ...off(week), ...weekend }],
    ['sat-sun', { ...off(week), ...weekend }],
    ['fri-mon', { ...off(week), friday: true, ...weekend, monday: true }],
    ['all', { ...week, ...weekend }],
  ])('has %s as days', (days, expected) => {
    expect(read('groups', `name,days\nStaff,"${days}"\n`)).toEqual([
      { name: 'Staff', locks: [], schedule: { ...always, ...expected } },
    ]);
  });

  it('has hours to the minute or second, and dates in both orders', () => {
    const text =
      'name,locks,days,start_time,end_time,start_date,end_date\n' +
      'Staff,Front door,all,8:00,18:00,2027-01-01,31-12-2027\n';
    expect(read('groups', text)).toEqual([
      {
        name: 'Staff',
        locks: ['Front door'],
        schedule: {
          start_time: '08:00:00',
          end_time: '18:00:59',
          start_date: '2027-01-01T00:00:00',
          end_date: '2027-12-31T23:59:59',
          ...week,
          ...weekend,
        },
      },
    ]);
  });

  it('tells what is no day, no hour and no schedule', () => {
    const text =
      'name,days,start_time\nStaff,mo-fr,\nStaff,mon,8 am\nStaff,,08:00\n,mon,\nStaff,,\nStaff,,\n';
    expect(read('groups', text)).toEqual([
      [[2, 'days', 'Write days as mon-fri, sat|sun or all.']],
      [[3, 'start_time', 'Write it as 08:00.']],
      [[4, 'days', 'A schedule needs days; write all for every day.']],
      [[5, 'name', 'Every group needs its name.']],
      { name: 'Staff', locks: [], schedule: null },
      [[7, null, 'Line 6 says the same of the same.']],
    ]);
  });
});

it('a file of tags has numbers, chips and ends', () => {
  const text =
    'tag_number;rfid_uid;expires_at\n7527;04A1B2;2027-01-31\n12;04A1B2;\n13;4.1E+12;\n14;;soon\n;04FF;\n';
  expect(read('tags', text)).toEqual([
    { tagNumber: '00007527', rfidUid: '04A1B2', expiresAt: '2027-01-31T00:00:00Z' },
    [[3, null, 'Line 2 says the same of the same.']],
    [[4, 'rfid_uid', 'It is the number of the chip as text, of 64 characters at most.']],
    [[5, 'expires_at', 'Write it as 2027-01-31T12:00:00Z.']],
    [[6, 'tag_number', 'Every tag needs its number.']],
  ]);
});

it('a file without the column that its rows go by is refused as a whole', () => {
  expect(() => read('tags', 'number\n1\n')).toThrow(
    'A file of tags needs the column tag_number; its first row names the columns: tag_number, rfid_uid, expires_at.',
  );
});
