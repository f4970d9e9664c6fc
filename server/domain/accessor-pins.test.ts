import { expect, test } from 'vitest';
import { codeDigits, isGuessable } from './accessor-pins.ts';

test.each(['0000', '777777', '1234', '01234567', '123456', '987654', '3210'])(
  '%s is guessable',
  (code) => {
    expect(isGuessable(code)).toBe(true);
  },
);

test.each(['1235', '2468', '112233', '7890', '0987', '135790', '1123', '121212'])(
  '%s is not guessable',
  (code) => {
    expect(isGuessable(code)).toBe(false);
  },
);

test.each([
  [0, 6],
  [990_000, 6],
  [990_001, 7],
  [2_000_000, 7],
])('with %i codes in use one has %i digits', (used, digits) => {
  expect(codeDigits(used)).toBe(digits);
});
