/**
 * One's own one-time codes at a hub. This browser is the app that makes them (connect-api.md 4.6): of a secret, which is kept here, and
 * of a PIN, which is nowhere but in a head.
 */
import { md5 } from '@noble/hashes/legacy.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

const key = (userId: string, hubId: string) => `cardea.hub-secret.${userId}.${hubId}`;

export function keptSecret(userId: string, hubId: string): string | undefined {
  return localStorage.getItem(key(userId, hubId)) ?? undefined;
}

export function keepSecret(userId: string, hubId: string, secret: string): void {
  localStorage.setItem(key(userId, hubId), secret);
}

export function forgetSecret(userId: string, hubId: string): void {
  localStorage.removeItem(key(userId, hubId));
}

/** Whether it is a PIN: four digits. */
export function isPin(text: string): boolean {
  return /^\d{4}$/.test(text);
}

/** The code of one second: 5 hex digits in lower case. */
export function codeOf(
  at: Date,
  { secret, pin }: { readonly secret: string; readonly pin: string },
): string {
  const stamp = at.toISOString().slice(0, 19).replaceAll(/[-T:]/g, '');
  return bytesToHex(md5(utf8ToBytes(stamp + secret + pin))).slice(0, 5);
}
