/** How people leave a site or altogether, at the pages, at the API, in the mailbox and at a real door (behaviour.md 19). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtInRoles } from '#contract/roles';
import { createAuditCheck } from '#server/events/audit-check';
import { findAuditHead, readAuditRecords } from '#server/store/audit-records';
import { inSnapshot } from '#server/store/exports';
import {
  partOf,
  readBuilding,
  startTestBuilding,
  tag,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { mailSettings, startMailServer, type TestMailServer } from '#test/kit/mail-server';
import { act, mailsTo, nextMail } from '#test/kit/mailed-links';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { createShiftedClock } from '#test/kit/shifted-clock';
import { openTestBrowser, type TestBrowser } from '#test/kit/sign-in-browser';
import { addEventPlace, storeEntry } from '#test/kit/stored-events';
import { until } from '#test/kit/wait';

const dayMs = 24 * 3_600_000;
const door = 'Office';

const clock = createShiftedClock();
let mailServer: TestMailServer;
let server: TestServer;
let house: TestBuilding;
let siteId: string;
let owner: TestPerson;
beforeAll(async () => {
  mailServer = await startMailServer();
  const { smtpUrl, mailFrom } = mailSettings(mailServer.url);
  server = await startTestServer({
    clock,
    settings: { CARDEA_SMTP_URL: smtpUrl, CARDEA_MAIL_FROM: mailFrom },
  });
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: [door],
  });
  house = await startTestBuilding(server, { building });
  siteId = house.collectionId;
  owner = await addPerson(server, { siteId, role: 'owner' });
}, 120_000);
afterAll(async () => {
  await house.stop();
  await server.stop();
  await mailServer.stop();
});

type Removal = Readonly<Record<'id' | 'state' | 'reason', string>>;
type Resident = TestPerson & { readonly accessorId: string; readonly tagNumber: string };

let tags = 8_200;

/** Somebody of the site whose tag opens the door. */
async function resident(): Promise<Resident> {
  const tagNumber = String((tags += 1)).padStart(8, '0');
  const person = await addPerson(server, { siteId, role: null });
  const { accessorId } = await house.admit({ tagNumber, locks: [door] });
  await server.database.pool.query(
    `update accessors set user_id = $2, role_ids = $3, alias = $4 where id = $1`,
    [accessorId, person.userId, [builtInRoles.site_user.id], aliasOf(tagNumber)],
  );
  await untilSynced(server);
  expect(await present(tagNumber)).toBe('opened');
  return { ...person, accessorId, tagNumber };
}

const aliasOf = (tagNumber: string): string => `Ada of ${tagNumber}`;

async function present(tagNumber: string): Promise<string> {
  return (await house.simulated.lock(door).present(tag(tagNumber))).did;
}

async function signIn({ email, password }: TestPerson): Promise<TestBrowser> {
  const browser = openTestBrowser(server.url);
  await act(browser, '/account/login', { email, password });
  return browser;
}

async function askToLeave(person: TestPerson, reason = 'I moved'): Promise<Removal> {
  const page = await act(await signIn(person), '/account/data', { act: 'remove', reason });
  expect([page.status, page.text]).toEqual([200, expect.stringContaining('seven days')]);
  const { items } = (await atSite('GET', '/data_removals?$top=100')).json as { items: Removal[] };
  const removal = items.at(-1);
  if (removal === undefined) throw new Error('there is no removal');
  return removal;
}

/** Below the site, as the owner unless somebody else is named. */
function atSite(method: string, path: string, rest: { body?: unknown; token?: string } = {}) {
  return server.ask(method, `//ext/v1/sites/${siteId}${path}`, { token: owner.token, ...rest });
}

/** Entries of somebody as the lists show them. */
async function entriesOf(accessorId: string): Promise<readonly Record<string, unknown>[]> {
  const filter = encodeURIComponent(`accessor_id eq ${accessorId}`);
  const answer = await server.ask('GET', `/entries?$filter=${filter}`);
  return (answer.json as { items: Record<string, unknown>[] }).items;
}

