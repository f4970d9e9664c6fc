import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#test/kit/database';
import {
  makeTestClient,
  makeTestPerson,
  startTestIdentity,
  type TestIdentity,
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

type Answer = { status: number; body: Record<string, unknown>; headers: Headers };

async function post(
  body: string | Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(`${server.issuer}/connect/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof body === 'string' ? body : new URLSearchParams(body).toString(),
  });
  return {
    status: response.status,
    body: (await response.json()) as Record<string, unknown>,
    headers: response.headers,
  };
}

function basic(id: string, secret: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
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
