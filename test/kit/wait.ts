import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 10;

/** Waits until `condition` gives something other than undefined, null or false, and gives that; throws at the deadline. */
export async function until<T>(
  condition: () => T | Promise<T>,
  options: { timeoutMs?: number; what: string },
): Promise<Exclude<T, undefined | null | false>> {
  const { timeoutMs = 10_000, what } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await condition();
    if (found !== undefined && found !== null && found !== false) {
      return found as Exclude<T, undefined | null | false>;
    }
    if (performance.now() > deadline) {
      throw new Error(`Waited ${String(timeoutMs)} ms in vain until ${what}.`);
    }
    await wait(POLL_MS);
  }
}
