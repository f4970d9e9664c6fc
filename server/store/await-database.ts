import { setTimeout as wait } from 'node:timers/promises';
import type { Log } from '#server/runtime/log';
import { errorCode, StartError } from '#server/runtime/start-error';
import type { Database } from './pool.ts';

/** A database that is on its way: nobody listens yet, its name is not known yet, it starts, recovers or shuts down. */
const passing = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
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
/** How long a start waits for a database that comes and goes. */
export const patienceMs = 30_000;

export type Patience = {
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly withinMs: number;
};

/**
 * Waits until the database answers, as it may be started or restarted at the same time. Throws StartError DATABASE_UNREACHABLE
 * when it has not answered within `withinMs`, or answers that it will not have us.
 */
export async function awaitDatabase({ pool }: Database, patience: Patience): Promise<void> {
  try {
    await onceReachable(() => pool.query('select 1'), patience);
  } catch (error) {
    throw patience.signal.aborted ? error : unreachable(error);
  }
}

/**
 * Does a step of the start that needs the database, again from its beginning when the database goes away meanwhile, but no longer
 * than `withinMs`. Throws what the step threw last.
 */
export async function onceReachable<Result>(
  step: () => Promise<Result>,
  { log, signal, withinMs }: Patience,
): Promise<Result> {
  const deadline = performance.now() + withinMs;
  for (let tries = 0; ; tries += 1) {
    try {
      return await step();
    } catch (error) {
      const isPassing = passing.has(errorCode(error) ?? '') || isCutOff(error);
      if (!isPassing || performance.now() > deadline) throw error;
      if (tries === 0) log.warn({ err: error }, 'waiting for the database');
      await wait(askEveryMs, undefined, { signal });
    }
  }
}

/** `pg` gives no code to a connection that ends in the middle. */
function isCutOff(error: unknown): boolean {
  return (
    error instanceof Error &&
    /^(Connection terminated|Client has encountered a connection error)/.test(error.message)
  );
}

function unreachable(cause: unknown): StartError {
  const reason = cause instanceof Error ? cause.message : 'unknown';
  return new StartError('DATABASE_UNREACHABLE', `The database cannot be reached: ${reason}`, {
    cause,
  });
}
