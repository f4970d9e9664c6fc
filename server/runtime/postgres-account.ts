import { spawnSync } from 'node:child_process';

/** The user PostgreSQL runs as when we are root: it refuses to run as root itself. */
export type Account = { uid: number; gid: number };

const FAMILIAR_NAMES = ['cardea', 'postgres'];

/**
 * Picks the unprivileged account: the owner of an existing cluster, else `cardea` or `postgres` if the machine has
 * them, else a `cardea` made here, else `nobody`. Undefined when the machine has none of them.
 */
export function chooseAccount(options: {
  owner: Account | undefined;
  find: (name: string) => Account | undefined;
  create: (name: string) => void;
}): Account | undefined {
  const { owner, find, create } = options;
  if (owner && owner.uid !== 0) return owner;
  for (const name of FAMILIAR_NAMES) {
    const found = find(name);
    if (found) return found;
  }
  create('cardea');
  return find('cardea') ?? find('nobody');
}

/** Looks `name` up in the machine's user database. */
export function findAccount(name: string): Account | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) => {
    const { status, stdout } = spawnSync('id', [flag, name], { encoding: 'utf8' });
    return status === 0 ? Number.parseInt(stdout, 10) : 0;
  });
  return uid && gid ? { uid, gid } : undefined;
}

/** Makes a system user without home or login; where that fails the caller finds no such user afterwards. */
export function createAccount(name: string): void {
  const made = spawnSync('useradd', ['--system', '--user-group', '--no-create-home', name]);
  // BusyBox systems have adduser only.
  if (made.status !== 0) spawnSync('adduser', ['-S', '-D', '-H', name]);
}

/** Whether `account` (undefined: ourselves) gets through to the folder `dir` by its absolute path. */
export function canReach(dir: string, account: Account | undefined): boolean {
  return succeeds('/bin/sh', ['-c', 'cd -- "$1"', 'sh', dir], account);
}

/** Whether `program` runs with `args` as `account` and ends with 0. */
export function succeeds(
  program: string,
  args: readonly string[],
  account: Account | undefined,
): boolean {
  return spawnSync(program, args, { cwd: '/', stdio: 'ignore', ...account }).status === 0;
}
