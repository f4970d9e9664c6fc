/** The typed client against the whole server: its types, calls, failures, lists, events, and the program of its guide. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import type { LockResponse } from '#contract/locks';
import { createMovableClock } from '#simulator/clock';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { clientTypes, type Description } from '#test/kit/client-types';
import { startOtherProcess, type OtherProcess } from '#test/kit/other-process';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { freePort } from '#test/kit/ports';
import { addEventPlace, storeEntry, type EventPlace } from '#test/kit/stored-events';
import { until } from '#test/kit/wait';
import { createClient, type Client, type ClientOptions, type Warning } from './client.ts';
import { isCardeaError, refusalOf, type CardeaError } from './errors.ts';
import type { ErrorsOf, ItemOf, ListPath } from './operations.ts';
import { createToken } from './token.ts';
import { watch, type WatchOptions } from './watch.ts';

const perMinute = 150;
const clock = createMovableClock();
let cardea: TestServer;
let other: OtherProcess;
let siteId: string;
let owner: TestPerson;
let place: EventPlace;
/** A program of the tenant, and the owner of the site. */
let core: Client;
let site: Client;
beforeAll(async () => {
  cardea = await startTestServer({
    clock,
    settings: {
      CARDEA_RATE_LIMIT: String(perMinute),
      // Links name this origin, which nothing answers for.
      CARDEA_PUBLIC_URL: 'https://keys.example.test',
    },
  });
  other = await startOtherProcess(cardea);
  siteId = await addSite(cardea);
  owner = await addPerson(cardea, { siteId, role: 'owner' });
  place = await addEventPlace(cardea.database, { tenantId: cardea.tenant.tenantId, siteId });
  core = clientOf({ token: createToken(credentials('core_api.full')) });
  site = clientOf({ token: async () => owner.token });
});
afterAll(async () => {
  await other.stop();
  await cardea.stop();
});

function clientOf(options: Omit<ClientOptions, 'baseUrl'>): Client {
  return createClient({ baseUrl: `${cardea.url}/`, ...options });
}

function credentials(scope: string, { clientId, clientSecret } = cardea.tenant) {
  return { baseUrl: cardea.url, clientId, clientSecret, scope };
}

/** What a call fails with; a call that does not fail, fails the test. */
async function failureOf(call: Promise<unknown>): Promise<CardeaError> {
  const caught = await call.then(
    (value: unknown) => ({ answered: value }),
    (error: unknown) => error,
  );
  if (isCardeaError(caught)) return caught;
  throw new Error('no failure of the API', { cause: caught });
}

async function store(): Promise<string> {
  const id = await storeEntry(cardea.database, place);
  other.wake(place.tenantId);
  return id;
}

const somewhere = '00000000-1111-4222-8333-444444444444';

it('has the types of the published description', async () => {
  const { json } = await cardea.ask('GET', '//openapi.json', { token: null });
  const files = await clientTypes(json as Description);
  for (const [name, text] of files) await expect(text).toMatchFileSnapshot(`generated/${name}.ts`);
  // A file of a noun that is no more is removed by hand.
  const kept = await readdir(new URL('generated/', import.meta.url));
  expect(kept.filter((file) => !files.has(file.replace('.ts', '')))).toEqual([]);
  expectTypeOf<ItemOf<'/v1.2/locks'>>().toExtend<LockResponse>();
  expectTypeOf<'/v1.1/sites/{site_id}/entries'>().toExtend<ListPath>();
  expectTypeOf<'/v1.2/locks/{id}'>().not.toExtend<ListPath>();
  expectTypeOf<'IQ_OFFLINE'>().toExtend<ErrorsOf<'PATCH', '/v1.2/locks/{id}/locking'>>();
  expectTypeOf<'POD_FULL'>().not.toExtend<ErrorsOf<'GET', '/v1.2/locks'>>();
});

