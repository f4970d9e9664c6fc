/** Pictures of floors and the places of locks on them, as a stranger sends and reads them (docs/floors.md). */
import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { createOpenGroup, refusal } from '#test/kit/core';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { jpegOf, pngOf, webpOf } from '#test/kit/pictures';
import { insertLock } from '#test/kit/rows';

let server: TestServer;
let siteId: string;
let owner: TestPerson;
let user: TestPerson;
beforeAll(async () => {
  server = await startTestServer({ settings: { ROLES: 'http' } });
  siteId = await addSite(server);
  owner = await addPerson(server, { siteId, role: 'owner' });
  user = await addPerson(server, { siteId, role: 'site_user' });
});
afterAll(async () => {
  await server.stop();
});

type Floor = { readonly id: string; readonly locks: readonly string[]; readonly path: string };

/** A floor with so many locks; `path` is its plan. */
async function floor(locks = 0): Promise<Floor> {
  const on: string[] = [];
  for (let n = 0; n < locks; n += 1) on.push(await insertLock(server, { collection_id: siteId }));
  const body = { number: 1, customer_reference: 'First', locks: on };
  const made = await server.ask('POST', `//v1.2/sites/${siteId}/floors`, {
    token: owner.token,
    body,
  });
  const { id } = made.json as { id: string };
  return { id, locks: on, path: `//ext/v1/sites/${siteId}/floors/${id}/plan` };
}

const ask = (method: string, path: string, body?: unknown, by = owner): Promise<Answer> =>
  server.ask(method, path, { token: by.token, ...(body === undefined ? {} : { body }) });

/** Sends bytes as a file, as curl does. */
async function upload(path: string, bytes: Buffer, type = 'image/png'): Promise<Answer> {
  const response = await fetch(server.url + path.slice(1) + '/image', {
    method: 'PUT',
    headers: { authorization: `Bearer ${owner.token}`, 'content-type': type },
    body: new Uint8Array(bytes),
  });
  const text = await response.text();
  const json: unknown = text === '' ? undefined : JSON.parse(text);
  return { status: response.status, headers: response.headers, text, json };
}

async function picture(path: string, headers: Record<string, string> = {}) {
  const response = await fetch(server.url + path.slice(1) + '/image', {
    headers: { authorization: `Bearer ${owner.token}`, ...headers },
  });
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
}

const small = pngOf({ width: 4, height: 3 });
const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

it('a floor without a picture says so, and one with a picture what it is', async () => {
  const { id, path } = await floor();
  expect((await ask('GET', path)).json).toEqual({ floor_id: id, image: null, locks: [] });
  expect((await ask('GET', `${path}/image`)).json).toEqual({
    ErrorCode: '2202',
    Message: 'Floor plan not found',
  });
  const plan = {
    floor_id: id,
    image: {
      media_type: 'image/png',
      width: 4,
      height: 3,
      bytes: small.length,
      digest: hash(small),
      created_at: expect.stringMatching(/Z$/) as string,
    },
    locks: [],
  };
  const sent = await upload(path, small);
  expect([sent.status, sent.json]).toEqual([200, plan]);
  expect((await ask('GET', path)).json).toEqual(plan);
});

it('a picture is served to who may see it, once for each browser', async () => {
  const { path } = await floor();
  await upload(path, small, 'text/html');
  const { response, bytes } = await picture(path);
  expect(bytes.equals(small)).toBe(true);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'image/png',
    'cache-control': 'private, no-cache',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    etag: `"${hash(small)}"`,
  });
  const again = await picture(path, { 'if-none-match': `"x", W/"${hash(small)}"` });
  expect([again.response.status, again.bytes.length]).toEqual([304, 0]);
  await upload(path, webpOf({ width: 20, height: 10 }));
  const changed = await picture(path, { 'if-none-match': `"${hash(small)}"` });
  expect([changed.response.status, changed.response.headers.get('content-type')]).toEqual([
    200,
    'image/webp',
  ]);
  const nobody = await fetch(`${server.url}${path.slice(1)}/image`);
  expect([nobody.status, await nobody.text()]).toEqual([401, '']);
});

