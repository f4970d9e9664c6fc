/**
 * Secrets that must be readable again (OTP secrets, OTP PINs) lie sealed in the database: AES-256-GCM under a key kept in the
 * data folder, so that a copy of the database alone opens no door. A sealed value is 12 bytes of nonce, 16 of tag, the rest.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';

export type Seal = {
  seal(plain: Buffer): Buffer;
  /** Throws when the value is damaged or was sealed under another key. */
  open(sealed: Buffer): Buffer;
};

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** A seal under a key of 32 bytes. */
export function createSeal(key: Buffer): Seal {
  if (key.length !== keyBytes) throw new RangeError(`a seal's key has ${keyBytes} bytes`);
  return {
    seal(plain) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const body = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]);
    },
    open(sealed) {
      const nonce = sealed.subarray(0, nonceBytes);
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
      decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
      return Buffer.concat([
        decipher.update(sealed.subarray(nonceBytes + tagBytes)),
        decipher.final(),
      ]);
    },
  };
}

/** The seal of a data folder; its key is made at the first start, readable by its owner alone. */
export async function openSeal(dataDir: string): Promise<Seal> {
  const path = join(dataDir, 'seal.key');
  const draft = join(dataDir, `seal.key.${randomBytes(6).toString('hex')}`);
  // With a database that was given nobody has made the folder yet.
  await mkdir(dataDir, { recursive: true });
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(randomBytes(keyBytes).toString('base64'));
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    // A link is made whole or not at all: of two processes that start together both read the same key.
    await link(draft, path);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
  return createSeal(Buffer.from(await readFile(path, 'utf8'), 'base64'));
}