describe('a call', () => {
  it('takes path, query and body, and gives the answer', async () => {
    const made = await core.post('/v1.2/collections', { body: { customer_reference: 'Pier' } });
    const path = { id: made.id };
    const { customer_reference } = await core.get('/v1.2/collections/{id}', { path });
    expect(customer_reference).toBe('Pier');
    const body = { customer_reference: 'Quay & co' };
    const changed = await core.request('PATCH', '/v1.2/collections/{id}', { path, body });
    expect(changed).toMatchObject({ warnings: [], requestId: expect.any(String) as string });
    const found = await core.get('/v1.2/collections', {
      query: { $filter: "customer_reference eq 'Quay & co'", $top: 5, $count: true },
    });
    expect([found.count, found.items.map(({ id }) => id)]).toEqual([1, [made.id]]);
    expect(await core.delete('/v1.2/collections/{id}', { path })).toBeUndefined();
    await expect(core.get('/v1.2/collections/{id}', { path: { id: '' } })).rejects.toThrow(
      'needs its id',
    );
  });

  it('tells its warnings', async () => {
    const told: Warning[] = [];
    const warned = clientOf({ token: core.token, onWarning: (warning) => void told.push(warning) });
    const path = { id: place.iqId };
    const { warnings } = await warned.request('PATCH', '/v1.2/iqs/{id}', {
      path,
      body: { time_zone: 'Europe/Lisbon' },
    });
    const word = `iq_offline_change_queued; iq=${place.iqId}`;
    expect(warnings).toEqual([word]);
    expect(told).toEqual([{ word, method: 'PATCH', path: '/v1.2/iqs/{id}' }]);
  });

  it('downloads a file under its name', async () => {
    const { name, blob } = await site.download('/v1.1/sites/{site_id}/entries/export', {
      path: { site_id: siteId },
      query: { export_file_name: 'November' },
    });
    expect(name).toContain('November');
    expect(await blob.text()).toContain('Local Time;');
  });
});

describe('a failure', () => {
  it('has the name of the catalogue, what it means and what to do', async () => {
    const failure = await failureOf(core.get('/v1.2/locks/{id}', { path: { id: somewhere } }));
    expect(failure).toMatchObject({
      name: 'VALUE_INVALID',
      code: '1101',
      status: 404,
      message: "Value of 'id' is invalid.",
      retry: 'never',
      effect: 'none',
      requestId: expect.any(String) as string,
    });
    expect(failure.meaning).toContain('names nothing');
    expect(failure.whatToDo).toContain('another value');
    expect(isCardeaError(failure, 'NOT_FOUND', 'VALUE_INVALID')).toBe(true);
    expect(isCardeaError(failure, 'NOT_FOUND')).toBe(false);
  });

  it('without a body is told by its status', async () => {
    const user = await addPerson(cardea, { siteId, role: 'site_user' });
    const asUser = clientOf({ token: async () => user.token });
    const path = { site_id: siteId };
    const body = { customer_reference: 'Door', activation_code: 'x' };
    expect(
      await failureOf(asUser.post('/v1.2/sites/{site_id}/locks', { path, body })),
    ).toMatchObject({ name: 'FORBIDDEN', code: null, status: 403 });
  });

  it.each([
    ['{"ErrorCode":"3102","Message":"Request execution failed with code: jammed"}', 'unknown'],
    [
      '{"code":"3102","detail":"Request execution failed with code: jammed","effect":"none","retry":"later"}',
      'none',
    ],
  ])('is read from %s', (body, effect) => {
    const failure = refusalOf(new Response(body, { status: 403 }), body);
    expect([failure.name, failure.hubWord, failure.effect]).toEqual([
      'CCC_COMMAND_FAILED',
      'jammed',
      effect,
    ]);
  });

  it('of somebody else is told apart', () => {
    const page = '<h1>Bad gateway</h1>';
    const { name, message, hubWord } = refusalOf(new Response(page, { status: 502 }), page);
    expect([name, message, hubWord]).toEqual(['UNKNOWN', 'Answered with 502', null]);
  });
});

