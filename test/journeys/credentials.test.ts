import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  partOf,
  readBuilding,
  startTestBuilding,
  tag,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, createOpenGroup } from '#test/kit/core';

/** What people hold to a reader or type, from the API to the door (behaviour.md 5). */
let cardea: TestServer;
let house: TestBuilding;

beforeAll(async () => {
  cardea = await startTestServer();
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Office'],
  });
  house = await startTestBuilding(cardea, { building });
}, 120_000);
afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

async function does(what: string): Promise<string> {
  const lock = house.simulated.lock('Office');
  const isPin = what.length !== 8;
  const shown = isPin ? { what: { type: 'pin', code: what } as const, heldMs: 0 } : tag(what);
  return (await lock.present(shown)).did;
}

const options = (body: object) =>
  cardea.ask('PATCH', `/collections/${house.collectionId}/options`, { body });

describe('a keypad', () => {
  it('opens for a chosen PIN beside the generated one, and for each no longer once it is gone', async () => {
    const { id } = await create(cardea, '/accessors', { collection_id: house.collectionId });
    await createOpenGroup(cardea, { accessors: [id], locks: [house.lockId('Office')] });
    const made = async () => String((await cardea.ask('PUT', `/accessors/${id}/pin`)).json);
    const first = await made();
    const chosen = await cardea.ask('PUT', `/accessors/${id}/pin/custom`, {
      body: { pin: '4071' },
    });
    expect([chosen.status, chosen.text]).toEqual([204, '']);
    await untilSynced(cardea);
    expect([await does(first), await does('4071')]).toEqual(['opened', 'opened']);
    const second = await made();
    expect((await cardea.ask('DELETE', `/accessors/${id}/pin/custom`)).status).toBe(204);
    await untilSynced(cardea);
    expect([await does(first), await does('4071')]).toEqual(['refused', 'refused']);
    expect(await does(second)).toBe('opened');
  });
});

describe('a tag', () => {
  it('of another site opens where the site takes such tags, and is refused where it does not', async () => {
    const { id: elsewhere } = await create(cardea, '/collections');
    const person = await house.admit({ tagNumber: '00008101', locks: ['Office'] });
    await cardea.ask('PATCH', `/tags/${person.tagId}`, { body: { collection_id: elsewhere } });
    await untilSynced(cardea);
    expect(await does('00008101')).toBe('opened');
    await options({ tags_from_other_sites: false });
    await untilSynced(cardea);
    expect(await does('00008101')).toBe('refused');
    await options({ tags_from_other_sites: true });
    await untilSynced(cardea);
    expect(await does('00008101')).toBe('opened');
  });

  it('is let in for what a person may here, whatever the person may elsewhere', async () => {
    const person = await house.admit({ tagNumber: '00008102', locks: ['Office'] });
    const path = `/accessors/${person.accessorId}/collection_settings`;
    const setting = `${path}/${house.collectionId}`;
    await create(cardea, path, { collection_id: house.collectionId });
    await untilSynced(cardea);
    expect(await does('00008102')).toBe('opened');
    for (const flag of ['blocked', 'suspended']) {
      await cardea.ask('PATCH', setting, { body: { [flag]: true } });
      await untilSynced(cardea);
      expect([flag, await does('00008102')]).toEqual([flag, 'refused']);
      await cardea.ask('PATCH', setting, { body: { [flag]: false } });
    }
    await untilSynced(cardea);
    expect(await does('00008102')).toBe('opened');
  });
});
