/**
 * Authorisation requests that wait for a person. The library finds that somebody has to sign in, keeps the request and sends
 * the browser to `/account/login?interaction=<uid>`; the page does its work and calls `finish`, which answers the browser's
 * request with the way back to the client, or `abort`. A request is bound to the browser that began it by a cookie.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Provider } from 'oidc-provider';
import { readCookie } from './session-cookie.ts';
import type { SignInSession } from './sessions.ts';
import { handOver, libraryCookies, libraryRequest } from './library-request.ts';
import { paths } from './paths.ts';
import type { Origin } from './sign-in-audit.ts';

export const INTERACTIONS_COOKIE = '__Host-cardea-requests';
/** Open tabs that wait at once; the oldest is forgotten beyond that. */
const MOST_WAITING = 8;

export type Interaction = {
  readonly uid: string;
  readonly clientId: string;
  readonly clientName: string;
  /** What has to happen; `select_account` = the person may go on as who they are, or as somebody else. */
  readonly prompt: 'login' | 'select_account';
  /** Why: `no_session`, `login_prompt`, `max_age`, `mfa`, `id_token_hint`, `select_account_prompt`. */
  readonly reasons: readonly string[];
  readonly loginHint: string | undefined;
  readonly uiLocales: readonly string[];
  /** `mfa` asks for a second factor or a passkey. */
  readonly acrValues: readonly string[];
  /** Seconds; who proved to be it longer ago must do it again. */
  readonly maxAge: number | undefined;
  readonly scope: string;
  /**
   * Where `finish` and `abort` lead to. Browsers count that as the target of the form that was sent, so `form-action` of a page's
   * content policy must allow its origin, or its scheme when it is an app's own.
   */
  readonly redirectUri: string;
};

export type AbortError = 'access_denied' | 'login_required' | 'interaction_required';

export type Interactions = {
  /** The authorisation request that `?interaction=` names, when it waits and this browser began it. */
  find(request: FastifyRequest, reply: FastifyReply): Promise<Interaction | undefined>;
  /**
   * Answers the browser with the way back to the client, signed in as `session` says; cookies set on `reply` before go along.
   * A session too weak for what was asked leads back to the page. False, unanswered, when the request waits no longer.
   */
  finish(
    request: FastifyRequest,
    reply: FastifyReply,
    options: { readonly session: SignInSession },
  ): Promise<boolean>;
  /** Answers the browser with the way back to the client, refused. False, unanswered, when the request waits no longer. */
  abort(request: FastifyRequest, reply: FastifyReply, error: AbortError): Promise<boolean>;
};

/** The requests that wait in this browser, the latest first. */
export function waitingIn(request: Pick<FastifyRequest, 'headers'>): readonly string[] {
  const uids = (readCookie(request, INTERACTIONS_COOKIE) ?? '').split('.');
  return uids.filter((uid) => /^[\w-]{16,64}$/.test(uid)).slice(0, MOST_WAITING);
}

/** The value of the cookie once one more request waits. */
export function waitingCookie(waiting: readonly string[], uid: string): string {
  return [uid, ...waiting].slice(0, MOST_WAITING).join('.');
}

type Waiting = InstanceType<Provider['Interaction']>;

export function createInteractions({
  issuer,
  currentProvider,
  clientName,
  originOf,
}: {
  readonly issuer: string;
  readonly currentProvider: () => Promise<Provider>;
  readonly clientName: (clientId: string) => Promise<string | undefined>;
  readonly originOf: (request: FastifyRequest) => Origin;
}): Interactions {
  async function findWaiting(request: FastifyRequest): Promise<Waiting | undefined> {
    const { interaction: uid } = request.query as { readonly interaction?: unknown };
    if (typeof uid !== 'string' || !waitingIn(request).includes(uid)) return undefined;
    const provider = await currentProvider();
    return provider.Interaction.find<Waiting>(uid);
  }

  async function resume(
    { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
    end: {
      readonly result: NonNullable<Waiting['result']>;
      readonly session: SignInSession | undefined;
    },
  ): Promise<boolean> {
    const waiting = await findWaiting(request);
    if (waiting === undefined) return false;
    waiting.result = end.result;
    await waiting.persist();
    reply.header('cache-control', 'no-store');
    const { session } = end;
    const message = libraryRequest(request, {
      issuer,
      method: 'GET',
      url: `${paths.authorization}/${waiting.uid}`,
      cookies: {
        [libraryCookies.resume]: waiting.uid,
        ...(session === undefined ? {} : { [libraryCookies.session]: session.id }),
      },
      facts: { ...originOf(request), session, waiting: waitingIn(request) },
    });
    handOver({ provider: await currentProvider(), reply, message });
    return true;
  }

  return {
    async find(request) {
      const waiting = await findWaiting(request);
      if (waiting === undefined) return undefined;
      const { params, prompt } = waiting;
      const clientId = String(params['client_id']);
      const name = await clientName(clientId);
      // The client was ended meanwhile: nobody is to sign in for it.
      if (name === undefined) return undefined;
      const maxAge = textOf(params['demanded_max_age']);
      return {
        uid: waiting.uid,
        clientId,
        clientName: name,
        prompt: prompt.name === 'select_account' ? 'select_account' : 'login',
        reasons: prompt.reasons,
        loginHint: textOf(params['login_hint']),
        uiLocales: wordsOf(params['ui_locales']),
        acrValues: wordsOf(params['demanded_acr']),
        maxAge: maxAge === undefined ? undefined : Number(maxAge),
        scope: textOf(params['scope']) ?? '',
        redirectUri: String(params['redirect_uri']),
      };
    },
    finish(request, reply, { session }) {
      const login = {
        accountId: session.loginId,
        amr: [...session.amr],
        ts: Math.floor(session.authTime.getTime() / 1000),
      };
      // What the person was asked for is done, whatever it was; a check that still fails asks again.
      const result = { login, select_account: {} };
      return resume({ request, reply }, { result, session });
    },
    abort: (request, reply, error) =>
      resume({ request, reply }, { result: { error }, session: undefined }),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function wordsOf(value: unknown): string[] {
  return (textOf(value) ?? '').split(/\s+/).filter(Boolean);
}
