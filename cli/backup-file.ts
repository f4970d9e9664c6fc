/**
 * The file of `cardea backup`: one line that says what it is, JSON lines packed by gzip (and enciphered by AES-256-GCM where
 * there is a passphrase), and the SHA-256 of all before it as its last 32 bytes. Decision: docs/decisions/0249.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  scrypt,
  timingSafeEqual,
} from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createGunzip, createGzip } from 'node:zlib';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { BackupHead, BackupRows, BackupTail } from '#server/store/backups';
import { CommandError } from './command.ts';

/** A piece of a file of the data folder; the first piece of a path makes the file. */
export const FilePiece = Type.Object({
  path: Type.String(),
  mode: Type.Integer(),
  data: Type.String(),
});

/** One line; `files` come first, then `head`, `rows` and `tail`. */
export const BackupLine = Type.Union([
  Type.Object({ file: FilePiece }),
  Type.Object({ head: BackupHead }),
  Type.Object({ rows: BackupRows }),
  Type.Object({ tail: BackupTail }),
]);
export type BackupLine = Static<typeof BackupLine>;

const Cipher = Type.Object({ salt: Type.String(), nonce: Type.String(), proof: Type.String() });
const FirstLine = Type.Object({ cipher: Type.Union([Cipher, Type.Null()]) });

const word = 'cardea-backup';
const format = 1;
const digestBytes = 32;
const tagBytes = 16;
const longestFirstLine = 4_096;
/** A line holds a few hundred rows, or a piece of a file. */
const longestLine = 512 * 1024 * 1024;

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);

async function keysOf(passphrase: string, salt: Buffer): Promise<{ key: Buffer; proof: string }> {
  const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
  const both = await derive(passphrase.normalize('NFKC'), salt, 64, cost);
  const proof = createHmac('sha256', both.subarray(32)).update(word).digest('base64');
  return { key: both.subarray(0, 32), proof };
}

/** Writes the lines into a new file that its owner alone may read, and gives its size. The file is on the disk afterwards. */
export async function writeBackupFile(
  path: string,
  { lines, passphrase, signal }: WritingOrder,
): Promise<number> {
  const file = await open(path, 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    const write = async (chunk: Buffer): Promise<void> => {
      hash.update(chunk);
      await file.writeFile(chunk);
    };
    // A fault of the source is met by whoever reads the end.
    const packed = pipeline(
      Readable.from(textOf(lines)),
      createGzip({ level: 4 }),
      () => undefined,
    );
    if (passphrase === undefined) {
      await write(firstLine(null));
      for await (const chunk of packed) await write(readChunk(chunk, signal));
    } else {
      const [salt, nonce] = [randomBytes(16), randomBytes(12)];
      const { key, proof } = await keysOf(passphrase, salt);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      await write(
        firstLine({ salt: salt.toString('base64'), nonce: nonce.toString('base64'), proof }),
      );
      for await (const chunk of packed) await write(cipher.update(readChunk(chunk, signal)));
      await write(Buffer.concat([cipher.final(), cipher.getAuthTag()]));
    }
    await file.writeFile(hash.digest());
    await file.sync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

type WritingOrder = {
  readonly lines: AsyncIterable<BackupLine>;
  readonly passphrase: string | undefined;
  readonly signal: AbortSignal;
};

function readChunk(chunk: unknown, signal: AbortSignal): Buffer {
  signal.throwIfAborted();
  if (!Buffer.isBuffer(chunk)) throw new TypeError('a packed stream gives buffers');
  return chunk;
}

async function* textOf(lines: AsyncIterable<BackupLine>): AsyncGenerator<string> {
  for await (const line of lines) yield `${JSON.stringify(line)}\n`;
}

function firstLine(cipher: Static<typeof Cipher> | null): Buffer {
  return Buffer.from(`${word} ${String(format)} ${JSON.stringify({ cipher })}\n`);
}

/**
 * Checks the whole file and gives its lines, each time anew. Throws CommandError for a file that is no backup, is damaged or
 * cut off, comes from a newer Cardea, or has another passphrase.
 */
export async function openBackupFile(
  path: string,
  passphrase: string | undefined,
): Promise<() => AsyncGenerator<BackupLine>> {
  const file = await openOr(path);
  try {
    const { size } = await file.stat();
    const { cipher, length } = await readFirstLine(file, path);
    await checkDigest(file, { path, size });
    const key = await unlock(cipher, { path, passphrase });
    const end = size - digestBytes - (cipher === null ? 0 : tagBytes);
    if (cipher === null || key === null) return () => readLines(path, { start: length, end });
    const tag = Buffer.alloc(tagBytes);
    await file.read(tag, 0, tagBytes, end);
    const nonce = Buffer.from(cipher.nonce, 'base64');
    return () => readLines(path, { start: length, end, cipher: { key, nonce, tag } });
  } finally {
    await file.close();
  }
}

async function openOr(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    throw new CommandError('failed', `The file ${path} cannot be read.`, { cause: error });
  }
}

async function readFirstLine(file: FileHandle, path: string) {
  const start = Buffer.alloc(longestFirstLine);
  const { bytesRead } = await file.read(start, 0, longestFirstLine, 0);
  const length = start.subarray(0, bytesRead).indexOf('\n') + 1;
  const [found, number, ...rest] = start.subarray(0, length).toString('utf8').trim().split(' ');
  if (found !== word) throw new CommandError('failed', `${path} is no backup of a Cardea.`);
  if (number !== String(format))
    throw new CommandError(
      'failed',
      `${path} was written by a newer Cardea (form ${String(number)}): restore it with that one.`,
    );
  try {
    return { ...Value.Parse(FirstLine, JSON.parse(rest.join(' '))), length };
  } catch (error) {
    throw damaged(path, error);
  }
}

async function checkDigest(
  file: FileHandle,
  { path, size }: { readonly path: string; readonly size: number },
): Promise<void> {
  const end = size - digestBytes;
  if (end <= 0) throw damaged(path);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { end: end - 1 })) hash.update(chunk as Buffer);
  const written = Buffer.alloc(digestBytes);
  await file.read(written, 0, digestBytes, end);
  if (!timingSafeEqual(hash.digest(), written)) throw damaged(path);
}

