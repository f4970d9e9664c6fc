/**
 * What became of each command, so that a command delivered twice is done once, also when the hub was killed in between. Kept for
 * 30 minutes: longer than any command lives. A kill takes back nothing that was remembered; a power cut does until `sync`.
 */
import { join } from 'node:path';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { AppendLog, replaceFile, toLine } from './files.ts';

const Remembered = Type.Object({
  id: Type.String(),
  at: Type.String(),
  /** begun = nobody knows what came of it; it is never done again. */
  state: Type.Union([
    Type.Literal('begun'),
    Type.Literal('confirmed'),
    Type.Literal('refused'),
    Type.Literal('silent'),
  ]),
  word: Type.Union([Type.String(), Type.Null()]),
});
export type Remembered = Static<typeof Remembered>;

const keptMs = 30 * 60_000;
const linesBeforeFold = 2_000;

export class Outcomes {
  readonly #path: string;
  readonly #now: () => Date;
  readonly #byId = new Map<string, Remembered>();
  #log: AppendLog;
  #lines = 0;
  #work: Promise<unknown> = Promise.resolve();

  constructor({ dataDir, now }: { readonly dataDir: string; readonly now: () => Date }) {
    this.#path = join(dataDir, 'outcomes');
    this.#now = now;
    this.#log = new AppendLog(this.#path);
  }

  async open(): Promise<void> {
    const { values } = await this.#log.open();
    for (const value of values) if (Value.Check(Remembered, value)) this.#byId.set(value.id, value);
    this.#lines = values.length;
  }

  find(id: string): Remembered | null {
    return this.#byId.get(id) ?? null;
  }

  /** Resolves when it has left the program. */
  remember(outcome: Omit<Remembered, 'at'>): Promise<Remembered> {
    const remembered = { ...outcome, at: this.#now().toISOString() };
    this.#byId.set(outcome.id, remembered);
    const written = this.#work.then(() => this.#write(remembered));
    this.#work = written.catch(() => undefined);
    return written.then(() => remembered);
  }

  /** Resolves when all that was remembered is on the disk. */
  sync(): Promise<void> {
    return this.#work.then(() => this.#log.sync());
  }

  async close(): Promise<void> {
    await this.#work;
    await this.#log.close();
  }

  async #write(remembered: Remembered): Promise<void> {
    this.#lines += 1;
    if (this.#lines > linesBeforeFold) await this.#fold();
    else await this.#log.write([remembered]);
  }

  async #fold(): Promise<void> {
    const oldest = this.#now().getTime() - keptMs;
    for (const { id, at } of this.#byId.values()) {
      if (Date.parse(at) < oldest) this.#byId.delete(id);
    }
    this.#lines = this.#byId.size;
    const former = this.#log;
    this.#log = new AppendLog(this.#path);
    await former.close();
    await replaceFile(
      this.#path,
      [...this.#byId.values()].map((outcome) => toLine(outcome)),
    );
    await this.#log.open();
  }
}