describe('a call is tried again', () => {
  it('once, with a fresh token, when the token is refused', async () => {
    const asked: (string | undefined)[] = [];
    const late = (then: string) =>
      clientOf({
        token: async (refused) => {
          asked.push(refused);
          return refused === undefined ? 'damaged' : then;
        },
      });
    const me = await late(owner.token).get('/v1.2/me');
    expect(me.email).toBe(owner.email);
    expect(asked.splice(0)).toEqual([undefined, 'damaged']);
    expect(await failureOf(late('damaged').get('/v1.2/me'))).toMatchObject({
      name: 'UNAUTHORIZED',
      code: '1500',
      status: 401,
    });
    expect(asked).toEqual([undefined, 'damaged']);
  });

  it('with a token that calls share until it is refused', async () => {
    let fetched = 0;
    const counted: typeof fetch = (...sent) => {
      fetched += 1;
      return fetch(...sent);
    };
    const { email: username, password } = owner;
    const token = createToken({
      ...credentials('user_api.full_access'),
      person: { username, password },
      fetch: counted,
    });
    const [first, second] = await Promise.all([token(), token()]);
    expect([await token(), second, fetched]).toEqual([first, first, 1]);
    await token('one of long ago');
    expect(fetched).toBe(1);
    expect((await clientOf({ token: () => token(first) }).get('/v1.2/me')).email).toBe(username);
    expect(fetched).toBe(2);
    const wrong = createToken({ ...credentials('core_api.full'), clientSecret: 'wrong' });
    const failure = await failureOf(clientOf({ token: wrong }).get('/v1.2/collections'));
    expect([failure.name, failure.message]).toEqual(['UNAUTHORIZED', 'No token: invalid_client']);
  });

  it('after the time that a server with too many requests asks for', async () => {
    const waits: number[] = [];
    const second = await cardea.addTenant('Second');
    const busy = clientOf({
      token: createToken(credentials('core_api.full', second)),
      wait: async (ms) => {
        waits.push(ms);
        await clock.move(ms);
      },
    });
    // So that the first of them begins a minute of its own.
    await clock.move(60_000);
    const calls = Array.from({ length: perMinute + 1 }, () => busy.get('/v1.2/collections'));
    expect((await Promise.all(calls)).at(-1)?.items).toEqual([]);
    expect(waits.length).toBeGreaterThan(0);
    for (const ms of waits) expect(ms % 1000).toBe(0);
  });

  it('when nobody answered a read, and not a write', async () => {
    const closed = await freePort();
    let tries = 0;
    const flaky = clientOf({
      token: core.token,
      wait: async () => undefined,
      fetch: (url, init) => {
        tries += 1;
        return fetch(tries === 1 ? `http://127.0.0.1:${closed}` : url, init);
      },
    });
    expect((await flaky.get('/v1.2/collections')).items).toBeInstanceOf(Array);
    expect(tries).toBe(2);
    tries = 0;
    const failure = await failureOf(flaky.post('/v1.2/collections', { body: {} }));
    expect([failure.name, failure.status, failure.effect]).toEqual([
      'UNREACHABLE',
      null,
      'unknown',
    ]);
    expect(tries).toBe(1);
  });

  it('until its caller gives up', async () => {
    const { signal } = { signal: AbortSignal.abort(new Error('enough')) };
    await expect(core.get('/v1.2/collections', { signal })).rejects.toThrow('enough');
    const giving = new AbortController();
    const patient = createClient({
      baseUrl: `http://127.0.0.1:${await freePort()}`,
      token: async () => 'any',
      fetch: async (url, init) => {
        setTimeout(() => giving.abort(new Error('enough')), 1);
        return fetch(url, init);
      },
    });
    await expect(patient.get('/v1.2/collections', { signal: giving.signal })).rejects.toThrow(
      'enough',
    );
  });
});

