import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, createOpenGroup, itemsOf, refusal } from '#test/kit/core';
import { insertIq, insertLock, insertTag } from '#test/kit/rows';

let cardea: TestServer;
beforeAll(async () => {
  cardea = await startTestServer();
});
afterAll(async () => {
  await cardea.stop();
});

const accessor = async (body = {}) => (await create(cardea, '/accessors', body)).id;

async function tagKey(accessorId: string): Promise<string> {
  const tag = await insertTag(cardea);
  return (await create(cardea, `/accessors/${accessorId}/keys`, { tag_id: tag.id })).id;
}

type Door = { readonly lock: string; readonly iq: string };

async function door(
  rest: { collection_id?: string; offline_key_limit?: number } = {},
): Promise<Door> {
  const iq = await insertIq(cardea, { collection_id: rest.collection_id ?? null });
  const lock = await insertLock(cardea, { iq_id: iq, iq_link_state: 'attached', ...rest });
  return { lock, iq };
}

const patch = (lock: string, body: object) =>
  cardea.ask('PATCH', `/locks/${lock}/offline_keys`, { body });
const put = (lock: string, ids: unknown) =>
  cardea.ask('PUT', `/locks/${lock}/offline_keys`, { body: { ids } });
const keysAt = async (lock: string) =>
  (await itemsOf(cardea, `/locks/${lock}/offline_keys`)).map((key) => key.id);

/** A door, and a person with a tag who may pass it. */
async function passage(rest = {}) {
  const { lock, iq } = await door(rest);
  const person = await accessor();
  const key = await tagKey(person);
  const group = await createOpenGroup(cardea, { accessors: [person], locks: [lock] });
  return { lock, iq, person, key, group };
}

