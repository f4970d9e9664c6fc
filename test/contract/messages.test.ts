/** Messages made of stored events and handed to real receivers, with the time moved (behaviour.md 18). */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { IncidentCategory } from '#contract/events';
import type { LockId } from '#contract/ids';
import { claimMessages, eraseMessages } from '#server/store/messages';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { startMailServer, type ReceivedMail, type TestMailServer } from '#test/kit/mail-server';
import { startMessageProvider, type TestProvider } from '#test/kit/message-provider';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { insertLock } from '#test/kit/rows';
import {
  addEventPlace,
  storeEntries,
  storeIncident,
  type EventPlace,
  type StoredEntry,
} from '#test/kit/stored-events';
import { until } from '#test/kit/wait';

type Json = Readonly<Record<string, unknown>>;

/** Shortly after the events that the kit stores; 09:16 in the zone of the IQ. */
const begin = new Date('2026-11-22T08:16:00Z');
const minuteMs = 60_000;

let mail: TestMailServer;
let provider: TestProvider;
let server: TestServer;
beforeAll(async () => {
  [mail, provider] = await Promise.all([startMailServer(), startMessageProvider()]);
  server = await startTestServer({
    clock: begin,
    settings: {
      CARDEA_SMTP_URL: mail.url,
      CARDEA_MAIL_FROM: 'Cardea <doors@harbour.example>',
      CARDEA_SMS_URL: provider.url,
      CARDEA_SMS_TOKEN: 'sms-token',
      CARDEA_PUSH_URL: provider.url,
    },
  });
});
afterAll(async () => {
  await server.stop();
  await Promise.all([mail.stop(), provider.stop()]);
});

let siteId: string;
let place: EventPlace;
let lockId: LockId;
let owner: TestPerson;
beforeEach(async () => {
  mail.refuse(null);
  provider.answer(202);
  siteId = await addSite(server);
  owner = await addPerson(server, { siteId, role: 'owner' });
  place = await addEventPlace(server.database, { tenantId: server.tenant.tenantId, siteId });
  lockId = await insertLock(server, { collection_id: siteId, iq_id: place.iqId });
  await server.database.pool.query(
    `update locks set customer_reference = 'Front door' where id = $1`,
    [lockId],
  );
});

async function ask(method: string, path: string, body?: unknown): Promise<Json> {
  const answer = await server.ask(method, `/${path.replace('$site', siteId)}`, {
    token: owner.token,
    ...(body === undefined ? {} : { body }),
  });
  expect([answer.status < 300, answer.text]).toEqual([true, expect.any(String)]);
  return (answer.json ?? {}) as Json;
}

async function addRule(body: Json = {}): Promise<string> {
  const sent = { customer_reference: 'Refusals', type: 'rejected', mail: true, ...body };
  const { id } = await ask('POST', '/v1.1/sites/$site/entry_message_rule', sent);
  return String(id);
}

async function outbox(filter = ''): Promise<readonly Json[]> {
  const query = filter === '' ? '' : `&$filter=${filter}`;
  return (await ask('GET', `/ext/v1/sites/$site/outbox?$top=100${query}`))['items'] as Json[];
}

/** The server's time moves on, and what it does every now and then begins. */
function pass(ms = 2_000): void {
  server.clock?.advance(ms);
}

async function refuse(count = 1, of: Partial<StoredEntry> = {}): Promise<void> {
  const entry = { ...place, lockId, category: 'lock_rejected', ...of } as const;
  await storeEntries(server.database, [entry, ...Array.from({ length: count - 1 }, () => entry)]);
  await untilLookedAt();
}

async function report(category: IncidentCategory): Promise<void> {
  await storeIncident(server.database, { ...place, category });
  await untilLookedAt();
}

/** Waits until every event was turned into the messages that it makes, which may be none. */
async function untilLookedAt(): Promise<void> {
  pass();
  await until(
    async () => {
      const { rows } = await server.database.pool.query<{ done: boolean }>(
        `select c.entry_number >= coalesce((select max(number) from entries e where e.tenant_id = c.tenant_id), 0)
           and c.incident_number >= coalesce((select max(number) from incidents i where i.tenant_id = c.tenant_id), 0) as done
         from message_cursors c where c.tenant_id = $1`,
        [server.tenant.tenantId],
      );
      return rows[0]?.done;
    },
    { what: 'the events are looked at', timeoutMs: 60_000 },
  );
}

