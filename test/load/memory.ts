import { setTimeout as wait } from 'node:timers/promises';

export type Memory = { readonly rssBytes: number; readonly heapBytes: number };

const rounds = 5;

/** The least of several looks after a full collection: buffers leave a moment after their owners. */
export async function memory(): Promise<Memory> {
  const found: Memory[] = [];
  for (let round = 0; round < rounds; round += 1) {
    globalThis.gc?.();
    await wait(200);
    const { rss, heapUsed, external } = process.memoryUsage();
    found.push({ rssBytes: rss, heapBytes: heapUsed + external });
  }
  return {
    rssBytes: Math.min(...found.map(({ rssBytes }) => rssBytes)),
    heapBytes: Math.min(...found.map(({ heapBytes }) => heapBytes)),
  };
}
