/** /account/security and /account/profile: how people keep their account in order (identity.md 9). */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { mailSettings, startMailServer, type TestMailServer } from '#test/kit/mail-server';
import { act, linkIn, mailsTo, nextMail } from '#test/kit/mailed-links';
import { startMessageProvider, type TestProvider } from '#test/kit/message-provider';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { createShiftedClock } from '#test/kit/shifted-clock';
import { openTestBrowser, type TestBrowser } from '#test/kit/sign-in-browser';
import { until } from '#test/kit/wait';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

const clock = createShiftedClock();
let mailServer: TestMailServer;
let provider: TestProvider;
let server: TestServer;
let siteId: string;
beforeAll(async () => {
  mailServer = await startMailServer();
  provider = await startMessageProvider();
  const { smtpUrl, mailFrom } = mailSettings(mailServer.url);
  server = await startTestServer({
    clock,
    settings: {
      CARDEA_SMTP_URL: smtpUrl,
      CARDEA_MAIL_FROM: mailFrom,
      CARDEA_SMS_URL: provider.url,
    },
  });
  siteId = await addSite(server);
});
afterAll(async () => {
  await server.stop();
  await provider.stop();
  await mailServer.stop();
});

const person = (): Promise<TestPerson> => addPerson(server, { siteId, role: 'site_user' });
const newAddress = (): string => `ada.new+${randomBytes(6).toString('hex')}@example.test`;
const newPassword = (): string => randomBytes(12).toString('base64url');

async function signIn(of: { email: string; password: string }): Promise<TestBrowser> {
  const browser = openTestBrowser(server.url);
  await act(browser, '/account/login', { email: of.email, password: of.password });
  return browser;
}

async function isSignedIn(browser: TestBrowser): Promise<boolean> {
  return (await browser.get('/account')).status === 200;
}

const security = '/account/security';
const profile = '/account/profile';

describe('another password', () => {
  it('ends every other session, is told, and keeps this one', async () => {
    const { email, password } = await person();
    const [here, there] = [await signIn({ email, password }), await signIn({ email, password })];
    const seen = mailsTo(mailServer, email).length;
    const chosen = newPassword();
    const weak = await act(here, security, { act: 'password', password: 'qwertyuiop' });
    expect(weak.status).toBe(400);
    const page = await act(here, security, { act: 'password', password: chosen });
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('was changed')]);
    expect([await isSignedIn(here), await isSignedIn(there)]).toEqual([true, false]);
    expect(await isSignedIn(await signIn({ email, password: chosen }))).toBe(true);
    const told = await until(
      () =>
        mailsTo(mailServer, email)
          .slice(seen)
          .find(({ subject }) => subject === 'Your password was changed'),
      { what: 'the change is told' },
    );
    expect(told.text).not.toContain(chosen);
  });

  it('is asked of who proves to be it first', async () => {
    const browser = await signIn(await person());
    clock.putForward(6 * minuteMs);
    expect((await browser.get(security)).location?.pathname).toBe('/account/confirm');
  });
});

describe('another address', () => {
  async function ask(of: TestPerson, email: string): Promise<{ old: string; new: string }> {
    const browser = await signIn(of);
    const seen = mailsTo(mailServer, of.email).length;
    const page = await act(browser, security, { act: 'address', email });
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('both mailboxes')]);
    const toOld = await until(
      () =>
        mailsTo(mailServer, of.email)
          .slice(seen)
          .find(({ subject }) => subject === 'Your address is to be changed'),
      { what: 'the former mailbox is told' },
    );
    return {
      old: linkIn(toOld, 'address'),
      new: linkIn(await nextMail(mailServer, { address: email }), 'address'),
    };
  }
  const confirm = (link: string) => act(openTestBrowser(server.url), link, { act: 'confirm' });

  it('comes when both mailboxes have said yes', async () => {
    const of = await person();
    const email = newAddress();
    const links = await ask(of, email);
    await confirm(links.new);
    expect(await isSignedIn(await signIn({ ...of, email }))).toBe(false);
    await confirm(links.old);
    expect(await isSignedIn(await signIn({ ...of, email }))).toBe(true);
    expect(await isSignedIn(await signIn(of))).toBe(false);
  });

  it('comes after seven days with the new mailbox alone, and never without it', async () => {
    const [one, other] = [await person(), await person()];
    const [email, otherEmail] = [newAddress(), newAddress()];
    const links = await ask(one, email);
    const otherLinks = await ask(other, otherEmail);
    await confirm(links.new);
    await confirm(otherLinks.old);
    clock.putForward(7 * dayMs);
    await server.cardea.domain.addressChanges.makeRipe();
    expect(await isSignedIn(await signIn({ ...one, email }))).toBe(true);
    expect(await isSignedIn(await signIn({ ...other, email: otherEmail }))).toBe(false);
  });

  it('is stopped by either mailbox', async () => {
    const of = await person();
    const email = newAddress();
    const links = await ask(of, email);
    await act(openTestBrowser(server.url), links.old, { act: 'stop' });
    expect((await openTestBrowser(server.url).get(links.new)).status).toBe(410);
    expect(await isSignedIn(await signIn(of))).toBe(true);
  });

  it('of somebody else is never taken, and who asks learns nothing of it', async () => {
    const of = await person();
    const other = await addPerson(server, { siteId, role: 'site_user', language: 'de' });
    const browser = await signIn(of);
    const free = await act(browser, security, { act: 'address', email: newAddress() });
    const taken = await act(browser, security, { act: 'address', email: other.email });
    const plain = (text: string) => text.replaceAll(/ada[^ <@]*@example\.test/g, '…');
    expect(plain(taken.text)).toBe(plain(free.text));
    const told = await until(
      () =>
        mailsTo(mailServer, other.email).find(({ subject }) =>
          subject?.includes('schon ein Konto'),
        ),
      { what: 'the other mailbox is told' },
    );
    expect(told.text).not.toContain('/account/address/');
    expect(told.html).toContain('<html lang="de">');
    expect(await isSignedIn(await signIn(other))).toBe(true);
  });
});

