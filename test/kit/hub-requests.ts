import { once } from 'node:events';
import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { TestServer } from './cardea.ts';
import { until } from './wait.ts';

const separator = '\u001e';

export type HubAnswer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The hub messages of a JSON payload. */
  readonly messages: readonly Record<string, unknown>[];
};

/** Whom a connection is for, and on which hub. */
export type HubAddress = {
  readonly siteId: string;
  readonly token: string;
  readonly hub?: 'entries' | 'incidents';
  /** More of the query, such as `cursor=latest`. */
  readonly query?: string;
  /** Another process than the first, by its URL. */
  readonly url?: string;
};

/** An event hub over plain HTTP: long polling and the POST of server-sent events. */
export type HubRequests = {
  /** The secret token of the connection. */
  readonly id: string;
  /** One request of the connection; `at` sends it to another process. */
  request(method: string, options?: RequestOptions): Promise<HubAnswer>;
  poll(options?: RequestOptions): Promise<HubAnswer>;
  /** Sends one message; a text goes as it is. */
  send(message: unknown, options?: RequestOptions): Promise<HubAnswer>;
  /** Opens the stream of server-sent events, or gets what it is answered instead. */
  listen(headers?: Readonly<Record<string, string>>): Promise<EventText>;
};

export type RequestOptions = {
  readonly at?: string;
  readonly token?: string;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
};

export type EventText = {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Everything so far, as it came. */
  readonly text: string;
  readonly messages: readonly Record<string, unknown>[];
  readonly isEnded: boolean;
  end(): void;
};

/** Negotiates; throws what it was refused with. */
export async function negotiateHub(
  server: Pick<TestServer, 'url'>,
  address: HubAddress,
): Promise<HubRequests> {
  const { siteId, token, hub = 'entries', query = '', url = server.url } = address;
  const path = `/v1/hub/${hub}`;
  const headersOf = (of = token) => ({ authorization: `Bearer ${of}` });
  const negotiation = await fetch(
    `${url}${path}/negotiate?site_id=${siteId}&negotiateVersion=1&${query}`,
    { method: 'POST', headers: headersOf() },
  );
  if (negotiation.status !== 200)
    throw new Error(`${String(negotiation.status)} ${await negotiation.text()}`);
  const { connectionToken: id } = (await negotiation.json()) as { connectionToken: string };
  const hubUrl = (at = url) => `${at}${path}?site_id=${siteId}&id=${id}&_=${String(Math.random())}`;

  async function request(
    method: string,
    { at, token: of, body, headers = {}, signal }: RequestOptions = {},
  ): Promise<HubAnswer> {
    const response = await fetch(hubUrl(at), {
      method,
      headers: { ...headersOf(of), ...headers },
      ...(body === undefined ? {} : { body: body as string }),
      ...(signal === undefined ? {} : { signal }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('text/plain') ?? false;
    const messages = isJson ? messagesOf(text) : [];
    return { status: response.status, headers: response.headers, text, messages };
  }

  return {
    id,
    request,
    poll: (options) => request('GET', options),
    send: (message, options) =>
      request('POST', {
        ...options,
        body: typeof message === 'string' ? message : JSON.stringify(message) + separator,
      }),
    listen: (headers = headersOf()) => openEvents(hubUrl(), headers),
  };
}

async function openEvents(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<EventText> {
  // A connection of its own, so that ending it leaves nothing behind for the next request.
  const request = get(url, { agent: false, headers: { ...headers, accept: 'text/event-stream' } });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  let isEnded = false;
  response.setEncoding('utf8');
  response.on('data', (part: string) => (text += part));
  response.on('error', () => undefined);
  response.on('close', () => (isEnded = true));
  return {
    status: response.statusCode,
    headers: response.headers,
    get text() {
      return text;
    },
    get messages() {
      return messagesOf(
        text
          .split('\r\n')
          .filter((line) => line.startsWith('data: '))
          .map((line) => line.slice(6))
          .join(''),
      );
    },
    get isEnded() {
      return isEnded;
    },
    end: () => request.destroy(),
  };
}

function messagesOf(text: string): Record<string, unknown>[] {
  return text
    .split(separator)
    .filter(Boolean)
    .map((record) => JSON.parse(record) as Record<string, unknown>);
}

/** Negotiates, connects by the first poll and shakes hands. */
export async function joinByPolls(
  server: Pick<TestServer, 'url'>,
  address: HubAddress,
): Promise<HubRequests> {
  const hub = await negotiateHub(server, address);
  await hub.poll();
  await hub.send({ protocol: 'json', version: 1 });
  const { messages } = await hub.poll();
  if (JSON.stringify(messages) !== '[{}]') throw new Error('the handshake was not answered');
  return hub;
}

/** Negotiates, opens the stream and shakes hands. */
export async function joinByEvents(
  server: Pick<TestServer, 'url'>,
  address: HubAddress,
): Promise<{ readonly hub: HubRequests; readonly events: EventText }> {
  const hub = await negotiateHub(server, address);
  const events = await hub.listen();
  await hub.send({ protocol: 'json', version: 1 });
  await until(() => events.messages.length > 0, {
    what: 'the handshake is answered',
    timeoutMs: 60_000,
  });
  return { hub, events };
}

/** The events that messages carry, parsed. */
export function eventsIn(
  messages: readonly Record<string, unknown>[],
): (Record<string, unknown> & { readonly id: string; readonly cursor?: string })[] {
  return messages
    .filter((message) => message['type'] === 1)
    .map((message) => {
      const [text] = message['arguments'] as [string];
      return JSON.parse(text) as { id: string };
    });
}
