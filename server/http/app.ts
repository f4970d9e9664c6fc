/** The HTTP server without any route: tolerance, headers, CORS, request ids, errors (core-api.md 1-4). */
import { randomUUID } from 'node:crypto';
import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { ApiError } from '#contract/api-error';
import { errorRow } from '#contract/errors';
import type { Log } from '#server/runtime/log';
import { failureAnswer, rawRefusal, securityHeaders, toApiError, wantsProblem } from './failure.ts';
import { TokenError } from './token.ts';
import { watchUnusedConnections } from './unused-connections.ts';
import type { RequestWatch } from './watch.ts';
import { valueForms } from './value-forms.ts';

export type AppOptions = {
  readonly log: Log;
  /** Origins a browser may call from; '*' = any. */
  readonly corsOrigins: readonly string[];
  readonly version: string;
  /** Told of requests and failures, for metrics and traces. */
  readonly watch?: RequestWatch;
};

/** core-api.md 2: body up to 1 MiB. */
const bodyLimit = 1024 * 1024;
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const ownFormats = Object.fromEntries(Object.keys(valueForms).map((name) => [name, true]));
const exposedHeaders =
  'X-Request-Id, CLP-Warning, Content-Disposition, Retry-After, WWW-Authenticate';

/** Makes the app; routes are laid on it by faces and parts, then `listen` is the caller's. */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    bodyLimit,
    // A filter of 4,096 characters, percent-encoded, is longer than Node's usual 16 KiB.
    http: { maxHeaderSize: 64 * 1024 },
    genReqId: (request) => requestId(request.headers['x-request-id']),
    requestIdHeader: false,
    routerOptions: {
      ignoreTrailingSlash: true,
      ignoreDuplicateSlashes: true,
      caseSensitive: false,
      maxParamLength: 2_000,
    },
    forceCloseConnections: 'idle',
    // The forms of our own that schemas name; they are checked on the way in, by body.ts.
    serializerOpts: { ajv: { formats: ownFormats } },
    // Fastify switches Node's limit off: a request that trickles in would hold its connection for ever.
    requestTimeout: 300_000,
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      setHeaders(request, reply, options);
      sendFailure({ thrown: error, request, reply, options });
    },
    clientErrorHandler(_error, socket) {
      if (!socket.writable) return;
      socket.end(rawRefusal(new ApiError('REQUEST_INVALID'), { requestId: randomUUID() }));
    },
  });
  // Bodies are read by body.ts against the route's schema, whatever their header says.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setValidatorCompiler(() => () => true);
  let isStopping = false;
  const cutUnused = watchUnusedConnections(app.server);
  app.addHook('preClose', async () => {
    isStopping = true;
    cutUnused();
  });
  options.watch?.layOn(app);
  // By callback: it waits for nothing, and every request would pay for the promise.
  app.addHook('onRequest', (request, reply, done) => {
    setHeaders(request, reply, options);
    readMediaType(request);
    // A part that lays an OPTIONS route of its own answers itself.
    const isLaid = request.routeOptions.url !== undefined;
    if (isStopping) done(new ApiError('REQUEST_INVALID', { case: 'unavailable' }));
    else if (request.method === 'OPTIONS' && !isLaid) void reply.code(204).send();
    else done();
  });
  // A connection that is kept alive behind its last answer would be waited for.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (isStopping) void reply.header('connection', 'close');
    done();
  });
  app.setErrorHandler((thrown, request, reply) => sendFailure({ thrown, request, reply, options }));
  const allowedMethods = collectPaths(app);
  app.setNotFoundHandler((request, reply) => {
    const thrown = unknownRoute(reply, allowedMethods(request.url));
    sendFailure({ thrown, request, reply, options });
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Cardea', version: options.version },
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      },
    },
  });
  return app;
}

/** Repeats a caller's id of up to 64 visible characters (core-api.md 1). */
function requestId(sent: string | string[] | undefined): string {
  const text = Array.isArray(sent) ? sent[0] : sent;
  return text !== undefined && /^[\x21-\x7e]{1,64}$/.test(text) ? text : randomUUID();
}

/**
 * Leaves of `Content-Type` its media type. A header that names none becomes a type no route takes, since what the body
 * begins with may still make it JSON (core-api.md 2), and fastify would refuse it unread.
 */
