/** People with an authenticator app, and the app itself, written down once more (RFC 6238). */
import { createHmac } from 'node:crypto';
import { expect } from 'vitest';
import type { LoginId } from '#contract/ids';
import { answerForm, sendForm } from './account-pages.ts';
import { makeTestPerson, type TestIdentity } from './identity-server.ts';
import { openTestBrowser, type Step, type TestBrowser } from './sign-in-browser.ts';

export type Person = {
  readonly email: string;
  readonly password: string;
  readonly loginId: LoginId;
};
export type Enrolled = Person & { readonly secret: Buffer; readonly codes: readonly string[] };

/** What an app with this key shows at an instant. */
export function codeAt(secret: Buffer, at: Date): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at.getTime() / 30_000)));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  const number = (mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000;
  return String(number).padStart(6, '0');
}

/** What an app with this key shows neither at an instant nor minutes around it. */
export function wrongCodeAt(secret: Buffer, at: Date): string {
  const steps = Array.from({ length: 21 }, (_, index) => (index - 10) * 30_000);
  const shown = new Set(steps.map((ms) => codeAt(secret, new Date(at.getTime() + ms))));
  for (let number = 0; ; number += 1) {
    const code = String(number).padStart(6, '0');
    if (!shown.has(code)) return code;
  }
}

function base32(text: string): Buffer {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = text.split('').map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0'));
  const bytes = bits.join('').match(/.{8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
}

/** The key that a page shows for typing into an app. */
export function keyIn({ text }: Pick<Step, 'text'>): Buffer {
  return base32(/class="secret">([^<]*)</.exec(text)?.[1]?.replaceAll(' ', '') ?? '');
}

/** The recovery codes that a page shows. */
export function codesIn({ text }: Step): string[] {
  return [...text.matchAll(/<li>([0-9a-z-]{19})<\/li>/g)].map(([, code = '']) => code);
}

/** What a person types to sign in. */
export const typed = ({ email, password }: Person) => ({ email, password });

/** A person with an authenticator, whose newest code is used up. */
export async function enrol(server: TestIdentity): Promise<Enrolled> {
  const person = await makeTestPerson(server);
  const browser = openTestBrowser(server.issuer, { 'x-forwarded-for': '192.0.2.1' });
  await sendForm(browser, '/account/login', typed(person));
  const page = await browser.get('/account/second-factor/add');
  const secret = keyIn(page);
  const done = await answerForm(browser, page, { code: codeAt(secret, server.clock.now()) });
  server.clock.advance(60_000);
  return { ...person, secret, codes: codesIn(done) };
}

/** The page that asks for the second factor, after the right password. */
export async function asked(browser: TestBrowser, person: Person): Promise<Step> {
  const step = await sendForm(browser, '/account/login', typed(person));
  expect(step.location?.pathname).toBe('/account/login/factor');
  return browser.get(step.location?.href ?? '');
}

export const isSignedIn = (browser: TestBrowser): boolean =>
  browser.cookies.has('__Host-cardea-session');
