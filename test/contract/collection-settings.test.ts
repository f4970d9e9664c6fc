import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, itemsOf, refusal } from '#test/kit/core';
import { insertLock, insertTag } from '#test/kit/rows';

let cardea: TestServer;
beforeAll(async () => {
  cardea = await startTestServer();
});
afterAll(async () => {
  await cardea.stop();
});

const collection = async () => (await create(cardea, '/collections')).id;
const accessor = async (body = {}) => (await create(cardea, '/accessors', body)).id;

describe('settings of an accessor in a collection', () => {
  it('are created, shown, changed and removed', async () => {
    const [accessor_id, collection_id, id] = [await accessor(), await collection(), randomUUID()];
    const list = `/accessors/${accessor_id}/collection_settings`;
    const made = await create(cardea, list, { id, collection_id, remote_access: true });
    expect(made).toEqual({
      id,
      accessor_id,
      collection_id,
      blocked: false,
      remote_access: true,
      suspended: false,
      toggle_easy_office_mode: null,
      toggle_manual_office_mode: null,
      override_privacy_mode: null,
      use_pin: false,
    });
    const own = `${list}/${collection_id}`;
    const body = { use_pin: true, suspended: true, blocked: null, remote_access: null };
    const changed = await cardea.ask('PATCH', own, { body });
    expect(changed.json).toEqual({ ...made, use_pin: true, suspended: true });
    expect((await cardea.ask('GET', own)).json).toEqual(changed.json);
    expect(await itemsOf(cardea, list)).toEqual([changed.json]);
    const all = `/collections/${collection_id}/accessor_settings`;
    expect(await itemsOf(cardea, `${all}?$filter=suspended eq true`)).toEqual([changed.json]);
    expect(await itemsOf(cardea, `${all}?$filter=suspended eq false`)).toEqual([]);
    expect((await cardea.ask('DELETE', own)).status).toBe(204);
    for (const method of ['GET', 'PATCH', 'DELETE'])
      expect(refusal(await cardea.ask(method, own))).toBe('404 1101');
  });

  it('are refused twice, with a taken id, and for a collection that is none', async () => {
    const [accessor_id, collection_id] = [await accessor(), await collection()];
    const list = `/accessors/${accessor_id}/collection_settings`;
    const post = async (body: object) => refusal(await cardea.ask('POST', list, { body }));
    const { id } = await create(cardea, list, { collection_id });
    expect(await post({ collection_id })).toBe('400 1101');
    expect(await post({ collection_id: await collection(), id })).toBe('400 1101');
    expect(await post({ collection_id: randomUUID() })).toBe('400 1101');
    expect(await post({})).toBe('400 1100');
    const nowhere = `/accessors/${randomUUID()}/collection_settings`;
    expect(refusal(await cardea.ask('POST', nowhere, { body: {} }))).toBe('404 1101');
  });

  it('of two made at the same time one wins', async () => {
    const [accessor_id, collection_id] = [await accessor(), await collection()];
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        cardea.ask('POST', `/accessors/${accessor_id}/collection_settings`, {
          body: { collection_id },
        }),
      ),
    );
    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([
      200, 400, 400, 400, 400,
    ]);
  });
});

