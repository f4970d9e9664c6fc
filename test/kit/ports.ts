import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';

/**
 * A port of 127.0.0.1 that was free a moment ago, in 10100-30000: below the ports that simulated lines and outgoing
 * connections take, and above 10080, the last of the ports that fetch and browsers refuse to talk to.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lanes * randomInt(Math.ceil(10_100 / lanes), 30_000 / lanes) + lane;
    if (given.has(port) || !(await isFree(port))) continue;
    if (given.size === mostGiven) given.clear();
    given.add(port);
    return port;
  }
}

/** Workers of one run take ports of their own, so that none comes between the look at a port and its use, or into a pause. */
const lanes = 8;
const lane = Number(process.env['VITEST_POOL_ID'] ?? 0) % lanes;
/** No port is given twice while its first taker may still use it. */
const given = new Set<number>();
const mostGiven = 1_000;

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}
