import { describe, expect, it } from 'vitest';
import { createRandomIds } from '#server/runtime/ids';
import { deviceName } from './device-name.ts';
import { pickLanguage } from './languages.ts';
import { markup, sourceOf } from './page.ts';
import { hashRecoveryCode, makeRecoveryCodes } from './recovery-codes.ts';
import { isFactorDemanded, nextStep, ownPath, strongest } from './sign-in.ts';

describe('after the first proof', () => {
  const nothing = { hasFactor: false, isTrusted: false, isAskedFor: false, isDemanded: false };
  const password = ['password'];

  it.each([
    ['a password is enough where nothing more is asked for', password, {}, 'done'],
    ['a second factor that is there is proven', password, { hasFactor: true }, 'prove'],
    ['a trusted browser is not asked', password, { hasFactor: true, isTrusted: true }, 'done'],
    [
      'a trusted browser is asked where the program asks',
      password,
      { hasFactor: true, isTrusted: true, isAskedFor: true },
      'prove',
    ],
    ['who lacks a demanded factor sets it up', password, { isDemanded: true }, 'set_up'],
    ['who lacks a factor that is asked for sets it up', password, { isAskedFor: true }, 'set_up'],
    [
      'a demand changes nothing for a trusted browser',
      password,
      { hasFactor: true, isTrusted: true, isDemanded: true },
      'done',
    ],
    [
      'a passkey is both proofs',
      ['passkey'],
      { hasFactor: true, isAskedFor: true, isDemanded: true },
      'done',
    ],
    [
      'what was proven already is not asked for',
      ['password', 'mfa'],
      { hasFactor: true, isAskedFor: true },
      'done',
    ],
  ] as const)('%s', (_sentence, amr, facts, step) => {
    expect(nextStep({ ...nothing, ...facts, amr })).toBe(step);
  });

  it('a second factor is demanded of whom the operator or a site names', () => {
    const nobody = { isAdmin: false, isDemandedBySite: false };
    const admin = { isAdmin: true, isDemandedBySite: false };
    const bySite = { isAdmin: true, isDemandedBySite: true };
    const settings = ['off', 'admins', 'everybody'] as const;
    const table = settings.map((setting) =>
      [nobody, admin, bySite].map((demand) => isFactorDemanded(setting, demand)),
    );
    expect(table).toEqual([
      [false, false, true],
      [false, true, true],
      [true, true, true],
    ]);
  });

  it('the password once more takes nothing from what was proven before', () => {
    expect(strongest(['password', 'mfa'], ['password'])).toEqual(['password', 'mfa']);
    expect(strongest(['passkey'], ['password'])).toEqual(['passkey']);
    expect(strongest(['password'], ['passkey'])).toEqual(['passkey']);
    expect(strongest(['password'], ['password'])).toEqual(['password']);
  });
});

describe('after signing in', () => {
  it.each([
    ['/account', '/account'],
    ['/account/invitation/aB-9_x', '/account/invitation/aB-9_x'],
    ['', '/account'],
    ['/accounts', '/account'],
    ['/v1.2/locks', '/account'],
    ['//account/x', '/account'],
    ['/account//evil.example', '/account'],
    ['/account/../connect/authorize', '/account'],
    ['/account\\@evil.example', '/account'],
    ['https://evil.example/account', '/account'],
    ['/account/login/factor', '/account'],
  ])('%s leads to %s', (asked, led) => {
    expect(ownPath(asked)).toBe(led);
  });
});

describe('a form may end up', () => {
  it.each([
    ['https://app.example.test/in?x=1;y', 'https://app.example.test'],
    ['http://127.0.0.1:4000/in', 'http://127.0.0.1:4000'],
    ['http://[::1]:4000/in', 'http:'],
    ['com.example.app:/in', 'com.example.app:'],
  ])('at %s by the source %s', (address, source) => {
    expect(sourceOf(address)).toBe(source);
  });
});

describe('a recovery code', () => {
  it('is one of ten of 80 bits, in letters that cannot be mistaken', () => {
    const codes = makeRecoveryCodes(createRandomIds());
    expect(new Set(codes).size).toBe(10);
    for (const code of codes)
      expect(code).toMatch(/^([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/);
  });

  it('is the same however it is written', () => {
    const written = ['01ab-cdef-ghjk-mnpq', 'OIAB CDEF GHJK MNPQ', 'olab.cdef.ghjk.mnpq'];
    expect(new Set(written.map(hashRecoveryCode)).size).toBe(1);
    expect(hashRecoveryCode('01ab-cdef-ghjk-mnpr')).not.toBe(hashRecoveryCode(written[0] ?? ''));
  });
});

describe('the language of a page', () => {
  it.each([
    [{ uiLocales: 'xx de-CH en' }, 'de'],
    [{ uiLocales: 'fr', ofPerson: 'de', acceptLanguage: 'en' }, 'de'],
    [{ acceptLanguage: 'fr-FR, en;q=0.4, de;q=0.7' }, 'de'],
    [{ acceptLanguage: 'de;q=0, en' }, 'en'],
    [{ ofPerson: null, acceptLanguage: '*' }, 'en'],
    [{}, 'en'],
  ] as const)('of %o is %s', (wishes, language) => {
    expect(pickLanguage(wishes)).toBe(language);
  });
});

describe('markup', () => {
  it('escapes what is put in, in text and in attributes, and leaves out what is not there', () => {
    const text = `<a href="x">&'`;
    const { markup: made } = markup`<p title="${text}">${text}${null}${undefined}${7}</p>`;
    const escaped = '&lt;a href=&quot;x&quot;&gt;&amp;&#39;';
    expect(made).toBe(`<p title="${escaped}">${escaped}7</p>`);
  });

  it('takes markup and lists of it as they are', () => {
    const items = ['<', '>'].map((text) => markup`<li>${text}</li>`);
    expect(markup`<ul>${items}</ul>`.markup).toBe('<ul><li>&lt;</li><li>&gt;</li></ul>');
  });
});

describe('a device', () => {
  it.each([
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0',
      'Edge, Windows',
    ],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0', 'Firefox, Linux'],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile/15E148 Safari/604.1',
      'Safari, iPhone',
    ],
    [
      'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36',
      'Chrome, Android',
    ],
    ['curl/8.5', undefined],
    [null, undefined],
  ])('that calls itself %s is %s', (userAgent, name) => {
    expect(deviceName(userAgent)).toBe(name);
  });
});
