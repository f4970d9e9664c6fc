import { expect, it } from 'vitest';
import { judge, tableText } from './report.ts';
import { inTurns, percentile } from './statistics.ts';

const figure = { what: 'a door opens', unit: 'ms', floor: 4, ours: 6 } as const;

it.each([
  [{ kind: 'ratio_at_most', limit: 1.5 }, true],
  [{ kind: 'ratio_at_most', limit: 1.4 }, false],
  [{ kind: 'ratio_at_least', limit: 1.5 }, true],
  [{ kind: 'ratio_at_least', limit: 1.6 }, false],
  [{ kind: 'at_most', limit: 6 }, true],
  [{ kind: 'at_most', limit: 5.9 }, false],
  [{ kind: 'floor_plus_at_most', limit: 2 }, true],
  [{ kind: 'floor_plus_at_most', limit: 1.9 }, false],
  [{ kind: 'none' }, null],
] as const)('a figure is held against %j', (budget, isWithin) => {
  expect(judge('opening', { ...figure, budget })).toEqual({
    ...figure,
    budget,
    measure: 'opening',
    ratio: 1.5,
    isWithin,
  });
});

it('a figure without a floor keeps no budget that is a ratio', () => {
  const line = judge('x', { ...figure, floor: null, budget: { kind: 'ratio_at_most', limit: 9 } });
  expect(line).toMatchObject({ ratio: null, isWithin: false });
});

it('the table shows each figure beside its floor', () => {
  const line = judge('opening', { ...figure, budget: { kind: 'ratio_at_most', limit: 1.4 } });
  expect(tableText([line]).split('\n').at(-1)).toBe(
    'a door opens  4.00 ms  6.00 ms  1.50 ×  ≤ 1.4 ×      NO',
  );
});

it('a percentile is the value below which the share lies', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([percentile(values, 0.5), percentile(values, 0.99), percentile([7], 0.99)]).toEqual([
    51, 100, 7,
  ]);
  expect(() => percentile([], 0.5)).toThrow(RangeError);
});

it('floor and ours are measured in turns and the medians count', async () => {
  const order: string[] = [];
  const taking = (name: string, values: number[]) => () => {
    order.push(name);
    return Promise.resolve(values.shift() ?? 0);
  };
  const found = await inTurns(3, { floor: taking('f', [1, 9, 2]), ours: taking('o', [5, 3, 4]) });
  expect(found).toEqual({ floor: 2, ours: 4 });
  expect(order.join('')).toBe('fofofo');
});
