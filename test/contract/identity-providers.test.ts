/** Identity providers outside: administered by an operator, signed in through by people (identity.md 7). The provider is a real one. */
import { randomBytes } from 'node:crypto';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SESSION_COOKIE } from '#server/identity/session-cookie';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { createTestDatabase, type TestDatabase } from '#test/kit/database';
import {
  makeTestPerson,
  postToken,
  startTestIdentity,
  type TestIdentity,
} from '#test/kit/identity-server';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import {
  authorizePath,
  codeBody,
  makePkce,
  openTestBrowser,
  signInBrowser,
  type Step,
  type TestBrowser,
} from '#test/kit/sign-in-browser';

let cardea: TestServer;
let elsewhere: TestIdentity;
let kit: TestDatabase;
let operator: TestPerson;
let siteId: string;

beforeAll(async () => {
  cardea = await startTestServer();
  kit = await createTestDatabase();
  elsewhere = await startTestIdentity({ database: kit.database });
  siteId = await addSite(cardea);
  operator = await addPerson(cardea, { siteId, role: 'owner' });
  await cardea.database.pool.query('update logins set is_operator = true where id = $1', [
    operator.loginId,
  ]);
  const client = await elsewhere.identity.clients.createClient({
    tenantId: elsewhere.tenantId,
    name: 'Cardea',
    kind: 'confidential',
    grants: ['authorization_code'],
    scopes: ['openid', 'email'],
    redirectUris: [`${cardea.url}/account/outside/harbour/callback`],
  });
  const made = await ask('POST', '/identity_providers', {
    id: 'harbour',
    name: 'Harbour & Sons',
    issuer: elsewhere.issuer,
    client_id: client.id,
    client_secret: client.secret,
  });
  expect(made.json).toEqual({
    id: 'harbour',
    name: 'Harbour & Sons',
    issuer: elsewhere.issuer,
    client_id: client.id,
    redirect_uri: `${cardea.url}/account/outside/harbour/callback`,
    created_at: expect.any(String),
  });
});

afterAll(async () => {
  await elsewhere.stop();
  await kit.drop();
  await cardea.stop();
});

function ask(method: string, path: string, body?: object): Promise<Answer> {
  const { token } = operator;
  return cardea.ask(method, `//ext/v1${path}`, body === undefined ? { token } : { token, body });
}

function pathOf({ location }: Step): string {
  return `${location?.pathname ?? ''}${location?.search ?? ''}`;
}

/** Somebody with an account there, and here one of the same address unless told otherwise. */
async function somebody({ isKnownHere = true, isVouchedFor = true } = {}) {
  const there = await makeTestPerson(elsewhere, { isEmailVerified: isVouchedFor });
  const { logins } = cardea.cardea.identity;
  const made = isKnownHere
    ? await logins.createLogin({
        email: there.email.toUpperCase(),
        password: randomBytes(12).toString('base64url'),
        firstName: 'Ann',
        lastName: 'Example',
        isEmailVerified: true,
      })
    : undefined;
  const loginId = made !== undefined && 'loginId' in made ? made.loginId : undefined;
  const away = openTestBrowser(elsewhere.issuer);
  await signInBrowser(elsewhere, away, { loginId: there.loginId });
  return { there, loginId, away, here: openTestBrowser(cardea.url) };
}

/** Through the provider and back, up to what the browser is sent to when it comes back. */
async function goThrough(
  { here, away }: { readonly here: TestBrowser; readonly away: TestBrowser },
  start = '/account/outside/harbour',
): Promise<Step> {
  const out = await here.get(start);
  expect(out.location?.origin).toBe(elsewhere.issuer);
  const back = await away.get(pathOf(out));
  expect(back.location?.origin).toBe(cardea.url);
  return here.get(pathOf(back));
}

describe('somebody who has an account there and here', () => {
  it('is signed in, and the session says by whom', async () => {
    const person = await somebody();
    const back = await goThrough(person);
    expect(pathOf(back)).toBe('/account/outside/harbour/done');
    const done = await person.here.get(pathOf(back));
    expect(pathOf(done)).toBe('/account');
    expect(person.here.cookies.has(SESSION_COOKIE)).toBe(true);
    const { sessions } = cardea.cardea.identity;
    const [session] = person.loginId === undefined ? [] : await sessions.list(person.loginId);
    expect(session).toMatchObject({ identityProvider: 'harbour', amr: ['external'] });
  });

  it('goes on to the program that waits, whose tokens say so too', async () => {
    const person = await somebody();
    const { verifier, challenge } = makePkce();
    const led = await person.here.get(authorizePath(challenge));
    const page = await person.here.get(pathOf(led));
    expect(page.text).toContain('Harbour &amp; Sons');
    const link = /href="(\/account\/outside\/harbour[^"]*)"/.exec(page.text)?.[1] ?? '';
    const back = await goThrough(person, link.replaceAll('&amp;', '&'));
    const done = await person.here.get(pathOf(back));
    const code = done.location?.searchParams.get('code') ?? '';
    const answer = await postToken(cardea.url, { body: codeBody(code, verifier) });
    expect(decodeJwt(String(answer.body['access_token']))).toMatchObject({
      sub: person.loginId,
      idp: 'harbour',
      amr: ['external'],
    });
  });

  it('must prove the second factor of the account here as well', async () => {
    const person = await somebody();
    await cardea.database.pool.query(
      `insert into second_factors (id, login_id, kind, name, sealed_secret, last_step, created_at)
       values (gen_random_uuid(), $1, 'authenticator', 'Phone', '\\x00', 0, now())`,
      [person.loginId],
    );
    const back = await goThrough(person);
    const done = await person.here.get(pathOf(back));
    expect(pathOf(done)).toBe('/account/login/factor');
    expect(person.here.cookies.has(SESSION_COOKIE)).toBe(false);
  });

  it('cannot be signed in in the browser of another', async () => {
    const person = await somebody();
    const victim = openTestBrowser(cardea.url);
    const out = await person.here.get('/account/outside/harbour');
    const back = await person.away.get(pathOf(out));
    expect((await victim.get(pathOf(back))).status).toBe(400);
    await victim.get('/account/outside/harbour');
    expect((await victim.get(pathOf(back))).status).toBe(400);
    expect(victim.cookies.has(SESSION_COOKIE)).toBe(false);
  });

  it('comes back once', async () => {
    const person = await somebody();
    const back = await goThrough(person);
    const cookies = new Map(person.here.cookies);
    expect(pathOf(await person.here.get(pathOf(back)))).toBe('/account');
    const again = openTestBrowser(cardea.url);
    for (const [name, value] of cookies) again.cookies.set(name, value);
    expect(pathOf(await again.get(pathOf(back)))).toBe('/account/login');
  });
});

