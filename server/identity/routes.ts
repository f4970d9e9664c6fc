/** The identity server's routes for programs in the fastify server; those that browsers are led through are in authorize-routes.ts. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Provider } from 'oidc-provider';
import type { Log } from '#server/runtime/log';
import type { Clients } from './clients.ts';
import { libraryGrants } from './client-metadata.ts';
import { errorBody } from './grant-errors.ts';
import { handOver, libraryRequest } from './library-request.ts';
import { paths } from './paths.ts';
import {
  admitProgram,
  type ProgramRequest,
  type Refusal,
  refuse,
  strictForm,
} from './program-request.ts';
import type { KeySet } from './signing-keys.ts';
import type { Origin } from './sign-in-audit.ts';
import type { SignInLimits } from './sign-in-limits.ts';
import type { TokenEnds } from './token-ends.ts';
import type { UserInfo } from './user-info.ts';

const CACHE_SECONDS = 3600;
const hidden = { schema: { hide: true } };

export type IdentityRoutes = {
  readonly issuer: string;
  readonly clients: Clients;
  readonly limits: SignInLimits;
  readonly log: Log;
  readonly tokenEnds: TokenEnds;
  readonly userInfo: UserInfo;
  readonly originOf: (request: FastifyRequest) => Origin;
  readonly currentKeys: () => Promise<KeySet>;
  readonly currentProvider: () => Promise<Provider>;
};

export function registerRoutes(app: FastifyInstance, parts: IdentityRoutes): void {
  app.get(paths.keys, hidden, async (_request, reply) => {
    const { published } = await parts.currentKeys();
    setCacheable(reply);
    return { keys: published.map(({ jwk }) => jwk) };
  });
  app.get(paths.discovery, hidden, async (request, reply) => {
    const provider = await parts.currentProvider();
    setCacheable(reply);
    const message = libraryRequest(request, {
      issuer: parts.issuer,
      method: 'GET',
      url: paths.discovery,
      facts: { network: '', requestId: request.id },
    });
    handOver({ provider, reply, message });
    return reply;
  });
  app.route({
    method: ['GET', 'POST'],
    url: paths.userInfo,
    ...hidden,
    // Before fastify reads a body: nothing is in it.
    onRequest: async (request, reply) => {
      openToEveryOrigin(reply).header('Cache-Control', 'no-store');
      const { status, challenge, claims } = await parts.userInfo(request.headers.authorization);
      if (challenge !== undefined) reply.header('WWW-Authenticate', challenge);
      await reply.code(status).send(claims);
    },
    handler: (_request, reply) => reply,
  });
  for (const url of [paths.discovery, paths.keys, paths.userInfo])
    app.options(url, hidden, allowEveryOrigin(url === paths.userInfo ? 'GET, POST' : 'GET'));
  layProgramRoute(app, { ...parts, url: paths.token, isOpen: true, answer: answerToken });
  layProgramRoute(app, { ...parts, url: paths.revocation, isOpen: true, answer: answerRevocation });
  layProgramRoute(app, {
    ...parts,
    url: paths.introspection,
    isOpen: false,
    answer: answerIntrospection,
  });
}

type Answering = {
  readonly parts: IdentityRoutes;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly program: ProgramRequest;
};

/** Answers a program, or says why not. */
type Answer = (answering: Answering) => Promise<Refusal | undefined>;

