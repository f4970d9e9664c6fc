import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeProtectedHeader, type JWK } from 'jose';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTokenCheck } from '#server/http/token';
import { createRandomIds } from '#server/runtime/ids';
import { listSigningKeys } from '#server/store/signing-keys';
import { createTestDatabase, silentLog, type TestDatabase } from '#test/kit/database';
import {
  basic,
  makeTestClient,
  postToken,
  startTestIdentity,
  type TestIdentity,
} from '#test/kit/identity-server';
import { until } from '#test/kit/wait';
import { KEY_FILE, openKeyFile } from './key-file.ts';
import { createSigningKeys, KEPT_AFTER_MS, KEY_LIFE_MS, planKeys } from './signing-keys.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let kit: TestDatabase;
let folder: string;

beforeEach(async () => {
  kit ??= await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'cardea-keys-'));
});

afterEach(async () => {
  await kit.database.pool.query('delete from signing_keys');
  await rm(folder, { recursive: true });
});

afterAll(() => kit.drop());

async function publishedKids(server: TestIdentity): Promise<string[]> {
  const response = await fetch(`${server.issuer}/.well-known/openid-configuration/jwks`);
  const { keys } = (await response.json()) as { keys: JWK[] };
  return keys.map(({ kid }) => kid ?? '');
}

async function takeToken(server: TestIdentity): Promise<string> {
  const { id, secret } = await makeTestClient(server);
  const answer = await postToken(server.issuer, {
    body: { grant_type: 'client_credentials' },
    headers: basic(id, secret),
  });
  return String(answer.body['access_token']);
}

describe('the plan of keys', () => {
  const now = new Date('2026-03-02T10:00:00Z');
  const at = (ms: number): Date => new Date(now.getTime() + ms);
  const key = (kid: string, activeFromMs: number, sealedBy = 'here') => ({
    kid,
    sealedBy,
    activeFrom: at(activeFromMs),
  });

  it.each([
    ['the first key is used at once', [], { addFrom: at(0), retire: [] }],
    ['a young key needs nothing', [key('a', -DAY_MS)], { addFrom: undefined, retire: [] }],
    [
      'a key of another machine does not serve here',
      [key('a', -DAY_MS, 'there')],
      { addFrom: at(0), retire: [] },
    ],
    [
      'the next key is published 24 h before the end of the last',
      [key('a', -KEY_LIFE_MS + DAY_MS)],
      { addFrom: at(DAY_MS), retire: [] },
    ],
    [
      'and not a second earlier',
      [key('a', -KEY_LIFE_MS + DAY_MS + 1000)],
      { addFrom: undefined, retire: [] },
    ],
    [
      'after a long pause the next key still waits its 24 h',
      [key('a', -KEY_LIFE_MS - 10 * DAY_MS)],
      { addFrom: at(DAY_MS), retire: [] },
    ],
    [
      'a superseded key stays while its tokens live',
      [key('a', -KEY_LIFE_MS), key('b', -KEPT_AFTER_MS)],
      { addFrom: undefined, retire: [] },
    ],
    [
      'and is retired when the last has expired',
      [key('a', -KEY_LIFE_MS), key('b', -KEPT_AFTER_MS - 1)],
      { addFrom: undefined, retire: ['a'] },
    ],
    [
      'keys that nobody came back for are retired, and the own one is replaced at once',
      [key('a', -3 * KEY_LIFE_MS, 'there'), key('b', -3 * KEY_LIFE_MS)],
      { addFrom: at(0), retire: ['a', 'b'] },
    ],
  ])('%s', (_sentence, rows, plan) => {
    expect(planKeys(rows, 'here', now)).toEqual(plan);
  });
});

