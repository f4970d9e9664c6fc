/** `cardea user …` and the link of the first start, used at the pages of a running server. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFirstOperator } from '#server/account/first-operator';
import { createSystemClock } from '#server/runtime/clock';
import { createRandomIds } from '#server/runtime/ids';
import { answerForm } from '#test/kit/account-pages';
import { codeAt, keyIn } from '#test/kit/authenticator';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { act } from '#test/kit/mailed-links';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { openTestBrowser } from '#test/kit/sign-in-browser';

const program = fileURLToPath(new URL('main.ts', import.meta.url));
const patienceMs = 120_000;

let server: TestServer;
let person: TestPerson;
beforeAll(async () => {
  server = await startTestServer();
  const siteId = await addSite(server);
  person = await addPerson(server, { siteId, role: 'site_user' });
});
afterAll(() => server.stop());

type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

function cardea(...args: readonly string[]): Promise<Ended> {
  const database = ['--database', server.databaseUrl];
  const child = spawn(
    process.execPath,
    ['--conditions=development', '--import', 'tsx', program, 'user', ...args, ...database],
    { env: { PATH: process.env['PATH'], HOME: process.env['HOME'] } },
  );
  let [out, err] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (err += text.toString()));
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

async function signsIn(email: string, password: string): Promise<boolean> {
  const browser = openTestBrowser(server.url);
  await act(browser, '/account/login', { email, password });
  return (await browser.get('/account')).status === 200;
}

const newPassword = (): string => randomBytes(12).toString('base64url');
const pathOf = (link: string): string => new URL(link.trim()).pathname;

describe('the first start', () => {
  it('prints a link that makes one operator, once, and no second one', async () => {
    const parts = {
      database: server.database,
      identity: server.cardea.identity,
      clock: createSystemClock(),
      ids: createRandomIds(),
    };
    const first = createFirstOperator(parts);
    const former = pathOf((await first.makeLink()) ?? '');
    const link = pathOf((await first.makeLink()) ?? '');
    const email = 'root@example.test';
    const password = newPassword();
    const order = { first_name: 'Vera', last_name: 'Root', email, password };
    const browser = openTestBrowser(server.url);
    expect((await browser.get(former)).status).toBe(410);
    expect((await act(browser, link, { ...order, password: 'password' })).status).toBe(400);
    expect((await act(browser, link, order)).status).toBe(200);
    expect((await browser.get(link)).status).toBe(410);
    expect([await signsIn(email, password), await first.makeLink()]).toEqual([true, undefined]);
    const outbox = await server.ask('GET', '//ext/v1/outbox', {
      token: await tokenOf(email, password),
    });
    expect(outbox.status).toBe(200);
    const refused = await server.ask('GET', '//ext/v1/outbox', { token: person.token });
    expect([refused.status, refused.text]).toEqual([403, '']);
  });
});

async function tokenOf(username: string, password: string): Promise<string> {
  const { clientId, clientSecret } = server.tenant;
  const response = await fetch(`${server.url}/connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'password',
      client_id: clientId,
      client_secret: clientSecret,
      scope: 'user_api.full_access',
      username,
      password,
    }),
  });
  return ((await response.json()) as { access_token?: string }).access_token ?? '';
}

describe('cardea user', () => {
  it(
    'makes a link that chooses another password, and ends the account',
    async () => {
      const made = await cardea('create-link', '--email', person.email.toUpperCase());
      expect([made.code, made.err]).toEqual([0, '']);
      const password = newPassword();
      const page = await act(openTestBrowser(server.url), pathOf(made.out), { password });
      expect([page.status, await signsIn(person.email, password)]).toEqual([200, true]);
      const promoted = await cardea('make-operator', '--email', person.email);
      expect([promoted.code, promoted.out]).toEqual([0, `${person.email} is an operator.\n`]);
      const ended = await cardea('disable', '--email', person.email);
      expect([ended.code, await signsIn(person.email, password)]).toEqual([0, false]);
      const listed = await cardea('list');
      expect(listed.out).toContain(`${person.email}  Ada Visser  (operator)  (disabled)`);
      const again = await cardea('create-link', '--email', person.email);
      expect([again.code, again.err]).toEqual([3, expect.stringContaining('is disabled')]);
      const unknown = await cardea('disable', '--email', 'nobody@example.test');
      expect([unknown.code, unknown.err]).toEqual([3, expect.stringContaining('Nobody has')]);
    },
    patienceMs,
  );

  it(
    'takes lost second factors away, and the password alone signs in again',
    async () => {
      const siteId = await addSite(server);
      const { email, password } = await addPerson(server, { siteId, role: 'site_user' });
      const browser = openTestBrowser(server.url);
      await act(browser, '/account/login', { email, password });
      const page = await browser.get('/account/second-factor/add');
      await answerForm(browser, page, { code: codeAt(keyIn(page), new Date()) });
      expect(await signsIn(email, password)).toBe(false);
      const removed = await cardea('remove-factors', '--email', email);
      expect([removed.code, removed.err]).toEqual([0, '']);
      expect(await signsIn(email, password)).toBe(true);
      const { rows } = await server.database.pool.query<{ word: string }>(
        'select word from account_mails where address = $1 order by created_at',
        [email],
      );
      const words = rows.map(({ word }) => word);
      expect(words).toContain('factor_removed');
      const again = await cardea('remove-factors', '--email', email);
      expect([again.code, again.err]).toEqual([3, expect.stringContaining('no second factor')]);
    },
    patienceMs,
  );
});
