/** What tokens open at the identity server itself, and how programs and browsers end them (identity.md 6 and 7). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#test/kit/database';
import {
  basic,
  makeTestClient,
  postToken,
  startTestIdentity,
  type TestIdentity,
} from '#test/kit/identity-server';
import { getTokens, isAccepted, refreshTokens, tokensOf } from '#test/kit/sign-in-tokens';

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

describe('user info', () => {
  const ask = (token?: string): Promise<Response> =>
    fetch(`${server.issuer}/connect/userinfo`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });

  it('says what the scopes open, to pages of every origin', async () => {
    const { access, person } = await getTokens(server, { scope: 'openid email' });
    const answer = await ask(access);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(await answer.json()).toEqual({
      sub: person.loginId,
      auth_time: Math.floor(server.clock.now().getTime() / 1000),
      amr: ['password'],
      idp: 'local',
      email: person.email,
      email_verified: true,
    });
  });

  it('is refused with an empty body', async () => {
    const none = await ask();
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect(await none.text()).toBe('');
    const { access } = await getTokens(server, { scope: 'user_api.full_access' });
    const narrow = await ask(access);
    expect([narrow.status, narrow.headers.get('www-authenticate')]).toEqual([
      403,
      'Bearer error="insufficient_scope"',
    ]);
  });
});

describe('revocation', () => {
  const revoke = (token: string, client = 'cardea-phone'): Promise<Response> =>
    fetch(`${server.issuer}/connect/revocation`, {
      method: 'POST',
      body: new URLSearchParams({ token, client_id: client }),
    });

  it('of a refresh token ends its access tokens too', async () => {
    const { access, refreshToken } = await getTokens(server);
    const answer = await revoke(refreshToken);
    expect([answer.status, await answer.text()]).toEqual([200, '']);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect((await refreshTokens(server, refreshToken)).status).toBe(400);
    expect(await isAccepted(server, access)).toBe(false);
  });

  it('of an access token ends that one alone', async () => {
    const { access, refreshToken } = await getTokens(server);
    expect((await revoke(access)).status).toBe(200);
    expect(await isAccepted(server, access)).toBe(false);
    const next = await refreshTokens(server, refreshToken);
    expect(await isAccepted(server, tokensOf(next).access)).toBe(true);
  });

  it('of nonsense or of the tokens of others says the same and does nothing', async () => {
    const { access, refreshToken } = await getTokens(server);
    for (const token of ['nonsense', 'a.b.c', access, refreshToken])
      expect((await revoke(token, 'cardea-web')).status).toBe(200);
    expect(await isAccepted(server, access)).toBe(true);
    expect((await refreshTokens(server, refreshToken)).status).toBe(200);
  });

  it('without a token or a known client is told in the two members of OAuth', async () => {
    const answer = await fetch(`${server.issuer}/connect/revocation`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'cardea-phone' }),
    });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { error: 'invalid_request', error_description: 'token must be sent' },
    ]);
    expect(await (await revoke('x', 'nobody')).json()).toEqual({ error: 'invalid_client' });
  });
});

describe('introspection', () => {
  it('says to a confidential client what a token of its tenant is worth', async () => {
    const { id, secret } = await makeTestClient(server);
    const given = await postToken(server.issuer, {
      body: { grant_type: 'client_credentials', scope: 'core_api.full' },
      headers: basic(id, secret),
    });
    const ask = async (token: string, headers = basic(id, secret)): Promise<unknown> => {
      const answer = await fetch(`${server.issuer}/connect/introspect`, {
        method: 'POST',
        headers,
        body: new URLSearchParams({ token }),
      });
      return answer.json();
    };
    const { access } = tokensOf(given);
    expect(await ask(access)).toMatchObject({
      active: true,
      client_id: id,
      scope: 'core_api.full',
      token_type: 'Bearer',
    });
    const again = await postToken(server.issuer, {
      body: { grant_type: 'client_credentials', scope: 'core_api.full' },
      headers: basic(id, secret),
    });
    const second = tokensOf(again).access;
    expect(await ask(second)).toMatchObject({ active: true });
    await fetch(`${server.issuer}/connect/revocation`, {
      method: 'POST',
      headers: basic(id, secret),
      body: new URLSearchParams({ token: second }),
    });
    expect(await ask(second)).toEqual({ active: false });
    expect(await ask(access)).toMatchObject({ active: true });
    expect(await ask('nonsense')).toEqual({ active: false });
    expect(await ask((await getTokens(server)).access)).toEqual({ active: false });
    server.clock.advance(3_700_000);
    expect(await ask(access)).toEqual({ active: false });
  });

  it('is not for public clients', async () => {
    const answer = await fetch(`${server.issuer}/connect/introspect`, {
      method: 'POST',
      body: new URLSearchParams({ token: 'x', client_id: 'cardea-phone' }),
    });
    expect(await answer.json()).toMatchObject({ error: 'unauthorized_client' });
  });
});

describe('signing out', () => {
  it('with an id token ends the session without a question and goes on with the state', async () => {
    const { browser, idToken, access, refreshToken } = await getTokens(server);
    const query = new URLSearchParams({
      id_token_hint: idToken,
      post_logout_redirect_uri: 'http://127.0.0.1:9/signed-out',
      state: 'bye',
    });
    const step = await browser.get(`/connect/endsession?${query.toString()}`);
    expect(step.location?.href).toBe('http://127.0.0.1:9/signed-out?state=bye');
    expect([...browser.cookies.keys()]).toEqual([]);
    expect((await refreshTokens(server, refreshToken)).status).toBe(400);
    expect(await isAccepted(server, access)).toBe(false);
  });

  it('leaves somebody else signed in who uses the browser', async () => {
    const { idToken } = await getTokens(server);
    const { browser, access } = await getTokens(server);
    const cookies = new Map(browser.cookies);
    const step = await browser.get(`/connect/endsession?id_token_hint=${idToken}`);
    expect(step.location?.pathname).toBe('/account/logout');
    expect(browser.cookies).toEqual(cookies);
    expect(await isAccepted(server, access)).toBe(true);
  });

  it.each([
    ['without an id token', () => ''],
    ['with nonsense', () => 'id_token_hint=a.b.c'],
    [
      'with one that was changed',
      (idToken: string) => `id_token_hint=${idToken.slice(0, -8)}AAAAAAAA`,
    ],
  ])('%s asks on a page', async (_what, hint) => {
    const { browser, idToken, access } = await getTokens(server);
    const step = await browser.get(
      `/connect/endsession?client_id=cardea-phone&state=s&post_logout_redirect_uri=http://127.0.0.1:9/signed-out&${hint(idToken)}`,
    );
    expect(step.location?.pathname).toBe('/account/logout');
    expect(Object.fromEntries(step.location?.searchParams ?? [])).toEqual({
      client_id: 'cardea-phone',
      post_logout_redirect_uri: 'http://127.0.0.1:9/signed-out',
      state: 's',
    });
    expect(await isAccepted(server, access)).toBe(true);
    const { endSession } = server.identity;
    expect(
      await endSession.returnAddress({
        clientId: 'cardea-phone',
        uri: 'http://127.0.0.1:9/signed-out',
        state: 's',
      }),
    ).toBe('http://127.0.0.1:9/signed-out?state=s');
  });

  it('leads to no address that is not registered', async () => {
    const { browser, idToken, access } = await getTokens(server);
    const step = await browser.get(
      `/connect/endsession?id_token_hint=${idToken}&post_logout_redirect_uri=https://evil.example.test/`,
    );
    expect([step.status, step.location]).toEqual([400, undefined]);
    expect(await isAccepted(server, access)).toBe(true);
  });
});
