import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDashboard } from './dashboard.mjs';
import { ensureInstalled } from './install.mjs';
import { checkNodeVersion } from './node-version.mjs';
import { packageProgram, root, runNode } from './run-program.mjs';

/** docs/ is served by the server. */
const SOURCES = [
  'access',
  'cli',
  'client',
  'contract',
  'docs',
  'server',
  'iq',
  'simulator',
  'test/load',
  'test/kit',
];
const SETTINGS = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];

const dist = join(root, 'dist');
const stamp = join(dist, '.cardea-built');

/** Builds dist/ when it was built from other sources than those here; ends the program when it fails. */
export function ensureBuilt() {
  ensureServer();
  ensureDashboard();
}

function ensureServer() {
  const sources = listSources();
  const wanted = hash(sources);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.log('Building …');
  // What a deleted source left in dist would still be found by imports.
  if (existsSync(dist))
    for (const name of readdirSync(dist).filter((name) => name !== 'dashboard'))
      rmSync(join(dist, name), { recursive: true });
  if (!runNode(packageProgram('typescript/bin/tsc'), ['-p', 'tsconfig.build.json'])) {
    console.error('The build failed; the messages of tsc are above.');
    process.exit(1);
  }
  for (const path of sources.filter((source) => !source.endsWith('.ts'))) {
    mkdirSync(dirname(join(dist, path)), { recursive: true });
    cpSync(join(root, path), join(dist, path));
  }
  // Written last, so that an interrupted build is not taken for a whole one.
  writeFileSync(stamp, wanted);
}

/** The files that go into dist/: TypeScript to compile, and what is read at run time (migrations, buildings). */
function listSources() {
  return SOURCES.filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
        .filter((entry) => folder === 'docs' || !entry.name.endsWith('.md'))
        .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1)),
    )
    .sort((a, b) => (a < b ? -1 : 1));
}

function hash(sources) {
  const sum = createHash('sha256');
  for (const path of [...SETTINGS, ...sources]) {
    sum
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  }
  return sum.digest('hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  checkNodeVersion();
  ensureInstalled();
  ensureBuilt();
}
