import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '#test/kit/database';
import {
  type PostgresProcess,
  query,
  startPostgresProcess,
  type User,
} from '#test/kit/postgres-process';
import { until } from '#test/kit/wait';
import { createEmbeddedPostgres } from './embedded-postgres.ts';
import { findAccount, succeeds } from './postgres-account.ts';
import { isAlive } from './processes.ts';

const isRoot = process.getuid?.() === 0;
const nobody = isRoot ? findAccount('nobody') : undefined;
// An ordinary user needs to get at Node and at this checkout; below /root it cannot.
const mayRunAsNobody =
  nobody !== undefined &&
  succeeds(process.execPath, ['--version'], nobody) &&
  succeeds('/bin/sh', ['-c', 'cd -- "$1"', 'sh', import.meta.dirname], nobody);

const users: [string, User | undefined][] = [
  [isRoot ? 'root' : 'an ordinary user', undefined],
  ...(mayRunAsNobody ? [['an ordinary user', nobody] satisfies [string, User]] : []),
];

let folder: string;
let dataDir: string;
const processes: PostgresProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cardea-pg-'));
  chmodSync(folder, 0o755);
  dataDir = join(folder, 'data');
});

afterEach(async () => {
  await Promise.all(processes.splice(0).map((started) => started.stop()));
  if (spawnSync('mountpoint', ['-q', dataDir]).status === 0) spawnSync('umount', [dataDir]);
  rmSync(folder, { recursive: true, force: true });
});

async function start(options?: {
  settings?: Record<string, string>;
  user?: User;
}): Promise<PostgresProcess> {
  const started = await startPostgresProcess({ dataDir, ...options });
  processes.push(started);
  return started;
}

async function kill(started: PostgresProcess): Promise<void> {
  processes.splice(processes.indexOf(started), 1);
  await started.kill();
}

async function stop(started: PostgresProcess): Promise<void> {
  processes.splice(processes.indexOf(started), 1);
  await started.stop();
}

const pidFile = (): string => join(dataDir, 'postgres/cluster/postmaster.pid');

function postmasterPid(): number {
  return Number.parseInt(readFileSync(pidFile(), 'utf8'), 10);
}