it('where and with what a picture was taken is not kept, and which side is up is', async () => {
  const note = 'GPS 52.37 N 4.89 E, taken by Ada';
  const says: Buffer[] = [
    jpegOf({ width: 300, height: 200, note, orientation: 6 }),
    pngOf({
      width: 200,
      height: 300,
      more: [
        ['tEXt', Buffer.from(`Comment\0${note}`)],
        ['eXIf', Buffer.from(note)],
      ],
    }),
    webpOf({ width: 200, height: 300, note }),
    Buffer.concat([pngOf({ width: 200, height: 300 }), Buffer.from(`<script>${note}</script>`)]),
  ];
  const { path } = await floor();
  for (const sent of says) {
    expect(sent.includes(note)).toBe(true);
    const answer = await upload(path, sent);
    expect(answer.json).toMatchObject({ image: { width: 200, height: 300 } });
    const { bytes } = await picture(path);
    expect([bytes.includes('GPS'), bytes.length < sent.length]).toEqual([false, true]);
    // What is kept is a whole picture of the same kind, of which nothing more is left out.
    const twice = await upload(path, bytes);
    expect(twice.json).toMatchObject({ image: { width: 200, height: 300, digest: hash(bytes) } });
  }
});

it('what is no picture is not taken, whatever it is called', async () => {
  const { path } = await floor();
  await upload(path, small);
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';
  const jpeg = jpegOf({ width: 9, height: 9 });
  const webp = webpOf({ width: 9, height: 9 });
  const lying = Buffer.from(small);
  lying[20] = (lying[20] ?? 0) ^ 1;
  const long = Buffer.from(small);
  long.writeUInt32BE(0xffff_fff0, 33);
  const huge = { width: 10_001, height: 1 };
  const many = { width: 9_000, height: 9_000 };
  const wrong: readonly (readonly [what: string, bytes: Buffer, refused: string])[] = [
    ['nothing', Buffer.alloc(0), '400 1100'],
    ['a drawing that may hold scripts', Buffer.from(svg), '415 1100'],
    ['a page', Buffer.from('<html>'), '415 1100'],
    ['a GIF', Buffer.from('GIF89a\x01\0\x01\0'), '415 1100'],
    ['a PDF', Buffer.from('%PDF-1.7'), '415 1100'],
    ['a PNG by its first bytes alone', small.subarray(0, 8), '400 1101'],
    ['a PNG without pixels', small.subarray(0, 33), '400 1101'],
    ['a PNG cut short', small.subarray(0, small.length - 5), '400 1101'],
    ['a PNG whose sums are wrong', lying, '400 1101'],
    ['a PNG with a part longer than itself', long, '400 1101'],
    [
      'a PNG of no width',
      pngOf({ width: 1, height: 1, says: { width: 0, height: 1 } }),
      '400 1101',
    ],
    ['a PNG wider than is taken', pngOf({ width: 1, height: 1, says: huge }), '400 1101'],
    ['a PNG that unpacks to gigabytes', pngOf({ width: 1, height: 1, says: many }), '400 1101'],
    ['a JPEG by its first bytes alone', Buffer.from('ffd8ffe0', 'hex'), '400 1101'],
    ['a JPEG cut short', jpeg.subarray(0, jpeg.length - 2), '400 1101'],
    ['a JPEG without pixels', Buffer.from('ffd8ffd9', 'hex'), '400 1101'],
    ['a JPEG of no height', jpegOf({ width: 9, height: 0 }), '400 1101'],
    ['a WebP cut short', webp.subarray(0, webp.length - 9), '400 1101'],
    ['a WebP of no part', Buffer.from('RIFF\x04\0\0\0WEBP'), '400 1101'],
    ['a WebP longer than itself', Buffer.from('RIFF\xff\xff\xff\x7fWEBP', 'latin1'), '400 1101'],
    ['more than 4 MiB', Buffer.concat([small, Buffer.alloc(4 * 1024 * 1024)]), '413 1100'],
  ];
  for (const [what, bytes, refused] of wrong)
    expect([what, refusal(await upload(path, bytes))]).toEqual([what, refused]);
  const json = await ask('PUT', `${path}/image`, { image: 'x' });
  expect(refusal(json)).toBe('415 1100');
  expect((await picture(path)).bytes.equals(small)).toBe(true);
});

