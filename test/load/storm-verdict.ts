/** The ledgers of hubs beside what the server has stored of them. */

/** One stored event, in the order of the numbers that readers follow. */
export type StoredEvent = {
  readonly boot: number;
  readonly sequence: number;
  readonly id: string;
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
 * Compares one hub. `written`: `sequence id` of each event its ledger took; when the hub was killed between its ledger and its
 * witness a line may be missing there, so that the store may hold more, but never leave out a number.
 */
export function judgeHub(written: readonly string[], stored: readonly StoredEvent[]): Verdict {
  const places = new Set(stored.map(({ sequence, id }) => `${String(sequence)} ${id}`));
  const numbers = new Set(
    stored.map(({ boot, sequence }) => `${String(boot)} ${String(sequence)}`),
  );
  const ids = new Set(stored.map(({ id }) => id));
  const late: string[] = [];
  let last: StoredEvent | undefined;
  // What a hub took down before it belonged to anybody is nobody's, so the first number is any. After a start the numbers may
  // begin with some that were only held in memory before, but none is left out.
  const sequences = [...new Set(stored.map(({ sequence }) => sequence))].sort((a, b) => a - b);
  const span = (sequences.at(-1) ?? 0) - (sequences[0] ?? 1) + 1;
  const holes = span - sequences.length;
  for (const event of stored) {
    const { boot, sequence, id } = event;
    const isLate =
      last !== undefined && (boot < last.boot || (boot === last.boot && sequence < last.sequence));
    if (isLate) late.push(`${String(boot)}.${String(sequence)} ${id}`);
    last = event;
  }
  const missing = written.filter((line) => !places.has(line));
  return {
    written: written.length,
    stored: stored.length,
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
