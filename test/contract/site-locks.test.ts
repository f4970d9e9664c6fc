/** Locks of a site over HTTP, without the hardware: connect-api.md 3.4, 4.5, 5, 7. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, refusal } from '#test/kit/core';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { insertIq, insertLock, insertTag } from '#test/kit/rows';
import { atSite, type AtTestSite, type SiteObject } from '#test/kit/site';

let server: TestServer;
let siteId: string;
let admin: TestPerson;
let user: TestPerson;
let asAdmin: AtTestSite;
let asUser: AtTestSite;
let iqId: string;
beforeAll(async () => {
  server = await startTestServer({ settings: { ROLES: 'http' } });
  siteId = await addSite(server);
  admin = await addPerson(server, { siteId, role: 'site_admin' });
  user = await addPerson(server, { siteId, role: 'site_user' });
  asAdmin = atSite(server, { siteId, person: admin });
  asUser = atSite(server, { siteId, person: user });
  iqId = await insertIq(server, { collection_id: siteId });
});
afterAll(() => server.stop());

const code = (): string => randomBytes(7).toString('hex').toUpperCase();
const register = (name = 'Front door'): Promise<SiteObject> =>
  asAdmin.read('POST', '/locks', { customer_reference: name, activation_code: code() });
const attached = (rest: object = {}): Promise<string> =>
  insertLock(server, { collection_id: siteId, iq_id: iqId, iq_link_state: 'attached', ...rest });
const pathOf = (id: string): string => `/locks/${id}`;

/** A group with a schedule, these people (ids across sites) and these locks. */
async function openGroup(users: readonly string[], locks: readonly string[]): Promise<string> {
  const { id } = await asAdmin.read('POST', '/access_groups', { customer_reference: 'Staff' });
  const schedule = { start_time: '00:00', end_time: '23:59', monday: true };
  await asAdmin.read('POST', `/access_groups/${id}/time_schedules`, schedule);
  for (const [relation, ids] of Object.entries({ users, locks })) {
    const answer = await asAdmin.ask('PATCH', `/access_groups/${id}/${relation}`, { add_ids: ids });
    expect(answer.status).toBe(204);
  }
  return id;
}

