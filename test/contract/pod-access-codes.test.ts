/** Access codes of pods (connect-api.md 3.7, 4.9; identity.md 4). */
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { atSite, type AtTestSite, type SiteObject } from '#test/kit/site';
import { until } from '#test/kit/wait';

const start = new Date('2026-06-01T12:00:00Z');
const hourMs = 3_600_000;

let server: TestServer;
let site: string;
let owner: TestPerson;
let member: TestPerson;
let asOwner: AtTestSite;
let asMember: AtTestSite;
/** The pod of a test, with one member and room for three guests. */
let pod: string;

beforeAll(async () => {
  server = await startTestServer({ clock: start });
  site = await addSite(server);
  owner = await addPerson(server, { siteId: site, role: 'owner' });
  member = await addPerson(server, { siteId: site, role: 'site_user' });
}, 120_000);
afterAll(() => server.stop());

/** The server's time, which only goes forward; so many milliseconds on, as answers write it. */
const inMs = (ms: number): string =>
  `${new Date((server.clock?.now() ?? start).getTime() + ms).toISOString().slice(0, 19)}Z`;

async function signIn({ email, password }: TestPerson): Promise<string> {
  const { clientId, clientSecret } = server.tenant;
  const response = await fetch(`${server.url}/connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'password',
      client_id: clientId,
      client_secret: clientSecret,
      username: email,
      password,
      scope: 'user_api.full_access',
    }),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}

let made = 0;
beforeEach(async () => {
  made += 1;
  // Tokens of an hour ago are over, where a test has moved the time.
  owner = { ...owner, token: await signIn(owner) };
  member = { ...member, token: await signIn(member) };
  asOwner = atSite(server, { siteId: site, person: owner });
  asMember = atSite(server, { siteId: site, person: member });
  // What another test has guessed holds nobody up here.
  await server.database.pool.query('delete from sign_in_failures');
  for (const { id } of await asOwner.items('/pods')) await asOwner.ask('DELETE', `/pods/${id}`);
  const body = {
    customer_reference: `Flat ${String(made)}`,
    max_guest_amount: 3,
    members: [{ first_name: 'Ada', last_name: 'Visser', email: member.email }],
  };
  ({ id: pod } = await asOwner.read('POST', '/pods', body));
});

type Code = SiteObject & { readonly code: string };
const codes = (): string => `/pods/${pod}/access_codes`;
const makeCode = async (body: object = {}): Promise<Code> =>
  (await asMember.read('PUT', codes(), body)) as Code;

/** Types a code into the phone app. */
async function typeCode(code: string, client = 'cardea-phone', scope?: string) {
  const response = await fetch(`${server.url}/connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'access_code',
      access_code: code,
      client_id: client,
      ...(scope === undefined ? {} : { scope }),
    }),
  });
  const body = (await response.json()) as Record<string, string>;
  return { status: response.status, body, token: body['access_token'] ?? '' };
}

const names = { first_name: 'Grace', last_name: 'Hopper' };
const join = (token: string, body: object = names): Promise<Answer> =>
  server.ask('POST', '//v1.2/pods/guests', { token, body });

/** Somebody who typed a code and gave the names. */
async function guestOf(code: string): Promise<string> {
  const { token } = await typeCode(code);
  expect((await join(token)).status).toBe(204);
  return token;
}

/** Status, code and message of a refusal. */
function refusal({ status, json }: Answer): readonly unknown[] {
  const { ErrorCode, Message } = json as { ErrorCode?: string; Message?: string };
  return [status, ErrorCode, Message];
}

const guests = async (): Promise<SiteObject[]> =>
  (await asOwner.items(`/pods/${pod}/users`)).filter((user) => user['pod_user_type'] === 'guest');

/** Rounds that erase what is of no use come every 20 seconds of the server's time. */
function untilErased(left: () => Promise<{ readonly rows: readonly unknown[] }>, what: string) {
  const isErased = async (): Promise<boolean> => {
    server.clock?.advance(20_000);
    return (await left()).rows.length === 0;
  };
  return until(isErased, { what: `${what} is erased` });
}

