/**
 * The files of a ledger: segments of a few thousand events, `<first sequence>.log`, the last one open for writing; `sources`, the
 * last record taken from each lock's own memory; `reserve`, room that is given up when the disk is full.
 *
 * What a closed segment knew of the locks' records is in `sources` before the next segment begins, so that a start reads the newest
 * segment and the last line of each other, whatever their number.
 */
import { randomBytes } from 'node:crypto';
import { open, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AppendLog,
  fromLine,
  makeFolder,
  NoRoomError,
  readIfThere,
  readLines,
  removeFile,
  replaceFile,
  toLine,
} from './files.ts';
import { positionOf, type LedgerRecord, type Position } from './ledger-record.ts';

export type Segment = {
  readonly first: number;
  readonly path: string;
  last: Position | null;
  bytes: number;
  /** In memory while it is written or read, else null. */
  records: LedgerRecord[] | null;
  /** Its damage was told. */
  isChecked: boolean;
};

/** Room for about 40 events: enough to say that the disk is full. */
const reserveBytes = 16 * 1024;
/** Longer than any record. */
const tailBytes = 16 * 1024;

export class LedgerFiles {
  readonly sources = new Map<string, number>();
  readonly #folder: string;
  readonly #mostBytes: () => number;
  readonly #onDamaged: (lines: number) => void;
  #segments: Segment[] = [];
  #log: AppendLog | null = null;
  #reserved = 0;

  /** `mostBytes`: what the folder may take at most at this moment; `onDamaged`: lines were found unreadable. */
  constructor(options: {
    readonly folder: string;
    readonly mostBytes: () => number;
    readonly onDamaged: (lines: number) => void;
  }) {
    this.#folder = options.folder;
    this.#mostBytes = options.mostBytes;
    this.#onDamaged = options.onDamaged;
  }

  /** Oldest first; empty only before the first `begin`. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  get newest(): Segment | undefined {
    return this.#segments.at(-1);
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, this.#reserved);
  }

  async open(): Promise<void> {
    await makeFolder(this.#folder);
    const sources = fromLine(((await readIfThere(this.#path('sources'))) ?? '').trimEnd());
    this.#noteSources(Object.entries((sources ?? {}) as Record<string, number>));
    const names = (await readdir(this.#folder)).filter((name) => /^\d{12}\.log$/.test(name)).sort();
    const newest = names.pop();
    for (const name of names) this.#segments.push(await this.#look(name));
    if (newest !== undefined) await this.#openNewest(newest);
    const reserve = await stat(this.#path('reserve')).catch(() => null);
    this.#reserved = reserve?.size ?? 0;
  }

  /** Begins a segment; when that fails the former one goes on. */
  async begin(first: number): Promise<void> {
    this.#claim(0);
    await this.#writeSources();
    const former = { log: this.#log, segment: this.newest };
    await this.#openNewest(`${String(first).padStart(12, '0')}.log`);
    await former.log?.close();
    if (former.segment) former.segment.records = null;
  }

  /** Resolves when the records are on the disk, in the newest segment. */
  async append(records: readonly LedgerRecord[]): Promise<void> {
    const segment = this.newest;
    if (!segment || !this.#log) throw new Error('the ledger is not open');
    await this.#log.append(records);
    segment.bytes = this.#log.bytes;
    segment.records?.push(...records);
    const last = records.at(-1);
    if (last) segment.last = positionOf(last);
  }

  async read(segment: Segment): Promise<readonly LedgerRecord[]> {
    if (segment.records) return segment.records;
    for (const other of this.#segments) if (other !== this.newest) other.records = null;
    const { values, damagedLines } = readLines((await readIfThere(segment.path)) ?? '');
    if (damagedLines > 0 && !segment.isChecked) this.#onDamaged(damagedLines);
    segment.isChecked = true;
    segment.records = values as LedgerRecord[];
    return segment.records;
  }

  async remove(segments: readonly Segment[]): Promise<void> {
    this.#segments = this.#segments.filter((segment) => !segments.includes(segment));
    for (const { path } of segments) await removeFile(path);
  }

  /** Removes everything and begins at 1. */
  async reset(): Promise<void> {
    await this.close();
    await this.remove(this.#segments);
    this.sources.clear();
    await removeFile(this.#path('sources'));
    await this.begin(1);
  }

  async close(): Promise<void> {
    await this.#log?.close();
    this.#log = null;
  }

  /** Keeps room for the day on which there is none; rejects when there is none already. */
  async reserve(): Promise<void> {
    if (this.#reserved > 0) return;
    this.#claim(reserveBytes);
    try {
      // Not zeros: a file system that packs its files would keep no room.
      await writeFile(this.#path('reserve'), randomBytes(reserveBytes), { mode: 0o600 });
      this.#reserved = reserveBytes;
    } catch (error) {
      await removeFile(this.#path('reserve'));
      throw error;
    }
  }

  /** Gives the reserve up; false = there was none. */
  async giveUpReserve(): Promise<boolean> {
    if (this.#reserved === 0) return false;
    await removeFile(this.#path('reserve'));
    this.#reserved = 0;
    return true;
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  #claim(bytes: number): void {
    if (this.bytes + bytes > this.#mostBytes()) throw new NoRoomError();
  }

  #noteSources(records: Iterable<readonly [mac: string, record: number]>): void {
    for (const [mac, record] of records)
      this.sources.set(mac, Math.max(record, this.sources.get(mac) ?? 0));
  }

  #writeSources(): Promise<void> {
    return replaceFile(this.#path('sources'), [toLine(Object.fromEntries(this.sources))]);
  }

  async #openNewest(name: string): Promise<void> {
    const path = this.#path(name);
    const log = new AppendLog(path, () => this.#mostBytes() - this.bytes);
    const { values, damagedLines } = await log.open();
    if (damagedLines > 0) this.#onDamaged(damagedLines);
    const records = values as LedgerRecord[];
    this.#noteSources(
      records.flatMap(({ source }) => (source ? [[source.mac, source.record] as const] : [])),
    );
    const last = records.at(-1);
    this.#log = log;
    this.#segments.push({
      first: Number(name.slice(0, 12)),
      path,
      last: last ? positionOf(last) : null,
      bytes: log.bytes,
      records,
      isChecked: true,
    });
  }

  /** A closed segment by its size and last line. */
  async #look(name: string): Promise<Segment> {
    const path = this.#path(name);
    const file = await open(path, 'r');
    try {
      const { size: bytes } = await file.stat();
      const tail = Buffer.alloc(Math.min(bytes, tailBytes));
      await file.read(tail, 0, tail.length, bytes - tail.length);
      const last = lastRecord(tail.toString()) ?? lastRecord((await readIfThere(path)) ?? '');
      return {
        first: Number(name.slice(0, 12)),
        path,
        last: last ? positionOf(last) : null,
        bytes,
        records: null,
        isChecked: false,
      };
    } finally {
      await file.close();
    }
  }
}

function lastRecord(text: string): LedgerRecord | undefined {
  return text
    .split('\n')
    .map((line) => fromLine(line) as LedgerRecord | undefined)
    .findLast((record) => record !== undefined);
}
