import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { freePort } from './ports.ts';

export type ProvidedMessage = {
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, string>>;
};

/** A service of 127.0.0.1 that SMS and push messages are posted to. */
export type TestProvider = {
  readonly url: string;
  readonly messages: readonly ProvidedMessage[];
  /** What it answers from now on. */
  answer(status: number): void;
  stop(): Promise<void>;
};

export async function startMessageProvider(): Promise<TestProvider> {
  const messages: ProvidedMessage[] = [];
  let status = 202;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      if (status < 300)
        messages.push({
          headers: request.headers,
          body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>,
        });
      response.writeHead(status).end();
    });
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${port}/messages`,
    messages,
    answer(next) {
      status = next;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
