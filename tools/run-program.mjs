import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a JavaScript program with this Node in the project's folder, its output on ours; true when it ended with 0. */
export function runNode(program, args) {
  const { status } = spawnSync(process.execPath, [program, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  return status === 0;
}

/** Runs npm: the one that started us, else the one on the path. */
export function runNpm(args) {
  const npm = process.env.npm_execpath;
  if (npm?.endsWith('.js')) return runNode(npm, args);
  return spawnSync('npm', args, { cwd: root, stdio: 'inherit' }).status === 0;
}

/** A program of an installed package, to be run with Node. */
export function packageProgram(path) {
  return join(root, 'node_modules', path);
}
