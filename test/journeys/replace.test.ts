import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  partOf,
  readBuilding,
  readObject,
  spareHub,
  spareLock,
  startTestBuilding,
  tag,
  untilCalledHome,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, itemsOf, refusal } from '#test/kit/core';
import { until } from '#test/kit/wait';

/** Hardware that breaks, and what is put in its place, by hand as an installer does it (behaviour.md 4.6 to 4.10). */
let cardea: TestServer;
let house: TestBuilding;
let iq: string;
let insiders: { readonly accessorId: string; readonly keyId: string };

const doors = ['Front door', 'Office'];
const inside = tag('00006001');

// Every test takes something off the wall, so each has a house of its own.
beforeEach(async () => {
  cardea = await startTestServer();
  const building = {
    ...partOf(await readBuilding('harbour'), { hubs: ['Ground floor hub'], locks: doors }),
    installer: 'manual' as const,
  };
  const spares = {
    hubs: [spareHub(building.hubs[0], { name: 'New hub' })],
    locks: [spareLock(building.locks[0], { name: 'New lock' })],
  };
  house = await startTestBuilding(cardea, { building, spares });
  await untilCalledHome(cardea, spares.hubs[0]?.code ?? '');
  iq = house.iqId('Ground floor hub');
  insiders = await house.admit({ tagNumber: '00006001', locks: doors });
  await cardea.ask('PUT', `/locks/${house.lockId('Office')}/offline_keys`, {
    body: { ids: [insiders.keyId] },
  });
  await untilSynced(cardea);
  await until(() => lock('Office').offlineKeys === 1, {
    what: 'the office holds the offline key',
    timeoutMs: 60_000,
  });
}, 120_000);
afterEach(async () => {
  await house.stop();
  await cardea.stop();
}, 120_000);

type Members = Readonly<Record<string, unknown>>;
const hub = (name: string) => house.simulated.hub(name);
const lock = (name: string) => house.simulated.lock(name);
const show = (path: string, members: Members) =>
  until(
    async () => {
      const shown = await readObject(cardea, path);
      return Object.entries(members).every(([name, value]) => shown[name] === value);
    },
    { what: `${path} shows ${JSON.stringify(members)}`, timeoutMs: 60_000 },
  );
const door = (name: string) => `/locks/${house.lockId(name)}`;
const open = (name: string) =>
  cardea.ask('PATCH', `${door(name)}/locking`, { body: { locked_state: 'unlocked' } });
const entriesOf = (iqId: string) => itemsOf(cardea, `/entries?$filter=iq_id eq ${iqId}`);

describe('a hub whose reset button is held', () => {
  it('opens by offline keys and exits only, and its activations end, until it is restored', async () => {
    const accessor = (await create(cardea, '/accessors')).id;
    await readObject(cardea, `/iqs/${iq}/pins/${accessor}`);
    await cardea.database.pool.query(
      `update iq_pins set activation_state = 'active', activation_date = now() where iq_id = $1`,
      [iq],
    );
    await hub('Ground floor hub').pressButton(9_000);
    expect((await open('Office')).status).toBe(200);
    await hub('Ground floor hub').pressButton(12_000);
    await show(`/iqs/${iq}`, { restore_required: true, online: true });
    expect(refusal(await open('Office'))).toBe('403 3103');
    const byLock = { decidedBy: 'lock' };
    expect(await lock('Office').present(inside)).toEqual({ did: 'opened', ...byLock });
    expect(await lock('Front door').present(inside)).toEqual({ did: 'refused', ...byLock });
    expect((await lock('Front door').pressHandle()).did).toBe('opened');
    expect(await itemsOf(cardea, `/iqs/${iq}/pins`)).toMatchObject([
      { activation_state: 'inactive', activation_date: null },
    ]);
    // A change of rights does not restore it by the way.
    await house.admit({ tagNumber: '00006002', locks: doors });
    expect(await readObject(cardea, `/iqs/${iq}`)).toMatchObject({ restore_required: true });

    expect((await cardea.ask('POST', `/iqs/${iq}/restore`)).status).toBe(200);
    await show(`/iqs/${iq}`, { restore_required: false, data_sync_state: 'synced' });
    for (const name of doors) await show(door(name), { iq_link_state: 'attached', online: true });
    expect(await lock('Front door').present(inside)).toEqual({ did: 'opened', decidedBy: 'hub' });
    expect(await lock('Front door').present(tag('00006002'))).toMatchObject({ did: 'opened' });
  });

  it('is restored without a call where the site wants it', async () => {
    const path = `/collections/${house.collectionId}/options`;
    await cardea.ask('PATCH', path, { body: { auto_restore: true } });
    const before = await readObject(cardea, `/iqs/${iq}`);
    await hub('Ground floor hub').pressButton(12_000);
    await until(
      async () => (await readObject(cardea, `/iqs/${iq}`))['reset_date'] !== before['reset_date'],
      { what: 'the reset is known' },
    );
    await show(`/iqs/${iq}`, { restore_required: false, data_sync_state: 'synced' });
    await show(door('Office'), { online: true });
    await cardea.ask('PATCH', path, { body: { auto_restore: false } });
  });
});

