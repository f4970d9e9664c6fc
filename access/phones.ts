/**
 * The check of a phone at a door (behaviour.md 11), before the access decision. The door gives the phone 32 random bytes and
 * says which IQ and collection it belongs to; the phone shows its certificate, the mobile key made for that place, and signs
 * the bytes. Believed are: a certificate signed by a tenant certificate of the table, a key signed by the server (ES256) for
 * this very certificate's device and this place, and a signature of the certificate's key.
 *
 * Pure but for the cryptography: trust, proof and time in, answer out.
 */
import { createPublicKey, verify, X509Certificate, type KeyObject } from 'node:crypto';
import { compactVerify } from 'jose';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { TrustItem } from '#contract/access-table';
import type { MobileKeyShown } from './presentation.ts';
import type { AccessTable } from './table.ts';

/** What a door says to a phone. */
export type PhoneChallenge = {
  /** 32 random bytes, used once. */
  readonly bytes: Uint8Array;
  readonly iqId: string;
  readonly collectionId: string | null;
};

/** What a phone answers. */
export type PhoneProof = {
  /** base64 DER X.509 */
  readonly certificate: string;
  /** Compact JWS. */
  readonly mobileKey: string;
  /** base64 DER: ECDSA P-256 with SHA-256 of the challenge's bytes. */
  readonly signature: string;
};

/** A phone held to a reader; null = it has no key for this place, or was taken away. */
export type PhoneAtDoor = (challenge: PhoneChallenge) => Promise<PhoneProof | null>;

/** What a door knows to check phones by; plain data, as a lock keeps it. */
export type PhoneTrust = {
  readonly iqId: string;
  readonly collectionId: string | null;
  readonly trust: TrustItem;
  /** Ids of certificates and mobile keys that are not accepted any more. */
  readonly revoked: readonly string[];
};

/** What a mobile key says (behaviour.md 11); `nbf` and `exp` in seconds since 1970. */
export const MobileKeyClaims = Type.Object({
  kid: Type.String(),
  uid: Type.String(),
  accessor_id: Type.String(),
  device_id: Type.String(),
  collection_id: Type.Union([Type.String(), Type.Null()]),
  iq_id: Type.Optional(Type.String()),
  nbf: Type.Integer(),
  exp: Type.Integer(),
});
export type MobileKeyClaims = Static<typeof MobileKeyClaims>;

const checkClaims = Compile(MobileKeyClaims);
const notTrusted: MobileKeyShown = { type: 'mkey', standing: 'not_trusted', mkeyId: null };

/** What a table says about phones; null = nothing, so that none is believed. */
export function phoneTrustOf({ settings, trust, revoked }: AccessTable): PhoneTrust | null {
  if (settings === null || trust === null) return null;
  return {
    iqId: settings.iq_id,
    collectionId: settings.collection_id,
    trust,
    revoked: [...revoked.keys()].sort(),
  };
}

/** The serial number of a phone certificate, upper-case hex: its id behind `01`, so that it is a positive number. */
export function serialOfCertificate(certificateId: string): string {
  return `01${certificateId.replaceAll('-', '').toUpperCase()}`;
}

/** Checks what a phone showed, for the decision. */
export async function checkPhone(
  known: PhoneTrust | null,
  {
    proof,
    challenge,
    now,
  }: { readonly proof: PhoneProof; readonly challenge: Uint8Array; readonly now: Date },
): Promise<MobileKeyShown> {
  const certificate = readCertificate(proof.certificate);
  if (known === null || certificate === null) return notTrusted;
  if (!isSignedByTenant(certificate, known.trust, now)) return notTrusted;
  const claims = await readClaims(proof.mobileKey, known.trust);
  if (claims === null || !isMadeFor(claims, { certificate, known })) return notTrusted;
  const revoked = new Set(known.revoked.flatMap((id) => [id, serialOfCertificate(id)]));
  if (revoked.has(claims.kid) || revoked.has(certificate.serialNumber)) return notTrusted;
  const signature = Buffer.from(proof.signature, 'base64');
  if (!isSignature(certificate.publicKey, { signature, bytes: challenge })) return notTrusted;
  const standing = isInForce(certificate, claims, now) ? 'good' : 'expired';
  return { type: 'mkey', standing, mkeyId: claims.kid };
}

function readCertificate(base64: string): X509Certificate | null {
  try {
    return new X509Certificate(Buffer.from(base64, 'base64'));
  } catch {
    return null;
  }
}

function isSignedByTenant(certificate: X509Certificate, trust: TrustItem, now: Date): boolean {
  return trust.certificates.some(({ certificate: base64, trusted_until }) => {
    if (trusted_until !== null && now.getTime() >= Date.parse(trusted_until)) return false;
    const issuer = readCertificate(base64);
    return (
      issuer !== null &&
      certificate.issuer === issuer.subject &&
      // The tenant's own certificate is nobody's phone.
      certificate.subject !== issuer.subject &&
      certificate.verify(issuer.publicKey)
    );
  });
}

async function readClaims(jws: string, trust: TrustItem): Promise<MobileKeyClaims | null> {
  for (const signer of trust.mobile_key_signers) {
    try {
      const key = createPublicKey({
        key: Buffer.from(signer, 'base64'),
        format: 'der',
        type: 'spki',
      });
      const { payload } = await compactVerify(jws, key, { algorithms: ['ES256'] });
      const claims: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
      if (checkClaims.Check(claims)) return claims;
    } catch {
      // Not signed by this one: the next may have.
    }
  }
  return null;
}

function isMadeFor(
  claims: MobileKeyClaims,
  { certificate, known }: { readonly certificate: X509Certificate; readonly known: PhoneTrust },
): boolean {
  return (
    certificate.subject === `CN=${claims.device_id}` &&
    claims.collection_id === known.collectionId &&
    (claims.iq_id === undefined || claims.iq_id === known.iqId)
  );
}

function isSignature(
  key: KeyObject,
  { signature, bytes }: { readonly signature: Buffer; readonly bytes: Uint8Array },
): boolean {
  try {
    return key.asymmetricKeyType === 'ec' && verify('sha256', bytes, key, signature);
  } catch {
    return false;
  }
}

function isInForce(
  certificate: X509Certificate,
  { nbf, exp }: MobileKeyClaims,
  now: Date,
): boolean {
  const at = now.getTime();
  return (
    at >= Date.parse(certificate.validFrom) &&
    at < Date.parse(certificate.validTo) &&
    at >= nbf * 1_000 &&
    at < exp * 1_000
  );
}
