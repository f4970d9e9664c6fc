/** Work that an answer does not wait for, so that how long it takes tells a stranger nothing. */
import type { Log } from '#server/runtime/log';

export type Afterwards = {
  /** Begins the work; its failure is logged under `what`. */
  begin(what: string, work: () => Promise<void>): void;
  /** Ends when everything that was begun has ended. */
  settled(): Promise<void>;
};

export function createAfterwards({ log }: { readonly log: Log }): Afterwards {
  const running = new Set<Promise<void>>();
  return {
    begin(what, work) {
      const run = work().catch((error: unknown) =>
        log.error({ err: error }, `${what} could not be done`),
      );
      running.add(run);
      void run.finally(() => running.delete(run));
    },
    async settled() {
      await Promise.all(running);
    },
  };
}
