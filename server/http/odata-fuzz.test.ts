import { expect, it } from 'vitest';
import { ApiError } from '#contract/api-error';
import { almostFilter, createRandom, sampleFields } from '#test/kit/odata-samples';
import { parseListOptions } from './list.ts';

const LONGEST_MS = 10;
const rules = { fields: sampleFields, now: new Date('2026-01-01T00:00:00Z') };

/** What came of a query; anything but a tree or 1102 escapes as it was thrown. */
function outcome(rawQuery: string, v3Conversion: boolean): 'read' | 'refused' {
  try {
    parseListOptions(rawQuery, { ...rules, v3Conversion });
    return 'read';
  } catch (error) {
    if (error instanceof ApiError && error.error === 'ODATA_INVALID') return 'refused';
    throw error;
  }
}

/** The quickest of several runs: a pause of the machine is not the parser's. */
function quickestMs(act: () => void): number {
  const runs = Array.from({ length: 5 }, () => {
    const start = performance.now();
    act();
    return performance.now() - start;
  });
  return Math.min(...runs);
}

it('100,000 almost-filters are read or refused with 1102, none in more than 10 ms', () => {
  const random = createRandom(20_260_101);
  const outcomes = { read: 0, refused: 0 };
  for (let run = 0; run < 100_000; run += 1) {
    const text = almostFilter(random);
    const name = run % 10 === 0 ? '$orderby' : '$filter';
    // Raw, the text brings its own `&`, `+`, `%` and `#`.
    const query = `${name}=${run % 7 === 0 ? text : encodeURIComponent(text)}`;
    const act = () => outcome(query, run % 3 !== 0);
    const start = performance.now();
    outcomes[act()] += 1;
    if (performance.now() - start > LONGEST_MS)
      expect(quickestMs(act), query).toBeLessThanOrEqual(LONGEST_MS);
  }
  expect(outcomes.read).toBeGreaterThan(10_000);
  expect(outcomes.refused).toBeGreaterThan(10_000);
});

it.each([
  ['parentheses', '('.repeat(4096)],
  ['quotes', "'".repeat(4096)],
  ['an open text of quotes', `mac eq '${"''".repeat(2040)}`],
  ['digits', '1'.repeat(4096)],
  ['a word', 'a'.repeat(4096)],
  ['a path', 'a/'.repeat(2048)],
  ['nots', 'not '.repeat(1024)],
  ['minus signs', '-'.repeat(4096)],
  ['a chain of comparisons', `mac ${'eq mac '.repeat(580)}`],
  ['a long list', `number in (${'1,'.repeat(2040)}1)`],
  ['blanks', ' '.repeat(4096)],
  ['a megabyte', '('.repeat(1_000_000)],
])('4096 characters of %s take no more than 10 ms', (_name, text) => {
  const query = `$filter=${encodeURIComponent(text)}`;
  if (text.length <= 4096)
    expect(quickestMs(() => outcome(query, true))).toBeLessThanOrEqual(LONGEST_MS);
  else expect(outcome(query, true)).toBe('refused');
});
