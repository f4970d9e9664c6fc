import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { diskFault, errorCode, StartError } from './start-error.ts';
import { isAlive, startedAt } from './processes.ts';

export type DataLock = { release(): void };

type Holder = { pid: number; started: string; id: string };

/**
 * Takes the file lock at `path` for this process, or fails at once.
 *
 * The file names its holder by pid and by the moment that process started, so a pid used again by a stranger does not
 * hold the lock; what a dead holder left behind is taken over. Throws StartError DATA_DIR_IN_USE.
 */
export function takeDataLock(path: string): DataLock {
  const mine: Holder = { pid: process.pid, started: startedAt(process.pid), id: randomUUID() };
  const draft = `${path}.${mine.id}`;
  try {
    writeFileSync(draft, JSON.stringify(mine), { mode: 0o600, flag: 'wx' });
    if (!linked(draft, path)) takeOver(draft, path);
  } catch (error) {
    throw diskFault(error, dirname(path));
  } finally {
    rmSync(draft, { force: true });
  }
  return {
    release: () => {
      if (readHolder(path)?.id === mine.id) rmSync(path, { force: true });
    },
  };
}

function takeOver(draft: string, path: string): void {
  const found = readHolder(path);
  if (found && isHeld(found)) throw inUse(path, found);
  const aside = `${draft}.stale`;
  try {
    renameSync(path, aside);
    const moved = readHolder(aside);
    // Between our look and our rename another start may have taken the lock: give it back.
    if (moved && isHeld(moved)) {
      linked(aside, path);
      throw inUse(path, moved);
    }
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
  if (!linked(draft, path)) throw inUse(path, readHolder(path));
}

/** A hard link either appears whole or fails: nobody ever reads half a lock file. */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function isHeld(holder: Holder): boolean {
  return isAlive(holder.pid) && startedAt(holder.pid) === holder.started;
}

function readHolder(path: string): Holder | undefined {
  try {
    const found: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof found !== 'object' || found === null) return undefined;
    const { pid, started, id } = found as Partial<Holder>;
    if (typeof pid !== 'number' || typeof started !== 'string' || typeof id !== 'string') {
      return undefined;
    }
    return { pid, started, id };
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function inUse(path: string, holder: Holder | undefined): StartError {
  const who = holder ? `process ${String(holder.pid)}` : 'another process';
  return new StartError(
    'DATA_DIR_IN_USE',
    `The data folder ${dirname(path)} is in use by ${who}. Stop that one first, or give this one its own folder with CARDEA_DATA_DIR.`,
  );
}
