/** When a delivery is tried again (streaming.md 8): the published schedule. Pure: the outcome and a random number in, a wait out. */

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Waits between attempts, counted from the attempt before: 13 attempts over 72 h 42 min 35 s. */
export const retryDelaysMs: readonly number[] = [
  5 * second,
  30 * second,
  2 * minute,
  10 * minute,
  30 * minute,
  hour,
  2 * hour,
  4 * hour,
  8 * hour,
  12 * hour,
  20 * hour,
  25 * hour,
];

/** Each wait is moved by up to this share, so that what failed together does not come back together. */
const jitterShare = 0.1;
const longestAskedMs = hour;

/**
 * Milliseconds until the next attempt after `attempts` of a series; null after the last one. `random` is 0 to 1;
 * `retryAfterMs` is what the receiver asked for, obeyed when longer, up to an hour.
 */
export function nextDelayMs({
  attempts,
  random,
  retryAfterMs,
}: {
  readonly attempts: number;
  readonly random: number;
  readonly retryAfterMs: number | null;
}): number | null {
  const delay = retryDelaysMs[attempts - 1];
  if (delay === undefined) return null;
  const moved = Math.round(delay * (1 + jitterShare * (2 * random - 1)));
  return Math.max(moved, Math.min(retryAfterMs ?? 0, longestAskedMs));
}

/** `Retry-After` of a 429 or 503 in milliseconds from `now` (RFC 9110, 10.2.3); null = nothing that counts was asked for. */
export function retryAfterMs({
  status,
  header,
  now,
}: {
  readonly status: number;
  readonly header: string | null;
  readonly now: Date;
}): number | null {
  if (header === null || (status !== 429 && status !== 503)) return null;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * second;
  const at = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - now.getTime());
}
