import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '#server/http/app';
import { silentLog } from '#test/kit/database';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { requestText, sendRaw, type RawAnswer } from '#test/kit/raw-http';

const origin = 'https://app.example.com';
let cardea: TestServer;
let token: string;
beforeAll(async () => {
  cardea = await startTestServer({ settings: { CARDEA_CORS_ORIGINS: origin } });
  token = await cardea.token('core_api.full');
});
afterAll(async () => {
  await cardea.stop();
});

const raw = (line: string, headers: readonly string[] = [], body = ''): Promise<RawAnswer> =>
  sendRaw(cardea.url, requestText(line, headers, body));
const bearer = (): string => `Authorization: Bearer ${token}`;

async function newId(): Promise<string> {
  return ((await cardea.ask('POST', '/collections', { body: {} })).json as { id: string }).id;
}

/** What core-api.md 1 asks of every answer. */
function expectHeaders(headers: { get(name: string): string | null | undefined }): void {
  expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d+/);
  expect(headers.get('x-frame-options')).toBe('DENY');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('x-request-id')).toMatch(/^[\x21-\x7e]{1,64}$/);
}

describe('headers of every answer', () => {
  it.each([
    ['a list', 'GET', '/collections', 200],
    ['an unknown id', 'GET', `/collections/${randomUUID()}`, 404],
    ['a bad id', 'GET', '/collections/7', 400],
    ['an unknown route', 'GET', '/nothing', 404],
    ['a wrong method', 'PUT', '/collections', 405],
    ['a wrong type', 'POST', '/collections', 415],
    ['the health page', 'GET', '//health', 200],
    ['the description', 'GET', '//openapi.json', 200],
    ['the sign-in', 'POST', '//connect/token', 400],
    ['discovery', 'GET', '//.well-known/openid-configuration', 200],
    ['garbage in the path', 'GET', '/collections/%zz', 400],
    ['a preflight', 'OPTIONS', '/collections', 204],
  ])('%s', async (_name, method, path, status) => {
    const body = method === 'POST' ? 'text' : undefined;
    const headers = body === undefined ? {} : { 'content-type': 'text/plain' };
    const answer = await cardea.ask(method, path, { headers, ...(body ? { body } : {}) });
    expect(answer.status).toBe(status);
    expectHeaders(answer.headers);
    if (answer.text !== '') expect(answer.headers.get('content-type')).toContain('charset=utf-8');
  });

  it.each([
    ['without a token', null],
    ['with a wrong token', 'a.b.c'],
  ])('the empty 401 %s', async (_name, wrong) => {
    const answer = await cardea.ask('GET', '/collections', { token: wrong });
    expect(answer.status).toBe(401);
    expect(answer.text).toBe('');
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expectHeaders(answer.headers);
  });

  it('the empty 403 of a missing scope', async () => {
    const plates = await cardea.token('core_api.license_plate');
    const answer = await cardea.ask('GET', '/collections', { token: plates });
    expect(answer.status).toBe(403);
    expect(answer.text).toBe('');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope"');
    expectHeaders(answer.headers);
  });

  it.each([
    'GET /v1.2/collections HTTP/1.1\r\nno header\r\n\r\n',
    'nonsense\r\n\r\n',
    '\u0000\r\n\r\n',
  ])('the answer to malformed HTTP %j', async (bytes) => {
    const answer = await sendRaw(cardea.url, bytes);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toEqual({
      ErrorCode: '1100',
      Message: 'The request received is invalid',
    });
    expectHeaders(answer.headers);
  });
});

