import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { startMailServer, type TestMailServer } from '#test/kit/mail-server';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { insertIq, insertLock } from '#test/kit/rows';

const now = new Date('2026-11-22T12:00:00Z');
let server: TestServer;
let mail: TestMailServer;
let siteId: string;
let iqId: string;
let inId: string;
let outId: string;
let owner: TestPerson;
let ada: TestPerson;

beforeAll(async () => {
  mail = await startMailServer();
  server = await startTestServer({
    clock: now,
    settings: { CARDEA_SMTP_URL: mail.url, CARDEA_MAIL_FROM: 'Cardea <doors@harbour.example>' },
  });
  siteId = await addSite(server);
  iqId = await insertIq(server, { collection_id: siteId });
  inId = await insertLock(server, { collection_id: siteId });
  outId = await insertLock(server, { collection_id: siteId });
  owner = await addPerson(server, { siteId, role: 'owner' });
  ada = await addPerson(server, { siteId, role: 'site_user' });
});
afterAll(async () => {
  await server.stop();
  await mail.stop();
});

/** A use of a door at a local time of the IQ's zone, an hour ahead of UTC. */
async function use(
  utc: string,
  lockId: string,
  {
    accessorId = ada.accessorId,
    category = 'lock_opened',
    site = siteId,
  }: {
    readonly accessorId?: string | null;
    readonly category?: string;
    readonly site?: string;
  } = {},
): Promise<void> {
  await server.database.pool.query(
    `insert into entries (tenant_id, id, number, iq_id, boot, sequence, collection_id, event_category, utc_date_time,
       local_date_time, lock_id, accessor_id, exit_requested, access_by, access_detail, stored_at)
     values ($1, gen_random_uuid(), nextval('event_numbers'), $2, 1, nextval('event_numbers'), $3, $4, $5::timestamptz,
       $5::timestamptz at time zone 'Europe/Amsterdam', $6, $7, false, 'tag', '00000042', now())`,
    [server.tenant.tenantId, iqId, site, category, utc, lockId, accessorId],
  );
}

const body = (more: object = {}) => ({
  from_date: '2026-11-01',
  to_date: '2026-11-22T12:00:00Z',
  lock_in_id: inId,
  lock_out_id: outId,
  ...more,
});

const ask = (
  sent: object,
  { token = owner.token, version = 'v1.1' }: { readonly token?: string; version?: string } = {},
): Promise<Answer> =>
  server.ask('POST', `//${version}/sites/${siteId}/reports/timeattendance`, { token, body: sent });

const reports = () => mail.mails.filter(({ attachments }) => attachments.length > 0);

/** The file of the newest report. */
function attached(): { readonly name: string | null; readonly lines: readonly string[] } {
  const file = reports().at(-1)?.attachments[0];
  const text = new TextDecoder().decode(file?.content as ArrayBuffer);
  return { name: file?.filename ?? null, lines: text.split('\r\n') };
}

describe('the report (connect-api.md 4.11)', () => {
  it.each(['v1.1', 'v1.2'])('is mailed to whoever asks under %s', async (version) => {
    const before = reports().length;
    const answer = await ask(body(), { version });
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(reports()).toHaveLength(before + 1);
    expect(reports().at(-1)?.envelopeTo).toEqual([owner.email]);
    expect(attached()).toEqual({
      name: 'time-attendance.csv',
      lines: ['User First Name;User Last Name;User Alias;Date;Check In;Check Out;Duration', ''],
    });
  });

  it('comes with a mail in the language of whoever asks', async () => {
    const german = await addPerson(server, { siteId, role: 'site_admin', language: 'de' });
    await ask(body());
    expect(reports().at(-1)).toMatchObject({
      subject: 'Time and attendance',
      text: expect.stringMatching(
        /^The report of 1 Nov 2026 to 22 Nov 2026 is attached\.\s*$/,
      ) as string,
    });
    await ask(body(), { token: german.token });
    expect(reports().at(-1)).toMatchObject({
      subject: 'Anwesenheitsbericht',
      text: expect.stringMatching(
        /^Der Bericht vom 01\.11\.2026 bis zum 22\.11\.2026 ist an/,
      ) as string,
      html: expect.stringContaining('<html lang="de">') as string,
    });
  });

  it('has a row for each visit: the first way in of a day, then the next way out', async () => {
    await server.database.pool.query('update accessors set alias = $2 where id = $1', [
      ada.accessorId,
      '+Night',
    ]);
    await use('2026-11-02T07:00:00Z', inId);
    await use('2026-11-02T07:30:00Z', inId);
    await use('2026-11-02T11:15:30Z', outId);
    await use('2026-11-02T12:00:00Z', inId, { category: 'office_mode' });
    await use('2026-11-02T16:00:00Z', outId);
    await use('2026-11-03T08:00:00Z', inId);
    await use('2026-11-03T09:00:00Z', inId, { category: 'lock_rejected' });
    await use('2026-11-03T09:00:00Z', outId, { category: 'lock_rejected' });
    await use('2026-11-03T10:00:00Z', outId, { accessorId: null });
    await use('2026-11-03T10:00:00Z', outId, { site: await addSite(server) });
    // Past midnight at the door, still the third in UTC.
    await use('2026-11-03T23:30:00Z', outId);
    await use('2026-10-31T08:00:00Z', inId);
    expect((await ask(body())).status).toBe(204);
    expect(attached().lines.slice(1, -1)).toEqual([
      `Ada;Visser;'+Night;11/02/2026;08:00:00;12:15:30;04:15:30`,
      `Ada;Visser;'+Night;11/02/2026;13:00:00;17:00:00;04:00:00`,
      `Ada;Visser;'+Night;11/03/2026;09:00:00;;`,
    ]);
  });

  it('leaves a delivery record without the file, and a line in the audit log', async () => {
    await ask(body());
    const { rows } = await server.database.pool.query(
      `select state, body, user_id from messages where word = 'report' order by created_at desc limit 1`,
    );
    expect(rows).toEqual([{ state: 'delivered', body: '', user_id: owner.userId }]);
    const { rows: audited } = await server.database.pool.query(
      `select user_id from audit_log where action = 'attendance_report.send'`,
    );
    expect(audited[0]).toEqual({ user_id: owner.userId });
  });
});

