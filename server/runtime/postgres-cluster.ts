import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  type Account,
  canReach,
  chooseAccount,
  createAccount,
  findAccount,
} from './postgres-account.ts';
import type { Programs } from './postgres-programs.ts';
import { diskFault, StartError } from './start-error.ts';

/**
 * The folder `postgres` in the data folder:
 *
 *     lock           who runs this folder
 *     cluster/       PostgreSQL's own data
 *     cluster.new/   a cluster being made; renamed when it is complete
 *     password       the superuser's random password
 *     run/           the socket, when its path is short enough and the account gets there
 *     programs/      a copy of PostgreSQL, only where the package cannot be used in place
 *     postgres.log   what PostgreSQL says
 */
export type ClusterPlace = {
  base: string;
  cluster: string;
  log: string;
  account: Account | undefined;
};

/** How to name the cluster's folder to PostgreSQL, and the folder to start it in. */
export type ClusterPath = { cwd: string; dir: string };

export const SUPERUSER = 'cardea';

/** Makes the folder `postgres` in `dataDir` and gives its real path. Throws StartError DISK_FULL and its kin. */
export function prepareBase(dataDir: string): string {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o755 });
    const base = join(realpathSync(dataDir), 'postgres');
    mkdirSync(base, { recursive: true });
    // As root the account must get through this folder; everything in it that matters is closed by itself.
    if (process.getuid?.() === statSync(base).uid) chmodSync(base, isRoot() ? 0o711 : 0o700);
    return base;
  } catch (error) {
    throw diskFault(error, dataDir);
  }
}

/** Where everything of the cluster lies below `base`, and as whom it runs. Throws StartError POSTGRES_FAILED. */
export function locateCluster(base: string): ClusterPlace {
  const cluster = join(base, 'cluster');
  const place = { base, cluster, log: join(base, 'postgres.log') };
  if (!isRoot()) return { ...place, account: undefined };
  const owner = existsSync(cluster) ? statSync(cluster) : undefined;
  const account = chooseAccount({
    owner: owner && { uid: owner.uid, gid: owner.gid },
    find: findAccount,
    create: createAccount,
  });
  if (account) return { ...place, account };
  throw new StartError(
    'POSTGRES_FAILED',
    'PostgreSQL does not run as root, and this machine has no user cardea, postgres or nobody. Add one, start as an ordinary user, or set DATABASE_URL.',
  );
}

/**
 * PostgreSQL makes its folder's path absolute, and below a folder closed to the account (such as /root) that path
 * leads nowhere. A process started inside the folder still gets in through /proc/self/cwd.
 */
export function pathForAccount(dir: string, account: Account | undefined): ClusterPath {
  const isOpen = account === undefined || canReach(dir, account);
  return { cwd: dir, dir: isOpen || process.platform !== 'linux' ? dir : '/proc/self/cwd' };
}

/** The superuser's password of an existing cluster. Throws StartError POSTGRES_FAILED when its file is gone. */
export function readPassword(base: string): string {
  try {
    return readFileSync(join(base, 'password'), 'utf8').trim();
  } catch (error) {
    const fault = diskFault(error, base);
    if (fault !== error) throw fault;
    throw new StartError('POSTGRES_FAILED', `The file ${join(base, 'password')} is missing.`, {
      cause: error,
    });
  }
}

/**
 * Makes the cluster unless it exists: UTF-8, the built-in C.UTF-8 locale (the same order and the same upper and lower
 * case on every machine), passwords by SCRAM. Throws StartError POSTGRES_FAILED, DISK_FULL, DISK_READ_ONLY.
 */
