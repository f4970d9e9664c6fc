import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, createOpenGroup, itemsOf, refusal } from '#test/kit/core';
import { insertIq } from '#test/kit/rows';

let cardea: TestServer;
beforeAll(async () => {
  cardea = await startTestServer();
});
afterAll(async () => {
  await cardea.stop();
});

const newCode = () => randomBytes(7).toString('hex').toUpperCase();
const register = (kind: 'locks' | 'repeaters', body: object = {}) =>
  create(cardea, `/${kind}`, { activation_code: newCode(), ...body });
const query = (text: string, values: readonly unknown[]) =>
  cardea.database.pool.query(text, [...values]);

describe('a lock that was registered', () => {
  it('shows every member, unknown ones as null', async () => {
    const answer = await cardea.ask('POST', '/locks', {
      body: { activation_code: '01-4f:ca 0a.000071', customer_reference: ' Front ' },
    });
    expect(answer.status).toBe(200);
    const { id } = answer.json as { id: string };
    expect(answer.json).toEqual({
      id,
      mac: '014FCA0A000071',
      customer_reference: ' Front ',
      locked_state: 'none',
      lock_type: 'unknown',
      online: false,
      iq_link_state: 'detached',
      tag_registration_state: 'not_started',
      battery_level: 'unknown',
      left_open_alarm: false,
      intrusion_alarm: false,
      collection_id: null,
      privacy_mode: false,
      communication_type: 'blue_net',
      iq: null,
      repeater: null,
      easy_office_mode_schedule: null,
      floor: null,
      signal_strength: null,
      signal_strength_last_update: null,
      license_plate_camera: false,
      vendor: {
        id: expect.any(String) as string,
        reference: 'sallis',
        display_name: 'Sallis',
      },
    });
    expect((await cardea.ask('GET', `/locks/${id}`)).json).toEqual(answer.json);
    expect(await itemsOf(cardea, `/locks?$filter=(mac eq '014fca0a000071')`)).toEqual([
      answer.json,
    ]);
  });

  it.each([
    ['012e77', '01.2E.77'],
    ['01.2e.78', '01.2E.78'],
    ['012E77A1', '012E77A1'],
    ['014FCA0A000099', '014FCA0A000099'],
    ['014FCA0A00009901', '014FCA0A00009901'],
  ])('of the code %s has the mac %s', async (activation_code, mac) => {
    expect(await register('locks', { activation_code })).toMatchObject({ mac });
  });

  it.each(['12345', '012E7Z', '014FCA0A0000', '03E4AD39D0CE42D9EAFCA30B15'])(
    'cannot have the code %s',
    async (activation_code) => {
      for (const kind of ['locks', 'repeaters'])
        expect(refusal(await cardea.ask('POST', `/${kind}`, { body: { activation_code } }))).toBe(
          '400 1501',
        );
    },
  );

  it('needs a code, a known collection and a known vendor', async () => {
    const post = async (body: object) => refusal(await cardea.ask('POST', '/locks', { body }));
    expect(await post({})).toBe('400 1100');
    expect(await post({ activation_code: '' })).toBe('400 1100');
    const activation_code = newCode();
    expect(await post({ activation_code, collection_id: randomUUID() })).toBe('400 1101');
    expect(await post({ activation_code, vendor: 'nobody' })).toBe('400 1101');
    expect((await register('locks', { activation_code, vendor: 'SALLIS' }))['mac']).toBe(
      activation_code,
    );
  });

  it('takes its code from locks and repeaters of every tenant, until it is deleted', async () => {
    const activation_code = newCode();
    const other = await cardea.addTenant('Other');
    const token = await cardea.token('core_api.full', other);
    const tries = await Promise.all(
      ['locks', 'repeaters', 'locks', 'repeaters'].map((kind, index) =>
        cardea.ask('POST', `/${kind}`, {
          body: { activation_code },
          ...(index > 1 ? { token } : {}),
        }),
      ),
    );
    const won = tries.find(({ status }) => status === 200);
    expect(tries.map((answer) => (answer === won ? 'won' : refusal(answer))).toSorted()).toEqual([
      '400 1501',
      '400 1501',
      '400 1501',
      'won',
    ]);
    const index = tries.findIndex((answer) => answer === won);
    if (won === undefined) throw new Error('nobody won');
    const { id } = won.json as { id: string };
    const path = `/${index % 2 === 0 ? 'locks' : 'repeaters'}/${id}`;
    const mine = index > 1 ? { token } : {};
    expect((await cardea.ask('DELETE', path, mine)).status).toBe(204);
    expect((await cardea.ask('GET', path, mine)).status).toBe(404);
    await register('repeaters', { activation_code });
  });
});