describe('is refused', () => {
  it.each<[string, () => object, string]>([
    ['without a date', () => body({ from_date: null }), '400 1100'],
    ['with a lock that is no UUID', () => body({ lock_in_id: 'x' }), '400 1100'],
    ['with a date that is none', () => body({ to_date: 'tomorrow' }), '400 1101'],
    ['when it ends before it begins', () => body({ from_date: '2026-11-23' }), '400 1101'],
    ['when it ends where it begins', () => body({ from_date: '2026-11-22T12:00:00Z' }), '400 1101'],
    [
      'when it is longer than 366 days',
      () => body({ from_date: '2025-11-21T11:59:59Z' }),
      '400 1101',
    ],
    ['with an unknown way in', () => body({ lock_in_id: randomUUID() }), '404 2202'],
    ['with an unknown way out', () => body({ lock_out_id: randomUUID() }), '404 2202'],
  ])('%s', async (_what, sent, expected) => {
    expect(refusal(await ask(sent()))).toBe(expected);
  });

  it('is not refused for 366 days', async () => {
    expect((await ask(body({ from_date: '2025-11-21T12:00:00Z' }))).status).toBe(204);
  });

  it('with a lock of another site', async () => {
    const foreign = await insertLock(server, { collection_id: await addSite(server) });
    const answer = await ask(body({ lock_out_id: foreign }));
    expect(answer.json).toEqual({ ErrorCode: '2202', Message: 'Lock not found' });
  });

  it('to an ordinary user with an empty 403, and not to a super user', async () => {
    const answer = await ask(body(), { token: ada.token });
    expect([answer.status, answer.text]).toEqual([403, '']);
    const { token } = await addPerson(server, { siteId, role: 'site_super_user' });
    expect((await ask(body(), { token })).status).toBe(204);
  });

  it('with 2212 when the plan lacks it or has ended', async () => {
    const set = (columns: string): Promise<unknown> =>
      server.database.pool.query(`update collections set ${columns} where id = $1`, [siteId]);
    await set(`features = '{pods}'`);
    expect(refusal(await ask({}))).toBe('403 2212');
    await set(`features = null, subscription_ends_at = '2026-11-22T11:59:59Z'`);
    expect(refusal(await ask(body()))).toBe('403 2212');
    await set('subscription_ends_at = null');
    expect((await ask(body())).status).toBe(204);
  });

  it('with 4101 to a caller whose address nobody has proven', async () => {
    const person = await addPerson(server, { siteId, role: 'site_admin' });
    await server.database.pool.query('update logins set email_verified = false where id = $1', [
      person.loginId,
    ]);
    expect(refusal(await ask(body(), { token: person.token }))).toBe('400 4101');
  });

  it('with 3010 when the mail server takes no mail', async () => {
    mail.refuse(550);
    try {
      expect(refusal(await ask(body()))).toBe('500 3010');
    } finally {
      mail.refuse(null);
    }
  });

  it('with 3201 when the event store cannot be read', async () => {
    await server.database.pool.query('alter table entries rename to entries_away');
    try {
      expect(refusal(await ask(body()))).toBe('500 3201');
    } finally {
      await server.database.pool.query('alter table entries_away rename to entries');
    }
  });
});
