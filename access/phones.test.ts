import 'reflect-metadata';
import { generateKeyPairSync, sign, webcrypto, type KeyObject } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { CompactSign } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TrustItem } from '#contract/access-table';
import { ids, uuid } from '#test/kit/access-table';
import {
  checkPhone,
  serialOfCertificate,
  type MobileKeyClaims,
  type PhoneProof,
  type PhoneTrust,
} from './phones.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const now = new Date('2026-03-18T12:00:00Z');
const challenge = new Uint8Array(32).fill(7);
const [deviceId, certificateId, mkeyId] = [uuid(70), uuid(71), uuid(72)];
const notTrusted = { type: 'mkey', standing: 'not_trusted', mkeyId: null };
const good = { type: 'mkey', standing: 'good', mkeyId };

type Pair = { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
const pair = (): Pair => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const [phone, server, stranger] = [pair(), pair(), pair()];
let tenant: webcrypto.CryptoKeyPair;
let otherTenant: webcrypto.CryptoKeyPair;
let trust: TrustItem;

beforeAll(async () => {
  tenant = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  otherTenant = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  trust = {
    version: 1,
    certificates: [{ certificate: await authority(tenant), trusted_until: null }],
    mobile_key_signers: [spki(server)],
  };
});

function spki({ publicKey }: Pair): string {
  return publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
}

async function authority(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=tenant',
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date('2026-01-01'),
    notAfter: new Date('2060-01-01'),
  });
  return Buffer.from(made.rawData).toString('base64');
}

type Showing = {
  readonly claims?: Partial<MobileKeyClaims>;
  readonly issuer?: webcrypto.CryptoKeyPair;
  readonly signer?: Pair;
  readonly holder?: Pair;
  readonly notAfter?: Date;
  readonly trust?: Partial<TrustItem>;
  readonly revoked?: readonly string[];
};

async function show(showing: Showing = {}) {
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialOfCertificate(certificateId),
    subject: `CN=${deviceId}`,
    issuer: 'CN=tenant',
    notBefore: new Date('2026-02-01'),
    notAfter: showing.notAfter ?? new Date('2027-01-01'),
    publicKey: new x509.PublicKey(Buffer.from(spki(phone), 'base64')),
    signingKey: (showing.issuer ?? tenant).privateKey,
    signingAlgorithm: algorithm,
  });
  const claims = {
    kid: mkeyId,
    uid: 'A1',
    accessor_id: ids.accessor,
    device_id: deviceId,
    collection_id: ids.collection,
    nbf: Date.parse('2026-02-01') / 1_000,
    exp: Date.parse('2027-01-01') / 1_000,
    ...showing.claims,
  };
  const proof: PhoneProof = {
    certificate: Buffer.from(certificate.rawData).toString('base64'),
    mobileKey: await new CompactSign(Buffer.from(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'ES256' })
      .sign((showing.signer ?? server).privateKey),
    signature: sign('sha256', challenge, (showing.holder ?? phone).privateKey).toString('base64'),
  };
  const known: PhoneTrust = {
    iqId: ids.iq,
    collectionId: ids.collection,
    trust: { ...trust, ...showing.trust },
    revoked: showing.revoked ?? [],
  };
  return { known, proof };
}

async function check(showing: Showing = {}, at = now) {
  const { known, proof } = await show(showing);
  return checkPhone(known, { proof, challenge, now: at });
}

describe('a phone at a door', () => {
  it('is believed with certificate, key and signature', async () => {
    expect(await check()).toEqual(good);
    expect(await check({ claims: { iq_id: ids.iq } })).toEqual(good);
  });

  it('is not believed with a certificate of somebody else than the tenant', async () => {
    expect(await check({ issuer: otherTenant })).toEqual(notTrusted);
  });

  it.each<[string, Showing]>([
    ['a key the server did not sign', { signer: stranger }],
    ['a signature of another phone', { holder: stranger }],
    ["another device's key", { claims: { device_id: uuid(73) } }],
    ["another collection's key", { claims: { collection_id: ids.otherCollection } }],
    ["another IQ's key", { claims: { iq_id: uuid(74) } }],
    ['a revoked certificate', { revoked: [certificateId] }],
    ['a revoked key', { revoked: [mkeyId] }],
    ['a claim that is none', { claims: { exp: 'never' as never } }],
  ])('is not believed with %s', async (_what, showing) => {
    expect(await check(showing)).toEqual(notTrusted);
  });

  it('is expired after the end of its certificate or its key, and before their beginning', async () => {
    const expired = { ...good, standing: 'expired' };
    const yesterday = new Date('2026-03-17');
    expect(await check({ notAfter: yesterday })).toEqual(expired);
    expect(await check({ claims: { exp: yesterday.getTime() / 1_000 } })).toEqual(expired);
    expect(await check({}, new Date('2026-01-15'))).toEqual(expired);
  });

  it('is believed under a former certificate until its last day', async () => {
    const former = {
      certificates: [
        { certificate: await authority(otherTenant), trusted_until: null },
        {
          certificate: trust.certificates[0]?.certificate ?? '',
          trusted_until: '2026-04-01T00:00:00Z',
        },
      ],
    };
    expect(await check({ trust: former })).toEqual(good);
    expect(await check({ trust: former }, new Date('2026-04-01'))).toEqual(notTrusted);
  });

  it('is not believed where nobody was told whom to believe, or with the signature of another challenge', async () => {
    const { known, proof } = await show();
    expect(await checkPhone(null, { proof, challenge, now })).toEqual(notTrusted);
    const other = new Uint8Array(32);
    expect(await checkPhone(known, { proof, challenge: other, now })).toEqual(notTrusted);
  });

  it.each(['certificate', 'mobileKey', 'signature'] as const)(
    'is not believed when its %s is rubbish',
    async (part) => {
      const { known, proof } = await show();
      for (const rubbish of ['', '€', 'AAAA', 'a.b.c']) {
        const broken = { ...proof, [part]: rubbish };
        expect(await checkPhone(known, { proof: broken, challenge, now })).toEqual(notTrusted);
      }
    },
  );
});
