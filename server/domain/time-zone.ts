import { ApiError } from '#contract/api-error';

const known = new Set([...Intl.supportedValuesOf('timeZone'), 'UTC']);

/** An IANA zone as its list spells it. VALUE_INVALID for anything else. */
export function timeZone(sent: string): string {
  if (known.has(sent)) return sent;
  try {
    // Aliases such as Etc/UTC and Asia/Calcutta are IANA names too, offsets such as +02:00 are not.
    if (/^[A-Za-z_]+(\/[A-Za-z0-9_+-]+)*$/.test(sent))
      return new Intl.DateTimeFormat('en', { timeZone: sent }).resolvedOptions().timeZone === 'UTC'
        ? sent
        : canonicalCase(sent);
  } catch {
    // Falls through to the refusal.
  }
  throw new ApiError('VALUE_INVALID', {
    parameter: 'time_zone',
    reason: 'Send an IANA name such as Europe/Amsterdam.',
  });
}

function canonicalCase(sent: string): string {
  for (const name of known) if (name.toLowerCase() === sent.toLowerCase()) return name;
  return sent;
}
