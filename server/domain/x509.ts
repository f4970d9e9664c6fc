/**
 * Certificates whose signature comes from elsewhere (behaviour.md 11): the part to be signed, and the finished X.509 once the
 * signature is there. P-256 with SHA-256 throughout (RFC 5280, RFC 5758).
 */
import 'reflect-metadata';
import { createPublicKey, verify, X509Certificate, type KeyObject } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { serialOfCertificate } from '#access/phones';
import type { VaultType } from '#contract/devices';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** AlgorithmIdentifier of ecdsa-with-SHA256. */
const ecdsaWithSha256 = Buffer.from('300a06082a8648ce3d040302', 'hex');
const sequenceTag = 0x30;
const integerTag = 0x02;
const bitStringTag = 0x03;
/** A certificate counts from a little before it was made, for clocks that are behind. */
export const clockToleranceMs = 5 * 60_000;
/** RFC 5280, 4.1.2.5: no end that is known. */
const noEnd = new Date('9999-12-31T23:59:59Z');

/** A public key of P-256 from the base64 of its DER SubjectPublicKeyInfo; null when it is none. */
export function readPublicKey(base64: string): Buffer | null {
  const text = base64.replaceAll(/\s/g, '');
  const der = Buffer.from(text, 'base64');
  if (der.length === 0 || !isBase64(text)) return null;
  try {
    const key = publicKeyOf(der);
    const isP256 = key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
    return key.asymmetricKeyType === 'ec' && isP256
      ? key.export({ format: 'der', type: 'spki' })
      : null;
  } catch {
    return null;
  }
}

function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text);
}

export function publicKeyOf(der: Buffer): KeyObject {
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}

/** The name under which a tenant signs phone certificates; it stays the same for every version of its key. */
function tenantName(tenantId: string): string {
  return `CN=Cardea tenant ${tenantId}`;
}

/** The TBSCertificate of a phone, in DER. */
export function phoneCertificateData(phone: {
  readonly tenantId: string;
  readonly deviceId: string;
  readonly certificateId: string;
  readonly publicKey: Buffer;
  readonly now: Date;
  readonly expiresAt: Date;
}): Promise<Buffer> {
  return certificateData({
    serialNumber: serialOfCertificate(phone.certificateId),
    subject: `CN=${phone.deviceId}`,
    issuer: tenantName(phone.tenantId),
    notBefore: new Date(phone.now.getTime() - clockToleranceMs),
    notAfter: phone.expiresAt,
    publicKey: new x509.PublicKey(phone.publicKey),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    ],
  });
}

/** The TBSCertificate of a tenant, in DER: issued by itself, ended only by a rotation. */
export function tenantCertificateData(tenant: {
  readonly tenantId: string;
  readonly certificateId: string;
  readonly publicKey: Buffer;
  readonly now: Date;
}): Promise<Buffer> {
  const name = tenantName(tenant.tenantId);
  return certificateData({
    serialNumber: serialOfCertificate(tenant.certificateId),
    subject: name,
    issuer: name,
    notBefore: new Date(tenant.now.getTime() - clockToleranceMs),
    notAfter: noEnd,
    publicKey: new x509.PublicKey(tenant.publicKey),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
}

type Certificate = Omit<
  Parameters<typeof x509.X509CertificateGenerator.create>[0],
  'signature' | 'signingKey' | 'signingAlgorithm' | 'publicKey'
> & { readonly publicKey: x509.PublicKey };

async function certificateData(certificate: Certificate): Promise<Buffer> {
  // Signed by nobody: what is to be signed is the first element inside.
  const unsigned = await x509.X509CertificateGenerator.create({
    ...certificate,
    signingAlgorithm: algorithm,
    signature: new Uint8Array(64),
  });
  return firstElement(Buffer.from(unsigned.rawData));
}

/**
 * The finished certificate in DER, when the signature verifies under this public key; else null. The signature is DER.
 */
export function finishCertificate({
  data,
  signature,
  publicKey,
}: {
  readonly data: Buffer;
  readonly signature: Buffer;
  readonly publicKey: Buffer;
}): Buffer | null {
  if (!isSignedBy(publicKey, { data, signature })) return null;
  const bits = element(bitStringTag, Buffer.from([0]), signature);
  const certificate = element(sequenceTag, data, ecdsaWithSha256, bits);
  return new X509Certificate(certificate).verify(publicKeyOf(publicKey)) ? certificate : null;
}

/** ECDSA with SHA-256, the signature in DER. */
export function isSignedBy(
  publicKey: Buffer,
  { data, signature }: { readonly data: Buffer; readonly signature: Buffer },
): boolean {
  try {
    return verify('sha256', data, publicKeyOf(publicKey), signature);
  } catch {
    return false;
  }
}

/**
 * A signature as callers send it (core-api.md 7.3) in DER: base64 DER with or without the prefix of a vault; of Azure also
 * the 64 raw bytes, base64 or base64url. null when it is neither.
 */
export function readSignature(sent: string, vault: VaultType): Buffer | null {
  const text = sent.trim().replace(/^vault:v\d+:/, '');
  if (vault === 'AzureKeyVault') {
    const raw = Buffer.from(text, 'base64url');
    if (/^[A-Za-z0-9+/_-]+={0,2}$/.test(text) && raw.length === 64) return derSignature(raw);
  }
  return isBase64(text) ? Buffer.from(text, 'base64') : null;
}

/** Two numbers of 32 bytes as the SEQUENCE of two INTEGERs (RFC 3279, 2.2.3). */
function derSignature(raw: Buffer): Buffer {
  return element(sequenceTag, integer(raw.subarray(0, 32)), integer(raw.subarray(32)));
}

function integer(bytes: Buffer): Buffer {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from += 1;
  const shortest = bytes.subarray(from);
  const isNegative = (shortest[0] ?? 0) >= 0x80;
  return element(integerTag, isNegative ? Buffer.concat([Buffer.from([0]), shortest]) : shortest);
}

/** One DER element around its parts. */
function element(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes = length < 0x100 ? [length] : [length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length, ...bytes]), content]);
}

/** The first element inside a DER element, with its own head. */
function firstElement(outer: Buffer): Buffer {
  const inner = outer.subarray(headLength(outer));
  const head = headLength(inner);
  return inner.subarray(0, head + contentLength(inner));
}

function headLength(der: Buffer): number {
  const first = der[1] ?? 0;
  return first < 0x80 ? 2 : 2 + (first & 0x7f);
}

function contentLength(der: Buffer): number {
  const first = der[1] ?? 0;
  return first < 0x80 ? first : der.readUIntBE(2, first & 0x7f);
}
