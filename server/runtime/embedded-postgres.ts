import { setTimeout as wait } from 'node:timers/promises';
import type { PoolConfig } from 'pg';
import { type DataLock, takeDataLock } from './data-lock.ts';
import type { Log } from './log.ts';
import {
  type ClusterPlace,
  clusterName,
  ensureCluster,
  locateCluster,
  prepareBase,
  prepareRunDir,
  readPassword,
  removeRunDir,
  SUPERUSER,
} from './postgres-cluster.ts';
import {
  ask,
  clearStaleFiles,
  findPostmaster,
  PORT,
  type Postmaster,
  spawnPostmaster,
  stopPostmaster,
  waitUntilReady,
} from './postgres-postmaster.ts';
import { copyPlaces, findPackage, preparePrograms, type Programs } from './postgres-programs.ts';
import { isAlive } from './processes.ts';
import { StartError } from './start-error.ts';

/**
 * A real PostgreSQL of our own in the data folder, reached by a Unix socket only.
 *
 * stopped → starting: take the lock, choose the user, make the programs runnable, then either adopt a PostgreSQL that a
 * killed Cardea left running (the same programs and settings, and it answers to our password) or stop it and start one.
 * starting → running: it answers a query. running → running: if it dies it is started again, with growing pauses.
 * running → stopped: SIGINT, later SIGQUIT; the lock is given back last.
 */
export type EmbeddedPostgres = {
  /** Gives the connection for a pool. Throws StartError. */
  start(signal?: AbortSignal): Promise<PoolConfig>;
  stop(): Promise<void>;
};

export const DATABASE = 'cardea';

// For a laptop that also does other work. Every commit reaches the disk.
const SETTINGS: Readonly<Record<string, string>> = {
  shared_buffers: '128MB',
  max_connections: '100',
  fsync: 'on',
  synchronous_commit: 'on',
  max_wal_size: '1GB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  jit: 'off',
  log_checkpoints: 'off',
  // Values of rows and statements stay out of the log (house style 10); the caller gets its error in full anyway.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
};

const SILENCE_MS = 60_000;
const ADOPTION_SILENCE_MS = 3000;
const WATCH_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

type Launched = { postmaster: Postmaster; password: string };
type Running = Launched & { place: ClusterPlace; lock: DataLock };

/**
 * Prepares an embedded PostgreSQL in `dataDir`, to be started and stopped once; `settings` overrides server settings by
 * their PostgreSQL names.
 */