describe('nobody is let in', () => {
  it.each([
    ['who has no account here', { isKnownHere: false }],
    ['for whose address the provider does not vouch', { isVouchedFor: false }],
  ])('%s, and nobody is made', async (_what, who) => {
    const person = await somebody(who);
    const { rows: before } = await cardea.database.pool.query('select id from logins');
    const back = await goThrough(person);
    expect([back.status, back.text.includes('Nobody here can be found by it')]).toEqual([
      400,
      true,
    ]);
    const { rows: after } = await cardea.database.pool.query('select id from logins');
    expect(after).toHaveLength(before.length);
    expect(person.here.cookies.has(SESSION_COOKIE)).toBe(false);
  });

  it('whose address was that of somebody else there before', async () => {
    const person = await somebody();
    await goThrough(person);
    const heir = await somebody({ isKnownHere: false });
    const rename = 'update logins set email = $2 where id = $1';
    await kit.database.pool.query(rename, [person.there.loginId, 'gone@example.test']);
    await kit.database.pool.query(rename, [heir.there.loginId, person.there.email]);
    expect((await goThrough(heir)).status).toBe(400);
  });

  it('whom the provider refused', async () => {
    const { here } = await somebody();
    const out = await here.get('/account/outside/harbour');
    const state = out.location?.searchParams.get('state') ?? '';
    const query = `state=${state}&error=access_denied&iss=${encodeURIComponent(elsewhere.issuer)}`;
    expect((await here.get(`/account/outside/harbour/callback?${query}`)).status).toBe(400);
  });
});

describe('an operator', () => {
  it('changes and removes providers, whose secret is shown to nobody', async () => {
    const order = { name: 'Other', issuer: 'https://id.example.test', client_id: 'c' };
    const made = await ask('POST', '/identity_providers', {
      ...order,
      id: 'other',
      client_secret: 'a secret of theirs',
    });
    expect(made.text).not.toContain('a secret');
    const changed = await ask('PATCH', '/identity_providers/other', { name: 'Another' });
    expect(changed.json).toMatchObject({ ...order, name: 'Another' });
    const { rows } = await cardea.database.pool.query<{ secret: string }>(
      `select encode(client_secret, 'escape') as secret from identity_providers where id = 'other'`,
    );
    expect(rows[0]?.secret).not.toContain('a secret');
    expect((await ask('GET', '/identity_providers')).json).toMatchObject({
      items: [{ id: 'harbour' }, { id: 'other' }],
    });
    expect((await ask('DELETE', '/identity_providers/other')).status).toBe(204);
    for (const method of ['GET', 'DELETE'])
      expect((await ask(method, '/identity_providers/other')).status).toBe(404);
    const page = await openTestBrowser(cardea.url).get('/account/login');
    expect(page.text).not.toContain('Another');
  });

  it.each([
    ['id', { id: 'local' }],
    ['id', { id: 'Other Place' }],
    ['id', { id: 'harbour' }],
    ['issuer', { issuer: 'http://id.example.test' }],
    ['issuer', { issuer: 'nonsense' }],
    ['client_id', { client_id: '' }],
    ['client_secret', { client_secret: '' }],
  ])('is told what is wrong about %s in %j', async (parameter, wrong) => {
    const answer = await ask('POST', '/identity_providers', {
      id: 'third',
      name: 'Third',
      issuer: 'https://id.example.test',
      client_id: 'c',
      client_secret: 's',
      ...wrong,
    });
    expect(answer.json).toMatchObject({ ErrorCode: '1101' });
    expect(answer.text).toContain(parameter);
  });

  it('alone may do that', async () => {
    const other = await addPerson(cardea, { siteId, role: 'site_admin' });
    const answer = await cardea.ask('GET', '//ext/v1/identity_providers', { token: other.token });
    expect([answer.status, answer.text]).toEqual([403, '']);
  });
});

it('a provider that cannot be reached is said to be so', async () => {
  await ask('POST', '/identity_providers', {
    id: 'gone',
    name: 'Gone',
    issuer: 'http://127.0.0.1:9',
    client_id: 'c',
    client_secret: 's',
  });
  const step = await openTestBrowser(cardea.url).get('/account/outside/gone');
  expect([step.status, step.text.includes('cannot be reached')]).toEqual([503, true]);
  await ask('DELETE', '/identity_providers/gone');
});
