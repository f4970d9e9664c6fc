/**
 * The connections of this process, and which process holds the others (streaming.md 3 and 4). Negotiated connections are rows,
 * so any process may take one; from then on the one that has taken it answers for it, whoever is asked.
 */
import { hash } from 'node:crypto';
import { ApiError } from '#contract/api-error';
import type { LoginId, TenantId } from '#contract/ids';
import type { Caller } from '#server/http/caller';
import { createRateLimit } from '#server/http/rate-limit';
import { TokenError } from '#server/http/token';
import type { Clock, Timer } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import type { Bus } from '#server/store/bus';
import type { Database } from '#server/store/pool';
import {
  deleteConnection,
  findConnection,
  forgetConnections,
  forgetProcess,
  insertNegotiated,
  isProcessAlive,
  processLives,
  processSignOfLifeMs,
  takeConnection,
  type ConnectionRow,
  type Transport,
} from '#server/store/stream-connections';
import { forgetPlaces } from '#server/store/stream-places';
import type { RequestKind } from '#server/store/stream-mail';
import type { EventKind } from '#server/store/streamed-events';
import type { Channel } from './channel.ts';
import type { Connection } from './connection.ts';
import type { Listening } from './listening.ts';
import type { LongPolling } from './long-polling.ts';
import {
  answerOf,
  createMailbox,
  unknownConnection,
  type PassedAnswer,
  type PassedRequest,
} from './mailbox.ts';

/** A token not connected within 15 s is forgotten. */
const negotiatedMs = 15_000;
const placesMs = 3_600_000;

/** A connection that this process holds. */
export type Held = {
  readonly tenantId: TenantId;
  readonly kind: EventKind;
  readonly loginId: LoginId;
  readonly transport: Transport;
  readonly connection: Connection;
  readonly channel: Channel;
  readonly poll?: LongPolling['poll'];
};

/** Which connection a request is about: `id` is its secret token. */
export type About = { readonly id: string; readonly caller: Caller; readonly kind: EventKind };

export type Limits = {
  /** Connections this process holds at most; 0 = no limit. */
  readonly connections: number;
  /** Negotiations a minute of each client; 0 = no limit. */
  readonly negotiationsPerMinute: number;
};

export type Connections = {
  /** Keeps what was negotiated for 15 s; the secret token. */
  negotiate(caller: Caller, listening: Listening): Promise<string>;
  /**
   * Takes a negotiated connection for this process; null = another request has taken it. Raises the refusals of a request about a
   * connection, and a 409 when it is in use.
   */
  take(about: About, transport: Transport): Promise<Listening | null>;
  /** Room for one more. Raises REQUEST_INVALID (429). */
  checkRoom(): void;
  /** Holds a connection; `id` null = it was not negotiated. The result forgets it. */
  hold(held: Held, id: string | null): () => void;
  /** What the holder of a connection says to a request; null = nobody has connected yet. */
  ask(
    about: About,
    request: { readonly kind: RequestKind; readonly body: Buffer; readonly signal: AbortSignal },
  ): Promise<PassedAnswer | null>;
  all(): readonly Held[];
  start(): Promise<void>;
  stop(): Promise<void>;
};

type Parts = {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly limits: Limits;
};

