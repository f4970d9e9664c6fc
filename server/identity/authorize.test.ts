/** The authorisation endpoint as browsers and strangers meet it; the page of the person is a stand-in that does what real pages do. */
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#test/kit/database';
import {
  makeTestPerson,
  postToken,
  startTestIdentity,
  type TestIdentity,
} from '#test/kit/identity-server';
import {
  authorizePath,
  codeBody,
  makePkce,
  openTestBrowser,
  signInBrowser,
  type Step,
  type TestBrowser,
} from '#test/kit/sign-in-browser';
import type { Identity } from './identity.ts';
import { readSessionSecret } from './session-cookie.ts';

let kit: TestDatabase;
let server: TestIdentity;
const { verifier, challenge } = makePkce();

beforeAll(async () => {
  kit = await createTestDatabase();
  server = await startTestIdentity({ database: kit.database, lay: layPage });
});

afterAll(async () => {
  await server.stop();
  await kit.drop();
});

/** Shows what waits; a form goes on with it as the person of the session, or refuses. */
function layPage(app: FastifyInstance, { interactions, sessions }: Identity): void {
  app.get('/account/login', async (request, reply) => {
    const waiting = await interactions.find(request, reply);
    return reply.code(waiting === undefined ? 404 : 200).send(waiting);
  });
  app.post('/account/login', async (request, reply) => {
    const session = await sessions.find(readSessionSecret(request));
    const isDone =
      session === undefined
        ? await interactions.abort(request, reply, 'access_denied')
        : await interactions.finish(request, reply, { session });
    return isDone ? reply : reply.code(404).send();
  });
}

async function signedIn(amr?: readonly string[]) {
  const person = await makeTestPerson(server);
  const browser = openTestBrowser(server.issuer);
  const { loginId } = person;
  const session = await signInBrowser(server, browser, { loginId, ...(amr ? { amr } : {}) });
  return { browser, person, session };
}

/** Always in the query: no client here asked for another mode that it may have. */
function answerOf({ location }: Step): Record<string, string> {
  return Object.fromEntries(location?.searchParams ?? []);
}

function pageOf({ location }: Step): string {
  return `${location?.pathname ?? ''}${location?.search ?? ''}`;
}

async function goOn(browser: TestBrowser, led: Step): Promise<Step> {
  return browser.post(pageOf(led), {});
}

