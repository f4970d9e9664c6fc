/**
 * What time it is at the server, by the `Date` of its latest answer (RFC 9110, 6.6.1). A browser's own clock may be wrong by hours; what
 * must fit to the minute goes by this one.
 */
export type ServerClock = {
  /** Takes the time off an answer that comes from the server itself, and out of no cache. */
  note(answer: Response): void;
  now(): Date;
  /** What a clock of here must be moved by. */
  aheadMs(): number;
};

export function createServerClock(browserNowMs: () => number): ServerClock {
  let aheadMs = 0;
  return {
    note({ headers }) {
      const told = Date.parse(headers.get('date') ?? '');
      if (!Number.isNaN(told)) aheadMs = told - browserNowMs();
    },
    now: () => new Date(browserNowMs() + aheadMs),
    aheadMs: () => aheadMs,
  };
}

export const serverClock = createServerClock(() => Date.now());