describe('a lock', () => {
  it('is registered by its code, shown by version, changed and removed', async () => {
    const made = await register();
    expect(made).toEqual({
      id: expect.any(String) as string,
      customer_reference: 'Front door',
      mac: expect.stringMatching(/^[0-9A-F]{14}$/) as string,
      floor: null,
      locked_state: 'none',
      lock_type: 'unknown',
      online: false,
      iq_link_state: 'detached',
      tag_registration_state: 'not_started',
      battery_level: 'unknown',
      left_open_alarm: false,
      intrusion_alarm: false,
      easy_office_mode_schedule: null,
      iq: null,
      repeater: null,
      privacy_mode: false,
      communication_type: 'blue_net',
    });
    const offline = { offline_access_keys_limit: 360, offline_access_keys_count: 0 };
    expect(await asAdmin.read('GET', pathOf(made.id))).toEqual({ ...made, ...offline });
    const later = await asAdmin.askAt('v1.2', 'GET', pathOf(made.id));
    const vendor = expect.objectContaining({ reference: 'sallis' }) as unknown;
    expect(later.json).toEqual({ ...made, ...offline, vendor });
    const [listed] = await asAdmin.items(`/locks?$filter=id eq ${made.id}`);
    expect(listed).toEqual(made);
    const renamed = await asAdmin.read('PATCH', pathOf(made.id), { customer_reference: 'Back' });
    expect(renamed).toEqual({ ...made, customer_reference: 'Back' });
    expect((await asAdmin.ask('DELETE', pathOf(made.id))).status).toBe(204);
    expect(await asAdmin.ask('GET', pathOf(made.id))).toMatchObject({
      status: 404,
      json: { ErrorCode: '2202', Message: 'Lock not found' },
    });
  });

  it('shows its hub in less than v1.2 does', async () => {
    const id = await attached();
    expect((await asAdmin.read('GET', pathOf(id)))['iq']).toEqual({
      id: iqId,
      customer_reference: null,
      mac_address: expect.any(String) as string,
      is_online: false,
      revision: null,
    });
    const { json } = await asAdmin.askAt('v1.2', 'GET', pathOf(id));
    expect((json as { iq: object }).iq).toMatchObject({ otp_enabled: false });
  });

  it('needs a name and a fresh code', async () => {
    const sent = { customer_reference: 'Door', activation_code: code() };
    const cases = [
      [{ ...sent, customer_reference: ' ' }, '400 1101'],
      [{ activation_code: sent.activation_code }, '400 1100'],
      [{ customer_reference: 'Door' }, '400 1100'],
      [{ ...sent, activation_code: 'nothing' }, '400 1501'],
      [{ ...sent, activation_code: '' }, '400 1501'],
    ] as const;
    for (const [body, expected] of cases)
      expect(refusal(await asAdmin.ask('POST', '/locks', body))).toBe(expected);
    await asAdmin.read('POST', '/locks', sent);
    expect(refusal(await asAdmin.ask('POST', '/locks', sent))).toBe('400 1501');
    const made = await register();
    for (const customer_reference of ['', 'é'.repeat(256)])
      expect(refusal(await asAdmin.ask('PATCH', pathOf(made.id), { customer_reference }))).toBe(
        '400 1101',
      );
  });

  it('goes to a floor of the site and, by the nil UUID, off it', async () => {
    const { id } = await register();
    const floor = await asAdmin.read('POST', '/floors', { number: 1, customer_reference: 'One' });
    const moved = await asAdmin.read('PATCH', pathOf(id), { floor_id: floor.id });
    expect(moved['floor']).toEqual({
      id: floor.id,
      customer_reference: 'One',
      number: 1,
      lock_count: 1,
    });
    const nil = '00000000-0000-0000-0000-000000000000';
    expect((await asAdmin.read('PATCH', pathOf(id), { floor_id: nil }))['floor']).toBeNull();
    expect(await asAdmin.ask('PATCH', pathOf(id), { floor_id: randomUUID() })).toMatchObject({
      status: 404,
      json: { ErrorCode: '2202', Message: 'Floor not found' },
    });
  });

  it('that hangs on a hub is not removed', async () => {
    expect(refusal(await asAdmin.ask('DELETE', pathOf(await attached())))).toBe('403 2203');
  });

  it('of another site is not there', async () => {
    const other = await insertLock(server, { collection_id: await addSite(server) });
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['PATCH', '/locking'],
      ['PATCH', '/detach'],
      ['PATCH', '/tag_registration'],
      ['GET', '/settings'],
      ['PUT', '/settings'],
      ['GET', '/access_groups'],
      ['GET', '/offline_keys'],
      ['PATCH', '/offline_keys'],
      ['GET', '/easy_office_mode_schedule'],
      ['PUT', '/easy_office_mode_schedule'],
      ['DELETE', '/easy_office_mode_schedule'],
      ['GET', '/incident_message_rules'],
    ] as const) {
      const answer = await asAdmin.ask(method, `${pathOf(other)}${path}`);
      expect([method, path, refusal(answer)]).toEqual([method, path, '404 2202']);
    }
  });
});

