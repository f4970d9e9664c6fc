import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  readBuilding,
  startTestBuilding,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, createOpenGroup, itemsOf, refusal } from '#test/kit/core';
import { until } from '#test/kit/wait';

let cardea: TestServer;
let house: TestBuilding;
let ground: string;
let upstairs: string;

beforeAll(async () => {
  cardea = await startTestServer();
  house = await startTestBuilding(cardea, { building: await readBuilding('harbour') });
  ground = house.iqId('Ground floor hub');
  upstairs = house.iqId('Upstairs hub');
}, 120_000);
afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

type Members = Readonly<Record<string, unknown>>;
const get = async (path: string) => (await cardea.ask('GET', path)).json as Members;
const patchIq = (id: string, body: object) => cardea.ask('PATCH', `/iqs/${id}`, { body });
const treeOf = async (id: string) =>
  (await cardea.ask('GET', `/iqs/${id}/tree`)).json as (Members & { id: string })[];
const putTree = (id: string, items: readonly object[], more: object = {}) =>
  cardea.ask('PUT', `/iqs/${id}/tree`, { body: { iq_tree_items: items, ...more } });
const asItems = (tree: readonly Members[]) =>
  tree.map(({ id, parent_id, hardware_type }) => ({ id, parent_id, hardware_type }));
const has = (path: string, members: Members) =>
  until(
    async () => {
      const shown = await get(path);
      return Object.entries(members).every(([name, value]) => shown[name] === value);
    },
    { what: `${path} shows ${JSON.stringify(members)}`, timeoutMs: 60_000 },
  );

describe('an IQ', () => {
  it('shows every member once its hub has confirmed the claim', async () => {
    await untilSynced(cardea);
    expect(await get(`/iqs/${ground}`)).toEqual({
      id: ground,
      customer_reference: 'Ground floor hub',
      time_zone: 'Europe/Amsterdam',
      subscribed: true,
      otp_enabled: false,
      led_enabled: true,
      led_pattern: 'green_blink_every_5_min',
      mac: '03.E4.AD',
      operator: (await get(`/iqs/${ground}`))['operator'],
      state: 'active',
      restore_required: false,
      reset_date: null,
      online: true,
      data_sync_state: 'synced',
      signal_strength: expect.any(Number) as number,
      collection_id: house.collectionId,
      revision: expect.any(String) as string,
      vendor: { id: expect.any(String) as string, reference: 'sallis', display_name: 'Sallis' },
    });
    const must = [`mac eq '03.E4.AD'`, `(state eq 'active') and (online eq true)`];
    expect(await itemsOf(cardea, `/iqs?$filter=${must[0] ?? ''}`)).toHaveLength(1);
    expect(await itemsOf(cardea, `/iqs?$filter=${must[1] ?? ''}`)).toHaveLength(2);
    expect(await itemsOf(cardea, `/iqs?$filter=data_sync_state eq 'synced'`)).toHaveLength(2);
  });

  it('tells its network, radio and software as the hub reported them', async () => {
    const details = await get(`/iqs/${ground}/details`);
    expect(Object.keys(details['network_details'] as object)).toEqual(['m2m', 'ethernet', 'wifi']);
    const lines = Object.values(details['network_details'] as Record<string, Members>);
    expect(lines.some(({ status }) => status === 'active')).toBe(true);
    expect(details['rf_info']).toMatchObject({ channel: expect.any(Number) as number });
    expect(Object.keys(await get(`/iqs/${ground}/software_versions`)).toSorted()).toEqual([
      'modem_application_version',
      'modem_firmware_version',
      'node_firmware_version',
      'router_firmware_version',
    ]);
    const strength = expect.any(Number) as number;
    expect(await get(`/iqs/${ground}/signal_strength`)).toEqual({ signal_strength: strength });
    expect(await get(`/iqs/${ground}/signal_strength?force_refresh=true`)).toEqual({
      signal_strength: strength,
    });
  });

  it('is 404 where the tenant has none of that id, for every call', async () => {
    const id = randomUUID();
    const calls = [
      '',
      '/details',
      '/signal_strength',
      '/software_versions',
      '/tree',
      '/pins',
      `/secret?accessor_id=${randomUUID()}`,
    ].map((path) => ['GET', path] as const);
    const writes = [
      ['PATCH', ''],
      ['DELETE', ''],
      ['PUT', '/pins'],
      ['PUT', '/tree'],
      ['POST', '/restore'],
      ['POST', '/reset'],
    ] as const;
    for (const [method, path] of [...calls, ...writes])
      expect([path, refusal(await cardea.ask(method, `/iqs/${id}${path}`))]).toEqual([
        path,
        '404 1101',
      ]);
  });
});

