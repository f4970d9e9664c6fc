import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoginId } from '#contract/ids';
import { isIntegrationAccount } from '#server/store/second-factors';
import { answerForm, formsOf, sendForm, startTestAccounts } from '#test/kit/account-pages';
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
  type Step,
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

type Person = { readonly email: string; readonly password: string; readonly loginId: LoginId };
type Enrolled = Person & { readonly secret: Buffer; readonly codes: readonly string[] };

const browserOf = (network = '192.0.2.1'): TestBrowser =>
  openTestBrowser(server.issuer, { 'x-forwarded-for': network });

/** As an authenticator app makes it (RFC 6238), written down here once more. */
function codeAt(secret: Buffer, at: Date): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at.getTime() / 30_000)));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  const number = (mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000;
  return String(number).padStart(6, '0');
}

const codeNow = (secret: Buffer): string => codeAt(secret, server.clock.now());

function base32(text: string): Buffer {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = text.split('').map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0'));
  const bytes = bits.join('').match(/.{8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
}

const keyIn = ({ text }: Step): Buffer =>
  base32(/class="secret">([^<]*)</.exec(text)?.[1]?.replaceAll(' ', '') ?? '');
const codesIn = ({ text }: Step): string[] =>
  [...text.matchAll(/<li>([0-9a-z-]{19})<\/li>/g)].map(([, code = '']) => code);

/** A person with an authenticator, whose newest code is used up. */
async function enrol(of: TestIdentity = server): Promise<Enrolled> {
  const person = await makeTestPerson(of);
  const browser = openTestBrowser(of.issuer, { 'x-forwarded-for': '192.0.2.1' });
  await sendForm(browser, LOGIN, typed(person));
  const page = await browser.get(ADD);
  const secret = keyIn(page);
  const done = await answerForm(browser, page, { code: codeAt(secret, of.clock.now()) });
  of.clock.advance(MINUTE_MS);
  return { ...person, secret, codes: codesIn(done) };
}

/** The page that asks for the second factor, after the right password. */
async function asked(browser: TestBrowser, { email, password }: Person): Promise<Step> {
  const step = await sendForm(browser, LOGIN, { email, password });
  expect(step.location?.pathname).toBe(FACTOR);
  return browser.get(step.location?.href ?? '');
}

async function mailsTo(address: string): Promise<string[]> {
  const { rows } = await test.database.pool.query<{ word: string }>(
    'select word from account_mails where address = $1 order by created_at, id',
    [address],
  );
  return rows.map(({ word }) => word);
}

const typed = ({ email, password }: Person) => ({ email, password });

const isSignedIn = (browser: TestBrowser): boolean => browser.cookies.has('__Host-cardea-session');

describe('an authenticator', () => {
  it('is added by the code it shows, with ten recovery codes and a mail', async () => {
    const { email, codes } = await enrol();
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
    const wrong = String((Number(codeNow(secret)) + 1) % 1_000_000).padStart(6, '0');
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
    const person = await enrol();
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
    const person = await enrol();
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
    const person = await enrol();
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
    const { loginId, secret, codes } = await enrol();
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

describe('wrong codes', () => {
  it('begin the sign-in again after five', async () => {
    const person = await enrol();
    const browser = browserOf();
    let page = await asked(browser, person);
    for (let tries = 1; tries < 5; tries += 1) {
      page = await answerForm(browser, page, { code: '000000' });
      expect(formsOf(page)).toHaveLength(1);
    }
    const fifth = await answerForm(browser, page, { code: '000000' });
    expect(formsOf(fifth)).toHaveLength(0);
    const late = await answerForm(browser, page, { code: codeNow(person.secret) });
    expect([late.status, isSignedIn(browser)]).toEqual([400, false]);
  });

  it('hold up strangers’ networks after twenty in an hour, and never the person’s own', async () => {
    const person = await enrol();
    const wrong = async (network: string, count: number): Promise<void> => {
      for (let tries = 0; tries < count; tries += 1) {
        const browser = browserOf(network);
        await answerForm(browser, await asked(browser, person), { code: '000000' });
      }
    };
    await wrong('203.0.113.9', 20);
    const stranger = browserOf('203.0.113.10');
    const page = await asked(stranger, person);
    const refused = await answerForm(stranger, page, { code: codeNow(person.secret) });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_500);
    const own = browserOf('192.0.2.1');
    const step = await answerForm(own, await asked(own, person), {
      code: codeNow(person.secret),
    });
    expect(step.status).toBe(303);
  });

  it('are audited with account, client and network', async () => {
    const person = await enrol();
    const browser = browserOf('203.0.113.20');
    await answerForm(browser, await asked(browser, person), { code: '000000' });
    await answerForm(browser, await asked(browser, person), { code: 'aaaa-bbbb-cccc-dddd' });
    const { rows } = await test.database.pool.query(
      'select kind, client_id, network from sign_in_failures where account = $1 order by id',
      [`login:${person.loginId}`],
    );
    const where = { client_id: 'cardea-web', network: '203.0.113.20' };
    expect(rows).toEqual([
      { kind: 'second_factor', ...where },
      { kind: 'recovery_code', ...where },
    ]);
  });
});

describe('a wrong code on the way to a program', () => {
  it('is in the audit log of its tenant, with account and network beside the chain', async () => {
    const person = await enrol();
    const { id } = await server.identity.clients.createClient({
      tenantId: server.tenantId,
      name: 'App',
      kind: 'public',
      grants: ['authorization_code'],
      scopes: ['openid'],
      redirectUris: ['https://app.example.test/in'],
    });
    const browser = browserOf('203.0.113.40');
    const path = authorizePath(makePkce().challenge, {
      client_id: id,
      redirect_uri: 'https://app.example.test/in',
      scope: 'openid',
    });
    const led = await browser.get(path);
    const step = await sendForm(browser, led.location?.href ?? '', typed(person));
    const page = await browser.get(step.location?.href ?? '');
    expect((await answerForm(browser, page, { code: '000000' })).status).toBe(400);
    const { rows } = await test.database.pool.query<{ body: string }>(
      `select l.action, l.outcome, l.detail, c.body from audit_log l join audit_changes c using (tenant_id, number)
       where l.tenant_id = $1 and l.client_id = $2`,
      [server.tenantId, id],
    );
    const [record] = rows;
    expect(rows).toHaveLength(1);
    expect(record).toMatchObject({
      action: 'sign_in.fail',
      outcome: 'refused',
      detail: 'second_factor',
    });
    expect(record?.body).toContain(`login:${person.loginId}`);
    expect(record?.body).toContain('203.0.113.40');
  });
});

describe('a recovery code', () => {
  it('signs in once, in whatever letter case and grouping', async () => {
    const person = await enrol();
    const [code = ''] = person.codes;
    const typed = ` ${code.replaceAll('-', ' ').toUpperCase()}`;
    const browser = browserOf();
    const step = await answerForm(browser, await asked(browser, person), { code: typed });
    expect(step.status).toBe(303);
    const again = browserOf();
    const refused = await answerForm(again, await asked(again, person), { code });
    expect(refused.status).toBe(400);
  });

  it('waits after five wrong ones in an hour', async () => {
    const person = await enrol();
    for (let tries = 0; tries < 5; tries += 1) {
      const browser = browserOf('203.0.113.30');
      await answerForm(browser, await asked(browser, person), {
        code: `zzzz-zzzz-zzzz-zzz${tries}`,
      });
    }
    const browser = browserOf('203.0.113.31');
    const page = await asked(browser, person);
    const refused = await answerForm(browser, page, { code: person.codes[0] ?? '' });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('3600');
    // Codes of the app have a limit of their own.
    const step = await answerForm(browser, page, { code: codeNow(person.secret) });
    expect(step.status).toBe(303);
  });

  it('is worthless once there are ten new ones', async () => {
    const person = await enrol();
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
    const person = await enrol();
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
    const person = await enrol();
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
    const person = await enrol();
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
    const person = await enrol();
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
    const [ann, ben] = [await enrol(), await makeTestPerson(server)];
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

describe('a demand of the operator', () => {
  it.each([
    ['everybody', false, SET_UP],
    ['admins', false, '/account'],
    ['admins', true, SET_UP],
  ] as const)('of %s leads an operator: %s to %s', async (secondFactor, isOperator, path) => {
    const strict = await startTestAccounts({ database: test.database, settings: { secondFactor } });
    try {
      const person = await makeTestPerson(strict);
      await test.database.pool.query('update logins set is_operator = $2 where id = $1', [
        person.loginId,
        isOperator,
      ]);
      const step = await sendForm(openTestBrowser(strict.issuer), LOGIN, typed(person));
      expect(step.location?.pathname).toBe(path);
    } finally {
      await strict.stop();
    }
  });
});

describe('a program with the password alone', () => {
  it('is refused once there is a second factor, until the person lets that program in', async () => {
    const person = await enrol();
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
