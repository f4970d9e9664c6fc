/** Invitations from the request of an admin to the answer of the person, through a real mailbox and without one (identity.md 9). */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { mailSettings, startMailServer, type TestMailServer } from '#test/kit/mail-server';
import { act, linkIn, nextMail } from '#test/kit/mailed-links';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { createShiftedClock } from '#test/kit/shifted-clock';
import { openTestBrowser, type Step, type TestBrowser } from '#test/kit/sign-in-browser';

const dayMs = 24 * 3_600_000;

const clock = createShiftedClock();
let mailServer: TestMailServer;
let server: TestServer;
let siteId: string;
let owner: TestPerson;
beforeAll(async () => {
  mailServer = await startMailServer();
  const { smtpUrl, mailFrom } = mailSettings(mailServer.url);
  server = await startTestServer({
    clock,
    settings: { CARDEA_SMTP_URL: smtpUrl, CARDEA_MAIL_FROM: mailFrom },
  });
  siteId = await addSite(server);
  owner = await addPerson(server, { siteId, role: 'owner' });
});
afterAll(async () => {
  await server.stop();
  await mailServer.stop();
});

type User = {
  readonly id: string;
  readonly user: Readonly<Record<'id' | 'first_name' | 'last_name' | 'email', string>> & {
    readonly has_profile: boolean;
  };
};

const open = (): TestBrowser => openTestBrowser(server.url);
const newAddress = (): string => `grace+${randomBytes(6).toString('hex')}@example.test`;
const newPassword = (): string => randomBytes(12).toString('base64url');