describe('a change of a lock', () => {
  it('writes what is sent, by both names of the call', async () => {
    const site = (await create(cardea, '/collections')).id;
    const floor = await create(cardea, `/collections/${site}/floors`, { number: 2 });
    const { id } = await register('locks', { collection_id: site });
    const changed = await cardea.ask('PATCH', `/locks/${id}`, {
      body: { customer_reference: 'Attic', floor_id: floor.id, license_plate_camera: true },
    });
    expect(changed.json).toMatchObject({
      customer_reference: 'Attic',
      license_plate_camera: true,
      floor: { id: floor.id, customer_reference: null, number: 2, lock_count: 1 },
    });
    const again = await cardea.ask('PATCH', `/locks/${id}/update`, {
      body: { customer_reference: '', license_plate_camera: null },
    });
    expect(again.json).toMatchObject({ customer_reference: null, license_plate_camera: true });
    const camera = await cardea.ask('PATCH', `/collections/${site}/locks/${id}/update`, {
      body: { license_plate_camera: false },
    });
    expect(camera.json).toMatchObject({ license_plate_camera: false });
    expect(await itemsOf(cardea, `/collections/${site}/locks?$filter=floor/number eq 2`)).toEqual([
      camera.json,
    ]);
  });

  it('to another collection takes it off its floor', async () => {
    const [one, two] = [await create(cardea, '/collections'), await create(cardea, '/collections')];
    const floor = await create(cardea, `/collections/${one.id}/floors`);
    const { id } = await register('locks', { collection_id: one.id });
    const patch = (body: object) => cardea.ask('PATCH', `/locks/${id}`, { body });
    await patch({ floor_id: floor.id });
    expect((await patch({ collection_id: two.id })).json).toMatchObject({
      collection_id: two.id,
      floor: null,
    });
    expect(refusal(await patch({ floor_id: floor.id }))).toBe('400 1101');
    expect(refusal(await patch({ collection_id: randomUUID() }))).toBe('400 1101');
    expect(
      (await patch({ collection_id: '00000000-0000-0000-0000-000000000000' })).json,
    ).toMatchObject({ collection_id: null });
  });

  it('keeps it in the collection of its groups and of its IQ', async () => {
    const [one, two] = [await create(cardea, '/collections'), await create(cardea, '/collections')];
    const lock = await register('locks', { collection_id: one.id });
    const group = await createOpenGroup(cardea, { accessors: [], locks: [lock.id] });
    await cardea.ask('PATCH', `/access_groups/${group}`, { body: { collection_id: one.id } });
    const move = (body: object) => cardea.ask('PATCH', `/locks/${lock.id}`, { body });
    expect(refusal(await move({ collection_id: two.id }))).toBe('400 1101');
    const iq = await insertIq(cardea, { collection_id: two.id });
    const inTree = await register('locks', { collection_id: two.id });
    await query(`update locks set iq_id = $1, iq_link_state = 'attached' where id = $2`, [
      iq,
      inTree.id,
    ]);
    const answer = await cardea.ask('PATCH', `/locks/${inTree.id}`, {
      body: { collection_id: one.id },
    });
    expect(refusal(answer)).toBe('400 1101');
  });

  it('is not found for a lock of another collection or tenant', async () => {
    const site = (await create(cardea, '/collections')).id;
    const { id } = await register('locks');
    const path = `/collections/${site}/locks/${id}/update`;
    expect(refusal(await cardea.ask('PATCH', path, { body: {} }))).toBe('404 1101');
    const token = await cardea.token('core_api.full', await cardea.addTenant('Foreign'));
    for (const method of ['GET', 'PATCH', 'DELETE'])
      expect(refusal(await cardea.ask(method, `/locks/${id}`, { token }))).toBe('404 1101');
  });
});