it('another picture takes the place of the first, and the locks stay where they are', async () => {
  const { path, locks } = await floor(1);
  await upload(path, small);
  const places = [{ lock_id: locks[0], x: 0.25, y: 1 }];
  expect((await ask('PUT', `${path}/locks`, { locks: places })).status).toBe(200);
  const answer = await upload(path, jpegOf({ width: 30, height: 20 }), 'image/jpeg');
  expect(answer.json).toMatchObject({ image: { media_type: 'image/jpeg' }, locks: places });
  const { rows } = await server.database.pool.query<{ action: string; changes: unknown }>(
    `select action, (select body from audit_changes c where c.tenant_id = l.tenant_id and c.number = l.number) as changes
     from audit_log l where l.object_id = $1 order by number`,
    [path.split('/').at(-2)],
  );
  expect(rows.map(({ action }) => action)).toEqual([
    'floor.create',
    'floor_plan.replace',
    'floor_plan.place',
    'floor_plan.replace',
  ]);
  expect(JSON.stringify(rows[2]?.changes)).toContain(`lock ${String(locks[0])}`);
});

it('locks are put in their places all at once or one by one', async () => {
  const { path, locks } = await floor(3);
  const [first = '', second = '', third = ''] = [...locks].sort();
  const one = (lock: string) => `${path}/locks/${lock}`;
  expect((await ask('PUT', one(first), { x: 0, y: 0 })).json).toMatchObject({ ErrorCode: '2202' });
  await upload(path, small);
  const all = [
    { lock_id: first, x: 0, y: 1 },
    { lock_id: second, x: 0.125, y: 0.5 },
  ];
  expect((await ask('PUT', `${path}/locks`, { locks: all })).json).toMatchObject({ locks: all });
  const put = await ask('PUT', one(third), { x: '0.75', y: 0.3 });
  expect([put.status, put.json]).toEqual([200, { lock_id: third, x: 0.75, y: 0.3 }]);
  await ask('PUT', one(first), { x: 1, y: 1 });
  expect((await ask('GET', path)).json).toMatchObject({
    locks: [{ lock_id: first, x: 1, y: 1 }, all[1], put.json],
  });
  expect((await ask('DELETE', one(first))).status).toBe(204);
  expect(refusal(await ask('DELETE', one(first)))).toBe('404 2202');
  expect((await ask('PUT', `${path}/locks`, { locks: [all[1]] })).json).toMatchObject({
    locks: [all[1]],
  });
  expect((await ask('PUT', `${path}/locks`, { locks: [] })).json).toMatchObject({ locks: [] });
});

it('a place is on the picture, of a lock that is on the floor, and of one only', async () => {
  const { path, locks } = await floor(1);
  const [lock = ''] = locks;
  await upload(path, small);
  await ask('PUT', `${path}/locks/${lock}`, { x: 0.5, y: 0.5 });
  const elsewhere = (await floor(1)).locks[0] ?? '';
  const foreign = await insertLock(server, { collection_id: await addSite(server) });
  for (const other of [elsewhere, foreign, randomUUID()]) {
    const message = { ErrorCode: '2202', Message: 'Lock not found' };
    expect((await ask('PUT', `${path}/locks/${other}`, { x: 0, y: 0 })).json).toEqual(message);
    const body = { locks: [{ lock_id: other, x: 0, y: 0 }] };
    expect((await ask('PUT', `${path}/locks`, body)).json).toEqual(message);
  }
  for (const [body, refused] of [
    [{ x: 1.01, y: 0 }, '400 1101'],
    [{ x: 0, y: -0.001 }, '400 1101'],
    [{ x: 0 }, '400 1100'],
    [{ x: 'left', y: 0 }, '400 1100'],
    [{ x: null, y: 0 }, '400 1100'],
  ] as const)
    expect(refusal(await ask('PUT', `${path}/locks/${lock}`, body))).toBe(refused);
  const place = { lock_id: lock, x: 0, y: 0 };
  expect(refusal(await ask('PUT', `${path}/locks`, { locks: [place, place] }))).toBe('400 1101');
  expect(refusal(await ask('PUT', `${path}/locks`, { locks: 'x' }))).toBe('400 1100');
  expect((await ask('GET', path)).json).toMatchObject({ locks: [{ x: 0.5, y: 0.5 }] });
});

it('a lock that leaves its floor leaves its place, and finds none when it comes back', async () => {
  const { id, path, locks } = await floor(2);
  await upload(path, small);
  const places = locks.map((lock) => ({ lock_id: lock, x: 0.1, y: 0.2 }));
  await ask('PUT', `${path}/locks`, { locks: places });
  const move = (body: object) => ask('PATCH', `//v1.2/sites/${siteId}/floors/${id}`, body);
  await move({ locks_to_remove: [locks[0]] });
  await move({ locks_to_add: [locks[0]] });
  expect((await ask('GET', path)).json).toMatchObject({ locks: [places[1]] });
  await server.ask('DELETE', `/locks/${String(locks[1])}`);
  expect((await ask('GET', path)).json).toMatchObject({ locks: [] });
});

