import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  partOf,
  readBuilding,
  spareHub,
  startTestBuilding,
  tag,
  untilCalledHome,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, itemsOf, refusal } from '#test/kit/core';
import { until } from '#test/kit/wait';

let cardea: TestServer;
let house: TestBuilding;
/** The IQ of the upper floor, under whatever id it has. */
let iq: string;

beforeAll(async () => {
  cardea = await startTestServer();
  const building = partOf(await readBuilding('harbour'), { hubs: ['Upstairs hub'] });
  const [like] = building.hubs;
  const small = { locks: 2, repeaters: 6, layers: 3, persons: 1000 };
  const spares = [
    { name: 'Spare' },
    { name: 'Second spare' },
    { name: 'Older spare', model: 'IQ-1' },
    { name: 'Small spare', limits: small },
    { name: 'Foreign spare', vendor: 'other' },
    { name: 'Claimed spare' },
    { name: 'Lost spare' },
  ];
  const hubs = spares.map((more) => spareHub(like, more));
  house = await startTestBuilding(cardea, { building, spares: { hubs, locks: [] } });
  for (const { code } of hubs) await untilCalledHome(cardea, code);
  iq = house.iqId('Upstairs hub');
}, 120_000);
afterAll(async () => {
  await house.stop();
  await cardea.stop();
});
beforeEach(async () => {
  await has(`/iqs/${iq}`, { online: true, data_sync_state: 'synced' });
});

type Members = Readonly<Record<string, unknown>>;
const get = async (path: string) => (await cardea.ask('GET', path)).json as Members;
const codeOf = (name: string) => house.simulated.hub(name).code;
const post = (id: string, body: object) => cardea.ask('POST', `/iqs/${id}/replace`, { body });
const replaceBy = (name: string, more: object = {}) =>
  post(iq, { activation_code: codeOf(name), ...more });
const setIq = (columns: string) =>
  cardea.database.pool.query(`update iqs set ${columns} where id = $1`, [iq]);
const isBeingReplaced = async () => {
  const { rows } = await cardea.database.pool.query<{ is: boolean }>(
    'select replacing_since is not null as is from iqs where id = $1',
    [iq],
  );
  return rows[0]?.is === true;
};
const treeOf = async (id: string) =>
  (await cardea.ask('GET', `/iqs/${id}/tree`)).json as (Members & { id: string })[];
/** What hangs where, without what the radio measures meanwhile. */
const linksOf = async (id: string) =>
  (await treeOf(id)).map(({ id: itemId, parent_id, hardware_type, iq_link_state }) => ({
    id: itemId,
    parent_id,
    hardware_type,
    iq_link_state,
  }));
const has = (path: string, members: Members) =>
  until(
    async () => {
      const shown = await get(path);
      return Object.entries(members).every(([name, value]) => shown[name] === value);
    },
    { what: `${path} shows ${JSON.stringify(members)}`, timeoutMs: 60_000 },
  );

