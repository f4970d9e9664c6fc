/**
 * Reads the events of a tenant as they are stored and hands them to listeners, in the order of their numbers. The table is
 * the truth: a wake-up only says "look now", and a slow poll finds what a lost wake-up would have hidden (design.md law 5).
 */
import type { CollectionId, TenantId } from '#contract/ids';
import type { Clock, Timer } from '#server/runtime/clock';
import type { Log } from '#server/runtime/log';
import type { Bus } from '#server/store/bus';
import { eventsTopic } from '#server/store/events';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import {
  newestEventNumber,
  readEventsAfter,
  type EventKind,
  type StreamedEvent,
} from '#server/store/streamed-events';

const pageSize = 500;
const pollMs = 1_000;

export type EventListener = (events: readonly StreamedEvent[]) => void;

export type EventTail = {
  /**
   * Hears every event of a site behind a number, or stored after the call when it is null; resolves when it is sure to. The
   * result ends it.
   */
  listen(source: EventSource, listener: EventListener): Promise<() => void>;
  stop(): Promise<void>;
};

export type EventSource = {
  readonly tenantId: TenantId;
  readonly kind: EventKind;
  readonly siteId: CollectionId;
  /** Close to the newest: a reader goes back to the first of those who listen. */
  readonly after: number | null;
};

type Parts = {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
};

/** One reader a tenant and kind, however many listen. */
export function createEventTail(parts: Parts): EventTail {
  const readers = new Map<string, Reader>();
  return {
    async listen(source, listener) {
      const key = `${source.kind} ${source.tenantId}`;
      const reader = readers.get(key) ?? createReader(source, parts);
      readers.set(key, reader);
      const end = (entry: Listening): void => {
        if (reader.remove(entry) > 0) return;
        reader.stop();
        if (readers.get(key) === reader) readers.delete(key);
      };
      const { siteId, after } = source;
      const entry: Listening = { listener, siteId, after: undefined };
      reader.add(entry);
      try {
        await reader.begin(entry, after);
      } catch (error) {
        end(entry);
        throw error;
      }
      return () => end(entry);
    },
    async stop() {
      const all = [...readers.values()];
      readers.clear();
      for (const reader of all) reader.stop();
      await Promise.all(all.map((reader) => reader.isIdle()));
    },
  };
}

/** A listener and the number up to which it was given its events; undefined until it is known where it begins. */
type Listening = {
  readonly listener: EventListener;
  readonly siteId: CollectionId;
  after: number | undefined;
};
type Placed = Listening & { after: number };

type Reader = {
  /** Keeps the reader alive for a listener that has not begun yet. */
  add(listening: Listening): void;
  /** Lets it begin behind this number, or the newest of this moment. */
  begin(listening: Listening, after: number | null): Promise<void>;
  /** How many are left. */
  remove(listening: Listening): number;
  stop(): void;
  isIdle(): Promise<void>;
};

function createReader(
  { tenantId, kind }: Pick<EventSource, 'tenantId' | 'kind'>,
  { database, bus, clock, log }: Parts,
): Reader {
  const scope = readScope(database, tenantId);
  const listeners = new Set<Listening>();
  let isStopped = false;
  let isReading = false;
  let isWanted = false;
  let poll: Timer | undefined;
  let idle: Promise<void> = Promise.resolve();

  const wake = (): void => {
    isWanted = true;
    if (isReading || isStopped) return;
    isReading = true;
    idle = drain().finally(() => {
      isReading = false;
      if (isWanted) wake();
    });
  };

  async function drain(): Promise<void> {
    while (isWanted) {
      isWanted = false;
      try {
        await readOn();
      } catch (error) {
        // The poll comes back to it; nothing is skipped, since every listener keeps its place.
        log.warn({ err: error }, 'the events could not be read for the stream');
      }
    }
  }

  async function readOn(): Promise<void> {
    for (;;) {
      // Who joins while a page is read may begin before it, so only those counted here are given it.
      const hearing = [...listeners].filter(isPlaced);
      if (hearing.length === 0 || isStopped) return;
      const after = Math.min(...hearing.map((listening) => listening.after));
      const events = await readEventsAfter(scope, { kind, after, limit: pageSize });
      const last = events.at(-1);
      if (last === undefined || isStopped) return;
      const bySite = groupBySite(events);
      for (const listening of hearing) {
        if (!listeners.has(listening)) continue;
        const from = listening.after;
        listening.after = Math.max(from, last.number);
        const unheard = bySite.get(listening.siteId)?.filter(({ number }) => number > from) ?? [];
        if (unheard.length > 0) listening.listener(unheard);
      }
      if (events.length < pageSize) return;
    }
  }

  const unsubscribe = [bus.subscribe(eventsTopic(tenantId), wake), bus.onResync(wake)];
  const schedule = (): void => {
    poll = clock.setTimeout(() => {
      wake();
      if (!isStopped) schedule();
    }, pollMs);
  };
  schedule();

  return {
    add: (listening) => void listeners.add(listening),
    async begin(listening, after) {
      listening.after = after ?? (await newestEventNumber(scope, kind));
      wake();
    },
    remove(listening) {
      listeners.delete(listening);
      return listeners.size;
    },
    stop() {
      isStopped = true;
      poll?.cancel();
      for (const end of unsubscribe) end();
    },
    isIdle: () => idle,
  };
}

function isPlaced(listening: Listening): listening is Placed {
  return listening.after !== undefined;
}

function groupBySite(events: readonly StreamedEvent[]): Map<string | null, StreamedEvent[]> {
  const bySite = new Map<string | null, StreamedEvent[]>();
  for (const event of events) {
    const those = bySite.get(event.collectionId);
    if (those === undefined) bySite.set(event.collectionId, [event]);
    else those.push(event);
  }
  return bySite;
}
