/**
 * `npm run client-package [folder]`: the typed client as a package for other projects, plain JavaScript with its types,
 * in dist/client-package (or the folder), packed as cardea-client-<version>.tgz beside its files.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packageProgram, root, runNode } from './run-program.mjs';

const folder = resolve(process.argv[2] ?? join(root, 'dist/client-package'));
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const settings = ['-p', join(root, 'tsconfig.client.json'), '--outDir', folder];
if (!runNode(packageProgram('typescript/bin/tsc'), settings)) process.exit(1);

for (const path of readdirSync(folder, { recursive: true })) {
  const file = join(folder, path);
  // Types alone: their JavaScript is empty.
  if (/generated\/.*\.js$/.test(path)) rmSync(file);
  // tsc leaves the names of the sources in declarations; what the package holds is .js.
  else if (path.endsWith('.d.ts'))
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'"));
}

const { version, license, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const parts = ['errors', 'operations', 'token', 'watch'];
const description = {
  name: 'cardea-client',
  version,
  description: 'Typed client of the public APIs of Cardea',
  license,
  type: 'module',
  engines,
  sideEffects: false,
  imports: { '#contract/*': './contract/*.js' },
  exports: {
    '.': './client/client.js',
    ...Object.fromEntries(parts.map((part) => [`./${part}`, `./client/${part}.js`])),
    './types/*': { types: './client/generated/*.d.ts' },
  },
  peerDependencies: { '@microsoft/signalr': '>=8' },
  peerDependenciesMeta: { '@microsoft/signalr': { optional: true } },
};
writeFileSync(join(folder, 'package.json'), `${JSON.stringify(description, null, 2)}\n`);
cpSync(join(root, 'client/README.md'), join(folder, 'README.md'));
cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
const packed = spawnSync('npm', ['pack', '--silent', '--ignore-scripts'], {
  cwd: folder,
  stdio: ['ignore', 'ignore', 'inherit'],
});
if (packed.status !== 0) process.exit(1);
console.log(join(folder, `cardea-client-${version}.tgz`));
