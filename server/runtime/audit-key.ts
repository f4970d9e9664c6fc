/**
 * The key that signs checkpoints of the audit log: Ed25519, in the data folder, so that whoever rewrites the database alone
 * can sign nothing. Beside it lies the public half, to be kept where the server cannot reach it.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ids } from './ids.ts';
import { diskFault, errorCode, StartError } from './start-error.ts';

export const AUDIT_KEY_FILE = 'audit.key';
export const AUDIT_PUBLIC_FILE = 'audit.pub';

export type AuditSigner = {
  /** DER SubjectPublicKeyInfo, base64. */
  readonly publicKey: string;
  /** Ed25519 signature of a text, base64. */
  sign(text: string): string;
};

/**
 * The signer of a data folder, made at the first start. Throws StartError KEY_FILE_UNUSABLE when the file is damaged, or
 * what the disk says.
 */
export async function openAuditSigner({
  dataDir,
  ids,
}: {
  readonly dataDir: string;
  readonly ids: Ids;
}): Promise<AuditSigner> {
  const path = join(dataDir, AUDIT_KEY_FILE);
  try {
    await mkdir(dataDir, { recursive: true });
    const pem = (await readText(path)) ?? (await makeKey(path, ids));
    const signer = signerOf(pem, path);
    await keepOnce(join(dataDir, AUDIT_PUBLIC_FILE), {
      ids,
      text: `${signer.publicKey}\n`,
      mode: 0o644,
    });
    return signer;
  } catch (error) {
    throw diskFault(error, dataDir);
  }
}

async function makeKey(path: string, ids: Ids): Promise<string> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const text = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  await keepOnce(path, { ids, text, mode: 0o600 });
  return (await readText(path)) ?? '';
}

function signerOf(pem: string, path: string): AuditSigner {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('not an Ed25519 key');
    const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' });
    return {
      publicKey: publicKey.toString('base64'),
      sign: (text) => sign(null, Buffer.from(text), key).toString('base64'),
    };
  } catch (cause) {
    throw new StartError(
      'KEY_FILE_UNUSABLE',
      `The key file ${path} is damaged. Put back a copy, or remove it: the next start makes another one.`,
      { cause },
    );
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Of two processes that start at once one makes the file, whole or not at all. */
async function keepOnce(
  path: string,
  { ids, text, mode }: { readonly ids: Ids; readonly text: string; readonly mode: number },
): Promise<void> {
  const draft = `${path}.${ids.next<string>()}`;
  const file = await open(draft, 'wx', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
}
