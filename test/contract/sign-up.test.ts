/** How somebody comes to an account and back into it, as a stranger at the pages and at the mailbox (identity.md 9 and 10). */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { mailSettings, startMailServer, type TestMailServer } from '#test/kit/mail-server';
import { act, linkIn, mailsTo, nextMail } from '#test/kit/mailed-links';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { createShiftedClock } from '#test/kit/shifted-clock';
import { openTestBrowser, type Step, type TestBrowser } from '#test/kit/sign-in-browser';
import { until } from '#test/kit/wait';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const clock = createShiftedClock();
let mailServer: TestMailServer;
let server: TestServer;
let siteId: string;
beforeAll(async () => {
  mailServer = await startMailServer();
  const { smtpUrl, mailFrom } = mailSettings(mailServer.url);
  server = await startTestServer({
    clock,
    settings: {
      CARDEA_SMTP_URL: smtpUrl,
      CARDEA_MAIL_FROM: mailFrom,
      CARDEA_TRUSTED_PROXIES: '127.0.0.1',
    },
  });
  siteId = await addSite(server);
});
afterAll(async () => {
  await server.stop();
  await mailServer.stop();
});

let networks = 0;
/** Somebody at a place of their own, so that the limits of others do not count. */
function open(network = `198.51.100.${++networks}`): TestBrowser {
  return openTestBrowser(server.url, { 'x-forwarded-for': network });
}

const newAddress = (): string => `eve+${randomBytes(6).toString('hex')}@example.test`;
const newPassword = (): string => randomBytes(12).toString('base64url');

type Order = { readonly email: string; readonly password: string };

function register(browser: TestBrowser, order: Order): Promise<Step> {
  return act(browser, '/account/register', {
    first_name: 'Eve',
    last_name: 'Berg',
    language: 'en',
    ...order,
  });
}

async function signUp(order: Order): Promise<string> {
  const step = await register(open(), order);
  expect(step.status).toBe(200);
  return linkIn(await nextMail(mailServer, { address: order.email }), 'confirm');
}

/** Whether these sign in. */
async function signsIn({ email, password }: Order): Promise<boolean> {
  const { clientId, clientSecret } = server.tenant;
  const response = await fetch(`${server.url}/connect/token`, {
    method: 'POST',
    headers: { 'x-forwarded-for': `203.0.113.${++networks % 250}` },
    body: new URLSearchParams({
      grant_type: 'password',
      client_id: clientId,
      client_secret: clientSecret,
      username: email,
      password,
      scope: 'user_api.full_access',
    }),
  });
  return response.status === 200;
}

const person = (): Promise<TestPerson> => addPerson(server, { siteId, role: 'site_user' });

/** Everything of an answer that a stranger sees, but for what is random in every page. */
function seen({ status, headers, text }: Step): unknown {
  const kept = [...headers].filter(
    ([name]) => !['date', 'x-request-id', 'set-cookie'].includes(name),
  );
  return [status, kept, text];
}

describe('signing up', () => {
  it('takes the link in the mail and the password that was chosen, once', async () => {
    const order = { email: newAddress(), password: newPassword() };
    const link = await signUp(order);
    expect(await signsIn(order)).toBe(false);
    const wrong = await act(open(), link, { password: 'not what was chosen' });
    expect([wrong.status, await signsIn(order)]).toEqual([400, false]);
    // Looking at a link, as mail programs do, changes nothing.
    expect((await open().get(link)).status).toBe(200);
    const right = await act(open(), link, { password: order.password });
    expect([right.status, await signsIn(order)]).toEqual([200, true]);
    expect((await open().get(link)).status).toBe(410);
  });

  it('ends after a day', async () => {
    const order = { email: newAddress(), password: newPassword() };
    const link = await signUp(order);
    clock.putForward(24 * hourMs);
    expect((await open().get(link)).status).toBe(410);
  });

  it('looks the same for an address with an account, whose mailbox alone is told', async () => {
    const { email, password } = await addPerson(server, {
      siteId,
      role: 'site_user',
      language: 'de',
    });
    const stranger = newAddress();
    const [known, unknown] = [open(), open()];
    const pages = [
      await register(known, { email: email.toUpperCase(), password: newPassword() }),
      await register(unknown, { email: stranger, password: newPassword() }),
    ];
    expect(seen(pages[0] as Step)).toEqual(seen(pages[1] as Step));
    const mails = [
      await nextMail(mailServer, { address: email }),
      await nextMail(mailServer, { address: stranger }),
    ];
    expect(mails.map(({ subject }) => subject)).toEqual([
      'Sie haben schon ein Konto',
      'Confirm your address',
    ]);
    expect(mails[0]?.text).not.toContain('/account/confirm/');
    expect(mails.map(({ html }) => /<html[^>]*>/.exec(html ?? '')?.[0])).toEqual([
      '<html lang="de">',
      '<html lang="en">',
    ]);
    expect(await signsIn({ email, password })).toBe(true);
  });

  it.each([
    ['too short', 'seven77', 'too short'],
    ['common', 'Password1', 'tried first'],
    ['the name', 'eve berg', 'your name'],
    ['too long', 'x'.repeat(129), 'too long'],
  ])('refuses a password that is %s', async (_what, password, said) => {
    const email = newAddress();
    const page = await register(open(), { email, password });
    expect([page.status, page.text]).toEqual([400, expect.stringContaining(said)]);
    expect(page.text).toContain(email);
    expect(page.text).not.toContain(password);
  });

  it('takes a password of any characters', async () => {
    const order = { email: newAddress(), password: '🔑 pass wörter, <b>"sicher"</b>' };
    const link = await signUp(order);
    await act(open(), link, { password: order.password });
    expect(await signsIn(order)).toBe(true);
  });

  it('is held to five an hour of one network', async () => {
    const network = '192.0.2.99';
    const answers = [];
    for (let count = 0; count < 6; count += 1)
      answers.push(await register(open(network), { email: newAddress(), password: newPassword() }));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429]);
    const waitSeconds = Number(answers[5]?.headers.get('retry-after'));
    expect(waitSeconds).toBeGreaterThan(3_400);
    expect(waitSeconds).toBeLessThanOrEqual(3_600);
    const elsewhere = await register(open(), { email: newAddress(), password: newPassword() });
    expect(elsewhere.status).toBe(200);
    clock.putForward(hourMs);
    const later = await register(open(network), {
      email: newAddress(),
      password: newPassword(),
    });
    expect(later.status).toBe(200);
  });

  it('sends one address three mails an hour, and looks the same after that', async () => {
    const email = newAddress();
    const pages = [];
    for (let count = 0; count < 4; count += 1)
      pages.push(await register(open(), { email, password: newPassword() }));
    expect(seen(pages[3] as Step)).toEqual(seen(pages[0] as Step));
    await nextMail(mailServer, { address: email, seen: 2 });
    const last = newAddress();
    await register(open(), { email: last, password: newPassword() });
    // Sent after what would have been the fourth.
    await nextMail(mailServer, { address: last });
    expect(mailsTo(mailServer, email)).toHaveLength(3);
  });

  it('needs the form of our own page', async () => {
    const browser = open();
    await browser.get('/account/register');
    const email = newAddress();
    const foreign = await browser.post('/account/register', {
      first_name: 'Eve',
      last_name: 'Berg',
      email,
      password: newPassword(),
    });
    expect(foreign.status).toBe(403);
  });
});

