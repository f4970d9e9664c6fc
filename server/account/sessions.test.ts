import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerForm, formsOf, sendForm, startTestAccounts } from '#test/kit/account-pages';
import { createTestDatabase, type TestDatabase } from '#test/kit/database';
import { makeTestPerson, postToken, type TestIdentity } from '#test/kit/identity-server';
import {
  authorizePath,
  codeBody,
  makePkce,
  openTestBrowser,
  signInBrowser,
} from '#test/kit/sign-in-browser';
import { isAccepted, refreshTokens } from '#test/kit/sign-in-tokens';

const SESSIONS = '/account/sessions';

let test: TestDatabase;
let server: TestIdentity;

beforeAll(async () => {
  test = await createTestDatabase();
  server = await startTestAccounts({ database: test.database });
});

afterAll(async () => {
  await server.stop();
  await test.drop();
});

const browserOf = (network = '192.0.2.1') =>
  openTestBrowser(server.issuer, {
    'x-forwarded-for': network,
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/127.0',
  });

async function signedIn(person: { readonly email: string; readonly password: string }) {
  const browser = browserOf();
  const { email, password } = person;
  await sendForm(browser, '/account/login', { email, password });
  return browser;
}

describe('the list of devices', () => {
  it('shows each with its place and last use, and which one it is looked at from', async () => {
    const person = await makeTestPerson(server);
    const browser = await signedIn(person);
    const other = browserOf('2001:db8:1:2:3::4');
    await sendForm(other, '/account/login', {
      email: person.email,
      password: person.password,
    });
    const { text } = await browser.get(SESSIONS);
    expect(text).toContain('Firefox, Linux (this browser)');
    expect(text).toContain('from 192.0.2.1');
    expect(text).toContain('from 2001:db8:1:2::/64');
    expect(text).toContain(`datetime="${server.clock.now().toISOString().slice(0, 16)}`);
  });

  it('ends one of them, and nobody else’s', async () => {
    const [ann, ben] = [await makeTestPerson(server), await makeTestPerson(server)];
    const [own, other] = [await signedIn(ann), browserOf()];
    const session = await signInBrowser(server, other, { loginId: ann.loginId });
    const strangers = browserOf();
    const foreign = await signInBrowser(server, strangers, { loginId: ben.loginId });
    const { hidden } = formsOf(await own.get(SESSIONS))[0] ?? {};
    await own.post(SESSIONS, { ...hidden, end: session.id });
    await own.post(SESSIONS, { ...hidden, end: foreign.id });
    expect((await other.get('/account')).status).toBe(303);
    expect((await strangers.get('/account')).status).toBe(200);
    expect((await own.get('/account')).status).toBe(200);
  });

  it('ends all others, and their tokens', async () => {
    const person = await makeTestPerson(server);
    const own = await signedIn(person);
    const app = browserOf();
    const { verifier, challenge } = makePkce();
    const led = await app.get(authorizePath(challenge));
    const back = await sendForm(app, led.location?.href ?? '', {
      email: person.email,
      password: person.password,
    });
    const code = back.location?.searchParams.get('code') ?? '';
    const { body } = await postToken(server.issuer, { body: codeBody(code, verifier) });
    expect(await isAccepted(server, String(body['access_token']))).toBe(true);
    const { hidden } = formsOf(await own.get(SESSIONS))[0] ?? {};
    await own.post(SESSIONS, { ...hidden, others: '1' });
    expect((await own.get('/account')).status).toBe(200);
    expect((await app.get('/account')).status).toBe(303);
    expect(await isAccepted(server, String(body['access_token']))).toBe(false);
    expect((await refreshTokens(server, String(body['refresh_token']))).status).toBe(400);
  });
});

describe('signing out', () => {
  it('asks first, then ends the session', async () => {
    const person = await makeTestPerson(server);
    const browser = await signedIn(person);
    const page = await browser.get('/account/logout');
    expect(page.text).toContain(person.email);
    expect((await browser.get('/account')).status).toBe(200);
    const step = await answerForm(browser, page, {});
    expect(step.location?.pathname).toBe('/account/logout');
    expect(browser.cookies.has('__Host-cardea-session')).toBe(false);
    expect(await server.identity.sessions.list(person.loginId)).toEqual([]);
    expect((await browser.get('/account/logout')).text).toContain('You are signed out');
  });

  it('at the wish of a client leads on to the address it registered, with its state', async () => {
    const uri = 'https://app.example.test/bye';
    const { id } = await server.identity.clients.createClient({
      tenantId: server.tenantId,
      name: 'App',
      kind: 'public',
      grants: ['authorization_code'],
      scopes: ['openid'],
      redirectUris: ['https://app.example.test/in'],
      postLogoutRedirectUris: [uri],
    });
    const browser = await signedIn(await makeTestPerson(server));
    const wish = new URLSearchParams({
      client_id: id,
      post_logout_redirect_uri: uri,
      state: 'a state',
    });
    const asked = await browser.get(`/connect/endsession?${wish.toString()}`);
    expect(asked.location?.pathname).toBe('/account/logout');
    const page = await browser.get(asked.location?.href ?? '');
    expect(page.headers.get('content-security-policy')).toContain(
      "form-action 'self' https://app.example.test;",
    );
    const step = await answerForm(browser, page, {});
    expect(step.location?.href).toBe(`${uri}?state=a+state`);
    expect((await browser.get('/account')).status).toBe(303);
  });

  it('leads to no address that is not registered', async () => {
    const browser = await signedIn(await makeTestPerson(server));
    const wish = 'client_id=cardea-web&post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F';
    const page = await browser.get(`/account/logout?${wish}`);
    const step = await answerForm(browser, page, {});
    expect(step.location?.href).toBe(`${server.issuer}/account/logout`);
  });
});
