import { connect } from 'node:net';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorNames, errorRow } from '#contract/errors';
import { meetingThings } from '#server/http/error-meetings';
import { errorReferenceMarkdown, raisedBy, type Description } from '#server/http/error-reference';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { readBuilding } from '#test/kit/building';
import { escapeHtml } from '#server/docs/markdown';
import { publishedOperations } from '#test/kit/operations';
import { until } from '#test/kit/wait';

let cardea: TestServer;
beforeAll(async () => {
  cardea = await startTestServer();
});
afterAll(async () => {
  await cardea.stop();
});

const description = async (server = cardea): Promise<Description> =>
  (await server.ask('GET', '//openapi.json', { token: null })).json as Description;

describe('the catalogue (errors.md rules 1 and 2)', () => {
  it('uses no number, name or message twice', () => {
    const rows = errorNames.map((name) => errorRow(name));
    expect(new Set(rows.map(({ code }) => code)).size).toBe(rows.length);
    expect(new Set(rows.map(({ message }) => message)).size).toBe(rows.length);
    for (const { code, statuses } of rows) {
      expect(String(code)).toMatch(/^[1-4]\d{3}$/);
      expect(new Set(statuses).size).toBe(statuses.length);
    }
  });

  it('holds every row of the contract', () => {
    const codes = errorNames.map((name) => errorRow(name).code);
    expect(codes).toEqual([
      1100, 1101, 1102, 1500, 1501, 2201, 2202, 2203, 2204, 2205, 2206, 2207, 2208, 2209, 2210,
      2211, 2212, 2213, 2214, 2215, 2216, 2217, 2218, 2219, 2220, 2221, 2222, 2223, 3010, 3101,
      3102, 3103, 3104, 3105, 3201, 4101, 4201,
    ]);
  });

  it('is what the page of the docs says', async () => {
    const page = errorReferenceMarkdown(raisedBy(await description()));
    await expect(page).toMatchFileSnapshot('../../docs/generated/errors.md');
  });

  it('calls the things of the demo building by their ids', async () => {
    const { hubs, locks, site } = await readBuilding('harbour');
    const things = [...hubs, ...locks, ...(site?.people ?? []), ...(site?.collections ?? [])];
    for (const { name, id } of Object.values(meetingThings))
      expect(things).toContainEqual(expect.objectContaining({ name, id }));
  });

  it('is what the page of the running server says', async () => {
    const { status, text } = await cardea.ask('GET', '//docs/errors', { token: null });
    expect(status).toBe(200);
    const { operations } = raisedBy(await description());
    for (const name of errorNames) {
      const row = errorRow(name);
      const section = text.split('<section ').find((part) => part.startsWith(`id="${row.code}"`));
      expect(section, name).toContain(name);
      expect(section).toContain(escapeHtml(row.message));
      expect(section).toContain('Meet it in the simulator');
      expect(section).toContain(`<b>HTTP status</b> ${row.statuses.join(', ')} `);
      expect(section?.includes('not raised yet')).toBe(!operations.has(String(row.code)));
    }
  });

  it('is what the API description says of every operation', async () => {
    const rows = new Map(errorNames.map((name) => [String(errorRow(name).code), errorRow(name)]));
    for (const { codes, responses, path } of await publishedOperations(cardea)) {
      expect(new Set(codes).size).toBe(codes.length);
      for (const code of codes) {
        const row = rows.get(code);
        expect(row, `${path} ${code}`).toBeDefined();
        for (const status of row?.statuses ?? []) {
          if (status < 400) continue;
          expect(responses[status]?.description, `${path} ${code} ${status}`).toContain(
            `${code} ${row?.message ?? ''}`,
          );
        }
      }
      for (const [status, { description: told = '' }] of Object.entries(responses))
        if (Number(status) >= 400 && status !== '401')
          for (const [, code = ''] of told.matchAll(/(?:^|; )(\d{4}) /g))
            expect(codes).toContain(code);
    }
  });
});

