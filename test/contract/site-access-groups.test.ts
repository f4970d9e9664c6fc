/** Access groups, their locks, users and schedules over HTTP (connect-api.md 3.3, 4.4; behaviour.md 5.3). */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { insertLock } from '#test/kit/rows';
import { atSite, type AtTestSite, type SiteObject } from '#test/kit/site';

let server: TestServer;
let siteId: string;
let admin: TestPerson;
let user: TestPerson;
let asAdmin: AtTestSite;
let asUser: AtTestSite;
let lockId: string;
let otherSiteId: string;
let otherLockId: string;
beforeAll(async () => {
  server = await startTestServer({ settings: { ROLES: 'http' } });
  siteId = await addSite(server);
  otherSiteId = await addSite(server);
  admin = await addPerson(server, { siteId, role: 'site_admin' });
  user = await addPerson(server, { siteId, role: 'site_user' });
  asAdmin = atSite(server, { siteId, person: admin });
  asUser = atSite(server, { siteId, person: user });
  lockId = await insertLock(server, { collection_id: siteId });
  otherLockId = await insertLock(server, { collection_id: otherSiteId });
});
afterAll(() => server.stop());

const addGroup = (name = 'Staff'): Promise<SiteObject> =>
  asAdmin.read('POST', '/access_groups', { customer_reference: name });
const pathOf = ({ id }: SiteObject): string => `/access_groups/${id}`;
const idsAt = async (path: string): Promise<string[]> =>
  (await asAdmin.items(path)).map(({ id }) => id);
const nobody = { add_ids: [randomUUID()] };
const week = { start_time: '08:00', end_time: '18:00', monday: true };

describe('an access group', () => {
  it('is created, counted, renamed and removed, the same at both versions', async () => {
    const made = await addGroup();
    expect(made).toEqual({ id: expect.any(String) as string, customer_reference: 'Staff' });
    const counted = { ...made, lock_count: 0, user_count: 0 };
    expect(await asAdmin.read('GET', pathOf(made))).toEqual(counted);
    const later = await asAdmin.askAt('v1.2', 'GET', pathOf(made));
    expect(later.json).toEqual(counted);
    expect(await asAdmin.items(`/access_groups?$filter=id eq ${made.id}`)).toEqual([counted]);
    const renamed = await asAdmin.read('PATCH', pathOf(made), { customer_reference: 'Night' });
    expect(renamed).toEqual({ id: made.id, customer_reference: 'Night' });
    expect(await asAdmin.read('PATCH', pathOf(made), { customer_reference: null })).toEqual(
      renamed,
    );
    expect((await asAdmin.ask('DELETE', pathOf(made))).status).toBe(204);
    expect(await asAdmin.ask('GET', pathOf(made))).toMatchObject({
      status: 404,
      json: { ErrorCode: '2202', Message: 'Access group not found' },
    });
  });

  it('has a name of 1 to 255 characters', async () => {
    expect(refusal(await asAdmin.ask('POST', '/access_groups', {}))).toBe('400 1100');
    const made = await addGroup();
    for (const customer_reference of ['', '  ', 'é'.repeat(256)]) {
      expect(refusal(await asAdmin.ask('POST', '/access_groups', { customer_reference }))).toBe(
        '400 1101',
      );
      expect(refusal(await asAdmin.ask('PATCH', pathOf(made), { customer_reference }))).toBe(
        '400 1101',
      );
    }
  });

  it('of another site is not there', async () => {
    const other = await addPerson(server, { siteId: otherSiteId, role: 'site_admin' });
    const theirs = await atSite(server, { siteId: otherSiteId, person: other }).read(
      'POST',
      '/access_groups',
      { customer_reference: 'Theirs' },
    );
    for (const [method, path] of [
      ['GET', pathOf(theirs)],
      ['PATCH', pathOf(theirs)],
      ['DELETE', pathOf(theirs)],
      ['GET', `${pathOf(theirs)}/locks`],
      ['PATCH', `${pathOf(theirs)}/users`],
      ['GET', `${pathOf(theirs)}/time_schedules`],
    ] as const)
      expect(refusal(await asAdmin.ask(method, path))).toBe('404 2202');
    expect(await idsAt('/access_groups?$top=1000')).not.toContain(theirs.id);
  });
});

