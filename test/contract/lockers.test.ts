/** Lockers over HTTP: given out by hand or taken for a while, and the banks they stand in (connect-api.md 3.3, 3.10, 4.12, 8). */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { insertIq, insertLock } from '#test/kit/rows';
import { atSite, type AtTestSite, type SiteObject } from '#test/kit/site';

let server: TestServer;
let siteId: string;
let iqId: string;
let asAdmin: AtTestSite;
let ann: TestPerson;
let asAnn: AtTestSite;
let bob: TestPerson;
let asBob: AtTestSite;
beforeAll(async () => {
  server = await startTestServer({ settings: { ROLES: 'http' } });
  siteId = await addSite(server);
  iqId = await insertIq(server, { collection_id: siteId });
  const person = await addPerson(server, { siteId, role: 'site_admin' });
  asAdmin = atSite(server, { siteId, person });
  ann = await addPerson(server, { siteId, role: 'site_user' });
  asAnn = atSite(server, { siteId, person: ann });
  bob = await addPerson(server, { siteId, role: 'site_user' });
  asBob = atSite(server, { siteId, person: bob });
});
afterAll(() => server.stop());

/** The hardware says what it is; here there is none. */
async function addLocker(mode = 'generic', site = siteId): Promise<string> {
  const id = await insertLock(server, {
    collection_id: site,
    ...(site === siteId ? { iq_id: iqId, iq_link_state: 'attached' } : {}),
  });
  await server.database.pool.query(
    `update locks set lock_type = 'locker_lock', customer_reference = 'Locker', locker_mode = $2 where id = $1`,
    [id, mode],
  );
  return id;
}

const one = (id: string): string => `/eloxx/lockers/${id}`;
const assign = (lock_id: string, users: readonly TestPerson[]): Promise<Answer> =>
  asAdmin.ask('PUT', '/eloxx/lockers/assignments', {
    lock_id,
    user_ids: users.map(({ userId }) => userId),
  });
const occupy = (by: AtTestSite, lock_id: string): Promise<Answer> =>
  by.ask('POST', '/eloxx/lockers/occupations', { lock_id });
const release = (by: AtTestSite, id: string): Promise<Answer> =>
  by.ask('DELETE', `/eloxx/lockers/occupations/${id}`);
const idsAt = async (by: AtTestSite, path: string): Promise<string[]> =>
  (await by.items(`/eloxx/lockers${path}?$top=1000`)).map(({ id }) => id);
const assignmentOf = async (id: string): Promise<SiteObject> => {
  const [found] = await asAdmin.items(`/eloxx/lockers/assignments?$filter=id eq ${id}`);
  if (found === undefined) throw new Error('the locker is not listed');
  return found;
};
/** Groups at the lock as the hub is to know them. */
async function groupsAtHub(id: string): Promise<readonly string[]> {
  const { rows } = await server.database.pool.query<{ groups: string[] }>(
    `select value -> 'group_ids' as groups from desired_items where iq_id = $1 and key = 'lock/' || $2`,
    [iqId, id],
  );
  return rows[0]?.groups ?? [];
}

async function addGroup(person: TestPerson, lockId: string): Promise<string> {
  const { id } = await asAdmin.read('POST', '/access_groups', { customer_reference: 'Changing' });
  await asAdmin.read('POST', `/access_groups/${id}/locks`, { lock_id: lockId });
  await asAdmin.read('POST', `/access_groups/${id}/users`, { user_id: person.userId });
  return id;
}

