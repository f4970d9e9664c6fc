/**
 * Who is signed in, in this browser (docs/decisions/0260): the access token lives in memory only, the refresh token in localStorage,
 * where all tabs share it, since each use of it makes the next one. One tab refreshes at a time.
 *
 * States: starting → signed-in | signed-out; signed-in → signed-out when the session has ended here, in another tab or elsewhere.
 */
import * as oauth from 'oauth4webapi';
import { chosenLanguage } from '../parts/language.tsx';
import { serverClock } from './server-clock.ts';

export type SessionState =
  | { readonly word: 'starting' }
  | { readonly word: 'signed-in' }
  /** `why`: the person wished it, the session has ended elsewhere, or the way back from the sign-in page failed. */
  | { readonly word: 'signed-out'; readonly why: 'wished' | 'ended' | 'failed' };

const client: oauth.Client = { client_id: 'cardea-web', token_endpoint_auth_method: 'none' };
const scope = 'openid profile email offline_access user_api.full_access';
const refreshKey = 'cardea.refresh';
const idKey = 'cardea.id';
const flightKey = 'cardea.flight';
/** A token is replaced so long before it ends. */
const marginMs = 60_000;

let state: SessionState = { word: 'starting' };
let server: oauth.AuthorizationServer | undefined;
let access: { readonly token: string; readonly endsAtMs: number } | undefined;
let refreshing: Promise<string | undefined> | undefined;
const listeners = new Set<() => void>();

export function currentSession(): SessionState {
  return state;
}

/** Calls back at each change; returns what ends it. */
export function onSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function become(next: SessionState): void {
  state = next;
  for (const listener of listeners) listener();
}

const insecure = () =>
  location.protocol === 'http:' ? { [oauth.allowInsecureRequests]: true } : {};

async function discover(): Promise<oauth.AuthorizationServer> {
  if (server !== undefined) return server;
  const issuer = new URL(location.origin);
  const response = await oauth.discoveryRequest(issuer, insecure());
  const found = (await response.clone().json()) as { readonly issuer: string };
  // Opened by another name of the same machine: only the server's own address is registered for coming back.
  if (new URL(found.issuer).origin !== location.origin) {
    location.replace(new URL(location.pathname + location.search, found.issuer));
    return new Promise(() => undefined);
  }
  server = await oauth.processDiscoveryResponse(issuer, response);
  return server;
}

/** Takes up what was there: the way back from the sign-in page, a session that goes on, or nobody. Comes back with where to go. */
export async function startSession(): Promise<void> {
  window.addEventListener('storage', ({ key, newValue }) => {
    if (key === refreshKey && newValue === null && state.word === 'signed-in')
      become({ word: 'signed-out', why: 'ended' });
    if (key === refreshKey && newValue !== null && state.word === 'signed-out') location.reload();
  });
  const query = new URLSearchParams(location.search);
  if (location.pathname === '/signed-in') return finishSignIn();
  if (query.get('state') === 'signed-out') {
    history.replaceState(null, '', '/');
    return become({ word: 'signed-out', why: 'wished' });
  }
  if (localStorage.getItem(refreshKey) === null) return signIn();
  if ((await accessToken()) !== undefined) become({ word: 'signed-in' });
}

/** So long ago at most a second factor was proven when a sign-in that asks for one comes back; hubs take five minutes. */
const provenForSeconds = 120;

/** Leads to the sign-in page; the browser leaves. `withFactor`: by a second factor, and just before. */
export async function signIn({ withFactor = false } = {}): Promise<void> {
  const { authorization_endpoint: endpoint = '' } = await discover();
  const verifier = oauth.generateRandomCodeVerifier();
  const flight = {
    verifier,
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
  };
  const isBack = location.pathname === '/signed-in';
  const back = isBack ? '/' : location.pathname + location.search;
  sessionStorage.setItem(flightKey, JSON.stringify({ ...flight, back }));
  const url = new URL(endpoint);
  const language = chosenLanguage();
  url.search = new URLSearchParams({
    ...(language === null ? {} : { ui_locales: language }),
    client_id: client.client_id,
    redirect_uri: `${location.origin}/signed-in`,
    response_type: 'code',
    scope,
    state: flight.state,
    nonce: flight.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(withFactor ? { acr_values: 'mfa', max_age: String(provenForSeconds) } : {}),
  }).toString();
  location.assign(url);
}

