/** Roles over HTTP: what somebody may give, and what a site makes for itself (connect-api.md 2.2, 3.1; design.md, rulings). */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtInRoles, roleRights } from '#contract/roles';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';

type Json = Readonly<Record<string, unknown>>;

let server: TestServer;
let siteId: string;
let admin: TestPerson;
let superUser: TestPerson;
let user: TestPerson;
beforeAll(async () => {
  server = await startTestServer();
  siteId = await addSite(server);
  admin = await addPerson(server, { siteId, role: 'site_admin' });
  superUser = await addPerson(server, { siteId, role: 'site_super_user' });
  user = await addPerson(server, { siteId, role: 'site_user' });
});
afterAll(() => server.stop());

type Asked = { readonly by?: TestPerson; readonly body?: unknown };

function own(method: string, path: string, { by = admin, body }: Asked = {}): Promise<Answer> {
  return server.ask(method, `//ext/v1/sites/${siteId}${path}`, {
    token: by.token,
    ...(body === undefined ? {} : { body }),
  });
}

async function assignable(by: TestPerson, query = ''): Promise<Json[]> {
  const answer = await server.ask('GET', `//v1.1/sites/${siteId}/roles${query}`, {
    token: by.token,
  });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return (answer.json as { items: Json[] }).items;
}

const codes = (roles: readonly Json[]): readonly unknown[] => roles.map(({ code }) => code);

const janitor = {
  customer_reference: 'Janitor',
  parent_id: builtInRoles.site_super_user.id,
  rights: ['see_everything', 'remote_locking_accessible'],
};

async function made(code: string, more: Json = {}): Promise<Json> {
  const answer = await own('POST', '/roles', { body: { ...janitor, code, ...more } });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer.json as Json;
}

const idOf = (role: Json): string => String(role['id']);

describe('the roles that somebody may give', () => {
  it('are those up to the own level, the highest first, without those of pods and guests', async () => {
    expect((await assignable(admin)).slice(0, 3)).toEqual([
      {
        id: '7d53b0b3-3ef7-11e8-9f1c-0050568d6e36',
        customer_reference: 'Site Admin',
        code: 'site_admin',
        parent_id: null,
        is_hierarchical: true,
      },
      {
        id: '76f7e578-80fb-11e8-a892-000d3a221c5b',
        customer_reference: 'Site Super User',
        code: 'site_super_user',
        parent_id: '7d53b0b3-3ef7-11e8-9f1c-0050568d6e36',
        is_hierarchical: true,
      },
      {
        id: '8f6081a3-80fb-11e8-a892-000d3a221c5b',
        customer_reference: 'Site User',
        code: 'site_user',
        parent_id: '76f7e578-80fb-11e8-a892-000d3a221c5b',
        is_hierarchical: true,
      },
    ]);
    const byAdmin = codes(await assignable(admin));
    expect(byAdmin).toEqual(
      expect.arrayContaining(['site_mobile_user', 'site_remote_office_mode_user']),
    );
    expect(byAdmin).not.toContain('site_pod_member');
    expect(byAdmin).not.toContain('site_guest');
    expect(codes(await assignable(superUser))).not.toContain('site_admin');
    expect(codes(await assignable(superUser))).toContain('site_super_user');
  });

  it('are filtered, ordered and counted as every list', async () => {
    expect(codes(await assignable(admin, "?$filter=code eq 'SITE_USER'"))).toEqual(['site_user']);
    expect(
      codes(await assignable(admin, '?$filter=is_hierarchical eq true and parent_id eq null')),
    ).toEqual(['site_admin']);
    expect(codes(await assignable(admin, '?$top=1&$orderby=customer_reference desc'))).toEqual([
      'site_user',
    ]);
    expect(
      codes(await assignable(admin, `?$filter=id eq ${builtInRoles.site_mobile_user.id}`)),
    ).toEqual(['site_mobile_user']);
  });

  it('are told to nobody who gives none', async () => {
    const answer = await server.ask('GET', `//v1.2/sites/${siteId}/roles`, { token: user.token });
    expect([answer.status, answer.text]).toEqual([403, '']);
  });
});

