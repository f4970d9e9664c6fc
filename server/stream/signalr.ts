/** The event hubs: SignalR over WebSockets with JSON (streaming.md 1 to 6). */
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { WebSocketServer, type WebSocket } from 'ws';
import { ApiError } from '#contract/api-error';
import type { Caller } from '#server/http/caller';
import { rawRefusal, wantsProblem } from '#server/http/failure';
import { plainName, queryParameters } from '#server/http/list';
import { TokenError, type SessionState, type TokenCheck } from '#server/http/token';
import { onWebSocketUpgrade } from '#server/http/upgrade';
import type { Clock, Timer } from '#server/runtime/clock';
import type { Log } from '#server/runtime/log';
import type { Database } from '#server/store/pool';
import type { EventKind, StreamedEvent } from '#server/store/streamed-events';
import { createConnection, largestMessageBytes, type Connection } from './connection.ts';
import type { EventTail } from './event-tail.ts';
import { checkScope, listeningRight, readListening, type Listening } from './listener-rules.ts';

const hubs: Readonly<Record<string, EventKind>> = {
  '/v1/hub/entries': 'entries',
  '/v1/hub/incidents': 'incidents',
};
const hubPaths = Object.keys(hubs);
const audiences = ['user_api'];
/** A token not connected within 15 s is forgotten. */
const negotiatedMs = 15_000;
const drainMs = 5_000;
const drainSteps = 50;
/** How long a listener may take to answer the goodbye before its connection is cut. */
const farewellMs = 1_000;

export type SignalrParts = {
  readonly database: Database;
  readonly tail: EventTail;
  readonly checkToken: TokenCheck;
  readonly sessionState: SessionState;
  readonly clock: Clock;
  readonly log: Log;
};

export type Signalr = {
  /** Lays the negotiate routes and takes WebSocket upgrades of the app's server. */
  register(app: FastifyInstance): void;
  /** Says goodbye to every listener, spread over at most `drainMs` (streaming.md 5). */
  stop(): Promise<void>;
};

type Negotiated = {
  readonly subject: string;
  readonly listening: Listening;
  readonly timer: Timer;
};