/** All that the database holds as text, but what is about the very act of leaving. */
async function findTraces(marks: readonly string[]): Promise<string[]> {
  const { pool } = server.database;
  const { rows: tables } = await pool.query<{ name: string }>(
    `select table_name as name from information_schema.tables
     where table_schema = 'public' and table_type = 'BASE TABLE' and table_name not in ('account_mails', 'tags')`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await pool.query(
      `select 1 from "${name}" t where lower(t::text) like any ($1) limit 1`,
      [marks.map((mark) => `%${mark.toLowerCase()}%`)],
    );
    if (rows.length > 0) found.push(name);
  }
  return found;
}

/** In one snapshot: hubs write on meanwhile. */
function auditFaults(): Promise<readonly unknown[]> {
  const { database, tenant } = server;
  return inSnapshot({ database, tenantId: tenant.tenantId }, async (scope) => {
    const check = createAuditCheck({ checkpoints: [], head: await findAuditHead(scope) });
    for await (const records of readAuditRecords(scope, { after: 0 }))
      for (const record of records) check.add(record);
    return check.end().faults;
  });
}

/** A wrong password, which leaves account and network in the limits and beside the audit chain. */
async function failToSignIn({ email }: TestPerson): Promise<void> {
  const { clientId, clientSecret } = server.tenant;
  const response = await fetch(`${server.url}/connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'password',
      client_id: clientId,
      client_secret: clientSecret,
      username: email,
      password: 'not the password',
    }),
  });
  expect(response.status).toBe(400);
}

const statusOf = async (answer: Promise<Answer>): Promise<number> => (await answer).status;

describe('leaving a site', () => {
  it('is told to the owner, shown pending, and can be taken back', async () => {
    const person = await resident();
    const seen = mailsTo(mailServer, owner.email).length;
    const { id } = await askToLeave(person);
    const told = await nextMail(mailServer, { address: owner.email, seen });
    expect(told.subject).toBe('Somebody asks to be removed from your site');
    const userNow = async () =>
      (
        await server.ask('GET', `//v1.2/sites/${siteId}/users/${person.accessorId}`, {
          token: owner.token,
        })
      ).json as { data_removal_expires_at: string | null };
    const until = Date.parse((await userNow()).data_removal_expires_at ?? '');
    expect(Math.round((until - clock.now().getTime()) / dayMs)).toBe(7);
    const browser = await signIn(person);
    expect((await act(browser, '/account/data', { act: 'withdraw' })).status).toBe(200);
    expect((await userNow()).data_removal_expires_at).toBeNull();
    expect(await statusOf(atSite('POST', `/data_removals/${id}/accept`))).toBe(404);
    expect(await present(person.tagNumber)).toBe('opened');
  });

  it('can be refused with a reason, which the person is told', async () => {
    const person = await resident();
    const { id } = await askToLeave(person);
    const path = `/data_removals/${id}/refuse`;
    const empty = await atSite('POST', path, { body: { reason: ' ' } });
    expect([empty.status, refusal(empty)]).toEqual([400, '400 1101']);
    const refused = await atSite('POST', path, { body: { reason: 'You still owe us a key' } });
    expect([refused.status, (refused.json as Removal).state]).toEqual([200, 'refused']);
    const mail = await nextMail(mailServer, { address: person.email });
    expect(mail.text).toContain('You still owe us a key');
    const page = await (await signIn(person)).get('/account/data');
    expect(page.text).toContain('You still owe us a key');
    const again = await atSite('POST', path, { body: { reason: 'Still' } });
    expect([again.status, refusal(again)]).toEqual([403, '403 2203']);
    expect(await present(person.tagNumber)).toBe('opened');
  });

  it('takes keys, traces and names away at once when it is accepted', async () => {
    const person = await resident();
    await until(async () => (await entriesOf(person.accessorId)).length > 0, {
      what: 'the entry is stored',
    });
    expect((await entriesOf(person.accessorId))[0]).toMatchObject({
      access_detail: person.tagNumber,
    });
    const { id } = await askToLeave(person, 'A reason of my own');
    const answer = await atSite('POST', `/data_removals/${id}/accept`);
    expect([answer.status, answer.text]).toEqual([204, '']);
    await untilSynced(server);
    expect(await present(person.tagNumber)).toBe('refused');
    expect((await entriesOf(person.accessorId))[0]).toMatchObject({ access_detail: null });
    const gone = server.ask('GET', `//v1.2/sites/${siteId}/users/${person.accessorId}`, {
      token: owner.token,
    });
    expect(await statusOf(gone)).toBe(404);
    const mail = await nextMail(mailServer, { address: person.email });
    expect(mail.subject).toMatch(/^You were removed from /);
    // The account itself stays, and knows its own address.
    expect(
      await findTraces([person.userId, 'A reason of my own', aliasOf(person.tagNumber)]),
    ).toEqual(['audit_log']);
    expect(await auditFaults()).toEqual([]);
    expect((await (await signIn(person)).get('/account')).status).toBe(200);
  });

  it('blanks what a hub tells of the person later', async () => {
    const person = await addPerson(server, { siteId, role: 'site_user' });
    const place = await addEventPlace(server.database, {
      tenantId: server.tenant.tenantId,
      siteId,
    });
    const { id } = await askToLeave(person);
    await atSite('POST', `/data_removals/${id}/accept`);
    const late = await storeEntry(server.database, { ...place, accessorId: person.accessorId });
    // It is no hub of this building, and holds no table.
    await server.database.pool.query('delete from iqs where id = $1', [place.iqId]);
    await server.cardea.domain.dataRemovals.carryOutDue();
    const { rows } = await server.database.pool.query(
      'select accessor_id, access_detail from entries where id = $1',
      [late],
    );
    expect(rows).toEqual([{ accessor_id: person.accessorId, access_detail: null }]);
  });

  it('is decided by owner and admins alone, and never of another site', async () => {
    const person = await addPerson(server, { siteId, role: 'site_super_user' });
    const { id } = await askToLeave(person);
    const mine = { token: person.token };
    expect(await statusOf(atSite('GET', '/data_removals', mine))).toBe(403);
    expect(await statusOf(atSite('POST', `/data_removals/${id}/accept`, mine))).toBe(403);
    const otherSite = await addSite(server);
    const other = await addPerson(server, { siteId: otherSite, role: 'owner' });
    const path = `//ext/v1/sites/${otherSite}/data_removals/${id}/accept`;
    expect(await statusOf(server.ask('POST', path, { token: other.token }))).toBe(404);
  });

  it('is not for owners, who hand the site over first', async () => {
    const page = await (await signIn(owner)).get('/account/data');
    expect(page.text).toContain('Hand it over');
    expect(page.text).not.toContain('name="reason"');
    expect(page.text).not.toContain('name="sure"');
    expect(await server.cardea.domain.accountRemovals.remove(owner.loginId)).toBe(false);
  });
});

