/** Puts a connection together from its transport, its rights and its events, and says goodbye to all of them at the end. */
import type { ServerResponse } from 'node:http';
import type { LoginId } from '#contract/ids';
import type { WebSocket } from 'ws';
import type { Caller } from '#server/http/caller';
import type { Log } from '#server/runtime/log';
import type { Transport } from '#server/store/stream-connections';
import type { Channel } from './channel.ts';
import { createConnection, type Connection } from './connection.ts';
import type { Connections } from './connections.ts';
import { hubMethods } from './event-places.ts';
import { createFeed, type FeedParts } from './feed.ts';
import type { Listening } from './listening.ts';
import { openLongPolling, type LongPolling } from './long-polling.ts';
import type { PassedAnswer } from './mailbox.ts';
import { openServerSentEvents } from './server-sent-events.ts';
import { openWebSocket } from './web-socket.ts';

const drainMs = 5_000;
const drainSteps = 50;
/** How long a listener may take to answer the goodbye before its connection is cut. */
const farewellMs = 1_000;

/** Somebody who has connected; `id` null = without negotiation. */
export type Joined = {
  readonly caller: Caller;
  readonly listening: Listening;
  readonly id: string | null;
};

export type Listeners = {
  talk(socket: WebSocket, joined: Joined): void;
  stream(
    response: ServerResponse,
    joined: Joined & { readonly headers: Record<string, string> },
  ): void;
  /** The answer to the first poll. */
  poll(joined: Joined, signal: AbortSignal): Promise<PassedAnswer>;
  /** Ends every connection, spread over at most 5 s. */
  dismiss(): Promise<void>;
};

type Parts = FeedParts & { readonly connections: Connections; readonly log: Log };

type Way = {
  readonly channel: Channel;
  readonly transport: Transport;
  readonly opened: Opened;
  /** Of long polling. */
  readonly poll?: LongPolling['poll'];
};

/** What the transport reports of its client; set before anything can happen on it. */
type Opened = { connection?: Connection; forget?: () => void };

export function createListeners(parts: Parts): Listeners {
  const { clock, rights, connections, log } = parts;
  const open = new Set<Channel>();
  let allGone: (() => void) | undefined;

  /** Joins a client to its events over a channel that is ready. */
  function join(
    { caller, listening, id }: Joined,
    { channel, transport, opened, poll }: Way,
  ): void {
    const loginId = caller.subject as LoginId;
    const listener = { caller, listening, loginId };
    const connection = createConnection(channel, {
      clock,
      showsCursor: listening.start.showsCursor,
      methods: hubMethods(listener, parts),
      mayStay: () => rights.mayStay(listener),
      onOpen: () => feed.start(),
      onEnd: () => {
        feed.stop();
        stopChecks();
        if (transport !== 'LongPolling') opened.forget?.();
      },
    });
    const feed = createFeed(parts, {
      listener,
      connection,
      onFailure: (error) =>
        log.error({ err: error }, 'a listener could not be joined to the events'),
    });
    const stopChecks = rights.onChange(listening.tenantId, () => connection.recheck());
    open.add(channel);
    opened.connection = connection;
    opened.forget = connections.hold(
      {
        tenantId: listening.tenantId,
        kind: listening.kind,
        loginId,
        transport,
        connection,
        channel,
        ...(poll === undefined ? {} : { poll }),
      },
      id,
    );
    connection.start();
  }

  function gone(channel: Channel): void {
    open.delete(channel);
    if (open.size === 0) allGone?.();
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      clock.setTimeout(resolve, ms);
    });
  }

  return {
    talk(socket, joined) {
      const opened: Opened = {};
      const channel = openWebSocket(socket, {
        heard: (bytes) => opened.connection?.receive(bytes),
        broken: () => opened.connection?.end('client_gone'),
        gone: () => {
          opened.connection?.end('client_closed');
          gone(channel);
        },
      });
      join(joined, { channel, transport: 'WebSockets', opened });
    },
    stream(response, { headers, ...joined }) {
      const opened: Opened = {};
      const channel = openServerSentEvents(response, {
        headers,
        gone: () => {
          opened.connection?.end('client_closed');
          gone(channel);
        },
      });
      join(joined, { channel, transport: 'ServerSentEvents', opened });
    },
    poll(joined, signal) {
      const opened: Opened = {};
      const channel = openLongPolling({
        clock,
        absent: () => opened.connection?.end('silent'),
        gone: () => {
          opened.forget?.();
          gone(channel);
        },
      });
      const poll = (of: AbortSignal) => channel.poll(of);
      join(joined, { channel, transport: 'LongPolling', opened, poll });
      return poll(signal);
    },
    async dismiss() {
      const all = connections.all();
      const share = Math.max(1, Math.ceil(all.length / drainSteps));
      for (let from = 0; from < all.length; from += share) {
        if (from > 0) await pause(drainMs / drainSteps);
        for (const { connection } of all.slice(from, from + share)) connection.end('shutdown');
      }
      if (open.size > 0) {
        const done = new Promise<void>((resolve) => {
          allGone = resolve;
        });
        await Promise.race([pause(farewellMs), done]);
      }
      for (const channel of open) channel.cut();
    },
  };
}
