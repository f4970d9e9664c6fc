/** A site goes from one server to another by `cardea export` and `cardea import`. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MigrationResult } from '#contract/migrations';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, itemsOf } from '#test/kit/core';
import { seedSite, signAnew } from '#test/kit/migration-files';
import { exitCodes, type Command, type CommandAnswer, type OptionValues } from './command.ts';
import { siteExport } from './site-export.ts';
import { siteImport } from './site-import.ts';

let former: TestServer;
let next: TestServer;
let folder: string;
let site: string;

beforeAll(async () => {
  [former, next] = await Promise.all([startTestServer(), startTestServer()]);
  folder = await mkdtemp(join(tmpdir(), 'cardea-test-'));
  site = (await create(former, '/collections', { time_zone: 'Europe/Amsterdam' })).id;
  await seedSite(former, site);
  const { clientId: id, clientSecret: secret } = former.tenant;
  const signIn = { base_url: former.url, core_client: { id, secret }, site_id: site };
  await writeFile(at('sign-in.json'), JSON.stringify(signIn));
  await writeFile(at('token'), await next.token('core_api.full'));
}, 120_000);
afterAll(async () => {
  await former.stop();
  await next.stop();
  await rm(folder, { recursive: true, force: true });
});

const at = (name: string): string => join(folder, name);
const told: string[] = [];

function run(
  command: Command,
  values: OptionValues,
  signal = new AbortController().signal,
): Promise<CommandAnswer> {
  return command.run({
    values,
    environment: { CARDEA_DATA_DIR: folder },
    signal,
    progress: (text) => void told.push(text),
  });
}

const there = () => ({ 'token-file': at('token'), url: next.url, file: at('site.json') });

it('a site is written to a file with its codes under a key of its own', async () => {
  const values = { 'sign-in': at('sign-in.json'), out: at('site.json'), 'new-key': at('site.key') };
  const answer = await run(siteExport, { ...values, events: true });
  expect(answer).toMatchObject({
    code: exitCodes.fine,
    json: { file: at('site.json'), has_secrets: true },
  });
  expect(JSON.parse(await readFile(at('site.json'), 'utf8'))).toMatchObject({
    collection: { id: site },
  });
  for (const name of ['site.json', 'site.key'])
    expect((await stat(at(name))).mode & 0o777).toBe(0o600);
  await expect(run(siteExport, { ...values, 'new-key': at('b.key') })).rejects.toThrow(
    'site.json exists',
  );
  await expect(run(siteExport, values)).rejects.toThrow('site.key exists');
  const both = { ...values, 'public-key': at('site.key') };
  await expect(run(siteExport, both)).rejects.toThrow('one of --new-key and --public-key');
  const known = {
    ...values,
    'new-key': undefined,
    out: at('c.json'),
    'public-key': at('site.key'),
  };
  expect((await run(siteExport, known)).text).toContain('Keypad codes are in it');
  const nowhere = { ...known, out: at('d.json'), site: '00000000-0000-4000-8000-000000000000' };
  await expect(run(siteExport, nowhere)).rejects.toThrow("Value of 'id' is invalid. (1101)");
});

it('a dry run tells every check, and the file becomes a site with its codes', async () => {
  const dry = await run(siteImport, { ...there(), 'dry-run': true });
  expect(dry.code).toBe(exitCodes.fine);
  expect(dry.text).toContain('ok     signature');
  expect(dry.text).toContain('It can be imported.');
  expect(await itemsOf(next, '/collections')).toEqual([]);
  const spoilt = (await readFile(at('site.json'), 'utf8')).replace('Caretaker', 'Undertaker');
  await writeFile(at('spoilt.json'), spoilt);
  const seen = await run(siteImport, { ...there(), file: at('spoilt.json'), 'dry-run': true });
  expect([seen.code, seen.text]).toEqual([
    exitCodes.found,
    expect.stringContaining('FAILED signature'),
  ]);
  const refused = run(siteImport, { ...there(), file: at('spoilt.json') });
  await expect(refused).rejects.toThrow('Migration aborted: signature');
  await expect(run(siteImport, { ...there(), file: at('site.key') })).rejects.toThrow(
    'is no export',
  );
  await expect(run(siteImport, { ...there(), key: at('site.json') })).rejects.toThrow(
    'no private key',
  );
  const done = await run(siteImport, { ...there(), key: at('site.key') });
  expect(done.json).toMatchObject({
    state: 'done',
    id_map: [],
    counts: { people: 8, keypad_codes_left_out: 0 },
  });
  expect(done.text).toContain('Point the hubs at this server');
  expect((await itemsOf(next, '/collections')).map(({ id }) => id)).toEqual([site]);
  const again = await run(siteImport, { ...there(), 'dry-run': true });
  const failed = (again.json as MigrationResult).checks.filter(
    ({ outcome }) => outcome === 'failed',
  );
  expect(failed.map(({ check }) => check)).toEqual(['hardware_claimed']);
});

it('ends an import at Ctrl-C, and nothing of it stays', async () => {
  const own = await next.addTenant('Empty');
  await writeFile(at('other-token'), await next.token('core_api.full', own));
  const file = JSON.parse(await readFile(at('site.json'), 'utf8')) as object;
  const empty = {
    locks: [],
    tags: [],
    keys: [],
    key_settings: [],
    offline_keys: [],
    access_group_locks: [],
  };
  const more = {
    floor_plan_locks: [],
    locker_occupations: [],
    message_rule_locks: [],
    events: null,
    secrets: null,
  };
  const { collection } = file as { collection: object };
  const bare = { ...file, ...empty, ...more, collection: { ...collection, masterkey_id: null } };
  await writeFile(at('other.json'), JSON.stringify(await signAnew(bare)));
  const holding = await next.database.pool.connect();
  await holding.query('begin');
  await holding.query('lock table access_groups in share mode');
  const stopping = new AbortController();
  const values = { ...there(), 'token-file': at('other-token'), file: at('other.json') };
  const importing = run(siteImport, values, stopping.signal);
  const failing = expect(importing).rejects.toThrow('Migration aborted: cancelled');
  try {
    await expect
      .poll(() => told.some((text) => text.includes(' rows')), { timeout: 60_000 })
      .toBe(true);
    stopping.abort();
    const asked = 'select 1 from migrations where cancel_asked_at is not null';
    await expect
      .poll(async () => (await next.database.pool.query(asked)).rowCount, { timeout: 60_000 })
      .toBe(1);
  } finally {
    await holding.query('rollback');
    holding.release();
  }
  await failing;
  const { rows } = await next.database.pool.query(
    'select 1 from collections where tenant_id = $1',
    [own.tenantId],
  );
  expect(rows).toEqual([]);
}, 120_000);