export function createEmbeddedPostgres(options: {
  dataDir: string;
  log: Log;
  drainTimeoutMs?: number;
  settings?: Readonly<Record<string, string>>;
}): EmbeddedPostgres {
  const { dataDir, log, drainTimeoutMs = 20_000 } = options;
  const settings = { ...SETTINGS, ...options.settings };
  const stopping = new AbortController();
  let starting: Promise<Running> | undefined;
  let watching: Promise<void> = Promise.resolve();

  const launch = async (
    place: ClusterPlace,
    plan: { signal: AbortSignal; runDir?: string },
  ): Promise<Launched> => {
    const programs = preparePrograms({
      source: findPackage(),
      account: place.account,
      copyDirs: copyPlaces(place.base),
    });
    const name = clusterName(place, JSON.stringify([programs.version, settings]));
    const left = findPostmaster(place);
    if (left?.isOurs) {
      const adopted = await adopt({ place, left, name: name.full, signal: plan.signal });
      if (adopted) return adopted;
      log.warn({ pid: left.pid }, 'stopping a PostgreSQL left behind');
      await stopPostmaster(left.pid, { drainTimeoutMs, log });
    }
    if (left) {
      const { runDir } = left;
      await clearStaleFiles({ place, runDir, folderName: name.folder, signal: plan.signal });
      if (runDir !== plan.runDir) removeRunDir(place, runDir);
    }
    return begin({ ...plan, place, programs, name: name.full });
  };

  const adopt = async (found: {
    place: ClusterPlace;
    left: Postmaster;
    name: string;
    signal: AbortSignal;
  }): Promise<Launched | undefined> => {
    const { place, left, name, signal } = found;
    try {
      const password = readPassword(place.base);
      await waitUntilReady({
        place,
        postmaster: left,
        password,
        output: () => '',
        silenceMs: ADOPTION_SILENCE_MS,
        signal,
      });
      const answer = await ask(left, password, "SELECT current_setting('cluster_name')");
      if (answer.state !== 'answered' || answer.value !== name) return undefined;
      log.info({ pid: left.pid }, 'PostgreSQL was still running and is used on');
      return { postmaster: left, password };
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ err: error, pid: left.pid }, 'a PostgreSQL left behind does not answer');
      return undefined;
    }
  };

  const begin = async (plan: {
    place: ClusterPlace;
    programs: Programs;
    name: string;
    signal: AbortSignal;
    runDir?: string;
  }): Promise<Launched> => {
    const { place, programs, name, signal } = plan;
    const runDir = plan.runDir ?? prepareRunDir(place);
    let pid = 0;
    try {
      ensureCluster(place, programs, runDir);
      const password = readPassword(place.base);
      const { postmaster, output } = spawnPostmaster({ place, programs, runDir, name, settings });
      pid = postmaster.pid;
      await waitUntilReady({ place, postmaster, password, output, silenceMs: SILENCE_MS, signal });
      await ensureDatabase(postmaster, password);
      return { postmaster, password };
    } catch (error) {
      if (pid !== 0 && isAlive(pid)) await stopPostmaster(pid, { drainTimeoutMs, log });
      if (plan.runDir === undefined) removeRunDir(place, runDir);
      throw error;
    }
  };

  const open = async (signal: AbortSignal): Promise<Running> => {
    const base = prepareBase(dataDir);
    const lock = takeDataLock(`${base}/lock`);
    try {
      const place = locateCluster(base);
      return { ...(await launch(place, { signal })), place, lock };
    } catch (error) {
      lock.release();
      if (!signal.aborted) throw error;
      throw new StartError('STOPPED', 'Stopped while PostgreSQL was starting.', { cause: error });
    }
  };

  const restart = async (running: Running): Promise<void> => {
    const signal = stopping.signal;
    // Pools know the first socket folder, so it stays the same.
    const { runDir } = running.postmaster;
    for (let pauseMs = 0; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2 + 500)) {
      await wait(pauseMs, undefined, { signal, ref: false });
      try {
        Object.assign(running, await launch(running.place, { signal, runDir }));
        log.info({ pid: running.postmaster.pid }, 'PostgreSQL runs again');
        return;
      } catch (error) {
        signal.throwIfAborted();
        log.error({ err: error }, 'PostgreSQL could not be started again');
      }
    }
  };

  const watch = async (running: Running): Promise<void> => {
    for (;;) {
      await wait(WATCH_MS, undefined, { signal: stopping.signal, ref: false });
      if (isAlive(running.postmaster.pid)) continue;
      log.error({ pid: running.postmaster.pid }, 'PostgreSQL ended by itself');
      await restart(running);
    }
  };

  return {
    async start(signal) {
      starting = open(signal ? AbortSignal.any([signal, stopping.signal]) : stopping.signal);
      const running = await starting;
      // Only the stop ends the watch, by the signal.
      watching = watch(running).catch(() => undefined);
      const { postmaster, password } = running;
      return { host: postmaster.runDir, port: PORT, user: SUPERUSER, password, database: DATABASE };
    },

    async stop() {
      stopping.abort();
      const running = await starting?.catch(() => undefined);
      await watching;
      if (!running) return;
      starting = undefined;
      if (isAlive(running.postmaster.pid)) {
        await stopPostmaster(running.postmaster.pid, { drainTimeoutMs, log });
      }
      removeRunDir(running.place, running.postmaster.runDir);
      running.lock.release();
    },
  };
}

async function ensureDatabase(postmaster: Postmaster, password: string): Promise<void> {
  const found = await ask(
    postmaster,
    password,
    `SELECT datname FROM pg_database WHERE datname = '${DATABASE}'`,
  );
  if (found.state === 'answered' && found.value === DATABASE) return;
  const made = await ask(postmaster, password, `CREATE DATABASE ${DATABASE}`);
  if (made.state === 'answered') return;
  throw new StartError('POSTGRES_FAILED', `The database ${DATABASE} could not be created.`, {
    cause: made.state === 'refused' ? made.error : undefined,
  });
}
