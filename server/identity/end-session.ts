/**
 * Signing out at a client's wish (OpenID Connect RP-Initiated Logout 1.0, identity.md 7). With an id token that was given here the
 * session it names ends at once; without one the person is asked on a page, which may lead on to where the client wants.
 */
import type { Provider } from 'oidc-provider';
import { decodeJwt } from 'jose';
import type { Clients } from './clients.ts';
import { paths } from './paths.ts';
import { isRegistered } from '#server/domain/redirect-uris';
import type { Sessions, SignInSession } from './sessions.ts';

export type SignOutWish = {
  readonly clientId: string | null;
  /** `post_logout_redirect_uri`. */
  readonly uri: string | null;
  readonly state: string | null;
};

export type EndOfSession =
  /** `isOfBrowser`: the session that ended was this browser's. */
  | { readonly word: 'ended'; readonly location: string; readonly isOfBrowser: boolean }
  /** The person is asked at `location`. */
  | { readonly word: 'asked'; readonly location: string }
  | { readonly word: 'refused'; readonly why: string };

export type EndSession = {
  settle(query: URLSearchParams, session: SignInSession | undefined): Promise<EndOfSession>;
  /**
   * Where somebody who has signed out on the page goes on to, with `state`: the address that the client has registered. Undefined when it
   * wants none or may not.
   */
  returnAddress(wish: SignOutWish): Promise<string | undefined>;
};

export function createEndSession({
  clients,
  sessions,
  currentProvider,
}: {
  readonly clients: Clients;
  readonly sessions: Sessions;
  readonly currentProvider: () => Promise<Provider>;
}): EndSession {
  async function returnAddress({ clientId, uri, state }: SignOutWish): Promise<string | undefined> {
    if (clientId === null || uri === null) return undefined;
    const client = await clients.findActive(clientId);
    if (client === undefined || !isRegistered(uri, client.postLogoutRedirectUris)) return undefined;
    const address = new URL(uri);
    if (state !== null) address.searchParams.set('state', state);
    return address.href;
  }

  return {
    returnAddress,
    async settle(query, session) {
      const wish = {
        clientId: textOf(query, 'client_id'),
        uri: textOf(query, 'post_logout_redirect_uri'),
        state: textOf(query, 'state'),
      };
      const hint = await readHint(textOf(query, 'id_token_hint'));
      if (hint !== undefined && wish.clientId !== null && wish.clientId !== hint.clientId)
        return { word: 'refused', why: 'client_id does not match the id_token_hint' };
      const clientId = wish.clientId ?? hint?.clientId ?? null;
      const location = await returnAddress({ ...wish, clientId });
      if (wish.uri !== null && clientId !== null && location === undefined)
        return { word: 'refused', why: 'post_logout_redirect_uri is not registered' };
      if (hint === undefined) return asked({ ...wish, clientId });
      await sessions.end(hint.sessionId);
      const isOfBrowser = session?.id === hint.sessionId;
      return { word: 'ended', location: location ?? paths.logoutPage, isOfBrowser };
    },
  };

  /** An id token that was made here, however old: whose it was and of which session. */
  async function readHint(
    idToken: string | null,
  ): Promise<{ readonly clientId: string; readonly sessionId: string } | undefined> {
    if (idToken === null) return undefined;
    const provider = await currentProvider();
    const { aud, sid } = claimsOf(idToken);
    const client = typeof aud === 'string' ? await provider.Client.find(aud) : undefined;
    if (client === undefined || typeof sid !== 'string') return undefined;
    try {
      await provider.IdToken.validate(idToken, client);
      return { clientId: client.clientId, sessionId: sid };
    } catch {
      return undefined;
    }
  }
}

function asked({ clientId, uri, state }: SignOutWish): EndOfSession {
  const query = new URLSearchParams();
  if (clientId !== null) query.set('client_id', clientId);
  if (uri !== null) query.set('post_logout_redirect_uri', uri);
  if (state !== null) query.set('state', state);
  const text = query.toString();
  return {
    word: 'asked',
    location: text === '' ? paths.logoutPage : `${paths.logoutPage}?${text}`,
  };
}

function claimsOf(idToken: string): { readonly aud?: unknown; readonly sid?: unknown } {
  try {
    return decodeJwt(idToken);
  } catch {
    return {};
  }
}

function textOf(query: URLSearchParams, name: string): string | null {
  const value = query.get(name);
  return value === '' ? null : value;
}