describe('offline keys', () => {
  it('are given at the lock and shown from both sides', async () => {
    const { lock, iq, person, key } = await passage();
    expect((await patch(lock, { add_ids: [key] })).status).toBe(204);
    expect(await itemsOf(cardea, `/locks/${lock}/offline_keys`)).toEqual([
      (await cardea.ask('GET', `/keys/${key}`)).json,
    ]);
    const path = `/accessors/${person}/keys/${key}/offline_lock_access`;
    expect(
      await itemsOf(cardea, `${path}?$filter=is_online eq false&$orderby=mac_address`),
    ).toEqual([
      {
        id: lock,
        customer_reference: null,
        mac_address: expect.any(String) as string,
        is_online: false,
        collection_id: null,
        floor_id: null,
      },
    ]);
    const { rows } = await cardea.database.pool.query<{ value: unknown }>(
      'select value from desired_items where iq_id = $1 and key = $2',
      [iq, `lock/${lock}`],
    );
    expect(rows).toEqual([
      { value: expect.objectContaining({ offline_key_ids: [key] }) as unknown },
    ]);
    expect((await patch(lock, { remove_ids: [key, randomUUID()] })).status).toBe(204);
    expect(await itemsOf(cardea, path)).toEqual([]);
  });

  it('are given at the key, and set as a whole at the lock', async () => {
    const { lock, person, key } = await passage();
    const second = await tagKey(person);
    const path = `/accessors/${person}/keys/${key}/offline_lock_access`;
    const given = await cardea.ask('PATCH', path, { body: { add_ids: [lock] } });
    expect(given.status).toBe(204);
    expect((await put(lock, [second])).status).toBe(204);
    expect(await keysAt(lock)).toEqual([second]);
    expect((await put(lock, null)).status).toBe(204);
    expect(await keysAt(lock)).toEqual([]);
  });

  it('are refused as a whole when one of them may not be', async () => {
    const { lock, person, key } = await passage();
    await cardea.ask('PUT', `/accessors/${person}/pin`, { body: {} });
    const keys = await itemsOf(cardea, `/accessors/${person}/keys?$filter=key_type eq 'pin'`);
    const pin = keys[0]?.id;
    const blocked = await tagKey(person);
    await cardea.ask('PATCH', `/accessors/${person}/keys/${blocked}`, { body: { blocked: true } });
    const stranger = await tagKey(await accessor());
    for (const wrong of [pin, blocked, stranger, randomUUID()]) {
      expect(refusal(await patch(lock, { add_ids: [key, wrong] }))).toBe('400 2205');
      expect(refusal(await put(lock, [key, wrong]))).toBe('400 2205');
    }
    expect(refusal(await patch(lock, { add_ids: ['7'] }))).toBe('400 1100');
    expect(await keysAt(lock)).toEqual([]);
    const path = `/accessors/${person}/keys/${key}/offline_lock_access`;
    const unknown = await cardea.ask('PATCH', path, { body: { add_ids: [lock, randomUUID()] } });
    expect(refusal(unknown)).toBe('400 2205');
    expect(await itemsOf(cardea, path)).toEqual([]);
  });

  it('need an attached lock', async () => {
    const lock = await insertLock(cardea);
    const person = await accessor();
    const key = await tagKey(person);
    await createOpenGroup(cardea, { accessors: [person], locks: [lock] });
    expect(refusal(await patch(lock, { add_ids: [key] }))).toBe('400 2205');
    expect(refusal(await patch(randomUUID(), { add_ids: [key] }))).toBe('404 1101');
  });

  it('never exceed what the lock holds, whoever asks at the same time', async () => {
    const { lock, person } = await passage({ offline_key_limit: 3 });
    const keys = await Promise.all(Array.from({ length: 6 }, () => tagKey(person)));
    const answers = await Promise.all(keys.map((key) => patch(lock, { add_ids: [key] })));
    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([
      204, 204, 204, 400, 400, 400,
    ]);
    expect(await keysAt(lock)).toHaveLength(3);
    expect(refusal(await put(lock, keys))).toBe('400 2205');
    expect((await put(lock, keys.slice(3))).status).toBe(204);
  });

  it('go with the last common group, with blocking, and with the person', async () => {
    const { lock, person, key, group } = await passage();
    const other = await createOpenGroup(cardea, { accessors: [person], locks: [lock] });
    await patch(lock, { add_ids: [key] });
    await cardea.ask('DELETE', `/access_groups/${other}`);
    expect(await keysAt(lock)).toEqual([key]);
    const members = `/access_groups/${group}/accessors`;
    await cardea.ask('PATCH', members, { body: { remove_ids: [person] } });
    expect(await keysAt(lock)).toEqual([]);
    await cardea.ask('PATCH', members, { body: { add_ids: [person] } });
    expect(await keysAt(lock)).toEqual([]);

    for (const path of [`/accessors/${person}/keys/${key}`, `/accessors/${person}`]) {
      expect((await patch(lock, { add_ids: [key] })).status).toBe(204);
      await cardea.ask('PATCH', path, { body: { blocked: true } });
      expect(await keysAt(lock)).toEqual([]);
      await cardea.ask('PATCH', path, { body: { blocked: false } });
    }
    expect((await patch(lock, { add_ids: [key] })).status).toBe(204);
    await cardea.ask('DELETE', `/accessors/${person}?force=true`);
    expect(await keysAt(lock)).toEqual([]);
  });

  it('keep their key from being deleted without force', async () => {
    const { lock, person, key } = await passage();
    await patch(lock, { add_ids: [key] });
    const path = `/accessors/${person}/keys/${key}`;
    expect(refusal(await cardea.ask('DELETE', path))).toBe('403 2203');
    expect((await cardea.ask('DELETE', `${path}?force=true`)).status).toBe(204);
    expect(await keysAt(lock)).toEqual([]);
  });

  it('cannot be given while the person is just leaving the group', async () => {
    for (let round = 0; round < 8; round += 1) {
      const { lock, person, key, group } = await passage();
      await Promise.all([
        patch(lock, { add_ids: [key] }),
        cardea.ask('PATCH', `/access_groups/${group}/accessors`, {
          body: { remove_ids: [person] },
        }),
      ]);
      expect(await keysAt(lock)).toEqual([]);
    }
  });

  it('say that schedules do not apply where the site has switched them off', async () => {
    const { id: collection_id } = await create(cardea, '/collections');
    const { lock, key } = await passage({ collection_id });
    await patch(lock, { add_ids: [key] });
    const [plain] = await itemsOf(cardea, `/locks/${lock}/offline_keys`);
    expect(plain).not.toHaveProperty('schedules_apply');
    await cardea.ask('PATCH', `/collections/${collection_id}/options`, {
      body: { offline_schedules: false },
    });
    expect(await itemsOf(cardea, `/locks/${lock}/offline_keys`)).toEqual([
      { ...plain, schedules_apply: false },
    ]);
  });

  it('say that schedules do not apply where the lock has said that it cannot hold them', async () => {
    const { lock, key } = await passage();
    await patch(lock, { add_ids: [key] });
    const holds = (value: boolean | null) =>
      cardea.database.pool.query('update locks set holds_schedules = $2 where id = $1', [
        lock,
        value,
      ]);
    const [plain] = await itemsOf(cardea, `/locks/${lock}/offline_keys`);
    await holds(true);
    expect(await itemsOf(cardea, `/locks/${lock}/offline_keys`)).toEqual([plain]);
    await holds(false);
    expect(await itemsOf(cardea, `/locks/${lock}/offline_keys`)).toEqual([
      { ...plain, schedules_apply: false },
    ]);
  });
});