describe('a locker', () => {
  it('is a lock of that type, with a mode and a name', async () => {
    const id = await addLocker();
    await insertLock(server, { collection_id: siteId });
    const shown = {
      id,
      customer_reference: 'Locker',
      lock_group: null,
      state: 'closed',
      is_online: false,
      sync_state: 'pending',
      mode: 'generic',
    };
    expect(await asAdmin.read('GET', one(id))).toEqual(shown);
    expect(await asAdmin.items(`/eloxx/lockers?$filter=id eq ${id} and mode eq 'generic'`)).toEqual(
      [shown],
    );
    expect((await asAdmin.items(`/locks?$filter=id eq ${id}`)).length).toBe(1);
    const sent = { customer_reference: 'Left', mode: 'Free_Locker' };
    expect(await asAdmin.read('PATCH', one(id), sent)).toEqual({
      ...shown,
      customer_reference: 'Left',
      mode: 'free_locker',
    });
    for (const wrong of [{ customer_reference: ' ' }, { mode: 'rented' }])
      expect(refusal(await asAdmin.ask('PATCH', one(id), wrong))).toBe('400 1101');
    const { json } = await asAdmin.askAt('v1.2', 'GET', one(id));
    expect(json).toMatchObject({ id, mode: 'free_locker' });
  });

  it('is not what is no locker, or is of another site', async () => {
    const door = await insertLock(server, { collection_id: siteId });
    const theirs = await addLocker('free_locker', await addSite(server));
    for (const id of [door, theirs, randomUUID()]) {
      expect(await asAdmin.ask('GET', one(id))).toMatchObject({
        status: 404,
        json: { ErrorCode: '2202', Message: 'Lock not found' },
      });
      expect(refusal(await asAdmin.ask('PATCH', one(id), {}))).toBe('404 2202');
      expect(refusal(await asAdmin.ask('POST', `${one(id)}/action`, {}))).toBe('404 2202');
      expect(refusal(await assign(id, []))).toBe('404 2202');
      expect(refusal(await occupy(asAdmin, id))).toBe('404 2202');
      expect(refusal(await release(asAdmin, id))).toBe('404 2202');
    }
  });

  it('keeps its mode while somebody has it', async () => {
    const [given, taken] = [await addLocker(), await addLocker('free_locker')];
    await assign(given, [ann]);
    expect((await occupy(asAnn, taken)).status).toBe(204);
    for (const id of [given, taken]) {
      expect(refusal(await asAdmin.ask('PATCH', one(id), { mode: 'dynamic_locker' }))).toBe(
        '403 2203',
      );
      expect((await asAdmin.ask('PATCH', one(id), { customer_reference: 'Same' })).status).toBe(
        200,
      );
    }
    expect((await release(asAnn, taken)).status).toBe(204);
  });

  it('is open while its door stands open or it is in office mode', async () => {
    const id = await addLocker();
    await server.database.pool.query('update locks set left_open_alarm = true where id = $1', [id]);
    expect(await asAdmin.read('GET', one(id))).toMatchObject({ state: 'open' });
  });
});