it('a query parameter that is left out is named like a member of a body', async () => {
  expect((await cardea.ask('GET', `/iqs/${ground}/secret`)).json).toEqual({
    ErrorCode: '1100',
    Message: expect.stringContaining('The accessor_id field is required.') as string,
  });
});

describe('registering an IQ', () => {
  const post = async (body: object) => refusal(await cardea.ask('POST', '/iqs', { body }));
  const freshCode = () => randomBytes(13).toString('hex').toUpperCase();

  it('is refused without code, with a bad, unknown or used one, and before the first contact', async () => {
    expect(await post({})).toBe('400 1100');
    expect(await post({ activation_code: 'short' })).toBe('400 1501');
    expect(await post({ activation_code: freshCode() })).toBe('400 1501');
    expect(await post({ activation_code: '03E4AD39D0CE42D9EAFCA30B15' })).toBe('400 1501');
    expect(await post({ activation_code: '014FCA0A000071' })).toBe('400 1501');
    const code = freshCode();
    await cardea.database.pool.query(
      `insert into factory_hubs (hub_id, code_hash, mac)
       values ($1, encode(sha256(convert_to($2, 'UTF8')), 'hex'), '00.00.00')`,
      [randomUUID(), code],
    );
    expect(await post({ activation_code: code })).toBe('400 2208');
    expect(await post({ activation_code: code, time_zone: 'Nowhere/Town' })).toBe('400 1101');
    expect(await post({ activation_code: code, collection_id: randomUUID() })).toBe('400 1101');
    expect(await post({ activation_code: code, vendor: 'nobody' })).toBe('400 1101');
    const both = { activation_code: code, vendor: 'nobody', time_zone: 'Nowhere/Town' };
    const { text } = await cardea.ask('POST', '/iqs', { body: both });
    expect(text).toContain("Value of 'time_zone' is invalid");
    expect(text).toContain("Value of 'vendor' is invalid");
    expect(await itemsOf(cardea, `/iqs?$filter=state eq 'initialized'`)).toEqual([]);
  });
});

describe('a change of an IQ', () => {
  it('writes what is sent, and reaches the hub', async () => {
    const answer = await patchIq(ground, {
      customer_reference: 'Cellar',
      time_zone: 'Asia/Tokyo',
      led_enabled: false,
      led_pattern: 'OFF',
    });
    expect(answer.json).toMatchObject({
      customer_reference: 'Cellar',
      time_zone: 'Asia/Tokyo',
      led_enabled: false,
      led_pattern: 'off',
    });
    await has(`/iqs/${ground}`, { data_sync_state: 'synced' });
    const back = { customer_reference: 'Ground floor hub', time_zone: 'Europe/Amsterdam' };
    expect((await patchIq(ground, back)).status).toBe(200);
    for (const wrong of [
      { time_zone: '+02:00' },
      { collection_id: randomUUID() },
      { led_pattern: 'x' },
    ])
      expect(refusal(await patchIq(ground, wrong))).toBe('400 1101');
  });

  it('takes its tree along to another collection, unless a group holds a lock back', async () => {
    const other = (await create(cardea, '/collections')).id;
    const flat = house.lockId('Flat 1');
    const group = await createOpenGroup(cardea, { accessors: [], locks: [flat] });
    const bind = { body: { collection_id: house.collectionId } };
    await cardea.ask('PATCH', `/access_groups/${group}`, bind);
    expect(refusal(await patchIq(upstairs, { collection_id: other }))).toBe('400 1101');
    await cardea.ask('DELETE', `/access_groups/${group}`);
    expect((await patchIq(upstairs, { collection_id: other })).status).toBe(200);
    expect(await get(`/locks/${flat}`)).toMatchObject({ collection_id: other });
    const repeater = house.lockId('Stairwell repeater');
    expect(await get(`/repeaters/${repeater}`)).toMatchObject({ collection_id: other });
    expect((await patchIq(upstairs, { collection_id: house.collectionId })).status).toBe(200);
  });
});

