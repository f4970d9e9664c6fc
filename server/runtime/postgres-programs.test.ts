import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { prepareInProcess } from '#test/kit/postgres-process';
import { findAccount, succeeds } from './postgres-account.ts';
import { findPackage, preparePrograms } from './postgres-programs.ts';

const isRoot = process.getuid?.() === 0;
const nobody = isRoot ? findAccount('nobody') : undefined;
const mayRunAsNobody =
  nobody !== undefined &&
  succeeds(process.execPath, ['--version'], nobody) &&
  succeeds('/bin/sh', ['-c', 'cd -- "$1"', 'sh', import.meta.dirname], nobody);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cardea-programs-'));
  chmodSync(folder, 0o755);
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The package as npm unpacks it when install scripts are off: without the links between its libraries. */
function unpackWithoutLinks(into: string): string {
  const home = join(into, 'native');
  cpSync(findPackage().home, home, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !lstatSync(path).isSymbolicLink(),
  });
  return home;
}

const version = 'test';

test('links that an install script did not make are made in place', () => {
  const home = unpackWithoutLinks(folder);
  expect(succeeds(join(home, 'bin/postgres'), ['--version'], undefined)).toBe(false);
  const source = { home, version };
  expect(preparePrograms({ source, account: undefined, copyDirs: [] })).toEqual(source);
  const links = JSON.parse(readFileSync(join(home, 'pg-symlinks.json'), 'utf8')) as {
    target: string;
  }[];
  expect(links.filter(({ target }) => !existsSync(join(folder, target)))).toEqual([]);
  expect(succeeds(join(home, 'bin/postgres'), ['--version'], undefined)).toBe(true);
});

test.runIf(!isRoot || mayRunAsNobody)(
  'an ordinary user with a package that is not theirs and has no links gets a copy',
  async () => {
    const home = unpackWithoutLinks(folder);
    chmodSync(join(home, 'lib'), 0o555);
    const copyDir = join(folder, 'copies');
    mkdirSync(copyDir);
    if (nobody) chownSync(copyDir, nobody.uid, nobody.gid);
    const prepared = await prepareInProcess({ home, copyDir, ...(nobody && { user: nobody }) });
    chmodSync(join(home, 'lib'), 0o755);
    expect(prepared).toEqual({ home: join(copyDir, 'postgresql-test'), version });
  },
);

test.runIf(nobody)(
  'a package below a folder closed to the account is copied once to a place it can reach',
  () => {
    const closed = join(folder, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const home = unpackWithoutLinks(closed);
    const copyDirs = [join(closed, 'data'), join(folder, 'open')];
    const prepare = () => preparePrograms({ source: { home, version }, account: nobody, copyDirs });
    expect(prepare()).toEqual({ home: join(folder, 'open/postgresql-test'), version });
    expect(succeeds(join(folder, 'open/postgresql-test/bin/initdb'), ['--version'], nobody)).toBe(
      true,
    );
    const copied = lstatSync(join(folder, 'open/postgresql-test')).ctimeMs;
    prepare();
    expect(lstatSync(join(folder, 'open/postgresql-test')).ctimeMs).toBe(copied);
  },
);

test.runIf(nobody)('a copy is never taken from a folder that others may write', () => {
  const closed = join(folder, 'closed');
  mkdirSync(closed, { mode: 0o700 });
  const home = unpackWithoutLinks(closed);
  const shared = join(folder, 'shared');
  mkdirSync(shared);
  chmodSync(shared, 0o777);
  expect(() =>
    preparePrograms({ source: { home, version }, account: nobody, copyDirs: [shared] }),
  ).toThrow(expect.objectContaining({ fault: 'POSTGRES_FAILED' }) as Error);
});

test('programs that do not run are an error that names the way around', () => {
  const home = unpackWithoutLinks(folder);
  writeFileSync(join(home, 'bin/postgres'), 'not a program');
  expect(() =>
    preparePrograms({
      source: { home, version },
      account: undefined,
      copyDirs: [join(folder, 'copies')],
    }),
  ).toThrow(/DATABASE_URL/);
});
