import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { addPerson, addSite } from '#test/kit/people';
import { startReceiver, verify, type TestReceiver } from '#test/kit/receiver';
import { insertLock } from '#test/kit/rows';

let server: TestServer;
let receiver: TestReceiver;
let siteId: string;
let token: string;
let base: string;
beforeAll(async () => {
  server = await startTestServer({ settings: { CARDEA_WEBHOOK_ALLOW: '127.0.0.1' } });
  receiver = await startReceiver();
  siteId = await addSite(server);
  ({ token } = await addPerson(server, { siteId, role: 'owner' }));
  base = `//ext/v1/sites/${siteId}/webhooks`;
});
afterAll(async () => {
  await server.stop();
  await receiver.stop();
});
beforeEach(() => receiver.answer(() => ({ status: 204 })));

type Made = Readonly<Record<string, unknown>> & { readonly id: string; readonly secret: string };

function ask(method: string, path: string, body?: object): Promise<Answer> {
  return server.ask(method, `${base}${path}`, { token, ...(body === undefined ? {} : { body }) });
}

async function create(more: object = {}): Promise<Made> {
  const body = { url: receiver.url, events: ['entry'], ...more };
  const answer = await ask('POST', '', body);
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer.json as Made;
}

async function refusal(answer: Promise<Answer>): Promise<string> {
  const { status, json } = await answer;
  const { ErrorCode: code, Message: message } = json as { ErrorCode: string; Message: string };
  return `${String(status)} ${code} ${message}`;
}

describe('a webhook', () => {
  it('is made with a secret that is shown this once', async () => {
    const made = await create({ events: ['incident', 'entry', 'entry'] });
    expect(made).toEqual({
      id: expect.any(String),
      url: receiver.url,
      events: ['incident', 'entry'],
      lock_ids: [],
      description: null,
      active: true,
      state: 'ok',
      failing_since: null,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
    });
    const { secret: _shownOnce, ...shown } = made;
    expect((await ask('GET', `/${made.id}`)).json).toEqual(shown);
    const list = (await ask('GET', `?$filter=id eq ${made.id}&$count=true`)).json;
    expect(list).toEqual({ items: [shown], next_page_link: null, count: 1 });
  });

  it('is changed member by member', async () => {
    const lockId = await insertLock(server, { collection_id: siteId });
    const { secret: _shownOnce, ...made } = await create({ description: 'till' });
    const change = { events: ['incident'], lock_ids: [lockId, lockId], active: false };
    const changed = { ...made, events: ['incident'], lock_ids: [lockId] };
    const off = { ...changed, active: false, state: 'disabled' };
    expect((await ask('PATCH', `/${made.id}`, change)).json).toEqual(off);
    expect((await ask('PATCH', `/${made.id}`, { url: null, active: null })).json).toEqual(off);
    expect((await ask('PATCH', `/${made.id}`, { description: '', active: true })).json).toEqual({
      ...changed,
      description: null,
    });
  });

  it('is removed for good', async () => {
    const { id } = await create();
    const removed = await ask('DELETE', `/${id}`);
    expect([removed.status, removed.text]).toEqual([204, '']);
    for (const [method, path] of [
      ['GET', `/${id}`],
      ['PATCH', `/${id}`],
      ['DELETE', `/${id}`],
      ['POST', `/${id}/secret`],
      ['POST', `/${id}/test`],
      ['POST', `/${id}/replay`],
      ['GET', `/${id}/deliveries`],
      ['POST', `/${id}/deliveries/${randomUUID()}/redeliver`],
    ] as const)
      expect(await refusal(ask(method, path)), path).toBe('404 2202 Webhook not found');
    const { items } = (await ask('GET', `?$top=1000`)).json as { items: { id: string }[] };
    expect(items.map((item) => item.id)).not.toContain(id);
  });

  it.each([
    ['no url', { events: ['entry'] }, '400 1100'],
    ['no events', { url: 'https://8.8.8.8/' }, '400 1100'],
    ['an empty list of events', { url: 'https://8.8.8.8/', events: [] }, '400 1101'],
    ['an unknown event', { url: 'https://8.8.8.8/', events: ['door'] }, '400 1101'],
    [
      'a lock that is no id',
      { url: 'https://8.8.8.8/', events: ['entry'], lock_ids: ['7'] },
      '400 1100',
    ],
    [
      'an unknown lock',
      { url: 'https://8.8.8.8/', events: ['entry'], lock_ids: [randomUUID()] },
      '404 2202 Lock not found',
    ],
  ])('is not made with %s', async (_what, body, expected) => {
    expect(await refusal(ask('POST', '', body))).toContain(expected);
  });

  it('does not take a lock of another site', async () => {
    const elsewhere = await insertLock(server, { collection_id: await addSite(server) });
    const body = { url: receiver.url, events: ['entry'], lock_ids: [elsewhere] };
    expect(await refusal(ask('POST', '', body))).toBe('404 2202 Lock not found');
    const { id } = await create();
    expect(await refusal(ask('PATCH', `/${id}`, { lock_ids: [elsewhere] }))).toBe(
      '404 2202 Lock not found',
    );
  });
});

