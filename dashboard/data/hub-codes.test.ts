import { expect, it } from 'vitest';
import { codeOf, isPin } from './hub-codes.ts';

it.each([
  ['ABCDEFGHIJKLMNOP', '1234', '2026-08-25T07:25:00Z', '28a5a'],
  ['qrstuvwxyz012345', '9876', '2026-12-31T23:59:59Z', '018bb'],
])('the code of secret %s and PIN %s at %s is %s', (secret, pin, at, code) => {
  expect(codeOf(new Date(at), { secret, pin })).toBe(code);
});

it.each([
  ['0042', true],
  ['42', false],
  ['12345', false],
  ['12a4', false],
])('%s is a PIN: %s', (text, is) => {
  expect(isPin(text)).toBe(is);
});
