/** Exports and imports over HTTP: every check by its name, hostile files, and the same answers at every door. */
import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, FlattenedSign } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DesiredItem } from '#contract/access-table';
import { ExportFile } from '#contract/exports';
import { decide } from '#access/decision';
import { hashPin } from '#access/pins';
import type { Presentation } from '#access/presentation';
import { tableOf, type AccessTable } from '#access/table';
import { canonicalJson } from '#server/domain/export-signature';
import { endedTables, movedTables } from '#server/store/site-transfers';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { create, createOpenGroup, refusal } from '#test/kit/core';

type Json = Record<string, unknown>;
type Rows = Record<string, Json[]>;

let former: TestServer;
let next: TestServer;
let collectionId: string;
let file: Json;
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const privateKey = keys.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
const signing = generateKeyPairSync('ed25519');

beforeAll(async () => {
  former = await startTestServer();
  next = await startTestServer();
  collectionId = (await create(former, '/collections', { time_zone: 'Europe/Amsterdam' })).id;
  await seed();
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

const counts = { locks: 12, people: 40, groups: 10 };
const uuid = (kind: string, n: string | number): string =>
  `md5('${kind}' || ${String(n)} || '$c')::uuid`;

/** Two IQs, their locks, people with tags, codes and plates, groups of all kinds. */
async function seed(): Promise<void> {
  const { pool } = former.database;
  const tenant = former.tenant.tenantId;
  const { rows } = await pool.query<{ key: string }>(
    `select encode(pin_hash_key, 'base64') as key from tenants where id = $1`,
    [tenant],
  );
  const own = `'${tenant}'::uuid`;
  const here = `'${collectionId}'::uuid`;
  const run = (text: string) => pool.query(text.replaceAll('$c', collectionId));
  await run(`insert into iqs (tenant_id, id, mac, collection_id, time_zone, subscribed, has_been_subscribed, otp_enabled, state,
      vendor_reference, created_at)
    select ${own}, ${uuid('iq', 'n')}, '03.E4.AD', ${here}, 'Europe/Amsterdam', true, true, false, 'active', 'sallis', now()
    from generate_series(1, 2) n`);
  await run(
    `insert into locks (tenant_id, id, mac, code, collection_id, vendor_reference, iq_link_state, lock_type, iq_id,
      tree_position, slot, license_plate_camera, created_at)
    select ${own}, ${uuid('lock', 'n')}, '01', lpad(to_hex(n), 14, 'A'), ${here}, 'sallis', 'attached', 'wall_reader_pin',
      ${uuid('iq', '(1 + n % 2)')}, n, n, n % 3 = 0, now() from generate_series(1, ${counts.locks}) n`.replace(
      "lpad(to_hex(n), 14, 'A')",
      "upper(lpad(to_hex(n), 14, 'A'))",
    ),
  );
  await run(`insert into accessors (tenant_id, id, collection_id, blocked, override_privacy_mode, toggle_manual_office_mode,
      created_at)
    select ${own}, ${uuid('accessor', 'n')}, ${here}, n % 11 = 0, n % 5 = 0, n % 4 = 0, now()
    from generate_series(1, ${counts.people}) n`);
  await run(`insert into collection_settings (tenant_id, id, accessor_id, collection_id, suspended, use_pin, created_at)
    select ${own}, ${uuid('setting', 'n')}, ${uuid('accessor', 'n')}, ${here}, n % 9 = 0, n % 2 = 0, now()
    from generate_series(1, ${counts.people}, 3) n`);
  await run(`insert into tags (tenant_id, id, tag_number, collection_id, expiry_date, added_date, created_at)
    select ${own}, ${uuid('tag', 'n')}, lpad(n::text, 8, '0'), ${here},
      case when n % 7 = 0 then timestamptz '2026-06-01' end, now(), now() from generate_series(1, ${counts.people}) n`);
  await run(`insert into keys (tenant_id, id, accessor_id, key_type, credential_id, blocked, created_at)
    select ${own}, ${uuid('key', 'n')}, ${uuid('accessor', 'n')}, 'tag', ${uuid('tag', 'n')}, n % 13 = 0, now()
    from generate_series(1, ${counts.people}) n`);
  for (let n = 1; n <= counts.people; n += 1) {
    const values = [hashPin(String(200_000 + n), rows[0]?.key ?? ''), `PLATE${String(n)}`];
    for (const [index, type] of ['pin', 'license_plate'].entries())
      await run(`insert into keys (tenant_id, id, accessor_id, key_type, credential_id, credential_value, created_at)
        values (${own}, ${uuid(type, n)}, ${uuid('accessor', n)}, '${type}', ${uuid(type, n)}, '${values[index] ?? ''}', now())`);
  }
  await run(`insert into access_groups (tenant_id, id, collection_id, created_at)
    select ${own}, ${uuid('group', 'n')}, case when n % 3 > 0 then ${here} end, now() from generate_series(1, ${counts.groups}) n`);
  await run(`insert into access_group_accessors (tenant_id, access_group_id, accessor_id)
    select ${own}, ${uuid('group', 'g')}, ${uuid('accessor', 'n')} from generate_series(1, ${counts.groups}) g,
      generate_series(1, ${counts.people}) n where (n * 7 + g * 3) % 5 = 0`);
  await run(`insert into access_group_locks (tenant_id, access_group_id, lock_id)
    select ${own}, ${uuid('group', 'g')}, ${uuid('lock', 'n')} from generate_series(1, ${counts.groups}) g,
      generate_series(1, ${counts.locks}) n where (n + g) % 3 = 0`);
  await run(`insert into time_schedules (tenant_id, id, access_group_id, start_time, end_time, start_date, monday, tuesday,
      wednesday, thursday, friday, saturday, sunday, created_at)
    select ${own}, ${uuid('schedule', 'g')}, ${uuid('group', 'g')}, make_time(g, 0, 0), make_time((g * 5) % 24, 59, 59),
      case when g = 4 then timestamp '2026-07-01' end, true, g % 2 = 0, true, g % 3 = 0, true, g % 4 = 0, true, now()
    from generate_series(2, ${counts.groups}) g`);
  await run(`update collections set masterkey_id = ${uuid('tag', 5)}, options = '{"tags_from_other_sites": false}'
    where id = ${here}`);
}

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
  const who = 1 + drawn(counts.people + 3);
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

async function sign(changed: Json, key: KeyObject = signing.privateKey): Promise<Json> {
  const { signature: _former, ...rest } = changed;
  const jwk = signing.publicKey.export({ format: 'jwk' });
  const document = { ...rest, installation: await calculateJwkThumbprint(jwk) };
  const signed = await new FlattenedSign(Buffer.from(canonicalJson(document)))
    .setProtectedHeader({ alg: 'EdDSA' })
    .sign(key);
  const shown = { public_key: jwk, protected: signed.protected, signature: signed.signature };
  return { ...document, signature: shown };
}

const rowsOf = (name: string): Json[] => (file as Rows)[name] ?? [];

async function importing(exported: unknown, more: Json = {}): Promise<Answer> {
  const body = { kind: 'site_import', export: exported, dry_run: true, ...more };
  return next.ask('POST', '/migrations', { body });
}

async function changing(change: Json): Promise<Answer> {
  return importing(await sign({ ...file, ...change }));
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

  it('is not another tenant’s to read, nor for small scopes', async () => {
    const other = await former.addTenant('Second');
    const path = `/collections/${collectionId}/export`;
    const token = await former.token('core_api.full', other);
    expect(refusal(await former.ask('GET', path, { token }))).toBe('404 1101');
    const small = await former.token('core_api.standard');
    expect((await former.ask('GET', path, { token: small })).status).toBe(403);
  });
});

describe('checks', () => {
  const aborts = async (answer: Promise<Answer>, check: string): Promise<void> => {
    const { status, text } = await answer;
    expect([status, text]).toEqual([400, expect.stringContaining(`2223`)]);
    expect(text).toContain(`Migration aborted: ${check}:`);
  };

  it('signature: none, a changed file, another key, another name', async () => {
    await aborts(importing({ ...file, signature: undefined }), 'signature');
    await aborts(importing({ ...file, exported_at: '2020-01-01T00:00:00Z' }), 'signature');
    const stranger = generateKeyPairSync('ed25519').privateKey;
    await aborts(importing(await sign(file, stranger)), 'signature');
    const renamed = { ...(await sign(file)), installation: file['installation'] };
    await aborts(importing(renamed), 'signature');
  });

  it('version', async () => {
    await aborts(changing({ version: 2 }), 'version');
    await aborts(changing({ format: 'other' }), 'version');
  });

  it('target_not_empty, and a target that is none', async () => {
    const { id } = await create(next, '/collections');
    await create(next, '/accessors', { collection_id: id });
    await aborts(importing(file, { target_collection_id: id }), 'target_not_empty');
    const nothing = await importing(file, { target_collection_id: randomUUID() });
    expect(refusal(nothing)).toBe('400 1101');
  });

  it('id_taken: an id that occurs twice', async () => {
    const [first, ...others] = rowsOf('locks');
    await aborts(changing({ locks: [first, { ...others[0], id: first?.['id'] }] }), 'id_taken');
  });

  it('hardware_claimed: in the file twice, or here already', async () => {
    const [first, second] = rowsOf('locks');
    const twin = { ...second, code: first?.['code'] };
    await aborts(changing({ locks: [first, twin] }), 'hardware_claimed');
    const { id } = await create(next, '/locks', { activation_code: first?.['code'] });
    await aborts(importing(file), 'hardware_claimed');
    expect((await next.ask('DELETE', `/locks/${id}`)).status).toBe(204);
  });

  it('limits, time_zone, vendor', async () => {
    const iqs = rowsOf('iqs');
    await aborts(changing({ iqs: iqs.map((iq) => ({ ...iq, limits: { locks: 5 } })) }), 'limits');
    const zone = iqs.map((iq) => ({ ...iq, time_zone: 'Mars/Olympus' }));
    await aborts(changing({ iqs: zone }), 'time_zone');
    const vendor = iqs.map((iq) => ({ ...iq, vendor_reference: 'nobody' }));
    await aborts(changing({ iqs: vendor }), 'vendor');
  });

  it('reference_broken: ids of others, loops, pairs twice, days that are none', async () => {
    const strange = rowsOf('keys').map((key) => ({ ...key, accessor_id: randomUUID() }));
    await aborts(changing({ keys: strange }), 'reference_broken');
    const pairs = rowsOf('access_group_locks');
    await aborts(changing({ access_group_locks: [...pairs, pairs[0]] }), 'reference_broken');
    const hung = rowsOf('locks').map((lock) => ({ ...lock, repeater_id: lock['id'] }));
    await aborts(changing({ locks: hung }), 'reference_broken');
    const tags = rowsOf('tags').map((one) => ({ ...one, created_at: '2025-02-29T00:00:00Z' }));
    await aborts(changing({ tags }), 'reference_broken');
  });

  it('token: none that is known', async () => {
    const body = { kind: 'site_transfer', transfer_token: 'guess' };
    await aborts(next.ask('POST', '/migrations', { body }), 'token');
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
    const harmless = await sign({ ...file, ...named, accessors: odd });
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
      serverGoneSince: null,
    } as const;
    const before = decide({ ...question, table: both.before });
    const after = decide({ ...question, table: both.after });
    expect(after).toEqual({ ...before, accessorId: mapped(before.accessorId) });
    acts.add(`${before.act} ${before.rejectReason ?? ''}`);
  }
  // The questions were not all alike.
  expect(acts.size).toBeGreaterThan(8);
  // A code that is somebody's already, under whatever key, is given to nobody else.
  const { id: newcomer } = await create(next, '/accessors');
  const custom = await next.ask('PUT', `/accessors/${newcomer}/pin/custom`, {
    body: { pin: '200007' },
  });
  expect(refusal(custom)).toBe('400 1101');
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
  expect((await take()).status).toBe(200);
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
