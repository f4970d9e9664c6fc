/** Codes and refresh tokens, and when tokens end, as a stranger meets them (identity.md 3 and 6). */
import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#test/kit/database';
import {
  basic,
  makeTestClient,
  makeTestPerson,
  postToken,
  startTestIdentity,
  type TestIdentity,
  type TokenAnswer,
} from '#test/kit/identity-server';
import { codeBody } from '#test/kit/sign-in-browser';
import {
  getCode,
  getTokens,
  isAccepted,
  refreshTokens,
  tokensOf,
  type TestTokens,
} from '#test/kit/sign-in-tokens';

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

describe('a code', () => {
  it('gives tokens that say whose they are and how the person signed in', async () => {
    const { access, idToken, person, session } = await getTokens(server, {
      scope: 'openid profile email phone offline_access user_api.full_access',
      nonce: 'a nonce',
    });
    const now = server.clock.now().getTime() / 1000;
    expect(decodeJwt(access)).toEqual({
      iss: server.issuer,
      aud: 'user_api',
      iat: now,
      nbf: now,
      exp: now + 3600,
      auth_time: now,
      jti: expect.any(String),
      sid: session.id,
      client_id: 'cardea-phone',
      scope: ['openid', 'profile', 'email', 'phone', 'offline_access', 'user_api.full_access'],
      tenant_id: '00000000-0000-0000-0000-000000000000',
      product_id: '00000000-0000-0000-0000-000000000000',
      sub: person.loginId,
      identity_id: person.loginId,
      idp: 'local',
      amr: ['password'],
      skip_email: false,
      [`profile_id_${server.tenantId}`]: person.userId,
    });
    const half = createHash('sha256').update(access).digest().subarray(0, 16);
    expect(decodeJwt(idToken)).toEqual({
      iss: server.issuer,
      aud: 'cardea-phone',
      iat: expect.any(Number),
      exp: expect.any(Number),
      auth_time: now,
      nonce: 'a nonce',
      at_hash: half.toString('base64url'),
      sid: session.id,
      sub: person.loginId,
      idp: 'local',
      amr: ['password'],
      name: 'Ann Example',
      given_name: 'Ann',
      family_name: 'Example',
      email: person.email,
      email_verified: true,
    });
  });

  it('for openid alone opens user info and no API', async () => {
    const { access, idToken } = await getTokens(server, { scope: 'openid' });
    expect(decodeJwt(access)).toMatchObject({ aud: server.issuer, scope: ['openid'] });
    expect(decodeJwt(idToken)).not.toHaveProperty('email');
    expect(await isAccepted(server, access)).toBe(false);
  });

  it('gives no refresh token and no id token that were not asked for', async () => {
    const { code, verifier } = await getCode(server, { scope: 'user_api.full_access' });
    const answer = await postToken(server.issuer, { body: codeBody(code, verifier) });
    expect(Object.keys(answer.body).sort()).toEqual([
      'access_token',
      'expires_in',
      'scope',
      'token_type',
    ]);
  });

  it.each([
    ['without its verifier', { code_verifier: '' }],
    ['with another verifier', { code_verifier: 'x'.repeat(43) }],
    ['with another address', { redirect_uri: 'http://127.0.0.1:10/signed-in' }],
    ['of another client', { client_id: 'cardea-web' }],
    ['that is none', { code: 'nonsense' }],
  ])('%s is invalid_grant', async (_what, wrong) => {
    const { code, verifier } = await getCode(server);
    const answer = await postToken(server.issuer, {
      body: { ...codeBody(code, verifier), ...wrong },
    });
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_grant']);
  });

  it('lives for a minute', async () => {
    const { code, verifier } = await getCode(server);
    server.clock.advance(60_000);
    const answer = await postToken(server.issuer, { body: codeBody(code, verifier) });
    expect(answer.body['error']).toBe('invalid_grant');
  });

  it('used a second time ends what the first use gave', async () => {
    const { code, verifier, access, refreshToken } = await getTokens(server);
    expect(await isAccepted(server, access)).toBe(true);
    const again = await postToken(server.issuer, { body: codeBody(code, verifier) });
    expect(again.body['error']).toBe('invalid_grant');
    expect(await isAccepted(server, access)).toBe(false);
    expect((await refreshTokens(server, refreshToken)).body['error']).toBe('invalid_grant');
  });

  it('used twice at once gives nothing that lasts', async () => {
    const { code, verifier } = await getCode(server);
    const answers = await Promise.all(
      [1, 2].map(() => postToken(server.issuer, { body: codeBody(code, verifier) })),
    );
    const given = answers.filter(({ status }) => status === 200);
    expect(given.length).toBeLessThanOrEqual(1);
    for (const answer of given) {
      const { access, refreshToken } = tokensOf(answer);
      expect(await isAccepted(server, access)).toBe(false);
      expect((await refreshTokens(server, refreshToken)).status).toBe(400);
    }
  });

  it('is worth nothing once the session has ended', async () => {
    const { code, verifier, session } = await getCode(server);
    await server.identity.sessions.end(session.id);
    const answer = await postToken(server.issuer, { body: codeBody(code, verifier) });
    expect(answer.body['error']).toBe('invalid_grant');
  });
});

