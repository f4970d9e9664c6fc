import { ApiError } from '#contract/api-error';
import type { Clock } from '#server/runtime/clock';

const windowMs = 60_000;

/** Counts a request of a client; raises REQUEST_INVALID (429, with `Retry-After`) above the limit of a minute. */
export type RateLimit = (clientId: string) => void;

/** So many requests a minute for each client in this process; 0 = no limit (core-api.md 2). */
export function createRateLimit({
  perMinute,
  clock,
}: {
  readonly perMinute: number;
  readonly clock: Clock;
}): RateLimit {
  let windowStart = 0;
  let counts = new Map<string, number>();
  return (clientId) => {
    if (perMinute === 0) return;
    const now = clock.now().getTime();
    if (now - windowStart >= windowMs) {
      windowStart = now;
      counts = new Map();
    }
    const count = (counts.get(clientId) ?? 0) + 1;
    counts.set(clientId, count);
    if (count <= perMinute) return;
    throw new ApiError('REQUEST_INVALID', {
      case: 'too_many',
      reason: `${perMinute} requests a minute are allowed.`,
      retryAfterSeconds: Math.max(1, Math.ceil((windowStart + windowMs - now) / 1000)),
    });
  };
}
