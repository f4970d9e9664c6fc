/**
 * The hub's ledger: every event is numbered and on the disk before anybody is told it happened, is handed out in order, and is
 * forgotten only after the server has committed it (behaviour.md 9). The files are those of ledger-files.ts; a record is a
 * checksummed line; a torn tail is cut at the next start, and as nobody was told of it, nothing is lost.
 *
 *     writable ─ a write fails ─► reserve given up, written there ─ fails too ─► held in memory, handed out from there
 *        ▲────────────── flush: everything written, reserve kept again ─────────────────┘
 *
 * Bounded by number and bytes: the oldest segment makes room. A disk that cannot be written drops nothing: what happens is held in
 * memory up to a bound, so that doors answer and the server still hears it; beyond it `append` rejects and counts.
 */
import { randomBytes } from 'node:crypto';
import type { HubEvent } from '#contract/events';
import { timeOrderedUuid } from '#contract/ids';
import { LedgerFiles } from './ledger-files.ts';
import {
  isAfter,
  positionOf,
  type EventDraft,
  type LedgerRecord,
  type Position,
  type Source,
} from './ledger-record.ts';

type Pending = {
  readonly draft: EventDraft;
  readonly source: Source | undefined;
  readonly done: (event: HubEvent | null) => void;
  readonly fail: (error: unknown) => void;
};

export type LedgerLimits = {
  readonly events: number;
  readonly eventsPerSegment: number;
  readonly bytes: number;
  /** Events in memory while the disk cannot be written. */
  readonly held: number;
};
export const usualLimits: LedgerLimits = {
  events: 1_000_000,
  eventsPerSegment: 4_000,
  bytes: 1024 ** 3,
  held: 10_000,
};
/** Events that share one sync at most. */
const largestBurst = 500;

/** The disk cannot be written and memory holds as much as it may: the event was not kept. */
export class LedgerFullError extends Error {
  override readonly name = 'LedgerFullError';
}

export type LedgerOptions = {
  readonly folder: string;
  /** The boot under which events are written. */
  readonly boot: () => number;
  /** Called with each record once it is kept: on the disk, or in memory while that cannot be written. */
  readonly onRecorded: (record: LedgerRecord) => void;
  /** Called with how many events had to go before the server held them. */
  readonly onDropped: (events: number) => void;
  /** Called with how many lines were found unreadable: events lost to a bad disk. */
  readonly onDamaged: (lines: number) => void;
  /** The disk can no longer be written (false), or can again. */
  readonly onWritable: (isWritable: boolean) => void;
  readonly limits?: LedgerLimits;
  /** Bytes the folder may take at this moment; absent = as many as the disk has. */
  readonly mostBytes?: () => number;
};

