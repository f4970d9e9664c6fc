/** Rules of messages over HTTP, at both versions of the Connect face (connect-api.md 3.9, 4.11) and at ours (section 8). */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { incidentRuleWords } from '#contract/message-rules';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { insertLock } from '#test/kit/rows';

type Json = Readonly<Record<string, unknown>>;

let server: TestServer;
let siteId: string;
let owner: TestPerson;
let admin: TestPerson;
let user: TestPerson;
let lockId: string;
beforeAll(async () => {
  server = await startTestServer();
  siteId = await addSite(server);
  owner = await addPerson(server, { siteId, role: 'owner' });
  admin = await addPerson(server, { siteId, role: 'site_admin' });
  user = await addPerson(server, { siteId, role: 'site_user' });
  lockId = await insertLock(server, { collection_id: siteId });
});
afterAll(() => server.stop());

function ask(method: string, path: string, body?: unknown): Promise<Answer> {
  const from = path.startsWith('/ext') ? '/ext/v1' : '/v1.1';
  const below = path.replace(/^\/ext/, '');
  return server.ask(method, `/${from}/sites/${siteId}${below}`, {
    token: owner.token,
    ...(body === undefined ? {} : { body }),
  });
}

async function get(path: string): Promise<Json> {
  const answer = await ask('GET', path);
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer.json as Json;
}

async function itemsAt(path: string): Promise<readonly Json[]> {
  return (await get(path))['items'] as Json[];
}

async function addRule(body: Json = {}): Promise<Json> {
  const sent = { customer_reference: 'Night', mail: true, ...body };
  const answer = await ask('POST', '/entry_message_rule', sent);
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer.json as Json;
}

const idOf = (rule: Json): string => String(rule['id']);