describe('a lock that is replaced', () => {
  it('opens with its new hardware once the card was shown there, not before', async () => {
    const body = { activation_code: lock('New lock').mac };
    const answer = await cardea.ask('PATCH', `${door('Front door')}/replace`, { body });
    expect(answer.json).toMatchObject({
      id: house.lockId('Front door'),
      iq_link_state: 'attached_pending',
    });
    await untilSynced(cardea);
    expect(await lock('New lock').present(inside)).toEqual({ did: 'refused', decidedBy: 'lock' });
    expect(refusal(await open('Front door'))).toBe('400 3102');
    await until(() => lock('Front door').attachment === null, { what: 'the former lock is free' });
    expect(await lock('Front door').showMaintenanceCard()).toBe('waiting');
    expect(await lock('New lock').showMaintenanceCard()).toBe('attached');
    await show(door('Front door'), { iq_link_state: 'attached', online: true });
    expect(await lock('New lock').present(inside)).toEqual({ did: 'opened', decidedBy: 'hub' });
    expect((await open('Front door')).status).toBe(200);
  });
});

describe('a hub that dies', () => {
  it('is replaced with one card at each lock; what it still knew is told when it comes back', async () => {
    const former = iq;
    hub('Ground floor hub').setLink('cut');
    await show(`/iqs/${former}`, { online: false });
    const told = (await entriesOf(former)).length;
    // Nobody hears of this opening but the hub, which is then taken off the wall.
    expect(await lock('Office').present(inside)).toEqual({ did: 'opened', decidedBy: 'hub' });
    await hub('Ground floor hub').pullPlug();

    const answer = await cardea.ask('POST', `/iqs/${former}/replace`, {
      body: { activation_code: hub('New hub').code },
    });
    expect(answer.status).toBe(200);
    iq = (answer.json as { id: string }).id;
    await show(`/iqs/${iq}`, { online: true, data_sync_state: 'synced' });
    for (const name of doors)
      expect(await readObject(cardea, door(name))).toMatchObject({
        iq_link_state: 'attached_pending',
        online: false,
        iq: { id: iq },
      });
    expect((await lock('Front door').present(inside)).did).toBe('refused');
    for (const name of doors) expect(await lock(name).showMaintenanceCard()).toBe('attached');
    for (const name of doors) {
      await show(door(name), { iq_link_state: 'attached', online: true });
      expect((await open(name)).status).toBe(200);
    }
    expect(await lock('Front door').present(inside)).toEqual({ did: 'opened', decidedBy: 'hub' });
    await until(() => lock('Office').offlineKeys === 1, { what: 'the offline key is back' });
    expect(await entriesOf(former)).toHaveLength(told);

    hub('Ground floor hub').setLink('up');
    await hub('Ground floor hub').plugIn();
    const late = await until(
      async () => {
        const found = await entriesOf(former);
        return found.length > told && found;
      },
      { what: 'the former hub tells what it knew', timeoutMs: 60_000 },
    );
    expect(late).toHaveLength(told + 1);
    expect(late[0]).toMatchObject({
      event_category: 'lock_opened',
      accessor_id: insiders.accessorId,
      iq_customer_reference: 'Ground floor hub',
      collection_id: house.collectionId,
    });
    await until(
      async () => {
        const { rows } = await cardea.database.pool.query<{ free: boolean }>(
          'select bool_and(claimed_iq_id is null) as free from factory_hubs where claimed_iq_id is distinct from $1',
          [iq],
        );
        return rows[0]?.free === true;
      },
      { what: 'the former hub has wiped itself', timeoutMs: 60_000 },
    );
    // The locks stay with the new hub.
    expect((await open('Office')).status).toBe(200);
  }, 120_000);
});

describe('a lock detached by force while its hub is away', () => {
  it('is let go when the hub is back, and is free to be registered only after a reset by hand', async () => {
    await hub('Ground floor hub').pullPlug();
    await show(`/iqs/${iq}`, { online: false });
    const answer = await cardea.ask('PATCH', `${door('Office')}/detach`, { body: { force: true } });
    expect(answer.json).toMatchObject({ iq_link_state: 'detached', iq: null });
    expect((await cardea.ask('DELETE', `${door('Office')}?force=true`)).status).toBe(204);
    const again = () =>
      cardea.ask('POST', '/locks', { body: { activation_code: lock('Office').mac } });
    expect(refusal(await again())).toBe('400 1501');
    // Nobody is there to hear of it yet.
    await lock('Office').resetByHand();
    expect(refusal(await again())).toBe('400 1501');
    await hub('Ground floor hub').plugIn();
    await show(`/iqs/${iq}`, { online: true, data_sync_state: 'synced' });
    expect(refusal(await again())).toBe('400 1501');
    await lock('Office').resetByHand();
    await until(async () => (await again()).status === 200, { what: 'the code is free' });
  }, 120_000);
});
