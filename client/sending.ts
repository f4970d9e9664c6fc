/**
 * One request until it is answered. Tried again: with a fresh token after 401, once; after 429 when the server has said how long to
 * wait; after 503 or no answer at all, reads alone, as nobody knows what a write without answer has done.
 */
import { refusalOf, unreachable, type CardeaError } from './errors.ts';
import type { Method } from './operations.ts';

export type Token = (refused?: string) => Promise<string>;
export type Wait = (ms: number, signal: AbortSignal | undefined) => Promise<void>;

export type Sending = {
  readonly fetch: typeof globalThis.fetch;
  readonly token: Token;
  readonly wait: Wait;
};

export type Request = {
  readonly method: Method;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly signal: AbortSignal | undefined;
};

const mostTries = 4;
/** A server that wants more patience than this is told of to the caller instead. */
const longestWaitMs = 60_000;

/** The good answer; throws CardeaError, or the reason of the signal when the caller has given up. */
export async function send(sending: Sending, request: Request): Promise<Response> {
  let token = await sending.token();
  let isTokenFresh = false;
  for (let tries = 1; ; tries += 1) {
    const met = await attempt(sending, request, token);
    if (met instanceof Response) return met;
    request.signal?.throwIfAborted();
    if (met.status === 401 && !isTokenFresh) {
      token = await sending.token(token);
      isTokenFresh = true;
      continue;
    }
    const waitMs = tries < mostTries ? pauseMs(request.method, met, tries) : undefined;
    if (waitMs === undefined || waitMs > longestWaitMs) throw met;
    await sending.wait(waitMs, request.signal);
  }
}

async function attempt(
  { fetch }: Sending,
  { method, url, headers, body, signal }: Request,
  token: string,
): Promise<Response | CardeaError> {
  try {
    const response = await fetch(url, {
      method,
      headers: { ...headers, authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
    return response.ok ? response : refusalOf(response, await response.text());
  } catch (error) {
    return unreachable(error);
  }
}

/** How long to wait before the next try; undefined = there is none. */
function pauseMs(method: Method, met: CardeaError, tries: number): number | undefined {
  const asked = met.retryAfterSeconds === null ? undefined : met.retryAfterSeconds * 1000;
  if (met.status === 429) return asked ?? backoffMs(tries);
  const isPassing = met.status === 503 || met.name === 'UNREACHABLE';
  return method === 'GET' && isPassing ? (asked ?? backoffMs(tries)) : undefined;
}

/** About 0.3, 0.6, 1.2 s, spread so that clients a server has lost do not come back as one. */
export function backoffMs(tries: number): number {
  return 2 ** Math.min(tries, 7) * (100 + Math.random() * 100);
}

/** Waits; rejects with the reason of the signal when that comes first. */
export const pause: Wait = (ms, signal) =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
