import { setTimeout as wait } from 'node:timers/promises';
import type { Log } from '#server/runtime/log';
import { errorCode, StartError } from '#server/runtime/start-error';
import type { Database } from './pool.ts';

/** A database that is on its way: nobody listens yet, its name is not known yet, it starts, recovers or shuts down. */
const passing = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  '57P01',
  '57P02',
  '57P03',
  '53300',
]);

const askEveryMs = 250;

/**
 * Waits until the database answers, as it may be started or restarted at the same time. Throws StartError DATABASE_UNREACHABLE
 * when it has not answered within `withinMs`, or answers that it will not have us.
 */
export async function awaitDatabase(
  { pool }: Database,
  {
    log,
    signal,
    withinMs,
  }: { readonly log: Log; readonly signal: AbortSignal; readonly withinMs: number },
): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (let tries = 0; ; tries += 1) {
    try {
      await pool.query('select 1');
      return;
    } catch (error) {
      const isPassing = passing.has(errorCode(error) ?? '') || isCutOff(error);
      if (!isPassing || performance.now() > deadline) throw unreachable(error);
      if (tries === 0) log.warn({ err: error }, 'waiting for the database');
      await wait(askEveryMs, undefined, { signal });
    }
  }
}

/** `pg` gives no code to a connection that ends in the middle. */
function isCutOff(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Connection terminated');
}

function unreachable(cause: unknown): StartError {
  const reason = cause instanceof Error ? cause.message : 'unknown';
  return new StartError('DATABASE_UNREACHABLE', `The database cannot be reached: ${reason}`, {
    cause,
  });
}