describe('deleting the account', () => {
  it('is over within a minute, at every site and door, and the audit chain stands', async () => {
    const person = await resident();
    await until(async () => (await entriesOf(person.accessorId)).length > 0, {
      what: 'the entry is stored',
    });
    const otherSite = await addSite(server);
    const otherOwner = await addPerson(server, {
      siteId: otherSite,
      role: 'owner',
      language: 'de',
    });
    await server.database.pool.query(
      `insert into accessors (tenant_id, id, user_id, collection_id, role_ids, created_at)
       values ($1, gen_random_uuid(), $2, $3, $4, now())`,
      [server.tenant.tenantId, person.userId, otherSite, [builtInRoles.site_user.id]],
    );
    await failToSignIn(person);
    const seen = [owner, otherOwner].map(({ email }) => mailsTo(mailServer, email).length);
    const browser = await signIn(person);
    const unsure = await act(browser, '/account/data', { act: 'delete' });
    expect(unsure.status).toBe(400);
    const begunMs = performance.now();
    const page = await act(browser, '/account/data', { act: 'delete', sure: 'yes' });
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('deleted')]);
    await untilSynced(server);
    expect(await present(person.tagNumber)).toBe('refused');
    expect(performance.now() - begunMs).toBeLessThan(60_000);
    expect(await findTraces([person.email, person.userId, person.loginId])).toEqual(['audit_log']);
    const changes = await server.database.pool.query(
      `select 1 from audit_log where object_id = $1 and action <> 'account.remove'`,
      [person.userId],
    );
    expect([changes.rows, await auditFaults()]).toEqual([[], []]);
    const subjects = ['A user of your site has left', 'Eine Person hat Ihren Standort verlassen'];
    // The owner may hear of what others asked before as well.
    for (const [index, { email }] of [owner, otherOwner].entries())
      await until(
        () =>
          mailsTo(mailServer, email)
            .slice(seen[index])
            .some(({ subject }) => subject === subjects[index]),
        { what: `${email} is told of it` },
      );
    const last = await nextMail(mailServer, { address: person.email });
    expect(last.subject).toBe('Your account was deleted');
    expect((await browser.get('/account')).location?.pathname).toBe('/account/login');
    clock.putForward(60_000);
    expect(await statusOf(server.ask('GET', '//v1.2/sites', { token: person.token }))).toBe(401);
  });

  it('is asked for by the person alone: an old sign-in proves itself first', async () => {
    const person = await addPerson(server, { siteId, role: 'site_user' });
    const browser = await signIn(person);
    clock.putForward(6 * 60_000);
    const step = await act(browser, '/account/data', { act: 'delete', sure: 'yes' });
    expect(step.location?.pathname).toBe('/account/confirm');
    expect((await browser.get('/account/data')).status).toBe(200);
  });
});

