/** Exports and imports over HTTP: every check by its name, hostile files, and the same answers at every door. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DesiredItem } from '#contract/access-table';
import { ExportFile, exportSections } from '#contract/exports';
import { migrationChecks, type MigrationResult } from '#contract/migrations';
import { decide } from '#access/decision';
import type { Presentation } from '#access/presentation';
import { tableOf, type AccessTable } from '#access/table';
import { endedTables, movedTables } from '#server/store/site-transfers';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { create, createOpenGroup, refusal } from '#test/kit/core';
import { seededCounts, seedSite, signAnew, type Json } from '#test/kit/migration-files';

type Rows = Record<string, Json[]>;

let former: TestServer;
let next: TestServer;
let collectionId: string;
let file: Json;
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const privateKey = keys.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');

beforeAll(async () => {
  former = await startTestServer();
  next = await startTestServer();
  collectionId = (await create(former, '/collections', { time_zone: 'Europe/Amsterdam' })).id;
  await seedSite(former, collectionId);
  // Whatever was laid by hand is in the tables of the hubs from here on.
  const patched = await former.ask('PATCH', `/collections/${collectionId}`, {
    body: { customer_reference: 'Harbour' },
  });
  expect(patched.status).toBe(200);
  const publicKey = keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  const query = `events=true&public_key=${encodeURIComponent(publicKey)}`;
  const answer = await former.ask('GET', `/collections/${collectionId}/export?${query}`);
  expect([answer.status, answer.text.slice(0, 200)]).toEqual([200, expect.any(String)]);
  file = answer.json as Json;
});

afterAll(async () => {
  await former.stop();
  await next.stop();
});

async function tableAt(server: TestServer, iqId: string): Promise<AccessTable> {
  const { rows } = await server.database.pool.query<DesiredItem>(
    'select key, value from desired_items where iq_id = $1 and value is not null',
    [iqId],
  );
  return tableOf(rows);
}

/** A row of numbers that is the same at every run. */
function numbers(seedOf: number): (below: number) => number {
  let state = seedOf;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

function presented(drawn: (below: number) => number): Presentation {
  const who = 1 + drawn(seededCounts.people + 3);
  const heldMs = drawn(4) === 0 ? 6_000 : 0;
  switch (drawn(4)) {
    case 0:
      return { what: { type: 'pin', code: String(200_000 + who) }, heldMs };
    case 1:
      return { what: { type: 'license_plate', plate: `PLATE${String(who)}` }, heldMs };
    default: {
      const tagNumber = String(who).padStart(8, '0');
      return { what: { type: 'tag', tagNumber, rfidUid: null }, heldMs };
    }
  }
}

/** Rows in an order that ids given here do not change. */
function sorted(section: unknown): unknown {
  if (!Array.isArray(section)) return section;
  return section.map((row) => JSON.stringify(row, Object.keys(row as Json).sort())).sort();
}

const rowsOf = (name: string): Json[] => (file as Rows)[name] ?? [];

async function importing(exported: unknown, more: Json = {}): Promise<Answer> {
  const body = { kind: 'site_import', export: exported, dry_run: true, ...more };
  return next.ask('POST', '/migrations', { body });
}

async function changing(change: Json): Promise<Answer> {
  return importing(await signAnew({ ...file, ...change }));
}

describe('a file', () => {
  it('has the published form', async () => {
    const schema = { $schema: 'https://json-schema.org/draft/2020-12/schema', ...ExportFile };
    const path = new URL('../../docs/generated/export.schema.json', import.meta.url).pathname;
    await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(path);
  });

  it('holds no secret in the clear, and none at all without a key', async () => {
    const { pool } = former.database;
    const { rows } = await pool.query<{ value: string }>(
      `select credential_value as value from keys where key_type = 'pin'
       union all select encode(pin_hash_key, 'base64') from tenants`,
    );
    const text = JSON.stringify(file);
    for (const { value } of rows) expect(text).not.toContain(value);
    const open = await former.ask('GET', `/collections/${collectionId}/export`);
    const plain = open.json as Rows & { secrets: unknown; events: unknown };
    expect([plain.secrets, plain.events]).toEqual([null, null]);
    expect(plain['keys']?.filter(({ key_type: type }) => type === 'pin')).toEqual([]);
  });

  it.each(['x', 'AAAA', 'MFkwEwYHKoZIzj0CAQ'])('is not encrypted to %s', async (key) => {
    const path = `/collections/${collectionId}/export?public_key=${key}`;
    expect(refusal(await former.ask('GET', path))).toBe('400 1101');
  });

  it('is not another tenant’s to read, and has no secrets for the standard scope', async () => {
    const other = await former.addTenant('Second');
    const path = `/collections/${collectionId}/export`;
    const token = await former.token('core_api.full', other);
    expect(refusal(await former.ask('GET', path, { token }))).toBe('404 1101');
    const small = await former.token('core_api.standard');
    const read = await former.ask('GET', path, { token: small });
    expect(read.json).toMatchObject({ collection: { id: collectionId }, secrets: null });
    const withSecrets = `${path}?public_key=AAAA`;
    const refused = await former.ask('GET', withSecrets, { token: small });
    expect([refused.status, refused.text]).toEqual([403, '']);
    const plates = await former.token('core_api.license_plate');
    expect((await former.ask('GET', path, { token: plates })).status).toBe(403);
  });
});

describe('checks', () => {
  const aborts = async (body: Json, check: string): Promise<void> => {
    const { status, text } = await next.ask('POST', '/migrations', { body });
    expect([status, text]).toEqual([400, expect.stringContaining(`2223`)]);
    expect(text).toContain(`Migration aborted: ${check}:`);
    const dry = await next.ask('POST', '/migrations', { body: { ...body, dry_run: true } });
    expect([dry.status, dry.text.slice(0, 300)]).toEqual([200, expect.any(String)]);
    const { id, state, checks } = dry.json as MigrationResult;
    expect([state, checks.map((one) => one.check)]).toEqual(['checked', migrationChecks]);
    expect(checks.find(({ outcome }) => outcome === 'failed')?.check).toBe(check);
    expect(checks.every(({ reason }) => reason.length > 5)).toBe(true);
    expect((await next.ask('GET', `/migrations/${id}`)).json).toEqual(dry.json);
  };
  const importOf = (exported: unknown, more: Json = {}): Json => ({
    kind: 'site_import',
    export: exported,
    ...more,
  });
  const changed = async (change: Json): Promise<Json> =>
    importOf(await signAnew({ ...file, ...change }));

  it('signature: none, a changed file, another key, another name', async () => {
    await aborts(importOf({ ...file, signature: undefined }), 'signature');
    await aborts(importOf({ ...file, exported_at: '2020-01-01T00:00:00Z' }), 'signature');
    const stranger = generateKeyPairSync('ed25519').privateKey;
    await aborts(importOf(await signAnew(file, stranger)), 'signature');
    const renamed = { ...(await signAnew(file)), installation: file['installation'] };
    await aborts(importOf(renamed), 'signature');
  });

  it('version', async () => {
    await aborts(await changed({ version: 2 }), 'version');
    await aborts(await changed({ format: 'other' }), 'version');
  });

  it('target_not_empty, and a target that is none', async () => {
    const { id } = await create(next, '/collections');
    await create(next, '/accessors', { collection_id: id });
    await aborts(importOf(file, { target_collection_id: id }), 'target_not_empty');
    const nothing = await importing(file, { target_collection_id: randomUUID() });
    expect(refusal(nothing)).toBe('400 1101');
  });

  it('id_taken: an id that occurs twice', async () => {
    const [first, ...others] = rowsOf('locks');
    await aborts(
      await changed({ locks: [first, { ...others[0], id: first?.['id'] }] }),
      'id_taken',
    );
  });

  it('hardware_claimed: in the file twice, or here already', async () => {
    const [first, second] = rowsOf('locks');
    const twin = { ...second, code: first?.['code'] };
    await aborts(await changed({ locks: [first, twin] }), 'hardware_claimed');
    const { id } = await create(next, '/locks', { activation_code: first?.['code'] });
    await aborts(importOf(file), 'hardware_claimed');
    expect((await next.ask('DELETE', `/locks/${id}`)).status).toBe(204);
  });

  it('limits, time_zone, vendor', async () => {
    const iqs = rowsOf('iqs');
    await aborts(
      await changed({ iqs: iqs.map((iq) => ({ ...iq, limits: { locks: 5 } })) }),
      'limits',
    );
    const zone = iqs.map((iq) => ({ ...iq, time_zone: 'Mars/Olympus' }));
    await aborts(await changed({ iqs: zone }), 'time_zone');
    const vendor = iqs.map((iq) => ({ ...iq, vendor_reference: 'nobody' }));
    await aborts(await changed({ iqs: vendor }), 'vendor');
  });

  it('reference_broken: ids of others, loops, pairs twice, days that are none', async () => {
    const strange = rowsOf('keys').map((key) => ({ ...key, accessor_id: randomUUID() }));
    await aborts(await changed({ keys: strange }), 'reference_broken');
    const pairs = rowsOf('access_group_locks');
    await aborts(await changed({ access_group_locks: [...pairs, pairs[0]] }), 'reference_broken');
    const hung = rowsOf('locks').map((lock) => ({ ...lock, repeater_id: lock['id'] }));
    await aborts(await changed({ locks: hung }), 'reference_broken');
    const tags = rowsOf('tags').map((one) => ({ ...one, created_at: '2025-02-29T00:00:00Z' }));
    await aborts(await changed({ tags }), 'reference_broken');
    const twins = rowsOf('people').map((one) => ({ ...one, email: 'Twin@example.org' }));
    await aborts(await changed({ people: twins }), 'reference_broken');
    const admin = '7d53b0b3-3ef7-11e8-9f1c-0050568d6e36';
    const [role] = rowsOf('site_roles');
    await aborts(await changed({ site_roles: [{ ...role, id: admin }] }), 'reference_broken');
    await aborts(
      await changed({ site_roles: [{ ...role, parent_id: role?.['id'] }] }),
      'reference_broken',
    );
    const nobody = rowsOf('accessors').map((one) => ({ ...one, user_id: null, role_ids: [admin] }));
    await aborts(await changed({ accessors: nobody }), 'reference_broken');
  });

  it('token: none that is known', async () => {
    const body = { kind: 'site_transfer', transfer_token: 'guess' };
    await aborts(body, 'token');
  });
});

describe('hostile files change nothing and are told so', () => {
  it.each([
    ['no body', {}, '400 1100'],
    ['an unknown kind', { kind: 'all' }, '400 1101'],
    ['no export', { kind: 'site_import' }, '400 1100'],
    ['a list for an export', { kind: 'site_import', export: [] }, '400 1100'],
    ['an empty export', { kind: 'site_import', export: {} }, '400 2223'],
    ['no token', { kind: 'site_transfer' }, '400 1100'],
    ['no IQs', { kind: 'iq_content' }, '400 1100'],
    [
      'IQs of nobody',
      { kind: 'iq_content', source_iq_id: randomUUID(), target_iq_id: randomUUID() },
      '400 1101',
    ],
  ])('%s', async (_what, body, refused) => {
    expect(refusal(await next.ask('POST', '/migrations', { body }))).toBe(refused);
  });

  it('wrong types, names of prototypes and of columns', async () => {
    const [first] = rowsOf('floors').concat(rowsOf('accessors'));
    const wrong: Json[] = [
      { locks: 7 },
      { locks: [null] },
      { accessors: [{ ...first, blocked: 'yes' }] },
      { accessors: [{ ...first, created_at: 'now' }] },
      { tags: rowsOf('tags').map((one) => ({ ...one, id: `${String(one['id'])}' or 1=1` })) },
      { collection: { ...(file['collection'] as Json), options: { unknown: true } } },
    ];
    for (const change of wrong) expect(refusal(await changing(change))).toBe('400 1100');
    const nul = rowsOf('access_groups').map((one) => ({ ...one, customer_reference: '\u0000' }));
    expect(refusal(await changing({ access_groups: nul }))).toBe('400 1101');
    const odd = rowsOf('accessors').map((one) => ({
      ...one,
      tenant_id: randomUUID(),
      'id) select 1; drop table keys; --': 1,
    }));
    const named = JSON.parse('{"__proto__":{"blocked":true},"constructor":1}') as Json;
    const harmless = await signAnew({ ...file, ...named, accessors: odd });
    expect((await importing(harmless)).status).toBe(200);
  });

  it('bombs of depth and number, and bodies over 64 MiB', async () => {
    const send = (body: string) =>
      next.ask('POST', '/migrations', { body, headers: { 'content-type': 'application/json' } });
    const deep = `{"kind":"site_import","export":${'{"a":'.repeat(1_000_000)}`;
    expect(refusal(await send(deep))).toBe('400 1100');
    const many = `{"kind":"site_import","export":{"a":[${'{},'.repeat(5_000_000)}{}]}}`;
    expect(refusal(await send(many))).toBe('400 1100');
    const large = `{"kind":"site_import","export":{"a":"${'x'.repeat(64 * 1024 * 1024)}"}}`;
    expect(refusal(await send(large))).toBe('413 1100');
  });

  it('a key that opens nothing', async () => {
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const der = stranger.export({ format: 'der', type: 'pkcs8' }).toString('base64');
    for (const key of [der, 'AAAA'])
      expect(refusal(await importing(file, { private_key: key }))).toBe('400 1101');
  });

  it('nothing of all this is here', async () => {
    const { rows } = await next.database.pool.query<{ count: string }>(
      'select count(*) from keys union all select count(*) from iqs union all select count(*) from tags',
    );
    expect(rows.map(({ count }) => Number(count))).toEqual([0, 0, 0]);
  });
});

it('after an import 10,000 random questions at its doors have the answers of before', async () => {
  const [taken] = rowsOf('accessors');
  await create(next, '/accessors', { id: taken?.['id'] });
  const answer = await importing(file, { private_key: privateKey, dry_run: false });
  expect([answer.status, answer.text.slice(0, 300)]).toEqual([200, expect.any(String)]);
  const result = answer.json as { id_map: { old_id: string; new_id: string }[] };
  expect(result.id_map).toEqual([{ old_id: taken?.['id'], new_id: expect.any(String) }]);
  const here = new Map(result.id_map.map(({ old_id: old, new_id: id }) => [old, id]));
  const mapped = (id: string | null) => (id === null ? null : (here.get(id) ?? id));
  const tables = new Map<string, { before: AccessTable; after: AccessTable }>();
  for (const { id } of rowsOf('iqs') as { id: string }[])
    tables.set(id, { before: await tableAt(former, id), after: await tableAt(next, id) });
  const drawn = numbers(2_026);
  const locks = rowsOf('locks') as { id: string; iq_id: string }[];
  const acts = new Set<string>();
  for (let asked = 0; asked < 10_000; asked += 1) {
    const lock = locks[drawn(locks.length)];
    const both = tables.get(lock?.iq_id ?? '');
    if (lock === undefined || both === undefined) throw new Error('a lock without table');
    const question = {
      lockId: lock.id,
      door: {
        officeMode: 'none',
        privacy: drawn(5) === 0,
        tagRegistration: false,
        keypadLockedOut: false,
      },
      presentation: presented(drawn),
      now: new Date(Date.UTC(2026, drawn(12), 1 + drawn(28), drawn(24), drawn(60))),
      serverGoneSince: drawn(3) === 0 ? new Date(Date.UTC(2026, drawn(12), 1 + drawn(28))) : null,
    } as const;
    const before = decide({ ...question, table: both.before });
    const after = decide({ ...question, table: both.after });
    expect(after).toEqual({ ...before, accessorId: mapped(before.accessorId) });
    acts.add(`${before.act} ${before.rejectReason ?? ''}`);
  }
  // The questions were not all alike.
  expect(acts.size).toBeGreaterThan(8);
  // A second export says what the first did, under the ids of here.
  const publicKey = keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  const place = `/collections/${String((file['collection'] as Json)['id'])}/export`;
  const again = await next.ask('GET', `${place}?public_key=${encodeURIComponent(publicKey)}`);
  expect([again.status, again.text.slice(0, 300)]).toEqual([200, expect.any(String)]);
  const brought = result.id_map.reduce(
    (text, { old_id: old, new_id: id }) => text.replaceAll(old, id),
    JSON.stringify(file),
  );
  for (const name of ['collection', ...exportSections])
    expect([name, sorted((again.json as Json)[name])]).toEqual([
      name,
      sorted((JSON.parse(brought) as Json)[name]),
    ]);
  expect((again.json as Rows)['people']?.length).toBe(8);
  // A code that is somebody's already, under whatever key, is given to nobody else.
  const { id: newcomer } = await create(next, '/accessors');
  const custom = await next.ask('PUT', `/accessors/${newcomer}/pin/custom`, {
    body: { pin: '200007' },
  });
  expect(refusal(custom)).toBe('400 1101');
});

it('people who are known where they come to are these, and have the places they had', async () => {
  const { pool } = next.database;
  const people = new Map(rowsOf('people').map((one) => [String(one['email']).slice(0, 2), one]));
  const [acquainted, withAccount] = ['P3', 'P4'].map((name) => people.get(name));
  const elsewhere = await next.addTenant('Elsewhere');
  const token = await next.token('core_api.full', elsewhere);
  const [userId, loginId] = [randomUUID(), randomUUID()];
  await pool.query(
    `insert into users (tenant_id, id, email, first_name, created_at) values ($1, $2, lower($3), 'Own', now())`,
    [elsewhere.tenantId, userId, acquainted?.['email']],
  );
  await pool.query(
    `insert into logins (id, email, first_name, email_verified, created_at) values ($1, $2, 'Of', true, now())`,
    [loginId, withAccount?.['email']],
  );
  const strange = {
    locks: rowsOf('locks').map((one) => ({ ...one, code: `D${String(one['code']).slice(1)}` })),
    tags: rowsOf('tags').map((one) => ({ ...one, tag_number: `8${String(one['tag_number'])}` })),
  };
  const body = { kind: 'site_import', export: await signAnew({ ...file, ...strange }) };
  const answer = await next.ask('POST', '/migrations', { body, token });
  expect([answer.status, answer.text.slice(0, 300)]).toEqual([200, expect.any(String)]);
  const { rows } = await pool.query<Json>(
    `select p.id, p.login_id, p.email, p.first_name, a.alias, a.role_ids from accessors a
       join people p on p.tenant_id = a.tenant_id and p.id = a.user_id where a.tenant_id = $1 order by a.alias`,
    [elsewhere.tenantId],
  );
  const siteUser = ['8f6081a3-80fb-11e8-a892-000d3a221c5b'];
  expect(rows).toHaveLength(8);
  expect(rows[2]).toMatchObject({ id: userId, first_name: 'Own', role_ids: siteUser });
  expect(rows[3]).toMatchObject({ login_id: loginId, first_name: 'Of', role_ids: siteUser });
  expect(rows[4]).toMatchObject({ login_id: null, first_name: 'First5', alias: 'Alias5' });
  const site = await pool.query<Json>(
    `select site_uid is not null as named, owner_user_id from collections where tenant_id = $1`,
    [elsewhere.tenantId],
  );
  expect(site.rows).toEqual([{ named: true, owner_user_id: rows[1]?.['id'] }]);
});

it('a collection that hangs together with another is not handed over, and nothing of it moves', async () => {
  const other = await former.addTenant('Third');
  const token = await former.token('core_api.full', other);
  const elsewhere = await create(former, '/collections');
  const { id: guest } = await create(former, '/accessors', { collection_id: elsewhere.id });
  const [lock] = rowsOf('locks');
  const group = await createOpenGroup(former, {
    accessors: [guest],
    locks: [String(lock?.['id'])],
  });
  const take = async (): Promise<Answer> => {
    const given = await former.ask('POST', `/collections/${collectionId}/transfer_token`);
    const { token: transfer } = given.json as { token: string };
    const body = { kind: 'site_transfer', transfer_token: transfer };
    return former.ask('POST', '/migrations', { body, token });
  };
  const refused = await take();
  expect([refusal(refused), refused.text]).toEqual([
    '400 2223',
    expect.stringContaining('reference_broken: an accessor of another collection'),
  ]);
  expect((await former.ask('GET', `/collections/${collectionId}`)).status).toBe(200);
  expect((await former.ask('DELETE', `/access_groups/${group}`)).status).toBe(204);
  const known = randomUUID();
  await former.database.pool.query(
    `insert into users (tenant_id, id, email, created_at) values ($1, $2, lower($3), now())`,
    [other.tenantId, known, rowsOf('people').find(({ email }) => email !== null)?.['email']],
  );
  const taken = await take();
  expect([taken.status, taken.text.slice(0, 300)]).toEqual([200, expect.any(String)]);
  const { id_map: people } = taken.json as MigrationResult;
  expect(people.map(({ new_id: id }) => id)).toEqual([known]);
  const after = await former.ask('GET', `/collections/${collectionId}/export`, { token });
  const moved = JSON.parse(JSON.stringify(file).replaceAll(people[0]?.old_id ?? '', known)) as Rows;
  for (const name of ['site_roles', 'pods', 'pod_users', 'message_rules', 'message_recipients'])
    expect([name, sorted((after.json as Rows)[name])]).toEqual([name, sorted(moved[name])]);
  expect(sorted((after.json as Rows)['accessors'])).toEqual(sorted(moved['accessors']));
  // Who has no place at the former tenant any more is nobody there.
  const left = await former.database.pool.query('select 1 from users where tenant_id = $1', [
    former.tenant.tenantId,
  ]);
  expect(left.rowCount).toBe(0);
  expect((await former.ask('GET', `/collections/${collectionId}`)).status).toBe(404);
  expect((await former.ask('GET', `/collections/${collectionId}`, { token })).status).toBe(200);
});

it('a transfer knows every table that refers to what it moves', async () => {
  const { rows } = await next.database.pool.query<{ held: string; isDeferrable: boolean }>(
    `select c.conrelid::regclass::text as held, c.condeferrable as "isDeferrable" from pg_constraint c
      where c.contype = 'f' and cardinality(c.conkey) > 1 and c.confrelid::regclass::text = any ($1)`,
    [movedTables],
  );
  const left = new Set(rows.map(({ held }) => held).filter((held) => !movedTables.includes(held)));
  expect([...left].sort()).toEqual([...endedTables].sort());
  expect(rows.filter(({ isDeferrable }) => !isDeferrable).map(({ held }) => held)).toEqual([]);
});
