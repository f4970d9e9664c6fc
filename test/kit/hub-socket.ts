import { WebSocket } from 'ws';
import { until } from './wait.ts';

const separator = '\u001e';

/** An event hub over a bare WebSocket: what the official client would hide. */
export type HubSocket = {
  /** The messages so far, parsed, pings left out. */
  readonly messages: readonly Record<string, unknown>[];
  readonly pings: number;
  /** The code of the close frame, once the connection has ended. */
  readonly closeCode: number | undefined;
  /** Sends one message; a text goes as it is. */
  send(message: unknown): void;
  /** Waits for the message at this place. */
  message(index: number): Promise<Record<string, unknown>>;
  ended(): Promise<number>;
  /** Reads nothing from the network until `resume`. */
  pause(): void;
  resume(): void;
  end(): void;
};

/** Connects to a hub by its whole URL, without a handshake. */
export async function openHub(url: string): Promise<HubSocket> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { perMessageDeflate: false });
  const messages: Record<string, unknown>[] = [];
  let pings = 0;
  let closeCode: number | undefined;
  socket.on('message', (data: Buffer) => {
    for (const record of data.toString('utf8').split(separator).filter(Boolean)) {
      const message = JSON.parse(record) as Record<string, unknown>;
      if (message['type'] === 6) pings += 1;
      else messages.push(message);
    }
  });
  socket.on('close', (code) => {
    closeCode = code;
  });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return {
    messages,
    get pings() {
      return pings;
    },
    get closeCode() {
      return closeCode;
    },
    send: (message) =>
      socket.send(typeof message === 'string' ? message : JSON.stringify(message) + separator),
    message: (index) => until(() => messages[index], { what: `message ${index} is there` }),
    ended: () => until(() => closeCode, { what: 'the connection has ended' }),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: () => socket.terminate(),
  };
}

/** Connects and shakes hands. */
export async function joinHub(url: string): Promise<HubSocket> {
  const hub = await openHub(url);
  hub.send({ protocol: 'json', version: 1 });
  await hub.message(0);
  return hub;
}