describe('one’s own data', () => {
  it('is a file with everything that is known of the person, and of nobody else', async () => {
    const person = await resident();
    await until(async () => (await entriesOf(person.accessorId)).length > 0, {
      what: 'the entry is stored',
    });
    const browser = await signIn(person);
    const step = await browser.get('/account/data/download');
    expect(step.headers.get('content-disposition')).toBe('attachment; filename="my-data.json"');
    expect(JSON.parse(step.text)).toMatchObject({
      account: { id: person.loginId, email: person.email, first_name: 'Ada' },
      sites: [
        {
          site_id: siteId,
          site_user_id: person.accessorId,
          alias: aliasOf(person.tagNumber),
          keys: [{ type: 'tag', number: person.tagNumber }],
          entries: [{ detail: person.tagNumber }],
        },
      ],
    });
    expect(step.text).not.toContain(owner.email);
    const stranger = await openTestBrowser(server.url).get('/account/data/download');
    expect(stranger.location?.pathname).toBe('/account/login');
  });
});

// The last one, as its seven days end every session.
describe('when time goes by', () => {
  it('removals that nobody answered are carried out once, and those a dead process began are ended', async () => {
    const person = await resident();
    const leaver = await addPerson(server, { siteId, role: 'site_user' });
    await askToLeave(person);
    // As a process leaves it that is killed right after the mark.
    await server.database.pool.query(
      'update logins set removal_requested_at = now(), disabled_at = now() where id = $1',
      [leaver.loginId],
    );
    clock.putForward(7 * dayMs);
    const { dataRemovals, accountRemovals } = server.cardea.domain;
    await Promise.all([dataRemovals.carryOutDue(), dataRemovals.carryOutDue()]);
    await Promise.all([accountRemovals.carryOutMarked(), accountRemovals.carryOutMarked()]);
    await until(async () => (await present(person.tagNumber)) === 'refused', {
      what: 'the door refuses the tag',
    });
    const { rows } = await server.database.pool.query<{ action: string; count: string }>(
      `select action, count(*) from audit_log where object_id = any ($1) group by action order by action`,
      [[person.userId, leaver.userId]],
    );
    expect(rows).toEqual([
      { action: 'account.remove', count: '1' },
      { action: 'data_removal.ask', count: '1' },
      { action: 'data_removal.carry_out', count: '1' },
    ]);
    expect((await nextMail(mailServer, { address: person.email })).subject).toMatch(/removed/);
    const told = await server.database.pool.query(
      'select 1 from account_mails where address = $1',
      [leaver.email],
    );
    expect(told.rowCount).toBe(1);
    expect(await auditFaults()).toEqual([]);
  });
});
