import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sendForm } from '#test/kit/account-pages';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { addPerson, addSite } from '#test/kit/people';
import { openTestBrowser } from '#test/kit/sign-in-browser';

let server: TestServer;
let siteId: string;
let options: string;
beforeAll(async () => {
  server = await startTestServer();
  siteId = await addSite(server);
  options = `//ext/v1/sites/${siteId}/options`;
});
afterAll(() => server.stop());

it.each(['owner', 'site_admin'] as const)(
  'the %s changes the settings of the site, and the Core face shows the same',
  async (role) => {
    const { token } = await addPerson(server, { siteId, role });
    const days = role === 'owner' ? 40 : 50;
    const changed = await server.ask('PATCH', options, {
      token,
      body: { activity_log_days: days },
    });
    expect(changed).toMatchObject({ status: 200, json: { activity_log_days: days } });
    const core = await server.ask('GET', `/collections/${siteId}/options`);
    expect(core.json).toEqual(changed.json);
    expect((await server.ask('GET', options, { token })).json).toEqual(changed.json);
  },
);

it.each(['site_super_user', 'site_user'] as const)(
  'a %s gets an empty 403, whatever the body',
  async (role) => {
    const { token } = await addPerson(server, { siteId, role });
    for (const [method, body] of [
      ['GET', undefined],
      ['PATCH', '{broken'],
    ] as const) {
      const refused = await server.ask(method, options, { token, ...(body ? { body } : {}) });
      expect([refused.status, refused.text]).toEqual([403, '']);
    }
  },
);

it('a site of others is not there, as one that does not exist', async () => {
  const other = await server.addTenant('Other');
  const elsewhere = await addSite(server, other);
  const strangers = [
    await addPerson(server, { siteId, role: null }),
    await addPerson(server, { siteId: elsewhere, role: 'owner', tenant: other }),
  ];
  const { token } = await addPerson(server, { siteId, role: 'owner' });
  const answers = [
    ...(await Promise.all(
      strangers.map((stranger) => server.ask('GET', options, { token: stranger.token })),
    )),
    await server.ask('GET', `//ext/v1/sites/${elsewhere}/options`, { token }),
    await server.ask('GET', `//ext/v1/sites/${randomUUID()}/options`, { token }),
  ];
  for (const answer of answers)
    expect(answer).toMatchObject({
      status: 404,
      json: { ErrorCode: '2202', Message: 'Site not found' },
    });
});

it('a token without the scope of people is refused', async () => {
  const answer = await server.ask('GET', options);
  expect([answer.status, answer.text]).toEqual([401, '']);
});

it('a site that demands it has its owner and admins set up a second factor, and nobody else', async () => {
  const demanding = await addSite(server);
  const people = [
    await addPerson(server, { siteId: demanding, role: 'owner' }),
    await addPerson(server, { siteId: demanding, role: 'site_admin' }),
    await addPerson(server, { siteId: demanding, role: 'site_super_user' }),
    await addPerson(server, { siteId, role: 'site_admin' }),
  ];
  const ledTo = async ({ email, password }: (typeof people)[number]) => {
    const browser = openTestBrowser(server.url);
    return (await sendForm(browser, '/account/login', { email, password })).location?.pathname;
  };
  const before = await Promise.all(people.map(ledTo));
  expect(new Set(before)).toEqual(new Set(['/account']));
  await server.ask('PATCH', `//ext/v1/sites/${demanding}/options`, {
    token: people[0]?.token ?? '',
    body: { second_factor_for_admins: true },
  });
  const setUp = '/account/login/set-up';
  expect(await Promise.all(people.map(ledTo))).toEqual([setUp, setUp, '/account', '/account']);
});
