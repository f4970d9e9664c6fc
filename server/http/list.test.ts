import { describe, expect, it } from 'vitest';
import { ApiError } from '#contract/api-error';
import type { ListOptions } from '#contract/odata';
import { sampleFields as fields } from '#test/kit/odata-samples';
import { pageOf, parseListOptions, type ListRules } from './list.ts';
import { printFilter } from './odata-print.ts';

const now = new Date('2026-11-22T08:00:00Z');
const id = '5f0c9a3e-7d41-4b7e-9c55-0a6b1f2e3d4c';

function options(rawQuery: string, rules: Partial<ListRules> = {}): ListOptions {
  return parseListOptions(rawQuery, { fields, v3Conversion: true, now, ...rules });
}

function filterOf(rawQuery: string): string | null {
  const { filter } = options(rawQuery);
  return filter === null ? null : printFilter(filter);
}

function refusal(rawQuery: string, rules: Partial<ListRules> = {}): string {
  try {
    options(rawQuery, rules);
  } catch (error) {
    if (error instanceof ApiError && error.code === 1102 && error.status === 400)
      return error.message;
    throw error;
  }
  throw new Error('Nothing was refused.');
}

const defaults = {
  filter: null,
  orderBy: [],
  top: 20,
  skip: 0,
  count: false,
  now: now.toISOString(),
};

describe('list options', () => {
  it.each([
    '',
    '?',
    '?&',
    '&&',
    '&',
    'unknown=1',
    '$select=id&$expand=iq',
    '$filter=',
    '$orderby=%20',
  ])('%j asks for the first 20 in the default order', (query) => {
    expect(options(query)).toEqual(defaults);
  });

  it.each([
    '$top=5&$skip=10&$count=true&$orderby=mac desc',
    'top=5&skip=10&count=true&orderby=mac desc',
    '%24top=5&%24skip=10&%24count=true&%24orderby=mac%20desc',
    '?&$TOP=5&&SKIP=10&$Count=True&$OrderBy=MAC+desc&',
    '$top=1&$top=5&skip=3&$skip=10&$inlinecount=allpages&orderby=id&$orderby=mac desc',
    '$top=+5&$skip=010&InlineCount=AllPages&$count=false&$orderby=mac desc',
  ])('%s is the same wish', (query) => {
    expect(options(query)).toEqual({
      ...defaults,
      top: 5,
      skip: 10,
      count: true,
      orderBy: [{ path: 'mac', direction: 'desc' }],
    });
  });

  it('understands the three filters of core-api.md 5.2 exactly as written', () => {
    expect(
      filterOf(
        `$filter=(utc_date_time ge DateTime'2019-01-01T12:00:00Z')+and+(collection_id eq '${id}')`,
      ),
    ).toBe(`(utc_date_time ge 2019-01-01T12:00:00Z) and (collection_id eq ${id})`);
    expect(filterOf(`$filter=(mac eq '03.E4.AD')`)).toBe(`mac eq '03.E4.AD'`);
    expect(filterOf(`$filter=(state eq 'active') and (online eq true)`)).toBe(
      `(state eq 'active') and (online eq true)`,
    );
  });

  it('reads + and %20 as blanks and %2B as a plus', () => {
    expect(filterOf(`filter=mac+eq%20'a%2Bb+c%26d'`)).toBe(`mac eq 'a+b c&d'`);
    expect(filterOf('filter=utc_date_time eq 2026-01-01T00:00:00+01:00')).toBe(
      'utc_date_time eq 2026-01-01T00:00:00+01:00',
    );
  });

  it('cuts $top to 1000 and takes any $skip', () => {
    expect(options('$top=1001').top).toBe(1000);
    expect(options('$top=0').top).toBe(0);
    expect(options(`$skip=${'9'.repeat(400)}`).skip).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('ignores $inlinecount and refuses v3 forms when the rewrite is off', () => {
    const rules = { v3Conversion: false };
    expect(options('$inlinecount=allpages', rules).count).toBe(false);
    expect(options('$inlinecount=nonsense', rules).count).toBe(false);
    expect(options('$count=true', rules).count).toBe(true);
    expect(refusal(`$filter=id eq guid'${id}'`, rules)).toContain('position 7');
  });

  it.each([
    ['$filter=mac eq', '$filter: Unexpected end at position 7.'],
    ['$filter=nosuch eq 1', "$filter: Unknown field 'nosuch' at position 1."],
    ['$orderby=mac,nosuch', "$orderby: Unknown field 'nosuch' at position 5."],
    ['$top=-1', '$top: Expected a whole number of 0 or more at position 1.'],
    ['$top=ten', '$top: Expected a whole number of 0 or more at position 1.'],
    ['$top=', '$top: Expected a whole number of 0 or more at position 1.'],
    ['$top=1.5', '$top: Expected a whole number of 0 or more at position 1.'],
    ['$skip=-1', '$skip: Expected a whole number of 0 or more at position 1.'],
    ['$skip=1e3', '$skip: Expected a whole number of 0 or more at position 1.'],
    [`$top=${'1'.repeat(4097)}`, '$top: Expected a whole number of 0 or more at position 1.'],
    ['$count=maybe', '$count: Expected true or false at position 1.'],
    ['$inlinecount=some', '$inlinecount: Expected allpages or none at position 1.'],
    [
      `$orderby=${'mac,'.repeat(1025)}mac`,
      '$orderby: Longer than 4096 characters at position 4097.',
    ],
  ])('%s is refused with the position', (query, reason) => {
    expect(refusal(query)).toBe(`The OData filter format is invalid. ${reason}`);
  });

  it('refuses $skip above 0 on events only', () => {
    expect(refusal('$skip=1', { events: true })).toContain('$skip');
    expect(options('$skip=0', { events: true }).skip).toBe(0);
  });
});

describe('the link to the next page', () => {
  const request = { origin: 'https://keys.example/base', path: '/v1.2/locks' };

  function link(rawQuery: string, hasMore: boolean): string | null {
    return pageOf(
      { items: [], count: null, hasMore },
      { options: options(rawQuery), request: { ...request, rawQuery } },
    ).next_page_link;
  }

  it.each([
    ['', 'https://keys.example/base/v1.2/locks?$skip=20'],
    ['$top=20', 'https://keys.example/base/v1.2/locks?$top=20&$skip=20'],
    ['$top=5000', 'https://keys.example/base/v1.2/locks?$top=5000&$skip=1000'],
    [
      'Skip=40&%24top=10&excluded=true',
      'https://keys.example/base/v1.2/locks?$top=10&excluded=true&$skip=50',
    ],
    [
      `filter=mac+eq+'%C3%A9%26%2B'&$orderby=mac%20desc,id&&`,
      `https://keys.example/base/v1.2/locks?filter=mac%20eq%20'%C3%A9%26%2B'&$orderby=mac%20desc%2Cid&$skip=20`,
    ],
  ])('of %j is %s', (query, expected) => {
    expect(link(query, true)).toBe(expected);
    expect(link(query, false)).toBeNull();
  });

  it('asks for the same list when it is followed', () => {
    const query = `$filter=mac+eq+'a%2Bb c''%26' or utc_date_time lt 2026-01-01T00:00:00%2B01:00&$count=true&top=3`;
    const next = new URL(link(query, true) ?? '');
    expect(options(next.search)).toEqual({ ...options(query), skip: 3 });
  });

  it('is null for an empty page that was asked for', () => {
    expect(link('$top=0', true)).toBeNull();
  });
});
