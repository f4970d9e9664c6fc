/**
 * The identity server's routes in the fastify server. The token endpoint reads its body itself and hands the library a
 * request made anew from what was understood, so that nothing the library would also take (other credentials, other
 * grants' fields, proxy headers of strangers) ever reaches it.
 */
import { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Provider } from 'oidc-provider';
import type { TrustedProxies } from '#server/http/list-origin';
import type { Log } from '#server/runtime/log';
import type { ActiveClient } from '#server/store/clients';
import { clientAddress } from './client-address.ts';
import { type Clients, isSecretRight } from './clients.ts';
import { errorBody } from './grant-errors.ts';
import { paths } from './paths.ts';
import type { KeySet } from './signing-keys.ts';
import type { Origin } from './sign-in-audit.ts';
import { networkOf, type SignInLimits } from './sign-in-limits.ts';
import {
  type Credentials,
  readTokenRequest,
  type TokenFields,
  type TokenRequestFault,
} from './token-request.ts';

const CACHE_SECONDS = 3600;
const LONGEST_BODY_BYTES = 32_768;

export type IdentityRoutes = {
  readonly issuer: string;
  readonly clients: Clients;
  readonly limits: SignInLimits;
  readonly log: Log;
  readonly isTrustedProxy: TrustedProxies;
  readonly currentKeys: () => Promise<KeySet>;
  readonly currentProvider: () => Promise<Provider>;
  /** Remembers where a rewritten request came from. */
  readonly noteOrigin: (request: IncomingMessage, origin: Origin) => void;
};

export function registerRoutes(app: FastifyInstance, parts: IdentityRoutes): void {
  for (const url of [paths.discovery, paths.keys]) {
    app.options(url, { schema: { hide: true } }, allowEveryOrigin('GET'));
  }
  app.options(paths.token, { schema: { hide: true } }, allowEveryOrigin('POST'));
  app.get(paths.keys, { schema: { hide: true } }, async (_request, reply) => {
    const { published } = await parts.currentKeys();
    setCacheable(reply);
    return { keys: published.map(({ jwk }) => jwk) };
  });
  app.get(paths.discovery, { schema: { hide: true } }, async (request, reply) => {
    const provider = await parts.currentProvider();
    setCacheable(reply);
    handOver({ provider, reply, message: strictRequest(parts.issuer, request, undefined) });
    return reply;
  });
  app.post(paths.token, {
    schema: { hide: true },
    // Before fastify reads the body: it knows neither the media type nor this endpoint's errors.
    onRequest: (request, reply) => answerToken(parts, request, reply),
    handler: (_request, reply) => reply,
  });
  // Left to the server it would be the API's two-member body, which this endpoint never sends (identity.md 8).
  app.route({
    method: ['GET', 'PUT', 'PATCH', 'DELETE'],
    url: paths.token,
    schema: { hide: true },
    onRequest: (_request, reply) => refuseMethod(reply),
    handler: (_request, reply) => reply,
  });
}

async function refuseMethod(reply: FastifyReply): Promise<void> {
  await reply
    .code(405)
    .headers({ Allow: 'OPTIONS, POST', 'Cache-Control': 'no-store' })
    .header('Access-Control-Allow-Origin', '*')
    .send(errorBody('invalid_request', 'the method must be POST'));
}

function allowEveryOrigin(
  method: 'GET' | 'POST',
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  return async (request, reply) => {
    const asked = request.headers['access-control-request-headers'];
    await reply
      .code(204)
      .header('Access-Control-Allow-Origin', '*')
      .header('Access-Control-Allow-Methods', method)
      .header('Access-Control-Max-Age', String(CACHE_SECONDS))
      .headers(asked === undefined ? {} : { 'Access-Control-Allow-Headers': asked })
      .send();
  };
}

function setCacheable(reply: FastifyReply): void {
  reply
    .header('Access-Control-Allow-Origin', '*')
    .header('Cache-Control', `public, max-age=${String(CACHE_SECONDS)}`);
}

async function answerToken(
  parts: IdentityRoutes,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  reply.header('Access-Control-Allow-Origin', '*').header('Cache-Control', 'no-store');
  try {
    const message = await admit(parts, request);
    if (!(message instanceof IncomingMessage)) {
      await refuse(reply, message);
      return;
    }
    handOver({ provider: await parts.currentProvider(), reply, message });
  } catch (error) {
    parts.log.error({ err: error }, 'the token endpoint could not answer');
    await refuse(reply, { status: 503, error: 'temporarily_unavailable', waitSeconds: 5 });
  }
}

type Refusal = {
  readonly status: 400 | 429 | 503;
  readonly error: string;
  readonly description?: string;
  readonly waitSeconds?: number;
};

