import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { uuid } from '#test/kit/access-table';
import { Ledger, LedgerFullError, type LedgerLimits, type LedgerOptions } from './ledger.ts';
import { isAfter, type EventDraft, type LedgerRecord } from './ledger-record.ts';

let folder = '';
let open: Ledger[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cardea-ledger-'));
  open = [];
});
afterEach(async () => {
  for (const ledger of open) await ledger.close();
  await rm(folder, { recursive: true });
});

const limits: LedgerLimits = { events: 1_000_000, eventsPerSegment: 10, bytes: 1e9, held: 20 };

async function openLedger({
  boot = 1,
  ...more
}: { boot?: number } & Partial<Omit<LedgerOptions, 'boot'>> = {}) {
  const ledger = new Ledger({
    folder,
    boot: () => boot,
    onRecorded: () => undefined,
    onDropped: () => undefined,
    onDamaged: () => undefined,
    onWritable: () => undefined,
    limits,
    ...more,
  });
  await ledger.open();
  open.push(ledger);
  return ledger;
}

async function closeAll(): Promise<void> {
  for (const ledger of open) await ledger.close();
  open = [];
}

function draft(detail: string): EventDraft {
  return {
    kind: 'incident',
    lock_id: uuid(10),
    category: 'unknown',
    detail,
    at: '2026-06-01T10:00:00.000Z',
    local: '2026-06-01T12:00:00',
  };
}

async function readAll(ledger: Ledger): Promise<LedgerRecord[]> {
  const all: LedgerRecord[] = [];
  for (;;) {
    const last = all.at(-1);
    const after = last ? { boot: last.boot, sequence: last.event.sequence } : null;
    const next = await ledger.read(after, { limit: 7, maxBytes: 10_000 });
    if (next.length === 0) return all;
    all.push(...next);
  }
}

const numbers = (records: readonly LedgerRecord[]) => records.map(({ event }) => event.sequence);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

async function fill(ledger: Ledger, count: number): Promise<void> {
  await Promise.all(upTo(count).map((number) => ledger.append(draft(String(number)))));
}

describe('a ledger', () => {
  test('numbers events in the order of the calls and hands them out in that order', async () => {
    const ledger = await openLedger();
    await fill(ledger, 35);
    const records = await readAll(ledger);
    expect(numbers(records)).toEqual(upTo(35));
    expect(records.map(({ event }) => 'detail' in event && event.detail)).toEqual(
      upTo(35).map(String),
    );
  });

  test('goes on with its numbers in the next start, and a batch is of one boot', async () => {
    await fill(await openLedger({ boot: 1 }), 12);
    await closeAll();
    const ledger = await openLedger({ boot: 2 });
    await fill(ledger, 3);
    expect(numbers(await readAll(ledger))).toEqual(upTo(15));
    const batch = await ledger.read({ boot: 1, sequence: 11 }, { limit: 9, maxBytes: 10_000 });
    expect(numbers(batch)).toEqual([12]);
  });

  test('forgets what was committed, whole segments on the disk, and keeps its numbers', async () => {
    const ledger = await openLedger();
    await fill(ledger, 30);
    await ledger.forget({ boot: 1, sequence: 30 });
    expect(await readAll(ledger)).toEqual([]);
    expect((await readdir(folder)).filter((name) => name.endsWith('.log'))).toHaveLength(1);
    await closeAll();
    const again = await openLedger({ boot: 2 });
    expect((await again.append(draft('next')))?.sequence).toBe(31);
  });

  test('drops the oldest when it is full, and says how many', async () => {
    const dropped: number[] = [];
    const ledger = await openLedger({
      limits: { ...limits, events: 30 },
      onDropped: (events) => dropped.push(events),
    });
    for (const number of upTo(45)) await ledger.append(draft(String(number)));
    expect(dropped).toEqual([10]);
    expect(numbers(await readAll(ledger))).toEqual(upTo(45).slice(10));
  });

  test("stores a record of a lock's own memory once, also after a restart and after it was forgotten", async () => {
    const source = (record: number) => ({ mac: '014FCA0A000071', record });
    const first = await openLedger();
    expect(await first.append(draft('a'), source(1))).not.toBeNull();
    const twins = await Promise.all([
      first.append(draft('b'), source(2)),
      first.append(draft('b'), source(2)),
    ]);
    expect(twins.filter((event) => event !== null)).toHaveLength(1);
    await closeAll();
    const second = await openLedger({ boot: 2 });
    expect(await second.append(draft('b'), source(2))).toBeNull();
    await fill(second, 20);
    await second.forget({ boot: 2, sequence: 22 });
    await closeAll();
    const third = await openLedger({ boot: 3 });
    expect(await third.append(draft('b'), source(2))).toBeNull();
    expect(await third.append(draft('c'), source(3))).not.toBeNull();
  });

  test('begins at 1 again after a reset', async () => {
    const ledger = await openLedger();
    await fill(ledger, 25);
    await ledger.reset();
    expect(await readAll(ledger)).toEqual([]);
    expect((await ledger.append(draft('first')))?.sequence).toBe(1);
  });

  test('keeps each whole record when the file ends at any byte, and writes on behind it', async () => {
    await fill(await openLedger(), 3);
    await closeAll();
    const [name = ''] = (await readdir(folder)).filter((file) => file.endsWith('.log'));
    const whole = await readFile(join(folder, name));
    const ends = [...whole.keys()].filter((index) => whole[index] === 10).map((index) => index + 1);
    for (let length = ends[1] ?? 0; length <= whole.length; length += 1) {
      await writeFile(join(folder, name), whole);
      await truncate(join(folder, name), length);
      const kept = ends.filter((end) => end <= length).length;
      const ledger = await openLedger({ boot: 2 });
      expect((await ledger.append(draft('after')))?.sequence).toBe(kept + 1);
      expect(numbers(await readAll(ledger))).toEqual(upTo(kept + 1));
      await closeAll();
    }
  });

  test('passes over a line a bad disk has changed, keeps the others and counts it', async () => {
    await fill(await openLedger(), 5);
    await closeAll();
    const [name = ''] = (await readdir(folder)).filter((file) => file.endsWith('.log'));
    const text = await readFile(join(folder, name), 'utf8');
    const lines = text.split('\n');
    lines[2] = (lines[2] ?? '').replace('unknown', 'unknowm');
    await writeFile(join(folder, name), lines.join('\n'));
    await appendFile(join(folder, name), 'half a li');
    const damaged: number[] = [];
    const ledger = await openLedger({ boot: 2, onDamaged: (found) => damaged.push(found) });
    expect(numbers(await readAll(ledger))).toEqual([1, 2, 4, 5]);
    expect(damaged).toEqual([1]);
    expect((await ledger.append(draft('next')))?.sequence).toBe(6);
  });
});

