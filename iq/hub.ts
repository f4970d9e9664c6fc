/**
 * A hub as a thing that can be plugged in, pulled out and watched. What it does while it runs is in running.ts.
 */
import type { HubFact, HubOptions, HubView } from './hub-options.ts';
import { startRunning, type Running } from './running.ts';

export type Hub = {
  /** Resolves when the doors are answered; the link comes by itself. Throws HubStateDamagedError. */
  start(): Promise<void>;
  /** Finishes what is being written and says goodbye. */
  stop(): Promise<void>;
  /** Pulls the plug: nothing more is said or written. */
  halt(): Promise<void>;
  /** Calls `listener` with every fact; returns what ends it. */
  observe(listener: (fact: HubFact) => void): () => void;
  /** null while it does not run. */
  view(): HubView | null;
};

/** A hub over a data folder of its own. One hub runs over a folder at a time. */
export function createHub(options: HubOptions): Hub {
  const listeners = new Set<(fact: HubFact) => void>();
  let running: Running | null = null;
  /** Starts and stops, one after the other. */
  let turn: Promise<unknown> = Promise.resolve();

  function tell(fact: HubFact): void {
    for (const listener of listeners) listener(fact);
  }

  function inTurn(act: () => Promise<void>): Promise<void> {
    const next = turn.then(act);
    turn = next.catch(() => undefined);
    return next;
  }

  async function start(): Promise<void> {
    running ??= await startRunning(options, { tell, onRestart });
  }

  async function end(how: 'gently' | 'at_once'): Promise<void> {
    const ending = running;
    running = null;
    await ending?.stop(how);
  }

  /** The software starts anew: tree, rights and settings stay (4.9). */
  function onRestart(): void {
    void inTurn(async () => {
      if (!running) return;
      await end('gently');
      await start();
    }).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : 'unknown';
      options.log.error('the hub could not start again', { reason });
    });
  }

  return {
    start: () => inTurn(start),
    stop: () => inTurn(() => end('gently')),
    halt: () => inTurn(() => end('at_once')),
    observe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    view: () => running?.view() ?? null,
  };
}