/** Makes the event hubs; one connection serves one site and one hub. */
export function createSignalr(parts: SignalrParts): Signalr {
  const { database, clock, checkToken, log } = parts;
  const negotiated = new Map<string, Negotiated>();
  const connections = new Set<Connection>();
  const sockets = new WebSocketServer({ noServer: true, maxPayload: largestMessageBytes });
  let isStopping = false;

  function negotiate(caller: Caller, listening: Listening, rawQuery: string): unknown {
    const token = randomBytes(24).toString('base64url');
    const timer = clock.setTimeout(() => negotiated.delete(token), negotiatedMs);
    negotiated.set(token, { subject: subjectOf(caller), listening, timer });
    const availableTransports = [{ transport: 'WebSockets', transferFormats: ['Text'] }];
    if (queryValue(rawQuery, 'negotiateversion') !== '1')
      return { negotiateVersion: 0, connectionId: token, availableTransports };
    return {
      negotiateVersion: 1,
      connectionId: randomBytes(12).toString('base64url'),
      connectionToken: token,
      availableTransports,
    };
  }

  async function upgrade(
    request: IncomingMessage,
  ): Promise<{ caller: Caller; listening: Listening }> {
    if (isStopping) throw new ApiError('REQUEST_INVALID', { case: 'unavailable' });
    const { path, rawQuery } = splitUrl(request.url ?? '');
    const kind = hubs[path];
    if (kind === undefined) throw new ApiError('REQUEST_INVALID', { case: 'route' });
    const caller = await checkToken(bearerOf(request.headers.authorization, rawQuery), {
      audiences,
    });
    const id = queryValue(rawQuery, 'id');
    if (id === null)
      return { caller, listening: await readListening(database, { caller, kind, rawQuery }) };
    const found = negotiated.get(id);
    if (found === undefined || found.listening.kind !== kind)
      throw new ApiError('REQUEST_INVALID', { case: 'route', reason: 'No such connection.' });
    if (found.subject !== subjectOf(caller)) throw new TokenError(403, '');
    checkScope(caller);
    found.timer.cancel();
    negotiated.delete(id);
    return { caller, listening: found.listening };
  }

  function connect(socket: WebSocket, caller: Caller, listening: Listening): void {
    let stopListening: (() => void) | undefined;
    let isEnded = false;
    const connection = createConnection({
      socket,
      clock,
      mayStay: async () => {
        const isActive = await parts.sessionState.isActive(caller);
        return isActive && (await listeningRight(database, { caller, listening })) === 'allowed';
      },
      onOpen: () => {
        parts.tail
          .listen(listening, (events) => connection.send(messagesFor(listening, events)))
          .then(
            (stop) => {
              stopListening = stop;
              if (isEnded) stop();
            },
            (error: unknown) => {
              log.error({ err: error }, 'a listener could not be joined to the events');
              connection.end('failed');
            },
          );
      },
      onEnd: () => {
        isEnded = true;
        connections.delete(connection);
        stopListening?.();
      },
    });
    connections.add(connection);
    connection.start();
  }

  return {
    register(app) {
      for (const [path, kind] of Object.entries(hubs)) {
        app.route({
          method: 'POST',
          url: `${path}/negotiate`,
          schema: { hide: true },
          handler: async (request, reply) => {
            if (isStopping) throw new ApiError('REQUEST_INVALID', { case: 'unavailable' });
            const { rawQuery } = splitUrl(request.raw.url ?? '');
            const caller = await checkToken(bearerOf(request.headers.authorization, rawQuery), {
              audiences,
            });
            const listening = await readListening(database, { caller, kind, rawQuery });
            void reply.header('cache-control', 'no-store');
            return negotiate(caller, listening, rawQuery);
          },
        });
      }
      // The usual script client asks with credentials, though none but the token count (streaming.md 2).
      app.addHook('onSend', async (request, reply) => {
        const isHub = hubPaths.some((path) => splitUrl(request.url).path.startsWith(path));
        if (isHub && reply.hasHeader('access-control-allow-origin'))
          void reply.header('access-control-allow-credentials', 'true');
      });
      onWebSocketUpgrade(app.server, (request, socket, head) => {
        socket.on('error', () => socket.destroy());
        upgrade(request).then(
          ({ caller, listening }) =>
            sockets.handleUpgrade(request, socket, head, (webSocket) =>
              connect(webSocket, caller, listening),
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
    async stop() {
      isStopping = true;
      for (const { timer } of negotiated.values()) timer.cancel();
      negotiated.clear();
      const all = [...connections];
      const share = Math.max(1, Math.ceil(all.length / drainSteps));
      for (let from = 0; from < all.length; from += share) {
        if (from > 0) await pause(drainMs / drainSteps);
        for (const connection of all.slice(from, from + share)) connection.end('shutdown');
      }
      if (sockets.clients.size > 0)
        await Promise.race([pause(farewellMs), whenAllGone(sockets.clients)]);
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
    },
  };

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      clock.setTimeout(resolve, ms);
    });
  }
}

async function whenAllGone(sockets: ReadonlySet<WebSocket>): Promise<void> {
  await Promise.all([...sockets].map((socket) => once(socket, 'close')));
}

/** The events of a tenant that a connection hears, as the texts it is sent. */
function messagesFor(listening: Listening, events: readonly StreamedEvent[]): string[] {
  return events
    .filter(
      ({ collectionId, userId }) =>
        collectionId === listening.siteId &&
        (listening.userId === null || userId === listening.userId),
    )
    .map(({ message }) => JSON.stringify(message));
}

function subjectOf(caller: Caller): string {
  return `${caller.tenantId} ${caller.subject ?? caller.clientId}`;
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