describe('signing keys', () => {
  it('are RSA of 3072 bits, and the list gives nothing private away', async () => {
    const server = await startTestIdentity({ database: kit.database, dataDir: folder });
    const response = await fetch(`${server.issuer}/.well-known/openid-configuration/jwks`);
    const { keys } = (await response.json()) as { keys: JWK[] };
    expect(keys).toEqual([
      {
        kty: 'RSA',
        use: 'sig',
        alg: 'RS256',
        kid: expect.any(String),
        n: expect.any(String),
        e: 'AQAB',
      },
    ]);
    expect(Buffer.from(keys[0]?.n ?? '', 'base64url')).toHaveLength(3072 / 8);
    expect(response.headers.get('cache-control')).toBe('public, max-age=3600');
    await server.stop();
  });

  it('lie sealed in the database, and their key in a file of the owner alone', async () => {
    const server = await startTestIdentity({ database: kit.database, dataDir: folder });
    const { rows } = await kit.database.pool.query<{ private_jwk: object }>(
      'select private_jwk from signing_keys',
    );
    expect(rows.map((row) => Object.keys(row.private_jwk).sort())).toEqual([
      ['data', 'iv', 'sealedBy', 'tag'],
    ]);
    expect((await stat(join(folder, KEY_FILE))).mode & 0o777).toBe(0o600);
    await server.stop();
  });

  it('stay the same over a restart', async () => {
    const first = await startTestIdentity({ database: kit.database, dataDir: folder });
    const kids = await publishedKids(first);
    await first.stop();
    const second = await startTestIdentity({ database: kit.database, dataDir: folder });
    expect(await publishedKids(second)).toEqual(kids);
    await second.stop();
  });

  it('are one for several processes that start at once', async () => {
    const servers = await Promise.all(
      [1, 2, 3].map(() => startTestIdentity({ database: kit.database, dataDir: folder })),
    );
    expect(await listSigningKeys(kit.database)).toHaveLength(1);
    const tokens = await Promise.all(servers.map(takeToken));
    expect(new Set(tokens.map((token) => decodeProtectedHeader(token).kid)).size).toBe(1);
    await Promise.all(servers.map((server) => server.stop()));
  });

  it('of two machines are published by both', async () => {
    const here = await startTestIdentity({ database: kit.database, dataDir: folder });
    const there = await startTestIdentity({ database: kit.database });
    here.clock.advance(60_000);
    const kids = await publishedKids(here);
    expect(kids).toHaveLength(2);
    expect(await publishedKids(there)).toEqual(kids);
    for (const server of [here, there]) {
      expect(kids).toContain(decodeProtectedHeader(await takeToken(server)).kid);
    }
    expect(decodeProtectedHeader(await takeToken(here)).kid).not.toBe(
      decodeProtectedHeader(await takeToken(there)).kid,
    );
    await Promise.all([here.stop(), there.stop()]);
  });

  it('change every 90 days: published a day ahead, kept until the last token has expired', async () => {
    const server = await startTestIdentity({ database: kit.database, dataDir: folder });
    const { clock } = server;
    const check = createTokenCheck({
      issuer: server.issuer,
      keys: server.identity.keys,
      clock,
      sessionState: server.identity.sessionState,
    });
    const [first = ''] = await publishedKids(server);
    expect(decodeProtectedHeader(await takeToken(server)).kid).toBe(first);

    clock.advance(89 * DAY_MS);
    const kids = await until(
      async () => {
        const listed = await publishedKids(server);
        clock.advance(31_000);
        return listed.length === 2 && listed;
      },
      { what: 'the next key is published', timeoutMs: 60_000 },
    );
    const second = kids.find((kid) => kid !== first);
    expect(decodeProtectedHeader(await takeToken(server)).kid).toBe(first);

    const { activeFrom } = (await listSigningKeys(kit.database))[1] ?? { activeFrom: new Date(0) };
    clock.set(new Date(activeFrom.getTime() - 10_000));
    const lastOfFirst = await takeToken(server);
    expect(decodeProtectedHeader(lastOfFirst).kid).toBe(first);
    clock.set(activeFrom);
    const firstOfSecond = await takeToken(server);
    expect(decodeProtectedHeader(firstOfSecond).kid).toBe(second);
    for (const token of [lastOfFirst, firstOfSecond]) {
      await check(`Bearer ${token}`, { audiences: ['core_api'] });
    }

    clock.advance(HOUR_MS + 25_000);
    expect((await publishedKids(server)).sort()).toEqual([...kids].sort());
    clock.advance(HOUR_MS);
    await until(
      async () => {
        clock.advance(60_000);
        return (await listSigningKeys(kit.database)).length === 1;
      },
      { what: 'the first key is retired' },
    );
    clock.advance(31_000);
    expect(await publishedKids(server)).toEqual([second]);
    const { rows } = await kit.database.pool.query(
      'select private_jwk from signing_keys where kid = $1',
      [first],
    );
    expect(rows).toEqual([{ private_jwk: {} }]);
    await server.stop();
  });
});

describe('the key file', () => {
  it('is the same for all who make it at once', async () => {
    const ids = createRandomIds();
    const sealers = await Promise.all(
      [1, 2, 3, 4].map(() => openKeyFile({ dataDir: folder, ids })),
    );
    const sealed = sealers[0]?.seal('text');
    expect(sealers.map((sealer) => sealer.open(sealed))).toEqual(['text', 'text', 'text', 'text']);
  });

  it('that is damaged stops the start with words for the operator', async () => {
    await writeFile(join(folder, KEY_FILE), 'nonsense');
    await expect(openKeyFile({ dataDir: folder, ids: createRandomIds() })).rejects.toMatchObject({
      fault: 'KEY_FILE_UNUSABLE',
    });
  });

  it('notices a sealed key that was changed', async () => {
    const sealer = await openKeyFile({ dataDir: folder, ids: createRandomIds() });
    const sealed = sealer.seal('text');
    expect(() =>
      sealer.open({ ...sealed, data: Buffer.from('xxxx').toString('base64') }),
    ).toThrow();
    expect(await readFile(join(folder, KEY_FILE), 'utf8')).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
  });

  it('that is lost costs new signing keys and no start', async () => {
    const first = await startTestIdentity({ database: kit.database, dataDir: folder });
    await first.stop();
    await rm(join(folder, KEY_FILE));
    const second = await startTestIdentity({ database: kit.database, dataDir: folder });
    expect(await publishedKids(second)).toHaveLength(2);
    expect(await takeToken(second)).not.toBe('undefined');
    await second.stop();
  });
});

it('a key set is read again after 30 s at the latest', async () => {
  const server = await startTestIdentity({ database: kit.database, dataDir: folder });
  const sealer = await openKeyFile({ dataDir: folder, ids: createRandomIds() });
  const { clock } = server;
  const keys = createSigningKeys({ database: kit.database, sealer, clock, log: silentLog() });
  expect((await keys.current()).published).toHaveLength(1);
  await kit.database.pool.query(
    `insert into signing_keys select 'other', private_jwk, public_jwk, published_at, active_from from signing_keys`,
  );
  clock.advance(29_000);
  expect((await keys.current()).published).toHaveLength(1);
  clock.advance(1_000);
  expect((await keys.current()).published).toHaveLength(2);
  await server.stop();
});
