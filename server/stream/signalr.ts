/** The event hubs: SignalR over three transports in two encodings (streaming.md 1 to 7). */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { WebSocketServer } from 'ws';
import { ApiError } from '#contract/api-error';
import type { Caller } from '#server/http/caller';
import { rawRefusal, wantsProblem } from '#server/http/failure';
import { plainName, queryParameters } from '#server/http/list';
import { TokenError, type SessionState, type TokenCheck } from '#server/http/token';
import { onWebSocketUpgrade } from '#server/http/upgrade';
import type { Clock } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import type { Bus } from '#server/store/bus';
import type { Database } from '#server/store/pool';
import type { RequestKind } from '#server/store/stream-mail';
import type { EventKind } from '#server/store/streamed-events';
import {
  createConnections,
  inUse,
  noSuchConnection,
  type About,
  type Limits,
} from './connections.ts';
import type { EventTail } from './event-tail.ts';
import { largestMessageBytes } from './hub-message.ts';
import { createListenerRights } from './listener-rights.ts';
import { checkScope, readListening, type Listening } from './listening.ts';
import type { PassedAnswer } from './mailbox.ts';
import { unbuffered } from './server-sent-events.ts';
import { callerInSite } from './site-callers.ts';
import { createListeners } from './listeners.ts';

const hubs: Readonly<Record<string, EventKind>> = {
  '/v1/hub/entries': 'entries',
  '/v1/hub/incidents': 'incidents',
};
const hubPaths = Object.keys(hubs);
const audiences = ['user_api'];
const transports = [
  { transport: 'WebSockets', transferFormats: ['Text', 'Binary'] },
  { transport: 'ServerSentEvents', transferFormats: ['Text'] },
  { transport: 'LongPolling', transferFormats: ['Text', 'Binary'] },
] as const;

export type SignalrParts = {
  readonly database: Database;
  readonly bus: Bus;
  readonly tail: EventTail;
  readonly checkToken: TokenCheck;
  readonly sessionState: SessionState;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
};

export type Signalr = {
  /** Lays the hub routes and takes WebSocket upgrades of the app's server. */
  register(app: FastifyInstance): void;
  start(): Promise<void>;
  /** How many listen at this process. */
  readonly listening: () => number;
  /** Says goodbye to every listener, spread over 5 s (streaming.md 5). */
  stop(): Promise<void>;
};

type Asked = { readonly caller: Caller; readonly kind: EventKind; readonly rawQuery: string };

/** Makes the event hubs; one connection serves one site and one hub. */
export function createSignalr(parts: SignalrParts): Signalr {
  const { database, clock, checkToken, log } = parts;
  const connections = createConnections(parts);
  const rights = createListenerRights(parts);
  const listeners = createListeners({ ...parts, connections, rights });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: largestMessageBytes });
  let isStopping = false;

  /** Who asks. Raises TokenError, and REQUEST_INVALID (503) while stopping. */
  async function admit({ url = '', headers }: IncomingMessage, kind: EventKind): Promise<Asked> {
    if (isStopping) throw new ApiError('REQUEST_INVALID', { case: 'unavailable' });
    const { rawQuery } = splitUrl(url);
    const checked = await checkToken(bearerOf(headers.authorization, rawQuery), { audiences });
    checkScope(checked);
    const caller = await callerInSite(database, checked, {
      id: queryValue(rawQuery, 'id'),
      siteId: queryValue(rawQuery, 'site_id'),
    });
    return { caller, kind, rawQuery };
  }

  const read = ({ caller, kind, rawQuery }: Asked): Promise<Listening> =>
    readListening(database, { caller, kind, rawQuery, now: clock.now() });

  async function negotiate(asked: Asked): Promise<unknown> {
    const id = await connections.negotiate(asked.caller, await read(asked));
    // A later version is answered with the newest that is known here, as the protocol's own server does.
    if (!(Number(queryValue(asked.rawQuery, 'negotiateversion')) >= 1))
      return { negotiateVersion: 0, connectionId: id, availableTransports: transports };
    return {
      negotiateVersion: 1,
      connectionId: randomUUID(),
      connectionToken: id,
      availableTransports: transports,
    };
  }

  async function upgrade(request: IncomingMessage) {
    const kind = hubs[splitUrl(request.url ?? '').path];
    if (kind === undefined) throw new ApiError('REQUEST_INVALID', { case: 'route' });
    const asked = await admit(request, kind);
    const { caller } = asked;
    const id = queryValue(asked.rawQuery, 'id');
    if (id === null) {
      const listening = await read(asked);
      connections.checkRoom();
      return { caller, id, listening };
    }
    const listening = await connections.take({ id, caller, kind }, 'WebSockets');
    if (listening === null) throw inUse();
    return { caller, id, listening };
  }

  /** GET without upgrade: a stream of events, or a poll. */
  async function get(asked: Asked, { request, reply }: Exchange): Promise<unknown> {
    const about = aboutOf(asked);
    const { caller } = asked;
    if (/\btext\/event-stream\b/i.test(request.headers.accept ?? '')) {
      const listening = await connections.take(about, 'ServerSentEvents');
      if (listening === null) throw inUse();
      reply.hijack();
      listeners.stream(reply.raw, { caller, id: about.id, listening, headers: headersOf(reply) });
      return reply;
    }
    return send(reply, await poll(about, abortOf(reply)));
  }

  async function poll(about: About, signal: AbortSignal): Promise<PassedAnswer> {
    const request = { kind: 'poll', body: Buffer.alloc(0), signal } as const;
    const answer = await connections.ask(about, request);
    if (answer !== null) return answer;
    const listening = await connections.take(about, 'LongPolling');
    // Another request was first, so that somebody holds it by now.
    if (listening === null) return (await connections.ask(about, request)) ?? raise();
    return await listeners.poll({ caller: about.caller, id: about.id, listening }, signal);
  }

  async function pass(asked: Asked, kind: RequestKind, { request, reply }: Exchange) {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const signal = abortOf(reply);
    return send(reply, (await connections.ask(aboutOf(asked), { kind, body, signal })) ?? raise());
  }

  function lay(app: FastifyInstance, path: string, kind: EventKind): void {
    const route = (
      method: 'GET' | 'POST' | 'DELETE',
      url: string,
      handle: (asked: Asked, exchange: Exchange) => Promise<unknown>,
    ) =>
      app.route({
        method,
        url,
        schema: { hide: true },
        exposeHeadRoute: false,
        handler: async (request, reply) => {
          void reply.headers(unbuffered);
          return await handle(await admit(request.raw, kind), { request, reply });
        },
      });
    route('POST', `${path}/negotiate`, negotiate);
    route('GET', path, get);
    route('POST', path, (asked, exchange) => pass(asked, 'send', exchange));
    route('DELETE', path, (asked, exchange) => pass(asked, 'end', exchange));
  }

  return {
    register(app) {
      for (const [path, kind] of Object.entries(hubs)) lay(app, path, kind);
      app.addHook('onSend', (request, reply, _payload, done) => {
        // Every answer of the server passes here; without an origin there is nobody to allow anything.
        if (request.headers.origin !== undefined && isOfHub(request.url)) allowCredentials(reply);
        done();
      });
      onWebSocketUpgrade(app.server, (request, socket, head) => {
        socket.on('error', () => socket.destroy());
        upgrade(request).then(
          ({ caller, id, listening }) =>
            sockets.handleUpgrade(request, socket, head, (webSocket) =>
              listeners.talk(webSocket, { caller, id, listening }),
            ),
          (error: unknown) => {
            if (!isRefusal(error)) log.error({ err: error }, 'an event hub failed');
            socket.end(refusal(request, error));
          },
        );
      });
      sockets.on('wsClientError', (_error, socket, request) => {
        const reason = 'The upgrade is not one of WebSockets.';
        socket.end(refusal(request, new ApiError('REQUEST_INVALID', { reason })));
      });
    },
    start: () => connections.start(),
    listening: () => connections.all().length,
    async stop() {
      isStopping = true;
      await listeners.dismiss();
      sockets.close();
      await connections.stop();
    },
  };
}