describe('the profile', () => {
  it('has names and a language, in which the page goes on', async () => {
    const of = await person();
    const browser = await signIn(of);
    const names = { act: 'names', first_name: ' Grace ', last_name: 'Höpper', language: 'de' };
    const page = await act(browser, profile, names);
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('Gespeichert.')]);
    const me = await server.ask('GET', `//v1.1/sites/${siteId}/me`, { token: of.token });
    expect(me.json).toMatchObject({ user: { first_name: 'Grace', last_name: 'Höpper' } });
    const empty = await act(browser, profile, { ...names, first_name: ' ' });
    expect(empty.status).toBe(400);
  });

  it('has a phone once its code was typed, of which five may be wrong', async () => {
    const of = await person();
    const browser = await signIn(of);
    const codeFor = async (phone: string): Promise<string> => {
      const seen = provider.messages.length;
      const page = await act(browser, profile, { act: 'phone', phone });
      expect(page.status).toBe(200);
      const sms = await until(() => provider.messages.slice(seen)[0], { what: 'an SMS is sent' });
      return /\b(\d{6})\b/.exec(String(sms.body['text']))?.[1] ?? '';
    };
    expect((await act(browser, profile, { act: 'phone', phone: '12345' })).status).toBe(400);
    const first = await codeFor('+31 6 12 34 56 78');
    const wrong = first === '000000' ? '111111' : '000000';
    for (let count = 0; count < 5; count += 1)
      expect((await act(browser, profile, { act: 'code', code: wrong })).status).toBe(400);
    expect((await act(browser, profile, { act: 'code', code: first })).status).toBe(400);
    const second = await codeFor('+31612345678');
    const page = await act(browser, profile, { act: 'code', code: ` ${second} ` });
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('+31612345678')]);
    const removed = await act(browser, profile, { act: 'no_phone' });
    expect(removed.text).not.toContain('<strong>+31612345678');
  });

  it('has a picture that browsers show, and nothing else', async () => {
    const browser = await signIn(await person());
    const upload = async (bytes: Buffer) => {
      const page = await browser.get(profile);
      const token = /name="form_token" value="([^"]*)"/.exec(page.text)?.[1] ?? '';
      const form = new FormData();
      form.set('form_token', token);
      form.set('act', 'picture');
      form.set('picture', new File([new Uint8Array(bytes)], 'me.png', { type: 'image/png' }));
      const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      return fetch(server.url + profile, { method: 'POST', body: form, headers: { cookie } });
    };
    const png = Buffer.concat([
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
      randomBytes(64),
    ]);
    const stored = await upload(png);
    const path = /src="(\/account\/picture\/[^"]+)"/.exec(await stored.text())?.[1] ?? '';
    const shown = await fetch(server.url + path);
    expect([shown.headers.get('content-type'), Buffer.from(await shown.arrayBuffer())]).toEqual([
      'image/png',
      png,
    ]);
    const script = await upload(Buffer.from('<svg onload="alert(1)">'));
    const large = await upload(Buffer.concat([png, Buffer.alloc(600 * 1024)]));
    expect([script.status, large.status]).toEqual([400, 413]);
    await act(browser, profile, { act: 'no_picture' });
    expect((await fetch(server.url + path)).status).toBe(404);
  });
});