test('the oldest make room when the bytes are many, and what the server holds is no loss', async () => {
  const dropped: number[] = [];
  const ledger = await openLedger({
    limits: { ...limits, bytes: 16 * 1024 + 8_000 },
    onDropped: (events) => dropped.push(events),
  });
  await ledger.append(draft('x'.repeat(3_000)));
  for (const number of upTo(9)) await ledger.append(draft(String(number)));
  await ledger.forget({ boot: 1, sequence: 4 });
  for (const number of upTo(30)) await ledger.append(draft(String(number)));
  const kept = numbers(await readAll(ledger));
  expect(kept).toEqual(upTo(40).slice(40 - kept.length));
  expect(dropped.reduce((sum, count) => sum + count, 0)).toBe((kept[0] ?? 0) - 1 - 4);
});

test('a start finds the place and the damage of closed segments without reading them all', async () => {
  const former = await openLedger();
  for (const number of upTo(45)) await former.append(draft(String(number)));
  await closeAll();
  const path = join(folder, '000000000011.log');
  await writeFile(path, (await readFile(path, 'utf8')).replace('unknown', 'unknowm'));
  const damaged: number[] = [];
  const ledger = await openLedger({ boot: 2, onDamaged: (lines) => damaged.push(lines) });
  expect(damaged).toEqual([]);
  expect(numbers(await readAll(ledger))).toEqual(upTo(45).filter((number) => number !== 11));
  await readAll(ledger);
  expect(damaged).toEqual([1]);
  expect((await ledger.append(draft('next')))?.sequence).toBe(46);
});

