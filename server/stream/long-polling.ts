/**
 * A connection over long polling (streaming.md 4).
 *
 * A poll is answered with everything that waits, or waits itself for at most 90 s. The first is answered at once, empty: the
 * client learns that it is connected. A second poll ends one that waits with 204. After the end what waits still goes out, and
 * the poll after it is answered with 204. Without a poll for 30 s the client is gone.
 */
import type { Clock, Timer } from '#server/runtime/clock';
import { createBacklog } from './backlog.ts';
import type { Channel } from './channel.ts';

const pollMs = 90_000;
const absentMs = 30_000;

export type PollAnswer = {
  readonly status: 200 | 204;
  readonly body: Buffer;
  readonly isBinary: boolean;
};

export type LongPolling = Channel & {
  /** Answers a poll; `signal` says that its client no longer waits. */
  poll(signal: AbortSignal): Promise<PollAnswer>;
};

type Waiting = { readonly bytes: Buffer; readonly taken: () => void };

export function openLongPolling({
  clock,
  absent,
  gone,
}: {
  readonly clock: Clock;
  /** No poll for 30 s. */
  readonly absent: () => void;
  /** Nothing is left to be fetched: the connection can be forgotten. */
  readonly gone: () => void;
}): LongPolling {
  const backlog = createBacklog();
  let waiting: Waiting[] = [];
  let isBinary = false;
  let isFirst = true;
  let isClosed = false;
  let isGone = false;
  let open: ((answer: PollAnswer | null) => void) | undefined;
  let absence: Timer | undefined;

  function watch(): void {
    absence?.cancel();
    absence = clock.setTimeout(() => {
      absent();
      leave();
    }, absentMs);
  }

  function leave(): void {
    absence?.cancel();
    if (isGone) return;
    isGone = true;
    backlog.release();
    gone();
  }

  function takeAll(): PollAnswer {
    const body = Buffer.concat(waiting.map(({ bytes }) => bytes));
    for (const { taken } of waiting) taken();
    waiting = [];
    return { status: 200, body, isBinary };
  }

  const empty = (status: 200 | 204): PollAnswer => ({ status, body: Buffer.alloc(0), isBinary });

  function answerOpen(): void {
    if (open === undefined) return;
    if (waiting.length > 0) open(takeAll());
    else if (isClosed) {
      open(empty(204));
      leave();
    }
  }

  function wait(signal: AbortSignal): Promise<PollAnswer> {
    return new Promise((resolve) => {
      const timer = clock.setTimeout(() => settle(empty(200)), pollMs);
      const settle = (answer: PollAnswer | null): void => {
        if (open !== settle) return;
        open = undefined;
        timer.cancel();
        signal.removeEventListener('abort', abort);
        if (!isGone) watch();
        // Nobody is there to read the answer of an aborted poll.
        resolve(answer ?? empty(204));
      };
      const abort = (): void => settle(null);
      signal.addEventListener('abort', abort);
      open = settle;
    });
  }

  return {
    takesBinary: true,
    hasPings: false,
    backlog,
    write(payload, binary) {
      isBinary = binary;
      waiting.push({ bytes: payload, taken: backlog.add(payload.byteLength) });
      // What is written together leaves together.
      if (waiting.length === 1) setImmediate(answerOpen);
    },
    close(reason) {
      isClosed = true;
      if (reason === 'client_closed') waiting = [];
      if (open === undefined && reason === 'client_closed') leave();
      else setImmediate(answerOpen);
    },
    cut() {
      open?.(empty(204));
      leave();
    },
    async poll(signal) {
      // Whose client has gone ends nobody else's poll, and takes nothing away.
      if (signal.aborted) return empty(204);
      open?.(empty(204));
      absence?.cancel();
      if (isFirst) {
        isFirst = false;
        watch();
        return empty(200);
      }
      if (waiting.length > 0) {
        watch();
        return takeAll();
      }
      if (isClosed) {
        leave();
        return empty(204);
      }
      return await wait(signal);
    },
  };
}
