import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { accessor, ids, items, lock, uuid } from '#test/kit/access-table';
import { TableStore } from './table-store.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cardea-table-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function openStore(): Promise<TableStore> {
  const store = new TableStore(folder);
  await store.open();
  return store;
}

const whole = { from: 0, to: 3, items: items({}) };
const person = (number: number) => ({
  key: `accessor/${uuid(number)}`,
  value: accessor({ id: uuid(number), keys: [] }),
});

test('a table is there again after a restart, with the deltas since', async () => {
  const store = await openStore();
  expect(await store.apply(whole)).toEqual({ version: 3, refused: null });
  await store.apply({ from: 3, to: 4, items: [person(41)] });
  await store.apply({ from: 4, to: 7, items: [{ key: `accessor/${ids.accessor}`, value: null }] });
  await store.close();
  const again = await openStore();
  expect(again.version).toBe(7);
  expect([...(again.table?.accessors.keys() ?? [])]).toEqual([uuid(41)]);
  expect(again.table?.settings?.iq_id).toBe(ids.iq);
  await again.close();
});

test('a delta on another version is refused, the same one again is not, and neither changes anything', async () => {
  const store = await openStore();
  await store.apply(whole);
  expect(await store.apply({ from: 5, to: 6, items: [person(41)] })).toEqual({
    version: 3,
    refused: 'version_gap',
  });
  await store.apply({ from: 3, to: 4, items: [person(42)] });
  expect(await store.apply({ from: 3, to: 4, items: [person(42)] })).toEqual({
    version: 4,
    refused: null,
  });
  expect(store.table?.accessors.has(uuid(41))).toBe(false);
  await store.close();
});

test('one bad item refuses the whole delta', async () => {
  const store = await openStore();
  await store.apply(whole);
  const bad = { key: `lock/${ids.lock}`, value: { ...lock(), slot: 'one' } };
  const answer = await store.apply({ from: 3, to: 4, items: [person(41), bad] });
  expect(answer).toMatchObject({ version: 3 });
  expect(answer.refused).toContain(ids.lock);
  expect(store.table?.accessors.has(uuid(41))).toBe(false);
  await store.close();
});

test('from nothing forgets everything first, also to an older version', async () => {
  const store = await openStore();
  await store.apply({ from: 0, to: 9, items: [...items({}), person(41)] });
  await store.apply(whole);
  expect([store.version, store.table?.accessors.has(uuid(41))]).toEqual([3, false]);
  await store.close();
  const again = await openStore();
  expect([again.version, again.table?.accessors.has(uuid(41))]).toEqual([3, false]);
  await again.close();
});

test('a delta torn by a kill was never reported as held and is cut', async () => {
  const store = await openStore();
  await store.apply(whole);
  await store.close();
  await appendFile(join(folder, 'journal-0'), '0123abcd {"from":3,"to":4,"items":[');
  const again = await openStore();
  expect([again.version, again.table?.locks.size]).toEqual([3, 1]);
  expect(await again.apply({ from: 3, to: 4, items: [person(41)] })).toEqual({
    version: 4,
    refused: null,
  });
  await again.close();
  const third = await openStore();
  expect(third.version).toBe(4);
  await third.close();
});

test('a damaged table is refused, says version 0 and is made good from nothing', async () => {
  const store = await openStore();
  await store.apply(whole);
  await store.apply({ from: 3, to: 4, items: [person(41)] });
  await store.close();
  const journal = join(folder, 'journal-0');
  const text = await readFile(journal, 'utf8');
  await writeFile(journal, text.replace('Europe/Amsterdam', 'Europe/Amsterdan'));
  const damaged = await openStore();
  expect([damaged.table, damaged.version]).toEqual([null, 0]);
  expect(await damaged.apply({ from: 4, to: 5, items: [person(42)] })).toMatchObject({
    refused: 'version_gap',
  });
  await damaged.apply({ from: 0, to: 5, items: items({}) });
  expect(damaged.table?.locks.size).toBe(1);
  await damaged.close();
  const good = await openStore();
  expect([good.version, good.table?.locks.size]).toEqual([5, 1]);
  await good.close();
});

test('a long journal is folded into a snapshot that holds the same', async () => {
  const store = await openStore();
  await store.apply(whole);
  for (let version = 3; version < 9; version += 1) {
    const people = Array.from({ length: 800 }, (_, index) => person(1_000 + version * 800 + index));
    await store.apply({ from: version, to: version + 1, items: people });
  }
  await store.apply({ from: 9, to: 10, items: [person(41)] });
  await store.close();
  expect((await readdir(folder)).filter((name) => name.startsWith('journal-'))).toHaveLength(1);
  expect(await readdir(folder)).toContain('snapshot');
  const again = await openStore();
  expect([again.version, again.table?.accessors.size]).toEqual([10, 1 + 6 * 800 + 1]);
  await again.close();
});

test('a cleared table is empty, not damaged', async () => {
  const store = await openStore();
  await store.apply(whole);
  await store.clear();
  await store.close();
  const again = await openStore();
  expect([again.version, again.table?.settings]).toEqual([0, null]);
  await again.close();
});

async function flipEach(file: string, { spare }: { readonly spare: number }): Promise<void> {
  const good = await readFile(join(folder, file));
  const untouched = await openStore();
  const before = [
    untouched.version,
    JSON.stringify([...(untouched.table?.accessors.values() ?? [])]),
  ];
  await untouched.close();
  const verdicts = new Set<string>();
  for (let place = 0; place < good.length - spare; place += 5) {
    const bytes = Buffer.from(good);
    bytes.writeUInt8(bytes.readUInt8(place) ^ (1 << (place % 7)), place);
    await writeFile(join(folder, file), bytes);
    const store = await openStore();
    const held = [store.version, JSON.stringify([...(store.table?.accessors.values() ?? [])])];
    const isRefusing = store.table === null && store.version === 0;
    await store.close();
    if (!isRefusing) expect([place, ...held]).toEqual([place, ...before]);
    verdicts.add(isRefusing ? 'refuses' : 'harmless');
    // A damaged start begins a journal of its own.
    for (const name of await readdir(folder))
      if (name.startsWith('journal-') && name !== file) await rm(join(folder, name));
  }
  expect(verdicts).toContain('refuses');
  await writeFile(join(folder, file), good);
}

test('wherever a bit of the table on the disk turns, the hub refuses rather than decide by another table', async () => {
  const store = await openStore();
  await store.apply(whole);
  await store.apply({ from: 3, to: 4, items: [person(41)] });
  await store.close();
  // Without the end of its last line a journal looks as if a kill had torn it.
  await flipEach('journal-0', { spare: 1 });
  const journal = join(folder, 'journal-0');
  await writeFile(journal, (await readFile(journal, 'utf8')).replace('settings', 'sexxings'));
  const healed = await openStore();
  await healed.apply({ from: 0, to: 5, items: [...items({}), person(41)] });
  await healed.close();
  await flipEach('snapshot', { spare: 0 });
});