describe('a locker that is assigned by hand', () => {
  it('has a list of people, which is replaced, and an access group of its own', async () => {
    const id = await addLocker();
    expect(await assignmentOf(id)).toEqual({
      id,
      customer_reference: 'Locker',
      locker_group_id: null,
      locker_group_customer_reference: null,
      access_group_id: null,
      locker_state: 'closed',
      is_online: false,
      users_count: 0,
      sync_state: 'pending',
      mode: 'generic',
    });
    expect((await assign(id, [ann, bob])).status).toBe(204);
    const assigned = await assignmentOf(id);
    const group = String(assigned['access_group_id']);
    expect(assigned).toMatchObject({ users_count: 2, locker_state: 'locked' });
    expect(await groupsAtHub(id)).toEqual([group]);
    expect((await assign(id, [bob])).status).toBe(204);
    expect(await asAdmin.items(`/eloxx/access_groups/${group}/users`)).toEqual([
      { id: bob.userId, first_name: 'Ada', last_name: 'Visser' },
    ]);
    expect(await idsAt(asBob, '')).toContain(id);
    expect(await idsAt(asAnn, '')).not.toContain(id);
    expect((await assign(id, [])).status).toBe(204);
    expect(await assignmentOf(id)).toMatchObject({ access_group_id: null, users_count: 0 });
    expect(await groupsAtHub(id)).toEqual([]);
  });

  it('wants the locker, people of the site and the mode for it', async () => {
    const id = await addLocker();
    const path = '/eloxx/lockers/assignments';
    expect(refusal(await asAdmin.ask('PUT', path, { user_ids: [] }))).toBe('400 1101');
    const stranger = await addPerson(server, { siteId: await addSite(server), role: 'site_user' });
    for (const user of [stranger.userId, ann.accessorId])
      expect(
        await asAdmin.ask('PUT', path, { lock_id: id, user_ids: [ann.userId, user] }),
      ).toMatchObject({ status: 404, json: { ErrorCode: '2202', Message: 'User not found' } });
    expect(await assignmentOf(id)).toMatchObject({ users_count: 0 });
    expect(refusal(await assign(await addLocker('dynamic_locker'), [ann]))).toBe('403 2203');
  });

  it('is managed by its group as well, which is no group of doors', async () => {
    const id = await addLocker();
    await assign(id, [ann]);
    const group = String((await assignmentOf(id))['access_group_id']);
    const users = `/eloxx/access_groups/${group}/users`;
    const idsOf = async (path: string) => (await asAdmin.items(path)).map((user) => user.id);
    expect(await idsOf(`${users}/available`)).toContain(bob.userId);
    expect(await idsOf(`${users}/available`)).not.toContain(ann.userId);
    const swap = { add_ids: [bob.userId], remove_ids: [ann.userId, randomUUID()] };
    expect((await asAdmin.ask('PATCH', users, swap)).status).toBe(204);
    expect(await idsOf(users)).toEqual([bob.userId]);
    expect(refusal(await asAdmin.ask('PATCH', users, { add_ids: [randomUUID()] }))).toBe(
      '404 2202',
    );
    for (const [method, path] of [
      ['GET', `/access_groups/${group}`],
      ['DELETE', `/access_groups/${group}`],
      ['PATCH', `/access_groups/${group}/locks`],
    ] as const)
      expect(refusal(await asAdmin.ask(method, path))).toBe('404 2202');
    expect((await asAdmin.items('/access_groups?$top=1000')).map((row) => row.id)).not.toContain(
      group,
    );
    expect(await asAdmin.items(`/locks/${id}/access_groups`)).toEqual([]);
    expect((await server.ask('GET', `/access_groups/${group}`)).status).toBe(404);
    expect((await asAdmin.ask('DELETE', `/eloxx/access_groups/${group}`)).status).toBe(204);
    expect(refusal(await asAdmin.ask('GET', users))).toBe('404 2202');
    expect(await assignmentOf(id)).toMatchObject({ users_count: 0, locker_state: 'closed' });
  });

  it('cannot be reached by the path of a group of doors', async () => {
    const doors = await addGroup(ann, await addLocker());
    const path = `/eloxx/access_groups/${doors}`;
    for (const [method, below] of [
      ['GET', '/users'],
      ['GET', '/users/available'],
      ['PATCH', '/users'],
      ['DELETE', ''],
    ] as const)
      expect(refusal(await asAdmin.ask(method, `${path}${below}`))).toBe('404 2202');
  });
});

