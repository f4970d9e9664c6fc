/**
 * The access table on the hub's disk: a snapshot, and a journal of the deltas since. A delta is whole on the disk before it
 * counts; a torn one at the end of the journal was never reported as held and is cut.
 *
 * States: empty (version 0) → held (version n) ⇄ damaged. A damaged table refuses at the door, reports version 0 and is replaced by
 * the server from nothing (behaviour.md 8).
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { DesiredItem } from '#contract/access-table';
import { AccessTable, parseItem, TableItemError, type ParsedItem } from '#access/table';
import {
  AppendLog,
  makeFolder,
  readIfThere,
  readLines,
  removeFile,
  replaceFile,
  toLine,
} from './files.ts';

export type Delta = {
  /** 0 = forget everything first. */
  readonly from: number;
  readonly to: number;
  readonly items: readonly DesiredItem[];
};

export type Applied = { readonly version: number; readonly refused: string | null };

const checkHeader = Compile(
  Type.Object({ generation: Type.Integer(), version: Type.Integer(), items: Type.Integer() }),
);
const checkItem = Compile(DesiredItem);
const checkDelta = Compile(
  Type.Object({ from: Type.Integer(), to: Type.Integer(), items: Type.Array(DesiredItem) }),
);

/** A journal longer than this, and than the snapshot, is folded into a new snapshot. */
const smallestFoldBytes = 1_000_000;
const itemsPerChunk = 200;

export class TableStore {
  readonly #folder: string;
  readonly #items = new Map<string, unknown>();
  readonly #table = new AccessTable();
  #journal: AppendLog | null = null;
  #generation = 0;
  #version = 0;
  #snapshotBytes = 0;
  #writtenBytes = 0;
  #isDamaged = false;
  /** From a damaged start until a good snapshot has replaced the bad one. */
  #isDiskDamaged = false;
  #work: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The table to decide by; null = unreadable. */
  get table(): AccessTable | null {
    return this.#isDamaged ? null : this.#table;
  }

  /** The version held on the disk; 0 = none. */
  get version(): number {
    return this.#version;
  }

  async open(): Promise<void> {
    await makeFolder(this.#folder);
    try {
      await this.#readAll();
    } catch (error) {
      if (!(error instanceof TableDamage)) throw error;
      this.#forgetAll();
      this.#isDamaged = true;
      this.#isDiskDamaged = true;
      // The next snapshot must not meet a journal of the damaged time.
      this.#generation = (await this.#newestGeneration()) + 1;
    }
    this.#journal = new AppendLog(this.#journalPath(this.#generation));
    await this.#journal.open();
  }

  /** Puts a delta on the disk, then into the table in place; a refused one changes nothing. */
  apply(delta: Delta): Promise<Applied> {
    return this.#inOrder(async () => {
      const refused = (reason: string): Applied => ({ version: this.#version, refused: reason });
      if (delta.from !== 0 && delta.from !== this.#version) {
        const isRepeat = delta.to === this.#version && delta.from < delta.to;
        return isRepeat ? { version: this.#version, refused: null } : refused('version_gap');
      }
      let parsed: readonly ParsedItem[];
      try {
        parsed = parseAll(delta.items);
      } catch (error) {
        if (!(error instanceof TableItemError)) throw error;
        return refused(error.message);
      }
      await this.#journal?.append([{ from: delta.from, to: delta.to, items: delta.items }]);
      this.#take(delta, parsed);
      const foldAt = Math.max(smallestFoldBytes, this.#snapshotBytes);
      if (this.#isDiskDamaged || (this.#journal?.bytes ?? 0) > foldAt) await this.#fold();
      return { version: this.#version, refused: null };
    });
  }

  /** Forgets the table, as a wipe and a factory reset ask; the store is empty, not damaged. */
  clear(): Promise<void> {
    return this.#inOrder(async () => {
      this.#forgetAll();
      this.#isDamaged = false;
      await this.#fold();
    });
  }

  async close(): Promise<void> {
    await this.#inOrder(() => this.#journal?.close());
  }

  #inOrder<T>(act: () => T | Promise<T>): Promise<T> {
    const next = this.#work.then(act);
    this.#work = next.catch(() => undefined);
    return next;
  }

  #take({ from, to, items }: Delta, parsed: readonly ParsedItem[]): void {
    if (from === 0) {
      this.#forgetAll();
      this.#isDamaged = false;
    }
    for (const { key, value } of items) {
      if (value === null) this.#items.delete(key);
      else this.#items.set(key, value);
    }
    this.#table.apply(parsed);
    this.#version = to;
  }

  #forgetAll(): void {
    this.#items.clear();
    this.#table.clear();
    this.#version = 0;
  }

