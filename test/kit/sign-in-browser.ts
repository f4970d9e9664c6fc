/** A browser in miniature: keeps cookies, sends the headers `always`, and follows no redirect by itself, so that a test sees each step. */
import { createHash, randomBytes } from 'node:crypto';
import type { LoginId } from '#contract/ids';
import { SESSION_COOKIE } from '#server/identity/session-cookie';
import type { SignInSession } from '#server/identity/sessions';
import type { TestIdentity } from './identity-server.ts';

export type Step = {
  readonly status: number;
  /** Where it is led to; undefined for a page. */
  readonly location: URL | undefined;
  readonly headers: Headers;
  readonly text: string;
};

export type TestBrowser = {
  readonly cookies: Map<string, string>;
  get(path: string): Promise<Step>;
  post(path: string, form: Readonly<Record<string, string>>): Promise<Step>;
};

export function openTestBrowser(
  origin: string,
  always: Readonly<Record<string, string>> = {},
): TestBrowser {
  const cookies = new Map<string, string>();

  async function go(path: string, init: RequestInit): Promise<Step> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(new URL(path, origin), {
      ...init,
      redirect: 'manual',
      headers: cookie === '' ? always : { ...always, cookie },
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const cut = pair.indexOf('=');
      const [name, value] = [pair.slice(0, cut), pair.slice(cut + 1)];
      if (/max-age=0/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    const location = response.headers.get('location');
    return {
      status: response.status,
      location: location === null ? undefined : new URL(location, origin),
      headers: response.headers,
      text: await response.text(),
    };
  }

  return {
    cookies,
    get: (path) => go(path, { method: 'GET' }),
    post: (path, form) => go(path, { method: 'POST', body: new URLSearchParams(form) }),
  };
}

/** Signs somebody in in the browser, as a page does once the person has proven who they are. */
export async function signInBrowser(
  { identity }: Pick<TestIdentity, 'identity'>,
  browser: TestBrowser,
  order: {
    readonly loginId: LoginId;
    readonly amr?: readonly string[];
    readonly isRemembered?: boolean;
  },
): Promise<SignInSession> {
  const { session, secret } = await identity.sessions.begin({
    amr: ['password'],
    identityProvider: 'local',
    isRemembered: false,
    network: '127.0.0.1',
    userAgent: 'Test',
    ...order,
  });
  browser.cookies.set(SESSION_COOKIE, secret);
  return session;
}

/** A verifier of PKCE and its challenge. */
export function makePkce(): { readonly verifier: string; readonly challenge: string } {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

const phone = { clientId: 'cardea-phone', redirectUri: 'http://127.0.0.1:9/signed-in' };

/** The path of an authorisation request of our phone app; `params` stand beside or in place of the usual ones, null = left out. */
export function authorizePath(
  challenge: string,
  params: Readonly<Record<string, string | null>> = {},
): string {
  const query = {
    response_type: 'code',
    client_id: phone.clientId,
    redirect_uri: phone.redirectUri,
    scope: 'openid offline_access user_api.full_access',
    state: 'a state',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...params,
  };
  const sent = Object.entries(query).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return `/connect/authorize?${new URLSearchParams(sent).toString()}`;
}

/** The body of a token request of our phone app for a code. */
export function codeBody(code: string, verifier: string): Record<string, string> {
  return {
    grant_type: 'authorization_code',
    client_id: phone.clientId,
    redirect_uri: phone.redirectUri,
    code,
    code_verifier: verifier,
  };
}