describe('the own rights', () => {
  it('says to each what they may do, and to nobody else', async () => {
    const owner = await addPerson(server, { siteId, role: 'owner' });
    const rightsOf = async (by: TestPerson) => (await own('GET', '/rights', { by })).json;
    expect(await rightsOf(owner)).toEqual({
      rights: roleRights,
      owns_site: true,
      runs_server: false,
      takes_part: true,
      installer_until: null,
    });
    expect(await rightsOf(superUser)).toEqual({
      rights: builtInRoles.site_super_user.rights,
      owns_site: false,
      runs_server: false,
      takes_part: true,
      installer_until: null,
    });
    await server.database.pool.query('update logins set is_operator = true where id = $1', [
      user.loginId,
    ]);
    expect(await rightsOf(user)).toMatchObject({ rights: [], owns_site: false, runs_server: true });
    const stranger = await addPerson(server, { siteId, role: null });
    expect(refusal(await own('GET', '/rights', { by: stranger }))).toBe('404 2202');
  });

  it('outside of every site are to run the server, or none', async () => {
    const stranger = await addPerson(server, { siteId, role: null });
    const asked = () => server.ask('GET', '//ext/v1/rights', { token: stranger.token });
    expect((await asked()).json).toEqual({ runs_server: false });
    await server.database.pool.query('update logins set is_operator = true where id = $1', [
      stranger.loginId,
    ]);
    expect((await asked()).json).toEqual({ runs_server: true });
  });
});

