import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type Answer, type AskOptions, type TestServer } from '#test/kit/cardea';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { insertLock } from '#test/kit/rows';
import { requestText, sendRaw, type RawAnswer } from '#test/kit/raw-http';

const origin = 'https://app.example.test';
const json = 'application/json';
let server: TestServer;
let siteId: string;
let token: string;
let user: TestPerson;
let lockId: string;

beforeAll(async () => {
  server = await startTestServer({ settings: { CARDEA_CORS_ORIGINS: origin } });
  siteId = await addSite(server);
  token = (await addPerson(server, { siteId, role: 'owner' })).token;
  user = await addPerson(server, { siteId, role: 'site_user' });
  lockId = await insertLock(server, { collection_id: siteId });
});
afterAll(() => server.stop());

const versions = ['v1.1', 'v1.2'] as const;
const rules = '/entry_message_rule';

const ask = (method: string, path: string, options: AskOptions = {}): Promise<Answer> =>
  server.ask(method, `//v1.1/sites/${siteId}${path}`, { token, ...options });

/** Sends a request no client library would make, with a token. */
function raw(line: string, headers: readonly string[] = [], body = ''): Promise<RawAnswer> {
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  const all = [`Authorization: Bearer ${token}`, length, ...headers];
  return sendRaw(server.url, requestText(line, all, body));
}

const root = (): string => `/v1.1/sites/${siteId}`;

type Rule = { readonly id: string; readonly customer_reference: string };

async function newRule(name = 'Night'): Promise<string> {
  const made = await ask('POST', rules, { body: { customer_reference: name, mail: true } });
  expect(made.status, made.text).toBe(200);
  return (made.json as Rule).id;
}

function refusal({ status, json: body }: Answer): string {
  return `${status} ${(body as { ErrorCode?: string } | undefined)?.ErrorCode ?? ''}`;
}

describe('addresses (connect-api.md 1.1, 1.2)', () => {
  it.each(['/', '//', '/?', '?', '?&', '?&&', '/?&$top=5', '?nonsense=1&=&&x'])(
    'a list is found with %j after its name',
    async (after) => {
      expect((await raw(`GET ${root()}${rules}${after}`)).status).toBe(200);
    },
  );

  it('two slashes in a row count as one', async () => {
    expect((await raw(`GET //v1.1//sites/${siteId}//entry_message_rule`)).status).toBe(200);
  });

  it.each(['GB0123456789', 'nl0000000001', 'x', randomUUID().slice(1)])(
    'the readable id %s in place of a UUID is 400 with code 1100',
    async (uid) => {
      for (const version of versions) {
        const answer = await server.ask('GET', `//${version}/sites/${uid}${rules}`, { token });
        expect(refusal(answer)).toBe('400 1100');
      }
    },
  );

  it('a path of /v2 is not found, told in problem form', async () => {
    const answer = await server.ask('GET', `//v2/sites/${siteId}`, { token });
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.json).toMatchObject({
      status: 404,
      code: '1100',
      retry: 'never',
      effect: 'none',
    });
  });

  it('a path of /v1 is not found', async () => {
    const answer = await server.ask('GET', `//v1/sites/${siteId}${rules}`, { token });
    expect(refusal(answer)).toBe('404 1100');
  });

  describe.each(['entries', 'entries/export', 'incidents', 'incidents/export'])('%s', (path) => {
    it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'])(
      'is 405 with Allow to %s under v1.2',
      async (method) => {
        const answer = await server.ask(method, `//v1.2/sites/${siteId}/${path}`, { token });
        expect(answer.status).toBe(405);
        expect(answer.headers.get('allow')).toBe('OPTIONS');
        if (method !== 'HEAD') expect(refusal(answer)).toBe('405 1100');
      },
    );

    it('answers a preflight', async () => {
      const path12 = `//v1.2/sites/${siteId}/${path}`;
      expect((await server.ask('OPTIONS', path12, { token: null })).status).toBe(204);
    });
  });
});

