import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '#server/http/app';
import { createOperating } from '#server/operating';
import { createSystemClock } from '#server/runtime/clock';
import { readConfig } from '#server/runtime/config';
import { createLog } from '#server/runtime/log';
import { openTracing, type Tracing } from '#server/runtime/tracing';
import { partOf, readBuilding, startTestBuilding, type TestBuilding } from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { addPerson, type TestPerson } from '#test/kit/people';
import { startReceiver, type TestReceiver } from '#test/kit/receiver';
import {
  startTraceReceiver,
  type ReceivedSpan,
  type TraceReceiver,
} from '#test/kit/trace-receiver';
import { until } from '#test/kit/wait';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const callerSpan = 'b7ad6b7169203331';
const lines: string[] = [];
let collector: TraceReceiver;
let tracing: Tracing | null;
let cardea: TestServer;
let house: TestBuilding;
let owner: TestPerson;
let receiver: TestReceiver;

const log = createLog({
  level: 'debug',
  format: 'json',
  target: { write: (line) => lines.push(line) },
});

beforeAll(async () => {
  collector = await startTraceReceiver();
  tracing = await openTracing(
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_SERVICE_NAME: 'doors',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    },
    { version: '0.0.0', log },
  );
  if (tracing === null) throw new Error('an endpoint is set');
  receiver = await startReceiver();
  const settings = { CARDEA_WEBHOOK_ALLOW: '127.0.0.1', CARDEA_TRUSTED_PROXIES: '127.0.0.9' };
  cardea = await startTestServer({ log, tracing, settings });
  house = await startTestBuilding(cardea, {
    building: partOf(await readBuilding('harbour'), {
      hubs: ['Ground floor hub'],
      locks: ['Front door'],
    }),
  });
  owner = await addPerson(cardea, { siteId: house.collectionId, role: 'owner' });
  await cardea.ask('POST', `//ext/v1/sites/${house.collectionId}/webhooks`, {
    token: owner.token,
    body: { url: receiver.url, events: ['entry'] },
  });
  await openDoor();
  await receiver.untilReceived(1);
}, 120_000);

afterAll(async () => {
  await house.stop();
  await cardea.stop();
  await tracing?.stop();
  await receiver.stop();
  await collector.stop();
});

const page = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  cardea.ask('GET', `//${path}`, { token: null, headers });
const figures = async (): Promise<string> => (await page('metrics')).text;

function openDoor() {
  return cardea.ask('PATCH', `/locks/${house.lockId('Front door')}/locking`, {
    body: { locked_state: 'unlocked' },
    headers: { traceparent: `00-${traceId}-${callerSpan}-01`, 'x-request-id': 'asked-by-test' },
  });
}

describe('the state of a process', () => {
  it('says that it lives and that each part is ready', async () => {
    expect((await page('health')).json).toEqual({ status: 'up', version: '0.1.0' });
    const ready = await page('ready');
    expect(ready.status).toBe(200);
    expect(ready.json).toEqual({
      ready: true,
      parts: {
        process: 'up',
        database: 'up',
        migrations: 'up',
        http: 'up',
        gateway: 'up',
        stream: 'up',
        jobs: 'up',
      },
    });
  });

  it('is not ready before it is up, nor once it begins to end', async () => {
    const operating = createOperating({
      config: readConfig({ ROLES: 'http,jobs' }),
      database: cardea.serverDatabase,
      clock: createSystemClock(),
      version: '0.1.0',
      tracing: null,
    });
    const app = await createApp({ log, corsOrigins: [], version: '0.1.0' });
    operating.registerPages(app, null);
    const ask = async () => {
      const { statusCode, body } = await app.inject('/ready');
      return [statusCode, (JSON.parse(body) as { parts: Record<string, string> }).parts['process']];
    };
    expect(await ask()).toEqual([503, 'starting']);
    operating.setState('up');
    expect(await ask()).toEqual([200, 'up']);
    operating.setState('stopping');
    expect(await ask()).toEqual([503, 'stopping']);
    await app.close();
  });

  it('says which part is not ready while the tables are of an older Cardea', async () => {
    const { pool } = cardea.database;
    await pool.query('create table kept as select * from schema_migrations');
    await pool.query('delete from schema_migrations where number = (select max(number) from kept)');
    try {
      const ready = await page('ready');
      expect(ready.status).toBe(503);
      expect(ready.json).toMatchObject({ ready: false, parts: { migrations: 'behind' } });
    } finally {
      await pool.query('insert into schema_migrations select * from kept on conflict do nothing');
      await pool.query('drop table kept');
    }
    expect((await page('ready')).status).toBe(200);
  });
});

