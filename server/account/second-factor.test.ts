import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isIntegrationAccount } from '#server/store/second-factors';
import { answerForm, formsOf, sendForm, startTestAccounts } from '#test/kit/account-pages';
import {
  asked,
  codeAt,
  codesIn,
  enrol,
  isSignedIn,
  keyIn,
  typed,
  type Enrolled,
} from '#test/kit/authenticator';
import { createTestDatabase, type TestDatabase } from '#test/kit/database';
import {
  basic,
  makeTestClient,
  makeTestPerson,
  postToken,
  type TestIdentity,
} from '#test/kit/identity-server';
import {
  authorizePath,
  codeBody,
  makePkce,
  openTestBrowser,
  type TestBrowser,
} from '#test/kit/sign-in-browser';

const [LOGIN, FACTOR, SET_UP] = [
  '/account/login',
  '/account/login/factor',
  '/account/login/set-up',
];
const FACTORS = '/account/second-factor';
const ADD = '/account/second-factor/add';
const MINUTE_MS = 60_000;

let test: TestDatabase;
let server: TestIdentity;

beforeAll(async () => {
  test = await createTestDatabase();
  server = await startTestAccounts({ database: test.database });
});

afterAll(async () => {
  await server.stop();
  await test.drop();
});

const browserOf = (network = '192.0.2.1'): TestBrowser =>
  openTestBrowser(server.issuer, { 'x-forwarded-for': network });
const codeNow = (secret: Buffer): string => codeAt(secret, server.clock.now());

/** What an app shows now, and half a minute and a minute before and after: codes that are let in, and their neighbours. */
const codesAround = (secret: Buffer): string[] =>
  [-60_000, -30_000, 0, 30_000, 60_000].map((offsetMs) =>
    codeAt(secret, new Date(server.clock.now().getTime() + offsetMs)),
  );

/** Somebody whose app shows five codes around this moment of which none is another's, as it is but once in 100,000 times. */
async function enrolWithoutTwins(): Promise<Enrolled> {
  for (;;) {
    const person = await enrol(server);
    if (new Set(codesAround(person.secret)).size === 5) return person;
  }
}

async function mailsTo(address: string): Promise<string[]> {
  const { rows } = await test.database.pool.query<{ word: string }>(
    'select word from account_mails where address = $1 order by created_at, id',
    [address],
  );
  return rows.map(({ word }) => word);
}

describe('an authenticator', () => {
  it('is added by the code it shows, with ten recovery codes and a mail', async () => {
    const { email, codes } = await enrol(server);
    expect(codes).toHaveLength(10);
    expect(new Set(codes).size).toBe(10);
    expect(await mailsTo(email)).toEqual(['factor_added']);
  });

  it('is not added by a wrong code, and can be tried again with the same key', async () => {
    const person = await makeTestPerson(server);
    const browser = browserOf();
    await sendForm(browser, LOGIN, typed(person));
    const page = await browser.get(ADD);
    const secret = keyIn(page);
    const right = codesAround(secret);
    const wrong = ['000000', '111111', '222222', '333333', '444444', '555555'].find(
      (code) => !right.includes(code),
    );
    if (wrong === undefined) throw new Error('five codes are not six');
    const refused = await answerForm(browser, page, { code: wrong });
    expect(refused.status).toBe(400);
    expect(keyIn(refused)).toEqual(secret);
    expect(codesIn(await answerForm(browser, refused, { code: codeNow(secret) }))).toHaveLength(10);
  });

  it('whose key was given to somebody else is not added', async () => {
    const [ann, ben] = [browserOf(), browserOf()];
    await sendForm(ann, LOGIN, await makeTestPerson(server));
    await sendForm(ben, LOGIN, await makeTestPerson(server));
    const page = await ann.get(ADD);
    const draft = formsOf(page)[0]?.hidden['draft'] ?? '';
    const own = await ben.get(ADD);
    const step = await answerForm(ben, own, { draft, code: codeNow(keyIn(page)) });
    expect(step.status).toBe(400);
  });

  it('is asked for after the password, and its code signs in', async () => {
    const person = await enrol(server);
    const browser = browserOf();
    const page = await asked(browser, person);
    expect(isSignedIn(browser)).toBe(false);
    expect((await browser.get('/account')).location?.pathname).toBe(LOGIN);
    const step = await answerForm(browser, page, { code: codeNow(person.secret) });
    expect(step.location?.pathname).toBe('/account');
    const [session] = await server.identity.sessions.list(person.loginId);
    expect(session?.amr).toEqual(['password', 'mfa']);
  });

  it('lets a code in once, and one step early or late', async () => {
    const person = await enrolWithoutTwins();
    const sendAt = async (offsetMs: number): Promise<number> => {
      const browser = browserOf();
      const page = await asked(browser, person);
      const at = new Date(server.clock.now().getTime() + offsetMs);
      return (await answerForm(browser, page, { code: codeAt(person.secret, at) })).status;
    };
    expect(await sendAt(-60_000)).toBe(400);
    expect(await sendAt(60_000)).toBe(400);
    expect(await sendAt(-30_000)).toBe(303);
    expect(await sendAt(0)).toBe(303);
    expect(await sendAt(0)).toBe(400);
    // Older than one that was used.
    expect(await sendAt(-30_000)).toBe(400);
    expect(await sendAt(30_000)).toBe(303);
  });

  it('lets one of two in that send the same code at once', async () => {
    const person = await enrol(server);
    const browsers = [browserOf(), browserOf()];
    const pages = await Promise.all(browsers.map((browser) => asked(browser, person)));
    const code = codeNow(person.secret);
    const steps = await Promise.all(
      browsers.map((browser, index) => {
        const page = pages[index];
        if (page === undefined) throw new Error('a page per browser');
        return answerForm(browser, page, { code });
      }),
    );
    expect(new Set(steps.map(({ status }) => status))).toEqual(new Set([303, 400]));
  });

  it('lies sealed in the database', async () => {
    const { loginId, secret, codes } = await enrol(server);
    const { rows } = await test.database.pool.query<{ sealed_secret: Buffer }>(
      'select sealed_secret from second_factors where login_id = $1',
      [loginId],
    );
    expect(rows[0]?.sealed_secret.includes(secret)).toBe(false);
    const kept = await test.database.pool.query<{ code_hash: string }>(
      'select code_hash from recovery_codes where login_id = $1',
      [loginId],
    );
    expect(kept.rows.some(({ code_hash: hash }) => codes.includes(hash))).toBe(false);
  });
});