describe('a body of an error', () => {
  const unknown = (headers: Record<string, string> = {}, path = ''): Promise<Answer> =>
    cardea.ask('GET', path === '' ? `/collections/${randomUUID()}` : path, { headers });

  it('has two members unless problem details are asked for', async () => {
    const plain = await unknown({ accept: 'application/json, */*' });
    expect(plain.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(plain.json).toEqual({
      ErrorCode: '1101',
      Message: "Value of 'id' is invalid.",
    });
    const headers = { accept: 'text/html, Application/Problem+JSON;q=0.9', 'x-request-id': 'abc' };
    const problem = await unknown(headers);
    expect(problem.status).toBe(404);
    expect(problem.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(problem.json).toEqual({
      type: '/docs/errors#1101',
      title: 'Value is invalid.',
      status: 404,
      code: '1101',
      name: 'VALUE_INVALID',
      detail: "Value of 'id' is invalid.",
      instance: 'abc',
      retry: 'never',
      effect: 'none',
    });
  });

  it('names an unknown id of the path as the path names it', async () => {
    const token = await cardea.token('hardware_api');
    const id = randomUUID();
    for (const { face, method, path, pathParameters } of await publishedOperations(cardea)) {
      if (face !== 'core' || pathParameters.length === 0) continue;
      const url = `/${path.replaceAll(/\{\w+\}/g, id)}`;
      const headers = { 'clp-collection-id': id };
      const { status, json } = await cardea.ask(method, url, { token, headers });
      const names = pathParameters.map((name) => `Value of '${name}' is invalid.`);
      expect([404, expect.toBeOneOf(names)], `${method} ${path}`).toEqual([
        status,
        (json as { Message: string }).Message,
      ]);
    }
  });

  it.each(['//v2', '//v2/anything', '//V2/anything?x=1', '///v2/x'])(
    'is problem details below /v2 (%s)',
    async (path) => {
      const answer = await unknown({}, path);
      expect(answer.status).toBe(404);
      expect(answer.json).toMatchObject({ code: '1100', name: 'REQUEST_INVALID', status: 404 });
    },
  );

  it('of 401 and of a missing scope is empty, with problem details asked for too', async () => {
    const headers = { accept: 'application/problem+json' };
    const plates = await cardea.token('core_api.license_plate');
    for (const [token, status] of [
      [null, 401],
      [plates, 403],
    ] as const) {
      const answer = await cardea.ask('GET', '/collections', { headers, token });
      expect([answer.status, answer.text]).toEqual([status, '']);
    }
  });

  it('never appears in a success', async () => {
    const answer = await cardea.ask('POST', '/collections', {
      body: { ErrorCode: '1', Message: '2' },
    });
    expect(answer.status).toBe(200);
    expect(answer.json).not.toHaveProperty('ErrorCode');
  });
});

describe('a fault of the server', () => {
  it('is 2201 with the request id, and tells nothing of the inside', async () => {
    const server = await startTestServer();
    try {
      const { pool } = server.database;
      await pool.query('alter table collections rename to hidden_table');
      for (const accept of ['*/*', 'application/problem+json']) {
        const headers = { 'x-request-id': 'seen-by-caller', accept };
        const answer = await server.ask('GET', '/collections', { headers });
        expect(answer.status).toBe(500);
        expect(answer.text).toContain('2201');
        expect(answer.text).toContain('An internal error has occurred');
        expect(answer.text).toContain('seen-by-caller');
        expect(answer.text).not.toMatch(
          /collections"|relation|select|hidden|\.ts|\.js|node_modules|stack|at /i,
        );
      }
      const metrics = await server.ask('GET', '//metrics', { token: null });
      expect(metrics.text).toContain('cardea_failures_total{code="2201"} 2');
    } finally {
      await server.stop();
    }
  });

  it('is 2201 while the database does not answer, and passes with it', async () => {
    const server = await startTestServer();
    try {
      const token = await server.token('core_api.full');
      expect((await server.ask('GET', '/collections', { token })).status).toBe(200);
      const { pool } = server.database;
      const { rows } = await pool.query<{ name: string }>('select current_database() as name');
      const name = rows[0]?.name ?? '';
      const other = await adminOf(server);
      await other.query(`alter database ${name} with allow_connections false`);
      await other.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1',
        [name],
      );
      const answer = await until(
        async () => {
          const found = await server.ask('GET', '/collections', { token });
          return found.status === 500 ? found : null;
        },
        { what: 'the database is missed' },
      );
      expect(answer.json).toEqual({
        ErrorCode: '2201',
        Message: expect.stringMatching(
          /^An internal error has occurred.*Request id: \S+$/,
        ) as string,
      });
      const health = await server.ask('GET', '//ready', { token: null });
      expect(health.status).toBe(503);
      expect(health.headers.get('retry-after')).not.toBeNull();
      await other.query(`alter database ${name} with allow_connections true`);
      await until(async () => (await server.ask('GET', '/collections', { token })).status === 200, {
        what: 'the database is back',
      });
      await other.end();
    } finally {
      await server.stop();
    }
  });
});

describe('too many requests', () => {
  it('are 429 with Retry-After until the minute is over, client by client', async () => {
    const server = await startTestServer({
      clock: new Date('2026-11-22T08:00:00Z'),
      settings: { CARDEA_RATE_LIMIT: '3' },
    });
    try {
      const other = await server.token('core_api.full', await server.addTenant('Other'));
      for (let call = 0; call < 3; call += 1)
        expect((await server.ask('GET', '/collections')).status).toBe(200);
      server.clock?.advance(20_000);
      const refused = await server.ask('POST', '/collections', { body: '{broken' });
      expect(refused.status).toBe(429);
      expect(refused.headers.get('retry-after')).toBe('40');
      expect(refused.json).toEqual({
        ErrorCode: '1100',
        Message: 'The request received is invalid: 3 requests a minute are allowed.',
      });
      expect((await server.ask('GET', '/collections', { token: other })).status).toBe(200);
      server.clock?.advance(40_000);
      expect((await server.ask('GET', '/collections')).status).toBe(200);
    } finally {
      await server.stop();
    }
  });
});

describe('while the server stops', () => {
  it('a request on an open connection is 503 with Retry-After', async () => {
    const server = await startTestServer();
    const token = await server.token('core_api.full');
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(socket, 'connect');
    let heard = '';
    socket.on('data', (part: Buffer) => {
      heard += part.toString();
    });
    socket.write('GET /v1.2/collections HTTP/1.1\r\nHost: a\r\n');
    // Once this is answered the half request before it has been read too.
    await server.ask('GET', '/collections', { token });
    const stopping = server.stop();
    await until(() => isRefused(server.url), { what: 'nobody is let in any more' });
    socket.write(`Authorization: Bearer ${token}\r\n\r\n`);
    await once(socket, 'close');
    await stopping;
    expect(heard).toMatch(/^HTTP\/1\.1 503 /);
    expect(heard).toMatch(/\r\nretry-after: \d+\r\n/i);
    expect(heard).toMatch(/\r\nconnection: close\r\n/i);
    expect(heard).toContain('"ErrorCode":"1100"');
  });
});

/** A connection to the same PostgreSQL beside the server's database. */
async function adminOf({ databaseUrl }: TestServer): Promise<Client> {
  const client = new Client({ connectionString: databaseUrl.replace(/\/[^/]+$/, '/postgres') });
  await client.connect();
  return client;
}

function isRefused(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}
