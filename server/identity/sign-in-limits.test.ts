import { randomUUID } from 'node:crypto';
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
import { defaultLimits, readLimits } from './limit-numbers.ts';
import { factorWait, networkOf, passwordWait, secretWait } from './sign-in-limits.ts';

const now = new Date('2026-03-02T10:00:00Z');
const MINUTE_MS = 60_000;

/** `count` instants, newest first, from `newestMs` ago backwards, a second apart. */
function failures(count: number, newestMs: number): Date[] {
  return Array.from(
    { length: count },
    (_, index) => new Date(now.getTime() - newestMs - index * 1000),
  );
}

function secondsFromNow(instant: Date | undefined): number | undefined {
  return instant && (instant.getTime() - now.getTime()) / 1000;
}

describe('the wait before a password is tried', () => {
  const none = { pair: [], account: [], network: [], lastSuccessAt: undefined };
  const pair = failures(10, 1000);
  const account = failures(50, 10_000);
  const network = failures(100, 10_000);

  it.each([
    ['there is none without failures', none, undefined],
    ['there is none below the limit', { ...none, pair: failures(9, 0) }, undefined],
    ['is a minute after the tenth failure', { ...none, pair }, 59],
    ['is over after that minute', { ...none, pair: failures(10, MINUTE_MS) }, undefined],
    [
      'ends when the oldest failure leaves the 15 minutes',
      {
        ...none,
        pair: [new Date(now.getTime()), ...failures(9, 15 * MINUTE_MS - 10_000)].slice(0, 10),
      },
      2,
    ],
    [
      'of a network that is new to the account lasts until the hour has fewer than 50',
      { ...none, account },
      3600 - 10 - 49,
    ],
    ['of a network that tried 100 times is an hour', { ...none, network }, 3600 - 10],
    [
      'of a network the person came from before is that minute at most',
      { pair, account, network, lastSuccessAt: new Date(now.getTime() - 1000) },
      59,
    ],
    [
      'of a network the person did not come from for 90 days is as for a new one',
      { ...none, network, lastSuccessAt: new Date(now.getTime() - 90 * 24 * 60 * MINUTE_MS) },
      3590,
    ],
  ])('%s', (_sentence, seen, seconds) => {
    expect(secondsFromNow(passwordWait(seen, { now, isKnownDevice: false }))).toBe(seconds);
  });

  it('is that minute at most in a browser the person signed in in before', () => {
    const seen = { pair, account, network, lastSuccessAt: undefined };
    expect(secondsFromNow(passwordWait(seen, { now, isKnownDevice: true }))).toBe(59);
  });

  it('of a client secret lasts until ten minutes have fewer than 20 failures', () => {
    expect(secretWait(failures(19, 0), { now })).toBeUndefined();
    expect(secondsFromNow(secretWait(failures(20, 0), { now }))).toBe(600 - 19);
  });
});

describe('the wait before a second factor is tried', () => {
  const wait = (
    seen: { count: number; isKnownDevice?: boolean; lastSuccessAt?: Date },
    kind: 'second_factor' | 'recovery_code',
  ): number | undefined => {
    const { count, isKnownDevice = false, lastSuccessAt } = seen;
    const both = { pair: failures(count, 1000), account: failures(count, 1000), lastSuccessAt };
    return secondsFromNow(factorWait(both, { kind, now, isKnownDevice }));
  };

  it('lasts until the hour has fewer than 20 wrong codes', () => {
    expect(wait({ count: 19 }, 'second_factor')).toBeUndefined();
    expect(wait({ count: 20 }, 'second_factor')).toBe(3600 - 1 - 19);
  });

  it('of recovery codes comes after 5', () => {
    expect(wait({ count: 4 }, 'recovery_code')).toBeUndefined();
    expect(wait({ count: 5 }, 'recovery_code')).toBe(3600 - 1 - 4);
  });

  it('is a minute at most in a network or browser the person signed in from before', () => {
    expect(wait({ count: 20, lastSuccessAt: now }, 'second_factor')).toBe(59);
    expect(wait({ count: 20, isKnownDevice: true }, 'second_factor')).toBe(59);
  });
});

