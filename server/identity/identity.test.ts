import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTrustedProxies } from '#server/http/list-origin';
import { createTokenCheck, TokenError } from '#server/http/token';
import { createManualClock } from '#server/runtime/clock';
import { createTestDatabase, silentLog, type TestDatabase } from '#test/kit/database';
import {
  basic,
  makeTestClient,
  makeTestPerson,
  postToken,
  startTestIdentity,
  type TestIdentity,
} from '#test/kit/identity-server';
import { createDatabase } from '#server/store/pool';
import { deleteExpiredOidcPayloads } from '#server/store/oidc-payloads';
import { clientAddress } from './client-address.ts';
import { issuerOf } from './identity.ts';
import { createPayloadAdapter } from './payload-adapter.ts';
import { createTurns } from './turns.ts';

let kit: TestDatabase;
let server: TestIdentity;

beforeAll(async () => {
  kit = await createTestDatabase();
  server = await startTestIdentity({ database: kit.database });
});

afterAll(async () => {
  await server.stop();
  await kit.drop();
});

describe('the issuer', () => {
  it.each([
    [
      { publicUrl: 'https://id.example.test/', httpHost: '0.0.0.0', httpPort: 1 },
      'https://id.example.test',
    ],
    [{ publicUrl: undefined, httpHost: '127.0.0.1', httpPort: 8080 }, 'http://127.0.0.1:8080'],
    [{ publicUrl: undefined, httpHost: '::1', httpPort: 8080 }, 'http://[::1]:8080'],
    [{ publicUrl: undefined, httpHost: '0.0.0.0', httpPort: 8080 }, 'http://localhost:8080'],
  ])('is a bare origin', (config, issuer) => {
    expect(issuerOf(config)).toBe(issuer);
  });
});