describe('a receiver', () => {
  it.each([
    ['plain http', 'http://8.8.8.8/hook'],
    ['plain http inside', 'http://10.0.0.1/hook'],
    ['loopback', 'https://127.0.0.2/hook'],
    ['loopback in decimal', 'https://2130706434/hook'],
    ['loopback in hexadecimal', 'https://0x7f.0.0.2/hook'],
    ['loopback of IPv6', 'https://[::1]/hook'],
    ['loopback mapped', 'https://[::ffff:127.0.0.1]/hook'],
    ['loopback through NAT64', 'https://[64:ff9b::7f00:1]/hook'],
    ['this machine by name', 'https://localhost/hook'],
    ['private', 'https://10.1.2.3/hook'],
    ['private', 'https://172.20.0.1/hook'],
    ['private', 'https://192.168.0.1/hook'],
    ['unique local', 'https://[fd12:3456::1]/hook'],
    ['link-local', 'https://[fe80::1]/hook'],
    ['metadata', 'https://169.254.169.254/latest/meta-data/'],
    ['metadata of IPv6', 'https://[fd00:ec2::254]/'],
    ['metadata behind NAT', 'https://100.100.100.200/'],
    ['any address', 'https://0.0.0.0/'],
    ['with a password', 'https://ada:secret@8.8.8.8/'],
    ['another scheme', 'ftp://8.8.8.8/'],
    ['no URL', 'hook'],
    ['nothing', ''],
    ['too long', `https://8.8.8.8/${'x'.repeat(3_000)}`],
  ])('%s is refused when it is named', async (_what, url) => {
    const { id } = await create();
    const wrong = "400 1101 Value of 'url' is invalid.";
    expect(await refusal(ask('POST', '', { url, events: ['entry'] }))).toContain(wrong);
    expect(await refusal(ask('PATCH', `/${id}`, { url }))).toContain(wrong);
  });

  it('that leads inside by now is refused at the attempt', async () => {
    const { id } = await create();
    await server.database.pool.query(
      "update webhooks set url = 'https://10.0.0.1/' where id = $1",
      [id],
    );
    const { json } = await ask('POST', `/${id}/test`);
    expect(json).toMatchObject({
      state: 'failed',
      last_status: null,
      last_error: 'address_refused',
    });
  });
});

describe('a test', () => {
  it('posts a signed ping at once and says what came of it', async () => {
    const { id, secret } = await create();
    const before = receiver.received.length;
    const { status, json } = await ask('POST', `/${id}/test`);
    const [ping, more] = receiver.received.slice(before);
    if (ping === undefined || more !== undefined) throw new Error('not one ping');
    expect([status, json]).toEqual([
      200,
      {
        id: ping.headers['webhook-id'],
        event_id: null,
        type: 'ping',
        state: 'delivered',
        attempts: 1,
        next_attempt_at: null,
        last_status: 204,
        last_error: null,
        created_at: expect.any(String),
        delivered_at: expect.any(String),
        replay: false,
      },
    ]);
    expect(verify(secret, ping)).toEqual({
      type: 'ping',
      site_id: siteId,
      cursor: null,
      replay: false,
      data: { webhook_id: id },
    });
    expect(ping.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-attempt': '1',
      'content-length': String(Buffer.byteLength(ping.raw)),
    });
    expect((await ask('GET', `/${id}/deliveries`)).json).toMatchObject({ items: [json] });
  });

  it.each([
    ['500', { status: 500 }, { last_status: 500, last_error: null }],
    [
      'a redirect',
      { status: 307, headers: { location: 'http://127.0.0.1:1/' } },
      { last_status: 307, last_error: 'redirect_not_followed' },
    ],
    ['410', { status: 410 }, { last_status: 410, last_error: null }],
  ])(
    'that is answered with %s has failed, and changes nothing else',
    async (_what, reply, told) => {
      const { id } = await create();
      receiver.answer(() => reply);
      expect((await ask('POST', `/${id}/test`)).json).toMatchObject({
        state: 'failed',
        attempts: 1,
        delivered_at: null,
        ...told,
      });
      expect((await ask('GET', `/${id}`)).json).toMatchObject({ active: true, state: 'ok' });
    },
  );

  it('works before the webhook is switched on', async () => {
    const { id } = await create({ active: false });
    expect((await ask('POST', `/${id}/test`)).json).toMatchObject({ state: 'delivered' });
  });
});

