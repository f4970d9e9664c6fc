const known = new Set([...Intl.supportedValuesOf('timeZone'), 'UTC']);

/** An IANA zone as its list spells it; null for anything else. */
export function zoneName(sent: string): string | null {
  if (known.has(sent)) return sent;
  // Aliases such as Etc/UTC and Asia/Calcutta are IANA names too, offsets such as +02:00 are not.
  if (!/^[A-Za-z_]+(\/[A-Za-z0-9_+-]+)*$/.test(sent)) return null;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: sent }).resolvedOptions().timeZone === 'UTC'
      ? sent
      : canonicalCase(sent);
  } catch {
    return null;
  }
}

export const zoneHint = 'Send an IANA name such as Europe/Amsterdam.';

function canonicalCase(sent: string): string {
  for (const name of known) if (name.toLowerCase() === sent.toLowerCase()) return name;
  return sent;
}