describe('a replacement of an IQ is refused', () => {
  it('without a code, and with one that is bad, unknown or of another tenant', async () => {
    expect(refusal(await post(randomUUID(), {}))).toBe('404 1101');
    expect(refusal(await post(iq, {}))).toBe('400 1100');
    const unknown = randomBytes(13).toString('hex');
    for (const activation_code of ['short', unknown, '014FCA0A000071'])
      expect(refusal(await post(iq, { activation_code }))).toBe('400 1501');
    const token = await cardea.token('core_api.full', await cardea.addTenant('Other'));
    const body = { activation_code: codeOf('Claimed spare') };
    const claimed = await cardea.ask('POST', '/iqs', { body, token });
    const { id } = claimed.json as { id: string };
    expect(refusal(await replaceBy('Claimed spare'))).toBe('400 1501');
    expect((await cardea.ask('DELETE', `/iqs/${id}`, { token })).status).toBe(204);
  });

  it.each([
    ['it is the hub that is there', 'Upstairs hub', 'same hub'],
    ['it is of another model generation', 'Older spare', 'model generation'],
    ['it holds less than the tree', 'Small spare', 'less than the tree'],
    ['it is of another vendor', 'Foreign spare', 'another vendor'],
  ])('when %s', async (_, name, reason) => {
    const answer = await replaceBy(name);
    expect([refusal(answer), answer.text]).toEqual([
      '400 2206',
      expect.stringContaining(reason) as string,
    ]);
  });

  it('when the hub is registered in the tenant', async () => {
    const body = { activation_code: codeOf('Second spare') };
    const { id } = await create(cardea, '/iqs', body);
    expect(refusal(await replaceBy('Second spare'))).toBe('400 2206');
    await has(`/iqs/${id}`, { online: true });
    // While the hub has not wiped itself it can be claimed by nobody, and then by everybody.
    await house.simulated.hub('Second spare').pullPlug();
    expect((await cardea.ask('DELETE', `/iqs/${id}`)).status).toBe(204);
    expect(refusal(await replaceBy('Second spare'))).toBe('400 2208');
    await house.simulated.hub('Second spare').plugIn();
  });

  it('when the IQ has not been confirmed by its own hub, or is being replaced', async () => {
    for (const columns of [`state = 'initialized'`, 'replacing_since = now()']) {
      await setIq(columns);
      expect(refusal(await replaceBy('Spare'))).toBe('400 2206');
      await setIq(`state = 'active', replacing_since = null`);
    }
  });

  it('while another hub is about to take its place, whatever its own says of its table', async () => {
    const body = { activation_code: codeOf('Claimed spare') };
    const other = await until(
      async () => {
        const claimed = await cardea.ask('POST', '/iqs', { body });
        return claimed.status === 200 && (claimed.json as { id: string }).id;
      },
      { what: 'the spare hub is wiped and claimed', timeoutMs: 60_000 },
    );
    await untilSynced(cardea);
    await cardea.database.pool.query(
      `update iqs set replacing_since = now(),
              replaces = case when id = $2 then json_build_object('iq_id', $1::text) end where id in ($1, $2)`,
      [iq, other],
    );
    const { led_enabled: isLit } = await get(`/iqs/${iq}`);
    await cardea.ask('PATCH', `/iqs/${iq}`, { body: { led_enabled: isLit !== true } });
    await cardea.ask('PATCH', `/iqs/${other}`, { body: { led_enabled: isLit !== true } });
    await untilSynced(cardea);
    const answer = await replaceBy('Spare');
    expect([refusal(answer), answer.text]).toEqual([
      '400 2206',
      expect.stringContaining('running') as string,
    ]);
    // The one that takes the place holds its table now: no mark is left on it.
    expect((await cardea.ask('POST', `/iqs/${other}/restore`)).status).toBe(200);
    await cardea.ask('PATCH', `/iqs/${iq}`, { body: { led_enabled: isLit } });
    await cardea.database.pool.query(`update iqs set replacing_since = null, replaces = null`);
    await untilSynced(cardea);
    expect((await cardea.ask('DELETE', `/iqs/${other}`)).status).toBe(204);
  });

  it('when the new hub is out of reach, which leaves everything as it was', async () => {
    await house.simulated.hub('Lost spare').pullPlug();
    const before = await get(`/iqs/${iq}`);
    const links = await linksOf(iq);
    const answering = replaceBy('Lost spare');
    await until(isBeingReplaced, { what: 'the replacement has begun' });
    const second = await replaceBy('Spare');
    expect([refusal(second), second.text]).toEqual([
      '400 2206',
      expect.stringContaining('running') as string,
    ]);
    expect(refusal(await answering)).toBe('400 2208');
    expect(await get(`/iqs/${iq}`)).toEqual(before);
    expect(await linksOf(iq)).toEqual(links);
    expect(await itemsOf(cardea, '/iqs')).toHaveLength(1);
    const failed = await itemsOf(
      cardea,
      `/audit_log?$filter=action eq 'iq.replace' and object_id eq ${iq}`,
    );
    expect(failed).toMatchObject([{ outcome: 'failed' }]);
  });
});