describe('a key that opens by access', () => {
  async function site(limit = 3) {
    const { id: collection_id } = await create(cardea, '/collections');
    const { lock } = await door({ collection_id, offline_key_limit: limit });
    const person = await accessor({ collection_id });
    const key = await tagKey(person);
    const setting = `/accessors/${person}/collection_settings`;
    await create(cardea, setting, { collection_id });
    const group = await createOpenGroup(cardea, { accessors: [person], locks: [lock] });
    const settings = `${setting}/${collection_id}/key_settings`;
    return { collection_id, lock, person, key, group, settings };
  }
  const byAccess = (accessor_key_id: string) => ({
    accessor_key_id,
    offline_access_type: 'by_access',
  });

  it('opens every attached lock of its owner, and follows the groups', async () => {
    const { collection_id, lock, key, group, settings } = await site();
    await create(cardea, settings, byAccess(key));
    expect(await keysAt(lock)).toEqual([key]);
    const { lock: next } = await door({ collection_id });
    const { lock: outside } = await door();
    const locks = `/access_groups/${group}/locks`;
    await cardea.ask('PATCH', locks, { body: { add_ids: [next, outside], remove_ids: [lock] } });
    expect([await keysAt(lock), await keysAt(next), await keysAt(outside)]).toEqual([
      [],
      [key],
      [],
    ]);
  });

  it('is refused where a lock has no room, for PINs and while blocked', async () => {
    const { lock, person, key, settings } = await site(1);
    const first = await tagKey(person);
    await patch(lock, { add_ids: [first] });
    const post = async (body: object) => refusal(await cardea.ask('POST', settings, { body }));
    expect(await post(byAccess(key))).toBe('400 2205');
    expect(await itemsOf(cardea, settings)).toEqual([]);
    await cardea.ask('PUT', `/accessors/${person}/pin`, { body: {} });
    const [pin] = await itemsOf(cardea, `/accessors/${person}/keys?$filter=key_type eq 'pin'`);
    expect(await post(byAccess(pin?.id ?? ''))).toBe('400 2205');
    await patch(lock, { remove_ids: [first] });
    expect(await post({ ...byAccess(key), blocked: true })).toBe('400 2205');
    const { id } = await create(cardea, settings, { accessor_key_id: key });
    await cardea.ask('PATCH', `/accessors/${person}/keys/${key}`, { body: { blocked: true } });
    const body = { offline_access_type: 'by_access' };
    expect(refusal(await cardea.ask('PATCH', `${settings}/${id}`, { body }))).toBe('400 2205');
  });

  it('stays outside a full lock when groups change later, the oldest key goes first', async () => {
    const { lock, person, key, group, settings } = await site(1);
    const younger = await tagKey(person);
    await cardea.ask('PATCH', `/access_groups/${group}/locks`, { body: { remove_ids: [lock] } });
    await create(cardea, settings, byAccess(younger));
    await create(cardea, settings, byAccess(key));
    const again = await cardea.ask('PATCH', `/access_groups/${group}/locks`, {
      body: { add_ids: [lock] },
    });
    expect(again.status).toBe(204);
    expect(await keysAt(lock)).toEqual([key]);
  });

  it('loses its locks when its setting is blocked', async () => {
    const { lock, key, settings } = await site();
    const { id } = await create(cardea, settings, byAccess(key));
    expect(await keysAt(lock)).toEqual([key]);
    await cardea.ask('PATCH', `${settings}/${id}`, { body: { blocked: true } });
    expect(await keysAt(lock)).toEqual([]);
    await cardea.ask('PATCH', `${settings}/${id}`, { body: { blocked: false } });
    expect(await keysAt(lock)).toEqual([key]);
  });
});
