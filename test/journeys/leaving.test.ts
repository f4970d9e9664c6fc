/** Removals while processes come and go: two of them carry out what is due, and each person is told once (behaviour.md 19). */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import {
  mailSettings,
  startMailServer,
  type ReceivedMail,
  type TestMailServer,
} from '#test/kit/mail-server';
import { act, mailsTo, nextMail } from '#test/kit/mailed-links';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { freePort } from '#test/kit/ports';
import { buildProduct, untilReady, type BuiltProduct, type Program } from '#test/kit/programs';
import { openTestBrowser } from '#test/kit/sign-in-browser';
import { until } from '#test/kit/wait';

const patienceMs = 600_000;
/** Longer than a mail stays in the hands of a process that has died. */
const takenOver = { timeoutMs: 240_000 };

let product: BuiltProduct;
let mail: TestMailServer;
let server: TestServer;
let dataDir: string;
let siteId: string;
let owner: TestPerson;
beforeAll(async () => {
  mail = await startMailServer();
  // It serves the pages; what comes later is the work of the others.
  [product, server] = await Promise.all([
    buildProduct(),
    startTestServer({ settings: { ROLES: 'http,gateway' } }),
  ]);
  dataDir = await mkdtemp(join(tmpdir(), 'cardea-jobs-'));
  siteId = await addSite(server);
  owner = await addPerson(server, { siteId, role: 'owner' });
}, patienceMs);
afterAll(async () => {
  await product.remove();
  await server.stop();
  await mail.stop();
  await rm(dataDir, { recursive: true, force: true });
});

/** The mails that somebody has. One that a process handed over just before it was killed comes again under the same name. */
function mailsOf({ email }: TestPerson): ReceivedMail[] {
  const byName = new Map(mailsTo(mail, email).map((one) => [one.messageId, one]));
  return [...byName.values()];
}

async function startJobs(): Promise<Program> {
  const port = String(await freePort());
  const { smtpUrl, mailFrom } = mailSettings(mail.url);
  const program = product.start('server/main', {
    env: {
      ROLES: 'jobs',
      DATABASE_URL: server.databaseUrl,
      CARDEA_HTTP_PORT: port,
      CARDEA_DATA_DIR: dataDir,
      CARDEA_DEMO: 'none',
      CARDEA_SMTP_URL: smtpUrl,
      CARDEA_MAIL_FROM: mailFrom,
    },
  });
  await untilReady(`http://127.0.0.1:${port}`, program);
  return program;
}

it(
  'what a person asked for, and what a killed process began, is done once by whoever is there',
  async () => {
    const [waiting, leaver] = [
      await addPerson(server, { siteId, role: 'site_user' }),
      await addPerson(server, { siteId, role: 'site_user' }),
    ];
    const browser = openTestBrowser(server.url);
    await act(browser, '/account/login', { email: waiting.email, password: waiting.password });
    await act(browser, '/account/data', { act: 'remove', reason: 'I moved' });
    const { pool } = server.database;
    await pool.query("update data_removals set expires_at = now() - interval '1 second'");
    // As a process leaves it that is killed right after the mark.
    await pool.query(
      'update logins set removal_requested_at = now(), disabled_at = now() where id = $1',
      [leaver.loginId],
    );
    const [first, second, third] = await Promise.all([startJobs(), startJobs(), startJobs()]);
    // A mail in the hands of a process that dies is another's after three minutes only.
    await until(
      async () => {
        const { rows } = await pool.query(
          `select 1 from account_mails where state = 'waiting' and claimed_until is not null
           union all select 1 from messages where state = 'waiting' and claimed_until is not null`,
        );
        return rows.length === 0;
      },
      { what: 'no mail is under way' },
    );
    await first.kill();
    const left = async (): Promise<number> => {
      const { rows } = await pool.query<{ count: number }>(
        'select count(*)::int as count from users where id = any ($1)',
        [[waiting.userId, leaver.userId]],
      );
      return rows[0]?.count ?? 0;
    };
    await until(async () => (await left()) === 0, {
      what: 'both people are gone',
      ...takenOver,
    });
    for (const person of [waiting, leaver])
      await until(() => mailsOf(person).length > 0, {
        what: `${person.email} is told`,
        ...takenOver,
      });
    const gone = await nextMail(mail, { address: waiting.email });
    const deleted = await nextMail(mail, { address: leaver.email });
    expect([gone.subject, deleted.subject]).toEqual([
      'You were removed from Harbour',
      'Your account was deleted',
    ]);
    const told = ['Somebody asks to be removed from your site', 'A user of your site has left'];
    await until(() => mailsOf(owner).length >= told.length, {
      what: 'the owner is told of both',
      ...takenOver,
    });
    expect(await second.terminate()).toBe(0);
    expect(await third.terminate()).toBe(0);
    const subjects = mailsOf(owner).map(({ subject }) => subject);
    expect(subjects).toHaveLength(told.length);
    expect(subjects).toEqual(expect.arrayContaining(told));
    expect([mailsOf(waiting).length, mailsOf(leaver).length]).toEqual([1, 1]);
  },
  patienceMs,
);
