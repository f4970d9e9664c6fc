import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { root, runNode } from './run-program.mjs';

/** Folders whose change makes the dashboard another one; `contract` and `client` are compiled into it. */
const SOURCES = ['dashboard', 'client', 'contract'];
const SETTINGS = ['package-lock.json', 'tools/dashboard.mjs'];

const out = join(root, 'dist/dashboard');
const stamp = join(out, '.built');

/** Builds dist/dashboard when it was built from other sources than those here; ends the program when it fails. */
export function ensureDashboard() {
  const wanted = hash();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.log('Building the dashboard …');
  // In a process of its own: the bundler is loaded by those who need it only.
  if (!runNode(fileURLToPath(import.meta.url), [])) {
    console.error('The build of the dashboard failed; its messages are above.');
    process.exit(1);
  }
  // Written last, so that an interrupted build is not taken for a whole one.
  writeFileSync(stamp, wanted);
}

function hash() {
  const sum = createHash('sha256');
  const paths = SOURCES.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\.(test\.ts|md)$/.test(entry.name))
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1)),
  );
  for (const path of [...SETTINGS, ...paths.sort()])
    sum
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  return sum.digest('hex');
}

async function build(isWatching) {
  const [{ build }, { default: react }] = await Promise.all([
    import('vite'),
    import('@vitejs/plugin-react'),
  ]);
  rmSync(stamp, { force: true });
  await build({
    configFile: false,
    root: join(root, 'dashboard'),
    logLevel: isWatching ? 'info' : 'warn',
    plugins: [react()],
    resolve: {
      alias: [{ find: /^#(contract|client)\/(.*)$/, replacement: `${root}/$1/$2.ts` }],
    },
    build: {
      outDir: out,
      emptyOutDir: true,
      target: 'es2022',
      manifest: true,
      modulePreload: { polyfill: false },
      // Inlined files would be `data:` addresses, which the content policy knows for pictures only.
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 800,
      watch: isWatching ? {} : null,
    },
  });
  if (isWatching) return;
  compressFiles();
  printSizes();
}

/** Beside each file its compressed forms, which the server hands out to whoever takes them. */
function compressFiles() {
  const assets = join(out, 'assets');
  for (const name of readdirSync(assets).filter((name) => /\.(js|css|svg)$/.test(name))) {
    const content = readFileSync(join(assets, name));
    writeFileSync(join(assets, `${name}.gz`), gzipSync(content));
    writeFileSync(join(assets, `${name}.br`), brotliCompressSync(content));
  }
}

/** What the first page loads: the entry and everything it imports at once, compressed. */
function printSizes() {
  const manifest = JSON.parse(readFileSync(join(out, '.vite/manifest.json'), 'utf8'));
  const first = new Set();
  const add = (name) => {
    if (first.has(name)) return;
    first.add(name);
    manifest[name].imports?.forEach(add);
  };
  add('index.html');
  const size = (file) => gzipSync(readFileSync(join(out, file))).length;
  const kb = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
  const script = [...first].reduce((sum, name) => sum + size(manifest[name].file), 0);
  const style = [...new Set([...first].flatMap((name) => manifest[name].css ?? []))].reduce(
    (sum, file) => sum + size(file),
    0,
  );
  console.log(`First page: ${kb(script)} of script and ${kb(style)} of style, compressed.`);
  if (!process.argv.includes('--sizes')) return;
  for (const [name, { file }] of Object.entries(manifest))
    if (!first.has(name) && file.endsWith('.js')) console.log(`  ${kb(size(file))}  ${name}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await build(process.argv.includes('--watch'));
