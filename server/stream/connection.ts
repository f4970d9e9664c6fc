/**
 * One listener's connection over a WebSocket.
 *
 * States: handshake (15 s) → open → ended. In `open` the server pings after 15 s without traffic of its own and ends a
 * connection silent for 30 s; a reader more than 1,000 messages or 1 MiB behind is sent away with leave to come back.
 */
import type { WebSocket } from 'ws';
import type { Clock, Timer } from '#server/runtime/clock';
import {
  closeMessage,
  completionError,
  handshakeAnswer,
  handshakeFault,
  pingMessage,
  readClientMessage,
  receiveMessage,
  splitRecords,
} from './hub-protocol.ts';

const handshakeMs = 15_000;
const pingMs = 15_000;
const silenceMs = 30_000;
const rightsMs = 60_000;
export const largestMessageBytes = 32 * 1024;
const waitingBytes = 1024 * 1024;
const waitingMessages = 1_000;

export type ConnectionEnd =
  | 'client_closed'
  | 'client_gone'
  | 'handshake_failed'
  | 'silent'
  | 'too_slow'
  | 'unreadable'
  | 'rights_ended'
  | 'failed'
  | 'shutdown';

export type Connection = {
  /** Starts with the handshake. */
  start(): void;
  /** Sends events, each as the JSON text of its message. */
  send(texts: readonly string[]): void;
  end(reason: ConnectionEnd): void;
};

type Parts = {
  readonly socket: WebSocket;
  readonly clock: Clock;
  /** Called once the handshake is done: events may be sent from here on. */
  readonly onOpen: () => void;
  readonly onEnd: (reason: ConnectionEnd) => void;
  /** Whether account and right still stand (streaming.md 2). */
  readonly mayStay: () => Promise<boolean>;
};

const farewells: Readonly<
  Partial<Record<ConnectionEnd, { readonly error?: string; readonly allowReconnect: boolean }>>
> = {
  silent: { error: 'No message for 30 seconds', allowReconnect: true },
  too_slow: { error: 'The connection reads too slowly', allowReconnect: true },
  unreadable: { error: 'A message could not be read', allowReconnect: false },
  rights_ended: { error: 'The session has ended', allowReconnect: false },
  failed: { error: 'The events could not be read', allowReconnect: true },
  shutdown: { allowReconnect: true },
};

/** Makes a connection; nothing is sent before the client's handshake. */
export function createConnection({ socket, clock, onOpen, onEnd, mayStay }: Parts): Connection {
  let state: 'handshake' | 'open' | 'ended' = 'handshake';
  let unfinished = '';
  let unsent = 0;
  const timers: { handshake?: Timer; ping?: Timer; silence?: Timer; rights?: Timer } = {};

  function end(reason: ConnectionEnd): void {
    if (state === 'ended') return;
    const wasOpen = state === 'open';
    state = 'ended';
    for (const timer of Object.values(timers)) timer?.cancel();
    const farewell = farewells[reason];
    if (wasOpen && farewell !== undefined) socket.send(closeMessage(farewell));
    if (reason === 'client_gone') socket.terminate();
    else socket.close(reason === 'shutdown' ? 1001 : 1000);
    onEnd(reason);
  }

  function write(text: string): void {
    if (state === 'ended') return;
    unsent += 1;
    socket.send(text, () => {
      unsent -= 1;
    });
    timers.ping?.cancel();
    timers.ping = clock.setTimeout(() => write(pingMessage), pingMs);
    if (socket.bufferedAmount > waitingBytes || unsent > waitingMessages) end('too_slow');
  }

  function heard(): void {
    timers.silence?.cancel();
    timers.silence = clock.setTimeout(() => end('silent'), silenceMs);
  }

  function checkRights(): void {
    timers.rights = clock.setTimeout(() => {
      mayStay().then(
        (may) => {
          if (!may) end('rights_ended');
          else if (state === 'open') checkRights();
        },
        // The database may be away for a moment; the next round asks again.
        () => {
          if (state === 'open') checkRights();
        },
      );
    }, rightsMs);
  }

  function receive(payload: string): void {
    heard();
    const { records, rest } = splitRecords(unfinished + payload);
    unfinished = rest;
    if ([...records, rest].some((record) => Buffer.byteLength(record) > largestMessageBytes))
      return end('unreadable');
    for (const record of records) {
      if (state === 'handshake') shakeHands(record);
      else if (state === 'open') obey(record);
    }
    return undefined;
  }

  function shakeHands(record: string): void {
    const fault = handshakeFault(record);
    socket.send(handshakeAnswer(fault));
    if (fault !== null) return end('handshake_failed');
    timers.handshake?.cancel();
    state = 'open';
    checkRights();
    timers.ping = clock.setTimeout(() => write(pingMessage), pingMs);
    onOpen();
    return undefined;
  }

  function obey(record: string): void {
    const message = readClientMessage(record);
    switch (message.kind) {
      case 'close':
        return end('client_closed');
      case 'unreadable':
        return end('unreadable');
      case 'call':
        if (message.invocationId !== null)
          write(completionError(message.invocationId, `Unknown hub method '${message.target}'`));
        return undefined;
      case 'ping':
      case 'ignored':
        return undefined;
      default:
        return message satisfies never;
    }
  }

  return {
    start() {
      timers.handshake = clock.setTimeout(() => end('handshake_failed'), handshakeMs);
      heard();
      socket.on('message', (data) => receive(textOf(data)));
      socket.on('close', () => end('client_closed'));
      // What is wrong with the frames themselves: too large, no UTF-8, against the protocol.
      socket.on('error', () => end('client_gone'));
    },
    send(texts) {
      if (state === 'open') for (const text of texts) write(receiveMessage(text));
    },
    end,
  };
}

function textOf(data: Buffer | ArrayBuffer | Buffer[]): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return Buffer.isBuffer(data) ? data.toString('utf8') : Buffer.from(data).toString('utf8');
}