  async #readAll(): Promise<void> {
    const text = await readIfThere(this.#snapshotPath);
    if (text !== null) this.#readSnapshot(text);
    const journal = await readIfThere(this.#journalPath(this.#generation));
    if (journal === null) return;
    const { values, damagedLines, goodBytes } = readLines(journal);
    if (damagedLines > 0 || hasWholeLine(journal, goodBytes)) throw new TableDamage();
    for (const value of values) {
      if (!checkDelta.Check(value)) throw new TableDamage();
      if (value.from !== 0 && value.from !== this.#version) throw new TableDamage();
      this.#take(value, parseStored(value.items));
    }
  }

  #readSnapshot(text: string): void {
    const { values, damagedLines, goodBytes } = readLines(text);
    const [header, ...items] = values;
    if (damagedLines > 0 || !checkHeader.Check(header) || header.items !== items.length) {
      throw new TableDamage();
    }
    this.#generation = header.generation;
    this.#snapshotBytes = goodBytes;
    const known = items.filter((item) => checkItem.Check(item));
    if (known.length !== items.length) throw new TableDamage();
    this.#take({ from: 0, to: header.version, items: known }, parseStored(known));
  }

  /** Writes everything as a new snapshot with an empty journal; a crash between the two leaves the old pair or the new one. */
  async #fold(): Promise<void> {
    const generation = this.#generation + 1;
    await removeFile(this.#journalPath(generation));
    await replaceFile(this.#snapshotPath, this.#snapshotChunks(generation));
    const former = this.#journal;
    this.#journal = new AppendLog(this.#journalPath(generation));
    this.#snapshotBytes = this.#writtenBytes;
    await this.#journal.open();
    this.#generation = generation;
    this.#isDiskDamaged = false;
    await former?.close();
    if (former) await removeFile(former.path);
  }

  async *#snapshotChunks(generation: number): AsyncGenerator<string> {
    this.#writtenBytes = 0;
    yield toLine({ generation, version: this.#version, items: this.#items.size });
    let lines: string[] = [];
    for (const [key, value] of this.#items) {
      lines.push(toLine({ key, value }));
      if (lines.length < itemsPerChunk) continue;
      this.#writtenBytes += lines.reduce((bytes, line) => bytes + line.length, 0);
      yield lines.join('');
      lines = [];
      // Doors are answered between the chunks of a large table.
      await new Promise((next) => setImmediate(next));
    }
    this.#writtenBytes += lines.reduce((bytes, line) => bytes + line.length, 0);
    yield lines.join('');
  }

  async #newestGeneration(): Promise<number> {
    const names = await readdir(this.#folder);
    return Math.max(0, ...names.map((name) => Number(/^journal-(\d+)$/.exec(name)?.[1] ?? 0)));
  }

  get #snapshotPath(): string {
    return join(this.#folder, 'snapshot');
  }

  #journalPath(generation: number): string {
    return join(this.#folder, `journal-${String(generation)}`);
  }
}

/**
 * Whether what follows the good bytes has the end of a line: then it was written whole, and may have been reported as held. Only
 * what ends in the middle of a line was torn by a kill. A table that forgot its last delta could let in whom that has shut out.
 */
function hasWholeLine(text: string, goodBytes: number): boolean {
  return Buffer.from(text).subarray(goodBytes).includes('\n');
}

/** The files do not add up. */
class TableDamage extends Error {}

function parseAll(items: readonly DesiredItem[]): readonly ParsedItem[] {
  return items.map((item) => parseItem(item)).filter((item) => item !== null);
}

function parseStored(items: readonly DesiredItem[]): readonly ParsedItem[] {
  try {
    return parseAll(items);
  } catch (error) {
    if (error instanceof TableItemError) throw new TableDamage();
    throw error;
  }
}