function damaged(path: string, cause?: unknown): CommandError {
  const message = `${path} is damaged or was cut off: it is not what was written. Take another backup.`;
  return new CommandError('failed', message, { cause });
}

async function unlock(
  cipher: Static<typeof Cipher> | null,
  { path, passphrase }: { readonly path: string; readonly passphrase: string | undefined },
): Promise<Buffer | null> {
  if (cipher === null) return null;
  if (passphrase === undefined)
    throw new CommandError('usage', `${path} is enciphered: name its --passphrase-file.`);
  const { key, proof } = await keysOf(passphrase, Buffer.from(cipher.salt, 'base64'));
  if (proof === cipher.proof) return key;
  throw new CommandError('failed', `This is not the passphrase that ${path} was written with.`);
}

type Body = {
  readonly start: number;
  /** First byte after it. */
  readonly end: number;
  readonly cipher?: { readonly key: Buffer; readonly nonce: Buffer; readonly tag: Buffer };
};

async function* readLines(path: string, body: Body): AsyncGenerator<BackupLine> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of unpack(path, body)) {
    let start = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, start)) {
      yield readLine(path, Buffer.concat([...rest, chunk.subarray(start, at)]));
      [rest, restBytes] = [[], 0];
      start = at + 1;
    }
    rest.push(chunk.subarray(start));
    restBytes += chunk.length - start;
    if (restBytes > longestLine) throw damaged(path);
  }
  if (restBytes > 0) throw damaged(path);
}

/** A digest that fits says nothing of who made it: what was forged fails here. */
async function* unpack(path: string, body: Body): AsyncGenerator<Buffer> {
  try {
    yield* pipeline(
      Readable.from(readBody(path, body)),
      createGunzip(),
      () => undefined,
    ) as AsyncIterable<Buffer>;
  } catch (error) {
    throw damaged(path, error);
  }
}

async function* readBody(path: string, { start, end, cipher }: Body): AsyncGenerator<Buffer> {
  const stream = createReadStream(path, { start, end: end - 1 }) as AsyncIterable<Buffer>;
  if (cipher === undefined) {
    yield* stream;
    return;
  }
  const decipher = createDecipheriv('aes-256-gcm', cipher.key, cipher.nonce, {
    authTagLength: tagBytes,
  });
  decipher.setAuthTag(cipher.tag);
  for await (const chunk of stream) yield decipher.update(chunk);
  // Throws when anything was changed by somebody without the passphrase: what was read so far does not count then.
  yield decipher.final();
}

function readLine(path: string, text: Buffer): BackupLine {
  try {
    return Value.Parse(BackupLine, JSON.parse(text.toString('utf8')));
  } catch (error) {
    throw damaged(path, error);
  }
}
