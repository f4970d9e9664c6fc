/** The ledgers of hubs beside what the server has stored of them. */

/** One stored event, in the order of the numbers that readers follow. */
export type StoredEvent = {
  readonly boot: number;
  readonly sequence: number;
  readonly id: string;
};

/** What a server holds of one hub. */
export type Stored = {
  readonly events: readonly StoredEvent[];
  /** Ids of what was told of battery and radio, which is stored without its number. */
  readonly conditions: ReadonlySet<string>;
};

export type Verdict = {
  readonly written: number;
  readonly stored: number;
  /** Written down by the hub, not stored; and numbers of the hub that nothing was stored under. */
  readonly lost: number;
  /** Stored under a number of one start of the hub, or with an id, that is stored already. */
  readonly doubled: number;
  /** Stored after an event with a higher number of the same start, or of a later one. */
  readonly outOfOrder: number;
  /** The first of them, by sequence and id. */
  readonly examples: readonly string[];
};

const mostExamples = 10;

/**
 * Compares one hub. `written`: `sequence id kind` of what its ledger took, of the kinds `event`, `condition`, and `early` for a
 * condition from before the hub belonged to anybody, which may be stored. When the hub was killed between its ledger and its witness
 * a line may be missing there, so that the store may hold more, but never leave out a number.
 */
export function judgeHub(
  written: readonly string[],
  { events: stored, conditions }: Stored,
): Verdict {
  const lines = written.map((line) => line.split(' '));
  const told = lines.filter(([, id = '', kind]) => kind !== 'event' && conditions.has(id));
  const places = new Set(stored.map(({ sequence, id }) => `${String(sequence)} ${id}`));
  const numbers = new Set(
    stored.map(({ boot, sequence }) => `${String(boot)} ${String(sequence)}`),
  );
  const ids = new Set(stored.map(({ id }) => id));
  const late: string[] = [];
  let last: StoredEvent | undefined;
  // What a hub took down before it belonged to anybody is nobody's, so the first number is any. After a start the numbers may
  // begin with some that were only held in memory before, but none is left out.
  const [firstStored = 1] = stored.map(({ sequence }) => sequence).sort((a, b) => a - b);
  const sequences = [
    ...new Set([
      ...stored.map(({ sequence }) => sequence),
      ...told.map(([sequence]) => Number(sequence)).filter((sequence) => sequence >= firstStored),
    ]),
  ].sort((a, b) => a - b);
  const span = (sequences.at(-1) ?? 0) - firstStored + 1;
  // Any number may be that of a condition that nobody witnessed.
  const unwitnessed = conditions.size - told.length;
  const holes = Math.max(0, span - sequences.length - unwitnessed);
  for (const event of stored) {
    const { boot, sequence, id } = event;
    const isLate =
      last !== undefined && (boot < last.boot || (boot === last.boot && sequence < last.sequence));
    if (isLate) late.push(`${String(boot)}.${String(sequence)} ${id}`);
    last = event;
  }
  const missing = lines
    .filter(([sequence = '', id = '', kind]) =>
      kind === 'event'
        ? !places.has(`${sequence} ${id}`)
        : kind === 'condition' && !conditions.has(id),
    )
    .map((line) => line.join(' '));
  return {
    written: written.length,
    stored: stored.length + conditions.size,
    lost: holes + missing.length,
    doubled: stored.length - Math.min(numbers.size, ids.size),
    outOfOrder: late.length,
    examples: [
      ...missing.map((line) => `lost ${line}`),
      ...late.map((line) => `out of order ${line}`),
    ].slice(0, mostExamples),
  };
}

export function sumOf(verdicts: readonly Verdict[]): Verdict {
  const total = (count: (verdict: Verdict) => number): number =>
    verdicts.reduce((sum, verdict) => sum + count(verdict), 0);
  return {
    written: total(({ written }) => written),
    stored: total(({ stored }) => stored),
    lost: total(({ lost }) => lost),
    doubled: total(({ doubled }) => doubled),
    outOfOrder: total(({ outOfOrder }) => outOfOrder),
    examples: verdicts.flatMap(({ examples }) => examples),
  };
}
