/**
 * The events of one connection. States: replay, page by page at the reader's own pace, where the connection begins in the past
 * → live. Before each page the newest number is read, so that the seam to the live events lies behind everything replayed and
 * misses nothing. Before anything is sent the right to hear it is asked (design.md law 6).
 */
import type { Clock } from '#server/runtime/clock';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import {
  newestEventNumber,
  readSiteEventsAfter,
  type StreamedEvent,
} from '#server/store/streamed-events';
import { usePlace } from '#server/store/stream-places';
import type { Connection } from './connection.ts';
import type { EventTail } from './event-tail.ts';
import { placeKey, type ConnectionPlace } from './event-places.ts';
import type { ListenerRights } from './listener-rights.ts';

const pageSize = 500;
/** So many events wait for an answer about rights; with more of them the database is out of breath. */
const heldEvents = 5_000;

export type Feed = {
  /** Ends with the connection, which a failure ends too. */
  start(): void;
  stop(): void;
};

export type FeedParts = {
  readonly database: Database;
  readonly tail: EventTail;
  readonly rights: ListenerRights;
  readonly clock: Clock;
};

type Served = {
  readonly listener: ConnectionPlace;
  readonly connection: Connection;
  readonly onFailure: (error: unknown) => void;
};

export function createFeed(
  { database, tail, rights, clock }: FeedParts,
  { listener, connection, onFailure }: Served,
): Feed {
  const { listening } = listener;
  const { tenantId, kind, siteId, userId, start } = listening;
  const scope = readScope(database, tenantId);
  let isStopped = false;
  let stopListening: (() => void) | undefined;
  let held: StreamedEvent[] | undefined;

  const fail = (error: unknown): void => {
    onFailure(error);
    connection.end('failed');
  };

  /** Where events begin; null = with the next. */
  async function findStart(): Promise<number | null> {
    if (start.name === null) return start.after;
    const key = placeKey(listener, start.name);
    const now = clock.now();
    const first = await newestEventNumber(scope, kind);
    const place = await usePlace(database, key, { first, now });
    return start.after ?? place;
  }

  /** Sends what lies in the past; the number behind which the live events begin, null when the connection has ended. */
  async function replay(from: number): Promise<number | null> {
    let after = from;
    for (;;) {
      const newest = await newestEventNumber(scope, kind);
      const page = { kind, siteId, userId, after, limit: pageSize };
      const events = await readSiteEventsAfter(scope, page);
      if (isStopped) return null;
      const last = events.at(-1);
      if (last !== undefined) {
        if (!(await rights.mayHear(listener))) {
          connection.end('rights_ended');
          return null;
        }
        await connection.sendPaced(events);
        after = last.number;
      }
      if (isStopped) return null;
      if (events.length < pageSize) return Math.max(after, newest);
    }
  }

  async function run(): Promise<void> {
    const from = await findStart();
    if (isStopped) return;
    const after = from === null ? null : await replay(from);
    if (isStopped || (from !== null && after === null)) return;
    const stop = await tail.listen({ tenantId, kind, siteId, after }, deliver);
    if (isStopped) stop();
    else stopListening = stop;
  }

  function deliver(events: readonly StreamedEvent[]): void {
    const own = userId === null ? events : events.filter((event) => event.userId === userId);
    if (own.length === 0 || isStopped) return;
    if (held !== undefined) {
      held.push(...own);
      if (held.length > heldEvents) connection.end('failed');
      return;
    }
    const may = rights.mayHear(listener);
    if (typeof may === 'boolean') {
      if (may) connection.send(own);
      else connection.end('rights_ended');
      return;
    }
    held = [...own];
    may.then(sendHeld, fail);
  }

  function sendHeld(may: boolean): void {
    const events = held ?? [];
    held = undefined;
    if (isStopped) return;
    if (may) connection.send(events);
    else connection.end('rights_ended');
  }

  return {
    start() {
      run().catch(fail);
    },
    stop() {
      isStopped = true;
      stopListening?.();
    },
  };
}
