import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '#test/kit/database';
import { until } from '#test/kit/wait';
import { createDeviceCertificates, type CertificateFiles } from './certificates.ts';
import { createManualClock } from './clock.ts';

let dataDir: string;
const start = new Date('2026-03-01T12:00:00Z');
const dayMs = 86_400_000;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'cardea-certificates-'));
});
afterEach(() => {
  rmSync(dataDir, { recursive: true, force: true });
});

async function open(
  at: Date,
  { names = [], files = null }: { names?: string[]; files?: CertificateFiles | null } = {},
) {
  const clock = createManualClock(at);
  const certificates = createDeviceCertificates({ dataDir, names, files, clock, log: silentLog() });
  await certificates.start();
  return { certificates, clock };
}

function authority(): X509Certificate {
  return new X509Certificate(readFileSync(join(dataDir, 'device-ca.pem')));
}

function after(days: number): Date {
  return new Date(start.getTime() + days * dayMs);
}

describe('the certificate of the device gateway', () => {
  it('is signed by an authority of our own that openssl trusts, for every name of this machine', async () => {
    const { certificates } = await open(start, { names: ['doors.example.org', '192.0.2.7'] });
    certificates.stop();
    const server = new X509Certificate(certificates.current().cert);
    expect(server.verify(authority().publicKey)).toBe(true);
    expect(authority().ca).toBe(true);
    expect(server.ca).toBe(false);
    expect(server.checkHost('localhost')).toBe('localhost');
    expect(server.checkHost('doors.example.org')).toBe('doors.example.org');
    expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(server.checkIP('192.0.2.7')).toBe('192.0.2.7');
    expect(server.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    const at = String(start.getTime() / 1000 + 60);
    const chain = ['-CAfile', certificates.caPath ?? '', join(dataDir, 'device-gateway.pem')];
    const rules = ['verify', '-x509_strict', '-purpose', 'sslserver', '-attime', at];
    const verdict = execFileSync('openssl', rules.concat(chain));
    expect(verdict.toString()).toMatch(/OK/);
  });

  it('keeps its files readable by their owner alone', async () => {
    (await open(start)).certificates.stop();
    for (const file of [
      'device-ca.key',
      'device-ca.pem',
      'device-gateway.key',
      'device-gateway.pem',
    ]) {
      expect(statSync(join(dataDir, file)).mode & 0o777).toBe(0o600);
    }
  });

  it('is the same at the next start, and another when a name is added', async () => {
    const first = (await open(start)).certificates;
    const second = (await open(after(10))).certificates;
    expect(second.current()).toEqual(first.current());
    const third = (await open(after(10), { names: ['doors.example.org'] })).certificates;
    expect(third.current().cert).not.toBe(first.current().cert);
    for (const one of [first, second, third]) one.stop();
  });

  it('is renewed while it runs, 30 days before it ends, under the same authority', async () => {
    const made = (await open(start)).certificates;
    made.stop();
    // Half a day lies between two looks: a clock moved by more would have several of them renew at once.
    const { certificates, clock } = await open(after(366));
    const first = certificates.current();
    expect(first).toEqual(made.current());
    const trusted = authority().fingerprint256;
    let renewals = 0;
    certificates.onRenewed(() => {
      renewals += 1;
    });
    clock.set(after(366.5));
    clock.set(after(367));
    await until(() => renewals === 1, { what: 'the certificate is renewed' });
    certificates.stop();
    expect(certificates.current().cert).not.toBe(first.cert);
    expect(authority().fingerprint256).toBe(trusted);
    expect(Date.parse(new X509Certificate(certificates.current().cert).validTo)).toBeGreaterThan(
      after(700).getTime(),
    );
  });

  it('comes from an authority renewed under the same key, so that hubs with the old one still trust it', async () => {
    (await open(start)).certificates.stop();
    const old = authority();
    const { certificates } = await open(after(18 * 365));
    certificates.stop();
    expect(authority().fingerprint256).not.toBe(old.fingerprint256);
    expect(authority().subject).toBe(old.subject);
    expect(new X509Certificate(certificates.current().cert).verify(old.publicKey)).toBe(true);
  });

  it("is the operator's when files are given, and a key that does not fit is named", async () => {
    const own = (await open(start)).certificates;
    own.stop();
    const certPath = join(dataDir, 'operator.pem');
    const keyPath = join(dataDir, 'operator.key');
    writeFileSync(certPath, own.current().cert);
    writeFileSync(keyPath, own.current().key);
    const files = { certPath, keyPath, caPath: null };
    const { certificates } = await open(start, { files });
    certificates.stop();
    expect(certificates.caPath).toBeNull();
    expect(certificates.current()).toEqual(own.current());
    writeFileSync(keyPath, readFileSync(join(dataDir, 'device-ca.key')));
    await expect(open(start, { files })).rejects.toMatchObject({ fault: 'KEY_FILE_UNUSABLE' });
    writeFileSync(keyPath, 'nonsense');
    await expect(open(start, { files })).rejects.toMatchObject({ fault: 'KEY_FILE_UNUSABLE' });
  });
});
