import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerForm, formsOf, sendForm, startTestAccounts } from '#test/kit/account-pages';
import { createTestDatabase, type TestDatabase } from '#test/kit/database';
import { makeTestPerson, postToken, type TestIdentity } from '#test/kit/identity-server';
import {
  authorizePath,
  codeBody,
  makePkce,
  openTestBrowser,
  signInBrowser,
} from '#test/kit/sign-in-browser';
import { until } from '#test/kit/wait';

const LOGIN = '/account/login';

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

const browserOf = (network: string) =>
  openTestBrowser(server.issuer, {
    'x-forwarded-for': network,
    'user-agent': 'X11; Linux Firefox/1',
  });
const strangerNetwork = (): string => `198.51.${randomBytes(1)[0]}.${randomBytes(1)[0]}`;

async function mailsTo(address: string): Promise<string[]> {
  const { rows } = await test.database.pool.query<{ word: string }>(
    'select word from account_mails where address = $1 order by created_at, id',
    [address],
  );
  return rows.map(({ word }) => word);
}

describe('signing in with e-mail and password', () => {
  it('leads to the account', async () => {
    const { email, password } = await makeTestPerson(server);
    const browser = browserOf('192.0.2.1');
    const step = await sendForm(browser, LOGIN, { email, password });
    expect([step.status, step.location?.pathname]).toEqual([303, '/account']);
    const page = await browser.get('/account');
    expect(page.status).toBe(200);
    expect(page.text).toContain(email);
  });

  it('takes the address in any letter case, with blanks around it', async () => {
    const { email, password } = await makeTestPerson(server);
    const step = await sendForm(browserOf('192.0.2.1'), LOGIN, {
      email: ` ${email.toUpperCase()} `,
      password,
    });
    expect(step.status).toBe(303);
  });

  it('lasts 12 hours without use, and 30 days for who stays signed in', async () => {
    const { email, password } = await makeTestPerson(server);
    const [short, long] = [browserOf('192.0.2.1'), browserOf('192.0.2.1')];
    const plain = await sendForm(short, LOGIN, { email, password });
    const kept = await sendForm(long, LOGIN, { email, password, remember: 'on' });
    const cookieOf = (step: typeof plain) =>
      step.headers.getSetCookie().find((line) => line.startsWith('__Host-cardea-session='));
    expect(cookieOf(plain)).toMatch(/; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect(cookieOf(kept)).toMatch(/; Max-Age=2592000$/);
    server.clock.advance(13 * 3_600_000);
    expect((await short.get('/account')).location?.pathname).toBe(LOGIN);
    expect((await long.get('/account')).status).toBe(200);
    server.clock.advance(30 * 24 * 3_600_000);
    expect((await long.get('/account')).location?.pathname).toBe(LOGIN);
  });

  it('leads back to the page of ours that asked for it, and to no other place', async () => {
    const { email, password } = await makeTestPerson(server);
    const browser = browserOf('192.0.2.1');
    const asked = await browser.get('/account/sessions');
    expect(asked.location?.search).toBe('?next=%2Faccount%2Fsessions');
    const step = await sendForm(browser, asked.location?.href ?? '', { email, password });
    expect(step.location?.pathname).toBe('/account/sessions');
    for (const next of ['//evil.example', 'https://evil.example', '/account/../evil', '/\\evil']) {
      const other = browserOf('192.0.2.1');
      const path = `${LOGIN}?next=${encodeURIComponent(next)}`;
      const led = await sendForm(other, path, { email, password });
      expect(led.location?.href).toBe(`${server.issuer}/account`);
    }
  });

  it('answers alike for a wrong password, an unknown address, and an unconfirmed or disabled account', async () => {
    const known = await makeTestPerson(server);
    const unconfirmed = await makeTestPerson(server, { isEmailVerified: false });
    const disabled = await makeTestPerson(server);
    await server.identity.logins.disable(disabled.loginId);
    const tries = [
      { email: known.email, password: 'not the password' },
      { email: 'nobody@example.test', password: 'not the password' },
      { email: unconfirmed.email, password: unconfirmed.password },
      { email: disabled.email, password: disabled.password },
    ];
    const answers = [];
    for (const fields of tries) {
      const step = await sendForm(browserOf(strangerNetwork()), LOGIN, fields);
      const text = step.text
        .replaceAll(/(name="form_token" value=)"[^"]*"/g, '$1')
        .replaceAll(/data-options="[^"]*"/g, '')
        .replaceAll(fields.email, 'the address');
      const cookies = step.headers.getSetCookie().map((line) => line.replace(/=[^;]*/, ''));
      answers.push([step.status, text, cookies]);
    }
    expect(answers[0]?.[0]).toBe(400);
    expect(answers[0]?.[1]).toContain('role="alert"');
    for (const answer of answers.slice(1)) expect(answer).toEqual(answers[0]);
  });

  it('waits after ten wrong passwords, says how long, and holds up nobody else', async () => {
    const { email, password } = await makeTestPerson(server);
    const guesser = browserOf('198.51.100.7');
    for (let tries = 0; tries < 10; tries += 1) {
      await sendForm(guesser, LOGIN, { email, password: 'wrong password' });
    }
    const refused = await sendForm(guesser, LOGIN, { email, password });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
    expect(refused.text).toContain('60 seconds');
    const elsewhere = await sendForm(browserOf('192.0.2.77'), LOGIN, { email, password });
    expect(elsewhere.status).toBe(303);
    server.clock.advance(60_000);
    expect((await sendForm(guesser, LOGIN, { email, password })).status).toBe(303);
  });

  it('is still possible in a browser it knows while the whole world guesses', async () => {
    const { email, password, loginId } = await makeTestPerson(server);
    const own = browserOf('192.0.2.50');
    await sendForm(own, LOGIN, { email, password });
    own.cookies.delete('__Host-cardea-session');
    const at = server.clock.now();
    for (let index = 0; index < 50; index += 1) {
      await test.database.pool.query(
        `insert into sign_in_failures (kind, account, network, failed_at) values ('password', $1, $2, $3)`,
        [`login:${loginId}`, `203.0.113.${index}`, at],
      );
    }
    const stranger = await sendForm(browserOf('192.0.2.51'), LOGIN, { email, password });
    expect(stranger.status).toBe(429);
    // The same browser in a network it never was in.
    const travelling = openTestBrowser(server.issuer, { 'x-forwarded-for': '192.0.2.52' });
    for (const [name, value] of own.cookies) travelling.cookies.set(name, value);
    expect((await sendForm(travelling, LOGIN, { email, password })).status).toBe(303);
  });

  it('tells the person by mail of a browser the account does not know, but not of the first', async () => {
    const { email, password } = await makeTestPerson(server);
    const first = browserOf('192.0.2.1');
    await sendForm(first, LOGIN, { email, password });
    expect(await mailsTo(email)).toEqual([]);
    await sendForm(browserOf('192.0.2.2'), LOGIN, { email, password });
    expect(await mailsTo(email)).toEqual(['new_device']);
    await first.get('/account/logout').then((page) => answerForm(first, page, {}));
    await sendForm(first, LOGIN, { email, password });
    expect(await mailsTo(email)).toEqual(['new_device']);
  });

  it('tells the person once a day that somebody guesses', async () => {
    const { email, loginId } = await makeTestPerson(server);
    const guessFifty = async (): Promise<void> => {
      for (let index = 1; index < 50; index += 1) {
        await test.database.pool.query(
          `insert into sign_in_failures (kind, account, network, failed_at) values ('password', $1, $2, $3)`,
          [`login:${loginId}`, `203.0.113.${index}`, server.clock.now()],
        );
      }
      await sendForm(browserOf('198.51.100.1'), LOGIN, { email, password: 'wrong password' });
    };
    await guessFifty();
    await until(async () => (await mailsTo(email)).length > 0, { what: 'the person is told' });
    server.clock.advance(2 * 3_600_000);
    await guessFifty();
    server.clock.advance(23 * 3_600_000);
    await guessFifty();
    await until(async () => (await mailsTo(email)).length > 1, { what: 'it is told again' });
    const { rows } = await test.database.pool.query<{ word: string; hours: number }>(
      `select word, extract(epoch from created_at - min(created_at) over ())::int / 3600 as hours
       from account_mails where address = $1 order by created_at`,
      [email],
    );
    expect(rows).toEqual([
      { word: 'sign_in_attacked', hours: 0 },
      { word: 'sign_in_attacked', hours: 25 },
    ]);
  });

  it('ends the session of whoever was signed in in the browser before', async () => {
    const [ann, ben] = [await makeTestPerson(server), await makeTestPerson(server)];
    const browser = browserOf('192.0.2.1');
    const session = await signInBrowser(server, browser, { loginId: ann.loginId });
    const step = await browser.get(LOGIN);
    expect(step.location?.pathname).toBe('/account');
    const page = await browser.get(`${LOGIN}?other=1`);
    await answerForm(browser, page, { email: ben.email, password: ben.password });
    const left = await server.identity.sessions.list(ann.loginId);
    expect(left.map(({ id }) => id)).not.toContain(session.id);
    expect((await browser.get('/account')).text).toContain(ben.email);
  });
});

describe('a form', () => {
  it('is refused when it does not come from a page of ours in the same browser', async () => {
    const { email, password } = await makeTestPerson(server);
    const [own, other] = [browserOf('192.0.2.1'), browserOf('192.0.2.1')];
    const foreign = formsOf(await other.get(LOGIN))[0]?.hidden ?? {};
    await own.get(LOGIN);
    for (const token of [{}, { form_token: '' }, foreign]) {
      const step = await own.post(LOGIN, { email, password, ...token });
      expect([step.status, step.location]).toEqual([403, undefined]);
      expect(own.cookies.has('__Host-cardea-session')).toBe(false);
    }
    const bare = openTestBrowser(server.issuer);
    expect((await bare.post(LOGIN, { email, password, ...foreign })).status).toBe(403);
  });

  it('is refused when it is no form, doubles a field, holds a zero character or is too large', async () => {
    const browser = browserOf('192.0.2.1');
    const { hidden = {} } = formsOf(await browser.get(LOGIN))[0] ?? {};
    const token = new URLSearchParams(hidden).toString();
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const send = async (body: string, type = 'application/x-www-form-urlencoded') =>
      fetch(server.issuer + LOGIN, {
        method: 'POST',
        headers: { cookie, 'content-type': type },
        body,
        redirect: 'manual',
      }).then(({ status }) => status);
    expect(await send(`${token}&email=a&password=b`)).toBe(400);
    expect(await send(`${token}&email=a&email=b&password=c`)).toBe(403);
    expect(await send(`${token}&email=a%00b&password=c`)).toBe(403);
    expect(await send(JSON.stringify(hidden), 'application/json')).toBe(403);
    expect(await send(`${token}&email=${'a'.repeat(40_000)}&password=c`)).toBe(413);
  });
});

describe('every page', () => {
  it('is kept by nobody, framed by nobody, and runs nothing but our script', async () => {
    const { headers, text } = await browserOf('192.0.2.1').get(LOGIN);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('same-origin');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    expect(text).not.toMatch(/<script|style=|\son\w+=/);
  });

  it('shows what people typed as text and never as markup', async () => {
    const email = `"><script>alert(1)</script>&'@example.test`;
    const step = await sendForm(browserOf('192.0.2.1'), LOGIN, {
      email,
      password: 'some password',
    });
    expect(step.text).not.toContain('<script>alert');
    expect(step.text).toContain('&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;&#39;@');
  });

  it('speaks the language the program asks for, else the browser’s', async () => {
    const german = openTestBrowser(server.issuer, {
      'accept-language': 'fr, de-AT;q=0.8, en;q=0.5',
    });
    expect((await german.get(LOGIN)).text).toContain('<html lang="de">');
    expect((await german.get(`${LOGIN}?ui_locales=en`)).text).toContain('<html lang="en">');
    const led = await german.get(authorizePath(makePkce().challenge, { ui_locales: 'xx en' }));
    expect((await german.get(led.location?.href ?? '')).text).toContain('<html lang="en">');
  });

  it('that does not exist is a page as well', async () => {
    const step = await browserOf('192.0.2.1').get('/account/nothing/here');
    expect(step.status).toBe(404);
    expect(step.headers.get('content-type')).toContain('text/html');
  });
});

describe('a program that waits', () => {
  it('gets a code and tokens once the person has signed in', async () => {
    const { email, password, loginId } = await makeTestPerson(server);
    const browser = browserOf('192.0.2.1');
    const { verifier, challenge } = makePkce();
    const led = await browser.get(authorizePath(challenge, { login_hint: email }));
    expect(led.location?.pathname).toBe(LOGIN);
    const page = await browser.get(led.location?.href ?? '');
    expect(page.text).toContain(`value="${email}"`);
    expect(page.headers.get('content-security-policy')).toContain(
      "form-action 'self' http://127.0.0.1:9;",
    );
    const back = await answerForm(browser, page, { email, password });
    expect(back.location?.href).toMatch(/^http:\/\/127\.0\.0\.1:9\/signed-in\?/);
    expect(browser.cookies.has('__Host-cardea-session')).toBe(true);
    const code = back.location?.searchParams.get('code') ?? '';
    const answer = await postToken(server.issuer, { body: codeBody(code, verifier) });
    expect(answer.status).toBe(200);
    const claims = JSON.parse(
      Buffer.from(String(answer.body['access_token']).split('.')[1] ?? '', 'base64url').toString(),
    ) as Record<string, unknown>;
    expect(claims).toMatchObject({ sub: loginId, amr: ['password'], idp: 'local' });
  });

  it('that waits no longer, or waits in another browser, is said to be over', async () => {
    const browser = browserOf('192.0.2.1');
    const led = await browser.get(authorizePath(makePkce().challenge));
    const other = await browserOf('192.0.2.1').get(led.location?.href ?? '');
    expect([other.status, formsOf(other)]).toEqual([400, []]);
    expect((await browser.get(`${LOGIN}?interaction=0123456789abcdefghij`)).status).toBe(400);
  });

  it('may ask who it is: as who is signed in, or somebody else', async () => {
    const { loginId, email } = await makeTestPerson(server);
    const browser = browserOf('192.0.2.1');
    await signInBrowser(server, browser, { loginId });
    const led = await browser.get(
      authorizePath(makePkce().challenge, { prompt: 'select_account' }),
    );
    const page = await browser.get(led.location?.href ?? '');
    expect(page.text).toContain(email);
    expect(page.text).toContain('other=1');
    const back = await answerForm(browser, page, { continue: '1' });
    expect(back.location?.searchParams.get('code')).toBeTruthy();
  });

  it('that wants the password again gets no code without it', async () => {
    const { loginId, email, password } = await makeTestPerson(server);
    const browser = browserOf('192.0.2.1');
    const session = await signInBrowser(server, browser, { loginId });
    const led = await browser.get(authorizePath(makePkce().challenge, { prompt: 'login' }));
    const page = await browser.get(led.location?.href ?? '');
    const without = await answerForm(browser, page, { continue: '1' });
    expect([without.status, without.location]).toEqual([400, undefined]);
    server.clock.advance(60_000);
    const back = await answerForm(browser, page, { email, password });
    expect(back.location?.searchParams.get('code')).toBeTruthy();
    const [same] = await server.identity.sessions.list(loginId);
    expect(same?.id).toBe(session.id);
    expect(same?.authTime).toEqual(server.clock.now());
  });
});
