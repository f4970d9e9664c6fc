import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashPin } from '#access/pins';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, itemsOf, refusal } from '#test/kit/core';
import { insertIq } from '#test/kit/rows';

let cardea: TestServer;
beforeAll(async () => {
  cardea = await startTestServer({ clock: new Date('2026-03-02T10:00:00Z') });
});
afterAll(async () => {
  await cardea.stop();
});

const collection = async () => (await create(cardea, '/collections')).id;
const accessor = async (collection_id?: string) =>
  (await create(cardea, '/accessors', { collection_id })).id;

const rotate = (id: string, body: object = {}) =>
  cardea.ask('PUT', `/accessors/${id}/pin`, { body });
const choose = (id: string, pin: unknown) =>
  cardea.ask('PUT', `/accessors/${id}/pin/custom`, { body: { pin } });
/** The generated PIN before the chosen one. */
const keysOf = (id: string) => itemsOf(cardea, `/accessors/${id}/keys?$orderby=key_type desc`);

async function suspend(id: string, collection_id: string, suspended = true): Promise<void> {
  await create(cardea, `/accessors/${id}/collection_settings`, { collection_id, suspended });
}

describe('a generated PIN', () => {
  it('is a JSON string of six digits, shown once and kept as a keyed hash only', async () => {
    const id = await accessor();
    const answer = await rotate(id);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      'application/json; charset=utf-8',
    ]);
    expect(answer.text).toMatch(/^"\d{6}"$/);
    const [key, ...others] = await keysOf(id);
    expect(others).toEqual([]);
    expect(key).toMatchObject({ key_type: 'pin', key_number: null, blocked: false });
    expect(key?.['key_id']).toBe(key?.id);
    const { rows } = await cardea.database.pool.query<{ key: Buffer; value: string }>(
      `select t.pin_hash_key as key, k.credential_value as value from keys k join tenants t on t.id = k.tenant_id
       where k.id = $1`,
      [key?.id],
    );
    const [stored] = rows;
    expect(stored?.value).toBe(
      hashPin(answer.json as string, stored?.key.toString('base64') ?? ''),
    );
  });

  it('rotates: the key stays, the former PIN stops, hubs are told', async () => {
    const iq = await insertIq(cardea);
    const id = await accessor();
    const first = await rotate(id);
    const [before] = await keysOf(id);
    const valueAtHub = async () => {
      const { rows } = await cardea.database.pool.query<{ value: { keys: { value: string }[] } }>(
        'select value from desired_items where iq_id = $1 and key = $2',
        [iq, `accessor/${id}`],
      );
      return rows[0]?.value.keys.map(({ value }) => value);
    };
    const former = await valueAtHub();
    const second = await rotate(id);
    expect(second.json).not.toBe(first.json);
    expect(await keysOf(id)).toEqual([before]);
    expect(await valueAtHub()).not.toEqual(former);
    expect(await valueAtHub()).toHaveLength(1);
  });

  it('is never a run or one digit repeated, and unique under many requests at once', async () => {
    const site = await collection();
    const people = await Promise.all(Array.from({ length: 40 }, () => accessor(site)));
    const answers = await Promise.all(people.map((id) => rotate(id)));
    const pins = answers.map((answer) => answer.json as string);
    expect(new Set(pins).size).toBe(people.length);
    for (const pin of pins) expect('01234567890 9876543210').not.toContain(pin);
  });

  it.each([
    ['2026-03-03T09:59:00Z', 200],
    ['2026-03-03T09:58:59Z', 400],
    ['2027-03-03T10:01:00Z', 200],
    ['2027-03-03T10:01:01Z', 400],
    ['2026-03-01', 400],
    [null, 200],
    ['', 200],
  ])('that ends at %s is answered with %i', async (expiry_date, status) => {
    const answer = await rotate(await accessor(), { expiry_date });
    expect(answer.status).toBe(status);
    if (status === 400) expect(refusal(answer)).toBe('400 1101');
  });

  it('is not given to somebody suspended in the only or in every collection', async () => {
    const [one, two] = [await collection(), await collection()];
    const id = await accessor();
    await suspend(id, one);
    expect(refusal(await rotate(id))).toBe('403 2203');
    expect(refusal(await choose(id, '2580'))).toBe('403 2203');
    await suspend(id, two, false);
    expect((await rotate(id)).status).toBe(200);
  });

  it('of nobody is 404', async () => {
    for (const [method, path] of [
      ['PUT', 'pin'],
      ['PUT', 'pin/custom'],
      ['DELETE', 'pin/custom'],
    ] as const)
      expect(refusal(await cardea.ask(method, `/accessors/${randomUUID()}/${path}`))).toBe(
        '404 1101',
      );
  });
});

