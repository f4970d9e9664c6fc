import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSystemClock } from '#server/runtime/clock';
import { createDeviceCertificates } from '#server/runtime/certificates';
import { createTestDatabase, silentLog, type TestDatabase } from '#test/kit/database';
import { startMailServer, type TestMailServer } from '#test/kit/mail-server';
import { freePort } from '#test/kit/ports';
import {
  checkAddresses,
  checkNode,
  judgeCertificate,
  judgeDisk,
  type Finding,
} from './doctor-checks.ts';
import { judgeClock } from './doctor-database.ts';
import { doctor } from './doctor.ts';

let test: TestDatabase;
let mail: TestMailServer;
let data: string;
let stranger: Server;
let takenPort: number;

beforeAll(async () => {
  test = await createTestDatabase();
  mail = await startMailServer();
  data = await mkdtemp(join(tmpdir(), 'cardea-doctor-'));
  takenPort = await freePort();
  stranger = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => {
    stranger.listen({ port: takenPort, host: '127.0.0.1' }, resolve);
  });
});

afterAll(async () => {
  stranger.close();
  await mail.stop();
  await test.drop();
  await rm(data, { recursive: true, force: true });
});

type Report = { readonly code: number; readonly states: ReadonlyMap<string, Finding> };

async function examine(environment: Readonly<Record<string, string>>): Promise<Report> {
  const { signal } = new AbortController();
  const { code, json } = await doctor.run({
    values: {},
    environment: {
      CARDEA_DATA_DIR: data,
      DATABASE_URL: test.url,
      CARDEA_HTTP_PORT: String(await freePort()),
      CARDEA_MQTT_PORT: String(await freePort()),
      ...environment,
    },
    signal,
    progress: () => undefined,
  });
  const { findings } = json as { findings: Finding[] };
  return { code, states: new Map(findings.map((finding) => [finding.what, finding])) };
}

describe('the doctor', () => {
  it('finds nothing wrong with an installation that is well', async () => {
    const { code, states } = await examine({
      CARDEA_SMTP_URL: mail.url,
      CARDEA_MAIL_FROM: 'Cardea <doors@harbour.example>',
    });
    const bad = [...states.values()].filter(({ state }) => state === 'problem');
    expect([code, bad]).toEqual([0, []]);
    for (const what of ['settings', 'data folder', 'database', 'clock', 'hub port', 'mail'])
      expect([what, states.get(what)?.state]).toEqual([what, 'ok']);
  });

  it('names what is wrong, each with what to do', async () => {
    await writeFile(join(data, 'seal.key'), 'x');
    await chmod(join(data, 'seal.key'), 0o644);
    const { code, states } = await examine({
      DATABASE_URL: 'postgres://127.0.0.1:9/x',
      CARDEA_HTTP_PORT: String(takenPort),
      CARDEA_SMTP_URL: `smtp://127.0.0.1:${String(await freePort())}`,
      CARDEA_MAIL_FROM: 'Cardea <doors@harbour.example>',
      CARDEA_TLS_CERT: join(data, 'seal.key'),
      CARDEA_TLS_KEY: join(data, 'seal.key'),
      CARDEA_PUBLIC_URL: 'http://doors.example',
    });
    expect(code).toBe(1);
    for (const what of ['data folder', 'database', 'HTTP port', 'mail', 'certificate', 'address'])
      expect([what, states.get(what)]).toEqual([
        what,
        expect.objectContaining({ state: 'problem', todo: expect.any(String) as string }),
      ]);
    expect(states.get('data folder')?.todo).toBe(`chmod 600 ${join(data, 'seal.key')}`);
    await rm(join(data, 'seal.key'));
  });

  it('says which setting cannot be read, and looks no further', async () => {
    const { code, states } = await examine({ CARDEA_HTTP_PORT: 'front' });
    expect([code, [...states.keys()]]).toEqual([1, ['node', 'settings']]);
    expect(states.get('settings')?.says).toContain('CARDEA_HTTP_PORT');
  });

  it('takes a folder before its first start for what it is', async () => {
    const { code, states } = await examine({
      DATABASE_URL: '',
      CARDEA_DATA_DIR: join(data, 'new'),
    });
    expect([code, states.get('data folder')?.state, states.get('database')?.state]).toEqual([
      0,
      'warning',
      'warning',
    ]);
  });

  it('warns of a database that the next start brings forward', async () => {
    await test.database.pool.query(
      'delete from schema_migrations where number = (select max(number) from schema_migrations)',
    );
    const { code, states } = await examine({});
    expect([code, states.get('database')?.state]).toEqual([0, 'warning']);
  });
});

describe('what is judged', () => {
  it('a Node.js that is too old, without fixes, or as it should be', () => {
    const states = ['18.20.0', '20.18.3', '20.19.0', '24.1.0'].map((one) => checkNode(one).state);
    expect(states).toEqual(['problem', 'problem', 'warning', 'ok']);
  });

  it('a disk by its room, and a clock by how far it is off', () => {
    expect([1e8, 1e9, 1e10].map((free) => judgeDisk(free).state)).toEqual([
      'problem',
      'warning',
      'ok',
    ]);
    expect([-60, 1, 60].map((seconds) => judgeClock(seconds).state)).toEqual([
      'problem',
      'ok',
      'problem',
    ]);
  });

  it('a certificate by its last day', async () => {
    const clock = createSystemClock();
    const files = await mkdtemp(join(tmpdir(), 'cardea-doctor-tls-'));
    const certificates = createDeviceCertificates({
      dataDir: files,
      names: ['localhost'],
      files: null,
      clock,
      log: silentLog(),
    });
    await certificates.start();
    certificates.stop();
    const pem = certificates.current().cert;
    const at = (days: number) => new Date(clock.now().getTime() + days * 86_400_000);
    const states = [-400, 0, 390, 400].map(
      (days) => judgeCertificate('x', { pem, now: at(days) }).state,
    );
    expect(states).toEqual(['problem', 'ok', 'warning', 'problem']);
    expect(judgeCertificate('x', { pem: 'no', now: at(0) }).state).toBe('problem');
    const cert = join(files, 'device-gateway.pem');
    const keys = ['device-gateway.key', 'device-ca.key', 'device-ca.pem', 'none.key'];
    const found = await Promise.all(
      keys.map(async (key) => {
        const { states: all } = await examine({
          CARDEA_TLS_CERT: cert,
          CARDEA_TLS_KEY: join(files, key),
        });
        return [all.get('key')?.state, all.get('key')?.says.split(/ (?=belongs|is|cannot)/)[1]];
      }),
    );
    expect(found).toEqual([
      ['ok', `belongs to ${cert}.`],
      ['problem', 'belongs to another certificate.'],
      ['problem', 'is no private key.'],
      ['problem', 'cannot be read.'],
    ]);
    await rm(files, { recursive: true, force: true });
  });

  it('addresses by what stands before the server', () => {
    const states = [
      { httpHost: '127.0.0.1', trustedProxies: [] },
      { httpHost: '0.0.0.0', trustedProxies: [] },
      { publicUrl: 'https://doors.example', httpHost: '127.0.0.1', trustedProxies: [] },
      { publicUrl: 'https://doors.example', httpHost: '::', trustedProxies: ['10.0.0.1'] },
      { publicUrl: 'http://doors.example', httpHost: '127.0.0.1', trustedProxies: [] },
    ].map((config) => checkAddresses(config)[0]?.state);
    expect(states).toEqual(['ok', 'warning', 'warning', 'ok', 'problem']);
  });
});
