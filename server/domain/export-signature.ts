/**
 * The signature of an export file: a detached JWS (EdDSA) over its canonical JSON (RFC 8785), by a key of the installation
 * whose public part is in the file. It proves that the file is as that installation wrote it; which installation one believes
 * is for whoever imports to know, so its name, the thumbprint of the key, is told (docs/decisions/0135).
 */
import { generateKeyPairSync } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { calculateJwkThumbprint, flattenedVerify, FlattenedSign, importJWK, type JWK } from 'jose';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Seal } from '#server/runtime/seal';
import { keepInstallationFact } from '#server/store/installation-facts';
import type { Database } from '#server/store/pool';

const algorithm = 'EdDSA';

const PublicKey = Type.Object({
  kty: Type.Literal('OKP'),
  crv: Type.Literal('Ed25519'),
  x: Type.String(),
});
type PublicKey = Static<typeof PublicKey>;
const checkKept = Compile(Type.Object({ public_key: PublicKey, private_sealed: Type.String() }));
const checkSigned = Compile(
  Type.Object({
    installation: Type.String(),
    signature: Type.Object({
      public_key: PublicKey,
      protected: Type.String(),
      signature: Type.String(),
    }),
  }),
);
const checkPrivate = Compile(Type.Object({ ...PublicKey.properties, d: Type.String() }));

export type ExportSigner = {
  /** The thumbprint of the installation's key. */
  readonly installation: string;
  /** The document with its signature. */
  sign<Document extends object>(
    document: Document,
  ): Promise<Document & { readonly signature: ExportSignature }>;
};

export type ExportSignature = {
  readonly public_key: PublicKey;
  readonly protected: string;
  readonly signature: string;
};

/** The signer of this installation; its key is made when it is first needed. Throws when the seal is another one's. */
export async function openExportSigner({
  database,
  seal,
}: {
  readonly database: Database;
  readonly seal: Seal;
}): Promise<ExportSigner> {
  const kept = await keepInstallationFact(database, 'export_key', () => makeKey(seal));
  if (!checkKept.Check(kept)) throw new Error('the key that signs exports cannot be read');
  const opened: unknown = JSON.parse(
    seal.open(Buffer.from(kept.private_sealed, 'base64')).toString(),
  );
  if (!checkPrivate.Check(opened)) throw new Error('the key that signs exports cannot be read');
  const { public_key: publicKey } = kept;
  const installation = await calculateJwkThumbprint(publicKey);
  const key = await importJWK(opened, algorithm);
  return {
    installation,
    async sign(document) {
      const signed = await new FlattenedSign(await canonicalBytes(document))
        .setProtectedHeader({ alg: algorithm, kid: installation })
        .sign(key);
      const { protected: header = '', signature } = signed;
      return { ...document, signature: { public_key: publicKey, protected: header, signature } };
    },
  };
}

/**
 * The installation that signed a document, or null: no signature, a wrong one, or a name that is not the thumbprint of the
 * key.
 */
export async function verifyExport(
  document: Readonly<Record<string, unknown>>,
): Promise<string | null> {
  if (!checkSigned.Check(document)) return null;
  const { signature: shown, ...rest } = document;
  const { kty, crv, x } = shown.public_key;
  try {
    const jwk: JWK = { kty, crv, x };
    if ((await calculateJwkThumbprint(jwk)) !== document.installation) return null;
    const key = await importJWK(jwk, algorithm);
    const payload = (await canonicalBytes(rest)).toString('base64url');
    const { protected: header, signature } = shown;
    await flattenedVerify({ protected: header, payload, signature }, key, {
      algorithms: [algorithm],
    });
    return document.installation;
  } catch {
    // Whatever is wrong with it: it is not signed by that key.
    return null;
  }
}

function makeKey(seal: Seal): unknown {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const sealed = seal.seal(Buffer.from(JSON.stringify(privateKey.export({ format: 'jwk' }))));
  return {
    public_key: publicKey.export({ format: 'jwk' }),
    private_sealed: sealed.toString('base64'),
  };
}

/** Rows written before others have a turn: a large file takes seconds, for which hubs must not wait. */
const rowsInTurn = 2_000;

/** The bytes of `canonicalJson`, made piece by piece. */
async function canonicalBytes(document: object): Promise<Buffer> {
  const members: string[] = [];
  for (const [name, member] of canonicalMembers(document)) {
    const rows: readonly unknown[] = Array.isArray(member) ? member : [];
    const texts: string[] = [];
    for (let from = 0; from < rows.length; from += rowsInTurn) {
      texts.push(...rows.slice(from, from + rowsInTurn).map((row) => canonicalJson(row)));
      await setImmediate();
    }
    const text = Array.isArray(member) ? `[${texts.join(',')}]` : canonicalJson(member);
    members.push(`${JSON.stringify(name)}:${text}`);
  }
  return Buffer.from(`{${members.join(',')}}`);
}

/** Canonical JSON of what JSON.parse gives (RFC 8785): members by their UTF-16 names, numbers as ECMAScript writes them. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${canonicalMembers(value)
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`)
    .join(',')}}`;
}

function canonicalMembers(value: object): [string, unknown][] {
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}