export function createConnections({ database, bus, clock, ids, log, limits }: Parts): Connections {
  const processId: string = ids.next();
  const byToken = new Map<string, Held>();
  const all = new Set<Held>();
  const rateLimit = createRateLimit({ perMinute: limits.negotiationsPerMinute, clock });
  const mailbox = createMailbox({ processId, database, bus, clock, ids, log, act: actOn });
  const timers: { life?: Timer; places?: Timer } = {};
  const working = new Set<Promise<void>>();

  const since = (): Date => new Date(clock.now().getTime() - negotiatedMs);

  async function actOn({ kind, tokenHash, body, signal }: PassedRequest): Promise<PassedAnswer> {
    const held = byToken.get(tokenHash);
    return held === undefined ? unknownConnection : await act(held, { kind, body, signal });
  }

  /** The row of a connection that another process holds or nobody. Raises what its requests are refused with. */
  async function findRow({ id, caller, kind }: About): Promise<ConnectionRow> {
    const key = { tenantId: caller.tenantId, tokenHash: hashOf(id) };
    const row = await findConnection(database, key, since());
    if (row === undefined || row.kind !== kind || row.processId === processId)
      throw noSuchConnection();
    if (row.loginId !== caller.subject) throw new TokenError(403, '');
    if (row.processId !== null && !(await isProcessAlive(database, row.processId))) {
      await deleteConnection(database, key);
      throw noSuchConnection();
    }
    return row;
  }

  function findHeld({ id, caller, kind }: About): Held | undefined {
    const held = byToken.get(hashOf(id));
    if (held === undefined) return undefined;
    if (held.kind !== kind) throw noSuchConnection();
    if (held.loginId !== caller.subject) throw new TokenError(403, '');
    return held;
  }

  function checkRoom(): void {
    if (limits.connections === 0 || all.size < limits.connections) return;
    throw new ApiError('REQUEST_INVALID', {
      case: 'too_many',
      reason: `${String(limits.connections)} listeners are connected.`,
      retryAfterSeconds: 60,
    });
  }

  /** Lets work go on by itself; stopping waits for it. */
  function inBackground(work: Promise<void>): void {
    const done = work
      .catch((error: unknown) =>
        log.warn({ err: error }, 'the connections of streams could not be kept in order'),
      )
      .finally(() => working.delete(done));
    working.add(done);
  }

  function every(name: keyof typeof timers, ms: number, work: () => Promise<void>): void {
    timers[name] = clock.setTimeout(() => {
      inBackground(work());
      every(name, ms, work);
    }, ms);
  }

  return {
    async negotiate(caller, listening) {
      rateLimit(caller.clientId);
      checkRoom();
      const { subject: loginId } = caller;
      if (loginId === undefined) throw new TokenError(403, '');
      const id = ids.bytes(24).toString('base64url');
      const negotiated = { ...listening, loginId };
      await insertNegotiated(database, { tokenHash: hashOf(id), negotiated, now: clock.now() });
      return id;
    },
    async take(about, transport) {
      if (findHeld(about) !== undefined) throw inUse();
      const row = await findRow(about);
      if (row.processId !== null) throw inUse();
      checkRoom();
      const key = { tenantId: row.tenantId, tokenHash: hashOf(about.id) };
      const isTaken = await takeConnection(database, key, {
        processId,
        transport,
        since: since(),
      });
      return isTaken ? row : null;
    },
    checkRoom,
    hold(held, id) {
      all.add(held);
      if (id === null) return () => void all.delete(held);
      const tokenHash = hashOf(id);
      byToken.set(tokenHash, held);
      return () => {
        if (!all.delete(held)) return;
        byToken.delete(tokenHash);
        inBackground(deleteConnection(database, { tenantId: held.tenantId, tokenHash }));
      };
    },
    async ask(about, request) {
      const held = findHeld(about);
      if (held !== undefined) return await act(held, request);
      const row = await findRow(about);
      if (row.processId === null) return null;
      return await mailbox.ask(row.processId, { ...request, tokenHash: hashOf(about.id) });
    },
    all: () => [...all],
    async start() {
      await processLives(database, processId);
      mailbox.start();
      every('life', processSignOfLifeMs, async () => {
        await processLives(database, processId);
        await forgetConnections(database, since());
      });
      every('places', placesMs, () => forgetPlaces(database, clock.now()));
    },
    async stop() {
      for (const timer of Object.values(timers)) timer?.cancel();
      await mailbox.stop();
      inBackground(forgetProcess(database, processId));
      await Promise.all(working);
    },
  };
}

/** Does what a request asks of a connection that is held here. */
async function act(
  held: Held,
  { kind, body, signal }: Omit<PassedRequest, 'tokenHash'>,
): Promise<PassedAnswer> {
  const { transport, connection, poll } = held;
  switch (kind) {
    case 'poll':
      return poll === undefined ? answerOf(409) : await poll(signal);
    case 'send':
      if (transport === 'WebSockets') return answerOf(409);
      if (connection.isEnded) return unknownConnection;
      connection.receive(body);
      return answerOf(200);
    case 'end':
      if (transport !== 'LongPolling') return answerOf(409);
      if (connection.isEnded) return unknownConnection;
      connection.end('client_closed');
      return answerOf(202);
    default:
      return kind satisfies never;
  }
}

/** The refusal of a request about a connection that is unknown or has ended. */
export function noSuchConnection(): ApiError {
  return new ApiError('REQUEST_INVALID', { case: 'route', reason: 'No such connection.' });
}

/** The refusal of a second transport for a connection. */
export function inUse(): ApiError {
  return new ApiError('REQUEST_INVALID', { case: 'in_use', reason: 'The connection is in use.' });
}

function hashOf(id: string): string {
  return hash('sha256', id, 'hex');
}