async function tokenOf({ email, password }: { email: string; password: string }): Promise<string> {
  const { clientId, clientSecret } = server.tenant;
  const response = await fetch(`${server.url}/connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'password',
      client_id: clientId,
      client_secret: clientSecret,
      username: email,
      password,
      scope: 'user_api.full_access',
    }),
  });
  return ((await response.json()) as { access_token?: string }).access_token ?? '';
}

/** As the owner, whose token ends while the clock is put forward. */
async function ask(method: string, path: string, body?: unknown): Promise<Answer> {
  return server.ask(method, path, {
    token: await tokenOf(owner),
    ...(body === undefined ? {} : { body }),
  });
}

function create(email: string, site = siteId): Promise<Answer> {
  const body = { first_name: 'Grace', last_name: 'Hopper', email };
  return ask('POST', `//v1.2/sites/${site}/users`, body);
}

async function invite(email: string, site = siteId): Promise<{ user: User; link: string }> {
  const answer = await create(email, site);
  expect([answer.status, answer.text]).toEqual([expect.toBeOneOf([200, 201]), expect.any(String)]);
  const link = linkIn(await nextMail(mailServer, { address: email }), 'invitation');
  return { user: answer.json as User, link };
}

async function userNow({ id }: User, site = siteId): Promise<User> {
  return (await ask('GET', `//v1.2/sites/${site}/users/${id}`)).json as User;
}

async function invitationOf({ user }: User): Promise<Readonly<Record<string, unknown>>> {
  const answer = await ask('GET', `//ext/v1/sites/${siteId}/invitations?$top=100`);
  expect(answer.status).toBe(200);
  const { items } = answer.json as { items: Readonly<Record<string, unknown>>[] };
  return items.find((item) => item['user_id'] === user.id) ?? {};
}

function acceptAsNew(link: string, password: string, browser = open()): Promise<Step> {
  return act(browser, link, { act: 'accept', first_name: 'Grace', last_name: 'Lee', password });
}

async function signIn(person: { email: string; password: string }): Promise<TestBrowser> {
  const browser = open();
  await act(browser, '/account/login', { email: person.email, password: person.password });
  return browser;
}

describe('an invitation', () => {
  it('shows site and inviter, and becomes an account with a password', async () => {
    const email = newAddress();
    const { user, link } = await invite(email);
    expect([user.user.has_profile, (await invitationOf(user))['state']]).toEqual([false, 'open']);
    const page = await open().get(link);
    expect(page.text).toContain('Ada Visser invites you to Harbour.');
    const password = newPassword();
    expect((await acceptAsNew(link, password)).status).toBe(200);
    expect(await userNow(user)).toMatchObject({
      id: user.id,
      user: { has_profile: true, id: user.user.id, email, first_name: 'Grace', last_name: 'Lee' },
    });
    const me = await server.ask('GET', `//v1.2/sites/${siteId}/me`, {
      token: await tokenOf({ email, password }),
    });
    expect([me.status, (me.json as User).id]).toEqual([200, user.id]);
    expect((await invitationOf(user))['state']).toBe('accepted');
    expect((await open().get(link)).status).toBe(410);
    const { rows } = await server.database.pool.query(
      'select email, first_name, last_name from users where id = $1',
      [user.user.id],
    );
    expect(rows).toEqual([{ email: null, first_name: '', last_name: '' }]);
  });

  it('is replaced by another one, and ends after seven days', async () => {
    const email = newAddress();
    const { user, link } = await invite(email);
    const again = await ask('PATCH', `//v1.2/sites/${siteId}/users/${user.id}/resend_invite`);
    expect(again.status).toBe(204);
    const mail = await nextMail(mailServer, { address: email, seen: 1 });
    const second = linkIn(mail, 'invitation');
    expect([(await open().get(link)).status, (await open().get(second)).status]).toEqual([
      410, 200,
    ]);
    clock.putForward(7 * dayMs);
    expect((await open().get(second)).status).toBe(410);
    expect((await invitationOf(user))['state']).toBe('expired');
  });

  it('is written in the language of the person, where somebody knows it', async () => {
    const email = newAddress();
    const { user } = await invite(email);
    await server.database.pool.query(`update users set language = 'de' where id = $1`, [
      user.user.id,
    ]);
    await ask('PATCH', `//v1.2/sites/${siteId}/users/${user.id}/resend_invite`);
    expect(await nextMail(mailServer, { address: email, seen: 1 })).toMatchObject({
      subject: 'Sie sind zu Harbour eingeladen',
      text: expect.stringMatching(/^Ada Visser lädt Sie zu Harbour ein/) as string,
      html: expect.stringContaining('<html lang="de">') as string,
    });
  });

  it('can be accepted with an account of another address, whose names count from then on', async () => {
    const guest = await addPerson(server, {
      siteId,
      role: null,
      tenant: await server.addTenant('Elsewhere'),
    });
    const { user, link } = await invite(newAddress());
    const browser = await signIn(guest);
    expect((await browser.get(link)).text).toContain(guest.email);
    expect((await act(browser, link, { act: 'accept' })).status).toBe(200);
    expect(await userNow(user)).toMatchObject({
      user: { has_profile: true, id: user.user.id, email: guest.email, first_name: 'Ada' },
    });
  });

  it('gives the place to the person that an account already is at the same operator', async () => {
    const otherSite = await addSite(server);
    const guest = await addPerson(server, { siteId: otherSite, role: 'site_user' });
    const { user, link } = await invite(newAddress());
    expect((await act(await signIn(guest), link, { act: 'accept' })).status).toBe(200);
    expect(await userNow(user)).toMatchObject({
      id: user.id,
      user: { has_profile: true, id: guest.userId, email: guest.email },
    });
  });

  it('is not accepted by somebody who is there already', async () => {
    const there = await addPerson(server, { siteId, role: 'site_user' });
    const { user, link } = await invite(newAddress());
    const page = await act(await signIn(there), link, { act: 'accept' });
    expect([page.status, page.text]).toEqual([400, expect.stringContaining('already')]);
    expect((await userNow(user)).user.has_profile).toBe(false);
  });

  it('that is declined removes nothing and is seen by the admins', async () => {
    const { user, link } = await invite(newAddress());
    expect((await act(open(), link, { act: 'decline' })).status).toBe(200);
    expect(await userNow(user)).toMatchObject({ id: user.id, user: { has_profile: false } });
    expect((await invitationOf(user))['state']).toBe('declined');
    expect((await open().get(link)).status).toBe(410);
    const again = await ask('PATCH', `//v1.2/sites/${siteId}/users/${user.id}/resend_invite`);
    expect(again.status).toBe(204);
  });

  it('can be the last of a site: further ones are refused', async () => {
    const email = newAddress();
    const { user, link } = await invite(email);
    await act(open(), link, { act: 'decline', block: 'yes' });
    const again = await ask('PATCH', `//v1.2/sites/${siteId}/users/${user.id}/resend_invite`);
    expect([again.status, again.json]).toEqual([
      400,
      expect.objectContaining({ ErrorCode: '4201' }),
    ]);
    const { rows } = await server.database.pool.query<{ text: string }>(
      'select row_to_json(b)::text as text from invitation_blocks b',
    );
    expect(rows.map(({ text }) => text).join()).not.toContain('grace');
  });

  it('dies with the person', async () => {
    const { user, link } = await invite(newAddress());
    const deleted = await ask('DELETE', `//v1.2/sites/${siteId}/users/${user.id}`);
    expect(deleted.status).toBe(202);
    expect((await open().get(link)).status).toBe(410);
    expect(await invitationOf(user)).toEqual({});
  });

  it('that the mail server refuses leaves nobody behind', async () => {
    const email = newAddress();
    mailServer.refuse(550);
    const refused = await create(email);
    mailServer.refuse(null);
    expect([refused.status, refused.json]).toEqual([
      400,
      expect.objectContaining({ ErrorCode: '4201' }),
    ]);
    const found = await ask(
      'GET',
      `//v1.2/sites/${siteId}/users/search?email=${encodeURIComponent(email)}`,
    );
    expect(JSON.stringify(found.json)).not.toContain(email);
    const { rows } = await server.database.pool.query(
      'select 1 from invitations where address = $1',
      [email],
    );
    expect(rows).toEqual([]);
  });

  it('is in the outbox of the site, without the link that the mailbox has', async () => {
    const email = newAddress();
    const { user, link } = await invite(email);
    const answer = await ask('GET', `//ext/v1/sites/${siteId}/outbox?$top=100`);
    const { items } = answer.json as { items: Readonly<Record<string, unknown>>[] };
    expect(items.filter((item) => item['user_id'] === user.user.id)).toEqual([
      expect.objectContaining({ word: 'invitation', channel: 'mail', state: 'delivered' }),
    ]);
    expect(answer.text).not.toContain(link);
  });
});

describe('without a mail server, and closed to others', () => {
  let quiet: TestServer;
  beforeAll(async () => {
    quiet = await startTestServer({ settings: { CARDEA_SIGN_UP: 'closed' } });
  });
  afterAll(() => quiet.stop());

  it('nobody makes an account without an invitation', async () => {
    const browser = openTestBrowser(quiet.url);
    const page = await browser.get('/account/register');
    expect([page.text.includes('by invitation'), page.text.includes('<form')]).toEqual([
      true,
      false,
    ]);
    // The form of another page proves itself as well as the one that is not there.
    const { text } = await browser.get('/account/forgot');
    const token = /name="form_token" value="([^"]*)"/.exec(text)?.[1] ?? '';
    const order = { form_token: token, first_name: 'Eve', last_name: 'Berg', email: newAddress() };
    const answer = await browser.post('/account/register', { ...order, password: newPassword() });
    expect(answer.text).toContain('by invitation');
    const { rows } = await quiet.database.pool.query('select 1 from sign_ups');
    expect(rows).toEqual([]);
  });

  it('the link of an invitation is read by the admins of the site alone', async () => {
    const site = await addSite(quiet);
    const admin = await addPerson(quiet, { siteId: site, role: 'site_admin' });
    const user = await addPerson(quiet, { siteId: site, role: 'site_super_user' });
    const made = await quiet.ask('POST', `//v1.2/sites/${site}/users`, {
      token: admin.token,
      body: { first_name: 'Grace', last_name: 'Hopper', email: newAddress() },
    });
    expect([made.status, made.text]).toEqual([expect.toBeOneOf([200, 201]), expect.any(String)]);
    const outbox = (token: string) => quiet.ask('GET', `//ext/v1/sites/${site}/outbox`, { token });
    expect((await outbox(user.token)).status).toBe(403);
    const { items } = (await outbox(admin.token)).json as { items: { text: string }[] };
    const link = linkIn({ text: items[0]?.text ?? '' }, 'invitation');
    const page = await act(openTestBrowser(quiet.url), link, {
      act: 'accept',
      first_name: 'Grace',
      last_name: 'Hopper',
      password: newPassword(),
    });
    expect(page.status).toBe(200);
    const after = (await outbox(admin.token)).json as { items: { text: string }[] };
    expect(after.items.map(({ text }) => text)).toEqual(['']);
  });
});