async function refuse(reply: FastifyReply, refusal: Refusal): Promise<void> {
  if (refusal.waitSeconds !== undefined) reply.header('Retry-After', String(refusal.waitSeconds));
  await reply.code(refusal.status).send(errorBody(refusal.error, refusal.description));
}

/** Reads the request, counts it, and finds out which client it is: the strict request for the library, or a refusal. */
async function admit(
  parts: IdentityRoutes,
  request: FastifyRequest,
): Promise<IncomingMessage | Refusal> {
  const body = await readBody(request.raw);
  if (body === undefined) {
    return refusal({ error: 'invalid_request', description: 'the body is too long' });
  }
  const { 'content-type': contentType, authorization } = request.headers;
  const read = readTokenRequest({ contentType, authorization, body });
  if ('error' in read) return refusal(read);
  if (read.credentials.length === 0) {
    return refusal({ error: 'invalid_request', description: 'client_id must be sent' });
  }

  const candidates = await findCandidates(parts.clients, read.credentials);
  const { headers, socket } = request.raw;
  const { remoteAddress } = socket;
  const network = networkOf(clientAddress({ headers, remoteAddress }, parts.isTrustedProxy));
  const clientId = candidates.find(({ client }) => client !== undefined)?.client?.id;
  const waitSeconds = await parts.limits.countRequest({ clientId, network });
  if (waitSeconds !== undefined) {
    return { status: 429, error: 'temporarily_unavailable', waitSeconds };
  }
  const proven = candidates.filter(isProven)[0];
  if (proven === undefined) {
    const tenantId = candidates.find(({ client }) => client !== undefined)?.client?.tenantId;
    const attempt = { clientId, tenantId: tenantId ?? null, network, requestId: request.id };
    await parts.limits.secretFailed(attempt);
    return refusal({ error: 'invalid_client' });
  }
  const message = strictRequest(parts.issuer, request, {
    fields: read.fields,
    credentials: proven.credentials,
  });
  parts.noteOrigin(message, { network, requestId: request.id });
  return message;
}

function refusal(fault: TokenRequestFault): Refusal {
  return { status: 400, ...fault };
}

type Candidate = { readonly credentials: Credentials; readonly client: ActiveClient | undefined };

async function findCandidates(
  clients: Clients,
  credentials: readonly Credentials[],
): Promise<Candidate[]> {
  return Promise.all(
    credentials.map(async (pair) => ({
      credentials: pair,
      client: isClientId(pair.clientId) ? await clients.findActive(pair.clientId) : undefined,
    })),
  );
}

function isClientId(text: string): boolean {
  return /^[\x21-\x7e]{1,255}$/.test(text);
}

/** The hashes of an unknown client are compared like those of a known one, so that time tells nothing. */
function isProven({ credentials, client }: Candidate): boolean {
  const isRight = isSecretRight(credentials.secret ?? '', client?.secretHashes ?? []);
  if (client?.kind === 'public') return credentials.secret === undefined;
  return client !== undefined && credentials.secret !== undefined && isRight;
}

/** The body, or undefined when it is longer than any honest one. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    // The rest is read and dropped, so that the client gets to see the answer.
    if (length <= LONGEST_BODY_BYTES) chunks.push(chunk);
  }
  return length <= LONGEST_BODY_BYTES ? Buffer.concat(chunks) : undefined;
}

/** A request as the library likes it: our own origin, one form, one way to authenticate. */
function strictRequest(
  issuer: string,
  request: FastifyRequest,
  token: { readonly fields: TokenFields; readonly credentials: Credentials } | undefined,
): IncomingMessage {
  const { host, protocol } = new URL(issuer);
  const message = new IncomingMessage(request.raw.socket);
  message.method = request.method;
  message.url = token === undefined ? paths.discovery : paths.token;
  message.headers = {
    host,
    'x-forwarded-proto': protocol.replace(':', ''),
    accept: 'application/json',
  };
  if (token !== undefined) {
    const { client_id: _id, client_secret: _secret, ...fields } = token.fields;
    const form = new URLSearchParams(fields);
    const { clientId, secret } = token.credentials;
    form.set('client_id', clientId);
    if (secret !== undefined) form.set('client_secret', secret);
    const body = Buffer.from(form.toString());
    message.headers['content-type'] = 'application/x-www-form-urlencoded';
    message.headers['content-length'] = String(body.length);
    message.push(body);
  }
  message.push(null);
  // It came whole; otherwise its end would count as a broken connection.
  message.complete = true;
  return message;
}

/** Lets the library answer on the connection itself, with the headers that were set so far. */
function handOver({
  provider,
  reply,
  message,
}: {
  readonly provider: Provider;
  readonly reply: FastifyReply;
  readonly message: IncomingMessage;
}): void {
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  void provider.callback()(message, reply.raw);
}