describe('the tree of an IQ', () => {
  it('is a bare array in the order in which it was put', async () => {
    await has(`/repeaters/${house.lockId('Stairwell repeater')}`, { online: true });
    const tree = await treeOf(upstairs);
    expect(tree[0]).toEqual({
      id: house.lockId('Stairwell repeater'),
      parent_id: null,
      hardware_type: 'repeater',
      mac: '012E77A1',
      customer_reference: 'Stairwell repeater',
      lock_type: 'none',
      is_online: true,
      is_attached: true,
      iq_link_state: 'attached',
      battery_state: 'none',
      communication_type: expect.any(String) as string,
      signal_strength: tree[0]?.['signal_strength'],
      signal_strength_last_update: tree[0]?.['signal_strength_last_update'],
    });
    const [repeater, ...locks] = asItems(tree);
    const turned = [repeater ?? {}, ...locks.toReversed()];
    expect((await putTree(upstairs, turned)).status).toBe(204);
    expect(asItems(await treeOf(upstairs))).toEqual(turned);
    // Nothing had to be attached again.
    expect((await treeOf(upstairs)).every((item) => item['iq_link_state'] === 'attached')).toBe(
      true,
    );
  });

  it('is refused whole, with the number of the first item at fault', async () => {
    const tree = asItems(await treeOf(upstairs));
    const refuse = async (items: readonly object[], more: object = {}) => {
      const answer = await putTree(upstairs, items, more);
      expect(refusal(answer)).toBe('400 2204');
      return (answer.json as { Message: string }).Message;
    };
    const elsewhere = { id: house.lockId('Office'), hardware_type: 'lock' };
    expect(await refuse([...tree, { ...elsewhere, id: randomUUID() }])).toBe(
      'Iq tree is invalid: item 5 is no lock that is known',
    );
    expect(
      await refuse([...tree, { ...elsewhere, parent_id: house.lockId('Stairwell repeater') }]),
    ).toBe('Iq tree is invalid: item 5 belongs to another IQ');
    expect(await refuse([{ id: upstairs, hardware_type: 'lock' }])).toContain('item 1 is the IQ');
    expect(await refuse(tree.slice(0, -1))).toContain('must be detached first');
    expect(await refuse(tree, { vendor: 'other' })).toContain('vendor');
    expect(asItems(await treeOf(upstairs))).toEqual(tree);
    expect(refusal(await cardea.ask('PUT', `/iqs/${upstairs}/tree`, { body: {} }))).toBe(
      '400 1100',
    );
    expect(refusal(await putTree(upstairs, [{ hardware_type: 'lock' }]))).toBe('400 1100');
    expect(refusal(await putTree(upstairs, tree, { accessor_id: randomUUID() }))).toBe('400 1101');
  });
});

describe('detaching a lock', () => {
  const detach = (id: string, body: object = {}) =>
    cardea.ask('PATCH', `/locks/${id}/detach`, { body });

  it('ends with the card at the lock, which keeps its groups and takes it out of the tree', async () => {
    const roof = house.lockId('Roof terrace');
    expect(refusal(await detach(roof, { iq_link_state: 'attached' }))).toBe('400 1101');
    const answer = await detach(roof, { iq_link_state: 'detached_pending' });
    expect(answer.json).toMatchObject({ iq_link_state: 'detached_pending', online: true });
    expect(
      (await cardea.ask('PATCH', `/locks/${roof}/locking`, { body: { locked_state: 'unlocked' } }))
        .status,
    ).toBe(200);
    await untilSynced(cardea);
    await house.simulated.lock('Roof terrace').showMaintenanceCard();
    await has(`/locks/${roof}`, { iq_link_state: 'detached', online: false });
    expect(await get(`/locks/${roof}`)).toMatchObject({ iq: null, repeater: null });
    expect((await treeOf(upstairs)).map(({ id }) => id)).not.toContain(roof);
    expect(refusal(await detach(roof))).toBe('403 2203');
    const tree = asItems(await treeOf(upstairs));
    const again = { id: roof, parent_id: tree[0]?.id ?? null, hardware_type: 'lock' };
    expect((await putTree(upstairs, [...tree, again])).status).toBe(204);
    await has(`/locks/${roof}`, { iq_link_state: 'attached', online: true });
  });

  it('is off when the lock is listed again', async () => {
    const flat = house.lockId('Flat 2');
    const tree = asItems(await treeOf(upstairs));
    await detach(flat);
    expect((await putTree(upstairs, tree)).status).toBe(204);
    expect(await get(`/locks/${flat}`)).toMatchObject({ iq_link_state: 'attached' });
  });

  it('by force ends at once, and the audit log says so', async () => {
    const storage = house.lockId('Storage');
    expect((await detach(storage, { force: true })).json).toMatchObject({
      iq_link_state: 'detached',
      iq: null,
    });
    const filter = `$filter=action eq 'lock.detach' and object_id eq ${storage}`;
    const [record] = await itemsOf(cardea, `/audit_log?${filter}`);
    expect(record).toMatchObject({ detail: expect.stringContaining('forced') as string });
  });
});