describe('another secret', () => {
  it('signs from now on, beside the former one', async () => {
    const { id, secret: former } = await create();
    const answer = await ask('POST', `/${id}/secret`);
    expect(answer).toMatchObject({
      status: 200,
      json: { secret: expect.stringMatching(/^whsec_/) },
    });
    const { secret } = answer.json as { secret: string };
    expect(secret).not.toBe(former);
    await ask('POST', `/${id}/test`);
    const ping = receiver.received.at(-1);
    if (ping === undefined) throw new Error('no ping');
    expect(String(ping.headers['webhook-signature'])).toMatch(/^v1,[\w+/=]{44} v1,[\w+/=]{44}$/);
    expect(verify(secret, ping)).toEqual(verify(former, ping));
    const other = await create();
    expect(() => verify(other.secret, ping)).toThrow();
  });

  it('lies sealed in the database', async () => {
    const { id, secret } = await create();
    const { rows } = await server.database.pool.query<{ text: string; bytes: Buffer }>(
      'select w::text as text, secret_sealed as bytes from webhooks w where id = $1',
      [id],
    );
    const plain = Buffer.from(secret.slice('whsec_'.length), 'base64');
    expect(rows[0]?.text).not.toContain(plain.toString('hex'));
    expect(rows[0]?.bytes.includes(plain)).toBe(false);
  });
});

describe('who may', () => {
  const all = (id: string): readonly (readonly [string, string])[] => [
    ['GET', ''],
    ['POST', ''],
    ['GET', `/${id}`],
    ['PATCH', `/${id}`],
    ['DELETE', `/${id}`],
    ['POST', `/${id}/secret`],
    ['POST', `/${id}/test`],
    ['GET', `/${id}/deliveries`],
    ['POST', `/${id}/deliveries/${id}/redeliver`],
    ['POST', `/${id}/replay`],
  ];

  it('admins as well as the owner', async () => {
    const admin = await addPerson(server, { siteId, role: 'site_admin' });
    const body = { url: receiver.url, events: ['entry'] };
    const made = await server.ask('POST', base, { token: admin.token, body });
    expect(made.status).toBe(200);
  });

  it.each(['site_super_user', 'site_user'] as const)('nothing for a %s', async (role) => {
    const { id } = await create();
    const other = await addPerson(server, { siteId, role });
    for (const [method, path] of all(id)) {
      const answer = await server.ask(method, base + path, { token: other.token });
      expect([answer.status, answer.text], path).toEqual([403, '']);
    }
  });

  it('nothing of one site through another', async () => {
    const { id } = await create();
    const elsewhere = await addSite(server);
    const other = await addPerson(server, { siteId: elsewhere, role: 'owner' });
    for (const [method, path] of all(id).filter(([, each]) => each !== '')) {
      const theirs = `//ext/v1/sites/${elsewhere}/webhooks${path}`;
      expect(await refusal(server.ask(method, theirs, { token: other.token }))).toBe(
        '404 2202 Webhook not found',
      );
    }
  });
});

it('every write leaves a record in the audit log, without secret and path', async () => {
  const { id, secret } = await create({ url: `${receiver.url}?key=known-to-the-till-alone` });
  await ask('PATCH', `/${id}`, { description: 'till' });
  await ask('POST', `/${id}/secret`);
  const test = (await ask('POST', `/${id}/test`)).json as { id: string };
  await ask('POST', `/${id}/deliveries/${test.id}/redeliver`);
  await ask('POST', `/${id}/replay`, { from_date: '2026-01-01T00:00:00Z' });
  await ask('DELETE', `/${id}`);
  const { rows } = await server.database.pool.query<{ action: string; text: string }>(
    `select l.action, concat(l::text, c::text) as text from audit_log l
       left join audit_changes c on c.tenant_id = l.tenant_id and c.number = l.number
      where l.object_id = $1 order by l.number`,
    [id],
  );
  expect(rows.map(({ action }) => action)).toEqual(
    ['create', 'update', 'renew_secret', 'test', 'redeliver', 'replay', 'delete'].map(
      (verb) => `webhook.${verb}`,
    ),
  );
  const all = rows.map(({ text }) => text).join();
  expect(all).toContain(new URL(receiver.url).host);
  expect(all).not.toContain('known-to-the-till-alone');
  expect(all).not.toContain(secret.slice(6, 40));
});
