import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

type Names = Record<string, string>;
type Package = { dependencies?: Names; devDependencies?: Names; optionalDependencies?: Names };
type Lockfile = { packages: Record<string, Package & { version?: string; optional?: boolean }> };

const description = JSON.parse(read('package.json')) as Package;
const wanted: Names = {
  ...description.dependencies,
  ...description.devDependencies,
  ...description.optionalDependencies,
};

test('every dependency has its line in docs/decisions/0002-dependencies.md, and no other has one', () => {
  const page = read('docs/decisions/0002-dependencies.md');
  const lines = [...page.matchAll(/^\| `([^`]+)`/gm)].map((found) => found[1] ?? '');
  expect(lines.sort()).toEqual(Object.keys(wanted).sort());
});

test('every dependency is pinned to an exact version', () => {
  const loose = Object.entries(wanted).filter(
    ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
  );
  expect(loose).toEqual([]);
});

// `npm ci` refuses a lockfile that leaves out a program for another platform.
test('the lockfile holds every optional dependency of every package', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as Lockfile;
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) =>
        !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
    ),
  );
  expect(missing).toEqual([]);
});