describe('tag registration', () => {
  const start = (id: string, duration_in_seconds: number) =>
    cardea.ask('PATCH', `/locks/${id}/tag_registration`, { body: { duration_in_seconds } });

  it('learns a shown tag once, with the number of its print', async () => {
    const door = house.lockId('Front door');
    expect((await start(door, 60)).json).toMatchObject({ tag_registration_state: 'in_progress' });
    expect((await start(door, 60)).json).toMatchObject({ tag_registration_state: 'in_progress' });
    const show = (tagNumber: string | null, rfidUid: string) =>
      house.simulated
        .lock('Front door')
        .present({ what: { type: 'tag', tagNumber, rfidUid }, heldMs: 200 });
    await show('00007527', '04A1B2C3');
    await show('00007527', '04A1B2C3');
    await show(null, '04FFEE01');
    await show(null, '04FFEE02');
    const learned = await until(
      async () => {
        const items = await itemsOf(
          cardea,
          `/tags?$filter=source_iq_id eq ${ground}&$orderby=tag_number`,
        );
        return items.length === 3 && items;
      },
      { what: 'three tags are learned' },
    );
    expect(learned[0]).toEqual({
      id: expect.any(String) as string,
      source_iq_id: ground,
      tag_number: '00007527',
      rfid_uid: '04A1B2C3',
      added_date: learned[0]?.['registration_date'],
      registration_date: expect.any(String) as string,
      collection_id: house.collectionId,
      accessor_id: null,
      expiry_date: null,
      vendors: [{ id: expect.any(String) as string, reference: 'sallis', display_name: 'Sallis' }],
    });
    expect(learned.slice(1).map((tag) => tag['tag_number'])).toEqual(['90000000', '90000001']);
  });

  it('is refused for a wrong time, in office mode, and at a lock that is not attached', async () => {
    const office = house.lockId('Office');
    expect(refusal(await start(office, 14))).toBe('404 1101');
    expect(refusal(await start(office, 601))).toBe('404 1101');
    expect(refusal(await start(office, 99_999_999_999))).toBe('404 1101');
    expect(refusal(await cardea.ask('PATCH', `/locks/${office}/tag_registration`))).toBe(
      '400 1100',
    );
    const locking = (locked_state: string) =>
      cardea.ask('PATCH', `/locks/${office}/locking`, { body: { locked_state } });
    await locking('office_mode');
    expect(refusal(await start(office, 60))).toBe('403 2203');
    await locking('locked');
    expect((await start(office, 15)).status).toBe(200);
    expect(refusal(await start(house.lockId('Storage'), 60))).toBe('400 3102');
  });
});