describe('a code', () => {
  it('is ten letters and digits that cannot be mistaken, shown once', async () => {
    const code = await makeCode();
    expect(code).toEqual({
      id: expect.any(String) as string,
      code: expect.stringMatching(/^[2-9A-HJ-NP-Z]{10}$/) as string,
      code_created_date: inMs(0),
      code_expiry_date: inMs(24 * hourMs),
      use_limit: 3,
      state: 'active',
    });
    const { code: _code, ...shown } = code;
    const { userId, email } = member;
    expect(await asMember.items(codes())).toEqual([
      {
        ...shown,
        generated_by: { id: userId, first_name: 'Ada', last_name: 'Visser', email },
      },
    ]);
  });

  it('takes the place of the former', async () => {
    const former = await makeCode();
    const code = await makeCode({ use_limit: 1, code_expiry_date: inMs(hourMs) });
    expect(code).toMatchObject({ use_limit: 1, code_expiry_date: inMs(hourMs) });
    const listed = await asMember.items(`${codes()}?$orderby=state`);
    expect(listed.map(({ id, state }) => [id, state])).toEqual([
      [code.id, 'active'],
      [former.id, 'revoked'],
    ]);
    expect((await typeCode(former.code)).status).toBe(400);
    expect((await typeCode(code.code)).status).toBe(200);
  });

  it.each([
    ['an end behind', () => ({ code_expiry_date: inMs(-1_000) }), 'code_expiry_date'],
    [
      'an end after a day',
      () => ({ code_expiry_date: inMs(24 * hourMs + 1_000) }),
      'code_expiry_date',
    ],
    ['nobody to use it', () => ({ use_limit: 0 }), 'use_limit'],
  ])('is not made with %s', async (_what, body, parameter) => {
    expect(refusal(await asMember.ask('PUT', codes(), body()))).toEqual([
      400,
      '1101',
      expect.stringContaining(parameter),
    ]);
    expect(await asMember.items(codes())).toEqual([]);
  });

  it('is for no more guests than the pod has room for', async () => {
    expect(refusal(await asMember.ask('PUT', codes(), { use_limit: 4 }))).toEqual([
      400,
      '2221',
      'Can not add all guests. Max guest amount reached for pod.',
    ]);
    await asOwner.ask('PATCH', `/pods/${pod}`, { max_guest_amount: 0 });
    expect((await asMember.ask('PUT', codes(), {})).status).toBe(400);
  });

  it('ends when it is revoked, also where there is none', async () => {
    const { code } = await makeCode();
    expect((await asMember.ask('DELETE', codes())).status).toBe(204);
    expect((await asMember.ask('DELETE', codes())).status).toBe(204);
    expect((await typeCode(code)).status).toBe(400);
    expect(await asMember.items(codes())).toMatchObject([{ state: 'revoked' }]);
  });

  it('is for members of the pod and those who look after the site', async () => {
    const other = await addPerson(server, { siteId: site, role: 'site_user' });
    const guest = await addPerson(server, { siteId: site, role: 'site_guest' });
    const members = [{ first_name: 'Joan', last_name: 'Clarke', email: other.email }];
    const second = { customer_reference: 'Next door', max_guest_amount: 1, members };
    await asOwner.read('POST', '/pods', second);
    expect((await asOwner.ask('PUT', codes(), {})).status).toBe(200);
    for (const person of [other, guest]) {
      const refused = await atSite(server, { siteId: site, person }).ask('PUT', codes(), {});
      expect([refused.status, refused.text]).toEqual([403, '']);
    }
    const unknown = '/pods/6f1c2d5e-0d1f-4b8a-9b59-3f1d5d3c7a11/access_codes';
    expect(refusal(await asMember.ask('GET', unknown))).toEqual([404, '2202', 'Pod not found']);
  });
});

