/** The code printed on a hub: 6 hex digits shown as its MAC, then 20 (80 random bits) (behaviour.md 4.1). */
import { createHash, timingSafeEqual } from 'node:crypto';

const form = /^[0-9A-F]{26}$/;

/** The code as it is compared: without `. - :` and blanks, in upper case; undefined = it has not the form of a code. */
export function readActivationCode(text: string): string | undefined {
  const code = text.replaceAll(/[.\-:\s]/g, '').toUpperCase();
  return form.test(code) ? code : undefined;
}

/** The first 6 digits of a code, dotted: `03.E4.AD`. */
export function macOfCode(code: string): string {
  return `${code.slice(0, 2)}.${code.slice(2, 4)}.${code.slice(4, 6)}`;
}

/** SHA-256 as 64 hex digits, of a code read by `readActivationCode` or of a credential: both too random to be guessed. */
export function hashHubSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Compares two hashes in constant time. */
export function isSameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
