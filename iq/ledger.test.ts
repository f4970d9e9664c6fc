import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { uuid } from '#test/kit/access-table';
import {
  isAfter,
  Ledger,
  type EventDraft,
  type LedgerLimits,
  type LedgerRecord,
} from './ledger.ts';

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

async function openLedger({
  boot = 1,
  limits = { events: 1_000_000, eventsPerSegment: 10 },
  onDropped = () => undefined,
}: { boot?: number; limits?: LedgerLimits; onDropped?: (events: number) => void } = {}) {
  const ledger = new Ledger({
    folder,
    boot: () => boot,
    onRecorded: () => undefined,
    onDropped,
    limits,
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
      limits: { events: 30, eventsPerSegment: 10 },
      onDropped: (events) => dropped.push(events),
    });
    for (const number of upTo(45)) await ledger.append(draft(String(number)));
    expect(dropped).toEqual([10, 10]);
    expect(numbers(await readAll(ledger))).toEqual(upTo(45).slice(20));
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
    const [name = ''] = await readdir(folder);
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
    const [name = ''] = await readdir(folder);
    const text = await readFile(join(folder, name), 'utf8');
    const lines = text.split('\n');
    lines[2] = (lines[2] ?? '').replace('unknown', 'unknowm');
    await writeFile(join(folder, name), lines.join('\n'));
    await appendFile(join(folder, name), 'half a li');
    const ledger = await openLedger({ boot: 2 });
    expect(numbers(await readAll(ledger))).toEqual([1, 2, 4, 5]);
    expect(ledger.damagedLines).toBe(1);
    expect((await ledger.append(draft('next')))?.sequence).toBe(6);
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
}, 60_000);
