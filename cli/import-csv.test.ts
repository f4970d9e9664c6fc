import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { importCsv } from './import-csv.ts';

let server: TestServer;
let siteId: string;
let owner: TestPerson;
let folder: string;
beforeAll(async () => {
  server = await startTestServer({ settings: { ROLES: 'http' } });
  siteId = await addSite(server);
  owner = await addPerson(server, { siteId, role: 'owner' });
  folder = await mkdtemp(join(tmpdir(), 'cardea-test-'));
}, 120_000);
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function keep(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function run(values: object): ReturnType<typeof importCsv.run> {
  const tokenFile = await keep('token', `${owner.token}\n`);
  return importCsv.run({
    values: { 'token-file': tokenFile, url: server.url, site: siteId, ...values },
    environment: {},
    signal: new AbortController().signal,
    progress: () => undefined,
  });
}

it('prints the template, previews, imports, and ends with 1 when a file is refused', async () => {
  const template = await run({ kind: 'people', template: true });
  expect(template.text).toContain('email;alias;first_name;last_name;roles;groups;tags');
  const file = await keep('people.csv', 'alias;first_name;last_name;desk\nRoom 1;Zoë;Bos;7\n');
  const preview = await run({ kind: 'people', file, 'dry-run': true });
  expect([preview.code, preview.text]).toEqual([
    0,
    'people would be imported: 1 created, 0 updated, 0 unchanged, 0 failed\n' +
      '  columns that mean nothing here: desk',
  ]);
  const done = await run({ kind: 'people', file });
  expect([done.code, done.json]).toMatchObject([0, { state: 'applied', created: 1 }]);
  const bad = await keep('bad.csv', 'alias,first_name,last_name\nRoom 2,,Bos\n');
  const refused = await run({ kind: 'people', file: bad });
  expect([refused.code, refused.text]).toEqual([
    1,
    'people refused, nothing was changed: 0 created, 0 updated, 0 unchanged, 1 failed\n' +
      "  line 2: Value of 'first_name' is invalid. Somebody new needs it. (1101)",
  ]);
});

it('says what is missing, and when a file is not UTF-8', async () => {
  const latin = await keep('latin.csv', new Uint8Array([0x61, 0x0a, 0xeb, 0x0a]));
  for (const [values, message] of [
    [{}, 'Say what it holds with --kind'],
    [{ kind: 'tags' }, 'Name the file with --file.'],
    [{ kind: 'tags', file: join(folder, 'none.csv') }, 'cannot be read'],
    [{ kind: 'tags', file: latin }, 'is not UTF-8'],
  ] as const)
    await expect(run(values)).rejects.toMatchObject({
      code: 2,
      message: expect.stringContaining(message),
    });
});