describe('query names and blanks', () => {
  it.each([
    "$filter=customer_reference eq 'Tower'&$orderby=id&$top=3&$skip=0&$inlinecount=allpages",
    "%24filter=customer_reference+eq+'Tower'&%24orderby=id&%24top=3&%24inlinecount=allpages",
    "filter=customer_reference%20eq%20'tower'&orderby=id desc&top=3&skip=0&count=true",
    "$filter=contains(customer_reference,'%54ow')&$count=true",
    "$filter=substringof('Tow',customer_reference) eq true&$inlinecount=allpages",
  ])('%s', async (query) => {
    const all = await ask('GET', `${rules}?$filter=customer_reference eq 'Tower'`);
    for (const { id } of (all.json as { items: Rule[] }).items)
      await ask('DELETE', `${rules}/${id}`);
    const id = await newRule('Tower');
    const answer = await ask('GET', `${rules}?${query}`);
    expect(answer.json).toMatchObject({ items: [{ id }], count: 1, next_page_link: null });
  });

  it('+ and %20 are blanks, %2B is a plus, %23 is #', async () => {
    const id = await newRule('Gate + #1');
    for (const name of ['Gate+%2B+%231', 'Gate%20%2b%20%231']) {
      const answer = await raw(`GET ${root()}${rules}?$filter=customer_reference+eq+'${name}'`);
      expect(JSON.parse(answer.body)).toMatchObject({ items: [{ id }] });
    }
  });

  it('the last one of a repeated option counts, and unknown ones are ignored', async () => {
    await newRule();
    const answer = await ask('GET', `${rules}?$top=0&top=1&colour=red&$select=id`);
    expect((answer.json as { items: unknown[] }).items).toHaveLength(1);
  });

  it('a blank in the literal of an e-mail address is the + it was', async () => {
    const person = await addPerson(server, { siteId, role: 'site_user' });
    expect(person.email).toContain('+');
    const rule = await newRule();
    const change = { add_ids: [person.userId] };
    expect((await ask('PATCH', `${rules}/${rule}/users`, { body: change })).status).toBe(204);
    const [name, domain] = person.email.split('@');
    const texts = [`email eq '${person.email}'`, `contains(email,'${name ?? ''}@')`];
    for (const text of [...texts, `email in ('x@${domain ?? ''}','${person.email}')`]) {
      // Sent raw, so that the plus is what a careless client makes of it.
      const query = text.replaceAll(' ', '%20');
      const answer = await raw(`GET ${root()}${rules}/${rule}/users?$filter=${query}`);
      expect(answer.status, answer.body).toBe(200);
      expect(JSON.parse(answer.body)).toMatchObject({ items: [{ id: person.userId }] });
    }
  });
});

describe('lists (connect-api.md 1.5)', () => {
  it('a page links to the next one with all options, under the version called', async () => {
    await newRule();
    await newRule();
    for (const version of versions) {
      const query = `$top=1&$filter=send_mail eq true&$count=true`;
      const path = `/${version}/sites/${siteId}${rules}`;
      const first = await server.ask('GET', `/${path}?${query}`, { token });
      const { next_page_link: link, count } = first.json as {
        next_page_link: string;
        count: number;
      };
      expect(count).toBeGreaterThan(1);
      const url = new URL(link);
      expect(url.origin + url.pathname).toBe(`${server.url}${path}`);
      expect(url.searchParams.get('$filter')).toBe('send_mail eq true');
      expect(url.searchParams.get('$skip')).toBe('1');
    }
  });

  it.each([
    ['$top=0&$count=true', 0],
    ['$top=5000', null],
  ])('%s is allowed', async (query, items) => {
    const answer = await ask('GET', `${rules}?${query}`);
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ next_page_link: null });
    if (items !== null) expect(answer.json).toMatchObject({ items: [] });
  });

  it.each([
    '$top=-1',
    '$skip=x',
    "$filter=unknown eq 'a'",
    '$orderby=unknown',
    '$filter=send_mail eq',
    "$filter=users/any(u: u/id eq 'a')",
    `$filter=${'('.repeat(33)}send_mail${')'.repeat(33)}`,
  ])('%s is 400 with code 1102', async (query) => {
    expect(refusal(await ask('GET', `${rules}?${query}`))).toBe('400 1102');
  });
});