describe('somebody who is signed in', () => {
  it('goes straight back with code, state and issuer', async () => {
    const { browser } = await signedIn();
    const step = await browser.get(authorizePath(challenge));
    expect(step.status).toBe(303);
    expect(step.location?.href).toMatch(/^http:\/\/127\.0\.0\.1:9\/signed-in\?/);
    expect(answerOf(step)).toEqual({
      code: expect.stringMatching(/^[\w-]{43}$/),
      state: 'a state',
      iss: server.issuer,
    });
    expect(step.headers.get('cache-control')).toBe('no-store');
    expect(step.headers.getSetCookie()).toEqual([]);
  });

  it('is let in by a stored link and by a form as well', async () => {
    const { browser } = await signedIn();
    const path = authorizePath(challenge);
    const stored = await browser.get(path.replace('authorize?', 'authorize/callback?'));
    expect(answerOf(stored)).toMatchObject({ code: expect.any(String) });
    const form = Object.fromEntries(new URL(path, server.issuer).searchParams);
    const posted = await browser.post('/connect/authorize', form);
    expect(posted.status).toBe(303);
    const answered = await browser.get(pageOf(posted));
    expect(answerOf(answered)).toMatchObject({ code: expect.any(String), state: 'a state' });
  });

  it('is sent back by a form when the client wants form_post', async () => {
    const { browser } = await signedIn();
    const step = await browser.get(authorizePath(challenge, { response_mode: 'form_post' }));
    expect(step.status).toBe(200);
    expect(step.text).toContain('action="http://127.0.0.1:9/signed-in"');
    expect(step.text).toMatch(/name="code" value="[\w-]{43}"/);
    expect(step.text).toContain('name="state" value="a state"');
  });

  it('is not asked under prompt=none, and somebody who is not gets login_required', async () => {
    const { browser } = await signedIn();
    const path = authorizePath(challenge, { prompt: 'none' });
    expect(answerOf(await browser.get(path))).toMatchObject({ code: expect.any(String) });
    expect(answerOf(await openTestBrowser(server.issuer).get(path))).toMatchObject({
      error: 'login_required',
      state: 'a state',
      iss: server.issuer,
    });
  });

  it.each([
    [{ prompt: 'login' }, { prompt: 'login', reasons: ['login_prompt'] }],
    [{ prompt: 'select_account' }, { prompt: 'select_account' }],
    [{ max_age: '0' }, { prompt: 'login', reasons: ['max_age'], maxAge: 0 }],
    [{ acr_values: 'mfa' }, { prompt: 'login', reasons: ['mfa'], acrValues: ['mfa'] }],
    [
      { acr_values: 'mfa', scope: 'user_api.full_access' },
      { reasons: ['mfa'], scope: 'user_api.full_access' },
    ],
  ])('is led to the page by %j', async (params, waiting) => {
    const { browser } = await signedIn();
    const led = await browser.get(authorizePath(challenge, params));
    expect(led.location?.pathname).toBe('/account/login');
    const page = await browser.get(pageOf(led));
    expect(JSON.parse(page.text)).toMatchObject(waiting);
  });

  it('goes back once the page has done what was asked', async () => {
    const { browser } = await signedIn();
    for (const params of [{ prompt: 'login' }, { prompt: 'select_account' }, { max_age: '0' }]) {
      const led = await browser.get(authorizePath(challenge, params));
      const back = await goOn(browser, led);
      expect([params, answerOf(back)]).toEqual([
        params,
        { code: expect.any(String), state: 'a state', iss: server.issuer },
      ]);
    }
  });

  it('stays at the page until a second factor was proven, when one is demanded', async () => {
    const { browser, session } = await signedIn();
    const led = await browser.get(authorizePath(challenge, { acr_values: 'mfa' }));
    const again = await goOn(browser, led);
    expect(again.location?.pathname).toBe('/account/login');
    const authTime = server.clock.now();
    await server.identity.sessions.strengthen(session.id, { amr: ['password', 'mfa'], authTime });
    expect(answerOf(await goOn(browser, again))).toMatchObject({ code: expect.any(String) });
  });

  it('is asked again by max_age once that has passed', async () => {
    const { browser } = await signedIn();
    const path = authorizePath(challenge, { max_age: '60' });
    expect(answerOf(await browser.get(path))).toMatchObject({ code: expect.any(String) });
    server.clock.advance(61_000);
    expect((await browser.get(path)).location?.pathname).toBe('/account/login');
  });

  it('counts no longer after twelve idle hours, or thirty days when remembered', async () => {
    const { browser, person } = await signedIn();
    const remembered = openTestBrowser(server.issuer);
    await signInBrowser(server, remembered, { loginId: person.loginId, isRemembered: true });
    const isIn = async (who: TestBrowser): Promise<boolean> =>
      'code' in answerOf(await who.get(authorizePath(challenge)));
    server.clock.advance(11.9 * 3_600_000);
    expect([await isIn(browser), await isIn(remembered)]).toEqual([true, true]);
    server.clock.advance(12 * 3_600_000);
    expect([await isIn(browser), await isIn(remembered)]).toEqual([false, true]);
    server.clock.advance(30 * 24 * 3_600_000);
    expect(await isIn(remembered)).toBe(false);
  });
});

