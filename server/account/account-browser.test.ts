import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestAccounts } from '#test/kit/account-pages';
import { openBrowser } from '#test/kit/browser';
import { createTestDatabase, type TestDatabase } from '#test/kit/database';
import { makeTestPerson, postToken, type TestIdentity } from '#test/kit/identity-server';
import { faultsOf } from '#test/kit/page-check';
import { freePort } from '#test/kit/ports';
import { authorizePath, codeBody, makePkce } from '#test/kit/sign-in-browser';

let test: TestDatabase;
let server: TestIdentity;
let byNumber: TestIdentity;
let browser: Awaited<ReturnType<typeof openBrowser>>;
let program: { readonly server: Server; readonly redirectUri: string };

beforeAll(async () => {
  test = await createTestDatabase();
  // Passkeys are of a name; the numbers are where most people first see the pages.
  server = await startTestAccounts({
    database: test.database,
    publicUrl: (port) => `http://localhost:${port}`,
  });
  byNumber = await startTestAccounts({ database: test.database });
  browser = await openBrowser();
  program = await startProgram();
});

afterAll(async () => {
  await browser.stop();
  await new Promise((closed) => program.server.close(closed));
  await server.stop();
  await byNumber.stop();
  await test.drop();
});

/** Where a phone app would listen for the way back. */
async function startProgram() {
  const port = await freePort();
  const made = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>The program</title>');
  });
  await new Promise<void>((listening) => made.listen(port, '127.0.0.1', () => listening()));
  const { port: own } = made.address() as AddressInfo;
  return { server: made, redirectUri: `http://127.0.0.1:${own}/signed-in` };
}

/** A tab of a browser that knows nobody, with an authenticator that makes passkeys and says yes. */
async function openTab(): Promise<{ readonly page: Page; readonly devices: CDPSession }> {
  await browser.context.clearCookies();
  const page = await browser.context.newPage();
  const devices = await browser.context.newCDPSession(page);
  await devices.send('WebAuthn.enable');
  await devices.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { page, devices };
}

type Person = { readonly email: string; readonly password: string };

async function signIn(page: Page, { email, password }: Person): Promise<void> {
  await page.fill('#email', email);
  await page.fill('#password', password);
  await page.click('main button:not([type=button])');
}

async function addPasskey(page: Page, issuer: string): Promise<string[]> {
  await page.goto(`${issuer}/account/second-factor/add`);
  await page.fill('#passkey-name', 'My laptop');
  await page.click('button[data-passkey=create]');
  await page.waitForSelector('.codes li');
  return page.locator('.codes li').allTextContents();
}

