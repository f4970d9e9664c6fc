import { everyDay } from '#contract/fields';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { create as createObject, type CoreObject } from '#test/kit/core';
import { insertIq, insertLock, insertTag } from '#test/kit/rows';

let cardea: TestServer;
beforeAll(async () => {
  cardea = await startTestServer();
});
afterAll(async () => {
  await cardea.stop();
});

const create = (path: string, body: object = {}) => createObject(cardea, path, body);

const code = ({ json }: Answer) => (json as { ErrorCode: string }).ErrorCode;
const warning = ({ headers }: Answer) => headers.get('clp-warning');
async function idsOf(path: string): Promise<string[]> {
  const { json } = await cardea.ask('GET', path);
  return (json as { items: CoreObject[] }).items.map((item) => item.id);
}

describe('access groups', () => {
  it('are listed, those of one collection by a filter', async () => {
    const { id: collection_id } = await create('/collections');
    const group = await create('/access_groups', { customer_reference: 'Crew', collection_id });
    const other = await create('/access_groups');
    const ofCollection = `$filter=collection_id eq ${collection_id}`;
    expect(await idsOf(`/access_groups?${ofCollection}`)).toEqual([group.id]);
    expect(await idsOf('/access_groups?$top=1000')).toEqual(
      expect.arrayContaining([group.id, other.id]),
    );
  });

  it('are created, shown, renamed and deleted', async () => {
    const { id: collection_id } = await create('/collections');
    const group = await create('/access_groups', { customer_reference: ' Crew ', collection_id });
    expect(group).toEqual({
      id: expect.any(String) as string,
      customer_reference: ' Crew ',
      collection_id,
    });
    const path = `/access_groups/${group.id}`;
    const renamed = await cardea.ask('PATCH', path, { body: { customer_reference: '' } });
    expect(renamed.json).toEqual({ ...group, customer_reference: null });
    expect((await cardea.ask('GET', path)).json).toEqual(renamed.json);
    expect((await cardea.ask('DELETE', path)).status).toBe(204);
    for (const method of ['GET', 'PATCH', 'DELETE'])
      expect((await cardea.ask(method, path)).status).toBe(404);
  });

  it('refuse an unknown collection and a name of 256 characters', async () => {
    const lost = await cardea.ask('POST', '/access_groups', {
      body: { collection_id: randomUUID() },
    });
    expect([lost.status, code(lost)]).toEqual([400, '1101']);
    const long = await cardea.ask('POST', '/access_groups', {
      body: { customer_reference: 'é'.repeat(256) },
    });
    expect([long.status, code(long)]).toEqual([400, '1101']);
    await create('/access_groups', { customer_reference: '🗝'.repeat(255) });
  });

  it('take members by removing first, then adding', async () => {
    const [a, b, c] = [
      (await create('/accessors')).id,
      (await create('/accessors')).id,
      (await create('/accessors')).id,
    ];
    const path = `/access_groups/${(await create('/access_groups')).id}/accessors`;
    const change = async (body: object) => (await cardea.ask('PATCH', path, { body })).status;
    expect(await change({ add_ids: [a, b, a] })).toBe(204);
    expect(await change({ add_ids: [b, c], remove_ids: [b, a, randomUUID()] })).toBe(204);
    expect(await idsOf(path)).toEqual([b, c]);
    expect(await change({})).toBe(204);
    expect(await idsOf(path)).toEqual([b, c]);
    expect((await cardea.ask('PUT', path, { body: { ids: [c, a] } })).status).toBe(204);
    expect(await idsOf(path)).toEqual([a, c]);
    expect(await idsOf(`/accessors/${a}/access_groups`)).toEqual([path.split('/')[2]]);
    expect((await cardea.ask('PUT', path, { body: { ids: null } })).status).toBe(204);
    expect(await idsOf(path)).toEqual([]);
  });

  it('change nothing when one id to add names nothing', async () => {
    const [a, b] = [(await create('/accessors')).id, (await create('/accessors')).id];
    const path = `/access_groups/${(await create('/access_groups')).id}/accessors`;
    await cardea.ask('PUT', path, { body: { ids: [a] } });
    const added = await cardea.ask('PATCH', path, {
      body: { remove_ids: [a], add_ids: [b, randomUUID()] },
    });
    expect([added.status, code(added)]).toEqual([400, '1101']);
    expect((added.json as { Message: string }).Message).toContain("'add_ids'");
    const set = await cardea.ask('PUT', path, { body: { ids: [randomUUID()] } });
    expect([set.status, code(set)]).toEqual([400, '1101']);
    const noUuid = await cardea.ask('PATCH', path, { body: { add_ids: ['7'] } });
    expect([noUuid.status, code(noUuid)]).toEqual([400, '1100']);
    expect(await idsOf(path)).toEqual([a]);
  });

  it('with a collection take what is of that collection or of none', async () => {
    const { id: own } = await create('/collections');
    const { id: other } = await create('/collections');
    const group = await create('/access_groups', { collection_id: own });
    const path = `/access_groups/${group.id}`;
    const free = await create('/accessors');
    const inside = await create('/accessors', { collection_id: own });
    const outside = await create('/accessors', { collection_id: other });
    const add = (id: string) =>
      cardea.ask('PATCH', `${path}/accessors`, { body: { add_ids: [id] } });
    expect((await add(free.id)).status).toBe(204);
    expect((await add(inside.id)).status).toBe(204);
    const refused = await add(outside.id);
    expect([refused.status, code(refused)]).toEqual([400, '1101']);
    const lock = await insertLock(cardea, { collection_id: other });
    const door = await cardea.ask('PATCH', `${path}/locks`, { body: { add_ids: [lock] } });
    expect([door.status, code(door)]).toEqual([400, '1101']);

    const moved = await cardea.ask('PATCH', `/accessors/${inside.id}`, {
      body: { collection_id: other },
    });
    expect([moved.status, code(moved)]).toEqual([400, '1101']);
    const regrouped = await cardea.ask('PATCH', path, { body: { collection_id: other } });
    expect([regrouped.status, code(regrouped)]).toEqual([400, '1101']);
    const freed = await cardea.ask('PATCH', path, {
      body: { collection_id: '00000000-0000-0000-0000-000000000000' },
    });
    expect(freed.json).toMatchObject({ collection_id: null });
    expect((await add(outside.id)).status).toBe(204);
  });

  it('an accessor cannot slip into a group of another collection while both are changed at once', async () => {
    const { id: own } = await create('/collections');
    const { id: other } = await create('/collections');
    for (let round = 0; round < 8; round += 1) {
      const group = await create('/access_groups', { collection_id: own });
      const person = await create('/accessors', { collection_id: own });
      const [added, moved] = await Promise.all([
        cardea.ask('PATCH', `/access_groups/${group.id}/accessors`, {
          body: { add_ids: [person.id] },
        }),
        cardea.ask('PATCH', `/accessors/${person.id}`, { body: { collection_id: other } }),
      ]);
      expect([added.status, moved.status].filter((status) => status === 400)).toHaveLength(1);
    }
  });

  it('many changes of the same members at once all succeed', async () => {
    const group = await create('/access_groups');
    const people = await Promise.all(Array.from({ length: 4 }, () => create('/accessors')));
    const ids = people.map((person) => person.id);
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        cardea.ask('PATCH', `/access_groups/${group.id}/accessors`, {
          body: index % 2 === 0 ? { add_ids: ids } : { remove_ids: [...ids].reverse() },
        }),
      ),
    );
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 12 }, () => 204));
  });

  it('show their locks as locks are shown', async () => {
    const group = await create('/access_groups');
    const lock = await insertLock(cardea);
    const path = `/access_groups/${group.id}/locks`;
    const added = await cardea.ask('PATCH', path, { body: { add_ids: [lock] } });
    expect([added.status, warning(added)]).toEqual([204, null]);
    const page = (await cardea.ask('GET', path)).json as { items: CoreObject[] };
    expect(page.items).toHaveLength(1);
    expect(page.items[0]).toMatchObject({ id: lock, iq: null, repeater: null });
    expect((await cardea.ask('GET', `/access_groups/${randomUUID()}/locks`)).status).toBe(404);
  });

  it('warn when members and locks meet without a schedule', async () => {
    const group = await create('/access_groups');
    const path = `/access_groups/${group.id}`;
    const person = await create('/accessors');
    const lock = await insertLock(cardea);
    const first = await cardea.ask('PATCH', `${path}/accessors`, {
      body: { add_ids: [person.id] },
    });
    expect(warning(first)).toBeNull();
    const second = await cardea.ask('PATCH', `${path}/locks`, { body: { add_ids: [lock] } });
    expect(warning(second)).toBe('no_time_schedule');
    const { id } = await create(`${path}/time_schedules`, everyDay);
    const third = await cardea.ask('PUT', `${path}/accessors`, { body: { ids: [person.id] } });
    expect(warning(third)).toBeNull();
    const last = await cardea.ask('DELETE', `${path}/time_schedules/${id}`);
    expect([last.status, warning(last)]).toEqual([204, 'no_time_schedule']);
  });

  it('say when a hub out of reach has still to hear of a change', async () => {
    const iq_id = await insertIq(cardea);
    const lock = await insertLock(cardea, { iq_id, iq_link_state: 'attached' });
    const group = await create('/access_groups');
    await create(`/access_groups/${group.id}/time_schedules`, everyDay);
    const path = `/access_groups/${group.id}/locks`;
    const queued = await cardea.ask('PATCH', path, { body: { add_ids: [lock] } });
    expect(warning(queued)).toBe(`iq_offline_change_queued; iq=${iq_id}`);
    const same = await cardea.ask('PATCH', path, { body: { add_ids: [lock] } });
    expect(warning(same)).toBeNull();
  });
});

