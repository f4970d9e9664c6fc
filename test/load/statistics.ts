/** The share (0-1) of the sorted values that lies below the result. Throws RangeError without values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const found = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  if (found === undefined) throw new RangeError('there is nothing to take a percentile of');
  return found;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Measures floor and ours in turns, so that what else the machine does meets both; gives the medians. */
export async function inTurns(
  rounds: number,
  { floor, ours }: { readonly floor: () => Promise<number>; readonly ours: () => Promise<number> },
): Promise<{ readonly floor: number; readonly ours: number }> {
  const found = { floor: [] as number[], ours: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    found.floor.push(await floor());
    found.ours.push(await ours());
  }
  return { floor: median(found.floor), ours: median(found.ours) };
}
