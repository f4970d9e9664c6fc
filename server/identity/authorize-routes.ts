/** Where browsers are led through: authorisation and the end of a session (identity.md 7). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Provider } from 'oidc-provider';
import type { Log } from '#server/runtime/log';
import { readAuthorizeRequest } from './authorize-request.ts';
import type { EndSession } from './end-session.ts';
import { errorPage, errorPageHeaders } from './error-page.ts';
import { waitingIn } from './interactions.ts';
import { handOver, libraryCookies, libraryRequest } from './library-request.ts';
import { paths } from './paths.ts';
import { readBody } from './program-request.ts';
import { clearSessionCookie, readSessionSecret } from './session-cookie.ts';
import type { Sessions } from './sessions.ts';
import type { Origin } from './sign-in-audit.ts';
import type { SignInLimits } from './sign-in-limits.ts';

export type AuthorizeRoutes = {
  readonly issuer: string;
  readonly sessions: Sessions;
  readonly limits: SignInLimits;
  readonly log: Log;
  readonly endSession: EndSession;
  readonly originOf: (request: FastifyRequest) => Origin;
  readonly currentProvider: () => Promise<Provider>;
};

type Exchange = {
  readonly parts: AuthorizeRoutes;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
};

export function registerAuthorizeRoutes(app: FastifyInstance, parts: AuthorizeRoutes): void {
  const lay = (
    method: 'GET' | 'POST',
    url: string,
    answer: (exchange: Exchange) => Promise<void>,
  ): void => {
    app.route({
      method,
      url,
      schema: { hide: true },
      exposeHeadRoute: false,
      // Before fastify reads the body, which is a form of our own reading.
      onRequest: (request, reply) => answerPerson({ parts, request, reply }, answer),
      handler: (_request, reply) => reply,
    });
  };
  lay('GET', paths.authorization, authorize);
  lay('POST', paths.authorization, (exchange) => comeByGet(exchange, paths.authorization));
  lay('GET', paths.authorizationCallback, authorize);
  lay('GET', paths.endSession, endSession);
  lay('POST', paths.endSession, (exchange) => comeByGet(exchange, paths.endSession));
}

/** Whatever fails here is seen by a person. */
async function answerPerson(
  exchange: Exchange,
  answer: (exchange: Exchange) => Promise<void>,
): Promise<void> {
  const { parts, request, reply } = exchange;
  reply.header('Cache-Control', 'no-store');
  try {
    await answer(exchange);
  } catch (error) {
    parts.log.error(
      { err: error, path: request.url.split('?')[0] },
      'the sign-in could not answer',
    );
    await showFault(reply, { status: 503, error: 'temporarily_unavailable', waitSeconds: 5 });
  }
}

async function showFault(
  reply: FastifyReply,
  fault: {
    readonly status: number;
    readonly error: string;
    readonly description?: string;
    readonly waitSeconds?: number;
  },
): Promise<void> {
  if (fault.waitSeconds !== undefined) reply.header('Retry-After', String(fault.waitSeconds));
  await reply.code(fault.status).headers(errorPageHeaders).send(errorPage(fault));
}

async function authorize({ parts, request, reply }: Exchange): Promise<void> {
  const sent = queryOf(request);
  const origin = parts.originOf(request);
  const waitSeconds = await parts.limits.countAuthorization({
    clientId: sent.get('client_id') ?? undefined,
    network: origin.network,
  });
  if (waitSeconds !== undefined) {
    await showFault(reply, { status: 429, error: 'temporarily_unavailable', waitSeconds });
    return;
  }
  const session = await parts.sessions.find(readSessionSecret(request));
  const message = libraryRequest(request, {
    issuer: parts.issuer,
    method: 'GET',
    url: `${paths.authorization}?${readAuthorizeRequest(sent).toString()}`,
    cookies: session === undefined ? {} : { [libraryCookies.session]: session.id },
    facts: { ...origin, session, waiting: waitingIn(request) },
  });
  handOver({ provider: await parts.currentProvider(), reply, message });
}

/**
 * A form of another site comes without our cookie (SameSite=Lax), a link with it: so that somebody who is signed in counts as
 * such, the same request is made once more as a link.
 */
async function comeByGet({ request, reply }: Exchange, path: string): Promise<void> {
  const body = await readBody(request.raw);
  const type = (request.headers['content-type'] ?? '').split(';')[0];
  if (body === undefined || type !== 'application/x-www-form-urlencoded') {
    const description = 'the body must be a form of at most 32 KiB';
    await showFault(reply, { status: 400, error: 'invalid_request', description });
    return;
  }
  const form = new URLSearchParams(body.toString('utf8'));
  await reply.code(303).header('Location', `${path}?${form.toString()}`).send();
}

async function endSession({ parts, request, reply }: Exchange): Promise<void> {
  const query = queryOf(request);
  const session = await parts.sessions.find(readSessionSecret(request));
  const end = await parts.endSession.settle(query, session);
  if (end.word === 'refused') {
    await showFault(reply, { status: 400, error: 'invalid_request', description: end.why });
    return;
  }
  if (end.word === 'ended' && end.isOfBrowser) clearSessionCookie(reply);
  await reply.code(303).header('Location', end.location).send();
}

function queryOf(request: FastifyRequest): URLSearchParams {
  const { url = '' } = request.raw;
  const start = url.indexOf('?');
  return new URLSearchParams(start < 0 ? '' : url.slice(start + 1));
}
