import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOtp } from '#server/domain/otp';
import type { SimulatedBuilding } from '#simulator/building';
import { connectBuilding, partOf, readBuilding, untilCalledHome } from '#test/kit/building';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { mailSettings, startMailServer, type TestMailServer } from '#test/kit/mail-server';
import { startMessageProvider, type TestProvider } from '#test/kit/message-provider';
import { otpPhone, type OtpPhone } from '#test/kit/otp-phone';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { appToken } from '#test/kit/phone-app';
import { until } from '#test/kit/wait';

/** One's own codes at an IQ: secret, PIN by SMS or mail, activation, reset (connect-api.md 3.5, 4.6, 8). */
let cardea: TestServer;
let house: SimulatedBuilding;
let mail: TestMailServer;
let sms: TestProvider;
let siteId: string;
let owner: TestPerson;
let user: TestPerson;
let iq: string;

beforeAll(async () => {
  mail = await startMailServer();
  sms = await startMessageProvider();
  const { smtpUrl, mailFrom } = mailSettings(mail.url);
  cardea = await startTestServer({
    settings: {
      CARDEA_SMTP_URL: smtpUrl,
      CARDEA_MAIL_FROM: mailFrom,
      CARDEA_SMS_URL: sms.url,
    },
  });
  siteId = await addSite(cardea);
  owner = await addPerson(cardea, { siteId, role: 'owner' });
  user = await addPerson(cardea, { siteId, role: 'site_user' });
  const building = partOf(await readBuilding('harbour'), { hubs: ['Ground floor hub'] });
  house = await connectBuilding(cardea, { building });
  const code = house.hub('Ground floor hub').code;
  await untilCalledHome(cardea, code);
  const made = await cardea.ask('POST', `//v1.2/sites/${siteId}/iqs`, {
    token: owner.token,
    body: { customer_reference: 'Hub', time_zone: 'Europe/Amsterdam', activation_code: code },
  });
  iq = (made.json as { id: string }).id;
  await untilOnline(true);
}, 120_000);
afterAll(async () => {
  await house.stop();
  await cardea.stop();
  await sms.stop();
  await mail.stop();
});

const untilOnline = (online: boolean) =>
  until(
    async () => {
      const { json } = await ask('GET', '', owner);
      return (json as { online: boolean }).online === online;
    },
    { what: `the hub is ${online ? 'online' : 'offline'}`, timeoutMs: 60_000 },
  );

function ask(method: string, path: string, by: TestPerson, body?: object): Promise<Answer> {
  return cardea.ask(method, `//v1.2/sites/${siteId}/iqs/${iq}${path}`, {
    token: by.token,
    ...(body === undefined ? {} : { body }),
  });
}

async function secretOf(by: TestPerson): Promise<string> {
  return ((await ask('GET', '/secret', by)).json as { secret: string }).secret;
}

const pinIn = (text: string) => /\b\d{4}\b/.exec(text)?.[0] ?? '';

async function mailedPhone(by: TestPerson): Promise<OtpPhone> {
  const before = mail.mails.length;
  const secret = await secretOf(by);
  expect((await ask('GET', '/pin?send_email=true', by)).status).toBe(204);
  // The news of an act before may come in between.
  const sent = mail.mails.slice(before).find(({ text = '' }) => text.startsWith('Your PIN'));
  expect(sent?.envelopeTo).toEqual([by.email]);
  return otpPhone(secret, pinIn(sent?.text ?? ''));
}

async function activated(by: TestPerson): Promise<OtpPhone> {
  const phone = await mailedPhone(by);
  const put = await ask('PUT', '/pin', by, { otp: phone.code(), delta: '0000' });
  expect([put.status, put.text]).toEqual([204, '']);
  return phone;
}

/** A code of the former PIN, and of the changed one in none of its seconds: one of some thousand is both. */
function codeOfFormer(former: OtpPhone, changed: OtpPhone): Promise<string> {
  const isOfChanged = (code: string) =>
    isOtp(code, changed, { now: new Date(), futureSeconds: 3_600 });
  return until(
    () => {
      const code = former.code();
      return !isOfChanged(code) && code;
    },
    { what: 'a code is of the former PIN alone' },
  );
}

/** Somebody who has activated, for one test. */
async function somebody(role: 'site_user' | 'site_admin' = 'site_user') {
  const person = await addPerson(cardea, { siteId, role });
  return { person, phone: await activated(person) };
}