describe('bodies', () => {
  it.each([
    [json],
    ['application/merge-patch+json'],
    ['application/json, application/json'],
    ['text/plain'],
    ['nonsense'],
  ])('a body that begins with { is JSON under %s', async (type) => {
    const body = '{"customer_reference":"Night","mail":"true","extra":{"a":[1]}}';
    const answer = await ask('POST', rules, { body, headers: { 'content-type': type } });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json).toMatchObject({ customer_reference: 'Night', send_mail: true });
  });

  it('the same content type twice is accepted', async () => {
    const twice = ['Content-Type: application/json', 'Content-Type: application/json'];
    const body = '{"customer_reference":"Night","mail":true}';
    expect((await raw(`POST ${root()}${rules}`, twice, body)).status).toBe(200);
  });

  it('form fields make a flat body, lists repeat the name', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await ask('POST', rules, {
      body: 'customer_reference=Night+watch&mail=true&push=',
      headers,
    });
    expect(answer.json).toMatchObject({
      customer_reference: 'Night watch',
      send_mail: true,
      send_push: false,
    });
    const people = [
      await addPerson(server, { siteId, role: 'site_user' }),
      await addPerson(server, { siteId, role: 'site_user' }),
    ];
    const one = `${rules}/${(answer.json as Rule).id}/users`;
    const body = people.map(({ userId }) => `add_ids=${userId}`).join('&');
    expect((await ask('PATCH', one, { body, headers })).status).toBe(204);
    expect(((await ask('GET', one)).json as { items: unknown[] }).items).toHaveLength(2);
  });

  it.each(['text/plain', 'application/xml'])('other bodies of type %s are 415', async (type) => {
    const answer = await ask('POST', rules, { body: 'x=1', headers: { 'content-type': type } });
    expect(refusal(answer)).toBe('415 1100');
  });

  it.each([
    ['a boolean of another type', { customer_reference: 'A', mail: 1 }],
    ['a name that is a number', { customer_reference: 5, mail: true }],
    ['a missing member', { mail: true }],
    ['a null in place of a required member', { customer_reference: null, mail: true }],
    ['a list', []],
  ])('%s is 1100', async (_name, body) => {
    expect(refusal(await ask('POST', rules, { body }))).toBe('400 1100');
  });

  it.each([
    ['an empty name', { customer_reference: '', mail: true }],
    ['a name of blanks', { customer_reference: ' \t ', mail: true }],
    ['a name of 256 characters', { customer_reference: 'é'.repeat(256), mail: true }],
    ['an unknown word', { customer_reference: 'A', mail: true, type: 'knocked' }],
  ])('%s is 1101', async (_name, body) => {
    expect(refusal(await ask('POST', rules, { body }))).toBe('400 1101');
  });

  it('a name is kept as sent', async () => {
    const name = ` ${'🔑'.repeat(255)} `;
    const rule = await newRule(name);
    const found = await ask('GET', `${rules}/${rule}`);
    expect(found.json).toMatchObject({ customer_reference: name });
  });

  it('absent and null leave a member alone when changed, and are nothing when made', async () => {
    const rule = await newRule('Night');
    const body = { customer_reference: null, send_mail: null, send_push: true };
    const changed = await ask('PATCH', `${rules}/${rule}`, { body });
    expect(changed.json).toMatchObject({
      customer_reference: 'Night',
      send_mail: true,
      send_push: true,
      on_inside_handle: false,
    });
    expect((await ask('PATCH', `${rules}/${rule}`)).status).toBe(200);
  });

  it('over 1 MiB is 413', async () => {
    const body = `{"customer_reference":"${'x'.repeat(1024 * 1024)}"}`;
    expect(refusal(await ask('POST', rules, { body }))).toBe('413 1100');
  });
});

describe('DELETE and GET with what clients send along', () => {
  it.each(['[]', '{}', 'null', ' ', ''])('DELETE with the body %j works', async (body) => {
    const rule = await newRule();
    const answer = await raw(`DELETE ${root()}${rules}/${rule}`, [`Content-Type: ${json}`], body);
    expect(answer.status, answer.body).toBe(204);
  });

  it('GET takes a JSON type, twice, without a body', async () => {
    const headers = [`Content-Type: ${json}`, `Content-Type: ${json}`];
    expect((await raw(`GET ${root()}${rules}`, headers)).status).toBe(200);
  });
});

describe('schedules', () => {
  it.each([
    ['18:00', '18:00', '18:00:00', '18:00:59'],
    ['8:05', '24:00', '08:05:00', '23:59:59'],
    ['08:00:30.5', '23:59:07', '08:00:30', '23:59:07'],
  ])('from %s to %s is read as %s to %s', async (start, end, startRead, endRead) => {
    const body = { monday: true, start_time: start, end_time: end };
    const made = await ask('POST', `${rules}/${await newRule()}/time_schedules`, { body });
    expect(made.json).toMatchObject({ start_time: startRead, end_time: endRead });
  });

  it('dates may begin with the day, drop their zone, and are cleared by ""', async () => {
    const all = `${rules}/${await newRule()}/time_schedules`;
    const body = {
      monday: true,
      start_time: '08:00',
      end_time: '18:00',
      start_date: '01-12-2026T16:00:00Z',
      end_date: '2026-12-31',
    };
    const made = await ask('POST', all, { body });
    expect(made.json).toMatchObject({
      start_date: '2026-12-01T16:00:00',
      end_date: '2026-12-31T23:59:59',
    });
    const one = `${all}/${(made.json as Rule).id}`;
    const kept = await ask('PATCH', one, { body: { start_date: null } });
    expect(kept.json).toMatchObject({ start_date: '2026-12-01T16:00:00' });
    const cleared = await ask('PATCH', one, { body: { start_date: '' } });
    expect(cleared.json).toMatchObject({ start_date: null, end_date: '2026-12-31T23:59:59' });
  });
});

