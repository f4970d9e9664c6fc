/**
 * Passes requests to the process that holds their connection, and brings back the answers (streaming.md 4). What is sent lies
 * in a table; a wake-up says "look now", and a slow look finds what a lost wake-up would have hidden.
 */
import type { Clock, Timer } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import type { Bus } from '#server/store/bus';
import type { Database } from '#server/store/pool';
import {
  mailTopic,
  sendMail,
  takeMail,
  type Mail,
  type RequestKind,
} from '#server/store/stream-mail';

const lookMs = 5_000;
/** A poll waits for 90 s itself; everything else is done at once, unless the other process is gone. */
const answerMs: Readonly<Record<RequestKind, number>> = {
  poll: 100_000,
  send: 10_000,
  end: 10_000,
};

/** A request of a connection, as its holder is asked it. */
export type PassedRequest = {
  readonly kind: RequestKind;
  readonly tokenHash: string;
  readonly body: Buffer;
  /** Says that nobody waits for the answer any more. */
  readonly signal: AbortSignal;
};

export type PassedAnswer = {
  readonly status: number;
  readonly isBinary: boolean;
  readonly body: Buffer;
};

/** The answer for a connection that is not there. */
export const unknownConnection: PassedAnswer = answerOf(404);

/** An answer without a body. */
export function answerOf(status: number): PassedAnswer {
  return { status, isBinary: false, body: Buffer.alloc(0) };
}

export type Mailbox = {
  /** Asks another process; 404 when it does not answer. */
  ask(processId: string, request: PassedRequest): Promise<PassedAnswer>;
  start(): void;
  stop(): Promise<void>;
};

type Parts = {
  readonly processId: string;
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** Does here what another process asks. */
  readonly act: (request: PassedRequest) => Promise<PassedAnswer>;
};

export function createMailbox({ processId, database, bus, clock, ids, log, act }: Parts): Mailbox {
  const asked = new Map<string, (answer: PassedAnswer) => void>();
  const acting = new Map<string, AbortController>();
  let isStopped = true;
  let isWanted = false;
  let looking: Promise<void> | undefined;
  let timer: Timer | undefined;
  let unsubscribe: (() => void)[] = [];

  const look = (): void => {
    isWanted = true;
    looking ??= takeAll().finally(() => {
      looking = undefined;
    });
  };

  async function takeAll(): Promise<void> {
    while (isWanted) {
      isWanted = false;
      if (isStopped) return;
      try {
        for (const mail of await takeMail(database, processId)) receive(mail);
      } catch (error) {
        log.warn({ err: error }, 'requests of other processes could not be read');
      }
    }
  }

  function lookLater(): void {
    timer = clock.setTimeout(() => {
      look();
      lookLater();
    }, lookMs);
  }

  function receive(mail: Mail): void {
    const { requestId, kind, senderId, status, isBinary, body, tokenHash } = mail;
    if (kind === 'answer') asked.get(requestId)?.({ status: status ?? 404, isBinary, body });
    else if (kind === 'cancel') acting.get(requestId)?.abort();
    else {
      const stop = new AbortController();
      acting.set(requestId, stop);
      act({ kind, tokenHash, body, signal: stop.signal })
        .then((answer) => post(senderId, { requestId, kind: 'answer', tokenHash: '', ...answer }))
        .catch((error: unknown) => log.warn({ err: error }, 'a passed request was not answered'))
        .finally(() => acting.delete(requestId));
    }
  }

  async function post(recipientId: string, mail: Omit<Mail, 'senderId'>): Promise<void> {
    const whole = { ...mail, senderId: processId };
    await sendMail(database, { recipientId, mail: whole, now: clock.now() });
    bus.publish(mailTopic(recipientId), '');
  }

  return {
    ask(recipientId, { kind, tokenHash, body, signal }) {
      if (signal.aborted) return Promise.resolve(answerOf(204));
      const requestId = ids.next();
      return new Promise((resolve, reject) => {
        const settle = (answer: PassedAnswer): void => {
          asked.delete(requestId);
          late.cancel();
          signal.removeEventListener('abort', cancel);
          resolve(answer);
        };
        const cancel = (): void => {
          settle(answerOf(204));
          // Behind the request itself, or it would be told to a process that knows of none.
          passed
            .then(() => post(recipientId, { requestId, kind: 'cancel', tokenHash, ...answerOf(0) }))
            .catch((error: unknown) =>
              log.warn({ err: error }, 'a passed request was not cancelled'),
            );
        };
        const late = clock.setTimeout(() => settle(unknownConnection), answerMs[kind]);
        asked.set(requestId, settle);
        signal.addEventListener('abort', cancel);
        const request = { requestId, kind, tokenHash, status: null, isBinary: false, body };
        const passed = post(recipientId, request);
        passed.catch((error: unknown) => {
          settle(unknownConnection);
          reject(error instanceof Error ? error : new Error('no mail', { cause: error }));
        });
      });
    },
    start() {
      isStopped = false;
      unsubscribe = [bus.subscribe(mailTopic(processId), look), bus.onResync(look)];
      lookLater();
    },
    async stop() {
      isStopped = true;
      timer?.cancel();
      for (const end of unsubscribe) end();
      for (const settle of asked.values()) settle(unknownConnection);
      for (const stop of acting.values()) stop.abort();
      await looking;
    },
  };
}
