/** The one-time code of an accessor on an IQ (behaviour.md 6): pure. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** What a code is made of; secret: 16 letters and digits, pin: 4 digits. */
export type OtpSource = { readonly secret: string; readonly pin: string };

/** How far back a code is accepted; how far ahead is a setting of the site. */
export const otpPastSeconds = 180;
/** So many wrong codes in so long a time block the pair of accessor and IQ for as long again. */
export const otpWrongLimit = 5;
export const otpBlockMs = 20 * 60_000;

/** The code of one second: 5 hex digits in lower case. */
export function otpAt(at: Date, { secret, pin }: OtpSource): string {
  const stamp = at.toISOString().slice(0, 19).replaceAll(/[-T:]/g, '');
  return createHash('md5')
    .update(stamp + secret + pin)
    .digest('hex')
    .slice(0, 5);
}

/** Whether the code is that of any second of the window; the code may come in any letter case. */
export function isOtp(
  code: string,
  source: OtpSource,
  { now, futureSeconds }: { readonly now: Date; readonly futureSeconds: number },
): boolean {
  const wanted = Buffer.from(code.toLowerCase());
  if (wanted.length !== 5) return false;
  const second = Math.floor(now.getTime() / 1000);
  let isFound = false;
  for (let at = second - otpPastSeconds; at <= second + futureSeconds; at += 1)
    if (timingSafeEqual(Buffer.from(otpAt(new Date(at * 1000), source)), wanted)) isFound = true;
  return isFound;
}

/** The PIN after a change: digit-wise (old - delta) mod 10; both have 4 digits. */
export function changedPin(pin: string, delta: string): string {
  return Array.from(pin)
    .map((digit, index) => String((Number(digit) - Number(delta[index] ?? '0') + 10) % 10))
    .join('');
}

const secretLetters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A secret and PIN from random bytes, each value as likely as any other. */
export function newOtpSource(random: (count: number) => Buffer): OtpSource {
  return {
    secret: drawn(random, { letters: secretLetters, count: 16 }),
    pin: drawn(random, { letters: '0123456789', count: 4 }),
  };
}

function drawn(
  random: (count: number) => Buffer,
  { letters, count }: { readonly letters: string; readonly count: number },
): string {
  const limit = 256 - (256 % letters.length);
  let text = '';
  while (text.length < count)
    for (const byte of random(count))
      if (byte < limit && text.length < count) text += letters[byte % letters.length] ?? '';
  return text;
}