describe('a replaced IQ', () => {
  it('lives on under a new id with everything it had, each lock attached anew; the former id is gone', async () => {
    const { keyId } = await house.admit({ tagNumber: '00004721', locks: ['Flat 1'] });
    const accessor = (await create(cardea, '/accessors')).id;
    await get(`/iqs/${iq}/pins/${accessor}`);
    const patch = { customer_reference: 'Attic', led_enabled: false, led_pattern: 'off' };
    await cardea.ask('PATCH', `/iqs/${iq}`, { body: { ...patch, otp_enabled: true } });
    await cardea.ask('PUT', `/locks/${house.lockId('Flat 1')}/offline_keys`, {
      body: { ids: [keyId] },
    });
    await untilSynced(cardea);
    const before = await get(`/iqs/${iq}`);
    const tree = await treeOf(iq);

    const answer = await replaceBy('Spare');
    expect(answer.status).toBe(200);
    const made = answer.json as Members & { id: string };
    expect(made).toMatchObject({
      ...patch,
      state: 'active',
      otp_enabled: true,
      subscribed: true,
      time_zone: before['time_zone'],
      collection_id: before['collection_id'],
      mac: house.simulated.hub('Spare').mac,
    });
    const former = iq;
    iq = made.id;
    expect(iq).not.toBe(former);
    expect(refusal(await cardea.ask('GET', `/iqs/${former}`))).toBe('404 1101');
    const placed = (items: readonly Members[]) =>
      items.map(({ id, parent_id, hardware_type }) => ({ id, parent_id, hardware_type }));
    expect(placed(await treeOf(iq))).toEqual(placed(tree));
    expect(await itemsOf(cardea, `/iqs/${iq}/pins`)).toEqual([]);
    const [record] = await itemsOf(
      cardea,
      `/audit_log?$filter=action eq 'iq.replace' and object_id eq ${iq}`,
    );
    expect(record).toMatchObject({
      action: 'iq.replace',
      client_id: cardea.tenant.clientId,
      detail: expect.stringContaining(former) as string,
    });

    await has(`/iqs/${iq}`, { online: true, data_sync_state: 'synced' });
    for (const { id } of tree) {
      const path = id === house.lockId('Stairwell repeater') ? 'repeaters' : 'locks';
      await has(`/${path}/${id}`, { iq_link_state: 'attached', online: true });
    }
    const offline = `/locks/${house.lockId('Flat 1')}/offline_keys`;
    expect(await itemsOf(cardea, offline)).toMatchObject([{ id: keyId }]);
    const opened = await house.simulated.lock('Flat 1').present(tag('00004721'));
    expect(opened).toEqual({ did: 'opened', decidedBy: 'hub' });
  });

  it('frees its former hub once that has wiped itself', async () => {
    const again = await until(
      async () => {
        const found = await cardea.ask('POST', '/iqs', {
          body: { activation_code: codeOf('Upstairs hub') },
        });
        return found.status === 200 && found;
      },
      { what: 'the former hub is wiped and free', timeoutMs: 60_000 },
    );
    const { id } = again.json as { id: string };
    await has(`/iqs/${id}`, { online: true, state: 'active' });
    expect((await cardea.ask('DELETE', `/iqs/${id}`)).status).toBe(204);
  });

  it('takes no commands and no further replacement until the new hub holds its table', async () => {
    await setIq('replacing_since = now()');
    const door = house.lockId('Flat 1');
    for (const [method, path, body] of [
      ['POST', `/iqs/${iq}/reset`, undefined],
      ['POST', `/iqs/${iq}/restore`, undefined],
      ['GET', `/iqs/${iq}/signal_strength?force_refresh=true`, undefined],
      ['PATCH', `/locks/${door}/tag_registration`, { duration_in_seconds: 60 }],
    ] as const)
      expect([path, refusal(await cardea.ask(method, path, { body }))]).toEqual([path, '403 3103']);
    expect(refusal(await replaceBy('Second spare'))).toBe('400 2206');
    expect(refusal(await cardea.ask('DELETE', `/iqs/${iq}`))).toBe('400 2209');
    // What the hub says of its table ends it at once, the minute at the latest.
    await cardea.ask('PATCH', `/iqs/${iq}`, { body: { led_enabled: true } });
    await until(async () => (await cardea.ask('POST', `/iqs/${iq}/restore`)).status === 200, {
      what: 'the hub holds its table',
    });
    await setIq(`replacing_since = now() - interval '61 seconds'`);
    expect((await cardea.ask('POST', `/iqs/${iq}/restore`)).status).toBe(200);
  });

  it('is in installation where the call says so', async () => {
    // It was registered above, and is free once it has wiped itself.
    const answer = await until(
      async () => {
        const given = await replaceBy('Second spare', { is_installation: true });
        return refusal(given) !== '400 2208' && given;
      },
      { what: 'the second spare is free' },
    );
    expect(answer.json).toMatchObject({ state: 'installation' });
    iq = (answer.json as { id: string }).id;
  });
});
