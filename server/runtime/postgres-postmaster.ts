import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';
import type { Log } from './log.ts';
import {
  type ClusterPlace,
  pathForAccount,
  postgresEnvironment,
  postgresFault,
  SUPERUSER,
} from './postgres-cluster.ts';
import type { Programs } from './postgres-programs.ts';
import { commandLine, findProcesses, isAlive } from './processes.ts';
import { diskFault, errorCode, StartError } from './start-error.ts';

/** A running PostgreSQL: its first process and the folder of its socket. */
export type Postmaster = { pid: number; runDir: string };

export const PORT = 5432;

const POLL_MS = 20;
const LARGEST_LOG_BYTES = 10_000_000;
const CANNOT_CONNECT_NOW = '57P03';
const CRASH_SHUTDOWN = '57P02';

/**
 * What `postmaster.pid` in the cluster says. Lines: pid, folder, start, port, socket folder. A file that names a dead
 * process, or a stranger that got its pid, is answered with `isOurs: false`.
 */
export function findPostmaster(
  place: ClusterPlace,
): (Postmaster & { isOurs: boolean }) | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(place.cluster, 'postmaster.pid'), 'utf8').split('\n');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw diskFault(error, place.cluster);
  }
  const pid = Number.parseInt(lines[0] ?? '', 10);
  const runDir = (lines[4] ?? '').trim();
  if (!Number.isInteger(pid)) return undefined;
  const isOurs = isAlive(pid) && runDir !== '' && commandLine(pid).includes(runDir);
  return { pid, runDir, isOurs };
}

/**
 * Removes the pid file and the socket's lock file of a process that is gone for certain. PostgreSQL itself refuses to
 * start when the pid lives on in a stranger of the same user (usual in containers) or in a dead process nobody collected.
 */
export async function clearStaleFiles(options: {
  place: ClusterPlace;
  runDir: string;
  folderName: string;
  signal: AbortSignal;
}): Promise<void> {
  const { place, runDir, folderName, signal } = options;
  const deadline = performance.now() + 10_000;
  // Backends of a postmaster that was killed hold its shared memory until they notice.
  while (findProcesses(folderName).length > 0 && performance.now() < deadline) {
    await wait(POLL_MS, undefined, { signal });
  }
  if (findProcesses(folderName).length > 0) return;
  rmSync(join(place.cluster, 'postmaster.pid'), { force: true });
  rmSync(join(runDir, `.s.PGSQL.${String(PORT)}.lock`), { force: true });
}

