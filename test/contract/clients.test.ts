/** Client administration (identity.md 2), as an operator and as others meet it. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client, CreatedClient } from '#contract/clients';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';

let cardea: TestServer;
let operator: TestPerson;
let owner: TestPerson;

beforeAll(async () => {
  cardea = await startTestServer();
  const siteId = await addSite(cardea);
  owner = await addPerson(cardea, { siteId, role: 'owner' });
  operator = await addPerson(cardea, { siteId, role: null });
  await cardea.database.pool.query('update logins set is_operator = true where id = $1', [
    operator.loginId,
  ]);
});

afterAll(() => cardea.stop());

function ask(method: string, path: string, body?: object): Promise<Answer> {
  const { token } = operator;
  return cardea.ask(method, `//ext/v1${path}`, body === undefined ? { token } : { token, body });
}

function order(more: object = {}): object {
  return {
    name: 'Front desk',
    kind: 'confidential',
    tenant_id: cardea.tenant.tenantId,
    grants: ['client_credentials'],
    scopes: ['core_api.full'],
    ...more,
  };
}

async function make(more: object = {}): Promise<CreatedClient> {
  const made = await ask('POST', '/clients', order(more));
  expect(made.status).toBe(200);
  return made.json as CreatedClient;
}

async function tokenStatus(id: string, secret: string | null): Promise<number> {
  const response = await fetch(`${cardea.url}/connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: id,
      client_secret: secret ?? '',
    }),
  });
  return response.status;
}

describe('an operator', () => {
  it('makes a client whose secret is told once and works', async () => {
    const { secret, ...client } = await make();
    expect(client).toEqual({
      id: expect.any(String),
      name: 'Front desk',
      kind: 'confidential',
      tenant_id: cardea.tenant.tenantId,
      grants: ['client_credentials'],
      scopes: ['core_api.full'],
      redirect_uris: [],
      post_logout_redirect_uris: [],
      secrets: [{ id: expect.any(String), created_at: expect.any(String) }],
      disabled_at: null,
      created_at: expect.any(String),
    });
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(await tokenStatus(client.id, secret)).toBe(200);
    expect((await ask('GET', `/clients/${client.id}`)).json).toEqual(client);
  });

  it('finds the tenant that a client is to serve', async () => {
    const found = await ask('GET', `/tenants?$filter=id eq ${cardea.tenant.tenantId}&$count=true`);
    expect(found.json).toMatchObject({
      count: 1,
      items: [
        {
          id: cardea.tenant.tenantId,
          name: expect.any(String),
          site_count: 1,
          created_at: expect.any(String),
        },
      ],
    });
  });

  it('makes a public client, which has no secret', async () => {
    const made = await make({
      kind: 'public',
      grants: ['authorization_code', 'refresh_token'],
      scopes: ['openid', 'offline_access', 'user_api.full_access'],
      redirect_uris: ['https://app.example.test/back', 'com.example.app:/back'],
    });
    expect([made.secret, made.secrets]).toEqual([null, []]);
  });

  it('lists the clients with filter and count, our own among them', async () => {
    const { id } = await make({ name: 'Listed' });
    const listed = await ask('GET', `/clients?$filter=name eq 'Listed'&$count=true`);
    expect(listed.json).toMatchObject({ count: 1, items: [{ id }] });
    const own = await ask('GET', `/clients?$filter=tenant_id eq null`);
    const { items } = own.json as { items: Client[] };
    expect(items.map((client) => client.id).sort()).toEqual(['cardea-phone', 'cardea-web']);
  });

  it('changes what a client may, and nothing that is left out', async () => {
    const { secret: _secret, ...client } = await make();
    const changed = await ask('PATCH', `/clients/${client.id}`, {
      name: 'Back office',
      grants: ['client_credentials', 'password'],
      scopes: ['core_api.standard', 'user_api.full_access'],
    });
    expect(changed.json).toEqual({
      ...client,
      name: 'Back office',
      grants: ['client_credentials', 'password'],
      scopes: ['core_api.standard', 'user_api.full_access'],
    });
  });

  it('ends a client for good', async () => {
    const { id, secret } = await make();
    expect((await ask('DELETE', `/clients/${id}`)).status).toBe(204);
    expect(await tokenStatus(id, secret)).toBe(400);
    expect((await ask('GET', `/clients/${id}`)).json).toMatchObject({
      disabled_at: expect.any(String),
    });
    expect((await ask('POST', `/clients/${id}/secrets`)).json).toMatchObject({ ErrorCode: '2203' });
  });

  it('changes a secret without a gap, and never takes the last one away', async () => {
    const { id, secret, secrets } = await make();
    const first = secrets[0]?.id ?? '';
    const last = await ask('DELETE', `/clients/${id}/secrets/${first}`);
    expect(last.json).toMatchObject({ ErrorCode: '2203' });
    const added = await ask('POST', `/clients/${id}/secrets`);
    const further = added.json as { id: string; secret: string };
    expect(await tokenStatus(id, secret)).toBe(200);
    expect(await tokenStatus(id, further.secret)).toBe(200);
    expect((await ask('DELETE', `/clients/${id}/secrets/${first}`)).status).toBe(204);
    expect(await tokenStatus(id, secret)).toBe(400);
    expect(await tokenStatus(id, further.secret)).toBe(200);
    expect((await ask('GET', `/clients/${id}`)).json).toMatchObject({
      secrets: [{ id: further.id }],
    });
  });

  it.each<readonly [parameter: string, wrong: object]>([
    ['grants', { grants: [] }],
    ['grants', { kind: 'public', grants: ['password'] }],
    ['grants', { grants: ['client_credentials', 'refresh_token'] }],
    ['scopes', { scopes: [] }],
    ['scopes', { scopes: ['user_api.full_access'] }],
    ['scopes', { grants: ['password'], scopes: ['offline_access'] }],
    ['redirect_uris', { grants: ['authorization_code'] }],
    ...[
      'http://app.example.test/back',
      'https://app.example.test/#x',
      'https://*.example.test/',
      'https://ann@app.example.test/',
      'javascript:alert(1)',
      'nonsense',
    ].map((uri) => ['redirect_uris', { redirect_uris: [uri] }] as const),
    ['post_logout_redirect_uris', { post_logout_redirect_uris: ['http://a.example.test'] }],
    ['tenant_id', { tenant_id: randomUUID() }],
  ])('is told what is wrong about %s in %j', async (parameter, wrong) => {
    const answer = await ask('POST', '/clients', order(wrong));
    expect(answer.json).toMatchObject({ ErrorCode: '1101' });
    expect(answer.text).toContain(parameter);
  });

  it('cannot change our own clients', async () => {
    const answer = await ask('PATCH', '/clients/cardea-web', { name: 'Mine' });
    expect(answer.json).toMatchObject({ ErrorCode: '2203' });
  });

  it('is told of clients and secrets that are not there', async () => {
    const { id } = await make();
    for (const [method, path] of [
      ['GET', `/clients/${randomUUID()}`],
      ['PATCH', '/clients/nobody'],
      ['DELETE', '/clients/nobody'],
      ['POST', '/clients/nobody/secrets'],
      ['DELETE', `/clients/${id}/secrets/${randomUUID()}`],
    ] as const)
      expect([path, (await ask(method, path, method === 'PATCH' ? {} : undefined)).status]).toEqual(
        [path, 404],
      );
  });

  it('leaves a record of each act in the audit log of the tenant, without a secret', async () => {
    const { id } = await make();
    await ask('POST', `/clients/${id}/secrets`);
    await ask('DELETE', `/clients/${id}`);
    const { rows } = await cardea.database.pool.query(
      'select action, detail from audit_log where object_id = $1 order by number',
      [id],
    );
    expect(rows).toEqual(
      ['client.create', 'client.add_secret', 'client.disable'].map((action) => ({
        action,
        detail: `login ${operator.loginId}`,
      })),
    );
  });
});

it('anybody else is refused with an empty 403, before anything is looked at', async () => {
  for (const path of ['/clients', `/clients/${randomUUID()}`, '/tenants']) {
    const answer = await cardea.ask('GET', `//ext/v1${path}`, { token: owner.token });
    expect([answer.status, answer.text]).toEqual([403, '']);
  }
});