describe('a rule that tells of entries', () => {
  it('is created, read, changed and removed, the same at both versions', async () => {
    const made = await addRule({ type: 'rejected', inside_handle: true });
    expect(made).toEqual({
      id: expect.any(String) as string,
      customer_reference: 'Night',
      rule_type: 'rejected',
      send_mail: true,
      send_sms: false,
      send_push: false,
      on_inside_handle: true,
    });
    const one = `/entry_message_rule/${idOf(made)}`;
    expect(await get(one)).toEqual(made);
    const later = await server.ask('GET', `//v1.2/sites/${siteId}${one}`, { token: admin.token });
    expect(later.json).toEqual(made);
    const changed = await ask('PATCH', one, {
      customer_reference: 'Day',
      rule_type: 'ENTERED',
      send_push: 'true',
      send_mail: null,
      on_inside_handle: false,
    });
    expect(changed.json).toEqual({
      ...made,
      customer_reference: 'Day',
      rule_type: 'entered',
      send_push: true,
      on_inside_handle: false,
    });
    expect(await itemsAt(`/entry_message_rule?$filter=rule_type eq 'entered'`)).toContainEqual(
      changed.json,
    );
    expect((await ask('DELETE', one)).status).toBe(204);
    expect(refusal(await ask('GET', one))).toBe('404 2202');
  });

  it('takes both spellings in both calls', async () => {
    const made = await addRule({ mail: false, send_push: true, rule_type: 'rejected' });
    expect(made).toMatchObject({ rule_type: 'rejected', send_mail: false, send_push: true });
    const changed = await ask('PATCH', `/entry_message_rule/${idOf(made)}`, {
      type: 'entered',
      mail: true,
      push: false,
      inside_handle: true,
    });
    expect(changed.json).toMatchObject({
      rule_type: 'entered',
      send_mail: true,
      send_push: false,
      on_inside_handle: true,
    });
  });

  it('tells of openings when nothing else is said', async () => {
    expect(await addRule()).toMatchObject({ rule_type: 'entered' });
  });

  it.each([
    ['no name', { customer_reference: null }, '400 1100'],
    ['a blank name', { customer_reference: ' ' }, '400 1101'],
    ['a name of 256 characters', { customer_reference: 'é'.repeat(256) }, '400 1101'],
    ['an unknown type', { type: 'left' }, '400 1101'],
    ['no channel', { mail: false }, '400 4101'],
    ['SMS to nobody with a phone number', { sms: true }, '400 4101'],
  ])('is refused with %s', async (_what, body, expected) => {
    const sent = { customer_reference: 'Night', mail: true, ...body };
    expect(refusal(await ask('POST', '/entry_message_rule', sent))).toBe(expected);
  });

  it('keeps a channel', async () => {
    const rule = await addRule();
    const change = await ask('PATCH', `/entry_message_rule/${idOf(rule)}`, { send_mail: false });
    expect(refusal(change)).toBe('400 4101');
    expect(await get(`/entry_message_rule/${idOf(rule)}`)).toEqual(rule);
  });

  it('has users, locks and people to tell, of its own site only', async () => {
    const one = `/entry_message_rule/${idOf(await addRule())}`;
    for (const [path, id, thing] of [
      [`${one}/users`, user.userId, 'User'],
      [`${one}/locks`, lockId, 'Lock'],
      [`/ext${one}/recipients`, admin.userId, 'User'],
    ] as const) {
      expect(await itemsAt(path)).toEqual([]);
      expect((await ask('PATCH', path, { add_ids: [id, id] })).status).toBe(204);
      expect((await itemsAt(path)).map(idOf)).toEqual([id]);
      const stranger = await ask('PATCH', path, { add_ids: [randomUUID()], remove_ids: [id] });
      expect(stranger).toMatchObject({
        status: 404,
        json: { ErrorCode: '2202', Message: `${thing} not found` },
      });
      expect((await itemsAt(path)).map(idOf)).toEqual([id]);
      const absent = await ask('PATCH', path, { remove_ids: [id, randomUUID()] });
      expect([absent.status, await itemsAt(path)]).toEqual([204, []]);
    }
  });

  it('shows its users as people', async () => {
    const one = `/entry_message_rule/${idOf(await addRule())}/users`;
    await ask('PATCH', one, { add_ids: [user.userId] });
    expect(await itemsAt(one)).toEqual([
      {
        id: user.userId,
        first_name: 'Ada',
        last_name: 'Visser',
        email: user.email,
        image_url: null,
        tag_number: null,
        is_managed_by_current_site: false,
        has_profile: true,
      },
    ]);
  });

  it('shows a person without a profile by what the site has written', async () => {
    const id = randomUUID();
    await server.database.pool.query(
      `insert into users (tenant_id, id, first_name, email, managing_site_id, created_at)
       values ($1, $2, 'Tag', $3, $4, now())`,
      [server.tenant.tenantId, id, `${id}@example.test`, siteId],
    );
    const accessor = `insert into accessors (tenant_id, id, user_id, collection_id, created_at)
      values ($1, gen_random_uuid(), $2, $3, now())`;
    await server.database.pool.query(accessor, [server.tenant.tenantId, id, siteId]);
    const one = `/entry_message_rule/${idOf(await addRule())}/users`;
    await ask('PATCH', one, { add_ids: [id] });
    const shown = {
      id,
      first_name: 'Tag',
      last_name: null,
      email: `${id}@example.test`,
      image_url: null,
      tag_number: null,
      is_managed_by_current_site: true,
      has_profile: false,
    };
    expect(await itemsAt(one)).toEqual([shown]);
    for (const member of Object.keys(shown)) {
      expect((await ask('GET', `${one}?$orderby=${member}`)).status, member).toBe(200);
      expect((await ask('GET', `${one}?$filter=${member} ne null`)).status, member).toBe(200);
    }
  });

  it('takes people by the id of the person, and nothing of another site', async () => {
    const one = `/entry_message_rule/${idOf(await addRule())}`;
    const elsewhere = await addSite(server);
    const stranger = await addPerson(server, { siteId: elsewhere, role: 'site_user' });
    for (const id of [user.accessorId, stranger.userId])
      expect((await ask('PATCH', `${one}/users`, { add_ids: [id] })).json).toEqual({
        ErrorCode: '2202',
        Message: 'User not found',
      });
    const lock = await insertLock(server, { collection_id: elsewhere });
    expect(refusal(await ask('PATCH', `${one}/locks`, { add_ids: [lock] }))).toBe('404 2202');
    expect(refusal(await ask('GET', `/locks/${lock}/incident_message_rules`))).toBe('404 2202');
  });

  it('has schedules', async () => {
    const all = `/entry_message_rule/${idOf(await addRule())}/time_schedules`;
    const made = await ask('POST', all, { start_time: '22:00', end_time: '6:30', monday: true });
    expect(made.json).toMatchObject({ start_time: '22:00:00', end_time: '06:30:59', monday: true });
    const one = `${all}/${idOf(made.json as Json)}`;
    const changed = await ask('PATCH', one, { tuesday: true, start_date: '2026-12-01' });
    expect(changed.json).toMatchObject({
      monday: true,
      tuesday: true,
      start_date: '2026-12-01T00:00:00',
    });
    const cleared = await ask('PATCH', one, { start_date: '', end_date: null });
    expect(cleared.json).toMatchObject({ start_date: null, end_date: null });
    expect(await itemsAt(all)).toEqual([cleared.json]);
    const noDay = await ask('PATCH', one, { monday: false, tuesday: false });
    expect(noDay).toMatchObject({
      status: 400,
      json: { ErrorCode: '1101', Message: 'At least one day should be selected' },
    });
    const backwards = { start_date: '2026-12-02', end_date: '2026-12-01' };
    expect(refusal(await ask('PATCH', one, backwards))).toBe('400 1101');
    expect(refusal(await ask('POST', all, { start_time: '22:00', monday: true }))).toBe('400 1100');
    expect((await ask('DELETE', one)).status).toBe(204);
    expect(await itemsAt(all)).toEqual([]);
  });
});