describe('the locks of a group', () => {
  it('are added, listed, left over and removed', async () => {
    const group = await addGroup();
    const locks = `${pathOf(group)}/locks`;
    const second = await insertLock(server, { collection_id: siteId });
    expect(await asAdmin.read('POST', locks, { lock_id: lockId })).toEqual({
      id: lockId,
      customer_reference: null,
    });
    expect(await asAdmin.read('POST', locks, { lock_id: lockId })).toMatchObject({ id: lockId });
    expect(await idsAt(locks)).toEqual([lockId]);
    expect(await idsAt(`${locks}?excluded=true&$top=1000`)).toContain(second);
    expect(await idsAt(`${locks}?excluded=true&$top=1000`)).not.toContain(lockId);
    const swap = { add_ids: [second], remove_ids: [lockId, randomUUID()] };
    expect((await asAdmin.ask('PATCH', locks, swap)).status).toBe(204);
    expect(await idsAt(locks)).toEqual([second]);
    expect(await asAdmin.read('GET', pathOf(group))).toMatchObject({ lock_count: 1 });
    expect((await asAdmin.ask('DELETE', `${locks}/${second}`)).status).toBe(204);
    expect(refusal(await asAdmin.ask('DELETE', `${locks}/${second}`))).toBe('404 2202');
    expect(await idsAt(locks)).toEqual([]);
  });

  it('are of the site, or nothing is changed', async () => {
    const group = await addGroup();
    const locks = `${pathOf(group)}/locks`;
    for (const unknown of [otherLockId, randomUUID()]) {
      const answer = await asAdmin.ask('PATCH', locks, { add_ids: [lockId, unknown] });
      expect(answer).toMatchObject({
        status: 404,
        json: { ErrorCode: '2202', Message: 'Lock not found' },
      });
      expect(refusal(await asAdmin.ask('POST', locks, { lock_id: unknown }))).toBe('404 2202');
    }
    expect(await idsAt(locks)).toEqual([]);
    expect(refusal(await asAdmin.ask('POST', locks, {}))).toBe('400 1100');
    expect(refusal(await asAdmin.ask('POST', locks, { lock_id: 'door' }))).toBe('400 1100');
  });
});

describe('the users of a group', () => {
  it('go by their ids across sites', async () => {
    const group = await addGroup();
    const users = `${pathOf(group)}/users`;
    const ada = { id: user.userId, first_name: 'Ada', last_name: 'Visser' };
    expect(await asAdmin.read('POST', users, { user_id: user.userId })).toEqual(ada);
    expect(await asAdmin.items(users)).toEqual([ada]);
    expect(await idsAt(`${users}?excluded=true`)).toContain(admin.userId);
    expect(await idsAt(`${users}?excluded=true`)).not.toContain(user.userId);
    expect(await asAdmin.read('GET', pathOf(group))).toMatchObject({ user_count: 1 });
    expect((await asAdmin.ask('DELETE', `${users}/${user.userId}`)).status).toBe(204);
    expect(await asAdmin.ask('DELETE', `${users}/${user.userId}`)).toMatchObject({
      status: 404,
      json: { Message: 'User not found' },
    });
  });

  it('never by the ids of site users, nor of people of elsewhere', async () => {
    const group = await addGroup();
    const users = `${pathOf(group)}/users`;
    const stranger = await addPerson(server, { siteId: otherSiteId, role: 'site_user' });
    for (const id of [user.accessorId, stranger.userId, randomUUID()]) {
      expect(await asAdmin.ask('POST', users, { user_id: id })).toMatchObject({
        status: 404,
        json: { ErrorCode: '2202', Message: 'User not found' },
      });
      const both = { add_ids: [admin.userId, id] };
      expect(refusal(await asAdmin.ask('PATCH', users, both))).toBe('404 2202');
    }
    expect(await idsAt(users)).toEqual([]);
  });

  it('are not members of pods', async () => {
    const member = await addPerson(server, { siteId, role: 'site_user' });
    const group = await addGroup();
    const users = `${pathOf(group)}/users`;
    await asAdmin.read('POST', '/pods', {
      customer_reference: 'Flat 1',
      max_guest_amount: 0,
      members: [{ first_name: 'Ada', last_name: 'Visser', email: member.email }],
    });
    expect(refusal(await asAdmin.ask('POST', users, { user_id: member.userId }))).toBe('403 2220');
    const add = { add_ids: [user.userId, member.userId] };
    expect(refusal(await asAdmin.ask('PATCH', users, add))).toBe('403 2220');
    expect(await idsAt(users)).toEqual([]);
  });

  it('a group with users and locks and no schedule is warned of', async () => {
    const group = await addGroup();
    await asAdmin.read('POST', `${pathOf(group)}/locks`, { lock_id: lockId });
    const warned = await asAdmin.ask('POST', `${pathOf(group)}/users`, { user_id: user.userId });
    expect(warned.headers.get('clp-warning')).toBe('no_time_schedule');
    const schedule = await asAdmin.read('POST', `${pathOf(group)}/time_schedules`, week);
    const fine = await asAdmin.ask('PATCH', `${pathOf(group)}/users`, { add_ids: [admin.userId] });
    expect([fine.status, fine.headers.get('clp-warning')]).toEqual([204, null]);
    const gone = await asAdmin.ask('DELETE', `${pathOf(group)}/time_schedules/${schedule.id}`);
    expect([gone.status, gone.headers.get('clp-warning')]).toEqual([204, 'no_time_schedule']);
  });
});

