import { createCipheriv, createDecipheriv, hash } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Ids } from '#server/runtime/ids';
import { diskFault, StartError } from '#server/runtime/start-error';

export type Sealed = {
  /** Which key file sealed it. */
  readonly sealedBy: string;
  readonly iv: string;
  readonly data: string;
  readonly tag: string;
};

/** Seals secrets that lie in the database, so that a copy of the database alone is worth nothing. */
export type Sealer = {
  readonly id: string;
  seal(text: string): Sealed;
  /** The text, or undefined when another key file sealed it. */
  open(sealed: unknown): string | undefined;
};

const KEY_BYTES = 32;
const IV_BYTES = 12;
export const KEY_FILE = 'identity.key';

/** Opens the key file of the data folder, and makes it at the first start. Throws StartError KEY_FILE_UNUSABLE, or what the disk says. */
export async function openKeyFile({
  dataDir,
  ids,
}: {
  readonly dataDir: string;
  readonly ids: Ids;
}): Promise<Sealer> {
  const path = join(dataDir, KEY_FILE);
  let key: Buffer;
  try {
    key = (await readKey(path)) ?? (await makeKey(path, ids));
  } catch (error) {
    throw diskFault(error, dataDir);
  }
  if (key.length === KEY_BYTES) return createSealer(key, ids);
  throw new StartError(
    'KEY_FILE_UNUSABLE',
    `The key file ${path} is damaged. Put back a copy, or remove it: the next start makes another one and other signing keys.`,
  );
}

async function readKey(path: string): Promise<Buffer | undefined> {
  try {
    return Buffer.from(await readFile(path, 'utf8'), 'base64');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Two processes may start at once: the file appears whole or not at all, and both use the one that came first. */
async function makeKey(path: string, ids: Ids): Promise<Buffer> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${ids.next<string>()}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${ids.bytes(KEY_BYTES).toString('base64')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
  return (await readKey(path)) ?? Buffer.alloc(0);
}

function createSealer(key: Buffer, ids: Ids): Sealer {
  const id = hash('sha256', key, 'hex').slice(0, 16);
  return {
    id,
    seal(text) {
      const iv = ids.bytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return {
        sealedBy: id,
        iv: iv.toString('base64'),
        data: data.toString('base64'),
        tag: cipher.getAuthTag().toString('base64'),
      };
    },
    open(sealed) {
      if (!isSealed(sealed) || sealed.sealedBy !== id) return undefined;
      const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(sealed.iv, 'base64'));
      decipher.setAuthTag(Buffer.from(sealed.tag, 'base64'));
      const data = Buffer.from(sealed.data, 'base64');
      return Buffer.concat([decipher.update(data), decipher.final()]).toString('utf8');
    },
  };
}

export function isSealed(value: unknown): value is Sealed {
  if (typeof value !== 'object' || value === null) return false;
  const members = value as Record<string, unknown>;
  return ['sealedBy', 'iv', 'data', 'tag'].every((name) => typeof members[name] === 'string');
}
