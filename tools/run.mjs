import { pathToFileURL } from 'node:url';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { checkNodeVersion } from './node-version.mjs';
import { root } from './run-program.mjs';

/**
 * `node tools/run.mjs iq/main --server …` runs dist/iq/main.js, installed and built when needed.
 *
 * The program runs in this very process: a signal reaches it once and directly, and kill -9 leaves nobody behind.
 */
export async function run(program, args) {
  checkNodeVersion();
  ensureInstalled();
  ensureBuilt();
  const path = join(root, 'dist', `${program}.js`);
  if (!existsSync(path)) {
    console.error(`There is no program ${program}.`);
    process.exit(1);
  }
  process.argv = [process.argv[0], path, ...args];
  process.setSourceMapsEnabled(true);
  await import(pathToFileURL(path).href);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [program = '', ...args] = process.argv.slice(2);
  await run(program, args);
}
