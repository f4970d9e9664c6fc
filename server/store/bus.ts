/**
 * Wake-ups between the parts of one process and between processes. A message is a hint: it may be lost while the link to
 * PostgreSQL is down, so whoever acts on messages reads the truth from tables and looks again at `onResync`.
 */
import { randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { Clock } from '#server/runtime/clock';
import type { Log } from '#server/runtime/log';
import type { Database } from './pool.ts';

export type BusListener = (payload: string) => void;

export type Bus = {
  /** Wakes listeners here at once and those of other processes within milliseconds. At most 4,000 bytes of payload. */
  publish(topic: string, payload: string): void;
  /** Calls `listener` for each message of exactly this topic; the result ends it. */
  subscribe(topic: string, listener: BusListener): () => void;
  /** Calls `act` when messages of other processes may have been missed; the result ends it. */
  onResync(act: () => void): () => void;
  start(): Promise<void>;
  stop(): Promise<void>;
};

const channel = 'cardea_bus';
const payloadLimitBytes = 4_000;
// PostgreSQL refuses a notification of 8,000 bytes or more.
const batchLimitBytes = 7_500;
const waitingLimit = 10_000;
const firstRetryMs = 200;
const longestRetryMs = 5_000;

type Message = readonly [topic: string, payload: string];

/** A bus over LISTEN and NOTIFY; one connection of the pool listens for as long as the bus runs. */
export function createBus({
  database,
  clock,
  log,
}: {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}): Bus {
  const origin = randomUUID();
  const listeners = new Map<string, Set<BusListener>>();
  const resyncs = new Set<() => void>();
  let waiting: string[] = [];
  let isSending = false;
  let listening: PoolClient | undefined;
  let isStopped = true;
  let sendings: Promise<void> = Promise.resolve();

  function deliver(topic: string, payload: string): void {
    for (const listener of listeners.get(topic) ?? []) {
      try {
        listener(payload);
      } catch (error) {
        log.error({ err: error, topic }, 'a bus listener failed');
      }
    }
  }

  function takeBatch(): string {
    let bytes = 0;
    let count = 0;
    for (const message of waiting) {
      bytes += Buffer.byteLength(message) + 1;
      if (count > 0 && bytes > batchLimitBytes) break;
      count += 1;
    }
    return `[${waiting.splice(0, count).join(',')}]`;
  }

  async function sendWaiting(): Promise<void> {
    isSending = true;
    try {
      while (waiting.length > 0) {
        // Messages that gather while one notification is on its way leave together with the next.
        await database.pool.query({
          name: 'bus-notify',
          text: 'select pg_notify($1, $2)',
          values: [channel, `${origin}${takeBatch()}`],
        });
      }
    } catch (error) {
      waiting = [];
      log.warn(
        { err: error },
        'wake-ups to other processes were lost; they look again by themselves',
      );
    } finally {
      isSending = false;
    }
  }

  function receive(text: string): void {
    if (text.startsWith(origin)) return;
    for (const [topic, payload] of JSON.parse(text.slice(origin.length)) as Message[]) {
      deliver(topic, payload);
    }
  }

  async function listen(): Promise<void> {
    const client = await database.pool.connect();
    client.on('notification', ({ payload }) => {
      if (payload !== undefined) receive(payload);
    });
    client.once('error', (error: Error) => {
      if (listening !== client) return;
      listening = undefined;
      client.release(error);
      if (!isStopped) again(firstRetryMs);
    });
    try {
      await client.query(`listen ${channel}`);
    } catch (error) {
      client.release(true);
      throw error;
    }
    listening = client;
  }

  function again(delayMs: number): void {
    clock.setTimeout(() => {
      if (isStopped) return;
      listen().then(
        () => {
          for (const act of resyncs) act();
        },
        (error: unknown) => {
          log.warn({ err: error }, 'wake-ups of other processes cannot be heard');
          again(Math.min(delayMs * 2, longestRetryMs));
        },
      );
    }, delayMs);
  }

  return {
    publish(topic, payload) {
      if (Buffer.byteLength(payload) > payloadLimitBytes) {
        throw new RangeError(`a bus message is a hint of at most ${payloadLimitBytes} bytes`);
      }
      deliver(topic, payload);
      if (isStopped || waiting.length >= waitingLimit) return;
      waiting.push(JSON.stringify([topic, payload]));
      if (!isSending) sendings = sendWaiting();
    },
    subscribe(topic, listener) {
      const those = listeners.get(topic) ?? new Set<BusListener>();
      listeners.set(topic, those.add(listener));
      return () => {
        those.delete(listener);
        if (those.size === 0 && listeners.get(topic) === those) listeners.delete(topic);
      };
    },
    onResync(act) {
      resyncs.add(act);
      return () => resyncs.delete(act);
    },
    async start() {
      isStopped = false;
      await listen();
    },
    async stop() {
      isStopped = true;
      await sendings;
      const client = listening;
      listening = undefined;
      // A connection that listens must not go back into the pool.
      client?.release(true);
    },
  };
}
