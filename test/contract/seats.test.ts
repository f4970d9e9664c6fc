import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { create, refusal } from '#test/kit/core';
import { insertIq } from '#test/kit/rows';

let cardea: TestServer;
beforeAll(async () => {
  cardea = await startTestServer();
});
afterAll(async () => {
  await cardea.stop();
});

/** A collection that the operator allows so much; nothing on the Core face does. */
async function site(limits: { user_amount?: number; iq_amount?: number } = {}): Promise<string> {
  const { id } = await create(cardea, '/collections');
  await cardea.database.pool.query(
    'update collections set user_amount = $2, iq_amount = $3 where id = $1',
    [id, limits.user_amount ?? null, limits.iq_amount ?? null],
  );
  return id;
}

async function accessor(): Promise<string> {
  return (await create(cardea, '/accessors')).id;
}

function setting(accessorId: string, collectionId: string, more: object = {}): Promise<Answer> {
  const body = { collection_id: collectionId, ...more };
  return cardea.ask('POST', `/accessors/${accessorId}/collection_settings`, { body });
}

const patch = (accessorId: string, collectionId: string, body: object): Promise<Answer> =>
  cardea.ask('PATCH', `/accessors/${accessorId}/collection_settings/${collectionId}`, { body });

describe('a collection with seats', () => {
  it('has as many as wanted by itself', async () => {
    const place = await site();
    for (let count = 0; count < 3; count += 1)
      expect((await setting(await accessor(), place)).status).toBe(200);
  });

  it('takes no further accessor without a seat, and suspended ones with a warning', async () => {
    const place = await site({ user_amount: 1 });
    const first = await setting(await accessor(), place);
    expect([first.status, first.headers.get('clp-warning')]).toEqual([200, null]);
    const second = await accessor();
    expect(refusal(await setting(second, place))).toBe('403 2212');
    expect(refusal(await setting(second, place, { suspended: false }))).toBe('403 2212');
    const suspended = await setting(second, place, { suspended: true });
    expect([suspended.status, suspended.headers.get('clp-warning')]).toEqual([
      200,
      'seat_limit_reached',
    ]);
    expect(refusal(await cardea.ask('PUT', `/accessors/${second}/pin`, { body: {} }))).toBe(
      '403 2203',
    );
  });

  it('gives a seat on when somebody is suspended or leaves', async () => {
    const place = await site({ user_amount: 1 });
    const [first, second] = [await accessor(), await accessor()];
    await setting(first, place);
    await setting(second, place, { suspended: true });
    expect(refusal(await patch(second, place, { suspended: false }))).toBe('403 2212');
    // Whoever has a seat keeps it, whatever else is changed.
    expect((await patch(first, place, { suspended: false, use_pin: true })).status).toBe(200);
    await patch(first, place, { suspended: true });
    expect((await patch(second, place, { suspended: false })).status).toBe(200);
    expect(refusal(await patch(first, place, { suspended: false }))).toBe('403 2212');
    await cardea.ask('DELETE', `/accessors/${second}/collection_settings/${place}`);
    expect((await patch(first, place, { suspended: false })).status).toBe(200);
  });

  it('gives the last seat to one only, whoever asks at the same time', async () => {
    const place = await site({ user_amount: 1 });
    const people = await Promise.all([1, 2, 3, 4].map(() => accessor()));
    const answers = await Promise.all(people.map((person) => setting(person, place)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(3);
  });
});

describe('a collection with a number of IQs', () => {
  async function factoryHub(): Promise<string> {
    const code = randomBytes(13).toString('hex').toUpperCase();
    await cardea.database.pool.query(
      `insert into factory_hubs (hub_id, code_hash, mac, first_contact_at)
       values (gen_random_uuid(), encode(sha256(convert_to($1, 'UTF8')), 'hex'), '03.E4.AD', now())`,
      [code],
    );
    return code;
  }

  it('takes no further one', async () => {
    const place = await site({ iq_amount: 1 });
    await insertIq({ database: cardea.database, tenant: cardea.tenant }, { collection_id: place });
    const body = { activation_code: await factoryHub(), collection_id: place };
    expect(refusal(await cardea.ask('POST', '/iqs', { body }))).toBe('403 2212');
    // The code is not used up.
    const elsewhere = await cardea.ask('POST', '/iqs', {
      body: { ...body, collection_id: await site() },
    });
    expect(elsewhere.status).toBe(200);
    const { id } = elsewhere.json as { id: string };
    const moved = await cardea.ask('PATCH', `/iqs/${id}`, { body: { collection_id: place } });
    expect(refusal(moved)).toBe('400 1101');
  });
});