describe('lists of locks', () => {
  it('are asked by every member shown at the version', async () => {
    const { id } = await register('Asked');
    const filter = (text: string) => `/locks?$filter=${encodeURIComponent(text)}`;
    for (const text of [
      `customer_reference eq 'asked' and online eq false`,
      `id eq ${id} and floor/number eq null and iq/id eq null and repeater/id eq null`,
      `id eq ${id} and easy_office_mode_schedule/monday eq null`,
    ])
      expect((await asAdmin.items(filter(text))).map((lock) => lock.id)).toEqual([id]);
    const added = filter(`id eq ${id} and offline_access_keys_limit eq 360 and vendor/id ne null`);
    expect(refusal(await asAdmin.ask('GET', added))).toBe('400 1102');
    const { json } = await asAdmin.askAt('v1.2', 'GET', added);
    expect((json as { items: object[] }).items).toHaveLength(1);
  });

  it('hold for an ordinary user the locks of the own groups, the rest uncounted', async () => {
    const [own, other] = [await attached(), await attached()];
    const group = await openGroup([user.userId], [own]);
    const { json } = await asUser.ask('GET', '/locks?$inlinecount=allpages');
    expect(json).toMatchObject({ count: 1, items: [{ id: own }] });
    expect((await asUser.ask('GET', pathOf(own))).status).toBe(200);
    expect(refusal(await asUser.ask('GET', pathOf(other)))).toBe('404 2202');
    expect(await asAdmin.items(`${pathOf(own)}/access_groups`)).toEqual([
      { id: group, customer_reference: 'Staff' },
    ]);
    for (const below of ['/access_groups', '/settings', '/offline_keys']) {
      const answer = await asUser.ask('GET', `${pathOf(own)}${below}`);
      expect([below, answer.status, answer.text]).toEqual([below, 403, '']);
    }
  });

  it('an ordinary user and a super user change no hardware', async () => {
    const id = await attached();
    const person = await addPerson(server, { siteId, role: 'site_super_user' });
    for (const by of [asUser, atSite(server, { siteId, person })])
      for (const [method, path] of [
        ['POST', '/locks'],
        ['PATCH', pathOf(id)],
        ['DELETE', pathOf(id)],
        ['PATCH', `${pathOf(id)}/detach`],
        ['PATCH', `${pathOf(id)}/tag_registration`],
        ['PUT', `${pathOf(id)}/settings`],
        ['PATCH', `${pathOf(id)}/offline_keys`],
        ['PUT', `${pathOf(id)}/easy_office_mode_schedule`],
        ['DELETE', `${pathOf(id)}/easy_office_mode_schedule`],
      ] as const) {
        const answer = await by.ask(method, path);
        expect([method, path, answer.status, answer.text]).toEqual([method, path, 403, '']);
      }
  });
});

describe('the settings of a lock', () => {
  const written = {
    open_time: 240,
    offline_access_by_audit_trail_day_count: 255,
    wall_reader_near_detection_opening: true,
  };

  it('begin at 6 s, off and off, and are kept', async () => {
    const path = `${pathOf(await attached())}/settings`;
    expect(await asAdmin.read('GET', path)).toEqual({
      open_time: 6,
      offline_access_by_audit_trail_day_count: 0,
      wall_reader_near_detection_opening: false,
    });
    expect(await asAdmin.read('PUT', path, written)).toEqual(written);
    expect(await asAdmin.read('GET', path)).toEqual(written);
    const { wall_reader_near_detection_opening: _near, ...rest } = written;
    expect(await asAdmin.read('PUT', path, rest)).toEqual({
      ...rest,
      wall_reader_near_detection_opening: false,
    });
  });

  it('stay within 1 to 240 seconds and 0 to 255 days', async () => {
    const path = `${pathOf(await attached())}/settings`;
    for (const wrong of [
      { open_time: 0 },
      { open_time: 241 },
      { offline_access_by_audit_trail_day_count: -1 },
      { offline_access_by_audit_trail_day_count: 256 },
    ])
      expect(refusal(await asAdmin.ask('PUT', path, { ...written, ...wrong }))).toBe('400 1101');
    expect(refusal(await asAdmin.ask('PUT', path, { open_time: 6 }))).toBe('400 1100');
    const both = { open_time: 0, offline_access_by_audit_trail_day_count: 256 };
    expect((await asAdmin.ask('PUT', path, both)).json).toEqual({
      ErrorCode: '1101',
      Message:
        "Value of 'open_time' is invalid. Allowed are 1 to 240. " +
        "Value of 'offline_access_by_audit_trail_day_count' is invalid. Allowed are 0 to 255.",
    });
  });

  it('reach the desired state of the hub', async () => {
    const id = await attached();
    await asAdmin.read('PUT', `${pathOf(id)}/settings`, { ...written, open_time: 17 });
    const { rows } = await server.database.pool.query<{ value: object }>(
      'select value from desired_items where iq_id = $1 and key = $2',
      [iqId, `lock/${id}`],
    );
    expect(rows[0]?.value).toMatchObject({ open_time_seconds: 17, audit_trail_days: 255 });
  });
});

