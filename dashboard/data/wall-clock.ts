/** Wall clocks of a site, which may be in another zone than whoever looks. */

/** The instant at which a clock in the zone shows `2026-12-24T18:00`; of two (the end of summer time) the earlier. */
export function instantAt(local: string, zone: string | null): string {
  const asUtc = Date.parse(`${local}:00Z`);
  if (zone === null) return new Date(local).toISOString();
  // The offset before the change and the one after it: one of both is right.
  const guesses = [asUtc - 86_400_000, asUtc + 86_400_000].map(
    (near) => asUtc - offsetAt(near, zone),
  );
  const right = guesses
    .filter((guess) => guess + offsetAt(guess, zone) === asUtc)
    .sort((a, b) => a - b);
  return new Date(right[0] ?? guesses[0] ?? asUtc).toISOString();
}

/** How far the clocks of a zone are ahead of UTC, in milliseconds. */
function offsetAt(instantMs: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
  }).format(instantMs);
  return Date.parse(`${parts.replace(' ', 'T')}Z`) - Math.floor(instantMs / 1000) * 1000;
}