describe('settings of a key', () => {
  async function place() {
    const [accessor_id, collection_id] = [await accessor(), await collection()];
    const list = `/accessors/${accessor_id}/collection_settings`;
    await create(cardea, list, { collection_id });
    const tag = await insertTag(cardea);
    const key = await create(cardea, `/accessors/${accessor_id}/keys`, { tag_id: tag.id });
    return {
      path: `${list}/${collection_id}/key_settings`,
      key,
      setting: `${list}/${collection_id}`,
    };
  }

  it('are created, shown, changed and removed', async () => {
    const { path, key } = await place();
    const made = await create(cardea, path, { accessor_key_id: key.id });
    expect(made).toEqual({
      id: expect.any(String) as string,
      accessor_key_id: key.id,
      blocked: false,
      offline_access_type: 'by_offline_keys',
    });
    const own = `${path}/${made.id}`;
    const changed = await cardea.ask('PATCH', own, { body: { offline_access_type: 'By_Access' } });
    expect(changed.json).toEqual({ ...made, offline_access_type: 'by_access' });
    expect((await cardea.ask('GET', own)).json).toEqual(changed.json);
    const filter = `$filter=offline_access_type eq 'by_access'`;
    expect(await itemsOf(cardea, `${path}?${filter}`)).toEqual([changed.json]);
    expect((await cardea.ask('DELETE', own)).status).toBe(204);
    expect(refusal(await cardea.ask('GET', own))).toBe('404 1101');
  });

  it('are for keys of that accessor, and one for each', async () => {
    const { path, key } = await place();
    const other = await place();
    const post = async (body: object) => refusal(await cardea.ask('POST', path, { body }));
    await create(cardea, path, { accessor_key_id: key.id });
    expect(await post({ accessor_key_id: key.id })).toBe('400 1101');
    expect(await post({ accessor_key_id: other.key.id })).toBe('400 1101');
    expect(await post({ accessor_key_id: randomUUID() })).toBe('400 1101');
    expect(await post({ accessor_key_id: key.id, offline_access_type: 'always' })).toBe('400 1101');
    expect(await post({})).toBe('400 1100');
  });

  it('keep the setting they hang on from going without force', async () => {
    const { path, key, setting } = await place();
    await create(cardea, path, { accessor_key_id: key.id });
    expect(refusal(await cardea.ask('DELETE', setting))).toBe('403 2203');
    expect((await cardea.ask('DELETE', `${setting}?force=TRUE`)).status).toBe(204);
    expect(refusal(await cardea.ask('GET', path))).toBe('404 1101');
  });
});

describe('floors', () => {
  it('take locks, off their former floor', async () => {
    const collection_id = await collection();
    const locks = [
      await insertLock(cardea, { collection_id }),
      await insertLock(cardea, { collection_id }),
    ];
    const path = `/collections/${collection_id}/floors`;
    const ground = await create(cardea, path, {
      customer_reference: 'Ground',
      number: 0,
      lock_ids: locks,
    });
    expect(ground).toEqual({
      id: expect.any(String) as string,
      customer_reference: 'Ground',
      number: 0,
      lock_count: 2,
    });
    const first = await create(cardea, path, { number: 1, lock_ids: [locks[1]] });
    expect(await itemsOf(cardea, `${path}?$orderby=number desc`)).toEqual([
      { ...first, lock_count: 1 },
      { ...ground, lock_count: 1 },
    ]);
    expect((await itemsOf(cardea, `${path}/${ground.id}/locks`)).map((lock) => lock.id)).toEqual([
      locks[0],
    ]);
    const changed = await cardea.ask('PATCH', `${path}/${ground.id}`, {
      body: {
        customer_reference: '',
        lock_to_remove_ids: [locks[0], randomUUID()],
        lock_to_add_ids: [locks[1]],
      },
    });
    expect(changed.json).toEqual({ ...ground, customer_reference: null, lock_count: 1 });
  });

  it('refuse locks of another collection, unknown ones, and unknown floors', async () => {
    const collection_id = await collection();
    const path = `/collections/${collection_id}/floors`;
    const outside = await insertLock(cardea, { collection_id: await collection() });
    const floor = await create(cardea, path);
    for (const id of [outside, await insertLock(cardea), randomUUID()]) {
      const posted = await cardea.ask('POST', path, { body: { lock_ids: [id] } });
      expect(refusal(posted)).toBe('400 1101');
      const patched = await cardea.ask('PATCH', `${path}/${floor.id}`, {
        body: { lock_to_add_ids: [id] },
      });
      expect(refusal(patched)).toBe('400 1101');
    }
    const elsewhere = `/collections/${await collection()}/floors/${floor.id}`;
    for (const method of ['PATCH', 'DELETE'])
      expect(refusal(await cardea.ask(method, elsewhere))).toBe('404 1101');
    expect(refusal(await cardea.ask('GET', `${elsewhere}/locks`))).toBe('404 1101');
    expect(refusal(await cardea.ask('GET', `/collections/${randomUUID()}/floors`))).toBe(
      '404 1101',
    );
  });

  it('with locks go by force only, and leave the locks without floor', async () => {
    const collection_id = await collection();
    const lock = await insertLock(cardea, { collection_id });
    const path = `/collections/${collection_id}/floors`;
    const { id } = await create(cardea, path, { lock_ids: [lock] });
    expect(refusal(await cardea.ask('DELETE', `${path}/${id}`))).toBe('403 2203');
    expect((await cardea.ask('DELETE', `${path}/${id}?force=true`)).status).toBe(204);
    expect(await itemsOf(cardea, path)).toEqual([]);
    const empty = await create(cardea, path);
    expect((await cardea.ask('DELETE', `${path}/${empty.id}`)).status).toBe(204);
  });

  it('are shown to whom a group gives a lock there', async () => {
    const collection_id = await collection();
    const [lock, other] = [
      await insertLock(cardea, { collection_id }),
      await insertLock(cardea, { collection_id }),
    ];
    const path = `/collections/${collection_id}`;
    const floor = await create(cardea, `${path}/floors`, { lock_ids: [lock] });
    await create(cardea, `${path}/floors`, { lock_ids: [other] });
    const person = await accessor({ collection_id });
    const nobody = await accessor({ collection_id });
    const group = await create(cardea, '/access_groups');
    await cardea.ask('PATCH', `/access_groups/${group.id}/locks`, { body: { add_ids: [lock] } });
    await cardea.ask('PATCH', `/access_groups/${group.id}/accessors`, {
      body: { add_ids: [person] },
    });
    expect((await cardea.ask('GET', `${path}/accessors/${person}/floors`)).json).toEqual([floor]);
    expect((await cardea.ask('GET', `${path}/accessors/${nobody}/floors`)).json).toEqual([]);
    expect((await cardea.ask('GET', `${path}/accessors/floors`)).json).toEqual([
      { accessor_id: person, floors: [floor] },
    ]);
    expect(refusal(await cardea.ask('GET', `${path}/accessors/${randomUUID()}/floors`))).toBe(
      '404 1101',
    );
  });
});