describe('a refresh token', () => {
  it('gives further tokens of the same session, and another one of its kind', async () => {
    const { refreshToken, access } = await getTokens(server);
    server.clock.advance(600_000);
    const answer = await refreshTokens(server, refreshToken);
    expect(answer.body).toEqual({
      access_token: expect.any(String),
      expires_in: 3600,
      id_token: expect.any(String),
      refresh_token: expect.stringMatching(/^[\w-]{43}$/),
      scope: 'openid offline_access user_api.full_access',
      token_type: 'Bearer',
    });
    expect(answer.body['refresh_token']).not.toBe(refreshToken);
    const [before, after] = [decodeJwt(access), decodeJwt(tokensOf(answer).access)];
    expect(after).toEqual({
      ...before,
      jti: expect.any(String),
      iat: (before.iat ?? 0) + 600,
      nbf: (before.nbf ?? 0) + 600,
      exp: (before.exp ?? 0) + 600,
    });
    expect(after.jti).not.toBe(before.jti);
  });

  it('gives fewer scopes when asked, and never more', async () => {
    const { refreshToken } = await getTokens(server);
    const narrow = await refreshTokens(server, refreshToken, { scope: 'user_api.full_access' });
    expect(narrow.body['scope']).toBe('user_api.full_access');
    const wide = await refreshTokens(server, tokensOf(narrow).refreshToken, {
      scope: 'user_api.full_access email',
    });
    expect(wide.body).toEqual({ error: 'invalid_scope' });
  });

  it('may be used again within 30 s and gives a further one', async () => {
    const { refreshToken } = await getTokens(server);
    const first = tokensOf(await refreshTokens(server, refreshToken));
    server.clock.advance(30_000);
    const second = tokensOf(await refreshTokens(server, refreshToken));
    expect(second.refreshToken).not.toBe(first.refreshToken);
    for (const { refreshToken: further } of [first, second])
      expect((await refreshTokens(server, further)).status).toBe(200);
  });

  it('used after that ends the whole family, and the audit log says so', async () => {
    const { refreshToken, access, person } = await getTokens(server);
    const next = tokensOf(await refreshTokens(server, refreshToken));
    server.clock.advance(31_000);
    expect((await refreshTokens(server, refreshToken)).body['error']).toBe('invalid_grant');
    expect((await refreshTokens(server, next.refreshToken)).body['error']).toBe('invalid_grant');
    expect([await isAccepted(server, access), await isAccepted(server, next.access)]).toEqual([
      false,
      false,
    ]);
    const { rows } = await kit.database.pool.query<{ client_id: string; body: string }>(
      `select l.client_id, c.body from audit_log l join audit_changes c using (tenant_id, number)
       where l.action = 'sign_in.reuse' and l.outcome = 'refused' and c.body like $1`,
      [`%${person.loginId}%`],
    );
    expect(rows.map((row) => ({ ...row, body: JSON.parse(row.body) as unknown }))).toEqual([
      {
        client_id: 'cardea-phone',
        body: [
          expect.objectContaining({ member: 'account', after: `login:${person.loginId}` }),
          expect.objectContaining({ member: 'network', after: '127.0.0.1' }),
        ],
      },
    ]);
  });

  it('expires unused after 30 days, and used or not after a year', async () => {
    // A server of its own: in a year the signing keys of the others would change under them.
    const apart = await createTestDatabase();
    const old = await startTestIdentity({ database: apart.database });
    const unused = await getTokens(old);
    let used = (await getTokens(old)).refreshToken;
    for (const _ of Array.from({ length: 12 })) {
      old.clock.advance(29.9 * 24 * 3_600_000);
      const answer = await refreshTokens(old, used);
      expect(answer.status).toBe(200);
      used = tokensOf(answer).refreshToken;
    }
    expect((await refreshTokens(old, unused.refreshToken)).status).toBe(400);
    old.clock.advance(10 * 24 * 3_600_000);
    expect((await refreshTokens(old, used)).status).toBe(400);
    await old.stop();
    await apart.drop();
  });

  it('is of its client only', async () => {
    const { refreshToken } = await getTokens(server);
    const answer = await refreshTokens(server, refreshToken, { client_id: 'cardea-web' });
    expect(answer.body['error']).toBe('invalid_grant');
  });

  it('lies nowhere in clear', async () => {
    const { refreshToken } = await getTokens(server);
    const { rows } = await kit.database.pool.query<{ text: string }>(
      'select o::text as text from oidc_payloads o',
    );
    expect(rows.some(({ text }) => text.includes(refreshToken))).toBe(false);
  });

  it('outlives a browser that was idle, and a sweep of what is old', async () => {
    const { refreshToken } = await getTokens(server);
    server.clock.advance(20 * 24 * 3_600_000);
    await server.identity.sessions.sweep();
    expect((await refreshTokens(server, refreshToken)).status).toBe(200);
  });
});

