/**
 * The certificate of the device gateway: the operator's files, or one signed by an authority of our own that is made at the
 * first start and kept in the data folder. Hubs are given the authority once, so it outlives its certificates: both keys are
 * P-256, the authority lasts 20 years and is renewed under the same key, the certificate lasts 13 months.
 */
import 'reflect-metadata';
import { createPrivateKey, randomUUID, webcrypto, X509Certificate } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import type { Clock, Timer } from './clock.ts';
import type { Log } from './log.ts';
import { diskFault, errorCode, StartError } from './start-error.ts';

export type TlsCertificate = { readonly key: string; readonly cert: string };

export type DeviceCertificates = {
  /** In use since `start`; chains may follow in `cert`. */
  current(): TlsCertificate;
  /** PEM file of what a hub must trust; null = the operator's certificate without an authority named. */
  readonly caPath: string | null;
  onRenewed(act: () => void): () => void;
  /** Reads or makes the files, and looks twice a day whether they must be renewed. Throws StartError KEY_FILE_UNUSABLE. */
  start(): Promise<void>;
  stop(): void;
};

/** Files of the operator, read again twice a day. */
export type CertificateFiles = {
  readonly certPath: string;
  readonly keyPath: string;
  readonly caPath: string | null;
};

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 86_400_000;
const authorityDays = 20 * 365;
const authorityRenewDays = 3 * 365;
const serverDays = 397;
const serverRenewDays = 30;
const lookMs = dayMs / 2;

type Files = {
  readonly authorityKey: string;
  readonly authority: string;
  readonly serverKey: string;
  readonly server: string;
};

/** The gateway's certificate for `names` (host names and addresses; those of this machine are added). */
export function createDeviceCertificates({
  dataDir,
  names,
  files,
  clock,
  log,
}: {
  readonly dataDir: string;
  readonly names: readonly string[];
  /** null = an authority of our own. */
  readonly files: CertificateFiles | null;
  readonly clock: Clock;
  readonly log: Log;
}): DeviceCertificates {
  const own: Files = {
    authorityKey: join(dataDir, 'device-ca.key'),
    authority: join(dataDir, 'device-ca.pem'),
    serverKey: join(dataDir, 'device-gateway.key'),
    server: join(dataDir, 'device-gateway.pem'),
  };
  const allNames = [...new Set(['localhost', '127.0.0.1', '::1', hostname(), ...names])].filter(
    (name) => name !== '' && name !== '0.0.0.0' && name !== '::',
  );
  const listeners = new Set<() => void>();
  let certificate: TlsCertificate | undefined;
  let timer: Timer | undefined;

  const load = (): Promise<TlsCertificate> =>
    files === null
      ? loadOwn({ files: own, names: allNames, now: clock.now(), log })
      : readOperators(files);

  function lookLater(): void {
    timer = clock.setTimeout(() => {
      lookLater();
      load().then(
        (next) => {
          if (next.cert === certificate?.cert) return;
          certificate = next;
          log.info('the certificate of the device gateway was renewed');
          for (const act of listeners) act();
        },
        (error: unknown) => {
          log.error({ err: error }, 'the certificate of the device gateway could not be renewed');
        },
      );
    }, lookMs);
  }

  return {
    caPath: files === null ? own.authority : files.caPath,
    current() {
      if (certificate === undefined) throw new Error('the certificates have not been started');
      return certificate;
    },
    onRenewed(act) {
      listeners.add(act);
      return () => listeners.delete(act);
    },
    async start() {
      certificate = await load().catch((error: unknown) => {
        throw diskFault(error, dataDir);
      });
      lookLater();
    },
    stop() {
      timer?.cancel();
    },
  };
}

