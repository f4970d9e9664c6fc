/** The typed client as another project has it: packed, installed, run as plain JavaScript and checked by its own compiler. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { addPerson, addSite } from '#test/kit/people';
import { createClient } from './client.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const patienceMs = 120_000;

let cardea: TestServer;
let folder: string;
/** Another project, with the package in its node_modules. */
let project: string;
beforeAll(async () => {
  cardea = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), 'cardea-client-'));
  project = join(folder, 'project');
  const packed = await run(process.execPath, [
    join(root, 'tools/client-package.mjs'),
    join(folder, 'package'),
  ]);
  expect(packed).toMatchObject({ code: 0 });
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  const quiet = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--omit=peer'];
  const installed = await run('npm', ['install', ...quiet, '--prefix', project, packed.out.trim()]);
  expect(installed).toMatchObject({ code: 0 });
}, patienceMs);
afterAll(async () => {
  await cardea.stop();
  await rm(folder, { recursive: true, force: true });
});

type Ended = { readonly code: number; readonly out: string };

function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const own = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
  return new Promise((resolve) => {
    execFile(program, [...args], { cwd: folder, env: { ...own, ...env } }, (error, out, err) =>
      resolve({
        code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1,
        out: out + (error === null ? '' : err),
      }),
    );
  });
}

async function programOfReadme(): Promise<string> {
  const readme = await readFile(join(project, 'node_modules/cardea-client/README.md'), 'utf8');
  const [, program = ''] = /```js\n(.*?)```/s.exec(readme) ?? [];
  return program;
}

it(
  'does what the program of its README says',
  async () => {
    const siteId = await addSite(cardea);
    const owner = await addPerson(cardea, { siteId, role: 'owner' });
    const site = createClient({ baseUrl: cardea.url, token: async () => owner.token });
    await site.post('/v1.2/sites/{site_id}/locks', {
      path: { site_id: siteId },
      body: { customer_reference: 'Front door', activation_code: randomBytes(7).toString('hex') },
    });
    await writeFile(join(project, 'doors.mjs'), await programOfReadme());
    const { clientId, clientSecret } = cardea.tenant;
    const ended = await run(process.execPath, [join(project, 'doors.mjs')], {
      BASE_URL: cardea.url,
      CLIENT_ID: clientId,
      CLIENT_SECRET: clientSecret,
    });
    expect(ended).toEqual({
      code: 0,
      out: expect.stringMatching(/^Front door [A-Z_]+ \w.*\n$/) as string,
    });
  },
  patienceMs,
);

it(
  'has types that a strict compiler takes without anything of ours',
  async () => {
    const outside = 'declare const process: { env: Record<string, string | undefined> };\n';
    await writeFile(join(project, 'doors.mts'), `${outside}${await programOfReadme()}`);
    await writeFile(
      join(project, 'types.mts'),
      `import type { ErrorsOf, ItemOf } from 'cardea-client/operations';
import type { LockResponse } from 'cardea-client/types/locks';
import { watch } from 'cardea-client/watch';
export const state: LockResponse['locked_state'] = 'locked';
export const lock = (item: ItemOf<'/v1.2/locks'>): LockResponse => item;
export const offline: ErrorsOf<'PATCH', '/v1.2/locks/{id}/locking'> = 'IQ_OFFLINE';
export const listen = watch;
`,
    );
    await writeFile(
      join(project, 'wrong.mts'),
      `import type { ItemOf } from 'cardea-client/operations';
export type Wrong = ItemOf<'/v1.2/lokcs'>;
`,
    );
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const settings = [
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--module',
      'nodenext',
    ];
    const language = ['--target', 'es2023', '--lib', 'es2023,dom', '--types', ''];
    const files = ['doors.mts', 'types.mts', 'wrong.mts'].map((file) => join(project, file));
    const { out } = await run(process.execPath, [compiler, ...settings, ...language, ...files]);
    const faults = out.split('\n').filter((line) => line.includes('error TS'));
    expect(faults).toEqual([expect.stringContaining('wrong.mts')]);
  },
  patienceMs,
);

it('holds plain JavaScript and declarations, and needs no package', async () => {
  const installed = join(project, 'node_modules/cardea-client');
  const files = await readdir(installed, { recursive: true, withFileTypes: true });
  const names = files.filter((file) => file.isFile()).map(({ name }) => name);
  const other = names.filter((name) => !/\.(d\.ts|js)$/.test(name));
  expect(other.sort()).toEqual(['LICENSE', 'README.md', 'package.json']);
  const description: unknown = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
  expect(description).not.toHaveProperty('dependencies');
  expect(await readdir(join(project, 'node_modules'))).toEqual([
    '.package-lock.json',
    'cardea-client',
  ]);
});
