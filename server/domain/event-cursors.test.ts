import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CollectionId } from '#contract/ids';
import { cursorOf, earliestPlace, isKept, placeOfCursor } from './event-cursors.ts';

const siteId = randomUUID() as CollectionId;
const places = fc.record({
  number: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  at: fc.integer({ min: 0, max: 4_102_444_800 }).map((seconds) => new Date(seconds * 1000)),
});

describe('a cursor', () => {
  it('brings back its place, in the letters of streaming.md 7', () => {
    fc.assert(
      fc.property(places, (place) => {
        const cursor = cursorOf(siteId, place);
        expect(cursor).toMatch(/^[A-Za-z0-9_-]{1,128}$/);
        expect(placeOfCursor(siteId, cursor)).toEqual(place);
      }),
    );
    expect(placeOfCursor(siteId, cursorOf(siteId, earliestPlace))).toEqual(earliestPlace);
  });

  it('grows with the order of storing', () => {
    fc.assert(
      fc.property(places, places, (one, other) => {
        fc.pre(one.number < other.number);
        expect(cursorOf(siteId, one) < cursorOf(siteId, other)).toBe(true);
      }),
    );
  });

  it('of another site is none, nor is one that was changed anywhere', () => {
    const digit = fc.integer({ min: 0, max: 31 });
    fc.assert(
      fc.property(places, digit, fc.constantFrom('0', '7', 'a', 'f', 'G'), (place, at, letter) => {
        const cursor = cursorOf(siteId, place);
        expect(placeOfCursor(randomUUID() as CollectionId, cursor)).toBeNull();
        const changed = cursor.slice(0, at) + letter + cursor.slice(at + 1);
        if (changed !== cursor) expect(placeOfCursor(siteId, changed)).toBeNull();
      }),
      // A check of 32 bits misses one change in four thousand million: the same changes are tried in every run.
      { seed: 4 },
    );
  });

  it.each(['', 'latest', '0003f2a1', `${'0'.repeat(32)}0`, '\u0000'.repeat(32)])(
    'is never %j',
    (text) => {
      expect(placeOfCursor(siteId, text)).toBeNull();
    },
  );

  it('is good for as long as what was stored at its time is kept', () => {
    const place = { number: 7, at: new Date('2026-11-22T08:00:00Z') };
    const keptSeconds = 60;
    expect(isKept(place, { keptSeconds, now: new Date('2026-11-22T08:00:59Z') })).toBe(true);
    expect(isKept(place, { keptSeconds, now: new Date('2026-11-22T08:01:00Z') })).toBe(false);
  });
});