export class Ledger {
  readonly #options: LedgerOptions;
  readonly #limits: LedgerLimits;
  readonly #files: LedgerFiles;
  #held: LedgerRecord[] = [];
  #isWritable = true;
  #refused = 0;
  #acknowledged = 0;
  #nextSequence = 1;
  #pending: Pending[] = [];
  #work: Promise<unknown> = Promise.resolve();

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#limits = options.limits ?? usualLimits;
    const { folder, onDamaged, mostBytes = () => Infinity } = options;
    this.#files = new LedgerFiles({ folder, mostBytes, onDamaged });
  }

  /** False while events are held in memory, or the reserve is given up. */
  get isWritable(): boolean {
    return this.#isWritable;
  }

  open(): Promise<void> {
    return this.#inOrder(async () => {
      await this.#files.open();
      const { newest } = this.#files;
      if (newest) this.#nextSequence = Math.max(newest.first, (newest.last?.sequence ?? 0) + 1);
      else await this.#files.begin(1).catch(() => this.#becomeUnwritable());
      await this.#files.reserve().catch(() => this.#becomeUnwritable());
    });
  }

  /**
   * Resolves with the event once it is kept, or with null when this record of a lock is already there. Events are numbered in the
   * order of the calls; what is appended during a sync shares the next one. Rejects LedgerFullError.
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
    const cut = (records: readonly LedgerRecord[]): readonly LedgerRecord[] => {
      const found: LedgerRecord[] = [];
      let bytes = 0;
      for (const record of records) {
        if (!isAfter(positionOf(record), after)) continue;
        if (found[0] && found[0].boot !== record.boot) break;
        bytes += JSON.stringify(record.event).length;
        if (found.length >= limit || (found.length > 0 && bytes > maxBytes)) break;
        found.push(record);
      }
      return found;
    };
    return this.#inOrder(async () => {
      for (const segment of this.#files.segments) {
        if (segment.last === null || !isAfter(segment.last, after)) continue;
        const found = cut(await this.#files.read(segment));
        if (found.length > 0) return found;
      }
      return cut(this.#held);
    });
  }

  /** Forgets what the server has committed: whole segments leave the disk. */
  forget(upTo: Position): Promise<void> {
    return this.#inOrder(() => {
      const { newest, segments } = this.#files;
      const isOpen = (record: LedgerRecord): boolean => isAfter(positionOf(record), upTo);
      if (newest?.records) newest.records = newest.records.filter(isOpen);
      this.#held = this.#held.filter(isOpen);
      this.#acknowledged = upTo.sequence;
      // What was only held when the power went may be known to the server: its numbers are used.
      this.#nextSequence = Math.max(this.#nextSequence, upTo.sequence + 1);
      return this.#files.remove(
        segments.slice(0, -1).filter(({ last }) => last === null || !isAfter(last, upTo)),
      );
    });
  }

  /** Tries to write what is held and to keep a reserve again; asked from time to time while `isWritable` is false. */
  flush(): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#isWritable) return;
      try {
        await this.#write([]);
        await this.#files.reserve();
      } catch {
        return;
      }
      this.#isWritable = true;
      this.#options.onWritable(true);
      if (this.#refused > 0) this.#options.onDropped(this.#refused);
      this.#refused = 0;
    });
  }

  /** Begins a new life from number 1, as after a wipe; the boot must have been counted up before. */
  reset(): Promise<void> {
    return this.#inOrder(async () => {
      this.#held = [];
      this.#acknowledged = 0;
      this.#nextSequence = 1;
      await this.#files.reset();
    });
  }

  async close(): Promise<void> {
    await this.#inOrder(() => this.#files.close());
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
        await this.#keepBurst(burst);
      } catch (error) {
        for (const { fail } of burst) fail(error);
      }
      this.#pending = this.#pending.slice(burst.length);
    }
  }

  async #keepBurst(burst: readonly Pending[]): Promise<void> {
    const boot = this.#options.boot();
    const { sources } = this.#files;
    const seen = new Map(sources);
    let sequence = this.#nextSequence;
    const answers = burst.map(({ draft, source, done }) => {
      if (source && (seen.get(source.mac) ?? 0) >= source.record) return { record: null, done };
      if (source) seen.set(source.mac, source.record);
      const id = timeOrderedUuid(Date.parse(draft.at), randomBytes(10));
      const event: HubEvent = { ...draft, sequence, id };
      sequence += 1;
      return { record: source ? { boot, event, source } : { boot, event }, done };
    });
    const records = answers.map(({ record }) => record).filter((record) => record !== null);
    if (records.length > 0) await this.#keep(records);
    this.#nextSequence = sequence;
    for (const [mac, record] of seen) sources.set(mac, record);
    for (const { record, done } of answers) {
      if (record) this.#options.onRecorded(record);
      done(record?.event ?? null);
    }
  }

  /** On the disk, by its reserve if need be, else in memory. */
  async #keep(records: readonly LedgerRecord[]): Promise<void> {
    try {
      await this.#write(records);
      return;
    } catch (error) {
      if ((await this.#files.giveUpReserve()) && (await this.#isWritten(records))) {
        this.#becomeUnwritable();
        return;
      }
      if (this.#held.length + records.length > this.#limits.held) {
        this.#refused += records.length;
        throw new LedgerFullError('the disk cannot be written', { cause: error });
      }
    }
    this.#held.push(...records);
    this.#becomeUnwritable();
  }

  #isWritten(records: readonly LedgerRecord[]): Promise<boolean> {
    return this.#write(records).then(
      () => true,
      () => false,
    );
  }

  /** What is held goes first. */
  async #write(records: readonly LedgerRecord[]): Promise<void> {
    const all = [...this.#held, ...records];
    const first = all[0]?.event.sequence ?? this.#nextSequence;
    const { newest } = this.#files;
    if (!newest || first - newest.first >= this.#limits.eventsPerSegment) {
      await this.#makeRoom();
      await this.#files.begin(first);
    }
    if (all.length > 0) await this.#files.append(all);
    this.#held = [];
  }

  #becomeUnwritable(): void {
    if (!this.#isWritable) return;
    this.#isWritable = false;
    this.#options.onWritable(false);
  }

  /** The oldest segments go when the ledger is full; what the server holds of them is no loss. */
  async #makeRoom(): Promise<void> {
    const { segments } = this.#files;
    // As many full ones as there is room for, beside the one that begins.
    const room = Math.ceil(this.#limits.events / this.#limits.eventsPerSegment);
    let count = Math.max(0, segments.length - room);
    let bytes = this.#files.bytes;
    for (const [index, segment] of segments.entries()) {
      if (index >= count && bytes <= this.#limits.bytes) break;
      count = Math.max(count, index + 1);
      bytes -= segment.bytes;
    }
    // The newest one is still written to until the next has begun.
    const oldest = segments.slice(0, Math.min(count, segments.length - 1));
    const lost = oldest.map(({ first, last }) =>
      Math.max(0, (last?.sequence ?? 0) - Math.max(first - 1, this.#acknowledged)),
    );
    await this.#files.remove(oldest);
    const events = lost.reduce((sum, count) => sum + count, 0);
    if (events > 0) this.#options.onDropped(events);
  }
}