describe('who types a code', () => {
  it('gets a token that says so, whatever the case, blanks and dashes', async () => {
    const { id, code } = await makeCode();
    const typed = ` ${code.slice(0, 5).toLowerCase()}-${code.slice(5)} `;
    const { status, body, token } = await typeCode(typed);
    expect([status, body['scope'], body['token_type']]).toEqual([
      200,
      'user_api.full_access offline_access',
      'Bearer',
    ]);
    expect(body['refresh_token']).toEqual(expect.any(String));
    expect(decodeJwt(token)).toMatchObject({
      amr: ['access_code'],
      site_id: site,
      pod_id: pod,
      access_code_id: id,
      aud: 'user_api',
    });
  });

  it('may do that one call only, until the names are given', async () => {
    const { code } = await makeCode();
    const { token } = await typeCode(code);
    for (const path of ['//v1.2/me', '//v1.2/sites', '//v1.2/me/devices', `//v1.1/sites/${site}`]) {
      const answer = await server.ask('GET', path, { token });
      expect([path, answer.status, answer.text]).toEqual([path, 403, '']);
    }
    const wrong = await join(token, { first_name: 'Grace' });
    expect(refusal(wrong)).toEqual([400, '1100', expect.stringContaining('last_name')]);
    expect(await guests()).toEqual([]);
    expect((await join(token)).status).toBe(204);
    const me = await server.ask('GET', '//v1.2/me', { token });
    expect([me.status, me.json]).toEqual([200, expect.objectContaining(names)]);
    const own = await atSite(server, { siteId: site, person: { token } }).askAt(
      'v1.2',
      'GET',
      '/me',
    );
    expect(own.json).toMatchObject({
      guest_of_pods: [{ id: pod, customer_reference: `Flat ${String(made)}` }],
      subscription_state: 'subscribed',
    });
    expect(await guests()).toMatchObject([{ user: { ...names, email: null } }]);
  });

  it('is one guest by one token, and that call is for no other token', async () => {
    const { code } = await makeCode();
    const token = await guestOf(code);
    expect(refusal(await join(token))).toEqual([
      403,
      '2203',
      expect.stringContaining('used by this token'),
    ]);
    const other = await join(member.token);
    expect([other.status, other.text]).toEqual([403, '']);
    expect(await guests()).toHaveLength(1);
  });

  it('comes too late when the code was revoked or has ended meanwhile', async () => {
    const first = await makeCode();
    const { token } = await typeCode(first.code);
    await asMember.ask('DELETE', codes());
    expect(refusal(await join(token))).toEqual([403, '2203', expect.stringContaining('ended')]);
    const second = await makeCode({ code_expiry_date: inMs(hourMs / 4) });
    const { token: late } = await typeCode(second.code);
    server.clock?.advance(hourMs / 4);
    expect(refusal(await join(late))[1]).toBe('2203');
    expect((await typeCode(second.code)).body).toEqual({
      error: 'invalid_grant',
      error_description: expect.any(String) as string,
    });
  });

  it('finds the pod full when somebody else has the last place', async () => {
    const { code } = await makeCode();
    const { token } = await typeCode(code);
    await asOwner.ask('PATCH', `/pods/${pod}`, { max_guest_amount: 0 });
    expect(refusal(await join(token))[1]).toBe('2221');
    await asOwner.ask('PATCH', `/pods/${pod}`, { max_guest_amount: 1 });
    expect((await join(token)).status).toBe(204);
  });

  it('shares the uses of a code with all others: of forty at once as many come as may', async () => {
    const { code } = await makeCode({ use_limit: 2 });
    const typed = await Promise.all(Array.from({ length: 20 }, () => typeCode(code)));
    const tokens = typed.map(({ token }) => token).filter((token) => token !== '');
    expect(tokens).toHaveLength(20);
    const answers = await Promise.all([...tokens, ...tokens].map((token) => join(token)));
    const by = (status: number) => answers.filter((answer) => answer.status === status).length;
    expect([by(204), by(403)]).toEqual([2, 38]);
    expect(await guests()).toHaveLength(2);
    expect((await typeCode(code)).status).toBe(400);
    expect(await asMember.items(codes())).toMatchObject([{ state: 'revoked' }]);
  });

  it('is nobody any more once the guest has left the pod', async () => {
    const { code } = await makeCode();
    const { token, body } = await typeCode(code);
    await join(token);
    expect((await server.ask('GET', '//v1.2/me', { token })).status).toBe(200);
    const [guest] = await guests();
    const change = { remove_guests_ids: [guest?.id] };
    expect((await asMember.ask('PATCH', `/pods/${pod}/guests`, change)).status).toBe(204);
    server.clock?.advance(31_000);
    expect((await server.ask('GET', '//v1.2/me', { token })).status).toBe(401);
    const again = await fetch(`${server.url}/connect/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: body['refresh_token'] ?? '',
        client_id: 'cardea-phone',
      }),
    });
    expect([again.status, await again.json()]).toMatchObject([400, { error: 'invalid_grant' }]);
    // What is left of somebody who is nowhere is erased.
    const left = () =>
      server.database.pool.query(`select 1 from logins where last_name = 'Hopper'`);
    await untilErased(left, 'the login of a guest who left');
  });

  it('is forgotten when a day has passed without names', async () => {
    const { code } = await makeCode();
    await typeCode(code);
    // As if it were so long ago: a day of the clock is 86,400 ticks of whatever looks about each second.
    await server.database.pool.query(
      `update pod_passes set created_at = created_at - interval '24 hours' where accessor_id is null`,
    );
    const left = () => server.database.pool.query('select 1 from pod_passes');
    await untilErased(left, 'a pass that nobody used');
  });
});

describe('guessing codes', () => {
  it('comes to an end in a network, and holds up nobody elsewhere', async () => {
    const { code } = await makeCode();
    const guess = 'ABCDEFGHJK';
    await server.database.pool.query('delete from sign_in_failures');
    for (let tried = 0; tried < 10; tried += 1) expect((await typeCode(guess)).status).toBe(400);
    const waiting = await fetch(`${server.url}/connect/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'access_code',
        access_code: code,
        client_id: 'cardea-phone',
      }),
    });
    expect([waiting.status, await waiting.json()]).toEqual([
      429,
      { error: 'temporarily_unavailable' },
    ]);
    expect(Number(waiting.headers.get('retry-after'))).toBeGreaterThan(3_000);
    await server.database.pool.query(
      `update sign_in_failures set failed_at = failed_at - interval '1 hour'`,
    );
    expect((await typeCode(code)).status).toBe(200);
  });

  it('comes to an end through a client too, once many networks have tried', async () => {
    const { code } = await makeCode();
    const failures = (count: number) =>
      server.database.pool.query(
        `insert into sign_in_failures (kind, account, client_id, network, failed_at)
         select 'access_code', 'client:cardea-phone', 'cardea-phone', '198.51.100.' || n, $2
         from generate_series(1, $1::int) n`,
        [count, server.clock?.now()],
      );
    await server.database.pool.query('delete from sign_in_failures');
    await failures(199);
    expect((await typeCode(code)).status).toBe(200);
    await failures(1);
    expect((await typeCode(code)).status).toBe(429);
    await server.database.pool.query('delete from sign_in_failures');
  });

  it('is kept of as a hash, and what cannot be a code is none', async () => {
    const { code } = await makeCode();
    const { rows } = await server.database.pool.query<{ all: string }>(
      `select (select json_agg(k) from pod_access_codes k)::text || (select json_agg(a) from audit_log a)::text as all`,
    );
    expect(rows[0]?.all).not.toContain(code);
    for (const typed of ['', code.slice(1), `${code}X`, '\u0000', 'O0I1O0I1O0'])
      expect([typed, (await typeCode(typed)).status]).toEqual([typed, 400]);
  });

  it('is for public clients that may, and in their own tenant', async () => {
    const other = await server.addTenant('Other');
    const { code } = await makeCode();
    const { rows } = await server.database.pool.query<{ id: string }>(
      `insert into clients (id, tenant_id, name, kind, grants, scopes, redirect_uris, post_logout_redirect_uris, created_at)
       values ('other-guests', $1, 'Guests', 'public', '{access_code}', '{user_api.full_access}', '{}', '{}', now()),
              ('own-guests', $2, 'Guests', 'public', '{access_code}', '{user_api.full_access}', '{}', '{}', now()) returning id`,
      [other.tenantId, server.tenant.tenantId],
    );
    expect(rows).toHaveLength(2);
    expect((await typeCode(code, 'other-guests')).body['error']).toBe('invalid_grant');
    expect((await typeCode(code, 'cardea-web')).body['error']).toBe('unauthorized_client');
    expect((await typeCode(code, 'cardea-phone', 'core_api.full')).body['error']).toBe(
      'invalid_scope',
    );
    const own = await typeCode(code, 'own-guests');
    expect([own.status, own.body['scope'], own.body['refresh_token']]).toEqual([
      200,
      'user_api.full_access',
      undefined,
    ]);
    expect((await join(own.token)).status).toBe(204);
  });
});

it('a pod of a site without the feature answers 2212, to members and to codes', async () => {
  const { code } = await makeCode();
  const { token } = await typeCode(code);
  const setFeatures = (features: readonly string[] | null) =>
    server.database.pool.query('update collections set features = $2 where id = $1', [
      site,
      features,
    ]);
  await setFeatures(['custom_pin']);
  expect(refusal(await asMember.ask('PUT', codes(), {}))[1]).toBe('2212');
  expect(refusal(await join(token))[1]).toBe('2212');
  await setFeatures(null);
  expect((await join(token)).status).toBe(204);
});

it('leaves a record of every step, and of no code', async () => {
  const { id, code } = await makeCode();
  await guestOf(code);
  await asMember.ask('DELETE', codes());
  const { rows } = await server.database.pool.query<{ action: string }>(
    `select action from audit_log where object_id = $1 order by number`,
    [id],
  );
  expect(rows.map(({ action }) => action)).toEqual([
    'pod_access_code.create',
    'pod_access_code.enter',
    'pod_access_code.redeem',
    'pod_access_code.revoke',
  ]);
});
