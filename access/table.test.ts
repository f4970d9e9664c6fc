import { describe, expect, test } from 'vitest';
import { accessor, ids, items, key, lock, tagNumber, uuid } from '#test/kit/access-table';
import type { Credential } from './presentation.ts';
import { parseItem, TableItemError, tableOf, type ParsedItem } from './table.ts';

const shown: Credential = { type: 'tag', tagNumber, rfidUid: null };

function parsed(name: string, value: unknown): ParsedItem[] {
  const item = parseItem({ key: name, value });
  return item ? [item] : [];
}

describe('an access table', () => {
  test('finds a key by what a reader reports, and by its id', () => {
    const table = tableOf(items({ accessors: [accessor({ keys: [key({ rfid_uid: '04ab' })] })] }));
    expect(table.findHoldings(shown).map(({ key: { id } }) => id)).toEqual([ids.key]);
    expect(table.findHoldings({ type: 'tag', tagNumber: null, rfidUid: '04Ab' })).toHaveLength(1);
    expect(table.findHoldings({ type: 'tag', tagNumber: '1', rfidUid: null })).toEqual([]);
    expect(table.findKey(ids.key)?.accessor.id).toBe(ids.accessor);
  });

  test('changes item by item: a key that has gone is found no more, the other holder stays', () => {
    const second = accessor({ id: uuid(41), keys: [key({ id: uuid(51) })] });
    const table = tableOf(items({ accessors: [accessor(), second] }));
    expect(table.findHoldings(shown)).toHaveLength(2);
    table.apply(parsed(`accessor/${ids.accessor}`, accessor({ keys: [] })));
    expect(table.findHoldings(shown).map(({ accessor: { id } }) => id)).toEqual([uuid(41)]);
    table.apply(parsed(`accessor/${uuid(41)}`, null));
    expect(table.findHoldings(shown)).toEqual([]);
    expect(table.findKey(uuid(51))).toBeNull();
  });

  test('moves a key from one accessor to another in any order', () => {
    const table = tableOf(items({}));
    table.apply(parsed(`accessor/${uuid(41)}`, accessor({ id: uuid(41) })));
    table.apply(parsed(`accessor/${ids.accessor}`, accessor({ keys: [] })));
    expect(table.findKey(ids.key)?.accessor.id).toBe(uuid(41));
    expect(table.findHoldings(shown)).toHaveLength(1);
  });

  test('refuses an item that does not fit its schema and names its key only', () => {
    const wrong = { ...lock(), slot: 'one' };
    expect(() => parseItem({ key: `lock/${ids.lock}`, value: wrong })).toThrow(TableItemError);
    expect(() => parseItem({ key: `lock/${ids.lock}`, value: wrong })).toThrow(ids.lock);
  });

  test('passes over a kind of a later version', () => {
    expect(parseItem({ key: 'lift/1', value: {} })).toBeNull();
  });

  test('forgets everything when cleared', () => {
    const table = tableOf(items({}));
    table.clear();
    expect([table.settings, table.locks.size, table.findHoldings(shown).length]).toEqual([
      null,
      0,
      0,
    ]);
  });
});