describe.each(users)('as %s', (_name, user) => {
  const asUser = user ? { user } : {};

  beforeEach(() => {
    mkdirSync(dataDir);
    if (user) chownSync(dataDir, user.uid, user.gid);
  });

  test('a PostgreSQL that outlived a killed Cardea is used on, with every committed row', async () => {
    const first = await start(asUser);
    await query(first.config, 'CREATE TABLE doors AS SELECT 7 AS id');
    const pid = postmasterPid();
    await kill(first);
    expect(isAlive(pid)).toBe(true);
    const second = await start(asUser);
    expect(postmasterPid()).toBe(pid);
    expect(await query(second.config, 'SELECT id FROM doors')).toEqual([{ id: 7 }]);
    await stop(second);
    expect(isAlive(pid)).toBe(false);
  });

  test('a second process on the same folder fails at once, and the first goes on', async () => {
    const first = await start(asUser);
    await expect(start(asUser)).rejects.toMatchObject({ fault: 'DATA_DIR_IN_USE' });
    expect(await query(first.config, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

test('a PostgreSQL left behind with other settings is stopped and started with ours', async () => {
  const first = await start({ settings: { max_connections: '50' } });
  await query(first.config, 'CREATE TABLE doors AS SELECT 7 AS id');
  const pid = postmasterPid();
  await kill(first);
  const { config } = await start();
  expect(isAlive(pid)).toBe(false);
  expect(
    await query(config, `SELECT id, current_setting('max_connections') AS max FROM doors`),
  ).toEqual([{ id: 7, max: '100' }]);
});

test('a PostgreSQL left behind that answers nothing is stopped by force, and nothing committed is lost', async () => {
  const first = await start();
  await query(first.config, 'CREATE TABLE doors AS SELECT 7 AS id');
  const pid = postmasterPid();
  await kill(first);
  process.kill(pid, 'SIGSTOP');
  const postgres = createEmbeddedPostgres({ dataDir, log: silentLog(), drainTimeoutMs: 200 });
  try {
    const config = await postgres.start();
    expect(isAlive(pid)).toBe(false);
    expect(await query(config, 'SELECT id FROM doors')).toEqual([{ id: 7 }]);
  } finally {
    await postgres.stop();
  }
});

test('a pid file that names a stranger of the same user does not keep PostgreSQL from starting', async () => {
  const first = await start();
  await query(first.config, 'CREATE TABLE doors AS SELECT 7 AS id');
  const lines = readFileSync(pidFile(), 'utf8').split('\n');
  const owner = findOwner();
  await stop(first);
  const stranger = spawn('sleep', ['600'], { stdio: 'ignore', ...owner });
  try {
    await once(stranger, 'spawn');
    writeFileSync(pidFile(), [String(stranger.pid), ...lines.slice(1)].join('\n'), { mode: 0o600 });
    if (owner) chownSync(pidFile(), owner.uid, owner.gid);
    const { config } = await start();
    expect(await query(config, 'SELECT id FROM doors')).toEqual([{ id: 7 }]);
    expect(stranger.exitCode).toBe(null);
  } finally {
    stranger.kill();
  }
});

function findOwner(): User | undefined {
  if (!isRoot) return undefined;
  const status = readFileSync(`/proc/${String(postmasterPid())}/status`, 'utf8');
  const id = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return { uid: id('Uid'), gid: id('Gid') };
}

const mayMount =
  isRoot &&
  process.platform === 'linux' &&
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;

describe.runIf(mayMount)('on a disk of its own', () => {
  beforeEach(() => {
    mkdirSync(dataDir);
    mount(['-t', 'tmpfs', '-o', 'size=160m,mode=755', 'tmpfs', dataDir]);
  });

  const filler = (): string => join(dataDir, 'filler');

  function fillDisk(): void {
    spawnSync('dd', ['if=/dev/zero', `of=${filler()}`, 'bs=4k']);
  }

  test('a disk that fills up fails the write and keeps what was committed', async () => {
    const { config } = await start();
    await query(config, 'CREATE TABLE doors AS SELECT 7 AS id');
    fillDisk();
    await expect(
      query(config, `INSERT INTO doors SELECT n FROM generate_series(1, 3000000) n`),
    ).rejects.toThrow();
    rmSync(filler());
    const rows = await until(() => query(config, 'SELECT id FROM doors').catch(() => undefined), {
      timeoutMs: 60_000,
      what: 'PostgreSQL answers again',
    });
    expect(rows).toEqual([{ id: 7 }]);
  });

  test('a start on a full disk says so, and works with every row when there is room', async () => {
    const first = await start();
    await query(first.config, 'CREATE TABLE doors AS SELECT 7 AS id');
    await stop(first);
    fillDisk();
    await expect(start()).rejects.toMatchObject({
      fault: 'DISK_FULL',
      message: expect.stringContaining('the disk is full') as unknown,
    });
    rmSync(filler());
    const { config } = await start();
    expect(await query(config, 'SELECT id FROM doors')).toEqual([{ id: 7 }]);
  });

  test('a first start on a full disk says so and leaves no half a cluster', async () => {
    fillDisk();
    await expect(start()).rejects.toMatchObject({ fault: 'DISK_FULL' });
    expect(existsSync(join(dataDir, 'postgres/cluster'))).toBe(false);
  });

  test('a first start on a disk that fills up during it says so and can be repeated', async () => {
    spawnSync('dd', ['if=/dev/zero', `of=${filler()}`, 'bs=1M', 'count=140']);
    await expect(start()).rejects.toMatchObject({ fault: 'DISK_FULL' });
    rmSync(filler());
    const { config } = await start();
    expect(await query(config, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('a start on a read-only disk says so, and works with every row when it is writable', async () => {
    const first = await start();
    await query(first.config, 'CREATE TABLE doors AS SELECT 7 AS id');
    await stop(first);
    mount(['-o', 'remount,ro', dataDir]);
    await expect(start()).rejects.toMatchObject({
      fault: 'DISK_READ_ONLY',
      message: expect.stringContaining('the disk is read-only') as unknown,
    });
    mount(['-o', 'remount,rw', dataDir]);
    const { config } = await start();
    expect(await query(config, 'SELECT id FROM doors')).toEqual([{ id: 7 }]);
  });
});

function mount(args: string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

test.runIf(!isRoot || mayRunAsNobody)(
  'a data folder that may not be written is named as such',
  async () => {
    mkdirSync(dataDir, { mode: 0o500 });
    if (nobody) chownSync(dataDir, nobody.uid, nobody.gid);
    await expect(start(nobody ? { user: nobody } : {})).rejects.toMatchObject({
      fault: 'DATA_DIR_NOT_WRITABLE',
      message: expect.stringContaining(dataDir) as unknown,
    });
  },
);