describe('the rules that tell of incidents', () => {
  it('exist from the start, with mail where somebody must come', async () => {
    const items = await itemsAt('/incident_message_rule?$top=100');
    expect(items.map(({ incident }) => String(incident)).sort()).toEqual(
      [...incidentRuleWords].sort(),
    );
    const told = items.filter(({ send_mail: mail }) => mail === true);
    expect(told.map(({ incident }) => String(incident)).sort()).toEqual([
      'door_left_open_alarm_start',
      'intrusion_alarm_start',
      'iq_connection_lost',
      'low_battery_warning',
      'tamper_alarm_start',
    ]);
    expect(items.every(({ send_sms: sms, send_push: push }) => !sms && !push)).toBe(true);
  });

  it('exist for a collection made on the Core face too', async () => {
    const made = await server.ask('POST', '/collections', { body: { customer_reference: 'C' } });
    const { id } = made.json as { id: string };
    const { rows } = await server.database.pool.query(
      'select 1 from message_rules where collection_id = $1',
      [id],
    );
    expect(rows).toHaveLength(incidentRuleWords.length);
  });

  it('are chosen by channel and lock', async () => {
    const [rule = {}] = await itemsAt(`/incident_message_rule?$filter=incident eq 'lock_reset'`);
    const one = `/incident_message_rule/${idOf(rule)}`;
    const changed = await ask('PATCH', one, { send_mail: true, send_push: true });
    expect(changed.json).toEqual({ ...rule, send_mail: true, send_push: true });
    expect(await get(one)).toEqual(changed.json);
    const atLock = async () =>
      (await itemsAt(`/locks/${lockId}/incident_message_rules?$top=100`)).map(idOf);
    expect(await atLock()).toContain(idOf(rule));
    const other = await insertLock(server, { collection_id: siteId });
    expect((await ask('PATCH', `${one}/locks`, { add_ids: [other] })).status).toBe(204);
    expect(await itemsAt(`${one}/locks`)).toEqual([{ id: other, customer_reference: null }]);
    expect(await atLock()).not.toContain(idOf(rule));
    await ask('PATCH', `${one}/locks`, { add_ids: [lockId], remove_ids: [other] });
    expect(await atLock()).toContain(idOf(rule));
  });

  it('send no SMS until somebody who is told has a phone number', async () => {
    const [rule = {}] = await itemsAt(`/incident_message_rule?$filter=incident eq 'lock_time_set'`);
    const one = `/incident_message_rule/${idOf(rule)}`;
    expect(refusal(await ask('PATCH', one, { send_sms: true }))).toBe('400 4101');
    const phone = { phone: '+31 20 123-4567' };
    const put = await ask('PUT', `/ext/message_recipients/${admin.userId}`, phone);
    expect(put.json).toMatchObject({ phone: '+31201234567', quiet_from: null, quiet_until: null });
    expect(refusal(await ask('PATCH', one, { send_sms: true }))).toBe('400 4101');
    await ask('PATCH', `/ext${one}/recipients`, { add_ids: [admin.userId] });
    expect((await ask('PATCH', one, { send_sms: true })).status).toBe(200);
    const last = await ask('PATCH', `/ext${one}/recipients`, { remove_ids: [admin.userId] });
    expect(refusal(last)).toBe('400 4101');
  });

  it('may be sent to the phone number of the owner’s own profile', async () => {
    const [rule = {}] = await itemsAt(`/incident_message_rule?$filter=incident eq 'lock_reset'`);
    const one = `/incident_message_rule/${idOf(rule)}`;
    const setPhone = (phone: string | null): Promise<unknown> =>
      server.database.pool.query('update logins set phone = $2 where id = $1', [
        owner.loginId,
        phone,
      ]);
    expect(refusal(await ask('PATCH', one, { send_sms: true }))).toBe('400 4101');
    await setPhone('+31201234567');
    expect((await ask('PATCH', one, { send_sms: true })).json).toMatchObject({ send_sms: true });
    await ask('PATCH', one, { send_sms: false });
    await setPhone(null);
  });

  it('tell nobody who may see no incidents', async () => {
    const [rule = {}] = await itemsAt(`/incident_message_rule?$filter=incident eq 'lock_reset'`);
    const path = `/ext/incident_message_rule/${idOf(rule)}/recipients`;
    expect(refusal(await ask('PATCH', path, { add_ids: [user.userId] }))).toBe('400 1101');
  });

  it('cannot be added or removed', async () => {
    const [rule = {}] = await itemsAt('/incident_message_rule?$top=1');
    expect((await ask('POST', '/incident_message_rule', {})).status).toBe(405);
    expect((await ask('DELETE', `/incident_message_rule/${idOf(rule)}`)).status).toBe(405);
    expect(refusal(await ask('GET', `/entry_message_rule/${idOf(rule)}`))).toBe('404 2202');
  });
});