describe('a locker that is taken for a while', () => {
  it('is free for every user, taken by one, and free again', async () => {
    const id = await addLocker('free_locker');
    expect(await idsAt(asAnn, '/occupations/available')).toContain(id);
    expect((await occupy(asAnn, id)).status).toBe(204);
    expect(await asAnn.read('GET', one(id))).toMatchObject({ state: 'locked' });
    expect(await idsAt(asAnn, '/occupations')).toEqual([id]);
    expect(await idsAt(asBob, '/occupations')).toEqual([]);
    expect(await idsAt(asAdmin, '/occupations')).toContain(id);
    expect(await idsAt(asBob, '/occupations/available')).not.toContain(id);
    expect(refusal(await occupy(asBob, id))).toBe('403 2203');
    expect(refusal(await release(asBob, id))).toBe('404 2202');
    expect((await groupsAtHub(id)).length).toBe(1);
    expect((await release(asAnn, id)).status).toBe(204);
    expect(refusal(await release(asAnn, id))).toBe('404 2202');
    expect(await asAnn.read('GET', one(id))).toMatchObject({ state: 'closed' });
    expect(await groupsAtHub(id)).toEqual([]);
  });

  it('is one at a time for each person', async () => {
    const [first, second] = [await addLocker('free_locker'), await addLocker('free_locker')];
    expect((await occupy(asAnn, first)).status).toBe(204);
    expect(refusal(await occupy(asAnn, second))).toBe('403 2203');
    expect(await idsAt(asAnn, '/occupations/available')).toEqual([]);
    expect((await release(asAnn, first)).status).toBe(204);
    const both = await Promise.all([occupy(asAnn, first), occupy(asAnn, second)]);
    expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([204, 403]);
    for (const id of await idsAt(asAnn, '/occupations')) await release(asAnn, id);
  });

  it('is taken by one of two who ask at once', async () => {
    const id = await addLocker('free_locker');
    const both = await Promise.all([occupy(asAnn, id), occupy(asBob, id)]);
    expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([204, 403]);
    for (const by of [asAnn, asBob]) await release(by, id);
  });

  it('is, where groups decide, for whom a group gives it, and opens for who has it alone', async () => {
    const id = await addLocker('dynamic_locker');
    expect(await idsAt(asAnn, '/occupations/available')).not.toContain(id);
    expect(refusal(await occupy(asAnn, id))).toBe('404 2202');
    expect(refusal(await occupy(asAdmin, id))).toBe('403 2203');
    const group = await addGroup(ann, id);
    expect(await idsAt(asAnn, '/occupations/available')).toContain(id);
    expect(await groupsAtHub(id)).toEqual([]);
    expect((await occupy(asAnn, id)).status).toBe(204);
    const [own, ...more] = await groupsAtHub(id);
    expect(more).toEqual([]);
    expect(own).not.toBe(group);
    expect((await release(asAnn, id)).status).toBe(204);
    expect(await groupsAtHub(id)).toEqual([]);
    expect((await asAdmin.ask('PATCH', one(id), { mode: 'generic' })).status).toBe(200);
    expect(await groupsAtHub(id)).toEqual([group]);
  });

  it('is not one that is assigned by hand, and is named', async () => {
    const id = await addLocker();
    await assign(id, [ann]);
    expect(refusal(await occupy(asAnn, id))).toBe('403 2203');
    expect(refusal(await asAnn.ask('POST', '/eloxx/lockers/occupations', {}))).toBe('400 1101');
  });

  it('goes back when its occupant leaves the site', async () => {
    const id = await addLocker('free_locker');
    const guest = await addPerson(server, { siteId, role: 'site_user' });
    expect((await occupy(atSite(server, { siteId, person: guest }), id)).status).toBe(204);
    await server.ask('DELETE', `/accessors/${guest.accessorId}?force=true`);
    expect(await asAdmin.read('GET', one(id))).toMatchObject({ state: 'closed' });
    expect((await occupy(asBob, id)).status).toBe(204);
    expect((await release(asBob, id)).status).toBe(204);
  });
});

