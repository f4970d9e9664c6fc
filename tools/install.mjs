import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runNpm } from './run-program.mjs';

const lockfile = join(root, 'package-lock.json');
const installed = join(root, 'node_modules/.package-lock.json');
const stamp = join(root, 'node_modules/.cardea-installed');

/** Installs what the lockfile says, unless node_modules already holds exactly that; ends the program when it fails. */
export function ensureInstalled() {
  const wanted = createHash('sha256').update(readFileSync(lockfile)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  if (!agrees()) {
    console.log('Installing the packages of package-lock.json …');
    // The build needs the development packages, whatever NODE_ENV says.
    // Warnings of npm speak to whoever chooses the packages, not to whoever starts the program.
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
    if (!runNpm(['ci', '--include=dev', '--include=optional', ...quiet])) {
      console.error('npm ci failed; its message is above.');
      process.exit(1);
    }
  }
  writeFileSync(stamp, wanted);
}

/** Whether somebody's own `npm ci` has brought every package in the version the lockfile asks for. */
function agrees() {
  if (!existsSync(installed)) return false;
  const have = JSON.parse(readFileSync(installed, 'utf8')).packages;
  const want = JSON.parse(readFileSync(lockfile, 'utf8')).packages;
  return Object.entries(want).every(([path, { version, optional }]) => {
    // Packages for other platforms are optional and absent.
    if (path === '' || (optional && !have[path])) return true;
    return have[path]?.version === version;
  });
}