it('a plan that is removed takes its places along, and its floor and locks stay', async () => {
  const { id, path, locks } = await floor(1);
  expect(refusal(await ask('DELETE', path))).toBe('404 2202');
  await upload(path, small);
  await ask('PUT', `${path}/locks/${String(locks[0])}`, { x: 0.5, y: 0.5 });
  expect((await ask('DELETE', path)).status).toBe(204);
  expect((await ask('GET', path)).json).toEqual({ floor_id: id, image: null, locks: [] });
  await upload(path, small);
  expect((await ask('GET', path)).json).toMatchObject({ locks: [] });
  const shown = await ask('GET', `//v1.2/sites/${siteId}/floors/${id}`);
  expect(shown.json).toMatchObject({ lock_count: 1 });
  await ask('DELETE', `//v1.2/sites/${siteId}/floors/${id}?force=true`);
  const { rows } = await server.database.pool.query(
    'select 1 from floor_plans where floor_id = $1 union all select 1 from floor_plan_locks where floor_id = $1',
    [id],
  );
  expect(rows).toEqual([]);
});

it('an ordinary user sees the picture of a floor and of its locks those in reach', async () => {
  const { path, locks } = await floor(2);
  await upload(path, small);
  const places = locks.map((lock) => ({ lock_id: lock, x: 0.1, y: 0.2 }));
  await ask('PUT', `${path}/locks`, { locks: places });
  const hidden = { ErrorCode: '2202', Message: 'Floor not found' };
  for (const of of [path, `${path}/image`])
    expect((await ask('GET', of, undefined, user)).json).toEqual(hidden);
  const [given = ''] = locks;
  await createOpenGroup(server, { accessors: [user.accessorId ?? ''], locks: [given] });
  expect((await ask('GET', path, undefined, user)).json).toMatchObject({ locks: [places[0]] });
  expect((await ask('GET', `${path}/image`, undefined, user)).status).toBe(200);
  for (const [method, of] of [
    ['PUT', `${path}/image`],
    ['DELETE', path],
    ['PUT', `${path}/locks`],
    ['PUT', `${path}/locks/${given}`],
    ['DELETE', `${path}/locks/${given}`],
  ] as const) {
    const refused = await ask(method, of, method === 'PUT' ? {} : undefined, user);
    expect([refused.status, refused.text]).toEqual([403, '']);
  }
});

it('a plan of another site, or of another tenant, is not there', async () => {
  const { id, path } = await floor();
  await upload(path, small);
  const other = await addSite(server);
  const its = await addPerson(server, { siteId: other, role: 'owner' });
  const tenant = await server.addTenant('Next door');
  const foreign = await addSite(server, tenant);
  const theirs = await addPerson(server, { siteId: foreign, role: 'owner', tenant });
  for (const [site, by] of [
    [other, its],
    [foreign, theirs],
  ] as const)
    for (const [method, rest] of [
      ['GET', ''],
      ['DELETE', ''],
      ['GET', '/image'],
      ['PUT', '/image'],
      ['PUT', '/locks'],
    ] as const) {
      const answer = await ask(
        method,
        `//ext/v1/sites/${site}/floors/${id}/plan${rest}`,
        method === 'PUT' ? {} : undefined,
        by,
      );
      expect(answer.json).toEqual({ ErrorCode: '2202', Message: 'Floor not found' });
    }
  expect((await ask('GET', path)).json).toMatchObject({ image: { width: 4 } });
});

it('the plans of a site have 32 MiB together', async () => {
  const { path } = await floor();
  await server.database.pool.query(
    `with many as (
       insert into floors (tenant_id, id, collection_id, created_at)
       select $1, gen_random_uuid(), $2, now() from generate_series(1, 8) returning tenant_id, id)
     insert into floor_plans select tenant_id, id, 'image/png', 1, 1, convert_to(repeat('x', 4194300), 'UTF8'), '', now() from many`,
    [server.tenant.tenantId, siteId],
  );
  const answer = await upload(path, small);
  expect([answer.status, answer.text]).toEqual([403, expect.stringContaining('32 MiB together')]);
});