export function ensureCluster(place: ClusterPlace, programs: Programs, runDir: string): void {
  if (existsSync(place.cluster)) {
    checkCluster(place, programs);
    return;
  }
  const draft = `${place.cluster}.new`;
  const passwordFile = join(runDir, 'new-password');
  try {
    rmSync(draft, { recursive: true, force: true });
    makePrivate(draft, place.account);
    const password = randomBytes(32).toString('base64url');
    writeFileSync(join(place.base, 'password'), password, { mode: 0o600 });
    writeFileSync(passwordFile, password, { mode: 0o600 });
    own(passwordFile, place.account);
    runInitdb({ draft, programs, passwordFile, account: place.account });
    renameSync(draft, place.cluster);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw diskFault(error, place.base);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

function runInitdb(options: {
  draft: string;
  programs: Programs;
  passwordFile: string;
  account: Account | undefined;
}): void {
  const { cwd, dir } = pathForAccount(options.draft, options.account);
  const args = [
    `--pgdata=${dir}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${options.passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
  ];
  const initdb = spawnSync(join(options.programs.home, 'bin', 'initdb'), args, {
    cwd,
    env: postgresEnvironment(),
    encoding: 'utf8',
    ...options.account,
  });
  if (initdb.status === 0) return;
  throw postgresFault(
    options.draft,
    `${initdb.stdout}${initdb.stderr}${String(initdb.error ?? '')}`,
  );
}

function checkCluster(place: ClusterPlace, programs: Programs): void {
  const made = readFileSync(join(place.cluster, 'PG_VERSION'), 'utf8').trim();
  const major = programs.version.split('.')[0];
  if (made === major) return;
  throw new StartError(
    'POSTGRES_FAILED',
    `The data in ${place.cluster} was made by PostgreSQL ${made}, and this is PostgreSQL ${String(major)}. Use the release of Cardea that made it to move the data out, or set DATABASE_URL.`,
  );
}

// sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero included.
const LONGEST_SOCKET_PATH = process.platform === 'linux' ? 107 : 103;

/**
 * The private folder for the socket: in the data folder, or in a temporary folder when that path is too long for a
 * socket or closed to the account.
 */
export function prepareRunDir(place: ClusterPlace): string {
  const beside = join(place.base, 'run');
  try {
    if (fitsSocket(beside)) {
      makePrivate(beside, place.account);
      if (canReach(beside, place.account)) return beside;
    }
    for (const parent of [tmpdir(), '/tmp']) {
      if (!fitsSocket(join(parent, 'cardea-XXXXXX')) || !canReach(parent, place.account)) continue;
      const dir = mkdtempSync(join(parent, 'cardea-'));
      own(dir, place.account);
      return dir;
    }
  } catch (error) {
    throw diskFault(error, place.base);
  }
  throw new StartError(
    'POSTGRES_FAILED',
    `There is no folder for PostgreSQL's socket: ${beside} is too long a path or closed to its user, and so are ${tmpdir()} and /tmp.`,
  );
}

/** Removes a temporary socket folder; the one beside the data stays. */
export function removeRunDir(place: ClusterPlace, runDir: string): void {
  if (!runDir.startsWith(place.base) && /\/cardea-[^/]+$/.test(runDir)) {
    rmSync(runDir, { recursive: true, force: true });
  }
}

function fitsSocket(dir: string): boolean {
  return Buffer.byteLength(join(dir, '.s.PGSQL.5432')) <= LONGEST_SOCKET_PATH;
}

/** The name PostgreSQL carries in its process titles: which folder, and with which programs and settings. */
export function clusterName(
  place: ClusterPlace,
  fingerprint: string,
): { folder: string; full: string } {
  const folder = `cardea-${hash(place.cluster)}`;
  return { folder, full: `${folder}-${hash(fingerprint)}` };
}

/** Nothing of our own environment (PGDATA, PGOPTIONS, locale) reaches PostgreSQL. */
export function postgresEnvironment(): Record<string, string> {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}

const FULL_DISK = /No space left on device|Disk quota exceeded|Check free disk space/;

/** The StartError for a PostgreSQL that ended with `output`. */
export function postgresFault(dir: string, output: string): StartError {
  // A full disk may keep PostgreSQL from writing even its reason.
  if (FULL_DISK.test(output) || isFull(dir)) {
    return new StartError('DISK_FULL', `Cannot write in ${dir}: the disk is full.`);
  }
  if (output.includes('Read-only file system')) {
    return new StartError('DISK_READ_ONLY', `Cannot write in ${dir}: the disk is read-only.`);
  }
  const tail = output.trim().split('\n').slice(-12).join('\n');
  return new StartError('POSTGRES_FAILED', `PostgreSQL could not start on ${dir}:\n${tail}`);
}

function isFull(dir: string): boolean {
  try {
    return statfsSync(dirname(dir)).bavail === 0;
  } catch {
    return false;
  }
}

function makePrivate(dir: string, account: Account | undefined): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  own(dir, account);
  chmodSync(dir, 0o700);
}

function own(path: string, account: Account | undefined): void {
  if (account) chownSync(path, account.uid, account.gid);
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