describe('errors (connect-api.md 1.7)', () => {
  it('have a body of two members, digits as text', async () => {
    const answer = await ask('GET', `${rules}/${randomUUID()}`);
    expect(answer.status).toBe(404);
    expect(answer.json).toEqual({ ErrorCode: '2202', Message: 'Rule not found' });
    expect(answer.headers.get('x-request-id')).not.toBeNull();
  });

  it('a site that is not there is 404 with code 2202', async () => {
    const answer = await server.ask('GET', `//v1.1/sites/${randomUUID()}${rules}`, { token });
    expect(answer.json).toEqual({ ErrorCode: '2202', Message: 'Site not found' });
  });

  it('a missing token and a missing scope have no body', async () => {
    const core = await server.token('core_api.full');
    for (const [sent, status] of [
      [null, 401],
      [core, 401],
    ] as const) {
      const answer = await ask('GET', rules, { token: sent });
      expect([answer.status, answer.text]).toEqual([status, '']);
    }
  });

  it('an unknown route is 404, a wrong method 405 with Allow', async () => {
    expect(refusal(await ask('GET', '/nothing'))).toBe('404 1100');
    const answer = await ask('DELETE', rules);
    expect(refusal(answer)).toBe('405 1100');
    expect(answer.headers.get('allow')?.split(', ')).toEqual(
      expect.arrayContaining(['GET', 'POST']) as string[],
    );
  });
});

describe('what a body names (connect-api.md 1.7, order of checks)', () => {
  const name = { customer_reference: '' };
  const unknown = randomUUID();
  const people = { first_name: '', last_name: 'Visser', tag_id: unknown };
  const days = { from_date: '2026-11-20', to_date: 'someday' };

  it.each([
    ['POST', '/users', people, 'Tag'],
    ['PATCH', '/users/{user}', people, 'Tag'],
    ['PATCH', '/locks/{lock}', { ...name, floor_id: unknown }, 'Floor'],
    ['POST', '/floors', { ...name, number: 1, locks: [unknown] }, 'Lock'],
    ['POST', '/pods', { ...name, max_guest_amount: -1, members: [people] }, 'Tag'],
    ['PATCH', '', { ...name, owner_id: unknown }, 'User'],
    [
      'POST',
      '/reports/timeattendance',
      { ...days, lock_in_id: '{lock}', lock_out_id: unknown },
      'Lock',
    ],
  ])('%s %s tells what is not there before a wrong value', async (method, path, body, thing) => {
    const at = (text: string): string =>
      text.replace('{user}', user.accessorId ?? '').replace('{lock}', lockId);
    const sent = (of: object): object => JSON.parse(at(JSON.stringify(of))) as object;
    const missing = await ask(method, at(path), { body: sent(body) });
    expect(missing.json).toEqual({ ErrorCode: '2202', Message: `${thing} not found` });
    // The form of the body goes before both.
    const form = await ask(method, at(path), {
      body: {
        ...sent(body),
        blocked: 7,
        number: 'x',
        from_date: 7,
        time_zone: 7,
        customer_reference: 7,
      },
    });
    expect(refusal(form)).toBe('400 1100');
  });

  it('and what is there leaves the wrong value to be told', async () => {
    const body = { customer_reference: '', number: 1, locks: [lockId] };
    expect(refusal(await ask('POST', '/floors', { body }))).toBe('400 1101');
  });
});

describe('preflights (connect-api.md 1.8)', () => {
  it('are 204 without a token and allow what was asked for', async () => {
    const asked = 'authorization,clp-continuation-token,x-datadog-trace-id';
    const answer = await server.ask('OPTIONS', `//v1.1/sites/${siteId}${rules}`, {
      token: null,
      headers: {
        origin,
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': asked,
      },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    expect(answer.headers.get('access-control-allow-headers')).toBe(asked);
    expect(answer.headers.get('access-control-allow-methods')).toContain('PATCH');
    expect(answer.headers.get('access-control-max-age')).toBe('600');
  });

  it('an answer exposes the headers of the contract', async () => {
    const answer = await ask('GET', rules, { headers: { origin } });
    const exposed = answer.headers.get('access-control-expose-headers')?.split(', ');
    expect(exposed?.sort()).toEqual([
      'CLP-Warning',
      'Content-Disposition',
      'Retry-After',
      'WWW-Authenticate',
      'X-Request-Id',
    ]);
  });
});