describe('tokens end at once', () => {
  it.each([
    ['signing out', ({ session }: TestTokens) => server.identity.sessions.end(session.id)],
    [
      'a change of the password',
      ({ person }: TestTokens) => server.identity.sessions.endAll(person.loginId),
    ],
    [
      'the end of the account',
      ({ person }: TestTokens) => server.identity.logins.disable(person.loginId),
    ],
  ])('by %s', async (_what, end) => {
    const got = await getTokens(server);
    expect(await isAccepted(server, got.access)).toBe(true);
    await end(got);
    expect((await refreshTokens(server, got.refreshToken)).body['error']).toBe('invalid_grant');
    expect(await isAccepted(server, got.access)).toBe(false);
  });

  it('but not those of a session that is kept', async () => {
    const got = await getTokens(server);
    await server.identity.sessions.endAll(got.person.loginId, { except: got.session.id });
    expect(await isAccepted(server, got.access)).toBe(true);
  });

  it('of a password, when all sessions of the person end', async () => {
    const { id, secret } = await makeTestClient(server);
    const { email, password, loginId } = await makeTestPerson(server);
    const answer = await postToken(server.issuer, {
      body: { grant_type: 'password', username: email, password },
      headers: basic(id, secret),
    });
    const { access } = tokensOf(answer);
    expect(await isAccepted(server, access)).toBe(true);
    const [session] = await server.identity.sessions.list(loginId);
    expect(session).toMatchObject({ id: decodeJwt(access)['sid'], clientName: 'Test' });
    await server.identity.sessions.endAll(loginId);
    expect(await isAccepted(server, access)).toBe(false);
    expect(await server.identity.sessions.list(loginId)).toEqual([]);
  });
});

describe('a password', () => {
  it('gives refresh and id token to a client that may, on request', async () => {
    const { id, secret } = await makeTestClient(server, {
      grants: ['password', 'refresh_token'],
      scopes: ['openid', 'email', 'offline_access', 'user_api.full_access'],
    });
    const { email, password, loginId } = await makeTestPerson(server);
    const signIn = (scope: string): Promise<TokenAnswer> =>
      postToken(server.issuer, {
        body: { grant_type: 'password', username: email, password, scope },
        headers: basic(id, secret),
      });
    const plain = await signIn('user_api.full_access');
    expect(plain.body).not.toHaveProperty('refresh_token');
    const answer = await signIn('openid email offline_access user_api.full_access');
    const { refreshToken, idToken, access } = tokensOf(answer);
    expect(decodeJwt(idToken)).toMatchObject({
      sub: loginId,
      email,
      aud: id,
      at_hash: expect.any(String),
      sid: decodeJwt(access)['sid'],
    });
    const again = await postToken(server.issuer, {
      body: { grant_type: 'refresh_token', refresh_token: refreshToken },
      headers: basic(id, secret),
    });
    expect(decodeJwt(tokensOf(again).access)).toMatchObject({ sub: loginId, amr: ['password'] });
  });
});