type Exchange = { readonly request: FastifyRequest; readonly reply: FastifyReply };

/** The connection a request is about. Raises REQUEST_INVALID without `id`: only WebSockets go without negotiation. */
function aboutOf({ caller, kind, rawQuery }: Asked): About {
  const id = queryValue(rawQuery, 'id');
  if (id === null)
    throw new ApiError('REQUEST_INVALID', { reason: 'The id parameter is required.' });
  return { id, caller, kind };
}

function raise(): never {
  throw noSuchConnection();
}

function send(reply: FastifyReply, { status, isBinary, body }: PassedAnswer): FastifyReply {
  if (status === 404) throw noSuchConnection();
  if (status === 409) throw inUse();
  const type = isBinary ? 'application/octet-stream' : 'text/plain; charset=utf-8';
  if (status === 200) void reply.type(type);
  return reply.code(status).send(status === 204 ? undefined : body);
}

/** Says when the client of a request no longer waits for its answer. */
function abortOf({ raw }: FastifyReply): AbortSignal {
  const abort = new AbortController();
  // It may have gone while the caller was looked up.
  if (raw.destroyed) abort.abort();
  raw.on('close', () => {
    if (!raw.writableFinished) abort.abort();
  });
  return abort.signal;
}

/** The usual script client asks with credentials, though none but the token count (streaming.md 2). */
function allowCredentials(reply: FastifyReply): void {
  if (reply.hasHeader('access-control-allow-origin'))
    void reply.header('access-control-allow-credentials', 'true');
}

/** What a reply that is written by hand carries. */
function headersOf(reply: FastifyReply): Record<string, string> {
  allowCredentials(reply);
  return Object.fromEntries(
    Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]),
  );
}

/** The header counts when both are sent (streaming.md 2). */
function bearerOf(authorization: string | undefined, rawQuery: string): string | undefined {
  if (authorization !== undefined) return authorization;
  const token = queryValue(rawQuery, 'access_token');
  return token === null ? undefined : `Bearer ${token}`;
}

function queryValue(rawQuery: string, name: string): string | null {
  let value: string | null = null;
  for (const [sent, text] of queryParameters(rawQuery)) if (plainName(sent) === name) value = text;
  return value;
}

function isOfHub(url: string): boolean {
  const { path } = splitUrl(url);
  return hubPaths.some((hubPath) => path.startsWith(hubPath));
}

function splitUrl(url: string): { path: string; rawQuery: string } {
  const [path = '', ...query] = url.split('?');
  const plain = path.replaceAll(/\/+/g, '/').replace(/\/$/, '').toLowerCase();
  return { path: plain, rawQuery: query.join('?') };
}

function isRefusal(error: unknown): boolean {
  return error instanceof TokenError || (error instanceof ApiError && error.status < 500);
}

/** What an upgrade that is not taken is answered with, as the routes would. */
function refusal({ url, headers }: IncomingMessage, error: unknown): string {
  return rawRefusal(error, {
    requestId: randomUUID(),
    asProblem: wantsProblem({ url: url ?? '', accept: headers.accept }),
  });
}
