/** Sites that an installer sets up and hands over (connect-api.md 4.1, 8; behaviour.md 3.1, 3.4, 17). */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtInRoles } from '#contract/roles';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { insertIq } from '#test/kit/rows';

type Json = Readonly<Record<string, unknown>>;

let server: TestServer;
let installer: TestPerson;
beforeAll(async () => {
  server = await startTestServer();
  installer = await addPerson(server, { siteId: await addSite(server), role: null });
});
afterAll(() => server.stop());

function ask(method: string, path: string, by: TestPerson, body?: unknown): Promise<Answer> {
  return server.ask(method, `/${path}`, {
    token: by.token,
    ...(body === undefined ? {} : { body }),
  });
}

async function begun(): Promise<Json> {
  const answer = await ask('POST', '/v1.1/sites', installer, {
    customer_reference: 'Quay',
    country_code: 'NL',
    time_zone: 'Europe/Amsterdam',
    installation: true,
  });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer.json as Json;
}

async function person(siteId: string, roleId: string): Promise<TestPerson> {
  const made = await addPerson(server, { siteId, role: null });
  const answer = await ask('POST', `/v1.1/sites/${siteId}/users/existing`, installer, {
    id: made.userId,
    role_ids: [roleId],
  });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return made;
}

const release = (siteId: string, by: TestPerson, body: Json): Promise<Answer> =>
  ask('POST', `/ext/v1/sites/${siteId}/release`, by, body);

const items = ({ json }: Answer): Json[] => (json as { items: Json[] }).items;

describe('a site that is being set up', () => {
  it('has its installer in the place of the owner, and refuses all others', async () => {
    const site = await begun();
    expect(site).toMatchObject({
      installation_state: 'installation',
      owner: { id: installer.userId },
    });
    const siteId = String(site['id']);
    const admin = await person(siteId, builtInRoles.site_admin.id);
    for (const path of [`/v1.1/sites/${siteId}`, `/v1.2/sites/${siteId}/users`]) {
      expect((await ask('GET', path, installer)).status).toBe(200);
      expect(refusal(await ask('GET', path, admin))).toBe('400 2210');
    }
    const hub = await server.ask('POST', `//v1/hub/entries/negotiate?site_id=${siteId}`, {
      token: admin.token,
    });
    expect(refusal(hub)).toBe('400 2210');
    const pull = await ask('GET', `/ext/v1/sites/${siteId}/events?stream=entries`, admin);
    expect(refusal(pull)).toBe('400 2210');
    expect(items(await ask('GET', '/v1.1/sites', admin)).map(({ id }) => id)).not.toContain(siteId);
  });

  it('is handed over by a release and not by its owner member', async () => {
    const siteId = String((await begun())['id']);
    const admin = await person(siteId, builtInRoles.site_admin.id);
    const body = { owner_id: admin.userId };
    expect(refusal(await ask('PATCH', `/v1.1/sites/${siteId}`, installer, body))).toBe('403 2203');
  });
});

describe('the release', () => {
  it('makes an admin the owner, the hubs active and the installer a stranger', async () => {
    const siteId = String((await begun())['id']);
    const admin = await person(siteId, builtInRoles.site_admin.id);
    const iq = await insertIq(server, { collection_id: siteId });
    await server.database.pool.query(
      `update iqs set state = 'installation', is_installation = true where id = $1`,
      [iq],
    );
    const answer = await release(siteId, installer, { owner_id: admin.userId });
    expect([answer.status, answer.json]).toEqual([
      200,
      expect.objectContaining({
        id: siteId,
        installation_state: 'released',
        owner: expect.objectContaining({ id: admin.userId }) as unknown,
      }),
    ]);
    expect(refusal(await ask('GET', `/v1.1/sites/${siteId}`, installer))).toBe('404 2202');
    expect((await ask('GET', `/v1.1/sites/${siteId}/iqs/${iq}`, admin)).json).toMatchObject({
      state: 'active',
    });
    const users = items(await ask('GET', `/v1.1/sites/${siteId}/users`, admin));
    expect(users.map(({ user }) => (user as Json)['id'])).toEqual([admin.userId]);
    expect(refusal(await release(siteId, installer, { owner_id: admin.userId }))).toBe('404 2202');
    const again = await release(siteId, admin, { owner_id: admin.userId });
    expect(refusal(again)).toBe('403 2203');
  });

  it.each([
    ['nobody', {}, '400 1100'],
    ['somebody unknown', { owner_id: randomUUID() }, '404 2202'],
  ])('to %s is refused', async (_whom, body, expected) => {
    const siteId = String((await begun())['id']);
    expect(refusal(await release(siteId, installer, body))).toBe(expected);
  });

  it('to somebody who is no admin, or to the installer, is refused', async () => {
    const siteId = String((await begun())['id']);
    const user = await person(siteId, builtInRoles.site_user.id);
    for (const owner of [user, installer])
      expect(refusal(await release(siteId, installer, { owner_id: owner.userId }))).toBe(
        '403 2203',
      );
  });
});

describe('a collection made on the Core face', () => {
  const name = (collection: string, body: Json, scope = 'core_api.full') =>
    server
      .token(scope)
      .then((token) => server.ask('PUT', `//ext/v1/sites/${collection}/owner`, { token, body }));

  async function collection(): Promise<string> {
    const answer = await server.ask('POST', '/collections', { body: { country_code: 'BE' } });
    return (answer.json as { id: string }).id;
  }

  it('becomes a site when its tenant names a person known by e-mail', async () => {
    const id = await collection();
    const owner = await addPerson(server, { siteId: id, role: null });
    const answer = await name(id, { email: owner.email.toUpperCase() });
    expect([answer.status, answer.json]).toEqual([
      200,
      expect.objectContaining({
        id,
        site_uid: expect.stringMatching(/^BE\d{10}$/) as string,
        installation_state: 'self_installed',
        owner: expect.objectContaining({ id: owner.userId }) as unknown,
      }),
    ]);
    const read = await ask('GET', `/v1.2/sites/${id}`, owner);
    expect(read.json).toMatchObject({ active_user_amount: 1 });
    const other = await addPerson(server, { siteId: id, role: null });
    expect(refusal(await name(id, { email: other.email }))).toBe('403 2203');
  });

  it('invites whoever has no profile yet', async () => {
    const id = await collection();
    const answer = await name(id, { email: 'fresh@example.test', first_name: 'Fay' });
    expect(answer.json).toMatchObject({
      owner: {
        first_name: 'Fay',
        email: 'fresh@example.test',
        has_profile: false,
        is_managed_by_current_site: true,
      },
    });
    const { rows } = await server.database.pool.query(
      'select address from invitations where collection_id = $1',
      [id],
    );
    expect(rows).toEqual([{ address: 'fresh@example.test' }]);
  });

  it('is refused an owner without an address that mail can reach, and to people', async () => {
    const id = await collection();
    expect(refusal(await name(id, {}))).toBe('400 1100');
    expect(refusal(await name(id, { email: '' }))).toBe('400 1101');
    expect(refusal(await name(id, { email: 'nowhere' }))).toBe('400 4201');
    expect(refusal(await name(randomUUID(), { email: 'a@example.test' }))).toBe('404 2202');
    const byPerson = await ask('PUT', `/ext/v1/sites/${id}/owner`, installer, {
      email: 'a@example.test',
    });
    expect(byPerson.status).toBe(401);
  });
});
