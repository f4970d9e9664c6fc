/** Files that survive kill -9 at any byte: replaced as a whole, or appended line by line with a checksum each. */
import { mkdir, open, readFile, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';

/** Reads and writes that are under way in this process, of whichever hub: a count of the present, nothing that is kept. */
let underWay = 0;

/** Whether a hub of this process waits for its disk. A clock that is moved stands still meanwhile: a disk knows real time only. */
export function isDiskAtWork(): boolean {
  return underWay > 0;
}

async function atDisk<T>(work: () => Promise<T>): Promise<T> {
  underWay += 1;
  try {
    return await work();
  } finally {
    underWay -= 1;
  }
}

/** One value as a line: 8 hex digits of CRC-32, a blank, JSON. */
export function toLine(value: unknown): string {
  const text = JSON.stringify(value);
  return `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`;
}

/** The value of a line without its line feed, or undefined when checksum and text do not agree. */
export function fromLine(line: string): unknown {
  const text = line.slice(9);
  if (line[8] !== ' ' || Number.parseInt(line.slice(0, 8), 16) !== crc32(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The content of a file as text, or null when there is none. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await atDisk(() => readFile(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Makes a folder's entries durable; without it a renamed file may be gone after a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Replaces a file atomically and durably, readable by its owner only. */
export function replaceFile(
  path: string,
  chunks: Iterable<string> | AsyncIterable<string>,
): Promise<void> {
  return atDisk(() => writeAnew(path, chunks));
}

async function writeAnew(
  path: string,
  chunks: Iterable<string> | AsyncIterable<string>,
): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    for await (const chunk of chunks) await file.appendFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** Removes a file that may already be gone. */
export async function removeFile(path: string): Promise<void> {
  try {
    await atDisk(() => unlink(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}

export type ReadLines = {
  readonly values: readonly unknown[];
  /** Bad lines that have a good one behind them: damage, not a torn tail. */
  readonly damagedLines: number;
  /** Bytes up to the end of the last good line. */
  readonly goodBytes: number;
};

/** The values of a file of lines. */
export function readLines(text: string): ReadLines {
  const values: unknown[] = [];
  let [badSinceGood, damagedLines, goodBytes, position] = [0, 0, 0, 0];
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', position)) {
    const line = text.slice(position, end);
    position = end + 1;
    const value = fromLine(line);
    if (value === undefined) {
      badSinceGood += 1;
      continue;
    }
    values.push(value);
    damagedLines += badSinceGood;
    badSinceGood = 0;
    goodBytes = position;
  }
  return { values, damagedLines, goodBytes: Buffer.byteLength(text.slice(0, goodBytes)) };
}

/** More would be written than there is room for. */
export class NoRoomError extends Error {
  override readonly name = 'NoRoomError';
  readonly code = 'ENOSPC';
}

/**
 * A file of lines that only grows, one write at a time. A failed write is cut off again, so that the next one stands on good
 * ground.
 */
export class AppendLog {
  readonly path: string;
  #file: FileHandle | null = null;
  readonly #roomBytes: () => number;
  #bytes = 0;
  /** A failed write may have left something behind the good bytes. */
  #isTorn = false;
  #work: Promise<unknown> = Promise.resolve();
  #syncing: Promise<unknown> = Promise.resolve();
  #nextSync: Promise<void> | null = null;

  /** `roomBytes`: how much may be added at this moment. */
  constructor(path: string, roomBytes: () => number = () => Infinity) {
    this.path = path;
    this.#roomBytes = roomBytes;
  }

  /** Bytes of whole lines. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Opens or makes the file, cuts a torn tail and returns what it holds. */
  async open(): Promise<ReadLines> {
    const text = await readIfThere(this.path);
    const lines = readLines(text ?? '');
    this.#file = await open(this.path, 'a', 0o600);
    if (text !== null && Buffer.byteLength(text) > lines.goodBytes) {
      await this.#file.truncate(lines.goodBytes);
      await this.#file.sync();
    }
    if (text === null) await syncFolder(dirname(this.path));
    this.#bytes = lines.goodBytes;
    return lines;
  }

  /** Resolves when the values are on the disk, after one sync for all of them. */
  append(values: readonly unknown[]): Promise<void> {
    return this.#inTurn(() => atDisk(() => this.#write(values, { isSynced: true })));
  }

  /** Resolves when the values have left the program: a kill cannot take them back, a power cut can until `sync`. */
  write(values: readonly unknown[]): Promise<void> {
    return this.#inTurn(() => atDisk(() => this.#write(values, { isSynced: false })));
  }

  /** Resolves when all that was written is on the disk; calls that come during a sync share the next one. */
  sync(): Promise<void> {
    this.#nextSync ??= this.#syncing.then(() => {
      this.#nextSync = null;
      const sync = atDisk(
        () => this.#file?.datasync() ?? Promise.reject(new Error(`${this.path} is closed`)),
      );
      this.#syncing = sync.catch(() => undefined);
      return sync;
    });
    return this.#nextSync;
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const next = this.#work.then(act);
    this.#work = next.catch(() => undefined);
    return next;
  }

  /** Waits for what is on its way and closes the file. */
  async close(): Promise<void> {
    await this.#work;
    await this.#nextSync?.catch(() => undefined);
    await this.#syncing;
    await this.#file?.close();
    this.#file = null;
  }

  async #write(
    values: readonly unknown[],
    { isSynced }: { readonly isSynced: boolean },
  ): Promise<void> {
    if (!this.#file) throw new Error(`${this.path} is closed`);
    const data = Buffer.from(values.map((value) => toLine(value)).join(''));
    if (data.length > this.#roomBytes()) throw new NoRoomError();
    await this.#cutTorn();
    try {
      await this.#file.appendFile(data);
      if (isSynced) await this.#file.datasync();
    } catch (error) {
      this.#isTorn = true;
      await this.#cutTorn();
      throw error;
    }
    this.#bytes += data.length;
  }

  async #cutTorn(): Promise<void> {
    if (!this.#isTorn) return;
    await this.#file?.truncate(this.#bytes);
    this.#isTorn = false;
  }
}
