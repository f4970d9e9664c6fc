import { describe, expect, it } from 'vitest';
import type { Filter } from '#contract/odata';
import { sampleFields as fields, validFilters } from '#test/kit/odata-samples';
import { readFilter, readOrderBy } from './odata-check.ts';
import { ODataError } from './odata-error.ts';
import { printFilter } from './odata-print.ts';
import { parseFilter } from './odata.ts';

const id = '5f0c9a3e-7d41-4b7e-9c55-0a6b1f2e3d4c';

function read(text: string, v3Conversion = true): Filter {
  return readFilter(text, { fields, v3Conversion });
}

function printed(text: string, v3Conversion = true): string {
  return printFilter(read(text, v3Conversion));
}

function failure(act: () => unknown): ODataError {
  try {
    act();
  } catch (error) {
    if (error instanceof ODataError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

describe('a filter', () => {
  it.each(validFilters)('is understood: %s', (text) => {
    expect(() => read(text)).not.toThrow();
  });

  it.each([
    // combine
    ['online and blocked or not online', '(online and blocked) or (not online)'],
    ['online or blocked and online', 'online or (blocked and online)'],
    ['not online and blocked', '(not online) and blocked'],
    [`not state eq 'active'`, `not (state eq 'active')`],
    ['online and blocked and online', 'online and blocked and online'],
    ['(online and blocked) and online', '(online and blocked) and online'],
    ['((((online))))', 'online'],
    [' \t\r\nonline ', 'online'],
    ['(online eq true)and(blocked eq false)', '(online eq true) and (blocked eq false)'],
    // compare
    [`mac eq 'it''s'`, `mac eq 'it''s'`],
    [`mac eq ''`, `mac eq ''`],
    [`'a' eq mac`, `'a' eq mac`],
    ['number eq -5', 'number eq -5'],
    ['number eq 1.50', 'number eq 1.5'],
    ['mac eq null', 'mac eq null'],
    [`mac in ('a', 'b')`, `mac in ('a','b')`],
    ['number in (1,null)', 'number in (1,null)'],
    // uuids, bare or quoted
    [`id eq ${id.toUpperCase()}`, `id eq ${id}`],
    [`id eq '${id.toUpperCase()}'`, `id eq ${id}`],
    [`id in ('${id}')`, `id in (${id})`],
    // enum words
    [`state eq 'Active'`, `state eq 'active'`],
    [`state in ('ACTIVE')`, `state in ('active')`],
    // time
    ['reset_date eq 2026-01-02', 'reset_date eq 2026-01-02T00:00:00Z'],
    ['reset_date eq 2026-01-02T03:04', 'reset_date eq 2026-01-02T03:04:00Z'],
    ['reset_date eq 2026-01-02T03:04:05.120', 'reset_date eq 2026-01-02T03:04:05.12Z'],
    ['reset_date eq 2026-01-02t03:04:05z', 'reset_date eq 2026-01-02T03:04:05Z'],
    ['reset_date eq 2026-01-02T03:04:05-0230', 'reset_date eq 2026-01-02T03:04:05-02:30'],
    ['reset_date eq 2026-01-02T03:04:05 02:00', 'reset_date eq 2026-01-02T03:04:05+02:00'],
    ['reset_date eq 2024-02-29', 'reset_date eq 2024-02-29T00:00:00Z'],
    ['local_date_time eq 2026-01-02T03:04:05+02:00', 'local_date_time eq 2026-01-02T03:04:05'],
    ['start_time eq 8:30', 'start_time eq 08:30:00'],
    ['start_time eq 24:00', 'start_time eq 23:59:59'],
    ['start_time eq 08:30:15.9', 'start_time eq 08:30:15'],
    [`store_events_ttl eq '90.00:00:00'`, `store_events_ttl eq duration'PT7776000S'`],
    [`store_events_ttl eq duration'-P1DT2H3M4S'`, `store_events_ttl eq duration'-PT93784S'`],
    // names and words in another letter case
    ['ONLINE EQ TRUE', 'online eq true'],
    ['IQ/Id eq null', 'iq/id eq null'],
    [`Contains(mac,'a')`, `contains(mac,'a')`],
    ['year( utc_date_time ) eq 2026', 'year(utc_date_time) eq 2026'],
    ['now() gt utc_date_time', 'now() gt utc_date_time'],
    // lists of objects
    [`roles/any(r: r/code eq 'a')`, `roles/any(r: r/code eq 'a')`],
    [`Roles/Any( R:R/Code eq 'a' )`, `roles/any(R: R/code eq 'a')`],
    [
      `not roles/any(r:r/code eq 'a' or r/id eq ${id})`,
      `not roles/any(r: (r/code eq 'a') or (r/id eq ${id}))`,
    ],
    // a plain + of a query has become a blank
    [`user/email eq 'ada b@c.test'`, `user/email eq 'ada+b@c.test'`],
    [`'ada b@c.test' eq tolower(user/email)`, `'ada+b@c.test' eq tolower(user/email)`],
    [`user/email in ('a b@c.test',null)`, `user/email in ('a+b@c.test',null)`],
    [`contains(user/email,'a b')`, `contains(user/email,'a+b')`],
    [`customer_reference eq 'a b@c.test'`, `customer_reference eq 'a b@c.test'`],
  ])('%s is read as %s', (text, expected) => {
    expect(printed(text)).toBe(expected);
    expect(printed(text, false)).toBe(expected);
  });

  it.each([
    [`substringof('x', mac)`, `contains(mac,'x')`],
    [`substringof('x', mac) eq true`, `contains(mac,'x') eq true`],
    [`reset_date eq DateTime'2026-01-02T03:04:05Z'`, 'reset_date eq 2026-01-02T03:04:05Z'],
    [`reset_date eq datetime'2026-01-02T03:04:05'`, 'reset_date eq 2026-01-02T03:04:05Z'],
    [`reset_date eq datetime'2026-01-02'`, 'reset_date eq 2026-01-02T00:00:00Z'],
    [
      `reset_date eq datetimeoffset'2026-01-02T03:04:05+01:00'`,
      'reset_date eq 2026-01-02T03:04:05+01:00',
    ],
    [`id eq guid'${id.toUpperCase()}'`, `id eq ${id}`],
    [`start_time eq time'08:30'`, 'start_time eq 08:30:00'],
    [`start_time eq time'PT8H30M5S'`, 'start_time eq 08:30:05'],
    ['number eq 12L', 'number eq 12'],
    ['ratio eq 1.5M', 'ratio eq 1.5'],
    ['ratio eq 2d', 'ratio eq 2'],
    ['ratio eq 3f', 'ratio eq 3'],
  ])('v3 %s is read as %s, and refused with the rewrite off', (text, expected) => {
    expect(printed(text)).toBe(expected);
    expect(() => read(text, false)).toThrow(ODataError);
  });

  it.each([
    ['', 1],
    ['   ', 4],
    ['mac', 1],
    ['1', 1],
    ['null', 1],
    ['online and', 11],
    ['and online', 1],
    ['online blocked', 8],
    ['(online', 8],
    ['online)', 7],
    ['()', 2],
    ['not', 4],
    ['mac eq', 7],
    [`mac eq 'a`, 8],
    [`mac eq "a"`, 8],
    [`mac eq 'a''`, 11],
    [`mac eq 'a'b`, 11],
    [`mac == 'a'`, 5],
    [`mac eq 'a' eq true`, 12],
    ['number lt 3 lt 5', 13],
    ['number eq 1and online', 12],
    ['number eq +1', 11],
    ['number eq .5', 11],
    ['number eq 1.', 12],
    ['number eq 1e999', 11],
    ['number eq 0x10', 12],
    ['number in ()', 12],
    ['number in 1', 11],
    ['number in (1', 13],
    ['number in (1,)', 14],
    ['number in (number)', 12],
    ['number in (1 2)', 14],
    [`unknown eq 'a'`, 1],
    [`online and constructor eq 'a'`, 12],
    ['online and __proto__ eq null', 12],
    [`mac/id eq 'a'`, 1],
    ['iq/ eq null', 3],
    [`nosuch(mac) eq 'a'`, 1],
    ['toString(mac) eq null', 1],
    [`contains(mac)`, 1],
    [`contains(mac,'a','b')`, 1],
    [`contains(mac,)`, 14],
    [`contains(mac,5)`, 14],
    [`contains(mac,null)`, 14],
    [`contains(number,'5')`, 10],
    ['year(start_time) eq 5', 6],
    ['hour(mac) eq 5', 6],
    ['now(5) gt reset_date', 1],
    ['number eq true', 11],
    [`number eq '5'`, 11],
    ['mac eq 5', 8],
    ['online eq 1', 11],
    [`online eq 'true'`, 11],
    [`id eq 'nonsense'`, 7],
    ['id eq 5', 7],
    [`id eq guid'nonsense'`, 7],
    [`state eq 'asleep'`, 10],
    [`state in ('active','asleep')`, 20],
    [`state eq active`, 10],
    [`state gt 'active'`, 7],
    ['online gt false', 8],
    [`reset_date eq 'yesterday'`, 15],
    [`reset_date eq datetime'yesterday'`, 15],
    ['reset_date eq 2026-02-30', 15],
    ['reset_date eq 2025-02-29', 15],
    ['reset_date eq 2026-13-01', 15],
    ['reset_date eq 0000-01-01', 15],
    ['reset_date eq 2026-01-01T25:00', 15],
    ['reset_date eq 2026-01-01T00:00:00+99:00', 15],
    ['reset_date eq 5', 15],
    ['start_time eq 25:00', 15],
    [`store_events_ttl eq '90 days'`, 21],
    [`store_events_ttl eq duration'P'`, 21],
    ['reset_date eq local_date_time', 12],
    ['mac eq number', 5],
    ['not mac', 5],
    ['online and mac', 12],
    [`mac eq 'a\0'`, 10],
    ['roles eq null', 1],
    ['roles eq roles', 10],
    [`contains(roles,'a')`, 10],
    ['roles', 1],
    ['roles/any', 1],
    ['roles/any()', 11],
    [`roles/any(r r/code eq 'a')`, 13],
    [`roles/any(r/code: r/code eq 'a')`, 11],
    [`roles/any(eq: r/code eq 'a')`, 11],
    [`roles/any(null: r/code eq 'a')`, 11],
    [`roles/any('r' : r/code eq 'a')`, 11],
    [`roles/any(r: r/code eq 'a'`, 27],
    ['roles/any(r: )', 14],
    ['roles/any(r: r/code)', 14],
    [`roles/any(r: code eq 'a')`, 14],
    [`roles/any(r: mac eq 'a')`, 14],
    [`roles/any(r: s/code eq 'a')`, 14],
    [`roles/any(r: r/unknown eq 'a')`, 14],
    [`roles/any(r: roles/any(s: s/code eq 'a'))`, 14],
    [`roles/all(r: r/code eq 'a')`, 1],
    [`mac/any(r: r/code eq 'a')`, 1],
    [`unknown/any(r: r/code eq 'a')`, 1],
    [`:mac eq 'a'`, 1],
    ['geography(mac)', 1],
    [`X'00' eq mac`, 1],
  ])('%j is refused at position %i', (text, position) => {
    expect(failure(() => read(text)).position).toBe(position);
  });

  it('may be nested 32 levels deep and no deeper', () => {
    for (const [open, close] of [
      ['(', ')'],
      ['not (', ')'],
      ['not ', ''],
    ] as const) {
      const levels = open === 'not (' ? 16 : 32;
      const deep = (count: number): string => `${open.repeat(count)}online${close.repeat(count)}`;
      expect(() => read(deep(levels))).not.toThrow();
      expect(failure(() => read(deep(levels + 1))).reason).toBe('Nested deeper than 32');
    }
    const call = (count: number): string =>
      `${'trim('.repeat(count)}mac${')'.repeat(count)} eq 'a'`;
    expect(() => read(call(32))).not.toThrow();
    expect(failure(() => read(call(33))).reason).toBe('Nested deeper than 32');
  });

  it('may be 4096 characters long and no longer', () => {
    const long = (length: number): string => `mac eq '${'☃'.repeat(length - 9)}'`;
    expect(() => read(long(4096))).not.toThrow();
    expect(failure(() => read(long(4097)))).toMatchObject({ position: 4097 });
    // Characters, not UTF-16 units.
    expect(() => read(`mac eq '${'😀'.repeat(4087)}'`)).not.toThrow();
  });

  it('may be a chain as long as its text allows', () => {
    const chain = Array.from({ length: 400 }, () => 'online').join(' or ');
    const tree = parseFilter(chain, { v3Conversion: true });
    expect(tree).toMatchObject({ kind: 'or' });
    expect(tree.kind === 'or' && tree.operands.length).toBe(400);
  });

  it('is checked in one pass however its comparisons are nested', () => {
    // Checking a side twice at each of the 31 levels would not end within the test's time.
    const text = `${'true eq ('.repeat(31)}online${')'.repeat(31)}`;
    expect(printed(text)).toBe(`${'true eq ('.repeat(30)}true eq online${')'.repeat(30)}`);
  });

  it('says where it is wrong and never repeats a value', () => {
    expect(failure(() => read(`mac eq 'a' and number eq 'secret'`))).toMatchObject({
      reason: 'Cannot compare int with text',
      position: 26,
      message: 'Cannot compare int with text at position 26',
    });
  });
});

describe('an order', () => {
  it('is a list of fields with asc as the default', () => {
    expect(readOrderBy('mac, iq/id desc,Online ASC', fields)).toEqual([
      { path: 'mac', direction: 'asc' },
      { path: 'iq/id', direction: 'desc' },
      { path: 'online', direction: 'asc' },
    ]);
  });

  it('ignores a field that is named again', () => {
    expect(readOrderBy('mac desc,number,mac', fields)).toEqual([
      { path: 'mac', direction: 'desc' },
      { path: 'number', direction: 'asc' },
    ]);
  });

  it.each([
    ['unknown', 1],
    ['mac,', 5],
    [',mac', 1],
    ['mac up', 5],
    ['mac asc desc', 9],
    ['mac number', 5],
    [`'mac'`, 1],
    ['length(mac)', 7],
    ['mac desc number', 10],
    ['number, roles', 9],
    ['roles/code', 1],
  ])('%j is refused at position %i', (text, position) => {
    expect(failure(() => readOrderBy(text, fields)).position).toBe(position);
  });
});