describe('a recovery code', () => {
  it('signs in once, in whatever letter case and grouping', async () => {
    const person = await enrol(server);
    const [code = ''] = person.codes;
    const typed = ` ${code.replaceAll('-', ' ').toUpperCase()}`;
    const browser = browserOf();
    const step = await answerForm(browser, await asked(browser, person), { code: typed });
    expect(step.status).toBe(303);
    const again = browserOf();
    const refused = await answerForm(again, await asked(again, person), { code });
    expect(refused.status).toBe(400);
  });

  it('is worthless once there are ten new ones', async () => {
    const person = await enrol(server);
    const browser = browserOf();
    await answerForm(browser, await asked(browser, person), { code: codeNow(person.secret) });
    const page = await browser.get(FACTORS);
    expect(page.text).toContain('10 of 10');
    const { hidden } = formsOf(page)[0] ?? {};
    const made = codesIn(await browser.post(FACTORS, { ...hidden, codes: '1' }));
    expect(made).toHaveLength(10);
    const other = browserOf();
    const refused = await answerForm(other, await asked(other, person), {
      code: person.codes[1] ?? '',
    });
    expect(refused.status).toBe(400);
    const step = await answerForm(other, refused, { code: made[1] ?? '' });
    expect(step.status).toBe(303);
  });
});

describe('a trusted browser', () => {
  it('is not asked for 60 days, unless a program asks for a second factor', async () => {
    const person = await enrol(server);
    const browser = browserOf();
    await answerForm(browser, await asked(browser, person), {
      code: codeNow(person.secret),
      trust: 'on',
    });
    const signInAgain = async (): Promise<string | undefined> => {
      browser.cookies.delete('__Host-cardea-session');
      return (await sendForm(browser, LOGIN, typed(person))).location?.pathname;
    };
    server.clock.advance(59 * 24 * 60 * MINUTE_MS);
    expect(await signInAgain()).toBe('/account');
    const led = await browser.get(authorizePath(makePkce().challenge, { acr_values: 'mfa' }));
    const stepUp = await browser.get(led.location?.href ?? '');
    expect(stepUp.location?.pathname).toBe(FACTOR);
    server.clock.advance(2 * 24 * 60 * MINUTE_MS);
    expect(await signInAgain()).toBe(FACTOR);
  });

  it('is asked again once the person says so', async () => {
    const person = await enrol(server);
    const browser = browserOf();
    await answerForm(browser, await asked(browser, person), {
      code: codeNow(person.secret),
      trust: 'on',
    });
    const page = await browser.get(FACTORS);
    await browser.post(FACTORS, { ...formsOf(page)[0]?.hidden, distrust: '1' });
    browser.cookies.delete('__Host-cardea-session');
    expect((await sendForm(browser, LOGIN, typed(person))).location?.pathname).toBe(FACTOR);
  });
});