describe('a forgotten password', () => {
  async function forget(email: string): Promise<Step> {
    return act(open(), '/account/forgot', { email });
  }

  it('is chosen anew once, ends every session and is told', async () => {
    const { email, password, token } = await person();
    const browser = open();
    await act(browser, '/account/login', { email, password });
    expect((await browser.get('/account')).status).toBe(200);
    const before = mailsTo(mailServer, email).length;
    expect((await forget(email)).status).toBe(200);
    const link = linkIn(await nextMail(mailServer, { address: email, seen: before }), 'reset');
    const chosen = newPassword();
    const weak = await act(open(), link, { password: 'password' });
    expect(weak.status).toBe(400);
    expect((await act(open(), link, { password: chosen })).status).toBe(200);
    expect([
      await signsIn({ email, password }),
      await signsIn({ email, password: chosen }),
    ]).toEqual([false, true]);
    expect((await browser.get('/account')).location?.pathname).toBe('/account/login');
    expect((await open().get(link)).status).toBe(410);
    clock.putForward(minuteMs);
    const sites = await server.ask('GET', `//v1.1/sites/${siteId}`, { token });
    expect(sites.status).toBe(401);
    const told = await nextMail(mailServer, { address: email, seen: before + 1 });
    expect(told.subject).toBe('Your password was changed');
  });

  it('has a link for half an hour, and one at a time', async () => {
    const { email } = await person();
    const before = mailsTo(mailServer, email).length;
    await forget(email);
    const first = linkIn(await nextMail(mailServer, { address: email, seen: before }), 'reset');
    await forget(email);
    const second = linkIn(
      await nextMail(mailServer, { address: email, seen: before + 1 }),
      'reset',
    );
    expect((await open().get(first)).status).toBe(410);
    expect((await open().get(second)).status).toBe(200);
    clock.putForward(30 * minuteMs);
    expect((await open().get(second)).status).toBe(410);
  });

  it('looks the same for everybody, and only people with an account get mail', async () => {
    const { email } = await person();
    const stranger = newAddress();
    const pages = [await forget(stranger), await forget(email)];
    expect(seen(pages[0] as Step)).toEqual(seen(pages[1] as Step));
    await nextMail(mailServer, { address: email });
    expect(mailsTo(mailServer, email)).toHaveLength(1);
    expect(mailsTo(mailServer, stranger)).toEqual([]);
  });

  it('keeps no link once the mail was taken over', async () => {
    const { email } = await person();
    await forget(email);
    await nextMail(mailServer, { address: email });
    // The mail server has it before the row says so.
    await until(
      async () => {
        const { rows } = await server.database.pool.query(
          `select from account_mails where address = $1 and state <> 'delivered'`,
          [email],
        );
        return rows.length === 0;
      },
      { what: 'the mail is known to be delivered' },
    );
    const kept = await server.database.pool.query<{ body: string }>(
      `select body from account_mails where address = $1 and word = 'reset'`,
      [email],
    );
    expect(kept.rows).toEqual([{ body: '' }]);
  });
});