describe('a chosen PIN', () => {
  it('stands beside the generated one, is replaced and removed', async () => {
    const id = await accessor(await collection());
    await rotate(id);
    expect((await choose(id, '2580')).status).toBe(204);
    const types = async () => (await keysOf(id)).map((key) => key['key_type']);
    expect(await types()).toEqual(['pin', 'custom_pin']);
    expect((await choose(id, '2580')).status).toBe(204);
    expect((await choose(id, '90817263')).status).toBe(204);
    expect(await types()).toEqual(['pin', 'custom_pin']);
    for (let time = 0; time < 2; time += 1)
      expect((await cardea.ask('DELETE', `/accessors/${id}/pin/custom`)).status).toBe(204);
    expect(await types()).toEqual(['pin']);
  });

  it.each(['258', '123456789', '25a0', '', '1234', '87654321', '7777', '٢٥٨٠'])(
    'is refused as %s, without saying why',
    async (pin) => {
      const answer = await choose(await accessor(), pin);
      expect([answer.status, answer.json]).toEqual([
        400,
        { ErrorCode: '1101', Message: "Value of 'pin' is invalid." },
      ]);
    },
  );

  it('is required', async () => {
    const answer = await choose(await accessor(), null);
    expect(refusal(answer)).toBe('400 1100');
    expect(answer.text).toContain('The pin field is required.');
  });

  it('is refused when somebody has it who could come to the same lock', async () => {
    const [one, two] = [await collection(), await collection()];
    const [here, there, anywhere] = [await accessor(one), await accessor(two), await accessor()];
    expect((await choose(here, '4713')).status).toBe(204);
    expect((await choose(there, '4713')).status).toBe(204);
    const shared = await choose(anywhere, '4713');
    expect([shared.status, shared.json]).toEqual([
      400,
      { ErrorCode: '1101', Message: "Value of 'pin' is invalid." },
    ]);
    const moved = await cardea.ask('PATCH', `/accessors/${there}`, {
      body: { collection_id: one },
    });
    expect(refusal(moved)).toBe('400 1101');
  });

  it('asked for by many at once goes to one', async () => {
    const site = await collection();
    const people = await Promise.all(Array.from({ length: 6 }, () => accessor(site)));
    const answers = await Promise.all(people.map((id) => choose(id, '3692581')));
    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([
      204, 400, 400, 400, 400, 400,
    ]);
  });

  it('is blocked when the site allows none, and stays so when it does again', async () => {
    const site = await collection();
    const id = await accessor(site);
    await rotate(id);
    await choose(id, '5193');
    const options = (custom_pin_enabled: boolean) =>
      cardea.ask('PATCH', `/collections/${site}/options`, { body: { custom_pin_enabled } });
    const blocked = async () => (await keysOf(id)).map((key) => key['blocked']);
    await options(false);
    expect(await blocked()).toEqual([false, true]);
    expect(refusal(await choose(id, '5194'))).toBe('403 2212');
    const [, custom] = await keysOf(id);
    const unblock = () =>
      cardea.ask('PATCH', `/accessors/${id}/keys/${custom?.id}`, { body: { blocked: false } });
    expect(refusal(await unblock())).toBe('403 2203');
    await options(true);
    expect(await blocked()).toEqual([false, true]);
    expect((await unblock()).json).toMatchObject({ blocked: false });
  });

  it('cannot be swapped as a tag can', async () => {
    const id = await accessor();
    await choose(id, '6042');
    const [key] = await keysOf(id);
    const path = `/accessors/${id}/keys/${key?.id}`;
    const swap = (key_id: unknown) => cardea.ask('PATCH', path, { body: { key_id } });
    expect(refusal(await swap(randomUUID()))).toBe('403 2203');
    expect((await swap(key?.id)).status).toBe(200);
  });
});