describe('discovery', () => {
  it('names what works and nothing else, whatever host is asked', async () => {
    const response = await fetch(`${server.issuer}/.well-known/openid-configuration`, {
      headers: { 'x-forwarded-host': 'evil.example.test', 'x-forwarded-proto': 'https' },
    });
    expect(await response.json()).toEqual({
      issuer: server.issuer,
      jwks_uri: `${server.issuer}/.well-known/openid-configuration/jwks`,
      authorization_endpoint: `${server.issuer}/connect/authorize`,
      token_endpoint: `${server.issuer}/connect/token`,
      userinfo_endpoint: `${server.issuer}/connect/userinfo`,
      end_session_endpoint: `${server.issuer}/connect/endsession`,
      revocation_endpoint: `${server.issuer}/connect/revocation`,
      introspection_endpoint: `${server.issuer}/connect/introspect`,
      scopes_supported: [
        'openid',
        'profile',
        'email',
        'phone',
        'offline_access',
        'user_api.full_access',
        'user_api.eloxx',
        'core_api.full',
        'core_api.standard',
        'core_api.license_plate',
        'hardware_api',
      ],
      claims_supported: [
        'sub',
        'auth_time',
        'amr',
        'idp',
        'name',
        'given_name',
        'family_name',
        'locale',
        'email',
        'email_verified',
        'phone_number',
        'phone_number_verified',
        'sid',
      ],
      grant_types_supported: expect.toSatisfy((grants: readonly string[]) =>
        isDeepStrictEqual([...grants].sort(), [
          'access_code',
          'authorization_code',
          'client_credentials',
          'password',
          'refresh_token',
        ]),
      ),
      response_types_supported: ['code'],
      response_modes_supported: ['query', 'form_post'],
      prompt_values_supported: ['none', 'login', 'select_account'],
      acr_values_supported: ['mfa'],
      authorization_response_iss_parameter_supported: true,
      code_challenge_methods_supported: ['S256'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    });
    expect(response.headers.get('cache-control')).toBe('public, max-age=3600');
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  });
});

describe('a browser of any origin', () => {
  it.each([
    ['/.well-known/openid-configuration', 'GET', 'https://app.example.test'],
    ['/.well-known/openid-configuration/jwks', 'GET', 'https://app.example.test'],
    ['/connect/token', 'POST', 'https://app.example.test'],
    ['/connect/token', 'POST', 'https://own.example.test'],
  ])('may use %s by %s from %s', async (path, method, page) => {
    const origin = { origin: page };
    const asked = await fetch(`${server.issuer}${path}`, {
      method: 'OPTIONS',
      headers: {
        ...origin,
        'access-control-request-method': method,
        'access-control-request-headers': 'authorization, x-mine',
      },
    });
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe('*');
    expect(asked.headers.get('access-control-allow-methods')).toBe(method);
    expect(asked.headers.get('access-control-allow-headers')).toBe('authorization, x-mine');
    const answer = await fetch(`${server.issuer}${path}`, { method, headers: origin });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    expect(answer.headers.get('set-cookie')).toBeNull();
  });
});

describe('a token', () => {
  const checkOf = (): ReturnType<typeof createTokenCheck> =>
    createTokenCheck({
      issuer: server.issuer,
      keys: server.identity.keys,
      clock: server.clock,
      sessionState: server.identity.sessionState,
    });

  it('of a program is accepted by the check, and refused within a minute of the end of its client', async () => {
    const { id, secret } = await makeTestClient(server);
    const answer = await postToken(server.issuer, {
      body: { grant_type: 'client_credentials' },
      headers: basic(id, secret),
    });
    const authorization = `Bearer ${String(answer.body['access_token'])}`;
    const check = checkOf();
    expect(await check(authorization, { audiences: ['core_api'] })).toMatchObject({
      clientId: id,
      tenantId: server.tenantId,
      scopes: new Set(['core_api.full']),
    });
    await server.identity.clients.disable(id);
    server.clock.advance(30_000);
    await expect(check(authorization, { audiences: ['core_api'] })).rejects.toEqual(
      new TokenError(401, 'Bearer error="invalid_token", error_description="The token is invalid"'),
    );
  });

  it('of a person names login and person, and is refused within a minute of the end of the login', async () => {
    const { id, secret } = await makeTestClient(server);
    const person = await makeTestPerson(server);
    const answer = await postToken(server.issuer, {
      body: { grant_type: 'password', username: person.email, password: person.password },
      headers: basic(id, secret),
    });
    const authorization = `Bearer ${String(answer.body['access_token'])}`;
    const check = checkOf();
    expect(await check(authorization, { audiences: ['user_api'] })).toMatchObject({
      subject: person.loginId,
      userId: person.userId,
      amr: ['password'],
    });
    await server.identity.logins.disable(person.loginId);
    server.clock.advance(30_000);
    await expect(check(authorization, { audiences: ['user_api'] })).rejects.toThrow(TokenError);
  });
});

describe('the source of a request', () => {
  const isTrusted = createTrustedProxies(['10.0.0.0/8']);

  it.each([
    ['203.0.113.9', '192.0.2.1', '203.0.113.9'],
    ['10.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['10.0.0.1', '198.51.100.1, 192.0.2.1, 10.0.0.2', '192.0.2.1'],
    ['10.0.0.1', 'nonsense', '10.0.0.1'],
    ['10.0.0.1', undefined, '10.0.0.1'],
  ])('at %s, forwarded for %s, is %s', (remoteAddress, forwarded, address) => {
    expect(
      clientAddress({ remoteAddress, headers: { 'x-forwarded-for': forwarded } }, isTrusted),
    ).toBe(address);
  });
});

describe('the store being down', () => {
  it('is answered with 503 temporarily_unavailable, not with an API error', async () => {
    const lost = await createTestDatabase();
    const database = createDatabase({ config: { ...lost.config, max: 2 }, log: silentLog() });
    const other = await startTestIdentity({ database });
    await database.close();
    const answer = await postToken(other.issuer, {
      body: { grant_type: 'client_credentials' },
      headers: basic('a', 'b'),
    });
    expect([answer.status, answer.body]).toEqual([503, { error: 'temporarily_unavailable' }]);
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    await other.stop();
    await lost.drop();
  });
});

it('a store that fails in the middle of a sign-in is answered with 503 as well', async () => {
  const broken = await createTestDatabase();
  const other = await startTestIdentity({ database: broken.database });
  const { id, secret } = await makeTestClient(other);
  const person = await makeTestPerson(other);
  await broken.database.pool.query('alter table users rename to others');
  const answer = await postToken(other.issuer, {
    body: { grant_type: 'password', username: person.email, password: person.password },
    headers: basic(id, secret),
  });
  expect([answer.status, answer.body]).toEqual([503, { error: 'temporarily_unavailable' }]);
  expect(answer.headers.get('retry-after')).toBe('5');
  await other.stop();
  await broken.drop();
});

it('a clock that was set back does not stop the sign-in', async () => {
  const { id, secret } = await makeTestClient(server);
  const other = await startTestIdentity({
    database: kit.database,
    dataDir: server.dataDir,
    clock: createManualClock(new Date('2026-01-01T00:00:00Z')),
  });
  const answer = await postToken(other.issuer, {
    body: { grant_type: 'client_credentials' },
    headers: basic(id, secret),
  });
  expect(answer.status).toBe(200);
  await other.stop();
});

describe('what the library keeps', () => {
  const clock = createManualClock(new Date('2026-03-02T10:00:00Z'));
  const adapterOf = (model: string): ReturnType<typeof createPayloadAdapter> =>
    createPayloadAdapter({ model, database: kit.database, clock });

  it('is found by its id until it expires, and the id lies hashed', async () => {
    const grants = adapterOf('Grant');
    await grants.upsert('secret-id', { jti: 'secret-id', accountId: 'a' }, 60);
    expect(await grants.find('secret-id')).toEqual({ jti: 'secret-id', accountId: 'a' });
    expect(await adapterOf('RefreshToken').find('secret-id')).toBeUndefined();
    const { rows } = await kit.database.pool.query<{ text: string }>(
      `select o::text as text from oidc_payloads o where model = 'Grant'`,
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.text).not.toContain('secret');
    clock.advance(60_000);
    expect(await grants.find('secret-id')).toBeUndefined();
    await deleteExpiredOidcPayloads(kit.database, new Date(clock.now().getTime() + 1));
    const left = await kit.database.pool.query(`select from oidc_payloads where model = 'Grant'`);
    expect(left.rowCount).toBe(0);
  });

  it('knows what was used, and forgets a whole grant at once', async () => {
    const codes = adapterOf('AuthorizationCode');
    await codes.upsert('one', { grantId: 'g' }, 60);
    await codes.upsert('two', { grantId: 'g' }, 60);
    await codes.upsert('three', { grantId: 'h' }, 60);
    await codes.consume('one');
    expect(await codes.find('one')).toEqual({
      jti: 'one',
      grantId: 'g',
      consumed: clock.now().getTime() / 1000,
    });
    await codes.revokeByGrantId('g');
    expect(await codes.find('one')).toBeUndefined();
    expect(await codes.find('two')).toBeUndefined();
    expect(await codes.find('three')).toEqual({ jti: 'three', grantId: 'h' });
    await codes.destroy('three');
    expect(await codes.find('three')).toBeUndefined();
  });
});

it('turns run so many at a time, in order, and one that fails holds up nobody', async () => {
  const inTurn = createTurns(2);
  const order: string[] = [];
  let running = 0;
  let most = 0;
  const work = (name: string) => async (): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((go) => setImmediate(go));
    running -= 1;
    order.push(name);
    if (name === 'b') throw new Error('b failed');
  };
  const results = await Promise.allSettled(
    ['a', 'b', 'c', 'd', 'e'].map((name) => inTurn('key', work(name))),
  );
  expect(results.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
  expect(order).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(most).toBe(2);
});