function layProgramRoute(
  app: FastifyInstance,
  {
    url,
    isOpen,
    answer,
    ...parts
  }: IdentityRoutes & {
    readonly url: string;
    /** Pages of every origin may call it. */
    readonly isOpen: boolean;
    readonly answer: Answer;
  },
): void {
  if (isOpen) app.options(url, hidden, allowEveryOrigin('POST'));
  app.post(url, {
    ...hidden,
    // Before fastify reads the body: it knows neither the media type nor this endpoint's errors.
    onRequest: async (request, reply) => {
      if (isOpen) openToEveryOrigin(reply);
      reply.header('Cache-Control', 'no-store');
      await answerProgram({ parts, request, reply }, answer);
    },
    handler: (_request, reply) => reply,
  });
  // Left to the server it would be the API's two-member body, which these endpoints never send (identity.md 8).
  app.route({
    method: ['GET', 'PUT', 'PATCH', 'DELETE'],
    url,
    ...hidden,
    onRequest: async (_request, reply) => {
      if (isOpen) openToEveryOrigin(reply);
      await reply
        .code(405)
        .headers({ Allow: isOpen ? 'OPTIONS, POST' : 'POST', 'Cache-Control': 'no-store' })
        .send(errorBody('invalid_request', 'the method must be POST'));
    },
    handler: (_request, reply) => reply,
  });
}

function openToEveryOrigin(reply: FastifyReply): FastifyReply {
  return reply.header('Access-Control-Allow-Origin', '*');
}

function allowEveryOrigin(
  methods: string,
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  return async (request, reply) => {
    const asked = request.headers['access-control-request-headers'];
    await openToEveryOrigin(reply.code(204))
      .header('Access-Control-Allow-Methods', methods)
      .header('Access-Control-Max-Age', String(CACHE_SECONDS))
      .headers(asked === undefined ? {} : { 'Access-Control-Allow-Headers': asked })
      .send();
  };
}

function setCacheable(reply: FastifyReply): void {
  openToEveryOrigin(reply).header('Cache-Control', `public, max-age=${String(CACHE_SECONDS)}`);
}

async function answerProgram(at: Omit<Answering, 'program'>, answer: Answer): Promise<void> {
  const { parts, request, reply } = at;
  try {
    const program = await admitProgram(request, parts);
    const refusal = 'error' in program ? program : await answer({ ...at, program });
    if (refusal !== undefined) await refuse(reply, refusal);
  } catch (error) {
    parts.log.error({ err: error, path: request.url }, 'the sign-in could not answer');
    await refuse(reply, { status: 503, error: 'temporarily_unavailable', waitSeconds: 5 });
  }
}

async function answerToken(answering: Answering): Promise<Refusal | undefined> {
  const { grant_type: grant } = answering.program.fields;
  const { grants } = answering.program.client;
  const isOffered = libraryGrants.some((offered) => offered === grant);
  if (isOffered && !grants.some((allowed) => allowed === grant)) {
    const description = 'the client may not use this grant';
    return { status: 400, error: 'unauthorized_client', description };
  }
  return passOn(answering, paths.token);
}

async function answerRevocation(answering: Answering): Promise<Refusal | undefined> {
  const { parts, program, reply } = answering;
  const { token } = program.fields;
  if (token === undefined) return tokenMissing;
  if (!isSigned(token)) return passOn(answering, paths.revocation);
  await parts.tokenEnds.revoke(token, program.client);
  // The same whether there was such a token or not (RFC 7009 section 2.2).
  await reply.code(200).send();
  return undefined;
}

async function answerIntrospection(answering: Answering): Promise<Refusal | undefined> {
  const { parts, program, reply } = answering;
  const { token } = program.fields;
  if (program.client.kind !== 'confidential') {
    const description = 'only for confidential clients';
    return { status: 400, error: 'unauthorized_client', description };
  }
  if (token === undefined) return tokenMissing;
  if (!isSigned(token)) return passOn(answering, paths.introspection);
  await reply.code(200).send(await parts.tokenEnds.introspect(token, program.client));
  return undefined;
}

const tokenMissing: Refusal = {
  status: 400,
  error: 'invalid_request',
  description: 'token must be sent',
};

/** Access tokens say all themselves; the library knows the opaque ones that it made. */
function isSigned(token: string): boolean {
  return token.split('.').length === 3;
}

async function passOn(
  { parts, request, reply, program }: Answering,
  path: string,
): Promise<undefined> {
  const message = libraryRequest(request, {
    issuer: parts.issuer,
    method: 'POST',
    url: path,
    form: strictForm(program),
    facts: program.origin,
  });
  handOver({ provider: await parts.currentProvider(), reply, message });
}