describe('schedules of a group', () => {
  const path = async () => `/access_groups/${(await create('/access_groups')).id}/time_schedules`;

  it('are the whole day by default', async () => {
    expect(await create(await path(), { monday: true })).toEqual({
      id: expect.any(String) as string,
      start_time: '00:00:00',
      end_time: '23:59:59',
      start_date: null,
      end_date: null,
      ...everyDay,
      tuesday: false,
      wednesday: false,
      thursday: false,
      friday: false,
      saturday: false,
      sunday: false,
    });
  });

  it('get the first second at the start and the last at the end', async () => {
    const schedule = await create(await path(), {
      start_time: '8:30',
      end_time: '22:56',
      start_date: '2026-03-01',
      end_date: '2026-03-31',
      sunday: true,
    });
    expect(schedule).toMatchObject({
      start_time: '08:30:00',
      end_time: '22:56:59',
      start_date: '2026-03-01T00:00:00',
      end_date: '2026-03-31T23:59:59',
    });
    const kept = await create(await path(), {
      end_time: '23:45:59',
      start_date: '2026-03-01T10:00:00+05:00',
      end_date: '2026-03-01 12:00',
      sunday: true,
    });
    expect(kept).toMatchObject({
      end_time: '23:45:59',
      start_date: '2026-03-01T10:00:00',
      end_date: '2026-03-01T12:00:00',
    });
    expect(await create(await path(), { end_time: '24:00', sunday: true })).toMatchObject({
      end_time: '23:59:59',
    });
  });

  it.each([
    ['no weekday', {}],
    ['an end before the start', { ...everyDay, start_date: '2026-03-02', end_date: '2026-03-01' }],
    ['a time that is none', { ...everyDay, start_time: '25:00' }],
    ['a date that is none', { ...everyDay, start_date: '2026-02-30' }],
  ])('are refused with %s', async (_what, body) => {
    const answer = await cardea.ask('POST', await path(), { body });
    expect([answer.status, code(answer)]).toEqual([400, '1101']);
  });

  it('are told every wrong value by name, days and dates together', async () => {
    const refused = async (body: object) =>
      (await cardea.ask('POST', await path(), { body })).json as Record<string, string>;
    const { Message: days = '' } = await refused({});
    expect(days).toMatch(/^Value of 'monday' is invalid\. At least one day should be selected/);
    const { Message: both = '' } = await refused({
      start_date: '2026-03-02',
      end_date: '2026-03-01',
    });
    expect(both).toContain(days);
    expect(both).toContain("Value of 'end_date' is invalid. It lies before start_date.");
    const { Message: times } = await refused({ monday: true, start_time: '9 am', end_date: 'x' });
    expect(times).toBe(
      "Value of 'start_time' is invalid. Send a time of day such as 08:00 or 08:00:00. " +
        "Value of 'end_date' is invalid. Send a date such as 2050-01-31, or a date and time.",
    );
  });

  it('keep what a change leaves out or sends as null, and clear a date by an empty text', async () => {
    const list = await path();
    const made = await create(list, {
      ...everyDay,
      start_date: '2026-01-01',
      end_date: '2026-02-01',
    });
    const own = `${list}/${made.id}`;
    const body = { start_date: null, end_date: '', monday: false, start_time: '22:00' };
    const changed = await cardea.ask('PATCH', own, { body: { ...body, end_time: '06:00' } });
    const expected = {
      ...made,
      end_date: null,
      monday: false,
      start_time: '22:00:00',
      end_time: '06:00:59',
    };
    expect(changed.json).toEqual(expected);
    const page = await cardea.ask('GET', `${list}?$filter=start_time ge 21:00:00&$count=true`);
    expect(page.json).toEqual({ items: [expected], next_page_link: null, count: 1 });
  });

  it('are refused when a change leaves no weekday or turns the dates around', async () => {
    const list = await path();
    const { id } = await create(list, { monday: true, start_date: '2026-03-01' });
    for (const body of [{ monday: false }, { end_date: '2026-02-01' }]) {
      const answer = await cardea.ask('PATCH', `${list}/${id}`, { body });
      expect([answer.status, code(answer)]).toEqual([400, '1101']);
    }
  });

  it('are found under their own group only', async () => {
    const { id } = await create(await path(), everyDay);
    const elsewhere = `${await path()}/${id}`;
    expect((await cardea.ask('PATCH', elsewhere, { body: {} })).status).toBe(404);
    expect((await cardea.ask('DELETE', elsewhere)).status).toBe(404);
  });
});

