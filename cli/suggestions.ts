/** What somebody who mistyped may have meant. */

/** Insertions, removals, replacements and swaps of neighbours that lead from one text to the other. */
function distance(one: string, other: string): number {
  let [before, last] = [[] as number[], Array.from({ length: other.length + 1 }, (_, at) => at)];
  for (let row = 1; row <= one.length; row += 1) {
    const line = [row];
    for (let at = 1; at <= other.length; at += 1) {
      const isSame = one[row - 1] === other[at - 1];
      const isSwapped = one[row - 1] === other[at - 2] && one[row - 2] === other[at - 1];
      line.push(
        Math.min(
          (last[at] ?? 0) + 1,
          (line[at - 1] ?? 0) + 1,
          (last[at - 1] ?? 0) + (isSame ? 0 : 1),
          isSwapped ? (before[at - 2] ?? 0) + 1 : Infinity,
        ),
      );
    }
    [before, last] = [last, line];
  }
  return last[other.length] ?? 0;
}

/** Those of `known` that begin with what was typed, else the nearest ones within a third of its letters; at most three. */
export function nearest(typed: string, known: readonly string[]): string[] {
  const begun = known.filter((word) => typed !== '' && word.startsWith(typed));
  if (begun.length > 0) return begun.slice(0, 3);
  const most = Math.max(1, Math.floor(typed.length / 3));
  return known
    .map((word) => ({ word, far: distance(typed, word) }))
    .filter(({ far }) => far <= most)
    .sort((one, other) => one.far - other.far)
    .slice(0, 3)
    .map(({ word }) => word);
}

/** ` Did you mean …?`, or nothing. */
export function didYouMean(typed: string, known: readonly string[]): string {
  const found = nearest(typed, known).map((word) => `"${word}"`);
  return found.length === 0 ? '' : ` Did you mean ${found.join(' or ')}?`;
}