describe('licence plates', () => {
  let token: string;
  beforeAll(async () => {
    token = await cardea.token('core_api.license_plate');
  });
  const ask = (method: string, path: string, body?: object) =>
    cardea.ask(method, path, { token, ...(body === undefined ? {} : { body }) });

  it('are normalised, shown, changed and removed', async () => {
    const path = `/accessors/${await accessor()}/license_plates`;
    const made = await ask('POST', path, { license_plate: 'ab-12 çé.٣' });
    expect([made.status, made.json]).toEqual([
      200,
      { id: expect.any(String) as string, license_plate: 'AB12ÇÉ٣', blocked: false },
    ]);
    const own = `${path}/${(made.json as { id: string }).id}`;
    const blocked = await ask('PATCH', own, { license_plate: '', blocked: true });
    expect(blocked.json).toEqual({ ...(made.json as object), blocked: true });
    const changed = await ask('PATCH', own, { license_plate: 'xy 99' });
    expect(changed.json).toMatchObject({ license_plate: 'XY99', blocked: true });
    expect((await ask('GET', own)).json).toEqual(changed.json);
    expect((await ask('GET', `${path}?$filter=license_plate eq 'xy99'`)).json).toMatchObject({
      items: [changed.json],
    });
    expect((await ask('DELETE', own)).status).toBe(204);
    expect(refusal(await ask('GET', own))).toBe('404 1101');
  });

  it('are refused empty, too long, or twice on one accessor, but not on two', async () => {
    const path = `/accessors/${await accessor()}/license_plates`;
    const post = (license_plate: unknown) => ask('POST', path, { license_plate });
    for (const wrong of ['', null, ' .-', 'A'.repeat(33)])
      expect(refusal(await post(wrong))).toBe('400 1101');
    expect((await post('𝔸'.repeat(32))).status).toBe(200);
    const first = await post('AB 1');
    expect(refusal(await post('a-b-1'))).toBe('400 1101');
    const second = await post('AB 2');
    const own = `${path}/${(second.json as { id: string }).id}`;
    expect(refusal(await ask('PATCH', own, { license_plate: 'ab1' }))).toBe('400 1101');
    const other = `/accessors/${await accessor()}/license_plates`;
    expect((await ask('POST', other, { license_plate: 'AB1' })).status).toBe(200);
    const elsewhere = `${other}/${(first.json as { id: string }).id}`;
    expect(refusal(await ask('GET', elsewhere))).toBe('404 1101');
  });

  it('of two equal ones at the same time one is kept', async () => {
    const path = `/accessors/${await accessor()}/license_plates`;
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => ask('POST', path, { license_plate: 'SAME1' })),
    );
    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([
      200, 400, 400, 400, 400,
    ]);
  });

  it('are for clients with their scope, and for nothing else', async () => {
    const id = await accessor();
    const full = await cardea.ask('GET', `/accessors/${id}/license_plates`);
    expect([full.status, full.text]).toEqual([403, '']);
    expect((await ask('GET', `/accessors/${id}`)).status).toBe(403);
    const old = await cardea.token('hardware_api');
    const plates = await cardea.ask('GET', `/accessors/${id}/license_plates`, { token: old });
    expect(plates.status).toBe(200);
  });
});
