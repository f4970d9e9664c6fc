import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 10;

/** Waits until `condition` gives something other than undefined, null or false, and gives that; throws at the deadline, naming `what`. */
export async function until<T>(
  condition: () => T | Promise<T>,
  options: { timeoutMs?: number; what: string | (() => string) },
): Promise<Exclude<T, undefined | null | false>> {
  const { timeoutMs = 60_000, what } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await condition();
    if (found !== undefined && found !== null && found !== false) {
      return found as Exclude<T, undefined | null | false>;
    }
    if (performance.now() > deadline) {
      const missed = typeof what === 'string' ? what : what();
      throw new Error(`Waited ${String(timeoutMs)} ms in vain until ${missed}.`);
    }
    await wait(POLL_MS);
  }
}
