/** A known good client (openid-client) in a real browser on the loopback: whole runs of a person, and what their tokens open. */
import { createServer, type Server } from 'node:http';
import { HttpTransportType, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import * as client from 'openid-client';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser } from '#test/kit/browser';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { freePort } from '#test/kit/ports';
import { addEventPlace, storeEntry, type EventPlace } from '#test/kit/stored-events';
import { until } from '#test/kit/wait';

const patienceMs = 120_000;

let cardea: TestServer;
let siteId: string;
let place: EventPlace;
let owner: TestPerson;
let configuration: client.Configuration;
let browser: { readonly context: BrowserContext; readonly stop: () => Promise<void> };
let app: { readonly origin: string; readonly server: Server; readonly visits: URL[] };

beforeAll(async () => {
  cardea = await startTestServer();
  siteId = await addSite(cardea);
  const { tenantId } = cardea.tenant;
  place = await addEventPlace(cardea.database, { tenantId, siteId });
  owner = await addPerson(cardea, { siteId, role: 'owner' });
  app = await listen();
  browser = await openBrowser();
  configuration = await client.discovery(
    new URL(cardea.url),
    'cardea-phone',
    undefined,
    client.None(),
    { execute: [client.allowInsecureRequests] },
  );
}, patienceMs);

afterAll(async () => {
  await browser.stop();
  app.server.closeAllConnections();
  await new Promise((closed) => app.server.close(closed));
  await cardea.stop();
});

/** The app's own port, where browsers are led back to. */
async function listen(): Promise<typeof app> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${String(port)}`;
  const visits: URL[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', origin);
    if (url.pathname.startsWith('/signed-')) visits.push(url);
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>App</title>Done');
  });
  await new Promise<void>((ready) => server.listen(port, '127.0.0.1', () => ready()));
  return { origin, server, visits };
}

async function nextVisit(open: () => Promise<unknown>): Promise<URL> {
  app.visits.length = 0;
  await open();
  return until(() => app.visits[0], { what: 'the browser comes back', timeoutMs: patienceMs });
}

async function signIn(page: Page, params: Readonly<Record<string, string>> = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: `${app.origin}/signed-in`,
    scope: 'openid email offline_access user_api.full_access',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
    ...params,
  });
  const visit = await nextVisit(async () => {
    await page.goto(url.href);
    if (new URL(page.url()).pathname !== '/account/login') return;
    await page.fill('#email', owner.email);
    await page.fill('#password', owner.password);
    await page.click('main button:not([type=button])');
  });
  return client.authorizationCodeGrant(configuration, visit, {
    pkceCodeVerifier,
    expectedState,
    expectedNonce,
    idTokenExpected: true,
  });
}

async function withPage<T>(work: (page: Page) => Promise<T>): Promise<T> {
  const page = await browser.context.newPage();
  try {
    return await work(page);
  } finally {
    await page.close();
  }
}

describe('a client that checks everything', () => {
  it(
    'is content with discovery, code, id token, user info and refresh',
    async () => {
      const tokens = await withPage((page) => signIn(page));
      expect(tokens.claims()).toMatchObject({ sub: owner.loginId, amr: ['password'] });
      const about = await client.fetchUserInfo(configuration, tokens.access_token, owner.loginId);
      expect(about).toMatchObject({ email: owner.email, email_verified: true });
      const further = await client.refreshTokenGrant(configuration, tokens.refresh_token ?? '');
      expect(further.claims()?.sub).toBe(owner.loginId);
      await client.tokenRevocation(configuration, further.refresh_token ?? '');
      await expect(
        client.refreshTokenGrant(configuration, further.refresh_token ?? ''),
      ).rejects.toMatchObject({ error: 'invalid_grant' });
    },
    patienceMs,
  );

  it(
    'finds the person still signed in, as browsers keep the cookie on the loopback',
    async () => {
      await withPage(async (page) => {
        await signIn(page);
        const again = await signIn(page, { prompt: 'none' });
        expect(again.claims()?.sub).toBe(owner.loginId);
      });
      const cookies = await browser.context.cookies(cardea.url);
      expect(cookies.find(({ name }) => name === '__Host-cardea-session')).toMatchObject({
        httpOnly: true,
        secure: true,
        sameSite: 'Lax',
        path: '/',
      });
    },
    patienceMs,
  );

  it(
    'signs out, and what it was given ends',
    async () => {
      await browser.context.clearCookies();
      const tokens = await withPage(async (page) => {
        const given = await signIn(page);
        const url = client.buildEndSessionUrl(configuration, {
          id_token_hint: given.id_token ?? '',
          post_logout_redirect_uri: `${app.origin}/signed-out`,
          state: 'bye',
        });
        const visit = await nextVisit(() => page.goto(url.href));
        expect(`${visit.pathname}${visit.search}`).toBe('/signed-out?state=bye');
        return given;
      });
      await expect(
        client.refreshTokenGrant(configuration, tokens.refresh_token ?? ''),
      ).rejects.toMatchObject({ error: 'invalid_grant' });
      const cookies = await browser.context.cookies(cardea.url);
      expect(cookies.map(({ name }) => name)).not.toContain('__Host-cardea-session');
    },
    patienceMs,
  );
});

describe('a token of no tenant', () => {
  it.each([
    HttpTransportType.WebSockets,
    HttpTransportType.ServerSentEvents,
    HttpTransportType.LongPolling,
  ])(
    'hears the events of a site of the person, by transport %s',
    async (transport) => {
      const { access_token: token } = await withPage((page) => signIn(page));
      const heard: string[] = [];
      const connection = new HubConnectionBuilder()
        .withUrl(`${cardea.url}/v1/hub/entries?site_id=${siteId}`, {
          transport,
          accessTokenFactory: () => token,
        })
        .configureLogging(LogLevel.None)
        .build();
      connection.on('ReceiveMessage', (text: string) => heard.push(text));
      await connection.start();
      await until(
        async () => {
          await storeEntry(cardea.database, place);
          return heard.length > 0;
        },
        { what: 'an entry is heard' },
      );
      await connection.stop();
    },
    patienceMs,
  );

  it(
    'is refused where the person has no place',
    async () => {
      const { access_token: token } = await withPage((page) => signIn(page));
      const other = await addSite(cardea, await cardea.addTenant('Second'));
      const answer = await cardea.ask('POST', `//v1/hub/entries/negotiate?site_id=${other}`, {
        token,
      });
      expect(answer.status).toBe(404);
      const own = await cardea.ask('GET', `//ext/v1/sites/${siteId}/options`, { token });
      expect(own.status).toBe(200);
    },
    patienceMs,
  );
});