type Flight = {
  readonly verifier: string;
  readonly state: string;
  readonly nonce: string;
  readonly back: string;
};

async function finishSignIn(): Promise<void> {
  const kept = sessionStorage.getItem(flightKey);
  sessionStorage.removeItem(flightKey);
  if (kept === null) return signIn();
  const flight = JSON.parse(kept) as Flight;
  try {
    const as = await discover();
    const params = oauth.validateAuthResponse(as, client, new URL(location.href), flight.state);
    const response = await oauth.authorizationCodeGrantRequest(
      as,
      client,
      oauth.None(),
      params,
      `${location.origin}/signed-in`,
      flight.verifier,
      insecure(),
    );
    keep(
      await oauth.processAuthorizationCodeResponse(as, clientAt(response), response, {
        expectedNonce: flight.nonce,
      }),
    );
    history.replaceState(null, '', flight.back);
    become({ word: 'signed-in' });
  } catch {
    history.replaceState(null, '', '/');
    become({ word: 'signed-out', why: 'failed' });
  }
}

/** Tokens are judged at the time of the server that answers: a browser whose clock is wrong would find them ended. */
function clientAt(answer: Response): oauth.Client {
  serverClock.note(answer);
  return { ...client, [oauth.clockSkew]: Math.round(serverClock.aheadMs() / 1000) };
}

function keep(answer: oauth.TokenEndpointResponse): void {
  const { access_token: token, refresh_token: refresh, id_token: id, expires_in: seconds } = answer;
  access = { token, endsAtMs: performance.now() + (seconds ?? 300) * 1000 };
  if (refresh !== undefined) localStorage.setItem(refreshKey, refresh);
  if (id !== undefined) localStorage.setItem(idKey, id);
}

/** A token that is good for now; undefined when nobody is signed in any more. `isRefused`: the one before was not accepted. */
export async function accessToken({ isRefused = false } = {}): Promise<string | undefined> {
  if (!isRefused && access !== undefined && access.endsAtMs - marginMs > performance.now())
    return access.token;
  refreshing ??= refresh().finally(() => {
    refreshing = undefined;
  });
  return refreshing;
}

/** Throws a TypeError when the server cannot be reached, which ends nothing. */
async function refresh(): Promise<string | undefined> {
  const as = await discover();
  return withLock(async () => {
    const kept = localStorage.getItem(refreshKey);
    if (kept === null) {
      ended();
      return undefined;
    }
    const response = await oauth.refreshTokenGrantRequest(
      as,
      client,
      oauth.None(),
      kept,
      insecure(),
    );
    if (response.status >= 500 || response.status === 429)
      throw new TypeError('the server cannot refresh now');
    try {
      keep(await oauth.processRefreshTokenResponse(as, clientAt(response), response));
      return access?.token;
    } catch {
      ended();
      return undefined;
    }
  });
}

/** Browsers have locks on secure pages only; over plain HTTP to another machine a tab goes alone. */
function withLock<T>(act: () => Promise<T>): Promise<T> {
  const locks = navigator.locks as LockManager | undefined;
  return locks === undefined ? act() : locks.request(refreshKey, act);
}

function ended(): void {
  access = undefined;
  localStorage.removeItem(refreshKey);
  localStorage.removeItem(idKey);
  become({ word: 'signed-out', why: 'ended' });
}

/** Ends the session here and at the server; the browser leaves. */
export async function signOut(): Promise<void> {
  const { end_session_endpoint: endpoint = '' } = await discover();
  const hint = localStorage.getItem(idKey);
  localStorage.removeItem(refreshKey);
  localStorage.removeItem(idKey);
  const url = new URL(endpoint);
  url.search = new URLSearchParams({
    client_id: client.client_id,
    ...(hint === null ? {} : { id_token_hint: hint }),
    post_logout_redirect_uri: `${location.origin}/`,
    state: 'signed-out',
  }).toString();
  location.assign(url);
}
