import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#test/kit/database';
import {
  basic,
  makeTestClient,
  makeTestPerson,
  postToken,
  startTestIdentity,
  type TestIdentity,
  type TokenAnswer,
} from '#test/kit/identity-server';

let kit: TestDatabase;
let server: TestIdentity;

beforeAll(async () => {
  kit = await createTestDatabase();
  server = await startTestIdentity({ database: kit.database });
});

afterAll(async () => {
  await server.stop();
  await kit.drop();
});

function post(
  body: string | Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<TokenAnswer> {
  return postToken(server.issuer, { body, headers });
}

async function asProgram(fields: Readonly<Record<string, string>> = {}): Promise<TokenAnswer> {
  const { id, secret } = await makeTestClient(server);
  return post({ grant_type: 'client_credentials', ...fields }, basic(id, secret));
}

describe('a program', () => {
  it('gets a token for the scope it asks for', async () => {
    const client = await makeTestClient(server);
    const answer = await post(
      { grant_type: 'client_credentials', scope: 'core_api.full' },
      basic(client.id, client.secret),
    );
    expect(answer.body).toEqual({
      access_token: expect.any(String),
      expires_in: 3600,
      token_type: 'Bearer',
      scope: 'core_api.full',
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const token = String(answer.body['access_token']);
    const now = server.clock.now().getTime() / 1000;
    expect(decodeProtectedHeader(token)).toEqual({
      alg: 'RS256',
      typ: 'at+jwt',
      kid: expect.any(String),
    });
    expect(decodeJwt(token)).toEqual({
      iss: server.issuer,
      aud: 'core_api',
      iat: now,
      nbf: now,
      exp: now + 3600,
      jti: expect.any(String),
      client_id: client.id,
      scope: ['core_api.full'],
      tenant_id: server.tenantId,
      product_id: server.productId,
    });
  });
});

describe('a person', () => {
  it('gets a token by e-mail and password', async () => {
    const client = await makeTestClient(server);
    const person = await makeTestPerson(server);
    const answer = await post(
      {
        grant_type: 'password',
        username: person.email.toUpperCase(),
        password: person.password,
        scope: 'user_api.full_access',
      },
      basic(client.id, client.secret),
    );
    expect(answer.body).toEqual({
      access_token: expect.any(String),
      expires_in: 3600,
      token_type: 'Bearer',
      scope: 'user_api.full_access',
    });
    const now = server.clock.now().getTime() / 1000;
    expect(decodeJwt(String(answer.body['access_token']))).toEqual({
      iss: server.issuer,
      aud: 'user_api',
      iat: now,
      nbf: now,
      exp: now + 3600,
      auth_time: now,
      jti: expect.any(String),
      sid: expect.any(String),
      client_id: client.id,
      scope: ['user_api.full_access'],
      tenant_id: server.tenantId,
      product_id: server.productId,
      sub: person.loginId,
      identity_id: person.loginId,
      idp: 'local',
      amr: ['password'],
      skip_email: false,
      [`profile_id_${server.tenantId}`]: person.userId,
    });
  });
});

describe('scopes', () => {
  it('are all API scopes of the client when none is named', async () => {
    const client = await makeTestClient(server, { scopes: ['core_api.full', 'hardware_api'] });
    const answer = await post(
      { grant_type: 'client_credentials' },
      basic(client.id, client.secret),
    );
    expect(answer.body['scope']).toBe('core_api.full hardware_api');
    expect(decodeJwt(String(answer.body['access_token']))).toMatchObject({
      aud: ['core_api', 'hardware_api'],
      scope: ['core_api.full', 'hardware_api'],
    });
  });

  it('of Connect are not for a program, nor given to one that names none', async () => {
    expect(await asProgram({ scope: 'user_api.full_access' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_scope' },
    });
    expect((await asProgram()).body['scope']).toBe('core_api.full');
  });

  it.each(['nonsense', 'core_api.license_plate', 'core_api.full nonsense', 'openid profile', '"'])(
    'that are unknown or not allowed are refused: %s',
    async (scope) => {
      const answer = await asProgram({ scope });
      expect([answer.status, answer.body]).toEqual([400, { error: 'invalid_scope' }]);
    },
  );

  it('may be parted by several blanks and named twice', async () => {
    expect((await asProgram({ scope: ' core_api.full  core_api.full ' })).body['scope']).toBe(
      'core_api.full',
    );
  });

  it('openid profile of a password-only client is refused before the password is looked at', async () => {
    const client = await makeTestClient(server, { grants: ['password'] });
    const answer = await post(
      { grant_type: 'password', username: 'a@b', password: 'x', scope: 'openid profile' },
      basic(client.id, client.secret),
    );
    expect([answer.status, answer.body]).toEqual([400, { error: 'invalid_scope' }]);
  });
});

describe('client authentication', () => {
  it('works by form members as by the header', async () => {
    const { id, secret } = await makeTestClient(server);
    const fields = { grant_type: 'client_credentials', client_id: id, client_secret: secret };
    expect((await post(fields)).status).toBe(200);
    expect((await post(fields, basic(id, secret))).status).toBe(200);
  });

  it('tries the pair of the header as it stands, then form-decoded', async () => {
    const plainId = 'plain+%41';
    const order = {
      tenantId: server.tenantId,
      name: 'Odd',
      kind: 'confidential',
      grants: ['client_credentials'],
      scopes: ['core_api.full'],
    } as const;
    const plain = await server.identity.clients.createClient({ ...order, id: plainId });
    const decoded = await server.identity.clients.createClient({ ...order, id: 'client+1' });
    const body = { grant_type: 'client_credentials' };
    expect((await post(body, basic(plainId, plain.secret ?? ''))).status).toBe(200);
    expect((await post(body, basic('client%2B1', decoded.secret ?? ''))).status).toBe(200);
    expect((await post(body, basic('client%2B1', 'x'))).body).toEqual({ error: 'invalid_client' });
  });

  it.each([
    ['an unknown client', () => basic('nobody', 'x')],
    ['an id that no client can have', () => basic('no\u0000body', 'x')],
    ['a garbled header', () => ({ authorization: 'Basic ????' })],
    ['a header without a pair', () => ({ authorization: 'Basic' })],
  ])('refuses %s with 400 and no challenge', async (_what, headers) => {
    const answer = await post({ grant_type: 'client_credentials' }, headers());
    expect([answer.status, answer.body]).toEqual([400, { error: 'invalid_client' }]);
    expect(answer.headers.get('www-authenticate')).toBeNull();
  });

  it('refuses a wrong, an empty and a missing secret', async () => {
    const { id, secret } = await makeTestClient(server);
    for (const wrong of [`${secret}x`, '']) {
      const answer = await post({ grant_type: 'client_credentials' }, basic(id, wrong));
      expect([answer.status, answer.body]).toEqual([400, { error: 'invalid_client' }]);
    }
    const answer = await post({ grant_type: 'client_credentials', client_id: id });
    expect([answer.status, answer.body]).toEqual([400, { error: 'invalid_client' }]);
  });

  it('takes the newest two secrets of a client', async () => {
    const { id, secret } = await makeTestClient(server);
    const body = { grant_type: 'client_credentials' };
    server.clock.advance(1000);
    const second = (await server.identity.clients.addSecret(id)) ?? '';
    expect((await post(body, basic(id, secret))).status).toBe(200);
    expect((await post(body, basic(id, second))).status).toBe(200);
    server.clock.advance(1000);
    const third = (await server.identity.clients.addSecret(id)) ?? '';
    expect((await post(body, basic(id, secret))).status).toBe(400);
    expect((await post(body, basic(id, second))).status).toBe(200);
    expect((await post(body, basic(id, third))).status).toBe(200);
    expect(await server.identity.clients.addSecret('nobody')).toBeUndefined();
  });

  it('ends when the client is disabled', async () => {
    const { id, secret } = await makeTestClient(server);
    await server.identity.clients.disable(id);
    const answer = await post({ grant_type: 'client_credentials' }, basic(id, secret));
    expect([answer.status, answer.body]).toEqual([400, { error: 'invalid_client' }]);
  });

  it('knows public clients by their id alone, and they get no token for a program', async () => {
    const { id } = await server.identity.clients.createClient({
      name: 'Phone',
      kind: 'public',
      grants: ['client_credentials', 'password'],
      scopes: ['user_api.full_access'],
    });
    for (const attempt of [
      post({ grant_type: 'client_credentials', client_id: id }),
      post({ grant_type: 'client_credentials', client_id: id, client_secret: '' }),
      post({ grant_type: 'client_credentials' }, basic(id, '')),
    ]) {
      expect((await attempt).body).toMatchObject({ error: 'unauthorized_client' });
    }
    expect(
      (await post({ grant_type: 'password', client_id: id, client_secret: 'x' })).body,
    ).toEqual({ error: 'invalid_client' });
  });
});

describe('a request that is wrong', () => {
  it('of a grant the client may not use is unauthorized_client', async () => {
    const { id, secret } = await makeTestClient(server, { grants: ['password'] });
    const answer = await post({ grant_type: 'client_credentials' }, basic(id, secret));
    expect(answer).toMatchObject({ status: 400, body: { error: 'unauthorized_client' } });
  });

  it.each(['implicit', 'urn:x'])('of the grant %s is unsupported_grant_type', async (grant) => {
    expect(await asProgram({ grant_type: grant })).toMatchObject({
      status: 400,
      body: { error: 'unsupported_grant_type' },
    });
  });

  it.each([
    ['no grant', 'scope=core_api.full'],
    ['an empty grant', 'grant_type='],
    ['a doubled grant', 'grant_type=client_credentials&grant_type=client_credentials'],
    ['a doubled scope', 'grant_type=client_credentials&scope=core_api.full&scope=core_api.full'],
    ['no username', 'grant_type=password&password=x'],
    ['no password', 'grant_type=password&username=a@b'],
    ['a long body', `grant_type=client_credentials&x=${'y'.repeat(100_000)}`],
  ])('with %s is invalid_request', async (_what, body) => {
    const { id, secret } = await makeTestClient(server);
    expect(await post(body, basic(id, secret))).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    });
  });

  it('in JSON is invalid_request', async () => {
    const { id, secret } = await makeTestClient(server);
    const answer = await post('{"grant_type":"client_credentials"}', {
      ...basic(id, secret),
      'content-type': 'application/json',
    });
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  it('without any client, or with two different ones, is invalid_request', async () => {
    const { id, secret } = await makeTestClient(server);
    for (const answer of [
      await post({ grant_type: 'client_credentials' }),
      await post({ grant_type: 'client_credentials', client_id: 'other' }, basic(id, secret)),
    ]) {
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    }
  });

  it.each(['GET', 'PUT', 'PATCH', 'DELETE'])('by %s is 405 with an OAuth body', async (method) => {
    const answer = await fetch(`${server.issuer}/connect/token`, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'OPTIONS, POST']);
    expect(await answer.json()).toMatchObject({ error: 'invalid_request' });
  });

  it('is answered in JSON and never cached, whatever a browser asks for', async () => {
    const { id, secret } = await makeTestClient(server);
    const answer = await post(
      { grant_type: 'nonsense' },
      { ...basic(id, secret), accept: 'text/html' },
    );
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });
});

describe('tolerance', () => {
  it('ignores unknown fields, doubled ones too', async () => {
    const { id, secret } = await makeTestClient(server);
    const body = 'grant_type=client_credentials&resource=a&resource=b&x=1&x=2&&=&y';
    expect((await post(body, basic(id, secret))).status).toBe(200);
  });

  it('takes a raw @ and a raw + in the address', async () => {
    const { id, secret } = await makeTestClient(server);
    const { email, password } = await makeTestPerson(server);
    expect(email).toMatch(/\+.*@/);
    const body = `grant_type=password&username=${email}&password=${password}&scope=user_api.full_access`;
    expect((await post(body, basic(id, secret))).status).toBe(200);
  });

  it('reads a broken % literally and raw bytes as UTF-8', async () => {
    const { id, secret } = await makeTestClient(server);
    const email = 'odd@example.test';
    const password = '100%sure %zz é';
    const made = await server.identity.logins.createLogin({
      email,
      password,
      firstName: 'Odd',
      lastName: 'Example',
      isEmailVerified: true,
    });
    expect(made).toHaveProperty('loginId');
    const fields = `grant_type=password&username=${email}&password=`;
    for (const form of ['100%sure+%zz+é', '100%25sure%20%25zz%20%C3%A9']) {
      expect((await post(`${fields}${form}`, basic(id, secret))).status).toBe(200);
    }
  });

  it('takes parameters of the media type and another scheme in the header beside form members', async () => {
    const { id, secret } = await makeTestClient(server);
    const answer = await post(
      { grant_type: 'client_credentials', client_id: id, client_secret: secret },
      {
        'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
        authorization: 'Bearer old',
      },
    );
    expect(answer.status).toBe(200);
  });
});

describe('the password grant', () => {
  const signIn = async (
    username: string,
    password: string,
  ): Promise<Pick<TokenAnswer, 'status' | 'body'>> => {
    const { id, secret } = await makeTestClient(server);
    const { status, body } = await post(
      { grant_type: 'password', username, password },
      basic(id, secret),
    );
    return { status, body };
  };

  it('answers alike for a wrong password, an unknown account and an address nobody can have', async () => {
    const person = await makeTestPerson(server);
    const wrong = await signIn(person.email, 'wrong');
    expect(wrong).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect(await signIn('nobody@example.test', 'wrong')).toEqual(wrong);
    expect(await signIn('no\u0000body@example.test', 'wrong')).toEqual(wrong);
    expect(await signIn(`${'x'.repeat(400)}@example.test`, 'wrong')).toEqual(wrong);
  });

  it('refuses a disabled account and one whose address is not confirmed', async () => {
    const wrong = await signIn('nobody@example.test', 'wrong');
    const disabled = await makeTestPerson(server);
    await server.identity.logins.disable(disabled.loginId);
    expect(await signIn(disabled.email, disabled.password)).toEqual(wrong);
    const unconfirmed = await makeTestPerson(server, { isEmailVerified: false });
    expect(await signIn(unconfirmed.email, unconfirmed.password)).toEqual(wrong);
  });

  it('has no claim of a person for a login that is nobody in the tenant', async () => {
    const { id, secret } = await makeTestClient(server);
    const email = 'stranger@example.test';
    const password = 'a long enough one';
    const made = await server.identity.logins.createLogin({
      email,
      password,
      firstName: 'S',
      lastName: 'T',
      isEmailVerified: true,
    });
    const answer = await post(
      { grant_type: 'password', username: email, password },
      basic(id, secret),
    );
    const claims = decodeJwt(String(answer.body['access_token']));
    expect(claims.sub).toBe('loginId' in made ? made.loginId : '');
    expect(Object.keys(claims).filter((name) => name.startsWith('profile_id'))).toEqual([]);
  });
});

describe('a login', () => {
  const order = { firstName: 'Ann', lastName: 'Example', isEmailVerified: true };

  it('is refused a password that is short, long, the address or the name', async () => {
    const { logins } = server.identity;
    for (const password of ['short', 'x'.repeat(129), 'ann2@example.test', 'Ann Example']) {
      expect(await logins.createLogin({ ...order, email: 'ann2@example.test', password })).toEqual({
        fault: 'password_unsuitable',
      });
    }
  });

  it('is one per address in any letter case', async () => {
    const { email } = await makeTestPerson(server);
    const { logins } = server.identity;
    expect(
      await logins.createLogin({ ...order, email: email.toUpperCase(), password: 'long enough' }),
    ).toEqual({ fault: 'email_taken' });
    expect(
      await logins.createLogin({ ...order, email: 'no address', password: 'long enough' }),
    ).toEqual({
      fault: 'email_invalid',
    });
  });

  it('is one person per tenant however often it joins', async () => {
    const { loginId, userId } = await makeTestPerson(server);
    const { tenantId } = server;
    const joins = [1, 2, 3].map(() => server.identity.logins.joinTenant({ loginId, tenantId }));
    expect(new Set(await Promise.all(joins))).toEqual(new Set([userId]));
  });
});