describe('the way to one-time codes', () => {
  it('begins with the secret, the same until the activation, and then only for a code', async () => {
    const first = await secretOf(user);
    expect(first).toMatch(/^[A-Za-z0-9]{16}$/);
    expect(await secretOf(user)).toBe(first);
    const early = await ask('GET', `/secret?otp=abcde`, user);
    expect([refusal(early), early.text]).toEqual([
      '400 3102',
      expect.stringContaining('pin_not_changed') as string,
    ]);
    const phone = await activated(user);
    const again = await ask('GET', '/secret', user);
    expect([refusal(again), again.text]).toEqual([
      '403 2203',
      expect.stringContaining('already activated') as string,
    ]);
    expect((await ask('GET', `/secret?otp=${phone.code().toUpperCase()}`, user)).json).toEqual({
      secret: first,
    });
    expect(refusal(await ask('GET', '/secret?otp=-----', user))).toBe('400 3102');
  });

  it('gives the PIN by mail or SMS only, never in an answer, and no more after the activation', async () => {
    const person = await addPerson(cardea, { siteId, role: 'site_user', language: 'de' });
    expect(refusal(await ask('GET', '/pin', person))).toBe('400 4101');
    await cardea.database.pool.query('update logins set phone = $2 where id = $1', [
      person.loginId,
      '+31612345678',
    ]);
    const sent = await ask('GET', '/pin', person);
    expect([sent.status, sent.text]).toEqual([204, '']);
    expect(sms.messages.at(-1)?.body).toMatchObject({
      to: '+31612345678',
      text: expect.stringMatching(/^Ihre PIN für Hub ist \d{4}\./) as string,
    });
    const phone = otpPhone(await secretOf(person), pinIn(sms.messages.at(-1)?.body['text'] ?? ''));
    const put = await ask('PUT', '/pin', person, { otp: phone.code(), delta: '0000' });
    expect(put.status).toBe(204);
    const later = await ask('GET', '/pin', person);
    expect([refusal(later), later.text]).toEqual([
      '403 3102',
      expect.stringContaining('command_forbidden') as string,
    ]);
  });

  it('tells when nobody takes the PIN, and keeps no sent one for others to read', async () => {
    const person = await addPerson(cardea, { siteId, role: 'site_user' });
    mail.refuse(550);
    expect(refusal(await ask('GET', '/pin?send_email=true', person))).toBe('400 4101');
    mail.refuse(null);
    const { pin } = await mailedPhone(person);
    const outbox = await cardea.ask('GET', `//ext/v1/sites/${siteId}/outbox`, {
      token: owner.token,
    });
    const { items } = outbox.json as { items: Record<'word' | 'user_id' | 'text', string>[] };
    const kept = items.filter((item) => item.word === 'otp_pin' && item.user_id === person.userId);
    expect(kept.length).toBeGreaterThan(0);
    // Of the words alone: the digits of an id may be any.
    for (const { text } of kept) expect(text).not.toContain(pin);
  });

  it('changes the PIN digit by digit, by a code of the former one', async () => {
    const { person, phone } = await somebody();
    const delta = '1234';
    const next = Array.from(phone.pin, (digit, at) =>
      String((Number(digit) - Number(delta[at]) + 10) % 10),
    ).join('');
    expect((await ask('PUT', '/pin', person, { otp: phone.code(), delta })).status).toBe(204);
    const changed = otpPhone(phone.secret, next);
    expect((await ask('GET', `/secret?otp=${changed.code()}`, person)).status).toBe(200);
    expect(
      refusal(await ask('GET', `/secret?otp=${await codeOfFormer(phone, changed)}`, person)),
    ).toBe('400 3102');
  });

  it.each([
    [{ delta: '0000' }, '400 1100'],
    [{ otp: 'abcde' }, '400 1100'],
    [{ otp: 'abcde', delta: '12345' }, '400 1101'],
    [{ otp: 'abcde', delta: '12a4' }, '400 1101'],
    [{ otp: 'zzzzz', delta: '0000' }, '400 3102'],
  ])('is refused a change by %j', async (body, expected) => {
    const person = await addPerson(cardea, { siteId, role: 'site_user' });
    await secretOf(person);
    expect(refusal(await ask('PUT', '/pin', person, body))).toBe(expected);
  });

  it('is closed to whoever is suspended', async () => {
    const person = await addPerson(cardea, { siteId, role: 'site_user' });
    const phone = await mailedPhone(person);
    await cardea.ask('POST', `/accessors/${person.accessorId}/collection_settings`, {
      body: { collection_id: siteId, suspended: true, use_pin: false },
    });
    const put = await ask('PUT', '/pin', person, { otp: phone.code(), delta: '0000' });
    expect(refusal(put)).toBe('400 2208');
  });

  it('is blocked by five wrong codes, right ones included', async () => {
    const { person, phone } = await somebody();
    for (let tries = 0; tries < 5; tries += 1)
      expect((await ask('GET', '/secret?otp=-----', person)).text).toContain('otp_invalid');
    const blocked = await ask('GET', `/secret?otp=${phone.code()}`, person);
    expect([refusal(blocked), blocked.text]).toEqual([
      '403 3102',
      expect.stringContaining('otp_blocked') as string,
    ]);
  });
});

