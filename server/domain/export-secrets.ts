/**
 * The secrets of an export (keypad hashes with their keys, OTP secrets and PINs): a compact JWE (ECDH-ES, A256GCM) that only
 * the holder of the P-256 private key opens. Nothing of a private key is kept.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { Compile } from 'typebox/compile';
import { ApiError } from '#contract/api-error';
import { ExportSecrets } from '#contract/exports';

const checkSecrets = Compile(ExportSecrets);
const algorithms = { alg: 'ECDH-ES', enc: 'A256GCM' } as const;

/** A key as the query names it: base64 DER SubjectPublicKeyInfo, P-256. VALUE_INVALID for anything else. */
export function readPublicKey(sent: string): KeyObject {
  // A plus that was not percent-encoded has become a blank.
  const der = Buffer.from(sent.replaceAll(' ', '+'), 'base64');
  const key = attempt(() => createPublicKey({ key: der, format: 'der', type: 'spki' }));
  if (!isP256(key)) throw notP256('public_key', 'Send base64 of a DER public key on P-256.');
  return key;
}

/** A key as the body names it: base64 DER PKCS 8, P-256. VALUE_INVALID for anything else. */
export function readPrivateKey(sent: string): KeyObject {
  const der = Buffer.from(sent, 'base64');
  const key = attempt(() => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  if (!isP256(key)) throw notP256('private_key', 'Send base64 of a DER PKCS 8 key on P-256.');
  return key;
}

export async function encryptSecrets(secrets: ExportSecrets, to: KeyObject): Promise<string> {
  return new CompactEncrypt(Buffer.from(JSON.stringify(secrets)))
    .setProtectedHeader(algorithms)
    .encrypt(to);
}

/** What the private key opens. VALUE_INVALID (private_key) when it does not, or finds something else inside. */
export async function decryptSecrets(sealed: string, key: KeyObject): Promise<ExportSecrets> {
  let found: unknown;
  try {
    const { plaintext } = await compactDecrypt(sealed, key, {
      keyManagementAlgorithms: [algorithms.alg],
      contentEncryptionAlgorithms: [algorithms.enc],
    });
    found = JSON.parse(Buffer.from(plaintext).toString('utf8'));
  } catch (cause) {
    throw new ApiError('VALUE_INVALID', {
      parameter: 'private_key',
      reason: 'It does not open the secrets of the export.',
      cause,
    });
  }
  if (!checkSecrets.Check(found))
    throw new ApiError('REQUEST_INVALID', {
      reason: 'The export.secrets are not as they must be.',
    });
  return found;
}

function attempt(make: () => KeyObject): KeyObject | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

function isP256(key: KeyObject | undefined): key is KeyObject {
  return key?.asymmetricKeyDetails?.namedCurve === 'prime256v1';
}

function notP256(parameter: string, reason: string): ApiError {
  return new ApiError('VALUE_INVALID', { parameter, reason });
}