describe('what is shown of a lock', () => {
  it('is online only while it is linked and its IQ is there, in lists and filters alike', async () => {
    const iq = await insertIq(cardea, { online: true });
    const { id } = await register('locks');
    const shown = async () => [
      ((await cardea.ask('GET', `/locks/${id}`)).json as { online: boolean }).online,
      (await itemsOf(cardea, `/locks?$filter=online eq true and id eq ${id}`)).length === 1,
    ];
    await query(
      `update locks set iq_id = $1, iq_link_state = 'attached_pending', online = true where id = $2`,
      [iq, id],
    );
    expect(await shown()).toEqual([false, false]);
    await query(`update locks set iq_link_state = 'detached_pending' where id = $1`, [id]);
    expect(await shown()).toEqual([true, true]);
    await query('update iqs set online = false where id = $1', [iq]);
    expect(await shown()).toEqual([false, false]);
  });

  it('a pending state older than 10 s is uncertain, and tag registration ends with its time', async () => {
    const iq = await insertIq(cardea, { online: true });
    const { id } = await register('locks');
    await query(
      `update locks set iq_id = $1, iq_link_state = 'attached', online = true, locked_state = 'office_mode_pending',
         locked_state_at = now() - interval '11 seconds', tag_registration_until = now() + interval '1 minute'
       where id = $2`,
      [iq, id],
    );
    expect((await cardea.ask('GET', `/locks/${id}`)).json).toMatchObject({
      locked_state: 'uncertain',
      tag_registration_state: 'in_progress',
    });
    const filter = `locked_state eq 'uncertain' and tag_registration_state eq 'in_progress'`;
    expect(await itemsOf(cardea, `/locks?$filter=${filter} and id eq ${id}`)).toHaveLength(1);
    await query(
      `update locks set locked_state_at = now() - interval '2 seconds',
         tag_registration_until = now() - interval '1 second' where id = $1`,
      [id],
    );
    expect((await cardea.ask('GET', `/locks/${id}`)).json).toMatchObject({
      locked_state: 'office_mode_pending',
      tag_registration_state: 'not_started',
    });
  });

  it('can be filtered and ordered by every scalar member', async () => {
    const paths = [
      'mac',
      'lock_type',
      'battery_level',
      'iq/id',
      'iq/is_online',
      'repeater/mac_address',
    ];
    const more = ['floor/lock_count', 'easy_office_mode_schedule/start_time', 'vendor/reference'];
    for (const path of [...paths, ...more])
      expect((await cardea.ask('GET', `/locks?$orderby=${path} desc&$top=2`)).status).toBe(200);
    expect(refusal(await cardea.ask('GET', `/locks?$filter=code eq 'x'`))).toBe('400 1102');
  });
});

describe('the end of a lock', () => {
  it('waits until it is detached, and for force where something hangs on it', async () => {
    const { id } = await register('locks');
    const remove = (force = '') => cardea.ask('DELETE', `/locks/${id}${force}`, { body: [] });
    await cardea.ask('PUT', `/locks/${id}/easy_office_mode_schedule`, { body: { monday: true } });
    expect(refusal(await remove())).toBe('403 2203');
    const iq = await insertIq(cardea);
    const link = 'update locks set iq_id = $1, iq_link_state = $2 where id = $3';
    await query(link, [iq, 'attached', id]);
    expect(refusal(await remove('?force=true'))).toBe('403 2203');
    await query(link, [null, 'detached', id]);
    expect((await remove('?force=true')).status).toBe(204);
    expect(refusal(await remove())).toBe('404 1101');
  });
});