describe('the easy office mode schedule of a lock', () => {
  const week = { start_time: '08:00', end_time: '18:00', monday: true };

  it('is none, then one, then none', async () => {
    const path = `${pathOf(await attached())}/easy_office_mode_schedule`;
    expect(refusal(await asAdmin.ask('GET', path))).toBe('404 2202');
    const made = await asAdmin.read('PUT', path, { ...week, eom_auto_start: true });
    const shown = {
      start_time: '08:00:00',
      end_time: '18:00:59',
      start_date: null,
      end_date: null,
      monday: true,
      tuesday: false,
      wednesday: false,
      thursday: false,
      friday: false,
      saturday: false,
      sunday: false,
    };
    expect(made).toEqual(shown);
    const later = await asAdmin.askAt('v1.2', 'GET', path);
    expect(later.json).toEqual({ ...shown, eom_auto_start: true });
    for (let times = 0; times < 2; times += 1)
      expect((await asAdmin.ask('DELETE', path)).status).toBe(204);
    expect(refusal(await asAdmin.ask('GET', path))).toBe('404 2202');
  });

  it('has a day, hours and dates in order', async () => {
    const path = `${pathOf(await attached())}/easy_office_mode_schedule`;
    expect(await asAdmin.ask('PUT', path, { ...week, monday: false })).toMatchObject({
      status: 400,
      json: { ErrorCode: '1101', Message: 'At least one day should be selected' },
    });
    const dates = { start_date: '2026-12-31', end_date: '2026-12-01' };
    expect(refusal(await asAdmin.ask('PUT', path, { ...week, ...dates }))).toBe('400 1101');
    expect(refusal(await asAdmin.ask('PUT', path, { ...week, start_time: '8' }))).toBe('400 1101');
    expect(refusal(await asAdmin.ask('PUT', path, { monday: true }))).toBe('400 1100');
  });
});

describe('offline keys of a lock', () => {
  async function tagKey(person: TestPerson): Promise<{ key: string; number: string }> {
    const tag = await insertTag(server, { collection_id: siteId });
    const path = `/accessors/${person.accessorId}/keys`;
    const { id } = await create(server, path, { tag_id: tag.id });
    return { key: id, number: tag.tag_number };
  }

  it('are given by key and shown with their owners', async () => {
    const lock = await attached();
    const ben = await addPerson(server, { siteId, role: 'site_user' });
    const { key, number } = await tagKey(ben);
    const path = `${pathOf(lock)}/offline_keys`;
    expect(refusal(await asAdmin.ask('PATCH', path, { add_ids: [key] }))).toBe('400 2205');
    expect(await asAdmin.items(`${path}?excluded=true`)).toEqual([]);
    await openGroup([ben.userId], [lock]);
    const shown = {
      id: key,
      key_identifier: number,
      key_id: expect.any(String) as string,
      type: 'tag',
      expiry_date: null,
      registration_date: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
      blocked: false,
      user: { id: ben.userId, first_name: 'Ada', last_name: 'Visser', alias: null },
    };
    expect(await asAdmin.items(`${path}?excluded=true`)).toEqual([
      { ...shown, offline_access: false },
    ]);
    expect((await asAdmin.ask('PATCH', path, { add_ids: [key] })).status).toBe(204);
    expect(await asAdmin.items(`${path}?excluded=true`)).toEqual([]);
    const filter = encodeURIComponent(`user/last_name eq 'visser' and offline_access eq true`);
    expect(await asAdmin.items(`${path}?$filter=${filter}`)).toEqual([
      { ...shown, offline_access: true },
    ]);
    expect(await asAdmin.read('GET', pathOf(lock))).toMatchObject({
      offline_access_keys_count: 1,
    });
    expect((await asAdmin.ask('PATCH', path, { remove_ids: [key] })).status).toBe(204);
    expect(await asAdmin.items(path)).toEqual([]);
  });

  it('are refused over the limit, at a lock on no hub, and when nothing has the id', async () => {
    const [full, detached] = [
      await attached({ offline_key_limit: 1 }),
      await insertLock(server, { collection_id: siteId }),
    ];
    const [ann, bob] = [
      await addPerson(server, { siteId, role: 'site_user' }),
      await addPerson(server, { siteId, role: 'site_user' }),
    ];
    const keys = [(await tagKey(ann)).key, (await tagKey(bob)).key];
    await openGroup([ann.userId, bob.userId], [full, detached]);
    const add = (lock: string, ids: readonly string[]) =>
      asAdmin.ask('PATCH', `${pathOf(lock)}/offline_keys`, { add_ids: ids });
    expect(refusal(await add(full, keys))).toBe('400 2205');
    expect(await asAdmin.items(`${pathOf(full)}/offline_keys`)).toEqual([]);
    expect(refusal(await add(detached, keys.slice(0, 1)))).toBe('400 2205');
    expect(refusal(await add(full, [randomUUID()]))).toBe('400 2205');
  });
});
