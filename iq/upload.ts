/**
 * Brings the ledger to the server: in order, in batches, a few on the way at once, forgotten when the server says it has
 * committed them. A batch without an answer goes out again from the last committed place; the server stores each event once.
 */
import type { Frame } from '#contract/iq-link';
import type { SteadyClock, Timer } from './clock.ts';
import { isAfter, type Position } from './ledger-record.ts';
import type { Ledger } from './ledger.ts';

export type UploadOptions = {
  readonly ledger: Ledger;
  readonly steady: SteadyClock;
  send(frame: Frame<'events'>): Promise<void>;
};

const batchEvents = 200;
/** Half of the largest frame, as envelope and escapes come on top. */
const batchBytes = 256 * 1024;
const batchesOnTheWay = 4;
const answerWithinMs = 15_000;

export class Upload {
  readonly #options: UploadOptions;
  #isOpen = false;
  /** Counts sessions, so that a batch of a former one cannot move the place of this one. */
  #session = 0;
  #acknowledged: Position | null = null;
  #sent: Position | null = null;
  #onTheWay: Position[] = [];
  #isPumping = false;
  #isPumpAsked = false;
  #patience: Timer | null = null;
  #finishing: ((how: 'told' | 'interrupted') => void)[] = [];

  constructor(options: UploadOptions) {
    this.#options = options;
  }

  /** A session is ready: go on behind what the server holds. */
  async begin(acknowledged: Position | null): Promise<void> {
    this.end();
    this.#isOpen = true;
    this.#acknowledged = acknowledged;
    this.#sent = acknowledged;
    if (acknowledged) await this.#options.ledger.forget(acknowledged);
    this.pump();
  }

  /** The session has ended; what was on the way will be asked for by the next welcome. */
  end(): void {
    this.#isOpen = false;
    this.#session += 1;
    this.#onTheWay = [];
    this.#patience?.cancel();
    this.#patience = null;
    this.#tellFinishing('interrupted');
  }

  /** The server has committed everything up to here. */
  async acknowledge(position: Position): Promise<void> {
    if (!this.#isOpen || !isAfter(position, this.#acknowledged)) return;
    this.#acknowledged = position;
    if (isAfter(position, this.#sent)) this.#sent = position;
    this.#onTheWay = this.#onTheWay.filter((last) => isAfter(last, position));
    this.#waitForAnswer();
    await this.#options.ledger.forget(position);
    if (await this.#isEmpty()) this.#tellFinishing('told');
    this.pump();
  }

  /** Waits until the server holds everything; `interrupted` = the session ended, `late` = it took longer. */
  async finish(withinMs: number): Promise<'told' | 'interrupted' | 'late'> {
    if (!this.#isOpen) return 'interrupted';
    if (await this.#isEmpty()) return 'told';
    return new Promise((resolve) => {
      const timer = this.#options.steady.setTimeout(() => resolve('late'), withinMs);
      this.#finishing.push((how) => {
        timer.cancel();
        resolve(how);
      });
    });
  }

  async #isEmpty(): Promise<boolean> {
    const next = await this.#options.ledger.read(this.#acknowledged, { limit: 1, maxBytes: 1 });
    return next.length === 0;
  }

  #tellFinishing(how: 'told' | 'interrupted'): void {
    const waiting = this.#finishing;
    this.#finishing = [];
    for (const tell of waiting) tell(how);
  }

  /** There may be something to send. */
  pump(): void {
    if (!this.#isOpen) return;
    this.#isPumpAsked = true;
    if (!this.#isPumping) void this.#pump();
  }

  async #pump(): Promise<void> {
    this.#isPumping = true;
    try {
      while (this.#isPumpAsked && this.#isOpen) {
        this.#isPumpAsked = false;
        while (this.#isOpen && this.#onTheWay.length < batchesOnTheWay) {
          if (!(await this.#sendNext())) break;
        }
      }
    } finally {
      this.#isPumping = false;
    }
  }

  async #sendNext(): Promise<boolean> {
    const session = this.#session;
    const records = await this.#options.ledger.read(this.#sent, {
      limit: batchEvents,
      maxBytes: batchBytes,
    });
    const [first, last] = [records[0], records.at(-1)];
    if (!first || !last || session !== this.#session) return false;
    const position = { boot: last.boot, sequence: last.event.sequence };
    this.#sent = position;
    this.#onTheWay.push(position);
    if (this.#onTheWay.length === 1) this.#waitForAnswer();
    const events = records.map(({ event }) => event);
    // A frame that cannot be sent is a lost connection; the next welcome says where to go on.
    void this.#options.send({ boot: first.boot, events }).catch(() => undefined);
    return true;
  }

  #waitForAnswer(): void {
    this.#patience?.cancel();
    this.#patience = null;
    if (this.#onTheWay.length === 0) return;
    this.#patience = this.#options.steady.setTimeout(() => {
      this.#onTheWay = [];
      this.#sent = this.#acknowledged;
      this.pump();
    }, answerWithinMs);
  }
}