describe('the schedules of a group', () => {
  const no = { tuesday: false, wednesday: false, thursday: false, friday: false };

  it('are written with hours, read with seconds, changed by member and removed', async () => {
    const schedules = `${pathOf(await addGroup())}/time_schedules`;
    const made = await asAdmin.read('POST', schedules, {
      ...week,
      start_date: '2026-12-01T00:00:00+05:00',
      end_date: '2026-12-31',
    });
    expect(made).toEqual({
      id: expect.any(String) as string,
      start_time: '08:00:00',
      end_time: '18:00:59',
      start_date: '2026-12-01T00:00:00',
      end_date: '2026-12-31T23:59:59',
      monday: true,
      ...no,
      saturday: false,
      sunday: false,
    });
    const one = `${schedules}/${made.id}`;
    expect(
      await asAdmin.read('PATCH', one, { monday: null, start_date: null, end_date: '' }),
    ).toEqual({ ...made, end_date: null });
    expect(await asAdmin.items(`${schedules}?$filter=monday eq true`)).toHaveLength(1);
    expect((await asAdmin.ask('DELETE', one)).status).toBe(204);
    expect(await asAdmin.ask('DELETE', one)).toMatchObject({
      status: 404,
      json: { Message: 'Time schedule not found' },
    });
  });

  it('have a day, hours and dates in order', async () => {
    const schedules = `${pathOf(await addGroup())}/time_schedules`;
    const dayless = {
      status: 400,
      json: { ErrorCode: '1101', Message: 'At least one day should be selected' },
    };
    const { monday: _monday, ...hours } = week;
    expect(await asAdmin.ask('POST', schedules, hours)).toMatchObject(dayless);
    expect(await asAdmin.ask('POST', schedules, { ...hours, days: ['monday'] })).toMatchObject(
      dayless,
    );
    const made = await asAdmin.read('POST', schedules, week);
    const one = `${schedules}/${made.id}`;
    expect(await asAdmin.ask('PATCH', one, { monday: false })).toMatchObject(dayless);
    const dates = { start_date: '2026-12-31', end_date: '2026-12-01' };
    for (const [method, path] of [
      ['POST', schedules],
      ['PATCH', one],
    ] as const) {
      expect(refusal(await asAdmin.ask(method, path, { ...week, ...dates }))).toBe('400 1101');
      expect(refusal(await asAdmin.ask(method, path, { ...week, end_time: '25:00' }))).toBe(
        '400 1101',
      );
    }
    expect(refusal(await asAdmin.ask('POST', schedules, { monday: true }))).toBe('400 1100');
    expect(await asAdmin.items(schedules)).toEqual([made]);
  });
});

describe('somebody without the right to see everything', () => {
  it('sees the own groups with their locks and schedules, and nothing of the others', async () => {
    const [own, other] = [await addGroup('Own'), await addGroup('Other')];
    const stranger = await addPerson(server, { siteId, role: 'site_user' });
    const asStranger = atSite(server, { siteId, person: stranger });
    await asAdmin.read('POST', `${pathOf(own)}/users`, { user_id: stranger.userId });
    await asAdmin.read('POST', `${pathOf(own)}/locks`, { lock_id: lockId });
    const all = await asStranger.read('GET', '/access_groups?$inlinecount=allpages');
    expect([all['count'], (all['items'] as SiteObject[]).map(({ id }) => id)]).toEqual([
      1,
      [own.id],
    ]);
    expect(await asStranger.items(`${pathOf(own)}/locks`)).toHaveLength(1);
    expect(await asStranger.items(`${pathOf(own)}/time_schedules`)).toEqual([]);
    expect(refusal(await asStranger.ask('GET', pathOf(other)))).toBe('404 2202');
    expect(refusal(await asStranger.ask('GET', `${pathOf(other)}/locks`))).toBe('404 2202');
  });

  it('changes nothing and sees no users', async () => {
    const group = await addGroup();
    for (const [method, path, body] of [
      ['POST', '/access_groups', { customer_reference: 'Mine' }],
      ['PATCH', pathOf(group), { customer_reference: 'Mine' }],
      ['DELETE', pathOf(group), undefined],
      ['PATCH', `${pathOf(group)}/locks`, nobody],
      ['PATCH', `${pathOf(group)}/users`, nobody],
      ['GET', `${pathOf(group)}/users`, undefined],
      ['POST', `${pathOf(group)}/time_schedules`, week],
    ] as const) {
      const answer = await asUser.ask(method, path, body);
      expect([method, path, answer.status, answer.text]).toEqual([method, path, 403, '']);
    }
  });

  it('a super user manages groups', async () => {
    const person = await addPerson(server, { siteId, role: 'site_super_user' });
    const asSuper = atSite(server, { siteId, person });
    const made = await asSuper.read('POST', '/access_groups', { customer_reference: 'Day' });
    expect((await asSuper.ask('DELETE', pathOf(made))).status).toBe(204);
  });
});
