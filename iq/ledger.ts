/**
 * The hub's ledger: every event is numbered and on the disk before anybody is told it happened, is handed out in order, and is
 * forgotten only after the server has committed it (behaviour.md 9).
 *
 * Segments of a few thousand events: `<first sequence>.log`, the last one open for writing. A record is a checksummed line; a
 * torn tail is cut at the next start, and as nobody was told of it, nothing is lost. `sources` remembers the last record taken
 * from each lock's own memory, so that a record told twice is stored once.
 */
import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { HubEvent } from '#contract/events';
import {
  AppendLog,
  fromLine,
  makeFolder,
  readIfThere,
  readLines,
  removeFile,
  replaceFile,
  toLine,
  type ReadLines,
} from './files.ts';

type WithoutNumber<Event> = Event extends HubEvent ? Omit<Event, 'sequence' | 'id'> : never;
/** An event as the door writes it; the ledger adds number and id. */
export type EventDraft = WithoutNumber<HubEvent>;

/** Where a lock kept the event while the hub was out of its reach. */
export type Source = { readonly mac: string; readonly record: number };

export type LedgerRecord = {
  readonly boot: number;
  readonly event: HubEvent;
  readonly source?: Source;
};

export type Position = { readonly boot: number; readonly sequence: number };

type Segment = {
  readonly first: number;
  readonly path: string;
  last: Position | null;
  /** In memory while it is written or read, else null. */
  records: LedgerRecord[] | null;
};

type Pending = {
  readonly draft: EventDraft;
  readonly source: Source | undefined;
  readonly done: (event: HubEvent | null) => void;
  readonly fail: (error: unknown) => void;
};

export type LedgerLimits = { readonly events: number; readonly eventsPerSegment: number };
const usualLimits: LedgerLimits = { events: 1_000_000, eventsPerSegment: 4_000 };
/** Events that share one sync at most. */
const largestBurst = 500;

export type LedgerOptions = {
  readonly folder: string;
  /** The boot under which events are written. */
  readonly boot: () => number;
  /** Called with each record once it is on the disk. */
  readonly onRecorded: (record: LedgerRecord) => void;
  /** Called with how many of the oldest events had to make room. */
  readonly onDropped: (events: number) => void;
  readonly limits?: LedgerLimits;
};

