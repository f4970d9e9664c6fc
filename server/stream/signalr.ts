/** The event hubs: SignalR over WebSockets with JSON (streaming.md 1 to 6). */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { WebSocketServer, type WebSocket } from 'ws';
import { ApiError } from '#contract/api-error';
import type { Caller } from '#server/http/caller';
import { failureAnswer, toApiError } from '#server/http/failure';
import { plainName, queryParameters } from '#server/http/list';
import { TokenError, type SessionState, type TokenCheck } from '#server/http/token';
import type { Clock, Timer } from '#server/runtime/clock';
import type { Log } from '#server/runtime/log';
import type { Database } from '#server/store/pool';
import type { EventKind, StreamedEvent } from '#server/store/streamed-events';
import { createConnection, largestMessageBytes, type Connection } from './connection.ts';
import type { EventTail } from './event-tail.ts';
import { listeningRight, readListening, type Listening } from './listener-rules.ts';

const hubs: Readonly<Record<string, EventKind>> = {
  '/v1/hub/entries': 'entries',
  '/v1/hub/incidents': 'incidents',
};
const audiences = ['user_api'];
/** A token not connected within 15 s is forgotten. */
const negotiatedMs = 15_000;
const drainMs = 5_000;

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
              connection.end('too_slow');
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
      app.server.on('upgrade', (request, socket, head) => {
        socket.on('error', () => socket.destroy());
        upgrade(request).then(
          ({ caller, listening }) =>
            sockets.handleUpgrade(request, socket, head, (webSocket) =>
              connect(webSocket, caller, listening),
            ),
          (error: unknown) => refuse(socket, error),
        );
      });
    },
    async stop() {
      isStopping = true;
      const all = [...connections];
      const gapMs = all.length === 0 ? 0 : Math.min(20, drainMs / all.length);
      for (const connection of all) {
        connection.end('shutdown');
        await new Promise<void>((resolve) => {
          clock.setTimeout(resolve, gapMs);
        });
      }
      for (const { timer } of negotiated.values()) timer.cancel();
      negotiated.clear();
      sockets.close();
    },
  };
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

/** Answers an upgrade that is not taken, as the routes would. */
function refuse(socket: Duplex, error: unknown): void {
  const lines = ['Connection: close'];
  let status = 500;
  let body = '';
  if (error instanceof TokenError) {
    status = error.status;
    if (error.challenge !== '') lines.push(`WWW-Authenticate: ${error.challenge}`);
  } else {
    const answer = failureAnswer(toApiError(error), {
      requestId: randomBytes(16).toString('hex'),
      asProblem: false,
    });
    status = answer.status;
    body = answer.body;
    lines.push(`Content-Type: ${answer.contentType}`);
  }
  lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  socket.end(`HTTP/1.1 ${status} Refused\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}