describe('in a real browser', { timeout: 240_000 }, () => {
  it.each([
    ['a name', () => server],
    ['a number', () => byNumber],
  ])('signing in works without TLS on the machine itself, reached by %s', async (_what, of) => {
    const { issuer } = of();
    const { page } = await openTab();
    await page.goto(`${issuer}/account`);
    await signIn(page, await makeTestPerson(of()));
    await page.waitForURL(`${issuer}/account`);
    const cookies = await browser.context.cookies(issuer);
    const session = cookies.find(({ name }) => name === '__Host-cardea-session');
    expect(session).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax', path: '/' });
    await page.close();
  });

  it('a program gets its code through the whole sign-in, content policy and all', async () => {
    const person = await makeTestPerson(server);
    const { page } = await openTab();
    const { verifier, challenge } = makePkce();
    const { redirectUri } = program;
    await page.goto(`${server.issuer}${authorizePath(challenge, { redirect_uri: redirectUri })}`);
    await signIn(page, person);
    await page.waitForURL((url) => url.href.startsWith(redirectUri));
    const code = new URL(page.url()).searchParams.get('code') ?? '';
    const body = { ...codeBody(code, verifier), redirect_uri: redirectUri };
    const answer = await postToken(server.issuer, { body });
    expect([answer.status, answer.body['token_type']]).toEqual([200, 'Bearer']);
    // Signed in already: straight back.
    await page.goto(`${server.issuer}${authorizePath(challenge, { redirect_uri: redirectUri })}`);
    expect(page.url()).toContain(redirectUri);
    await page.close();
  });

  it('a passkey is added, signs in alone, and is a second factor beside the password', async () => {
    const person = await makeTestPerson(server);
    const { page } = await openTab();
    await page.goto(`${server.issuer}/account`);
    await signIn(page, person);
    expect(await addPasskey(page, server.issuer)).toHaveLength(10);

    await browser.context.clearCookies();
    await page.goto(`${server.issuer}/account`);
    server.clock.advance(1000);
    await page.click('button[data-passkey=get]');
    await page.waitForURL(`${server.issuer}/account`);
    const [alone] = await server.identity.sessions.list(person.loginId);
    expect(alone?.amr).toEqual(['passkey']);

    await browser.context.clearCookies();
    await page.goto(`${server.issuer}/account`);
    await signIn(page, person);
    await page.waitForURL(/\/account\/login\/factor/);
    server.clock.advance(1000);
    await page.click('button[data-passkey=get]');
    await page.waitForURL(`${server.issuer}/account`);
    const [both] = await server.identity.sessions.list(person.loginId);
    expect(both?.amr).toEqual(['password', 'mfa']);

    server.clock.advance(5 * 60_000);
    await page.goto(`${server.issuer}/account/second-factor`);
    expect(page.url()).toContain('/account/confirm');
    await page.click('button[data-passkey=get]');
    await page.waitForURL(`${server.issuer}/account/second-factor`);
    expect(await page.textContent('main')).toContain('My laptop');
    await page.close();
  });

  it('an answer of a passkey signs in once', async () => {
    const person = await makeTestPerson(server);
    const { page } = await openTab();
    await page.goto(`${server.issuer}/account`);
    await signIn(page, person);
    await addPasskey(page, server.issuer);
    await browser.context.clearCookies();
    await page.goto(`${server.issuer}/account/login`);
    const sent = page.waitForRequest((request) => request.method() === 'POST');
    await page.click('button[data-passkey=get]');
    const form = (await sent).postData() ?? '';
    const cookie = await (await sent).headerValue('cookie');
    await page.waitForURL(`${server.issuer}/account`);
    const again = await fetch(`${server.issuer}/account/login`, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        cookie: cookie ?? '',
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: form,
    });
    expect(again.status).toBe(400);
    await page.close();
  });

  it('the browser says so when it has no passkey, and the password still works', async () => {
    const person = await makeTestPerson(server);
    const { page } = await openTab();
    await page.goto(`${server.issuer}/account/login`);
    await page.click('button[data-passkey=get]');
    await page.waitForSelector('#passkey-fault:not([hidden])');
    await signIn(page, person);
    await page.waitForURL(`${server.issuer}/account`);
    await page.close();
  });

  it('without scripts everything but passkeys is there', async () => {
    const person = await makeTestPerson(server);
    const plain = await browser.context.browser()?.newContext({ javaScriptEnabled: false });
    const page = await plain?.newPage();
    if (page === undefined) throw new Error('no browser');
    await page.goto(`${server.issuer}/account`);
    expect(await page.isVisible('button[data-passkey]')).toBe(false);
    await signIn(page, person);
    await page.waitForURL(`${server.issuer}/account`);
    await plain?.close();
  });
});

describe('every page of signing in', { timeout: 240_000 }, () => {
  it('is looked at by a check that finds faults', async () => {
    const { page } = await openTab();
    await page.setContent('<html><body style="width: 2000px"><input><p style="color: #999">Pale');
    const faults = (await faultsOf(page)).join('\n');
    for (const fault of ['label', 'html-has-lang', 'color-contrast', 'wider than the screen'])
      expect(faults).toContain(fault);
    await page.close();
  });

  it('can be used by everybody, on a phone and a desk, in light and dark', async () => {
    const person = await makeTestPerson(server);
    const { page } = await openTab();
    const faults: string[] = [];
    const look = async (path?: string): Promise<void> => {
      if (path !== undefined) await page.goto(`${server.issuer}${path}`);
      // A click waits for the beginning of the next page only.
      await page.waitForLoadState();
      faults.push(...(await faultsOf(page)));
    };
    await look('/account/login');
    await signIn(page, { ...person, password: 'not the password' });
    await look();
    await signIn(page, person);
    await page.waitForURL(`${server.issuer}/account`);
    await look();
    await look('/account/second-factor');
    await look('/account/second-factor/add');
    await addPasskey(page, server.issuer);
    await look();
    await look('/account/second-factor');
    await look('/account/sessions');
    await look('/account/sessions/programs');
    await look('/account/logout');
    server.clock.advance(5 * 60_000);
    await look('/account/second-factor');
    expect(page.url()).toContain('/account/confirm');
    await browser.context.clearCookies();
    await page.goto(`${server.issuer}/account`);
    await signIn(page, person);
    await page.waitForURL(/\/account\/login\/factor/);
    await look();
    await browser.context.clearCookies();
    await look('/account/logout');
    await look('/account/nothing');
    const other = await makeTestPerson(server);
    const path = authorizePath(makePkce().challenge, { acr_values: 'mfa', ui_locales: 'de' });
    await page.goto(`${server.issuer}${path}`);
    await signIn(page, other);
    await page.waitForURL(/\/account\/login\/set-up/);
    expect(await page.getAttribute('html', 'lang')).toBe('de');
    await look();
    expect(faults).toEqual([]);
    await page.close();
  });
});