describe('easy office mode', () => {
  const path = (id: string) => `/locks/${id}/easy_office_mode_schedule`;

  it('is read as it was put, and 404 when there is none', async () => {
    const { id } = await register('locks');
    expect(refusal(await cardea.ask('GET', path(id)))).toBe('404 1101');
    const put = await cardea.ask('PUT', path(id), {
      body: {
        id: randomUUID(),
        start_time: '8:00',
        end_time: '17:30',
        start_date: '2026-01-01',
        friday: true,
      },
    });
    const schedule = {
      start_time: '08:00:00',
      end_time: '17:30:59',
      start_date: '2026-01-01T00:00:00',
      end_date: null,
      eom_auto_start: false,
      monday: false,
      tuesday: false,
      wednesday: false,
      thursday: false,
      friday: true,
      saturday: false,
      sunday: false,
    };
    expect([put.status, put.json]).toEqual([200, schedule]);
    expect((await cardea.ask('GET', path(id))).json).toEqual(schedule);
    const lock = (await cardea.ask('GET', `/locks/${id}`)).json;
    expect(lock).toMatchObject({
      easy_office_mode_schedule: { id: expect.any(String) as string, ...schedule },
    });
    const found = `/locks?$filter=easy_office_mode_schedule/start_time eq time'08:00:00' and id eq ${id}`;
    expect(await itemsOf(cardea, found)).toEqual([lock]);
    for (let times = 0; times < 2; times += 1)
      expect((await cardea.ask('DELETE', path(id))).status).toBe(204);
    expect((await cardea.ask('GET', `/locks/${id}`)).json).toMatchObject({
      easy_office_mode_schedule: null,
    });
  });

  it('without hours is the whole day; without a day, or ending before it begins, it is refused', async () => {
    const { id } = await register('locks');
    const put = (body: object) => cardea.ask('PUT', path(id), { body });
    expect((await put({ sunday: true })).json).toMatchObject({
      start_time: '00:00:00',
      end_time: '23:59:59',
    });
    expect(refusal(await put({}))).toBe('400 1101');
    const dates = { start_date: '2026-02-01', end_date: '2026-01-31' };
    expect(refusal(await put({ sunday: true, ...dates }))).toBe('400 1101');
    expect(refusal(await cardea.ask('PUT', path(randomUUID()), { body: {} }))).toBe('404 1101');
  });
});

describe('a repeater', () => {
  it('shows every member, can be changed, and goes while it is detached', async () => {
    const { id } = await register('repeaters', { activation_code: '012E77A2' });
    const patch = (body: object) => cardea.ask('PATCH', `/repeaters/${id}`, { body });
    expect((await patch({ customer_reference: 'Stairs' })).json).toEqual({
      id,
      iq_id: null,
      repeater_id: null,
      mac: '012E77A2',
      customer_reference: 'Stairs',
      online: false,
      iq_link_state: 'detached',
      collection_id: null,
      communication_type: 'blue_net',
      vendor: { id: expect.any(String) as string, reference: 'sallis', display_name: 'Sallis' },
    });
    expect(refusal(await patch({ collection_id: randomUUID() }))).toBe('400 1101');
    const iq = await insertIq(cardea);
    const link = 'update repeaters set iq_id = $1, iq_link_state = $2 where id = $3';
    await query(link, [iq, 'attached_pending', id]);
    expect(refusal(await cardea.ask('DELETE', `/repeaters/${id}`))).toBe('403 2203');
    const site = (await create(cardea, '/collections')).id;
    expect(refusal(await patch({ collection_id: site }))).toBe('400 1101');
    expect(await itemsOf(cardea, `/repeaters?$filter=iq_id eq ${iq}`)).toHaveLength(1);
    await query(link, [null, 'detached', id]);
    expect((await cardea.ask('DELETE', `/repeaters/${id}`)).status).toBe(204);
    expect(refusal(await cardea.ask('GET', `/repeaters/${id}`))).toBe('404 1101');
  });
});

describe('rights', () => {
  it('the standard scope reads hardware and does not touch it', async () => {
    const { id } = await register('locks');
    const token = await cardea.token('core_api.standard');
    expect((await cardea.ask('GET', `/locks/${id}`, { token })).status).toBe(200);
    for (const [method, path] of [
      ['POST', '/locks'],
      ['PATCH', `/locks/${id}`],
      ['PATCH', `/locks/${id}/locking`],
      ['PATCH', `/locks/${id}/detach`],
      ['PATCH', `/locks/${id}/tag_registration`],
      ['POST', '/iqs'],
      ['POST', '/repeaters'],
    ] as const) {
      const answer = await cardea.ask(method, path, { token, body: {} });
      expect([method, path, answer.status, answer.text]).toEqual([method, path, 403, '']);
    }
  });
});
