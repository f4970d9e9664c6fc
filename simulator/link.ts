/**
 * The line between a hub and the device cloud: a TCP relay on 127.0.0.1 that can fail as lines do.
 *
 * States: up | cut (connections end, others are turned away) | half_open (connections stay, nothing passes either way, ends go
 * unnoticed) | mute (the hub hears but is not heard). Nothing is lost inside a connection that survives: what was held passes
 * when the line is up, as TCP would send it again.
 */
import { randomInt } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';

export type LinkState = 'up' | 'cut' | 'half_open' | 'mute';

export type Link = {
  /** Where the hub connects to. */
  readonly port: number;
  readonly state: LinkState;
  cut(): void;
  halfOpen(): void;
  mute(): void;
  restore(): void;
  /** Breaks the connection once the hub has sent `records` more TLS records, of which the last still arrives. */
  dropAfter(records: number): void;
  stop(): Promise<void>;
};

type Pair = { readonly hub: Socket; readonly cloud: Socket; readonly records: RecordCounter };

// Below the range that outgoing connections take their ports from, and above what servers of the same machine usually have.
const lowestPort = 30_000;
const highestPort = 32_700;

/** Opens a line to `target` on a free port of 127.0.0.1. */
export async function createLink(target: {
  readonly host: string;
  readonly port: number;
}): Promise<Link> {
  let state: LinkState = 'up';
  let recordsLeft = Number.POSITIVE_INFINITY;
  const pairs = new Set<Pair>();

  const isHeld = (direction: 'up' | 'down') =>
    state === 'half_open' || (state === 'mute' && direction === 'up');

  function settle({ hub, cloud }: Pair): void {
    if (isHeld('up') || cloud.writableNeedDrain) hub.pause();
    else hub.resume();
    if (isHeld('down') || hub.writableNeedDrain) cloud.pause();
    else cloud.resume();
  }

  function end(pair: Pair): void {
    pair.hub.destroy();
    pair.cloud.destroy();
    pairs.delete(pair);
  }

  function onClosed(pair: Pair): void {
    // The far end of a half-open line does not learn that the near end has gone.
    if (state === 'half_open') return;
    pair.hub.destroySoon();
    pair.cloud.destroySoon();
    pairs.delete(pair);
  }

  function onHubData(pair: Pair, chunk: Buffer): void {
    const { passed, records } = pair.records.take(chunk, recordsLeft);
    recordsLeft -= records;
    const isLast = recordsLeft <= 0;
    pair.cloud.write(passed, () => {
      if (isLast) end(pair);
    });
    if (isLast) {
      recordsLeft = Number.POSITIVE_INFINITY;
      pair.hub.pause();
      return;
    }
    settle(pair);
  }

  const server = createServer((hub) => {
    if (state === 'cut') {
      hub.destroy();
      return;
    }
    const pair: Pair = { hub, cloud: connect(target), records: createRecordCounter() };
    pairs.add(pair);
    hub.setNoDelay(true);
    pair.cloud.setNoDelay(true);
    hub.on('data', (chunk: Buffer) => onHubData(pair, chunk));
    pair.cloud.on('data', (chunk: Buffer) => {
      hub.write(chunk);
      settle(pair);
    });
    for (const socket of [hub, pair.cloud]) {
      socket.on('drain', () => settle(pair));
      // An error is followed by close, which says all there is to know of a relay.
      socket.on('error', () => undefined);
      socket.on('end', () => onClosed(pair));
      socket.on('close', () => onClosed(pair));
    }
    settle(pair);
  });
  const port = await listenOnFreePort(server);

  function become(next: LinkState): void {
    state = next;
    for (const pair of pairs) {
      if (next === 'cut' || pair.hub.destroyed || pair.cloud.destroyed) end(pair);
      else settle(pair);
    }
  }

  return {
    port,
    get state() {
      return state;
    },
    cut: () => become('cut'),
    halfOpen: () => become('half_open'),
    mute: () => become('mute'),
    restore: () => become('up'),
    dropAfter(records) {
      recordsLeft = records;
    },
    async stop() {
      for (const pair of pairs) end(pair);
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

type RecordCounter = {
  /** How much of the chunk belongs to the first `limit` records that end in it, and how many those are. */
  take(chunk: Buffer, limit: number): { readonly passed: Buffer; readonly records: number };
};

const headerBytes = 5;

/** Follows the record layer of TLS: 1 byte type, 2 version, 2 length, then the record (RFC 8446 5.1). */
function createRecordCounter(): RecordCounter {
  let header = Buffer.alloc(0);
  let bodyLeft = 0;
  return {
    take(chunk, limit) {
      let records = 0;
      let at = 0;
      while (at < chunk.length) {
        if (bodyLeft === 0) {
          const more = chunk.subarray(at, at + headerBytes - header.length);
          header = Buffer.concat([header, more]);
          at += more.length;
          if (header.length < headerBytes) break;
          bodyLeft = header.readUInt16BE(3);
          header = Buffer.alloc(0);
        }
        const step = Math.min(bodyLeft, chunk.length - at);
        bodyLeft -= step;
        at += step;
        if (bodyLeft > 0) break;
        records += 1;
        if (records >= limit) break;
      }
      return { passed: chunk.subarray(0, at), records };
    },
  };
}

async function listenOnFreePort(server: Server): Promise<number> {
  for (;;) {
    const port = randomInt(lowestPort, highestPort);
    const isListening = await new Promise<boolean>((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE') resolve(false);
        else reject(error);
      };
      server.once('error', onError);
      server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
        server.removeListener('error', onError);
        resolve(true);
      });
    });
    if (isListening) return port;
  }
}