describe('a hub that loses its content or its connection', () => {
  it('is restored by call, and every lock rejoins without a card', async () => {
    await house.simulated.hub('Ground floor hub').pressButton(12_000);
    await has(`/iqs/${ground}`, { restore_required: true });
    const door = house.lockId('Front door');
    const open = () =>
      cardea.ask('PATCH', `/locks/${door}/locking`, { body: { locked_state: 'unlocked' } });
    expect(refusal(await open())).toBe('403 3103');
    expect(await get(`/iqs/${ground}`)).toMatchObject({ reset_date: expect.any(String) as string });
    await has(`/iqs/${ground}`, { online: true });
    expect((await cardea.ask('POST', `/iqs/${ground}/restore`)).status).toBe(200);
    await has(`/iqs/${ground}`, { restore_required: false, data_sync_state: 'synced' });
    await has(`/locks/${door}`, { iq_link_state: 'attached', online: true });
    expect((await open()).status).toBe(200);
  });

  it('restarts by call and comes back', async () => {
    const hub = house.simulated.hub('Upstairs hub');
    const boot = hub.view()?.boot ?? 0;
    const answer = await cardea.ask('POST', `/iqs/${upstairs}/reset`);
    expect([answer.status, answer.text]).toEqual([200, '']);
    // Until it restarts it is shown online as well.
    await until(() => (hub.view()?.boot ?? 0) > boot && hub.view()?.link === 'ready', {
      what: 'the hub has restarted',
    });
    await has(`/iqs/${upstairs}`, { online: true });
  });

  it('shows itself and its locks offline after 15 s, tells of it once, and commands are refused at once', async () => {
    await has(`/iqs/${upstairs}`, { online: true });
    const lost = `/incidents?$filter=event_category eq 'iq_connection_lost' and iq_id eq ${upstairs}`;
    const before = (await itemsOf(cardea, lost)).length;
    await house.simulated.hub('Upstairs hub').pullPlug();
    await has(`/iqs/${upstairs}`, { online: false });
    expect(await get(`/locks/${house.lockId('Flat 1')}`)).toMatchObject({ online: false });
    for (const [method, path, body] of [
      ['POST', `/iqs/${upstairs}/reset`, undefined],
      ['POST', `/iqs/${upstairs}/restore`, undefined],
      ['GET', `/iqs/${upstairs}/signal_strength?force_refresh=true`, undefined],
      ['PUT', `/iqs/${upstairs}/tree`, { iq_tree_items: asItems(await treeOf(upstairs)) }],
      ['PATCH', `/locks/${house.lockId('Flat 1')}/detach`, {}],
      ['PATCH', `/locks/${house.lockId('Flat 1')}/locking`, { locked_state: 'unlocked' }],
      ['PATCH', `/locks/${house.lockId('Flat 1')}/tag_registration`, { duration_in_seconds: 60 }],
    ] as const)
      expect([path, refusal(await cardea.ask(method, path, { body }))]).toEqual([path, '400 3105']);
    const queued = await patchIq(upstairs, { led_enabled: false });
    expect(queued.headers.get('clp-warning')).toBe(`iq_offline_change_queued; iq=${upstairs}`);
    expect(await get(`/iqs/${upstairs}`)).toMatchObject({ data_sync_state: 'not_synced' });
    expect((await itemsOf(cardea, lost)).length).toBe(before + 1);
    await house.simulated.hub('Upstairs hub').plugIn();
    await has(`/iqs/${upstairs}`, { online: true, data_sync_state: 'synced' });
  }, 120_000);
});

describe('the end of an IQ', () => {
  it('waits for its hardware; its code works again once the hub has wiped itself', async () => {
    const remove = () => cardea.ask('DELETE', `/iqs/${upstairs}`);
    expect(refusal(await remove())).toBe('400 2209');
    for (const { id, hardware_type } of await treeOf(upstairs))
      if (hardware_type === 'lock')
        await cardea.ask('PATCH', `/locks/${id}/detach`, { body: { force: true } });
    expect(refusal(await remove())).toBe('400 2209');
    expect((await putTree(upstairs, [])).status).toBe(204);
    await has(`/repeaters/${house.lockId('Stairwell repeater')}`, { iq_link_state: 'detached' });
    expect((await remove()).status).toBe(204);
    expect(refusal(await cardea.ask('GET', `/iqs/${upstairs}`))).toBe('404 1101');
    const code = { activation_code: '03E4B2-78BC-0008-B575-CC7A-3110' };
    const again = await until(
      async () => {
        const answer = await cardea.ask('POST', '/iqs', {
          body: { ...code, is_installation: true },
        });
        if (answer.status !== 200) expect(refusal(answer)).toBe('400 2208');
        return answer.status === 200 && answer;
      },
      { what: 'the hub is wiped and free', timeoutMs: 60_000 },
    );
    const { id } = again.json as { id: string };
    expect(id).not.toBe(upstairs);
    await has(`/iqs/${id}`, { online: true, state: 'installation' });
    expect((await patchIq(id, { is_installation: false })).json).toMatchObject({ state: 'active' });
    expect((await patchIq(id, { otp_enabled: true })).status).toBe(200);
    expect(refusal(await patchIq(id, { otp_enabled: false }))).toBe('400 1101');
  }, 120_000);
});