describe('a program that asks for a second factor', () => {
  it('has the person prove it once more, and sees `mfa`', async () => {
    const person = await enrol(server);
    const browser = browserOf();
    const { verifier, challenge } = makePkce();
    const led = await browser.get(authorizePath(challenge, { acr_values: 'mfa' }));
    const step = await sendForm(browser, led.location?.href ?? '', typed(person));
    const page = await browser.get(step.location?.href ?? '');
    const back = await answerForm(browser, page, { code: codeNow(person.secret) });
    const code = back.location?.searchParams.get('code') ?? '';
    const { body } = await postToken(server.issuer, { body: codeBody(code, verifier) });
    const claims = String(body['access_token']).split('.')[1] ?? '';
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
      amr: ['password', 'mfa'],
    });
  });

  it('has who lacks one set it up on the way', async () => {
    const person = await makeTestPerson(server);
    const browser = browserOf();
    const led = await browser.get(authorizePath(makePkce().challenge, { acr_values: 'mfa' }));
    const step = await sendForm(browser, led.location?.href ?? '', typed(person));
    expect(step.location?.pathname).toBe(SET_UP);
    const page = await browser.get(step.location?.href ?? '');
    const ready = await answerForm(browser, page, { code: codeNow(keyIn(page)) });
    expect(codesIn(ready)).toHaveLength(10);
    expect(isSignedIn(browser)).toBe(false);
    const back = await answerForm(browser, ready, {});
    expect(back.location?.searchParams.get('code')).toBeTruthy();
  });
});

describe('changing factors', () => {
  it('asks for the password unless it was given in the last five minutes', async () => {
    const person = await makeTestPerson(server);
    const browser = browserOf();
    await sendForm(browser, LOGIN, typed(person));
    expect((await browser.get(ADD)).status).toBe(200);
    server.clock.advance(5 * MINUTE_MS);
    const led = await browser.get(ADD);
    expect(led.location?.pathname).toBe('/account/confirm');
    const page = await browser.get(led.location?.href ?? '');
    const wrong = await answerForm(browser, page, { password: 'not the password' });
    expect(wrong.status).toBe(400);
    const back = await answerForm(browser, wrong, { password: person.password });
    expect(back.location?.pathname).toBe(ADD);
    expect((await browser.get(ADD)).status).toBe(200);
  });

  it('removes one with a mail, and asks for none at the next sign-in', async () => {
    const person = await enrol(server);
    const browser = browserOf();
    await answerForm(browser, await asked(browser, person), { code: codeNow(person.secret) });
    const page = await browser.get(FACTORS);
    const id = /name="remove" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    await answerForm(browser, page, { remove: id });
    expect(await mailsTo(person.email)).toContain('factor_removed');
    const other = browserOf();
    expect((await sendForm(other, LOGIN, typed(person))).location?.pathname).toBe('/account');
  });

  it('touches nobody else’s', async () => {
    const [ann, ben] = [await enrol(server), await makeTestPerson(server)];
    const { rows } = await test.database.pool.query<{ id: string }>(
      'select id from second_factors where login_id = $1',
      [ann.loginId],
    );
    const browser = browserOf();
    await sendForm(browser, LOGIN, ben);
    await browser.post(FACTORS, {
      ...formsOf(await browser.get(ADD))[0]?.hidden,
      remove: rows[0]?.id ?? '',
    });
    await asked(browserOf(), ann);
  });
});

describe('a program with the password alone', () => {
  it('is refused once there is a second factor, until the person lets that program in', async () => {
    const person = await enrol(server);
    const client = await makeTestClient(server);
    const grant = async () =>
      postToken(server.issuer, {
        headers: basic(client.id, client.secret),
        body: { grant_type: 'password', username: person.email, password: person.password },
      });
    const refused = await grant();
    expect([refused.status, refused.body['error']]).toEqual([400, 'invalid_grant']);
    const browser = browserOf();
    await answerForm(browser, await asked(browser, person), { code: codeNow(person.secret) });
    const page = await browser.get('/account/sessions/programs');
    expect(page.text).toContain(client.id);
    const { hidden } = formsOf(page)[0] ?? {};
    await browser.post('/account/sessions/programs', { ...hidden, mark: client.id });
    const pair = { loginId: person.loginId, clientId: client.id };
    expect(await isIntegrationAccount(test.database, pair)).toBe(true);
    expect((await grant()).status).toBe(200);
    await browser.post('/account/sessions/programs', { ...hidden, unmark: client.id });
    expect((await grant()).status).toBe(400);
    // A program of no site of the person.
    const stranger = { ...pair, clientId: 'cardea-phone' };
    await browser.post('/account/sessions/programs', { ...hidden, mark: stranger.clientId });
    expect(await isIntegrationAccount(test.database, stranger)).toBe(false);
  });
});
