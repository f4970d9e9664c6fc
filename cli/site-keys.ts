/** The key pair to which the secrets of an export are encrypted: a file as openssl writes one (P-256, PEM). */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { CommandError } from './command.ts';
import { readText } from './sign-in.ts';

/** Makes a pair and writes its private key where nothing is, for its owner's eyes only. Throws CommandError. */
export async function makeKeyFile(path: string): Promise<KeyObject> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeNew(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return createPublicKey(privateKey);
}

/** Writes a file that is not there yet, readable by its owner only. Throws CommandError. */
export async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    const exists = (cause as { code?: unknown }).code === 'EEXIST';
    const message = exists ? `${path} exists; name another file.` : `${path} cannot be written.`;
    throw new CommandError('failed', message, { cause });
  }
}

/** The private key of a file, PEM or base64 DER. Throws CommandError. */
export async function readPrivateKeyFile(path: string): Promise<KeyObject> {
  const text = await readText(path);
  try {
    return text.includes('-----BEGIN')
      ? createPrivateKey(text)
      : createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw new CommandError('usage', `The file ${path} holds no private key.`, { cause });
  }
}

/** The public key of a file that holds it or its private one, PEM or base64 DER. Throws CommandError. */
export async function readPublicKeyFile(path: string): Promise<KeyObject> {
  const text = await readText(path);
  try {
    return text.includes('-----BEGIN')
      ? createPublicKey(text)
      : createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new CommandError('usage', `The file ${path} holds no key.`, { cause });
  }
}