describe('settings of a site', () => {
  const defaults = {
    single_use_otp: false,
    otp_future_seconds: 60,
    custom_pin_enabled: true,
    tags_from_other_sites: true,
    offline_access_for_new_mobile_keys: false,
    offline_schedules: true,
    offline_validity_hours: null,
    door_left_open_seconds: 30,
    remote_open_checks_schedule: false,
    tree_mixed_root: false,
    auto_restore: false,
    mkey_validity_hours: 8760,
    activity_log_days: 365,
    second_factor_for_admins: false,
  };

  it('begin with the defaults and change by what is sent', async () => {
    const path = `/collections/${await collection()}/options`;
    expect((await cardea.ask('GET', path)).json).toEqual(defaults);
    const body = { offline_validity_hours: 8784, tree_mixed_root: 'true', auto_restore: null };
    const changed = { ...defaults, offline_validity_hours: 8784, tree_mixed_root: true };
    expect((await cardea.ask('PATCH', path, { body })).json).toEqual(changed);
    const back = await cardea.ask('PATCH', path, { body: { offline_validity_hours: 0 } });
    expect(back.json).toEqual({ ...changed, offline_validity_hours: null });
    expect((await cardea.ask('GET', path)).json).toEqual(back.json);
  });

  it.each([
    { otp_future_seconds: 181 },
    { otp_future_seconds: -1 },
    { offline_validity_hours: 8785 },
    { door_left_open_seconds: 4 },
    { door_left_open_seconds: 601 },
    { mkey_validity_hours: 0 },
    { activity_log_days: 3651 },
  ])('refuse %o', async (body) => {
    const path = `/collections/${await collection()}/options`;
    expect(refusal(await cardea.ask('PATCH', path, { body }))).toBe('400 1101');
    expect((await cardea.ask('GET', path)).json).toEqual(defaults);
  });

  it('are read by everybody and written by full clients only', async () => {
    const path = `/collections/${await collection()}/options`;
    const token = await cardea.token('core_api.standard');
    expect((await cardea.ask('GET', path, { token })).status).toBe(200);
    expect((await cardea.ask('PATCH', path, { token, body: {} })).status).toBe(403);
    expect(refusal(await cardea.ask('GET', `/collections/${randomUUID()}/options`))).toBe(
      '404 1101',
    );
  });
});
