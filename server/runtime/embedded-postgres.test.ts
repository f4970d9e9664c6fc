import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '#test/kit/database';
import { query } from '#test/kit/postgres-process';
import { until } from '#test/kit/wait';
import { createEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.ts';

const isRoot = process.getuid?.() === 0;
const log = silentLog();

let folder: string;
let dataDir: string;
const started: EmbeddedPostgres[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cardea-pg-'));
  chmodSync(folder, 0o755);
  dataDir = join(folder, 'data');
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((postgres) => postgres.stop()));
  rmSync(folder, { recursive: true, force: true });
});

function create(dir = dataDir): EmbeddedPostgres {
  const postgres = createEmbeddedPostgres({ dataDir: dir, log });
  started.push(postgres);
  return postgres;
}

const inData = (name: string): string => join(dataDir, 'postgres', name);

function postmasterPid(): number {
  return Number.parseInt(readFileSync(inData('cluster/postmaster.pid'), 'utf8'), 10);
}

test('rows written before a stop are there after the next start', async () => {
  const first = create();
  const config = await first.start();
  await query(config, 'CREATE TABLE doors AS SELECT 7 AS id');
  await first.stop();
  const again = await create().start();
  expect(await query(again, 'SELECT id FROM doors')).toEqual([{ id: 7 }]);
});

test('it is UTF-8, folds the case of every alphabet, orders by code point and commits to the disk', async () => {
  const config = await create().start();
  const rows = await query(
    config,
    `SELECT lower('ÄŐЖ') AS folded, 'Z' < 'a' AS by_code_point, current_setting('server_encoding') AS encoding,
      current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit`,
  );
  expect(rows).toEqual([
    { folded: 'äőж', by_code_point: true, encoding: 'UTF8', fsync: 'on', commit: 'on' },
  ]);
});

test('it listens on a Unix socket only and asks for the password by SCRAM', async () => {
  const config = await create().start();
  const rows = await query(
    config,
    `SELECT current_setting('listen_addresses') AS tcp, current_setting('password_encryption') AS hash`,
  );
  expect(rows).toEqual([{ tcp: '', hash: 'scram-sha-256' }]);
  expect(readFileSync(inData('cluster/postmaster.pid'), 'utf8').split('\n')[5]).toBe('');
  await expect(query({ ...config, password: 'guess' }, 'SELECT 1')).rejects.toMatchObject({
    code: '28P01',
  });
});

test('password, data and socket are closed to other users', async () => {
  const config = await create().start();
  expect(statSync(inData('password')).mode & 0o777).toBe(0o600);
  expect(statSync(inData('cluster')).mode & 0o777).toBe(0o700);
  expect(statSync(String(config.host)).mode & 0o777).toBe(0o700);
});

test.runIf(isRoot)('under root PostgreSQL runs as another user', async () => {
  await create().start();
  expect(statSync(`/proc/${String(postmasterPid())}`).uid).not.toBe(0);
});

test.runIf(isRoot)(
  'under root the data folder may lie below a folder closed to others',
  async () => {
    chmodSync(folder, 0o700);
    const first = create();
    await query(await first.start(), 'CREATE TABLE doors AS SELECT 7 AS id');
    expect(statSync(`/proc/${String(postmasterPid())}`).uid).not.toBe(0);
    await first.stop();
    const again = await create().start();
    expect(await query(again, 'SELECT id FROM doors')).toEqual([{ id: 7 }]);
  },
);

test.runIf(isRoot)('data made by an ordinary user go on belonging to that user', async () => {
  const first = create();
  await first.start();
  const before = statSync(inData('cluster')).uid;
  await first.stop();
  await create().start();
  expect(statSync(inData('cluster')).uid).toBe(before);
  expect(statSync(inData('cluster/PG_VERSION')).uid).toBe(before);
});

test('a data path too long for a socket gets one in a temporary folder, removed at the stop', async () => {
  const long = join(folder, 'd'.repeat(120));
  const postgres = create(long);
  const config = await postgres.start();
  expect(String(config.host).startsWith(long)).toBe(false);
  expect(await query(config, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await postgres.stop();
  expect(existsSync(String(config.host))).toBe(false);
});

test('a second start on the same folder fails at once and says who has it', async () => {
  await create().start();
  await expect(create().start()).rejects.toMatchObject({
    fault: 'DATA_DIR_IN_USE',
    message: expect.stringMatching(new RegExp(`process ${String(process.pid)}\\b`)) as unknown,
  });
});

test('a PostgreSQL that dies is started again on the same socket', async () => {
  const config = await create().start();
  await query(config, 'CREATE TABLE doors AS SELECT 7 AS id');
  const pid = postmasterPid();
  process.kill(pid, 'SIGKILL');
  const rows = await until(() => query(config, 'SELECT id FROM doors').catch(() => undefined), {
    timeoutMs: 60_000,
    what: 'PostgreSQL answers again',
  });
  expect(rows).toEqual([{ id: 7 }]);
  expect(postmasterPid()).not.toBe(pid);
});

test('what an interrupted first start left behind is replaced', async () => {
  mkdirSync(inData('cluster.new'), { recursive: true });
  writeFileSync(inData('cluster.new/PG_VERSION'), 'half');
  const config = await create().start();
  expect(await query(config, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(existsSync(inData('cluster.new'))).toBe(false);
});

test('data of another major version are refused and left alone', async () => {
  mkdirSync(inData('cluster'), { recursive: true });
  writeFileSync(inData('cluster/PG_VERSION'), '17\n');
  await expect(create().start()).rejects.toMatchObject({
    fault: 'POSTGRES_FAILED',
    message: expect.stringContaining('made by PostgreSQL 17') as unknown,
  });
  expect(readFileSync(inData('cluster/PG_VERSION'), 'utf8')).toBe('17\n');
});

test('a password file that belongs to other data is named as the reason', async () => {
  const first = create();
  await first.start();
  await first.stop();
  writeFileSync(inData('password'), 'guess');
  await expect(create().start()).rejects.toMatchObject({
    fault: 'POSTGRES_FAILED',
    message: expect.stringContaining('password') as unknown,
  });
});

test('a stop during the start ends it and leaves nothing running', async () => {
  const postgres = create();
  const starting = postgres.start();
  const outcome = expect(starting).rejects.toMatchObject({ fault: 'STOPPED' });
  await postgres.stop();
  await outcome;
  expect(existsSync(inData('lock'))).toBe(false);
  expect(existsSync(inData('cluster/postmaster.pid'))).toBe(false);
});
