import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';

/**
 * A port of 127.0.0.1 that was free a moment ago, in 10100-32000: below the ports that outgoing connections take, and
 * above 10080, the last of the ports that fetch and browsers refuse to talk to.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_100, 32_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}