describe('a list', () => {
  it('is walked by pages and by items, whatever origin its links name', async () => {
    const made: string[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      made.push(
        (await core.post('/v1.2/collections', { body: { customer_reference: `Walk ${name}` } })).id,
      );
    const query = {
      $filter: "startswith(customer_reference, 'Walk')",
      $orderby: 'customer_reference',
      $top: 2,
    };
    const sizes: number[] = [];
    for await (const page of core.pages('/v1.2/collections', { query })) {
      sizes.push(page.items.length);
      if (page.next_page_link !== null) expect(page.next_page_link).toContain('keys.example.test');
    }
    expect(sizes).toEqual([2, 2, 1]);
    const ids: string[] = [];
    for await (const { id } of core.items('/v1.2/collections', { query })) {
      ids.push(id);
      if (ids.length === 4) break;
    }
    expect(ids).toEqual(made.slice(0, 4));
  });

  it('of events is walked by its tokens', async () => {
    const stored: string[] = [];
    for (let n = 0; n < 5; n += 1)
      stored.push(await storeEntry(cardea.database, { ...place, at: clock.now() }));
    const ids: string[] = [];
    for await (const { id } of site.items('/v1.1/sites/{site_id}/entries', {
      path: { site_id: siteId },
      query: { $top: 2 },
    }))
      ids.push(id);
    expect([...ids].sort()).toEqual([...stored].sort());
  });
});

describe('a watch', () => {
  const signalr = () => import('@microsoft/signalr');
  const patience = { timeoutMs: 40_000 };

  /** A watch that keeps what it hears; `end` waits until it has ended. */
  function begin(client: Client, more: Partial<WatchOptions<'entries'>> = {}) {
    const stopping = new AbortController();
    const heard: string[] = [];
    const states: string[] = [];
    const ended = watch(client, {
      siteId,
      stream: 'entries',
      signalr,
      onEvent: ({ id }) => void heard.push(id),
      onState: (state) => void states.push(state),
      signal: stopping.signal,
      ...more,
    });
    // Looked at by `end`, or by the test itself.
    ended.catch(() => undefined);
    const end = async (): Promise<void> => {
      stopping.abort();
      await ended;
    };
    return { heard, states, ended, end };
  }

  it('goes on behind the last event when the server comes back, and tells its state', async () => {
    const { heard, states, end } = begin(site);
    await until(() => states.includes('connected'), { ...patience, what: 'it is connected' });
    const stored = [await store()];
    await until(() => heard.length > 0, { ...patience, what: 'the entry is heard' });
    await cardea.pause();
    await until(() => states.includes('reconnecting'), { ...patience, what: 'the loss is told' });
    stored.push(await store(), await store());
    await cardea.resume();
    await until(() => heard.length >= 3, { ...patience, what: 'what was missed is heard' });
    stored.push(await store());
    await until(() => heard.length >= 4, { ...patience, what: 'it goes on' });
    expect(heard).toEqual(stored);
    expect([states[0], states[1], states.at(-1)]).toEqual(['connecting', 'connected', 'connected']);
    await end();
  });

  it('tells a gap where its cursor is of no use, and begins with the oldest event', async () => {
    const known = await store();
    let gaps = 0;
    const { heard, end } = begin(site, { cursor: 'torn', onGap: () => void (gaps += 1) });
    await until(() => heard.includes(known), { ...patience, what: 'what is kept is heard' });
    expect(gaps).toBe(1);
    await end();
  });

  it('fails where the caller may not listen, and with what its listener throws', async () => {
    const user = await addPerson(cardea, { siteId, role: 'site_user' });
    const asUser = clientOf({ token: async () => user.token });
    expect(await failureOf(begin(asUser).ended)).toMatchObject({ name: 'FORBIDDEN' });
    expect(await failureOf(begin(site, { siteId: somewhere }).ended)).toMatchObject({
      name: 'NOT_FOUND',
    });
    const onEvent = () => {
      throw new Error('the disk is full');
    };
    await store();
    await expect(begin(site, { cursor: 'earliest', onEvent }).ended).rejects.toThrow(
      'disk is full',
    );
  });
});

it('does what the program of docs/client.md says', async () => {
  const root = fileURLToPath(new URL('../', import.meta.url));
  const guide = await readFile(`${root}docs/client.md`, 'utf8');
  const [, program = ''] = /```ts\n(.*?)```/s.exec(guide) ?? [];
  await site.post('/v1.2/sites/{site_id}/locks', {
    path: { site_id: siteId },
    body: { customer_reference: 'Front door', activation_code: randomBytes(7).toString('hex') },
  });
  const { clientId, clientSecret } = cardea.tenant;
  const command = ['--conditions=development', '--import', 'tsx', '--input-type=module', '--eval'];
  const child = spawn(process.execPath, [...command, program], {
    cwd: root,
    env: {
      BASE_URL: cardea.url,
      CLIENT_ID: clientId,
      CLIENT_SECRET: clientSecret,
      USERNAME: owner.email,
      PASSWORD: owner.password,
      SITE_ID: siteId,
    },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part: Buffer) => (said += part.toString()));
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    await until(() => said.includes('connected'), {
      what: () => `it watches; it said ${said}`,
      timeoutMs: 40_000,
    });
    expect(said).toMatch(/Front door \w+\nnot opened CCC_COMMAND_FAILED\n/);
    await store();
    await until(() => said.includes('2026-11-22T08:15:30Z lock_opened'), {
      what: 'the entry is printed',
      timeoutMs: 40_000,
    });
    child.kill('SIGTERM');
    await ended;
    expect(said.trimEnd().split('\n').at(-1)).toBe('ended');
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
});