describe('a role that a site makes', () => {
  it('stands below its parent, is given to people, and gives what it says', async () => {
    const role = await made('janitor');
    expect(role).toEqual({
      id: expect.any(String) as string,
      customer_reference: 'Janitor',
      code: 'janitor',
      parent_id: builtInRoles.site_super_user.id,
      is_hierarchical: true,
      rights: ['see_everything', 'remote_locking_accessible'],
    });
    expect(codes(await assignable(superUser))).toContain('janitor');
    const person = await addPerson(server, { siteId, role: 'site_user' });
    const incidents = () =>
      server.ask('GET', `//v1.1/sites/${siteId}/incidents`, { token: person.token });
    expect((await incidents()).status).toBe(403);
    await server.database.pool.query('update accessors set role_ids = $2 where id = $1', [
      person.accessorId,
      [idOf(role)],
    ]);
    expect((await incidents()).status).toBe(200);
    const changed = await own('PATCH', `/roles/${idOf(role)}`, {
      body: { customer_reference: 'Concierge', rights: ['remote_locking_accessible'] },
    });
    expect(changed.json).toEqual({
      ...role,
      customer_reference: 'Concierge',
      rights: ['remote_locking_accessible'],
    });
    expect((await incidents()).status).toBe(403);
    const opens = async (): Promise<unknown> => {
      const { rows } = await server.database.pool.query<{ remote_access: boolean }>(
        'select remote_access from accessors where id = $1',
        [person.accessorId],
      );
      return rows[0]?.remote_access;
    };
    await own('PATCH', `/roles/${idOf(role)}`, { body: { rights: [] } });
    expect(await opens()).toBe(false);
    await own('PATCH', `/roles/${idOf(role)}`, { body: { rights: ['remote_locking_accessible'] } });
    expect(await opens()).toBe(true);
    expect(refusal(await own('DELETE', `/roles/${idOf(role)}`))).toBe('403 2203');
    await server.database.pool.query('update accessors set role_ids = $2 where id = $1', [
      person.accessorId,
      [builtInRoles.site_user.id],
    ]);
    expect((await own('DELETE', `/roles/${idOf(role)}`)).status).toBe(204);
    expect(refusal(await own('DELETE', `/roles/${idOf(role)}`))).toBe('404 2202');
  });

  it.each([
    ['a right that its parent lacks', { rights: ['manage_site'] }, '400 1101'],
    ['an unknown right', { rights: ['fly'] }, '400 1101'],
    ['a code with a blank', { code: 'night porter' }, '400 1101'],
    ['the code of a built-in role', { code: 'SITE_USER' }, '400 1101'],
    ['an unknown parent', { parent_id: randomUUID() }, '404 2202'],
    ['a parent that stands beside', { parent_id: builtInRoles.site_mobile_user.id }, '400 1101'],
    ['no rights', { rights: undefined }, '400 1100'],
    ['no name', { customer_reference: '' }, '400 1101'],
  ])('is refused with %s', async (_what, wrong, expected) => {
    const answer = await own('POST', '/roles', { body: { ...janitor, code: 'porter', ...wrong } });
    expect(refusal(answer)).toBe(expected);
  });

  it('has a code of its own', async () => {
    await made('guard');
    const again = await own('POST', '/roles', { body: { ...janitor, code: 'Guard' } });
    expect(refusal(again)).toBe('400 1101');
  });

  it('gives nothing that its maker has not, and stands no higher', async () => {
    const parent_id = builtInRoles.site_admin.id;
    const beyond = { ...janitor, parent_id, code: 'boss', rights: ['manage_site'] };
    expect(refusal(await own('POST', '/roles', { by: superUser, body: beyond }))).toBe('400 1101');
    const deputy = await made('deputy', { parent_id, rights: ['manage_users', 'see_everything'] });
    const below = await addPerson(server, { siteId, role: null });
    await server.database.pool.query(
      `insert into accessors (tenant_id, id, user_id, collection_id, role_ids, created_at)
       values ($1, gen_random_uuid(), $2, $3, $4, now())`,
      [
        server.tenant.tenantId,
        below.userId,
        siteId,
        [idOf(await made('helper', { parent_id: idOf(deputy), rights: ['manage_users'] }))],
      ],
    );
    const asked = { by: below, body: { rights: [] } };
    expect(refusal(await own('PATCH', `/roles/${idOf(deputy)}`, asked))).toBe('403 2203');
    expect(refusal(await own('DELETE', `/roles/${idOf(deputy)}`, { by: below }))).toBe('403 2203');
    const high = { customer_reference: 'Chief', code: 'chief', parent_id, rights: [] };
    expect(refusal(await own('POST', '/roles', { by: below, body: high }))).toBe('403 2203');
  });

  it('keeps the rights that a role below it has', async () => {
    const upper = await made('upper');
    await made('lower', { parent_id: idOf(upper), rights: ['see_everything'] });
    const answer = await own('PATCH', `/roles/${idOf(upper)}`, { body: { rights: [] } });
    expect(refusal(answer)).toBe('403 2203');
    expect(refusal(await own('DELETE', `/roles/${idOf(upper)}`))).toBe('403 2203');
  });

  it('is listed with its rights, beside those that every site has', async () => {
    const { json } = await own('GET', '/roles?$top=1000');
    const { items } = json as { items: Json[] };
    expect(codes(items)).toEqual(expect.arrayContaining(['site_guest', 'site_admin', 'guard']));
    expect(items.find(({ code }) => code === 'site_mobile_user')).toMatchObject({
      is_hierarchical: false,
      rights: ['remote_locking_accessible'],
    });
  });

  it('is of its site alone', async () => {
    const elsewhere = await addSite(server);
    const other = await addPerson(server, { siteId: elsewhere, role: 'site_admin' });
    const role = await made('here_only');
    const answer = await server.ask('PATCH', `//ext/v1/sites/${elsewhere}/roles/${idOf(role)}`, {
      token: other.token,
      body: { rights: [] },
    });
    expect(refusal(answer)).toBe('404 2202');
  });

  it('is no business of plain users', async () => {
    for (const [method, path] of [
      ['GET', '/roles'],
      ['POST', '/roles'],
      ['PATCH', `/roles/${randomUUID()}`],
      ['DELETE', `/roles/${randomUUID()}`],
    ] as const) {
      const answer = await own(method, path, {
        by: user,
        ...(method === 'GET' ? {} : { body: {} }),
      });
      expect([answer.status, answer.text]).toEqual([403, '']);
    }
  });
});