describe('a network', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

describe('the token endpoint', () => {
  let kit: TestDatabase;
  let server: TestIdentity;
  let twin: TestIdentity;
  let nextHost = 0;

  beforeAll(async () => {
    kit = await createTestDatabase();
    server = await startTestIdentity({ database: kit.database, trustedProxies: ['127.0.0.1'] });
    // A second process over the same database: the limits hold across both.
    twin = await startTestIdentity({
      database: kit.database,
      trustedProxies: ['127.0.0.1'],
      dataDir: server.dataDir,
      clock: server.clock,
    });
  });

  afterAll(async () => {
    await twin.stop();
    await server.stop();
    await kit.drop();
  });

  const newNetwork = (): string => {
    nextHost += 1;
    return `198.51.${String(nextHost >> 8)}.${String(nextHost & 255)}`;
  };

  const attempt = (
    {
      at = server,
      from,
      headers,
    }: { at?: TestIdentity; from: string; headers: { authorization: string } },
    body: Readonly<Record<string, string>>,
  ): Promise<TokenAnswer> =>
    postToken(at.issuer, { body, headers: { ...headers, 'x-forwarded-for': from } });

  const passwordForm = (username: string, password: string): Record<string, string> => ({
    grant_type: 'password',
    username,
    password,
  });

  it('holds an account to one try a minute after ten wrong ones, in all processes', async () => {
    const { id, secret } = await makeTestClient(server);
    const headers = basic(id, secret);
    const person = await makeTestPerson(server);
    const from = newNetwork();
    for (let wrong = 0; wrong < 10; wrong += 1) {
      const at = wrong % 2 === 0 ? server : twin;
      const answer = await attempt({ at, from, headers }, passwordForm(person.email, 'wrong'));
      expect(answer.body['error']).toBe('invalid_grant');
    }
    const right = passwordForm(person.email, person.password);
    const refused = await attempt({ at: twin, from, headers }, right);
    expect([refused.status, refused.body]).toEqual([429, { error: 'temporarily_unavailable' }]);
    expect(refused.headers.get('retry-after')).toBe('60');

    // Nobody else is locked out: the same person elsewhere, another person here.
    expect((await attempt({ from: newNetwork(), headers }, right)).status).toBe(200);
    const other = await makeTestPerson(server);
    const ofOther = passwordForm(other.email, other.password);
    expect((await attempt({ from, headers }, ofOther)).status).toBe(200);

    server.clock.advance(59_000);
    expect((await attempt({ from, headers }, right)).status).toBe(429);
    server.clock.advance(1_000);
    expect((await attempt({ from, headers }, right)).status).toBe(200);
  });

  it('counts a volley of tries at once like tries one after the other', async () => {
    const { id, secret } = await makeTestClient(server);
    const person = await makeTestPerson(server);
    const from = newNetwork();
    const answers = await Promise.all(
      Array.from({ length: 25 }, () =>
        attempt({ from, headers: basic(id, secret) }, passwordForm(person.email, 'wrong')),
      ),
    );
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(15);
  });

  it('lets a person in from a known network while strangers guess from everywhere', async () => {
    const { id, secret } = await makeTestClient(server);
    const headers = basic(id, secret);
    const person = await makeTestPerson(server);
    const right = passwordForm(person.email, person.password);
    const home = newNetwork();
    expect((await attempt({ from: home, headers }, right)).status).toBe(200);
    for (let wrong = 0; wrong < 50; wrong += 5) {
      const from = newNetwork();
      for (let again = 0; again < 5; again += 1) {
        await attempt({ from, headers }, passwordForm(person.email, 'wrong'));
      }
    }
    const stranger = await attempt({ from: newNetwork(), headers }, right);
    expect([stranger.status, stranger.headers.get('retry-after')]).toEqual([429, '3600']);
    expect((await attempt({ from: home, headers }, right)).status).toBe(200);
  });

  it('shuts out a network that guesses at many accounts for an hour', async () => {
    const from = newNetwork();
    await kit.database.pool.query(
      `insert into sign_in_failures (kind, account, network, failed_at)
       select 'password', 'unknown:' || number, $1, $2 from generate_series(1, 99) number`,
      [from, server.clock.now()],
    );
    const { id, secret } = await makeTestClient(server);
    const headers = basic(id, secret);
    const person = await makeTestPerson(server);
    expect((await attempt({ from, headers }, passwordForm('x@example.test', 'y'))).status).toBe(
      400,
    );
    const right = passwordForm(person.email, person.password);
    const refused = await attempt({ from, headers }, right);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '3600']);
    server.clock.advance(60 * MINUTE_MS);
    expect((await attempt({ from, headers }, right)).status).toBe(200);
  });

  it('shuts out a network that guesses at the secret of a client, and no other', async () => {
    const { id, secret } = await makeTestClient(server);
    const body = { grant_type: 'client_credentials' };
    const from = newNetwork();
    for (let wrong = 0; wrong < defaultLimits.clientSecret.count; wrong += 1) {
      const at = wrong % 2 === 0 ? server : twin;
      const answer = await attempt({ at, from, headers: basic(id, 'wrong') }, body);
      expect(answer.body).toEqual({ error: 'invalid_client' });
    }
    const refused = await attempt({ from, headers: basic(id, secret) }, body);
    expect([refused.status, refused.body]).toEqual([429, { error: 'temporarily_unavailable' }]);
    expect(refused.headers.get('retry-after')).toBe('600');
    expect((await attempt({ from: newNetwork(), headers: basic(id, secret) }, body)).status).toBe(
      200,
    );
    const neighbour = await makeTestClient(server);
    const ofNeighbour = basic(neighbour.id, neighbour.secret);
    expect((await attempt({ from, headers: ofNeighbour }, body)).status).toBe(200);
    server.clock.advance(10 * MINUTE_MS);
    expect((await attempt({ from, headers: basic(id, secret) }, body)).status).toBe(200);
  });

  it('counts guesses at clients that do not exist per network', async () => {
    const body = { grant_type: 'client_credentials' };
    const from = newNetwork();
    for (let wrong = 0; wrong < defaultLimits.clientSecret.count; wrong += 1) {
      await attempt({ from, headers: basic(randomUUID(), 'x') }, body);
    }
    expect((await attempt({ from, headers: basic(randomUUID(), 'x') }, body)).status).toBe(429);
    const { id, secret } = await makeTestClient(server);
    expect((await attempt({ from, headers: basic(id, secret) }, body)).status).toBe(200);
  });

  it('takes 1,200 requests a minute of a client and network', async () => {
    const { id, secret } = await makeTestClient(server);
    const from = newNetwork();
    const minute = new Date(Math.floor(server.clock.now().getTime() / MINUTE_MS) * MINUTE_MS);
    server.clock.set(new Date(minute.getTime() + MINUTE_MS + 20_000));
    await kit.database.pool.query(
      'insert into token_request_counts (account, network, minute, requests) values ($1, $2, $3, 1199)',
      [`client:${id}`, from, new Date(minute.getTime() + MINUTE_MS)],
    );
    const body = { grant_type: 'client_credentials' };
    const headers = basic(id, secret);
    expect((await attempt({ from, headers }, body)).status).toBe(200);
    const refused = await attempt({ from, headers }, body);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '40']);
    expect((await attempt({ from: newNetwork(), headers }, body)).status).toBe(200);
    server.clock.advance(40_000);
    expect((await attempt({ from, headers }, body)).status).toBe(200);
  });

  it('keeps who failed: the login when there is one, else a hash of the address', async () => {
    const { id, secret } = await makeTestClient(server);
    const person = await makeTestPerson(server);
    const from = newNetwork();
    const headers = basic(id, secret);
    await attempt({ from, headers }, passwordForm(person.email, 'wrong'));
    await attempt({ from, headers }, passwordForm('Nobody@example.test', 'wrong'));
    const { rows } = await kit.database.pool.query(
      'select account, client_id from sign_in_failures where network = $1 order by id',
      [from],
    );
    expect(rows).toEqual([
      { account: `login:${person.loginId}`, client_id: id },
      { account: expect.stringMatching(/^unknown:[0-9a-f]{64}$/), client_id: id },
    ]);
  });
});

describe('the setting of the limits', () => {
  it('changes those that it names, and tells which are weaker than the defaults', () => {
    expect(readLimits([])).toEqual({ limits: defaultLimits, weakened: [] });
    const { limits, weakened } = readLimits(['account_in_network=3', 'requests_per_minute=5000']);
    expect(limits).toEqual({
      ...defaultLimits,
      accountInNetwork: { ...defaultLimits.accountInNetwork, count: 3 },
      requests: { ...defaultLimits.requests, count: 5000 },
    });
    expect(weakened).toEqual(['requests_per_minute']);
  });

  it('decides when somebody has to wait', () => {
    const { limits } = readLimits(['client_secret=2']);
    expect(secretWait(failures(2, 0), { now })).toBeUndefined();
    expect(secondsFromNow(secretWait(failures(2, 0), { now, limits }))).toBe(600 - 1);
  });
});