describe('somebody who is not signed in', () => {
  it('is led to the page, which learns what waits', async () => {
    const browser = openTestBrowser(server.issuer);
    const params = { login_hint: 'ann@example.test', ui_locales: 'nl en' };
    const led = await browser.get(authorizePath(challenge, params));
    expect(led.status).toBe(303);
    expect(pageOf(led)).toMatch(/^\/account\/login\?interaction=[\w-]+$/);
    expect(JSON.parse((await browser.get(pageOf(led))).text)).toEqual({
      uid: led.location?.searchParams.get('interaction'),
      clientId: 'cardea-phone',
      clientName: 'Cardea on the phone',
      prompt: 'login',
      reasons: ['no_session'],
      loginHint: 'ann@example.test',
      uiLocales: ['nl', 'en'],
      acrValues: [],
      scope: 'openid offline_access user_api.full_access',
      redirectUri: 'http://127.0.0.1:9/signed-in',
    });
  });

  it('goes back to the client after signing in, once', async () => {
    const person = await makeTestPerson(server);
    const browser = openTestBrowser(server.issuer);
    const led = await browser.get(authorizePath(challenge));
    await signInBrowser(server, browser, { loginId: person.loginId });
    const code = answerOf(await goOn(browser, led))['code'] ?? '';
    const answer = await postToken(server.issuer, { body: codeBody(code, verifier) });
    expect(answer.status).toBe(200);
    expect((await goOn(browser, led)).status).toBe(404);
  });

  it('goes back refused when the page gives up', async () => {
    const browser = openTestBrowser(server.issuer);
    const led = await browser.get(authorizePath(challenge));
    expect(answerOf(await goOn(browser, led))).toMatchObject({
      error: 'access_denied',
      state: 'a state',
    });
  });

  it('cannot go on with what another browser began', async () => {
    const led = await openTestBrowser(server.issuer).get(authorizePath(challenge));
    const other = openTestBrowser(server.issuer);
    expect((await other.get(pageOf(led))).status).toBe(404);
    expect((await goOn(other, led)).status).toBe(404);
  });

  it('may have several requests waiting, each for an hour', async () => {
    const browser = openTestBrowser(server.issuer);
    const first = await browser.get(authorizePath(challenge, { state: 'first' }));
    const second = await browser.get(authorizePath(challenge, { state: 'second' }));
    expect((await browser.get(pageOf(first))).status).toBe(200);
    expect((await browser.get(pageOf(second))).status).toBe(200);
    server.clock.advance(3_600_000);
    expect((await browser.get(pageOf(first))).status).toBe(404);
  });

  it('gets no cookie of the library', async () => {
    const led = await openTestBrowser(server.issuer).get(authorizePath(challenge));
    const cookies = led.headers.getSetCookie();
    expect(cookies).toHaveLength(1);
    expect(cookies[0]).toMatch(
      /^__Host-cardea-requests=[\w-]+; Path=\/; HttpOnly; Secure; SameSite=Lax; Max-Age=3600$/,
    );
  });
});