test('ids follow each other in the order of time', async () => {
  const ledger = await openLedger();
  const at = (ms: number) => ({ ...draft('x'), at: new Date(ms).toISOString() });
  const ids: string[] = [];
  for (const ms of [1e12, 1e12 + 1, 1.7e12]) ids.push((await ledger.append(at(ms)))?.id ?? '');
  expect([...ids].sort()).toEqual(ids);
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

describe('a disk that is full', () => {
  /** Bytes the ledger may take. */
  let room = 1e9;
  const writable: boolean[] = [];
  const openSmall = (boot: number, more: Partial<Omit<LedgerOptions, 'boot'>> = {}) => {
    const mostBytes = (): number => room;
    const onWritable = (isWritable: boolean): void => {
      writable.push(isWritable);
    };
    return openLedger({ boot, mostBytes, onWritable, ...more });
  };
  beforeEach(() => {
    room = 1e9;
    writable.length = 0;
  });

  test('gives its reserve for what happens first, so that even a power cut leaves word of it', async () => {
    const ledger = await openSmall(1);
    await fill(ledger, 3);
    const bytes = (await readFile(join(folder, '000000000001.log'))).length;
    room = 16 * 1024 + bytes;
    await ledger.append(draft('the first that did not fit'));
    expect([writable, ledger.isWritable]).toEqual([[false], false]);
    // The plug is pulled: nothing is written or closed.
    const after = await openSmall(2);
    expect(numbers(await readAll(after))).toEqual(upTo(4));
  });

  test('loses nothing: it answers, holds in memory, hands out, and writes all in order when there is room', async () => {
    const ledger = await openSmall(1);
    await fill(ledger, 15);
    room = 0;
    await fill(ledger, 12);
    expect(numbers(await readAll(ledger))).toEqual(upTo(27));
    await ledger.flush();
    expect(writable).toEqual([false]);
    room = 1e9;
    await ledger.append(draft('28'));
    await ledger.flush();
    expect([writable, ledger.isWritable]).toEqual([[false, true], true]);
    const told = await readAll(ledger);
    await closeAll();
    expect(await readAll(await openSmall(2))).toEqual(told);
    expect(numbers(told)).toEqual(upTo(28));
  });

  test('refuses beyond what memory may hold, says how many, and goes on with the next number', async () => {
    const dropped: number[] = [];
    const ledger = await openSmall(1, { onDropped: (events) => dropped.push(events) });
    room = 0;
    for (const number of upTo(20)) await ledger.append(draft(String(number)));
    for (const number of upTo(3))
      await expect(ledger.append(draft(String(number)))).rejects.toThrow(LedgerFullError);
    room = 1e9;
    await ledger.flush();
    expect(dropped).toEqual([3]);
    expect((await ledger.append(draft('next')))?.sequence).toBe(21);
    expect(numbers(await readAll(ledger))).toEqual(upTo(21));
  });

  test('forgets what the server took from memory, and never uses its numbers again after a power cut', async () => {
    const ledger = await openSmall(1);
    await fill(ledger, 5);
    room = 0;
    await fill(ledger, 5);
    await ledger.forget({ boot: 1, sequence: 8 });
    expect(numbers(await readAll(ledger))).toEqual([9, 10]);
    room = 1e9;
    const after = await openSmall(2);
    await after.forget({ boot: 1, sequence: 8 });
    expect((await after.append(draft('next')))?.sequence).toBe(9);
  });

  test('lets a new hub begin, and keeps what it heard before there was room', async () => {
    room = 0;
    const ledger = await openSmall(1);
    expect(writable).toEqual([false]);
    await fill(ledger, 2);
    room = 1e9;
    await ledger.flush();
    await closeAll();
    expect(numbers(await readAll(await openSmall(2)))).toEqual([1, 2]);
  });
});

test('a later boot lies behind every number of an earlier one', () => {
  expect(isAfter({ boot: 2, sequence: 1 }, { boot: 1, sequence: 900 })).toBe(true);
  expect(isAfter({ boot: 1, sequence: 900 }, { boot: 2, sequence: 1 })).toBe(false);
  expect(isAfter({ boot: 1, sequence: 2 }, { boot: 1, sequence: 2 })).toBe(false);
  expect(isAfter({ boot: 1, sequence: 1 }, null)).toBe(true);
});

const writer = fileURLToPath(new URL('../test/kit/ledger-writer.ts', import.meta.url));

/** Runs a writer, kills it after a number of lines and returns what it was told is safe. */
async function writeUntilKilled(boot: number, lines: number): Promise<Map<number, string>> {
  const child = spawn(
    process.execPath,
    ['--conditions=development', '--import', 'tsx', writer, folder, String(boot)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const told = new Map<number, string>();
  const gone = new Promise((resolve) => child.once('close', resolve));
  let heard = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    heard += 1;
    const [sequence = '', id] = line.split(' ');
    if (id !== undefined) told.set(Number(sequence), id);
    // The kill falls wherever the writer is by then; what it still says was safe before.
    if (heard === lines) child.kill('SIGKILL');
  }
  await gone;
  return told;
}

test('of kill -9 at random moments no event that was told safe is lost, and none is doubled', async () => {
  const told = new Map<number, string>();
  for (let boot = 1; boot <= 8; boot += 1) {
    const lines = 1 + Math.floor(Math.random() * 150);
    for (const [sequence, id] of await writeUntilKilled(boot, lines)) {
      expect(told.has(sequence)).toBe(false);
      told.set(sequence, id);
    }
  }
  const ledger = await openLedger({ boot: 9 });
  const records = await readAll(ledger);
  expect(numbers(records)).toEqual(upTo(records.length));
  expect(new Set(records.map(({ event }) => event.id)).size).toBe(records.length);
  const kept = new Map(records.map(({ event }) => [event.sequence, event.id]));
  expect([...told].filter(([sequence, id]) => kept.get(sequence) !== id)).toEqual([]);
  expect(told.size).toBeGreaterThan(8);
}, 120_000);