function mailsTo({ email }: TestPerson): ReceivedMail[] {
  return mail.mails.filter(({ envelopeTo }) => envelopeTo.includes(email));
}

function untilMailed(person: TestPerson, count: number): Promise<unknown> {
  return until(() => mailsTo(person).length >= count, {
    what: `${count} mails have arrived`,
    timeoutMs: 60_000,
  });
}

function untilOutbox(filter: string, count = 1): Promise<unknown> {
  return until(async () => (await outbox(filter)).length >= count, {
    what: `the outbox has ${count} with ${filter}`,
    timeoutMs: 60_000,
  });
}

/** Waits until so many messages were refused by their provider in this way. */
function untilFault(fault: string, count = 1): Promise<unknown> {
  return until(
    async () => (await outbox()).filter(({ last_error: error }) => error === fault).length >= count,
    { what: `${count} were refused with ${fault}`, timeoutMs: 60_000 },
  );
}

it('a refusal is mailed to the owner, readable as text and as a page', async () => {
  await addRule();
  await refuse(1, { accessorId: owner.accessorId });
  await untilMailed(owner, 1);
  const [message] = mailsTo(owner);
  expect(message?.from).toEqual({ name: 'Cardea', address: 'doors@harbour.example' });
  expect(message?.subject).toBe('Front door: refused');
  expect(message?.text).toContain('Front door refused Ada Visser with a tag: ');
  expect(message?.text).toContain('When: 22 Nov 2026, 09:15:30 (local time)');
  expect(message?.html).toContain('<html lang="en">');
  expect(message?.html).toContain('<h1 style="font-size: 20px;">Front door: refused</h1>');
  await untilOutbox(`state eq 'delivered'`);
  const [record] = await outbox();
  expect(record).toMatchObject({
    kind: 'entry',
    word: 'rejected',
    user_id: owner.userId,
    channel: 'mail',
    state: 'delivered',
    attempts: 1,
    next_attempt_at: null,
    last_error: null,
  });
  expect(message?.messageId).toBe(`<${String(record?.['id'])}@harbour.example>`);
});

it('each is written to in their own language, and in English where nobody knows it', async () => {
  const rule = await addRule();
  const [german, english, french] = await Promise.all(
    ['de-AT', 'en', 'fr'].map((language) =>
      addPerson(server, { siteId, role: 'site_admin', language }),
    ),
  );
  if (!german || !english || !french) throw new Error('three people were made');
  await ask('PATCH', `/ext/v1/sites/$site/entry_message_rule/${rule}/recipients`, {
    add_ids: [german, english, french].map(({ userId }) => userId),
  });
  await server.database.pool.query(
    `update locks set customer_reference = 'Tür <b>Süd</b>' where id = $1`,
    [lockId],
  );
  await refuse(1, { accessorId: owner.accessorId });
  await Promise.all([german, english, french, owner].map((person) => untilMailed(person, 1)));
  const [mailed] = mailsTo(german);
  expect(mailed?.subject).toBe('Tür <b>Süd</b>: abgewiesen');
  expect(mailed?.text).toContain('hat Ada Visser mit einem Transponder abgewiesen: ');
  expect(mailed?.text).toContain('Wann: 22.11.2026, 09:15:30 (Ortszeit)');
  expect(mailed?.html).toContain('<html lang="de">');
  expect(mailed?.html).toContain('Tür &lt;b&gt;Süd&lt;/b&gt; hat Ada Visser');
  expect(mailed?.html).not.toContain('<b>');
  for (const person of [english, french, owner]) {
    expect(mailsTo(person)[0]?.subject).toBe('Tür <b>Süd</b>: refused');
    expect(mailsTo(person)[0]?.html).toContain('<html lang="en">');
  }
});

it('an incident is mailed from the start on, without any rule being made', async () => {
  await report('iq_connection_lost');
  await untilMailed(owner, 1);
  expect(mailsTo(owner)[0]?.subject).toBe('IQ ground floor: hub offline');
  await report('lock_time_set');
  expect(await outbox()).toHaveLength(1);
});

it('of one rule, lock and word one message goes out in 60 seconds, and the next one counts the rest', async () => {
  await addRule();
  await refuse();
  await untilMailed(owner, 1);
  await refuse(3);
  pass(50_000);
  await refuse();
  expect(await outbox()).toHaveLength(1);
  const other = await insertLock(server, { collection_id: siteId, iq_id: place.iqId });
  await refuse(1, { lockId: other });
  expect(await outbox()).toHaveLength(2);
  pass(10_000);
  await refuse();
  await untilMailed(owner, 3);
  expect(mailsTo(owner).filter(({ text }) => text?.includes('4 more times'))).toHaveLength(1);
});

