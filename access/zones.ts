/**
 * UTC instants and the wall clock of an IANA zone.
 *
 * A wall clock is carried as "wall milliseconds": the milliseconds since 1970-01-01T00:00:00 that a UTC clock showing the same
 * digits would have. Intl is slow (tens of µs), so the offset is asked once per zone and stretch of six hours, and exactly
 * only inside a stretch in which it changes.
 */
const stretchMs = 6 * 3_600_000;
const rememberedStretches = 20_000;

type Stretch = { readonly before: number; readonly after: number; readonly changesAt: number };
type Zone = { readonly format: Intl.DateTimeFormat; readonly stretches: Map<number, Stretch> };

const zones = new Map<string, Zone>();

function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const zone = { format, stretches: new Map<number, Stretch>() };
  zones.set(name, zone);
  return zone;
}

/** True for an IANA zone name that Intl knows. */
export function isTimeZone(name: string): boolean {
  try {
    zoneOf(name);
    return true;
  } catch {
    return false;
  }
}

function askOffset(zone: Zone, utcMs: number): number {
  const second = Math.floor(utcMs / 1000) * 1000;
  const parts: Record<string, number> = {};
  for (const { type, value } of zone.format.formatToParts(second)) parts[type] = Number(value);
  const wall = Date.UTC(
    parts['year'] ?? 0,
    (parts['month'] ?? 1) - 1,
    parts['day'] ?? 1,
    parts['hour'] ?? 0,
    parts['minute'] ?? 0,
    parts['second'] ?? 0,
  );
  return wall - second;
}

function measureStretch(zone: Zone, index: number): Stretch {
  let low = index * stretchMs;
  let high = low + stretchMs;
  // Neighbours share an edge.
  const before = zone.stretches.get(index - 1)?.after ?? askOffset(zone, low);
  const after = zone.stretches.get(index + 1)?.before ?? askOffset(zone, high);
  if (before === after) return { before, after, changesAt: high };
  while (high - low > 1000) {
    const middle = low + Math.floor((high - low) / 2000) * 1000;
    if (askOffset(zone, middle) === before) low = middle;
    else high = middle;
  }
  return { before, after, changesAt: high };
}

function stretchAt(zone: Zone, utcMs: number): Stretch {
  const index = Math.floor(utcMs / stretchMs);
  const known = zone.stretches.get(index);
  if (known) return known;
  if (zone.stretches.size >= rememberedStretches) zone.stretches.clear();
  const measured = measureStretch(zone, index);
  zone.stretches.set(index, measured);
  return measured;
}

/** Wall clock minus UTC in milliseconds at an instant; throws RangeError for a zone Intl does not know. */
export function offsetMs(timeZone: string, utcMs: number): number {
  const stretch = stretchAt(zoneOf(timeZone), utcMs);
  return utcMs < stretch.changesAt ? stretch.before : stretch.after;
}

/** Wall milliseconds of a zone at an instant. */
export function toWallMs(timeZone: string, utcMs: number): number {
  return utcMs + offsetMs(timeZone, utcMs);
}

/** The wall clock of a zone at an instant as YYYY-MM-DDTHH:mm:ss. */
export function toLocalText(timeZone: string, instant: Date): string {
  return new Date(toWallMs(timeZone, instant.getTime())).toISOString().slice(0, 19);
}

/** The instants at which a zone shows this wall clock: none in a skipped hour, two in a repeated one, in order. */
export function wallInstants(timeZone: string, wallMs: number): number[] {
  const offsets = new Set([
    offsetMs(timeZone, wallMs - 86_400_000),
    offsetMs(timeZone, wallMs),
    offsetMs(timeZone, wallMs + 86_400_000),
  ]);
  return [...offsets]
    .map((offset) => wallMs - offset)
    .filter((utcMs) => toWallMs(timeZone, utcMs) === wallMs)
    .sort((a, b) => a - b);
}

/** Instants in (fromMs, toMs] at which the zone's offset changes, in order. */
export function offsetChanges(timeZone: string, fromMs: number, toMs: number): number[] {
  const zone = zoneOf(timeZone);
  const changes: number[] = [];
  for (let at = fromMs; at <= toMs + stretchMs; at += stretchMs) {
    const { before, after, changesAt } = stretchAt(zone, at);
    if (before !== after && changesAt > fromMs && changesAt <= toMs) changes.push(changesAt);
  }
  return changes;
}