export class Ledger {
  readonly #options: LedgerOptions;
  readonly #limits: LedgerLimits;
  readonly #sources = new Map<string, number>();
  #segments: Segment[] = [];
  #log: AppendLog | null = null;
  #nextSequence = 1;
  #pending: Pending[] = [];
  #work: Promise<unknown> = Promise.resolve();
  #damagedLines = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#limits = options.limits ?? usualLimits;
  }

  /** Lines found unreadable at the start: events lost to a bad disk. */
  get damagedLines(): number {
    return this.#damagedLines;
  }

  async open(): Promise<void> {
    await makeFolder(this.#options.folder);
    const sources = fromLine(((await readIfThere(this.#sourcesPath)) ?? '').trimEnd());
    for (const [mac, record] of Object.entries((sources ?? {}) as Record<string, number>)) {
      this.#sources.set(mac, record);
    }
    const names = (await readdir(this.#options.folder)).filter((name) =>
      /^\d{12}\.log$/.test(name),
    );
    for (const name of names.sort()) await this.#openSegment(name, name === names.at(-1));
    const newest = this.#segments.at(-1);
    if (!newest) await this.#addSegment();
    else this.#nextSequence = Math.max(newest.first, (newest.last?.sequence ?? 0) + 1);
  }

  /**
   * Resolves with the event once it is on the disk, or with null when this record of a lock is already there. Events are
   * numbered in the order of the calls; what is appended during a sync shares the next one.
   */
  append(draft: EventDraft, source?: Source): Promise<HubEvent | null> {
    return new Promise((done, fail) => {
      this.#pending.push({ draft, source, done, fail });
      if (this.#pending.length === 1) void this.#inOrder(() => this.#writePending());
    });
  }

  /** The records after a position, oldest first, all of one boot, at most `limit` and about `maxBytes` of JSON. */
  read(
    after: Position | null,
    { limit, maxBytes }: { readonly limit: number; readonly maxBytes: number },
  ): Promise<readonly LedgerRecord[]> {
    return this.#inOrder(async () => {
      const segment = this.#segments.find(({ last }) => last !== null && isAfter(last, after));
      if (!segment) return [];
      const found: LedgerRecord[] = [];
      let bytes = 0;
      for (const record of await this.#load(segment)) {
        if (!isAfter(positionOf(record), after)) continue;
        if (found[0] && found[0].boot !== record.boot) break;
        bytes += JSON.stringify(record.event).length;
        if (found.length >= limit || (found.length > 0 && bytes > maxBytes)) break;
        found.push(record);
      }
      return found;
    });
  }

  /** Forgets what the server has committed: whole segments leave the disk. */
  forget(upTo: Position): Promise<void> {
    return this.#inOrder(() => {
      const committed = this.#segments
        .slice(0, -1)
        .filter(({ last }) => last === null || !isAfter(last, upTo));
      const newest = this.#segments.at(-1);
      if (newest?.records) {
        newest.records = newest.records.filter((record) => isAfter(positionOf(record), upTo));
      }
      return this.#remove(committed);
    });
  }

  /** Begins a new life from number 1, as after a wipe; the boot must have been counted up before. */
  reset(): Promise<void> {
    return this.#inOrder(async () => {
      await this.#log?.close();
      await this.#remove(this.#segments);
      this.#sources.clear();
      await removeFile(this.#sourcesPath);
      this.#nextSequence = 1;
      await this.#addSegment();
    });
  }

  async close(): Promise<void> {
    await this.#inOrder(() => this.#log?.close());
  }

  get #sourcesPath(): string {
    return join(this.#options.folder, 'sources');
  }

  #inOrder<T>(act: () => T | Promise<T>): Promise<T> {
    const next = this.#work.then(act);
    this.#work = next.catch(() => undefined);
    return next;
  }

  async #writePending(): Promise<void> {
    while (this.#pending.length > 0) {
      const burst = this.#pending.slice(0, largestBurst);
      try {
        await this.#writeBurst(burst);
      } catch (error) {
        for (const { fail } of burst) fail(error);
      }
      this.#pending = this.#pending.slice(burst.length);
    }
  }

  async #writeBurst(burst: readonly Pending[]): Promise<void> {
    const { segment, log } = await this.#segmentWithRoom();
    const boot = this.#options.boot();
    const seen = new Map(this.#sources);
    let sequence = this.#nextSequence;
    const answers = burst.map(({ draft, source, done }) => {
      if (source && (seen.get(source.mac) ?? 0) >= source.record) return { record: null, done };
      if (source) seen.set(source.mac, source.record);
      const event = { ...draft, sequence, id: randomUUID() } as HubEvent;
      sequence += 1;
      return { record: source ? { boot, event, source } : { boot, event }, done };
    });
    const records = answers.map(({ record }) => record).filter((record) => record !== null);
    if (records.length > 0) await log.append(records);
    this.#nextSequence = sequence;
    for (const [mac, record] of seen) this.#sources.set(mac, record);
    for (const record of records) segment.records?.push(record);
    const last = records.at(-1);
    if (last) segment.last = positionOf(last);
    for (const { record, done } of answers) {
      if (record) this.#options.onRecorded(record);
      done(record?.event ?? null);
    }
  }

  async #segmentWithRoom(): Promise<{ segment: Segment; log: AppendLog }> {
    const segment = this.#segments.at(-1);
    if (
      segment &&
      this.#log &&
      this.#nextSequence - segment.first < this.#limits.eventsPerSegment
    ) {
      return { segment, log: this.#log };
    }
    await this.#log?.close();
    if (segment) segment.records = null;
    await this.#makeRoom();
    return this.#addSegment();
  }

  async #makeRoom(): Promise<void> {
    const room = Math.max(1, Math.floor(this.#limits.events / this.#limits.eventsPerSegment));
    const oldest = this.#segments.slice(0, Math.max(0, this.#segments.length + 1 - room));
    if (oldest.length === 0) return;
    await this.#remove(oldest);
    this.#options.onDropped(oldest.length * this.#limits.eventsPerSegment);
  }

  async #addSegment(): Promise<{ segment: Segment; log: AppendLog }> {
    const name = `${String(this.#nextSequence).padStart(12, '0')}.log`;
    const path = join(this.#options.folder, name);
    const segment: Segment = { first: this.#nextSequence, path, last: null, records: [] };
    const log = new AppendLog(path);
    await log.open();
    this.#segments.push(segment);
    this.#log = log;
    return { segment, log };
  }

  async #openSegment(name: string, isNewest: boolean): Promise<void> {
    const path = join(this.#options.folder, name);
    let lines: ReadLines;
    if (isNewest) {
      this.#log = new AppendLog(path);
      lines = await this.#log.open();
    } else {
      lines = readLines((await readIfThere(path)) ?? '');
    }
    this.#damagedLines += lines.damagedLines;
    const records = lines.values as LedgerRecord[];
    for (const { source } of records) {
      if (!source) continue;
      this.#sources.set(source.mac, Math.max(source.record, this.#sources.get(source.mac) ?? 0));
    }
    const last = records.at(-1);
    this.#segments.push({
      first: Number(name.slice(0, 12)),
      path,
      last: last ? positionOf(last) : null,
      records: isNewest ? records : null,
    });
  }

  async #load(segment: Segment): Promise<readonly LedgerRecord[]> {
    if (segment.records) return segment.records;
    const newest = this.#segments.at(-1);
    for (const other of this.#segments) if (other !== newest) other.records = null;
    const { values } = readLines((await readIfThere(segment.path)) ?? '');
    segment.records = values as LedgerRecord[];
    return segment.records;
  }

  async #remove(segments: readonly Segment[]): Promise<void> {
    if (segments.length === 0) return;
    // Written first: what a removed segment knew of a lock's records must not be forgotten with it.
    await replaceFile(this.#sourcesPath, [toLine(Object.fromEntries(this.#sources))]);
    this.#segments = this.#segments.filter((segment) => !segments.includes(segment));
    for (const { path } of segments) await removeFile(path);
  }
}

function positionOf({ boot, event }: LedgerRecord): Position {
  return { boot, sequence: event.sequence };
}

/** True when a position lies behind another; null = before everything. */
export function isAfter(position: Position, other: Position | null): boolean {
  if (other === null || position.boot > other.boot) return true;
  return position.boot === other.boot && position.sequence > other.sequence;
}
