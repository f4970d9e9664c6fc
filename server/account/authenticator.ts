/** Codes of authenticator apps (RFC 6238): 6 digits, 30 s, SHA-1, which is what every app speaks; one step of drift. */
import { Secret, TOTP } from 'otpauth';
import { toString as qrOf } from 'qrcode';
import type { Markup } from './page.ts';

const PERIOD_SECONDS = 30;
const DRIFT_STEPS = 1;
const ISSUER = 'Cardea';

/** RFC 4226 section 4 asks for 160 bits. */
export const SECRET_BYTES = 20;

function totpOf(secret: Buffer, label: string): TOTP {
  const bytes = new Uint8Array(secret);
  return new TOTP({
    issuer: ISSUER,
    label,
    secret: new Secret({ buffer: bytes.buffer }),
    digits: 6,
    period: PERIOD_SECONDS,
    algorithm: 'SHA1',
  });
}

/** The time step that a code is of; undefined when it is of none that is near `now`, or of one up to `lastStep`. */
export function stepOfCode(
  code: string,
  {
    secret,
    lastStep,
    now,
  }: { readonly secret: Buffer; readonly lastStep: number; readonly now: Date },
): number | undefined {
  const timestamp = now.getTime();
  const delta = totpOf(secret, '').validate({ token: code, timestamp, window: DRIFT_STEPS });
  if (delta === null) return undefined;
  const step = Math.floor(timestamp / 1000 / PERIOD_SECONDS) + delta;
  return step > lastStep ? step : undefined;
}

/** What a person types or scans to set an app up. */
export async function authenticatorSetUp(
  secret: Buffer,
  email: string,
): Promise<{ readonly text: string; readonly uri: string; readonly qr: Markup }> {
  const totp = totpOf(secret, email);
  const uri = totp.toString();
  // Made of the address alone, by the library: no text of a stranger is in this markup.
  const svg = await qrOf(uri, { type: 'svg', margin: 1 });
  const text = (totp.secret.base32.match(/.{1,4}/g) ?? []).join(' ');
  return { text, uri, qr: { markup: svg } };
}
