import { expect, test } from 'vitest';
import { afterPin, freshKeypad, isLockedOut, type Keypad } from './keypad.ts';

const start = Date.parse('2026-06-01T12:00:00Z');
const at = (seconds: number): Date => new Date(start + seconds * 1000);

function wrong(keypad: Keypad, ...seconds: number[]): Keypad {
  return seconds.reduce(
    (pad, second) => afterPin(pad, { isRight: false, now: at(second) }),
    keypad,
  );
}

test('the fifth wrong PIN within five minutes locks a keypad for 30 seconds', () => {
  const four = wrong(freshKeypad, 0, 60, 120, 180);
  expect(isLockedOut(four, at(180))).toBe(false);
  const five = wrong(four, 299);
  expect(isLockedOut(five, at(299))).toBe(true);
  expect(isLockedOut(five, at(328.9))).toBe(true);
  expect(isLockedOut(five, at(329))).toBe(false);
});

test('five wrong PINs over more than five minutes lock nothing', () => {
  expect(isLockedOut(wrong(freshKeypad, 0, 75, 150, 225, 300), at(300))).toBe(false);
});

test('each further five double the time, up to 15 minutes', () => {
  let keypad = freshKeypad;
  let second = 0;
  const lengths: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    keypad = wrong(keypad, second, second + 1, second + 2, second + 3, second + 4);
    const until = ((keypad.lockedUntil ?? 0) - start) / 1000;
    lengths.push(until - (second + 4));
    second = until;
  }
  expect(lengths).toEqual([30, 60, 120, 240, 480, 900, 900]);
});

test('PINs typed while it is locked out count for nothing, right ones neither', () => {
  const locked = wrong(freshKeypad, 0, 1, 2, 3, 4);
  expect(wrong(locked, 5, 6, 7)).toBe(locked);
  expect(afterPin(locked, { isRight: true, now: at(10) })).toBe(locked);
});

test('a right PIN forgets everything', () => {
  const after = afterPin(wrong(freshKeypad, 0, 1, 2, 3), { isRight: true, now: at(5) });
  expect(after).toEqual(freshKeypad);
});

test('30 quiet minutes forget the lock-outs before', () => {
  const locked = wrong(freshKeypad, 0, 1, 2, 3, 4);
  const later = 4 + 30 * 60;
  const again = wrong(locked, later, later + 1, later + 2, later + 3, later + 4);
  expect(((again.lockedUntil ?? 0) - at(later + 4).getTime()) / 1000).toBe(30);
});