it('whoever is named is told too, of what they may see', async () => {
  const rule = await addRule();
  const admin = await addPerson(server, { siteId, role: 'site_admin' });
  const user = await addPerson(server, { siteId, role: 'site_user' });
  await ask('PATCH', `/ext/v1/sites/$site/entry_message_rule/${rule}/recipients`, {
    add_ids: [admin.userId, user.userId, owner.userId],
  });
  await refuse(1, { accessorId: admin.accessorId });
  expect((await outbox()).map(({ user_id: id }) => String(id)).sort()).toEqual(
    [admin.userId, owner.userId].sort(),
  );
  pass(minuteMs);
  await refuse(1, { accessorId: user.accessorId });
  await untilMailed(user, 1);
  expect(await outbox()).toHaveLength(5);
});

it('a rule is about its users, and silent once none of them is left', async () => {
  const rule = await addRule();
  const user = await addPerson(server, { siteId, role: 'site_user' });
  await ask('PATCH', `/v1.1/sites/$site/entry_message_rule/${rule}/users`, {
    add_ids: [user.userId],
  });
  await refuse(1, { accessorId: owner.accessorId });
  expect(await outbox()).toEqual([]);
  await refuse(1, { accessorId: user.accessorId });
  expect(await outbox()).toHaveLength(1);
  await server.database.pool.query('delete from message_rule_users where rule_id = $1', [rule]);
  pass(minuteMs);
  await refuse(1, { accessorId: owner.accessorId });
  expect(await outbox()).toHaveLength(1);
});

it('a rule tells within its schedules, by the wall clock at the door', async () => {
  const rule = await addRule();
  const schedules = `/v1.1/sites/$site/entry_message_rule/${rule}/time_schedules`;
  await ask('POST', schedules, { start_time: '09:16', end_time: '23:59', sunday: true });
  await refuse();
  expect(await outbox()).toEqual([]);
  await ask('POST', schedules, { start_time: '09:00', end_time: '09:15', sunday: true });
  await refuse();
  expect(await outbox()).toHaveLength(1);
});

it('quiet hours hold a message until they end', async () => {
  await addRule();
  const quiet = `/ext/v1/sites/$site/message_recipients/${owner.userId}`;
  const now = server.clock?.now() ?? begin;
  // The zone of the IQ is an hour ahead of UTC.
  const wall = (aheadMs: number) =>
    new Date(now.getTime() + 60 * minuteMs + aheadMs).toISOString().slice(11, 19);
  await ask('PUT', quiet, { quiet_from: wall(-minuteMs), quiet_until: wall(10 * minuteMs) });
  await refuse();
  const [waiting] = await outbox();
  const end = new Date(Math.floor(now.getTime() / 1000) * 1000 + 10 * minuteMs + 1000);
  expect(waiting).toMatchObject({
    state: 'waiting',
    attempts: 0,
    next_attempt_at: `${end.toISOString().slice(0, 19)}Z`,
  });
  pass(10 * minuteMs);
  await untilMailed(owner, 1);
});

it('a message that is not taken is tried again until it is, and then no more', async () => {
  await addRule();
  mail.refuse(451);
  await refuse();
  await untilFault('smtp 451');
  mail.refuse(null);
  pass(minuteMs);
  await untilMailed(owner, 1);
  await untilOutbox(`state eq 'delivered'`);
  expect(await outbox()).toMatchObject([{ attempts: 2, last_error: null }]);
});

it('after 24 hours a message is given up', async () => {
  await addRule();
  mail.refuse(550);
  await refuse();
  await untilFault('smtp 550');
  // As if it had been made 23 hours earlier.
  await server.database.pool.query(
    `update messages set give_up_at = give_up_at - interval '23 hours' where collection_id = $1`,
    [siteId],
  );
  for (const minutes of [1, 5, 15, 30, 9]) {
    const [before] = await outbox();
    pass(minutes * minuteMs);
    await until(
      async () => (await outbox())[0]?.['next_attempt_at'] !== before?.['next_attempt_at'],
      { what: `the attempt after ${minutes} minutes is over`, timeoutMs: 60_000 },
    );
  }
  await untilOutbox(`state eq 'failed'`);
  expect(await outbox()).toMatchObject([
    { attempts: 6, next_attempt_at: null, last_error: 'smtp 550' },
  ]);
  expect(mailsTo(owner)).toEqual([]);
});

