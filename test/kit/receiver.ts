import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { Webhook } from 'standardwebhooks';
import type { WebhookMessage } from '#contract/webhooks';
import { freePort } from './ports.ts';
import { until } from './wait.ts';

/** One request as a receiver got it. */
export type Received = {
  readonly headers: IncomingHttpHeaders;
  readonly raw: string;
  readonly message: WebhookMessage;
};

export type ReceiverReply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
};

export type TestReceiver = {
  readonly url: string;
  readonly received: readonly Received[];
  /** The most requests that were open at once. */
  readonly mostAtOnce: number;
  /** How it answers from now on; a promise keeps its caller waiting. */
  answer(reply: (received: Received) => ReceiverReply | Promise<ReceiverReply>): void;
  /** Waits until it got so many requests in all. */
  untilReceived(count: number): Promise<readonly Received[]>;
  stop(): Promise<void>;
};

/** A receiver of webhooks on 127.0.0.1, which takes everything until it is told otherwise. */
export async function startReceiver(): Promise<TestReceiver> {
  const received: Received[] = [];
  let reply: (received: Received) => ReceiverReply | Promise<ReceiverReply> = () => ({
    status: 204,
  });
  let open = 0;
  let mostAtOnce = 0;
  const server = createServer((request, response) => {
    open += 1;
    mostAtOnce = Math.max(mostAtOnce, open);
    response.once('close', () => (open -= 1));
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const raw = Buffer.concat(parts).toString();
      const one = { headers: request.headers, raw, message: JSON.parse(raw) as WebhookMessage };
      received.push(one);
      void Promise.resolve(reply(one)).then(({ status, headers = {} }) =>
        response.writeHead(status, headers).end(),
      );
    });
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String(port)}/hook`,
    received,
    get mostAtOnce() {
      return mostAtOnce;
    },
    answer(next) {
      reply = next;
    },
    async untilReceived(count) {
      await until(() => received.length >= count, {
        what: `the receiver got ${String(count)} requests`,
        timeoutMs: 60_000,
      });
      return received;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Verifies a request with a library that is not ours; throws when the signature or the time is wrong. */
export function verify(secret: string, { raw, headers }: Received): unknown {
  return new Webhook(secret).verify(raw, headers as Record<string, string>);
}