describe('a reset', () => {
  const reset = (by: TestPerson, of: string, otp?: string) =>
    ask('DELETE', `/pin/${of}${otp === undefined ? '' : `?otp=${otp}`}`, by);

  it.each(['userId', 'accessorId'] as const)(
    'ends an activation by the %s, after which all begins again',
    async (which) => {
      const { person, phone } = await somebody();
      const admin = await somebody('site_admin');
      const id = person[which] ?? '';
      expect((await reset(admin.person, id)).json).toEqual({
        ErrorCode: '1100',
        Message: expect.stringContaining('The otp field is required.') as string,
      });
      const done = await reset(admin.person, id, admin.phone.code());
      expect([done.status, done.text]).toEqual([204, '']);
      expect((await ask('GET', `/secret?otp=${phone.code()}`, person)).text).toContain(
        'pin_not_changed',
      );
      const again = await activated(person);
      expect(again.secret).not.toBe(phone.secret);
    },
  );

  it('is for oneself, or for owners and admins', async () => {
    const { person, phone } = await somebody();
    const other = await somebody();
    const refused = await reset(person, other.person.userId, phone.code());
    expect([refused.status, refused.text]).toEqual([403, '']);
    expect((await reset(person, person.userId, phone.code())).status).toBe(204);
  });

  it('finds nobody where there is no such user or no activation', async () => {
    const { person, phone } = await somebody('site_admin');
    const nobody = await reset(person, randomUUID(), phone.code());
    expect(nobody.json).toEqual({ ErrorCode: '2202', Message: 'User not found' });
    const fresh = await addPerson(cardea, { siteId, role: 'site_user' });
    expect(refusal(await reset(person, fresh.userId, phone.code()))).toBe('404 2202');
    // A secret that was read is no activation, and neither is one that was reset.
    expect((await ask('GET', '/secret', fresh)).status).toBe(200);
    expect(refusal(await reset(person, fresh.userId, phone.code()))).toBe('404 2202');
    const other = await somebody();
    expect((await reset(person, other.person.userId, phone.code())).status).toBe(204);
    expect(refusal(await reset(person, other.person.userId, phone.code()))).toBe('404 2202');
    expect(refusal(await reset(person, person.userId, '-----'))).toBe('400 3102');
  });

  it('of a lost PIN takes a second factor of the last five minutes, and no code', async () => {
    const { person, phone } = await somebody('site_admin');
    const own = async (amr: readonly string[], by = person) => {
      const token = await appToken(cardea, { loginId: by.loginId, amr });
      return cardea.ask('DELETE', `//ext/v1/sites/${siteId}/iqs/${iq}/pin`, { token });
    };
    const weak = await own(['password']);
    expect([weak.status, weak.text]).toEqual([403, '']);
    expect((await ask('GET', `/secret?otp=${phone.code()}`, person)).status).toBe(200);
    expect((await own(['password', 'mfa'])).status).toBe(204);
    expect((await ask('GET', `/secret?otp=${phone.code()}`, person)).text).toContain(
      'pin_not_changed',
    );
    const again = await activated(person);
    expect(again.secret).not.toBe(phone.secret);
    expect((await own(['passkey'])).status).toBe(204);
    const fresh = await addPerson(cardea, { siteId, role: 'site_admin' });
    expect(refusal(await own(['passkey'], fresh))).toBe('404 2202');
  });
});

it('a hub that is away takes neither a change nor a reset', async () => {
  const { person, phone } = await somebody();
  house.hub('Ground floor hub').setLink('cut');
  await untilOnline(false);
  const put = await ask('PUT', '/pin', person, { otp: phone.code(), delta: '0000' });
  expect(refusal(put)).toBe('400 3105');
  const reset = await ask('DELETE', `/pin/${person.userId}?otp=${phone.code()}`, person);
  expect(refusal(reset)).toBe('400 3105');
});