async function readOperators(files: CertificateFiles): Promise<TlsCertificate> {
  try {
    const cert = await readFile(files.certPath, 'utf8');
    const key = await readFile(files.keyPath, 'utf8');
    if (new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return { cert, key };
  } catch (error) {
    throw new StartError(
      'KEY_FILE_UNUSABLE',
      `CARDEA_TLS_CERT or CARDEA_TLS_KEY cannot be used: ${error instanceof Error ? error.message : 'unreadable'}`,
      { cause: error },
    );
  }
  throw new StartError('KEY_FILE_UNUSABLE', 'CARDEA_TLS_KEY is not the key of CARDEA_TLS_CERT.');
}

async function loadOwn({
  files,
  names,
  now,
  log,
}: {
  readonly files: Files;
  readonly names: readonly string[];
  readonly now: Date;
  readonly log: Log;
}): Promise<TlsCertificate> {
  const authority = await loadAuthority(files, { now, log });
  const [key, cert] = [await readIfThere(files.serverKey), await readIfThere(files.server)];
  if (key !== null && cert !== null && isServerUsable({ cert, authority, names, now })) {
    return { key, cert };
  }
  const made = await makeServer({ authority, names, now });
  await writePrivate(files.serverKey, made.key);
  await writePrivate(files.server, made.cert);
  log.info({ names: [...names] }, 'a certificate for the device gateway was made');
  return made;
}

type Authority = { readonly key: string; readonly cert: string };

async function loadAuthority(
  files: Files,
  { now, log }: { readonly now: Date; readonly log: Log },
): Promise<Authority> {
  const [key, cert] = [await readIfThere(files.authorityKey), await readIfThere(files.authority)];
  if (key !== null && cert !== null && daysLeft(cert, now) > authorityRenewDays) {
    return { key, cert };
  }
  // A renewed authority keeps key and name, so that hubs holding the old one go on trusting what it signs.
  const keys = key === null ? await makeKeys() : await readKeys(key);
  const name =
    cert === null ? `CN=Cardea device authority ${randomUUID().slice(0, 8)}` : subjectOf(cert);
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name,
    notBefore: new Date(now.getTime() - dayMs),
    notAfter: new Date(now.getTime() + authorityDays * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const authority = { key: key ?? (await keyPem(keys)), cert: `${made.toString('pem')}\n` };
  await writePrivate(files.authorityKey, authority.key);
  await writePrivate(files.authority, authority.cert);
  log.info('the authority of the device gateway was made or renewed');
  return authority;
}

async function makeServer({
  authority,
  names,
  now,
}: {
  readonly authority: Authority;
  readonly names: readonly string[];
  readonly now: Date;
}): Promise<TlsCertificate> {
  const keys = await makeKeys();
  const issuer = await readKeys(authority.key);
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: 'CN=Cardea device gateway',
    issuer: subjectOf(authority.cert),
    notBefore: new Date(now.getTime() - dayMs),
    notAfter: new Date(now.getTime() + serverDays * dayMs),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: issuer.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { key: await keyPem(keys), cert: `${made.toString('pem')}\n` };
}

function isServerUsable({
  cert,
  authority,
  names,
  now,
}: {
  readonly cert: string;
  readonly authority: Authority;
  readonly names: readonly string[];
  readonly now: Date;
}): boolean {
  const parsed = new X509Certificate(cert);
  return (
    daysLeft(cert, now) > serverRenewDays &&
    parsed.verify(new X509Certificate(authority.cert).publicKey) &&
    names.every(
      (name) => (isIP(name) === 0 ? parsed.checkHost(name) : parsed.checkIP(name)) !== undefined,
    )
  );
}

function daysLeft(cert: string, now: Date): number {
  return (Date.parse(new X509Certificate(cert).validTo) - now.getTime()) / dayMs;
}

function subjectOf(cert: string): string {
  return new x509.X509Certificate(cert).subject;
}

/** 20 digits at most, positive (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  return `01${randomUUID().replaceAll('-', '')}`;
}

type Keys = { readonly privateKey: webcrypto.CryptoKey; readonly publicKey: webcrypto.CryptoKey };

async function makeKeys(): Promise<Keys> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function readKeys(pem: string): Promise<Keys> {
  const jwk = createPrivateKey(pem).export({ format: 'jwk' });
  const { d: _secret, ...publicJwk } = jwk;
  return {
    privateKey: await webcrypto.subtle.importKey('jwk', jwk, algorithm, true, ['sign']),
    publicKey: await webcrypto.subtle.importKey('jwk', publicJwk, algorithm, true, ['verify']),
  };
}

async function keyPem({ privateKey }: Keys): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
    format: 'pem',
    type: 'pkcs8',
  }) as string;
}

async function readIfThere(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  });
}

/** Readable by its owner alone, and never half written. */
async function writePrivate(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