describe('rights and plans', () => {
  it('an ordinary user sees what is free or own, and manages nothing', async () => {
    const [hidden, free] = [await addLocker(), await addLocker('free_locker')];
    expect(await idsAt(asBob, '')).toContain(free);
    expect(await idsAt(asBob, '')).not.toContain(hidden);
    expect(refusal(await asBob.ask('GET', one(hidden)))).toBe('404 2202');
    await assign(hidden, [ann]);
    const group = String((await assignmentOf(hidden))['access_group_id']);
    for (const [method, path] of [
      ['PATCH', one(free)],
      ['GET', '/eloxx/lockers/assignments'],
      ['PUT', '/eloxx/lockers/assignments'],
      ['GET', `/eloxx/access_groups/${group}/users`],
      ['GET', `/eloxx/access_groups/${group}/users/available`],
      ['PATCH', `/eloxx/access_groups/${group}/users`],
      ['DELETE', `/eloxx/access_groups/${group}`],
    ] as const) {
      const answer = await asBob.ask(method, path);
      expect([method, path, answer.status, answer.text]).toEqual([method, path, 403, '']);
    }
  });

  it('only who has a locker, or looks after lockers, opens it', async () => {
    const id = await addLocker('free_locker');
    const act = (by: AtTestSite, body: object) => by.ask('POST', `${one(id)}/action`, body);
    expect(refusal(await act(asBob, { action: 'open' }))).toBe('403 2203');
    expect(refusal(await act(asAdmin, {}))).toBe('400 1101');
    expect(refusal(await act(asAdmin, { action: 'kick' }))).toBe('400 1101');
    // No hub is in reach of this test: whoever may, is told so.
    expect(refusal(await act(asAdmin, { action: 'open' }))).toBe('400 3105');
    expect((await occupy(asBob, id)).status).toBe(204);
    expect(refusal(await act(asBob, { action: 'lock' }))).toBe('400 3105');
    await server.ask('PATCH', `/accessors/${bob.accessorId}`, { body: { blocked: true } });
    expect(refusal(await act(asBob, { action: 'open' }))).toBe('403 2203');
    await server.ask('PATCH', `/accessors/${bob.accessorId}`, { body: { blocked: false } });
    expect((await release(asBob, id)).status).toBe(204);
  });

  it('a token for lockers alone does for lockers, and for nothing else', async () => {
    const { id, secret = '' } = await server.cardea.identity.clients.createClient({
      tenantId: server.tenant.tenantId,
      name: 'Locker app',
      kind: 'confidential',
      grants: ['password'],
      scopes: ['user_api.eloxx'],
    });
    const answer = await fetch(`${server.url}/connect/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'password',
        client_id: id,
        client_secret: secret,
        username: ann.email,
        password: ann.password,
        scope: 'user_api.eloxx',
      }),
    });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    const asked = await asAnn.askAt('v1.1', 'GET', '/eloxx/lockers', { token });
    expect(asked.status).toBe(200);
    const other = await asAnn.askAt('v1.1', 'GET', '/locks', { token });
    expect([other.status, other.text]).toEqual([403, '']);
  });

  it('a plan without lockers, or one that has ended, refuses every call', async () => {
    const poor = await addSite(server);
    const person = await addPerson(server, { siteId: poor, role: 'site_admin' });
    const asOwner = atSite(server, { siteId: poor, person });
    const set = (column: string) =>
      server.database.pool.query(`update collections set ${column} where id = $1`, [poor]);
    const id = randomUUID();
    for (const plan of [
      `features = '{pods}'`,
      `features = null, subscription_ends_at = now() - interval '1 day'`,
    ]) {
      await set(plan);
      for (const [method, path] of [
        ['GET', '/eloxx/lockers'],
        ['GET', one(id)],
        ['PATCH', one(id)],
        ['GET', '/eloxx/lockers/assignments'],
        ['PUT', '/eloxx/lockers/assignments'],
        ['POST', `${one(id)}/action`],
        ['GET', '/eloxx/lockers/occupations'],
        ['POST', '/eloxx/lockers/occupations'],
        ['GET', '/eloxx/lockers/occupations/available'],
        ['DELETE', `/eloxx/lockers/occupations/${id}`],
        ['GET', `/eloxx/access_groups/${id}/users`],
        ['PATCH', `/eloxx/access_groups/${id}/users`],
        ['GET', `/eloxx/access_groups/${id}/users/available`],
        ['DELETE', `/eloxx/access_groups/${id}`],
      ] as const)
        expect([method, path, refusal(await asOwner.ask(method, path))]).toEqual([
          method,
          path,
          '403 2212',
        ]);
    }
  });
});

describe('banks of lockers', () => {
  const askExt = (method: string, path: string, body?: unknown): Promise<Answer> =>
    asAdmin.askAt('ext', method, path, body === undefined ? {} : { body });

  it('are named, hold lockers, move them and are shown with them', async () => {
    const [left, right] = [await addLocker(), await addLocker()];
    const made = await askExt('POST', '/locker_groups', {
      customer_reference: 'Hall',
      lockers: [left],
    });
    const { id } = made.json as SiteObject;
    const ref = { customer_reference: 'Locker' };
    expect([made.status, made.json]).toEqual([
      200,
      {
        id: expect.any(String) as string,
        customer_reference: 'Hall',
        lockers: [{ id: left, ...ref }],
      },
    ]);
    const hall = { id, customer_reference: 'Hall' };
    expect(await asAdmin.read('GET', one(left))).toMatchObject({ lock_group: hall });
    const path = `/locker_groups/${id}`;
    const changed = await askExt('PATCH', path, {
      customer_reference: 'Yard',
      lockers_to_add: [right],
      lockers_to_remove: [left],
    });
    expect(changed.json).toEqual({
      id,
      customer_reference: 'Yard',
      lockers: [{ id: right, ...ref }],
    });
    expect((await askExt('GET', path)).json).toEqual(changed.json);
    expect(await assignmentOf(right)).toMatchObject({
      locker_group_id: id,
      locker_group_customer_reference: 'Yard',
    });
    const listed = await askExt('GET', `/locker_groups?$filter=customer_reference eq 'yard'`);
    expect(listed.json).toMatchObject({ items: [{ id }] });
    expect((await askExt('DELETE', path)).status).toBe(204);
    expect(refusal(await askExt('GET', path))).toBe('404 2202');
    expect(await asAdmin.read('GET', one(right))).toMatchObject({ lock_group: null });
  });

  it('have a name and lockers of the site', async () => {
    const door = await insertLock(server, { collection_id: siteId });
    const sent = { customer_reference: 'Hall' };
    expect(refusal(await askExt('POST', '/locker_groups', {}))).toBe('400 1100');
    expect(refusal(await askExt('POST', '/locker_groups', { customer_reference: '' }))).toBe(
      '400 1101',
    );
    expect(await askExt('POST', '/locker_groups', { ...sent, lockers: [door] })).toMatchObject({
      status: 404,
      json: { Message: 'Locker not found' },
    });
    const { json } = await askExt('POST', '/locker_groups', sent);
    const path = `/locker_groups/${(json as SiteObject).id}`;
    expect(refusal(await askExt('PATCH', path, { lockers_to_add: [randomUUID()] }))).toBe(
      '404 2202',
    );
    const denied = await asBob.askAt('ext', 'GET', '/locker_groups');
    expect([denied.status, denied.text]).toEqual([403, '']);
  });
});

it('a site that moves to another server keeps how its lockers are given out, and to whom', async () => {
  const site = await addSite(server);
  const [given, taken] = [await addLocker('generic', site), await addLocker('free_locker', site)];
  const person = await addPerson(server, { siteId: site, role: 'site_admin' });
  const at = atSite(server, { siteId: site, person });
  const list = { lock_id: given, user_ids: [person.userId] };
  expect((await at.ask('PUT', '/eloxx/lockers/assignments', list)).status).toBe(204);
  expect((await occupy(at, taken)).status).toBe(204);
  const exported = await server.ask('GET', `/collections/${site}/export`);
  const next = await startTestServer({ settings: { ROLES: 'http' } });
  try {
    const body = { kind: 'site_import', export: exported.json };
    const imported = await next.ask('POST', '/migrations', { body });
    expect([imported.status, imported.text]).toEqual([200, expect.any(String)]);
    const { rows } = await next.database.pool.query(
      `select l.id, l.locker_mode as mode, m.accessor_id as holder from locks l
         join access_groups g on g.locker_id = l.id join access_group_accessors m on m.access_group_id = g.id
        where l.id = any ($1) order by l.locker_mode desc`,
      [[given, taken]],
    );
    expect(rows).toEqual([
      { id: given, mode: 'generic', holder: person.accessorId },
      { id: taken, mode: 'free_locker', holder: person.accessorId },
    ]);
  } finally {
    await next.stop();
  }
});
