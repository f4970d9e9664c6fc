/** Takes turns: work of one key runs so many at a time, the rest waits in order. */
export type Turns = <T>(key: string, work: () => Promise<T>) => Promise<T>;

type Queue = { running: number; readonly waiting: (() => void)[] };

/** Turns with at most `atOnce` pieces of work of a key running. */
export function createTurns(atOnce: number): Turns {
  const queues = new Map<string, Queue>();

  return async (key, work) => {
    const queue = queues.get(key) ?? { running: 0, waiting: [] };
    queues.set(key, queue);
    if (queue.running >= atOnce) await new Promise<void>((go) => queue.waiting.push(go));
    else queue.running += 1;
    try {
      return await work();
    } finally {
      // Whoever waits longest takes the place over, so that nobody slips in between.
      const next = queue.waiting.shift();
      if (next) next();
      else queue.running -= 1;
      if (queue.running === 0) queues.delete(key);
    }
  };
}