describe('the people who are told', () => {
  it('have a phone number and quiet hours', async () => {
    const one = `/ext/message_recipients/${user.userId}`;
    const night = { quiet_from: '22:00', quiet_until: '06:59' };
    const put = await ask('PUT', one, night);
    expect(put.json).toEqual({
      user_id: user.userId,
      first_name: 'Ada',
      last_name: 'Visser',
      email: user.email,
      phone: null,
      quiet_from: '22:00:00',
      quiet_until: '06:59:59',
    });
    const list = `/ext/message_recipients?$filter=user_id eq ${user.userId}`;
    expect(await itemsAt(list)).toEqual([put.json]);
    for (const wrong of [{ quiet_from: '22:00' }, { phone: '020 1234567' }, { phone: 'x' }])
      expect(refusal(await ask('PUT', one, wrong))).toBe('400 1101');
    expect((await ask('PUT', one, { phone: '+31201234567' })).json).toMatchObject({
      phone: '+31201234567',
      quiet_from: null,
    });
    expect((await ask('DELETE', one)).status).toBe(204);
    expect(await itemsAt(list)).toEqual([]);
    expect((await ask('DELETE', one)).status).toBe(204);
  });

  it('are people of the site', async () => {
    const stranger = await addPerson(server, { siteId, role: null });
    const path = `/ext/message_recipients/${stranger.userId}`;
    expect(refusal(await ask('PUT', path, {}))).toBe('404 2202');
  });
});

it.each(['/entry_message_rule', '/incident_message_rule'])(
  '%s is for owner and admins',
  async (path) => {
    const statuses = [];
    for (const { token } of [owner, admin, user])
      statuses.push((await server.ask('GET', `//v1.1/sites/${siteId}${path}`, { token })).status);
    expect(statuses).toEqual([200, 200, 403]);
  },
);
