import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiError } from '#contract/api-error';
import type { EventPosition } from '#contract/odata';
import { sampleFields as fields } from '#test/kit/odata-samples';
import {
  eventPageOf,
  findContinuationToken,
  readContinuation,
  writeContinuation,
  type EventQuery,
} from './continuation.ts';
import { parseListOptions } from './list.ts';

const id = '5f0c9a3e-7d41-4b7e-9c55-0a6b1f2e3d4c';
const position: EventPosition = { id, keys: ['2026-01-02T03:04:05.123456Z'] };

function query(rawQuery: string, list = 'entries'): EventQuery {
  const now = new Date('2026-01-01T00:00:00Z');
  return {
    list,
    fields,
    options: parseListOptions(rawQuery, { fields, v3Conversion: true, now, events: true }),
  };
}

function read(token: string, from: EventQuery): EventPosition {
  return readContinuation({ parameter: 'CLP-Continuation-Token', token }, from);
}

function isRefused(token: string, from: EventQuery): boolean {
  try {
    read(token, from);
    return false;
  } catch (error) {
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).message).toBe("Value of 'CLP-Continuation-Token' is invalid.");
    return true;
  }
}

describe('a continuation token', () => {
  it('gives back where the page ended, in 1 to 512 characters safe in a header', () => {
    const key = fc.oneof(fc.constant(null), fc.string({ unit: 'binary', maxLength: 300 }));
    fc.assert(
      fc.property(fc.uuid(), key, key, (id, mac, name) => {
        fc.pre(mac?.includes('\0') !== true && name?.includes('\0') !== true);
        const from = query('$orderby=mac desc,customer_reference');
        const token = writeContinuation({ id, keys: [mac, name] }, from);
        expect(token).toMatch(/^[A-Za-z0-9_-]{1,512}$/);
        const { keys, ...rest } = read(token, from);
        expect(rest).toEqual({ id });
        // Keys too long for a token are left out whole.
        if (keys === null) expect(JSON.stringify([mac, name]).length).toBeGreaterThan(100);
        else expect(keys).toEqual([mac, name]);
      }),
    );
  });

  it('fits the same filter and order however they are written, with any $top and $count', () => {
    const token = writeContinuation(position, query(`$filter=mac+eq+'a' and online&$top=5`));
    const again = query(`count=true&filter=(MAC eq 'a')  and (online)&$orderby=utc_date_time desc`);
    expect(read(token, again)).toEqual(position);
  });

  it.each([
    [`$filter=mac eq 'b'`, 'entries'],
    ['', 'entries'],
    [`$filter=mac eq 'a'&$orderby=utc_date_time`, 'entries'],
    [`$filter=mac eq 'a'`, 'incidents'],
  ])('is refused with %j on %s', (other, list) => {
    const token = writeContinuation(position, query(`$filter=mac eq 'a'`));
    expect(isRefused(token, query(other, list))).toBe(true);
  });

  it('is refused with any single character changed, added or left out', () => {
    const from = query('');
    const token = writeContinuation(position, from);
    expect(isRefused(token, from)).toBe(false);
    for (let at = 0; at < token.length; at += 1) {
      const other = token[at] === 'A' ? 'B' : 'A';
      expect(isRefused(token.slice(0, at) + other + token.slice(at + 1), from)).toBe(true);
      expect(isRefused(token.slice(0, at) + token.slice(at + 1), from)).toBe(true);
    }
    for (const damaged of [`${token}A`, `${token}=`, ` ${token}`, '-', 'x'.repeat(513), 'é'])
      expect(isRefused(damaged, from)).toBe(true);
  });

  it('never carries a value that PostgreSQL cannot read', () => {
    const order =
      'utc_date_time,local_date_time,id,online,number,ratio,start_time,store_events_ttl';
    const from = query(`$orderby=${order}`);
    const good = [
      '2026-01-02T03:04:05.000000Z',
      '2026-01-02T03:04:05.000000',
      id,
      'true',
      '-5',
      '1.5e-3',
      '08:00:00',
      '7776000.000000',
    ];
    expect(isRefused(writeContinuation({ id, keys: good }, from), from)).toBe(false);
    for (const at of good.keys()) {
      const forged = writeContinuation({ id, keys: good.with(at, 'nonsense') }, from);
      expect(isRefused(forged, from)).toBe(true);
    }
    for (const forged of [
      { id: 'nonsense', keys: good },
      { id, keys: good.slice(1) },
    ])
      expect(isRefused(writeContinuation(forged, from), from)).toBe(true);
  });

  it('is found in its headers and parameters, header first', () => {
    expect(findContinuationToken({}, '')).toBeNull();
    expect(findContinuationToken({ 'clp-continuation-token': '' }, '$top=5')).toBeNull();
    for (const [headers, rawQuery, parameter] of [
      [{ 'clp-continuation-token': 'abc' }, '$continuationToken=x', 'CLP-Continuation-Token'],
      [{ continuationtoken: 'abc' }, 'continuation_token=x', 'continuationToken'],
      [{}, '$continuationToken=abc', '$continuationToken'],
      [{}, 'continuation_token=x&continuation_token=abc', 'continuation_token'],
      [{}, '%24CONTINUATIONTOKEN=abc', '$CONTINUATIONTOKEN'],
    ] as const)
      expect(findContinuationToken(headers, rawQuery)).toEqual({ parameter, token: 'abc' });
  });
});

describe('a page of events', () => {
  const request = { origin: 'https://keys.example', path: '/v1.2/entries' };

  it('ends without token and link', () => {
    const parts = { items: [1], count: 1, next: null };
    expect(eventPageOf(parts, { ...query(''), request: { ...request, rawQuery: '' } })).toEqual({
      items: [1],
      continuation_token: null,
      next_page_link: null,
      count: 1,
    });
  });

  it('goes on with a link that carries the token in place of the old one', () => {
    const rawQuery = `$filter=mac+eq+'a'&$continuationToken=old&continuation_token=older&$skip=0`;
    const from = query(rawQuery);
    const page = eventPageOf(
      { items: [], count: null, next: position },
      { ...from, request: { ...request, rawQuery } },
    );
    const token = page.continuation_token ?? '';
    expect(page.next_page_link).toBe(
      `https://keys.example/v1.2/entries?$filter=mac%20eq%20'a'&$continuationToken=${token}`,
    );
    expect(read(token, from)).toEqual(position);
  });
});