describe('what a hub must know', () => {
  async function itemsOf(iqId: string): Promise<Record<string, unknown>> {
    const { rows } = await cardea.database.pool.query<{ key: string; value: unknown }>(
      'select key, value from desired_items where iq_id = $1 and value is not null',
      [iqId],
    );
    return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
  }

  it('follows groups, members, locks and keys, and forgets them with the group', async () => {
    const iq_id = await insertIq(cardea);
    const lock = await insertLock(cardea, { iq_id, iq_link_state: 'attached' });
    const { id: collection_id } = await create('/collections');
    const person = await create('/accessors', { collection_id });
    const tag = await insertTag(cardea);
    await create(`/accessors/${person.id}/keys`, { tag_id: tag.id });
    const group = await create('/access_groups');
    const path = `/access_groups/${group.id}`;
    await create(`${path}/time_schedules`, everyDay);
    await cardea.ask('PATCH', `${path}/locks`, { body: { add_ids: [lock] } });
    await cardea.ask('PATCH', `${path}/accessors`, { body: { add_ids: [person.id] } });

    const items = await itemsOf(iq_id);
    expect(items[`lock/${lock}`]).toMatchObject({ group_ids: [group.id] });
    expect(items[`group/${group.id}`]).toMatchObject({ schedules: [everyDay] });
    expect(items[`accessor/${person.id}`]).toMatchObject({
      blocked: false,
      group_ids: [group.id],
      keys: [{ type: 'tag', value: tag.tag_number, blocked: false }],
    });

    await cardea.ask('PATCH', `/accessors/${person.id}`, { body: { blocked: true } });
    expect((await itemsOf(iq_id))[`accessor/${person.id}`]).toMatchObject({ blocked: true });
    await cardea.ask('DELETE', path);
    const after = await itemsOf(iq_id);
    expect(after[`lock/${lock}`]).toMatchObject({ group_ids: [] });
    expect(Object.keys(after).filter((key) => !key.startsWith('lock/'))).not.toContain(
      `group/${group.id}`,
    );
    expect(after[`accessor/${person.id}`]).toBeUndefined();
  });
});