describe('behind a proxy', () => {
  it('links of lists begin where a trusted proxy was asked, and a stranger is not believed', async () => {
    await cardea.ask('POST', '/collections', { body: {} });
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'keys.example.com' };
    const pageFrom = async (localAddress: string): Promise<string> => {
      const token = await cardea.token('core_api.full');
      const { text } = await sendFrom(localAddress, {
        url: `${cardea.url}/v1.2/collections?$top=1`,
        headers: { ...headers, authorization: `Bearer ${token}` },
      });
      return text;
    };
    expect(await pageFrom('127.0.0.9')).toContain('https://keys.example.com/v1.2/');
    expect(await pageFrom('127.0.0.8')).not.toContain('keys.example.com');
  });
});

describe('the metrics', () => {
  it('tell of requests, failures, commands, events, hubs, queues and the process', async () => {
    await cardea.ask('GET', `/locks/${randomUUID()}`);
    const expected = [
      'cardea_http_requests_total{method="PATCH",route="/v1.2/locks/:id/locking",status="200"} 1',
      'cardea_http_request_seconds_count{method="PATCH",route="/v1.2/locks/:id/locking"} 1',
      'cardea_failures_total{code="1101"} 1',
      'cardea_commands_total{kind="open",state="confirmed"} 1',
      'cardea_command_seconds_count{kind="open"} 1',
      'cardea_gateway_iqs_ready 1',
      'cardea_webhook_attempts_total{outcome="taken"} 1',
      'cardea_queue_waiting{queue="webhooks"} 0',
      'cardea_queue_waiting{queue="messages"} 0',
      'cardea_queue_late_seconds{queue="account_mails"} 0',
      'cardea_stream_listeners 0',
      'cardea_database_up 1',
      '# TYPE cardea_gateway_frames_in_total counter',
    ];
    let text = '';
    // What was done is counted a moment after others have seen it.
    await until(
      async () => {
        text = await figures();
        const isStored = /^cardea_events_stored_total [1-9]/m.test(text);
        return isStored && expected.every((line) => text.includes(line));
      },
      { what: () => `all is counted, but for ${expected.filter((x) => !text.includes(x)).join()}` },
    );
    expect(text).toMatch(/^cardea_build_info\{version="0\.1\.0",node="[\d.]+",roles="http,/m);
    expect(text).toMatch(/^cardea_event_delay_seconds_count [1-9]/m);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds [\d.e-]+$/m);
    expect(text).toMatch(/^cardea_database_connections [1-9]/m);
  });

  it('have labels that are words of ours, whatever a caller sends', async () => {
    const strange = `unheard-of-${randomBytes(4).toString('hex')}`;
    await page(strange);
    await page('v1.2/locks', { 'x-request-id': strange });
    const text = await figures();
    expect(text).not.toContain(strange);
    expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
    expect(text).toContain('route="none",status="404"');
  });

  it.each([
    ['x-forwarded-for', '203.0.113.7'],
    ['forwarded', 'for=203.0.113.7'],
    ['via', '1.1 proxy'],
  ])('are not for whom a proxy on this machine brings: %s', async (name, value) => {
    const answer = await page('metrics', { [name]: value });
    expect(answer.status).toBe(403);
    expect(answer.text).not.toContain('cardea_');
  });

  it('are not for a trusted proxy of this machine, whatever it leaves out', async () => {
    const url = `${cardea.url}/metrics`;
    expect((await sendFrom('127.0.0.9', { url, headers: {} })).status).toBe(403);
    expect((await sendFrom('127.0.0.8', { url, headers: {} })).status).toBe(200);
  });

  it.each(['deploy/grafana/cardea.json', 'deploy/prometheus/alerts.yml'])(
    'have every name that is used in %s',
    async (path) => {
      const text = await readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
      const shown = await figures();
      const families = new Set([...shown.matchAll(/^# TYPE (\w+)/gm)].map((found) => found[1]));
      const used = new Set(
        [...text.matchAll(/\b(?:cardea|process|nodejs)_[a-z0-9_]+\b/g)].map(([name]) => name),
      );
      expect(used.size).toBeGreaterThan(5);
      const unknown = [...used].filter(
        (name) => !families.has(name) && !families.has(name.replace(/_(bucket|sum|count)$/, '')),
      );
      expect(unknown).toEqual([]);
    },
  );
});

describe('the traces', () => {
  const spanOf = (wanted: (span: ReceivedSpan) => boolean, what: string) =>
    until(() => collector.spans.find(wanted), { what: `the collector has ${what}` });

  it('hold a request below the span of its caller, and below it statements and the command', async () => {
    const request = await spanOf(
      ({ name }) => name === 'PATCH /v1.2/locks/:id/locking',
      'the request',
    );
    expect(request).toMatchObject({
      traceId,
      parentSpanId: callerSpan,
      isFailed: false,
      attributes: {
        'http.request.method': 'PATCH',
        'http.route': '/v1.2/locks/:id/locking',
        'http.response.status_code': 200,
        'cardea.request_id': 'asked-by-test',
      },
    });
    const command = await spanOf(({ name }) => name === 'command open', 'the command');
    expect(command).toMatchObject({
      traceId,
      parentSpanId: request.spanId,
      attributes: {
        'cardea.command.state': 'confirmed',
        'cardea.iq_id': expect.any(String) as string,
      },
    });
    const insert = await spanOf(
      (span) => span.traceId === traceId && span.name.startsWith('command-insert'),
      'the statement',
    );
    expect(insert).toMatchObject({ parentSpanId: request.spanId });
    expect(collector.resource).toMatchObject({
      'service.name': 'doors',
      'service.version': '0.0.0',
    });
  });

  it('name the code of a failure, and hold deliveries of webhooks', async () => {
    await cardea.ask('GET', `/locks/${randomUUID()}`, { headers: { 'x-request-id': 'no-lock' } });
    const failed = await spanOf(
      ({ attributes }) => attributes['cardea.request_id'] === 'no-lock',
      'the failure',
    );
    expect(failed.attributes).toMatchObject({
      'cardea.error_code': 1101,
      'http.response.status_code': 404,
    });
    const delivery = await spanOf(({ name }) => name === 'webhook delivery', 'the delivery');
    expect(delivery.attributes).toMatchObject({ 'http.response.status_code': 204 });
  });
});

/** Ids, instants and measures, in which any eight digits come by chance. */
const drawn = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{12,}|\d+\.\d[\d.e-]*/gi;

function tells(text: string, secret: string): boolean {
  return (/^\d+$/.test(secret) ? text.replaceAll(drawn, ' ') : text).includes(secret);
}

describe('what is secret', () => {
  it('is neither in the log nor in traces nor in metrics', async () => {
    const secret = (word: string): string => `${word}${randomBytes(9).toString('hex')}`;
    const secrets = {
      password: secret('pass'),
      clientSecret: secret('client'),
      bearer: secret('bearer'),
      code: secret('code'),
      refresh: secret('refresh'),
      otp: '48151623',
      pin: '72930416',
      email: `${secret('mail')}@example.test`,
      firstName: secret('Ottilie'),
      lastName: secret('Brandt'),
      query: secret('query'),
    };
    const { tenant } = cardea;
    const form = (fields: Readonly<Record<string, string>>) =>
      cardea.ask('POST', '//connect/token', {
        token: null,
        body: new URLSearchParams({ client_id: tenant.clientId, ...fields }).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
    const names = { first_name: secrets.firstName, last_name: secrets.lastName };
    const answers = [
      await form({
        grant_type: 'password',
        username: secrets.email,
        password: secrets.password,
        client_secret: tenant.clientSecret,
        otp: secrets.otp,
      }),
      await form({ grant_type: 'client_credentials', client_secret: secrets.clientSecret }),
      await form({ grant_type: 'authorization_code', code: secrets.code, client_secret: 'x' }),
      await form({ grant_type: 'refresh_token', refresh_token: secrets.refresh }),
      await cardea.ask('GET', '/locks', { token: secrets.bearer }),
      await cardea.ask('GET', `/locks?$filter=customer_reference eq '${secrets.query}'`),
      await cardea.ask('POST', `//v1.1/sites/${house.collectionId}/users`, {
        token: owner.token,
        body: { ...names, email: secrets.email },
      }),
      await cardea.ask('PUT', `/accessors/${owner.accessorId ?? ''}/pin/custom`, {
        body: { pin: secrets.pin },
      }),
    ];
    // A failed statement brings its row along in the words of PostgreSQL.
    const { pool } = cardea.database;
    await pool.query(
      `alter table collections add constraint narrow check (customer_reference <> '${secrets.query}')`,
    );
    const broken = await cardea.ask('POST', '/collections', {
      body: { customer_reference: secrets.query },
      headers: { 'x-request-id': 'broken-by-test' },
    });
    await pool.query('alter table collections drop constraint narrow');
    expect(answers.map(({ status }) => status)).toContain(400);
    expect(broken.status).toBe(500);
    const told = lines.find((line) => line.includes('broken-by-test'));
    expect(JSON.parse(told ?? '{}')).toMatchObject({ level: 'error', requestId: 'broken-by-test' });
    await until(() => collector.text().includes('broken-by-test'), { what: 'it is traced' });
    const written = [lines.join(''), collector.text(), await figures()];
    const { password, email } = owner;
    const all = Object.entries({
      ...secrets,
      own: password,
      ownMail: email,
      s: tenant.clientSecret,
    });
    for (const [name, value] of all)
      expect(
        written.map((text) => tells(text, value)),
        name,
      ).toEqual([false, false, false]);
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty('level');
  });
});

describe('without its database', () => {
  it('lives, is not ready, says why, and comes back', async () => {
    const { pool } = cardea.database;
    const { rows } = await pool.query<{ name: string }>('select current_database() as name');
    const name = rows[0]?.name ?? '';
    const admin = new Client({
      connectionString: cardea.databaseUrl.replace(/\/[^/]+$/, '/postgres'),
    });
    await admin.connect();
    try {
      await admin.query(`alter database ${name} with allow_connections false`);
      await admin.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1',
        [name],
      );
      const held = 'select from pg_stat_activity where datname = $1';
      await until(async () => (await admin.query(held, [name])).rowCount === 0, {
        what: 'every connection has ended',
      });
      const ready = await until(
        async () => {
          const found = await page('ready');
          return found.status === 503 ? found : undefined;
        },
        { what: 'the database is missed' },
      );
      expect(ready.json).toMatchObject({
        ready: false,
        parts: { process: 'up', database: 'down', migrations: 'unknown', gateway: 'up' },
      });
      expect(ready.headers.get('retry-after')).toBe('5');
      expect((await page('health')).status).toBe(200);
      expect(await figures()).toContain('cardea_database_up 0');
      await admin.query(`alter database ${name} with allow_connections true`);
      await until(async () => (await page('ready')).status === 200, { what: 'it is ready again' });
      expect(await figures()).toContain('cardea_database_up 1');
    } finally {
      await admin.query(`alter database ${name} with allow_connections true`);
      await admin.end();
    }
  });
});

/** A request from an address of this machine. */
async function sendFrom(
  localAddress: string,
  { url, headers }: { readonly url: string; readonly headers: Readonly<Record<string, string>> },
): Promise<{ readonly status: number | undefined; readonly text: string }> {
  const asking = request(url, { localAddress, headers });
  asking.end();
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  let text = '';
  answer.setEncoding('utf8').on('data', (part: string) => (text += part));
  await once(answer, 'end');
  return { status: answer.statusCode, text };
}