function readMediaType({ raw }: FastifyRequest): void {
  const sent = raw.headers['content-type'];
  if (sent === undefined) return;
  const media = sent.split(/[;,]/)[0]?.trim().toLowerCase() ?? '';
  if (media === '') delete raw.headers['content-type'];
  else raw.headers['content-type'] = isMediaType.test(media) ? media : 'application/octet-stream';
}

const isMediaType = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+$/;

function setHeaders(
  request: FastifyRequest,
  reply: FastifyReply,
  { corsOrigins }: AppOptions,
): void {
  void reply.header('x-request-id', request.id).headers(securityHeaders);
  if (request.method === 'OPTIONS') allowAsked(request, reply);
  const { origin } = request.headers;
  if (origin === undefined) return;
  void reply.header('vary', 'Origin');
  if (!corsOrigins.includes('*') && !corsOrigins.includes(origin)) return;
  void reply
    .header('access-control-allow-origin', origin)
    .header('access-control-expose-headers', exposedHeaders);
}

/** Said to whoever asks (connect-api.md 1.8): a browser heeds it for an origin alone that is allowed. */
function allowAsked(request: FastifyRequest, reply: FastifyReply): void {
  const asked = request.headers['access-control-request-headers'];
  void reply
    .header('access-control-allow-methods', methods.join(', '))
    .header('access-control-max-age', '600');
  if (asked !== undefined) void reply.header('access-control-allow-headers', asked);
}

/** Which methods each laid path has, so that a wrong method is told from an unknown route. */
function collectPaths(app: FastifyInstance): (url: string) => string[] {
  const paths: { readonly form: RegExp; readonly methods: readonly string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    const form = url.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll(/:\w+/g, '[^/]+');
    const list = typeof method === 'string' ? [method] : method;
    paths.push({ form: new RegExp(`^${form}/?$`, 'i'), methods: list });
  });
  return (url) => {
    const path = (url.split('?')[0] ?? '').replaceAll(/\/+/g, '/');
    const found = paths.filter(({ form }) => form.test(path)).flatMap((entry) => entry.methods);
    return [...new Set(found)];
  };
}

function unknownRoute(reply: FastifyReply, allowed: readonly string[]): ApiError {
  if (allowed.length === 0)
    return new ApiError('REQUEST_INVALID', { case: 'route', reason: 'No such route.' });
  void reply.header('allow', allowed.join(', '));
  return new ApiError('REQUEST_INVALID', {
    case: 'method',
    reason: `Allowed here: ${allowed.join(', ')}.`,
  });
}

type Sending = {
  readonly thrown: unknown;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly options: AppOptions;
};

function sendFailure({ thrown, request, reply, options }: Sending): void {
  if (thrown instanceof TokenError) {
    if (thrown.status === 401) options.watch?.failed(errorRow('UNAUTHORIZED').code, request);
    if (thrown.challenge !== '') void reply.header('www-authenticate', thrown.challenge);
    void reply.code(thrown.status).send();
    return;
  }
  const error = isTooLarge(thrown) ? tooLarge(request) : toApiError(thrown);
  if (isTooLarge(thrown)) throwRestAway(request, reply);
  options.watch?.failed(error.code, request);
  if (error.status >= 500)
    options.log.error({ err: error.detail.cause ?? error, requestId: request.id }, error.error);
  const { status, headers, contentType, body } = failureAnswer(error, {
    requestId: request.id,
    asProblem: wantsProblem({ url: request.url, accept: request.headers.accept }),
  });
  void reply.code(status).headers(headers).header('content-type', contentType).send(body);
}

function isTooLarge(thrown: unknown): boolean {
  return thrown instanceof Error && toApiError(thrown).detail.case === 'too_large';
}

function tooLarge({ routeOptions }: FastifyRequest): ApiError {
  const reason = `A body has at most ${routeOptions.bodyLimit ?? bodyLimit} bytes here.`;
  return new ApiError('REQUEST_INVALID', { case: 'too_large', reason });
}

/** The largest body any route takes is half of it. */
const mostThrownAwayBytes = 128 * 1024 * 1024;

/**
 * Reads what is left of a body that is too large, instead of closing as fastify would: most clients listen only after their
 * last byte, and would hear of a broken connection in place of the 413.
 */
function throwRestAway({ raw }: FastifyRequest, reply: FastifyReply): void {
  void reply.removeHeader('connection');
  let left = mostThrownAwayBytes;
  raw.on('data', (part: Buffer) => {
    left -= part.length;
    if (left < 0) raw.destroy();
  });
}
