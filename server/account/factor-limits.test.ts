import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setPassword } from '#server/store/accounts';
import { answerForm, formsOf, sendForm, startTestAccounts } from '#test/kit/account-pages';
import { asked, codeAt, enrol, isSignedIn, typed, wrongCodeAt } from '#test/kit/authenticator';
import { createTestDatabase, type TestDatabase } from '#test/kit/database';
import { makeTestPerson, type TestIdentity } from '#test/kit/identity-server';
import {
  authorizePath,
  makePkce,
  openTestBrowser,
  type TestBrowser,
} from '#test/kit/sign-in-browser';
import { until } from '#test/kit/wait';

const [LOGIN, SET_UP] = ['/account/login', '/account/login/set-up'];
const MINUTE_MS = 60_000;

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

const browserOf = (network = '192.0.2.1'): TestBrowser =>
  openTestBrowser(server.issuer, { 'x-forwarded-for': network });
const codeNow = (secret: Buffer): string => codeAt(secret, server.clock.now());
const wrongNow = (secret: Buffer): string => wrongCodeAt(secret, server.clock.now());

describe('wrong codes', () => {
  it('begin the sign-in again after five', async () => {
    const person = await enrol(server);
    const browser = browserOf();
    let page = await asked(browser, person);
    for (let tries = 1; tries < 5; tries += 1) {
      page = await answerForm(browser, page, { code: wrongNow(person.secret) });
      expect(formsOf(page)).toHaveLength(1);
    }
    const fifth = await answerForm(browser, page, { code: wrongNow(person.secret) });
    expect(formsOf(fifth)).toHaveLength(0);
    const late = await answerForm(browser, page, { code: codeNow(person.secret) });
    expect([late.status, isSignedIn(browser)]).toEqual([400, false]);
  });

  it('hold up strangers’ networks after twenty in an hour, and never the person’s own', async () => {
    const person = await enrol(server);
    const wrong = async (network: string, count: number): Promise<void> => {
      for (let tries = 0; tries < count; tries += 1) {
        const browser = browserOf(network);
        await answerForm(browser, await asked(browser, person), { code: wrongNow(person.secret) });
      }
    };
    await wrong('203.0.113.9', 20);
    const stranger = browserOf('203.0.113.10');
    const page = await asked(stranger, person);
    const refused = await answerForm(stranger, page, { code: codeNow(person.secret) });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_500);
    const own = browserOf('192.0.2.1');
    const step = await answerForm(own, await asked(own, person), {
      code: codeNow(person.secret),
    });
    expect(step.status).toBe(303);
  });

  it('are audited with account, client and network', async () => {
    const person = await enrol(server);
    const browser = browserOf('203.0.113.20');
    await answerForm(browser, await asked(browser, person), { code: wrongNow(person.secret) });
    await answerForm(browser, await asked(browser, person), { code: 'aaaa-bbbb-cccc-dddd' });
    const { rows } = await test.database.pool.query(
      'select kind, client_id, network from sign_in_failures where account = $1 order by id',
      [`login:${person.loginId}`],
    );
    const where = { client_id: 'cardea-web', network: '203.0.113.20' };
    expect(rows).toEqual([
      { kind: 'second_factor', ...where },
      { kind: 'recovery_code', ...where },
    ]);
  });
});

describe('wrong recovery codes', () => {
  it('hold up strangers’ networks after five in an hour', async () => {
    const person = await enrol(server);
    for (let tries = 0; tries < 5; tries += 1) {
      const browser = browserOf('203.0.113.30');
      await answerForm(browser, await asked(browser, person), {
        code: `zzzz-zzzz-zzzz-zzz${tries}`,
      });
    }
    const browser = browserOf('203.0.113.31');
    const page = await asked(browser, person);
    const refused = await answerForm(browser, page, { code: person.codes[0] ?? '' });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('3600');
    // Codes of the app have a limit of their own.
    const step = await answerForm(browser, page, { code: codeNow(person.secret) });
    expect(step.status).toBe(303);
  });
});

describe('a wrong code on the way to a program', () => {
  it('is in the audit log of its tenant, with account and network beside the chain', async () => {
    const person = await enrol(server);
    const { id } = await server.identity.clients.createClient({
      tenantId: server.tenantId,
      name: 'App',
      kind: 'public',
      grants: ['authorization_code'],
      scopes: ['openid'],
      redirectUris: ['https://app.example.test/in'],
    });
    const browser = browserOf('203.0.113.40');
    const path = authorizePath(makePkce().challenge, {
      client_id: id,
      redirect_uri: 'https://app.example.test/in',
      scope: 'openid',
    });
    const led = await browser.get(path);
    const step = await sendForm(browser, led.location?.href ?? '', typed(person));
    const page = await browser.get(step.location?.href ?? '');
    expect((await answerForm(browser, page, { code: wrongNow(person.secret) })).status).toBe(400);
    const { rows } = await test.database.pool.query<{ body: string }>(
      `select l.action, l.outcome, l.detail, c.body from audit_log l join audit_changes c using (tenant_id, number)
       where l.tenant_id = $1 and l.client_id = $2`,
      [server.tenantId, id],
    );
    const [record] = rows;
    expect(rows).toHaveLength(1);
    expect(record).toMatchObject({
      action: 'sign_in.fail',
      outcome: 'refused',
      detail: 'second_factor',
    });
    expect(record?.body).toContain(`login:${person.loginId}`);
    expect(record?.body).toContain('203.0.113.40');
  });
});

describe('a sign-in that waits for its second factor', () => {
  it('is over when the password is changed meanwhile, and after ten minutes', async () => {
    const person = await enrol(server);
    const [thief, slow] = [browserOf(), browserOf()];
    const page = await asked(thief, person);
    await setPassword(test.database, {
      loginId: person.loginId,
      passwordHash: await server.identity.passwords.hash('another long password'),
    });
    const late = await answerForm(thief, page, { code: codeNow(person.secret) });
    expect([late.status, isSignedIn(thief)]).toEqual([400, false]);
    const own = { ...person, password: 'another long password' };
    const waiting = await asked(slow, own);
    server.clock.advance(10 * MINUTE_MS);
    const over = await answerForm(slow, waiting, { code: codeNow(person.secret) });
    expect([over.status, isSignedIn(slow)]).toEqual([400, false]);
  });
});

describe('what nobody needs any more', () => {
  it('is forgotten within an hour', async () => {
    await asked(browserOf(), await enrol(server));
    const waiting = async (): Promise<number> => {
      const { rows } = await test.database.pool.query<{ count: number }>(
        'select count(*)::int as count from sign_in_attempts',
      );
      return rows[0]?.count ?? -1;
    };
    expect(await waiting()).toBeGreaterThan(0);
    server.clock.advance(60 * MINUTE_MS);
    await until(async () => (await waiting()) === 0, { what: 'attempts are forgotten' });
  });
});

describe('a demand of the operator', () => {
  it.each([
    ['everybody', false, SET_UP],
    ['admins', false, '/account'],
    ['admins', true, SET_UP],
  ] as const)('of %s leads an operator: %s to %s', async (secondFactor, isOperator, path) => {
    const strict = await startTestAccounts({ database: test.database, settings: { secondFactor } });
    try {
      const person = await makeTestPerson(strict);
      await test.database.pool.query('update logins set is_operator = $2 where id = $1', [
        person.loginId,
        isOperator,
      ]);
      const step = await sendForm(openTestBrowser(strict.issuer), LOGIN, typed(person));
      expect(step.location?.pathname).toBe(path);
    } finally {
      await strict.stop();
    }
  });
});