it('a message whose sender was killed is sent by whoever comes next', async () => {
  await addRule();
  mail.refuse(451);
  await refuse();
  await untilFault('smtp 451');
  mail.refuse(null);
  const now = new Date((server.clock?.now() ?? begin).getTime() + minuteMs);
  const endsAt = new Date(now.getTime() + 3 * minuteMs);
  await until(
    async () =>
      (await claimMessages(server.database, { now, until: endsAt, limit: 10 })).length > 0,
    { what: 'another process has taken the message, and dies', timeoutMs: 60_000 },
  );
  pass(3 * minuteMs);
  await untilLookedAt();
  expect(mailsTo(owner)).toEqual([]);
  pass(2 * minuteMs);
  await untilMailed(owner, 1);
});

it('the right to know is asked again when a message is sent', async () => {
  const rule = await addRule();
  const admin = await addPerson(server, { siteId, role: 'site_admin' });
  await ask('PATCH', `/ext/v1/sites/$site/entry_message_rule/${rule}/recipients`, {
    add_ids: [admin.userId],
  });
  mail.refuse(451);
  await refuse();
  await untilFault('smtp 451', 2);
  await server.database.pool.query('update accessors set collection_id = null where id = $1', [
    admin.accessorId,
  ]);
  mail.refuse(null);
  pass(2 * minuteMs);
  await untilMailed(owner, 1);
  await untilOutbox(`state eq 'withheld'`);
  expect(await outbox(`state eq 'withheld'`)).toMatchObject([
    { user_id: admin.userId, last_error: 'may_not_know' },
  ]);
  expect(mailsTo(admin)).toEqual([]);
});

it('SMS and push messages are posted to the services of the operator, in the language of the person', async () => {
  await server.database.pool.query(`update logins set language = 'de' where id = $1`, [
    owner.loginId,
  ]);
  await ask('PUT', `/ext/v1/sites/$site/message_recipients/${owner.userId}`, {
    phone: '+31201234567',
  });
  await addRule({ mail: false, sms: true, push: true });
  await refuse();
  await untilOutbox(`state eq 'delivered'`, 2);
  const records = await outbox();
  const postedFor = (channel: string) => {
    const id = records.find((record) => record['channel'] === channel)?.['id'];
    return provider.messages.find(({ body }) => body['id'] === id);
  };
  const sms = postedFor('sms');
  expect(sms?.body).toMatchObject({
    to: '+31201234567',
    text: expect.stringMatching(/^Front door hat .* abgewiesen: /) as string,
  });
  expect(sms?.headers).toMatchObject({
    authorization: 'Bearer sms-token',
    'idempotency-key': sms?.body['id'],
  });
  const push = postedFor('push');
  expect(push?.body).toMatchObject({ user_id: owner.userId, title: 'Front door: abgewiesen' });
  expect(push?.headers.authorization).toBeUndefined();
});

it('what the provider does not take is tried again', async () => {
  await addRule({ mail: false, push: true });
  provider.answer(302);
  await refuse();
  await untilFault('http 302');
  provider.answer(200);
  pass(minuteMs);
  await untilOutbox(`state eq 'delivered'`);
});

it('messages go with the events of their site', async () => {
  await addRule();
  await refuse();
  await untilOutbox(`state eq 'delivered'`);
  await server.database.pool.query(
    'update collections set store_events_ttl_seconds = 86400 * 2 where id = $1',
    [siteId],
  );
  const now = (server.clock?.now() ?? begin).getTime();
  const erase = (days: number) =>
    eraseMessages(server.database, { now: new Date(now + days * 86_400_000), limit: 1000 });
  await erase(1.9);
  expect(await outbox()).toHaveLength(1);
  await erase(2.1);
  expect(await outbox()).toEqual([]);
});

it('what happened more than a day ago is no news', async () => {
  await addRule();
  await storeEntries(server.database, [{ ...place, lockId, category: 'lock_rejected' }]);
  const { rowCount } = await server.database.pool.query(
    `update entries set utc_date_time = utc_date_time - interval '24 hours' where collection_id = $1`,
    [siteId],
  );
  expect(rowCount).toBe(1);
  await untilLookedAt();
  expect(await outbox()).toEqual([]);
});