describe('a request that cannot be answered', () => {
  it.each([
    ['an unknown client', { client_id: 'nobody' }],
    ['no client', { client_id: null }],
    ['no address', { redirect_uri: null }],
    ['an address of somebody else', { redirect_uri: 'https://evil.example.test/' }],
    ['a longer address', { redirect_uri: 'http://127.0.0.1:9/signed-in/x' }],
    ['another letter case', { redirect_uri: 'http://127.0.0.1:9/Signed-in' }],
    ['a query beside the address', { redirect_uri: 'http://127.0.0.1:9/signed-in?x=1' }],
    ['a dot segment', { redirect_uri: 'http://127.0.0.1:9/x/../signed-in' }],
    ['https in place of http', { redirect_uri: 'https://127.0.0.1:9/signed-in' }],
    ['another name of the loopback', { redirect_uri: 'http://localhost:9/signed-in' }],
    ['a user in the address', { redirect_uri: 'http://127.0.0.1:9@evil.example.test/signed-in' }],
    ['an address that is none', { redirect_uri: 'signed-in' }],
  ])('by %s is a page and never a redirect', async (_what, params) => {
    const { browser } = await signedIn();
    const step = await browser.get(authorizePath(challenge, params));
    expect([step.status, step.location]).toEqual([400, undefined]);
    expect(step.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(step.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(step.text).toContain('This sign-in cannot go on');
  });

  it('says nothing of the sender but escaped', async () => {
    const step = await openTestBrowser(server.issuer).get(
      authorizePath(challenge, { client_id: '<script>', redirect_uri: '"><script>' }),
    );
    expect(step.text).not.toContain('<script>');
  });

  it.each([
    [
      'no challenge of a public client',
      { code_challenge: null, code_challenge_method: null },
      'invalid_request',
    ],
    ['a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['a challenge without its method', { code_challenge_method: null }, 'invalid_request'],
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
    [
      'id_token as response type',
      { response_type: 'id_token', nonce: 'n' },
      'unsupported_response_type',
    ],
    ['another response mode', { response_mode: 'fragment' }, 'invalid_request'],
    ['a response mode nobody knows', { response_mode: 'pigeon' }, 'invalid_request'],
    ['no response type', { response_type: null }, 'invalid_request'],
    ['an unknown scope', { scope: 'openid nonsense' }, 'invalid_scope'],
    ['a scope of others', { scope: 'core_api.full' }, 'invalid_scope'],
    ['an unknown prompt', { prompt: 'dance' }, 'invalid_request'],
    ['none beside another prompt', { prompt: 'none login' }, 'invalid_request'],
    ['a max_age that is none', { max_age: '-1' }, 'invalid_request'],
    ['a request object', { request: 'e30.e30.' }, 'request_not_supported'],
    [
      'a request by address',
      { request_uri: 'https://a.example.test/' },
      'request_uri_not_supported',
    ],
  ])('by %s goes back with the error', async (_what, params, error) => {
    const { browser } = await signedIn();
    const answer = answerOf(await browser.get(authorizePath(challenge, params)));
    expect(answer).toMatchObject({ error, state: 'a state', iss: server.issuer });
    expect(answer).not.toHaveProperty('code');
  });

  it('by a doubled member is refused', async () => {
    const { browser } = await signedIn();
    const step = await browser.get(`${authorizePath(challenge)}&scope=openid`);
    expect(answerOf(step)).toMatchObject({ error: 'invalid_request' });
  });

  it('of a client that may not is unauthorized_client', async () => {
    const { browser } = await signedIn();
    const { id } = await server.identity.clients.createClient({
      tenantId: server.tenantId,
      name: 'Programs only',
      kind: 'confidential',
      grants: ['client_credentials'],
      scopes: ['core_api.full'],
      redirectUris: ['https://app.example.test/back'],
    });
    const step = await browser.get(
      authorizePath(challenge, {
        client_id: id,
        redirect_uri: 'https://app.example.test/back',
        scope: 'core_api.full',
      }),
    );
    expect(answerOf(step)).toMatchObject({ error: 'unauthorized_client' });
  });

  it('of a disabled client is a page', async () => {
    const { browser } = await signedIn();
    const { id } = await server.identity.clients.createClient({
      tenantId: server.tenantId,
      name: 'Old',
      kind: 'public',
      grants: ['authorization_code'],
      scopes: ['user_api.full_access'],
      redirectUris: ['com.example.app:/back'],
    });
    const path = authorizePath(challenge, {
      client_id: id,
      redirect_uri: 'com.example.app:/back',
      scope: 'user_api.full_access',
    });
    expect((await browser.get(path)).location?.href).toMatch(/^com\.example\.app:\/back\?code=/);
    await server.identity.clients.disable(id);
    expect((await browser.get(path)).status).toBe(400);
  });

  it('as too many others is told to wait', async () => {
    const browser = openTestBrowser(server.issuer);
    const path = authorizePath(challenge, { client_id: 'flood', redirect_uri: 'x:/y' });
    const { pathname, search } = new URL(path, server.issuer);
    await kit.database.pool.query(
      `update token_request_counts set requests = 1200 where account like 'authorize:%'`,
    );
    await browser.get(pathname + search);
    await kit.database.pool.query(
      `update token_request_counts set requests = 1200 where account like 'authorize:%'`,
    );
    const step = await browser.get(pathname + search);
    expect(step.status).toBe(429);
    expect(Number(step.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});
