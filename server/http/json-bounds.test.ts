import { expect, it } from 'vitest';
import { findJsonExcess } from './json-bounds.ts';

const bounds = { depth: 3, values: 6 };
const excess = (text: string) => findJsonExcess(Buffer.from(text), bounds);

it('what keeps to the bounds passes, whatever its texts hold', () => {
  expect(excess('{"a":[{"b":1}]}')).toBeNull();
  expect(excess('{"a":"[[[[[[{{{{,,,,,,,,","b":"\\"[[[[[[","c":"\\\\"}')).toBeNull();
  expect(excess('')).toBeNull();
  expect(excess('"an open text [[[[[[[')).toBeNull();
});

it('depth and number of values are bounded', () => {
  expect(excess('[[[[')).toBe('It nests deeper than 3.');
  expect(excess('[1,2,3,4,5,6]')).toBeNull();
  expect(excess('[1,2,3,4,5,6,7]')).toBe('It holds more than 6 values.');
  expect(excess('["\\\\",[[[1]]]]')).toBe('It nests deeper than 3.');
});

it('a bomb of 64 MiB is told in well under a parse of it', () => {
  const bomb = Buffer.alloc(64 * 1024 * 1024, '{},');
  expect(findJsonExcess(bomb, { depth: 16, values: 1_000 })).toBe(
    'It holds more than 1000 values.',
  );
});
