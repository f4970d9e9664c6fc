/**
 * One listener's connection, whatever its transport.
 *
 * States: handshake (15 s) → open → ended. In `open` the server pings after 15 s without traffic of its own and ends a
 * connection silent for 30 s, where the transport does not show life by itself; a reader more than 1,000 messages or 1 MiB
 * behind is sent away with leave to come back. Account and right are looked at every 60 s, and whenever `recheck` is called.
 */
import type { Clock, Timer } from '#server/runtime/clock';
import type { StreamedEvent } from '#server/store/streamed-events';
import type { Channel, ConnectionEnd } from './channel.ts';
import { eventPayload } from './event-payload.ts';
import { readHandshake } from './hub-handshake.ts';
import type { ClientMessage, HubProtocol, ServerMessage } from './hub-message.ts';

const handshakeMs = 15_000;
const pingMs = 15_000;
const silenceMs = 30_000;
const rightsMs = 60_000;
const waitingBytes = 1024 * 1024;
const waitingMessages = 1_000;

export type Connection = {
  readonly isEnded: boolean;
  /** Starts with the handshake. */
  start(): void;
  /** Bytes of the client, in whatever pieces. */
  receive(bytes: Buffer): void;
  /** Sends events; a reader too slow for them is sent away. */
  send(events: readonly StreamedEvent[]): void;
  /** Sends events and resolves when they have been taken, however slow the reader is. */
  sendPaced(events: readonly StreamedEvent[]): Promise<void>;
  /** Looks at once whether account and right still stand. */
  recheck(): void;
  end(reason: ConnectionEnd): void;
};

/** What a hub method answers: its result, or an error the caller sees. */
export type MethodAnswer = { readonly result: boolean } | { readonly error: string };
export type HubMethod = (given: readonly unknown[]) => Promise<MethodAnswer>;

type Parts = {
  readonly clock: Clock;
  readonly showsCursor: boolean;
  readonly methods: ReadonlyMap<string, HubMethod>;
  /** Called once the handshake is done: events may be sent from here on. */
  readonly onOpen: () => void;
  readonly onEnd: (reason: ConnectionEnd) => void;
  /** Whether account and right still stand (streaming.md 2). */
  readonly mayStay: () => Promise<boolean>;
};

const farewells: Readonly<
  Partial<
    Record<ConnectionEnd, { readonly error: string | null; readonly allowReconnect: boolean }>
  >
> = {
  silent: { error: 'No message for 30 seconds', allowReconnect: true },
  too_slow: { error: 'The connection reads too slowly', allowReconnect: true },
  unreadable: { error: 'A message could not be read', allowReconnect: false },
  rights_ended: { error: 'The session has ended', allowReconnect: false },
  failed: { error: 'The events could not be read', allowReconnect: true },
  shutdown: { error: null, allowReconnect: true },
};

