/**
 * Events of a site as they happen, without gap or double: each connection begins behind the last event that was heard.
 *
 * connecting → connected → reconnecting → connected …, until the signal ends it or the server refuses. Before each connection one
 * event is pulled by plain HTTP: that says where "now" is, and, unlike the hub protocol, why somebody may not listen.
 */
import type { Client } from './client.ts';
import { isCardeaError } from './errors.ts';
import type { StreamedEntry, StreamedIncident } from './generated/streamed-events.ts';
import { backoffMs } from './sending.ts';

type Streams = {
  readonly entries: StreamedEntry & { readonly cursor: string };
  readonly incidents: StreamedIncident & { readonly cursor: string };
};
export type StreamName = keyof Streams;
export type EventOf<Name extends StreamName> = Streams[Name];
export type WatchState = 'connecting' | 'connected' | 'reconnecting';

type Connection = {
  on(name: string, hear: (text: string) => void): void;
  onclose(act: () => void): void;
  start(): Promise<void>;
  stop(): Promise<void>;
};
type Builder = {
  withUrl(url: string, options: { accessTokenFactory: () => Promise<string> }): Builder;
  configureLogging(level: number): Builder;
  build(): Connection;
};
/** What is used of `@microsoft/signalr`. */
export type SignalR = {
  readonly HubConnectionBuilder: new () => Builder;
  readonly LogLevel: { readonly None: number };
};

export type WatchOptions<Name extends StreamName> = {
  readonly siteId: string;
  readonly stream: Name;
  /** Imports `@microsoft/signalr` (docs/client.md): by the first watch, so that who watches nothing does without. */
  readonly signalr: () => Promise<SignalR>;
  readonly onEvent: (event: EventOf<Name>) => void;
  readonly onState?: (state: WatchState) => void;
  /** The cursor is older than the kept events: some are lost, and the watch goes on with the oldest kept one. */
  readonly onGap?: () => void;
  /** `latest` (default), `earliest`, or that of the last event that was dealt with. */
  readonly cursor?: string;
  /** Entries of this person alone. */
  readonly userId?: string;
  /** Ends the watch. */
  readonly signal: AbortSignal;
};

/** Resolves when the signal has ended it; throws CardeaError when the caller may not listen, and whatever `onEvent` throws. */
export async function watch<Name extends StreamName>(
  client: Client,
  options: WatchOptions<Name>,
): Promise<void> {
  const { signal, onState } = options;
  const library = await options.signalr();
  let cursor = options.cursor ?? 'latest';
  let tries = 0;
  onState?.('connecting');
  while (!signal.aborted) {
    cursor = (await whereToBegin(client, options, cursor)) ?? cursor;
    if (signal.aborted) return;
    const heard = await listen(library, client, options, {
      cursor,
      onConnected: () => {
        tries = 0;
        onState?.('connected');
      },
    });
    cursor = heard.cursor;
    if (heard.failure !== undefined) throw heard.failure.thrown;
    if (signal.aborted) return;
    onState?.('reconnecting');
    tries += 1;
    await client.wait(backoffMs(tries), signal).catch(() => undefined);
  }
}

/** A cursor that stands still where `latest` would move; undefined when the server cannot be asked at the moment. */
async function whereToBegin<Name extends StreamName>(
  client: Client,
  { siteId, stream, userId, signal, onGap }: WatchOptions<Name>,
  cursor: string,
): Promise<string | undefined> {
  try {
    const page = await client.get('/ext/v1/sites/{site_id}/events', {
      path: { site_id: siteId },
      query: { stream, cursor, limit: 1, ...(userId === undefined ? {} : { user_id: userId }) },
      signal,
    });
    return cursor === 'latest' ? page.cursor : undefined;
  } catch (error) {
    if (signal.aborted) return undefined;
    if (isCardeaError(error, 'VALUE_INVALID') && cursor !== 'latest' && cursor !== 'earliest') {
      onGap?.();
      return 'earliest';
    }
    if (isCardeaError(error) && error.retry === 'later') return undefined;
    throw error;
  }
}

type Heard = {
  readonly cursor: string;
  /** What `onEvent` threw. */
  readonly failure?: { readonly thrown: unknown };
};

/** One connection from its start to its end. */
async function listen<Name extends StreamName>(
  { HubConnectionBuilder, LogLevel }: SignalR,
  client: Client,
  { siteId, stream, userId, signal, onEvent }: WatchOptions<Name>,
  from: { readonly cursor: string; readonly onConnected: () => void },
): Promise<Heard> {
  const query = new URLSearchParams({
    site_id: siteId,
    cursor: from.cursor,
    ...(userId === undefined ? {} : { user_id: userId }),
  });
  const connection = new HubConnectionBuilder()
    .withUrl(`${client.baseUrl}/v1/hub/${stream}?${query.toString()}`, {
      accessTokenFactory: () => client.token(),
    })
    .configureLogging(LogLevel.None)
    .build();
  let heard: Heard = { cursor: from.cursor };
  connection.on('ReceiveMessage', (text) => {
    if (heard.failure !== undefined || signal.aborted) return;
    const event = JSON.parse(text) as EventOf<Name>;
    try {
      onEvent(event);
      heard = { cursor: event.cursor };
    } catch (thrown) {
      heard = { ...heard, failure: { thrown } };
      stop();
    }
  });
  const stop = (): void => void connection.stop();
  const ended = new Promise<void>((resolve) => connection.onclose(resolve));
  signal.addEventListener('abort', stop, { once: true });
  try {
    await connection.start();
    from.onConnected();
    await ended;
  } catch {
    // Why it cannot connect is what the pull before the next connection tells.
  } finally {
    signal.removeEventListener('abort', stop);
  }
  return heard;
}