/** Starts PostgreSQL in a process group of its own, so that Ctrl-C reaches us and not it. */
export function spawnPostmaster(options: {
  place: ClusterPlace;
  programs: Programs;
  runDir: string;
  name: string;
  settings: Readonly<Record<string, string>>;
}): { postmaster: Postmaster; output: () => string } {
  const { place, programs, runDir, settings } = options;
  const { cwd, dir } = pathForAccount(place.cluster, place.account);
  const all = {
    ...settings,
    cluster_name: options.name,
    listen_addresses: '',
    port: String(PORT),
    unix_socket_directories: `"${runDir.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
  };
  const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const { fd, position } = openLog(place);
  try {
    const child = spawn(join(programs.home, 'bin', 'postgres'), ['-D', dir, ...args], {
      cwd,
      env: postgresEnvironment(),
      stdio: ['ignore', fd, fd],
      detached: true,
      ...place.account,
    });
    // A spawn that failed has no pid; the reason arrives here and must not end the program.
    let failure = '';
    child.on('error', (error) => {
      failure = String(error);
    });
    child.unref();
    const output = (): string =>
      `${readFileSync(place.log).subarray(position).toString()}${failure}`;
    return { postmaster: { pid: child.pid ?? 0, runDir }, output };
  } finally {
    closeSync(fd);
  }
}

function openLog(place: ClusterPlace): { fd: number; position: number } {
  try {
    const size = statSync(place.log, { throwIfNoEntry: false })?.size ?? 0;
    if (size > LARGEST_LOG_BYTES) renameSync(place.log, `${place.log}.old`);
    const fd = openSync(place.log, 'a', 0o600);
    return { fd, position: size > LARGEST_LOG_BYTES ? 0 : size };
  } catch (error) {
    throw diskFault(error, place.base);
  }
}

/**
 * Waits until PostgreSQL answers a query. While it says that it is starting (recovery after a crash takes as long as it
 * takes) the wait goes on; silence ends it after `silenceMs`. Throws StartError POSTGRES_FAILED and its kin.
 */
export async function waitUntilReady(options: {
  place: ClusterPlace;
  postmaster: Postmaster;
  password: string;
  output: () => string;
  silenceMs: number;
  signal: AbortSignal;
}): Promise<void> {
  const { place, postmaster, signal } = options;
  let deadline = performance.now() + options.silenceMs;
  for (;;) {
    if (!isAlive(postmaster.pid)) throw postgresFault(place.cluster, options.output());
    const answer = await ask(postmaster, options.password, 'SELECT 1');
    if (answer.state === 'answered') return;
    if (answer.state === 'starting') deadline = performance.now() + options.silenceMs;
    if (answer.state === 'refused') throw refusal(place, answer.error);
    if (performance.now() > deadline) throw postgresFault(place.cluster, options.output());
    await wait(POLL_MS, undefined, { signal });
  }
}

function refusal(place: ClusterPlace, cause: unknown): StartError {
  return new StartError(
    'POSTGRES_FAILED',
    `PostgreSQL on ${place.cluster} runs but refuses us${String(cause).includes('password') ? ': the file password beside it belongs to other data' : ''}.`,
    { cause },
  );
}

type Answer =
  | { state: 'answered'; value: string | undefined }
  | { state: 'starting' }
  | { state: 'silent' }
  | { state: 'refused'; error: unknown };

/** Asks one question of one column on a connection of its own. */
export async function ask(postmaster: Postmaster, password: string, sql: string): Promise<Answer> {
  const client = new Client({
    host: postmaster.runDir,
    port: PORT,
    user: SUPERUSER,
    password,
    database: 'postgres',
    connectionTimeoutMillis: 3000,
    query_timeout: 10_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<string[]>({ text: sql, rowMode: 'array' });
    return { state: 'answered', value: rows[0]?.[0] };
  } catch (error) {
    const code = errorCode(error) ?? '';
    if (code === CANNOT_CONNECT_NOW || code === CRASH_SHUTDOWN) return { state: 'starting' };
    // A five-letter SQLSTATE is an answer; everything else is a socket that is not there yet.
    return /^[0-9A-Z]{5}$/.test(code) && error instanceof DatabaseError
      ? { state: 'refused', error }
      : { state: 'silent' };
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * Stops PostgreSQL: SIGINT ends all sessions and writes everything out, SIGQUIT after `drainTimeoutMs` leaves the
 * rest to recovery, SIGKILL is for a process that hears neither. Nothing committed is lost by any of them.
 */
export async function stopPostmaster(
  pid: number,
  options: { drainTimeoutMs: number; log: Log },
): Promise<void> {
  const steps = [
    { signal: 'SIGINT', patienceMs: options.drainTimeoutMs },
    { signal: 'SIGQUIT', patienceMs: 5000 },
    { signal: 'SIGKILL', patienceMs: 5000 },
  ] as const;
  for (const { signal, patienceMs } of steps) {
    if (signal !== 'SIGINT') options.log.warn({ pid, signal }, 'PostgreSQL is slow to stop');
    if (!send(pid, signal)) return;
    const deadline = performance.now() + patienceMs;
    while (performance.now() < deadline) {
      if (!isAlive(pid)) return;
      await wait(POLL_MS);
    }
  }
  throw new StartError('POSTGRES_FAILED', `PostgreSQL (process ${String(pid)}) cannot be stopped.`);
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return false;
    throw error;
  }
}