/** Makes a connection over a channel; nothing is sent before the client's handshake. */
export function createConnection(
  channel: Channel,
  { clock, showsCursor, methods, onOpen, onEnd, mayStay }: Parts,
): Connection {
  let protocol: HubProtocol | undefined;
  let isEnded = false;
  let unfinished: Buffer = Buffer.alloc(0);
  let isChecking = false;
  let isAskedAgain = false;
  const timers: { handshake?: Timer; ping?: Timer; silence?: Timer; rights?: Timer } = {};

  function end(reason: ConnectionEnd): void {
    if (isEnded) return;
    isEnded = true;
    for (const timer of Object.values(timers)) timer?.cancel();
    const farewell = farewells[reason];
    if (protocol !== undefined && farewell !== undefined)
      channel.write(protocol.write({ kind: 'close', ...farewell }), protocol.isBinary);
    channel.close(reason);
    onEnd(reason);
  }

  function write(payload: Buffer): void {
    if (isEnded || protocol === undefined) return;
    channel.write(payload, protocol.isBinary);
    pingLater();
  }

  function say(message: ServerMessage): void {
    if (protocol !== undefined) write(protocol.write(message));
  }

  function pingLater(): void {
    timers.ping?.cancel();
    if (channel.hasPings) timers.ping = clock.setTimeout(() => say({ kind: 'ping' }), pingMs);
  }

  function checkSpeed(): void {
    const { messages, bytes } = channel.backlog;
    if (messages > waitingMessages || bytes > waitingBytes) end('too_slow');
  }

  function heard(): void {
    timers.silence?.cancel();
    if (channel.hasPings) timers.silence = clock.setTimeout(() => end('silent'), silenceMs);
  }

  function recheckLater(): void {
    timers.rights?.cancel();
    timers.rights = clock.setTimeout(recheck, rightsMs);
  }

  function recheck(): void {
    if (isEnded || protocol === undefined) return;
    // The answer on its way may be of before what this call is about.
    isAskedAgain = isChecking;
    if (isChecking) return;
    isChecking = true;
    mayStay().then(
      (may) => {
        if (may) checked();
        else end('rights_ended');
      },
      // The database may be away for a moment; the next round asks again.
      checked,
    );
  }

  function checked(): void {
    isChecking = false;
    if (isEnded) return;
    if (isAskedAgain) recheck();
    else recheckLater();
  }

  function shakeHands(): void {
    const handshake = readHandshake(unfinished, channel);
    if (handshake === null) return;
    channel.write(handshake.answer, handshake.protocol?.isBinary ?? false);
    if (handshake.protocol === null) return end('handshake_failed');
    timers.handshake?.cancel();
    protocol = handshake.protocol;
    unfinished = handshake.rest;
    recheckLater();
    pingLater();
    onOpen();
    return undefined;
  }

  function readOn(spoken: HubProtocol): void {
    const split = spoken.split(unfinished);
    if (split === null) return end('unreadable');
    unfinished = split.rest;
    for (const message of split.messages) if (!isEnded) obey(spoken.read(message));
    return undefined;
  }

  function obey(message: ClientMessage): void {
    switch (message.kind) {
      case 'close':
        return end('client_closed');
      case 'unreadable':
        return end('unreadable');
      case 'call':
        return call(message);
      case 'ping':
      case 'ignored':
        return undefined;
      default:
        return message satisfies never;
    }
  }

  function call({ target, invocationId, given, isStream }: Call): void {
    const method = isStream ? undefined : methods.get(target);
    const answering =
      method === undefined
        ? Promise.resolve({ error: `Unknown hub method '${target}'` })
        : method(given);
    answering
      .catch(() => ({ error: `${target} has failed` }))
      .then((answer) => {
        if (invocationId === null) return;
        if ('error' in answer) say({ kind: 'error', invocationId, error: answer.error });
        else say({ kind: 'result', invocationId, result: answer.result });
        checkSpeed();
      })
      // Nothing in it fails; a promise is never left alone.
      .catch(() => end('failed'));
  }

  function sendAll(events: readonly StreamedEvent[]): void {
    if (protocol === undefined) return;
    for (const event of events) write(eventPayload(event, { protocol, showsCursor }));
  }

  return {
    get isEnded() {
      return isEnded;
    },
    start() {
      timers.handshake = clock.setTimeout(() => end('handshake_failed'), handshakeMs);
      heard();
    },
    receive(bytes) {
      if (isEnded) return;
      heard();
      unfinished = unfinished.length === 0 ? bytes : Buffer.concat([unfinished, bytes]);
      if (protocol === undefined) shakeHands();
      if (protocol !== undefined && !isEnded) readOn(protocol);
    },
    send(events) {
      for (const event of events) {
        if (isEnded) return;
        sendAll([event]);
        checkSpeed();
      }
    },
    async sendPaced(events) {
      sendAll(events);
      await channel.backlog.whenEmpty();
    },
    recheck,
    end,
  };
}

type Call = Extract<ClientMessage, { readonly kind: 'call' }>;