describe('X-Request-Id', () => {
  it.each(['a', 'x'.repeat(64), '!"#$%&\'()*+,-./:;<=>?@[]^_`{|}~'])('repeats %s', async (id) => {
    const headers = { 'x-request-id': id };
    expect((await cardea.ask('GET', '/nothing', { headers })).headers.get('x-request-id')).toBe(id);
  });

  it.each(['x'.repeat(65), 'two words', 'é', ''])('makes another one for %j', async (id) => {
    const headers = { 'x-request-id': id };
    const answer = await cardea.ask('GET', '/collections', { headers });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('methods', () => {
  it('HEAD works like GET without body', async () => {
    const id = await newId();
    const head = await cardea.ask('HEAD', `/collections/${id}`);
    const get = await cardea.ask('GET', `/collections/${id}`);
    expect(head.status).toBe(200);
    expect(head.text).toBe('');
    for (const name of ['content-type', 'content-length'])
      expect(head.headers.get(name)).toBe(get.headers.get(name));
    expect((await cardea.ask('HEAD', `/collections/${randomUUID()}`)).status).toBe(404);
    expect((await cardea.ask('HEAD', '/collections', { token: null })).status).toBe(401);
  });

  it('an unknown route is 404 with code 1100, with and without a token', async () => {
    for (const path of ['/nothing', '//nothing', '//v9/collections', '/collections/a/b/c'])
      for (const sent of [null, token]) {
        const answer = await cardea.ask('GET', path, { token: sent });
        expect(answer.status).toBe(404);
        expect(answer.json).toMatchObject({ ErrorCode: '1100' });
      }
  });

  it.each(['/collections', '/Collections/', '//v1.2//collections?x=1'])(
    'a wrong method at %s is 405 with the allowed ones',
    async (path) => {
      const answer = await cardea.ask('DELETE', path);
      expect(answer.status).toBe(405);
      expect(answer.json).toMatchObject({ ErrorCode: '1100' });
      expect(answer.headers.get('allow')?.split(', ').sort()).toEqual(['GET', 'HEAD', 'POST']);
    },
  );

  it.each(['PROPFIND', 'TRACE', 'QUERY', 'LOCK', 'FOO', 'get'])(
    'the method %s is refused',
    async (method) => {
      const answer = await raw(`${method} /v1.2/collections`, [bearer()]);
      expect([400, 405]).toContain(answer.status);
      expect(JSON.parse(answer.body)).toMatchObject({ ErrorCode: '1100' });
      expectHeaders(answer.headers);
    },
  );
});

describe('malformed HTTP', () => {
  it.each(['%', '%zz', '%c3%28', '%00', '%2e%2e%2f', '%2f', '..', "'--", '\u00ff'])(
    'garbage %j in the path is refused',
    async (text) => {
      const answer = await raw(`GET /v1.2/collections/${text}`, [bearer()]);
      expect([400, 404]).toContain(answer.status);
      expect(JSON.parse(answer.body)).toMatchObject({ ErrorCode: '1100' });
    },
  );

  it('a path segment of many thousand characters is refused', async () => {
    const answer = await raw(`GET /v1.2/collections/${'a'.repeat(30_000)}`, [bearer()]);
    expect([400, 404]).toContain(answer.status);
    expect(JSON.parse(answer.body)).toMatchObject({ ErrorCode: '1100' });
  });

  it('headers too large are refused', async () => {
    const answer = await raw('GET /v1.2/collections', [bearer(), `X-Long: ${'x'.repeat(70_000)}`]);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ ErrorCode: '1100' });
  });

  it('a percent-encoded filter of 4,096 characters gets through', async () => {
    const filter = encodeURIComponent(`customer_reference eq '${'ü'.repeat(4_000)}'`);
    expect((await raw(`GET /v1.2/collections?$filter=${filter}`, [bearer()])).status).toBe(200);
  });

  it('a body shorter than it says ends with the connection and changes nothing', async () => {
    const { count } = (await cardea.ask('GET', '/collections?$count=true&$top=0')).json as {
      count: number;
    };
    const text = requestText('POST /v1.2/collections', [bearer(), 'Content-Length: nine'], '{}');
    expect((await sendRaw(cardea.url, text)).status).toBe(400);
    const after = await cardea.ask('GET', '/collections?$count=true&$top=0');
    expect(after.json).toMatchObject({ count });
  });

  it('an offer of HTTP/2 without TLS is declined and the request answered', async () => {
    const offer = ['Upgrade: h2c', 'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA'];
    const get = requestText('GET /v1.2/collections', [bearer(), ...offer]).replace(
      'Connection: close',
      'Connection: Upgrade, HTTP2-Settings, close',
    );
    const answer = await sendRaw(cardea.url, get);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toHaveProperty('items');
    const body = '{"customer_reference":"Upgraded"}';
    const post = requestText(
      'POST /v1.2/collections',
      [bearer(), ...offer, `Content-Length: ${body.length}`],
      body,
    ).replace('Connection: close', 'Connection: Upgrade, HTTP2-Settings, close');
    expect(JSON.parse((await sendRaw(cardea.url, post)).body)).toMatchObject({
      customer_reference: 'Upgraded',
    });
  });
});

describe('CORS (connect-api.md 1.8)', () => {
  const preflight = {
    origin,
    'access-control-request-method': 'PATCH',
    'access-control-request-headers': 'authorization,x-datadog-trace-id',
  };

  it('a preflight passes without a token, with every header asked for', async () => {
    const answer = await cardea.ask('OPTIONS', '/collections', { headers: preflight, token: null });
    expect(answer.status).toBe(204);
    expect(answer.text).toBe('');
    const allowed = (name: string) => answer.headers.get(`access-control-${name}`);
    expect(allowed('allow-origin')).toBe(origin);
    expect(allowed('allow-methods')).toBe('GET, POST, PUT, PATCH, DELETE');
    expect(allowed('allow-headers')).toBe('authorization,x-datadog-trace-id');
    expect(allowed('max-age')).toBe('600');
    expect(allowed('allow-credentials')).toBeNull();
    expect(answer.headers.get('vary')).toContain('Origin');
  });

  it('answers and refusals are readable by an allowed origin', async () => {
    for (const [path, sent] of [
      ['/collections', token],
      ['/collections/7', token],
      ['/collections', null],
    ] as const) {
      const answer = await cardea.ask('GET', path, { headers: { origin }, token: sent });
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
      expect(answer.headers.get('access-control-expose-headers')).toBe(
        'X-Request-Id, CLP-Warning, Content-Disposition, Retry-After, WWW-Authenticate',
      );
    }
  });

  it('every origin is echoed where the operator allows all', async () => {
    const app = await createApp({ log: silentLog(), corsOrigins: ['*'], version: '0.0.0' });
    const answer = await app.inject({ method: 'OPTIONS', url: '/v1.1/sites', headers: preflight });
    expect(answer.statusCode).toBe(204);
    expect(answer.headers['access-control-allow-origin']).toBe(origin);
    await app.close();
  });

  it('another origin is not let in, whatever the method and the headers', async () => {
    const headers = { ...preflight, origin: 'https://evil.example.com' };
    const answer = await cardea.ask('OPTIONS', '/collections', { headers, token: null });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(answer.headers.get('vary')).toContain('Origin');
    const read = await cardea.ask('GET', '/collections', { headers: { origin: headers.origin } });
    expect(read.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('OPTIONS from no page at all is told the methods and headers too', async () => {
    const { origin: _origin, ...asked } = preflight;
    const answer = await cardea.ask('OPTIONS', '/collections', { headers: asked, token: null });
    expect(answer.status).toBe(204);
    const allowed = (name: string) => answer.headers.get(`access-control-${name}`);
    expect(allowed('allow-methods')).toContain('PATCH');
    expect(allowed('allow-headers')).toBe('authorization,x-datadog-trace-id');
    expect(allowed('max-age')).toBe('600');
    expect(allowed('allow-origin')).toBeNull();
  });
});

describe('the order of checks (core-api.md 2)', () => {
  it('the token goes before everything of the request', async () => {
    for (const [method, path, body] of [
      ['POST', '/collections', '{broken'],
      ['PATCH', '/collections/7', '{broken'],
      ['GET', '/collections?$top=x', undefined],
      ['POST', '/collections', 'x'.repeat(2 * 1024 * 1024)],
    ] as const) {
      const text = requestText(
        `${method} /v1.2${path}`,
        body === undefined ? [] : [`Content-Length: ${body.length}`],
        body,
      );
      expect((await sendRaw(cardea.url, text)).status).toBe(401);
    }
  });

  it('the route goes before the token', async () => {
    expect((await cardea.ask('GET', '/nothing', { token: null })).status).toBe(404);
    expect((await cardea.ask('DELETE', '/collections', { token: null })).status).toBe(405);
  });

  it('the scope goes before ids, bodies and list options', async () => {
    const plates = await cardea.token('core_api.license_plate');
    for (const [method, path] of [
      ['PATCH', '/collections/7'],
      ['GET', `/collections/${randomUUID()}`],
      ['GET', '/collections?$top=x'],
    ] as const) {
      const body = method === 'PATCH' ? '{broken' : undefined;
      const answer = await cardea.ask(method, path, { token: plates, ...(body ? { body } : {}) });
      expect(answer.status).toBe(403);
    }
    const standard = await cardea.token('core_api.standard');
    const answer = await cardea.ask('POST', '/collections', { token: standard, body: '{broken' });
    expect(answer.status).toBe(403);
  });

  it('the form of a path id goes before its existence and the body', async () => {
    const answer = await cardea.ask('PATCH', '/collections/7', { body: '{broken' });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({
      ErrorCode: '1100',
      Message: 'The request received is invalid: The id in the path must be a UUID.',
    });
  });

  it('the existence of a path id goes before the body', async () => {
    const answer = await cardea.ask('PATCH', `/collections/${randomUUID()}`, { body: '{broken' });
    expect(answer.status).toBe(404);
    expect(answer.json).toMatchObject({ ErrorCode: '1101' });
  });

  it('the form of a body goes before its values', async () => {
    const body = { country_code: 'XX', sync_mkey: 'perhaps' };
    const answer = await cardea.ask('PATCH', `/collections/${await newId()}`, { body });
    expect(answer.json).toMatchObject({
      ErrorCode: '1100',
      Message: expect.stringContaining('sync_mkey') as string,
    });
  });

  it('values go before the state', async () => {
    const id = await newId();
    await cardea.database.pool.query(
      'insert into accessors (tenant_id, id, collection_id, created_at) values ($1, $2, $3, now())',
      [cardea.tenant.tenantId, randomUUID(), id],
    );
    const answer = await cardea.ask('DELETE', `/collections/${id}?force=perhaps`);
    expect(answer.status).toBe(400);
    expect((await cardea.ask('DELETE', `/collections/${id}`)).status).toBe(403);
  });
});
