import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedBuilding } from '#simulator/building';
import {
  connectBuilding,
  partOf,
  readBuilding,
  spareHub,
  untilCalledHome,
} from '#test/kit/building';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { create, createOpenGroup, refusal } from '#test/kit/core';
import { activatedPhone, type OtpPhone } from '#test/kit/otp-phone';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { insertIq } from '#test/kit/rows';
import { until } from '#test/kit/wait';

/** IQs of a site by their people alone: registered, laid with locks, replaced, restored (connect-api.md 3.5, 4.7). */
let cardea: TestServer;
let house: SimulatedBuilding;
let siteId: string;
let owner: TestPerson;
let superUser: TestPerson;
let user: TestPerson;
let iq: string;
let door: string;
let repeater: string;
let phone: OtpPhone;

type Members = Readonly<Record<string, unknown>> & { readonly id: string };

const codeOf = (name: string) => house.hub(name).code;

function ask(method: string, path: string, body?: object, by = owner): Promise<Answer> {
  const url = path.startsWith('/v1.1') ? `/${path}` : `//v1.2/sites/${siteId}${path}`;
  return cardea.ask(method, url, { token: by.token, ...(body === undefined ? {} : { body }) });
}

async function get(path: string, by = owner): Promise<Members> {
  const answer = await ask('GET', path, undefined, by);
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer.json as Members;
}

async function listed(path: string, by = owner): Promise<readonly Members[]> {
  return (await get(path, by))['items'] as Members[];
}

async function made(path: string, body: object): Promise<Members> {
  const answer = await ask('POST', path, body);
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer.json as Members;
}

const untilShown = (path: string, members: object) =>
  until(
    async () => {
      const shown = await get(path);
      return Object.entries(members).every(([name, value]) => shown[name] === value);
    },
    { what: `${path} shows ${JSON.stringify(members)}`, timeoutMs: 60_000 },
  );

function putTree(items: readonly object[], otp: object = { otp: phone.code() }): Promise<Answer> {
  return ask('PUT', `/iqs/${iq}/tree`, { ...otp, iq_tree_items: items });
}

beforeAll(async () => {
  cardea = await startTestServer();
  siteId = await addSite(cardea);
  owner = await addPerson(cardea, { siteId, role: 'owner' });
  superUser = await addPerson(cardea, { siteId, role: 'site_super_user' });
  user = await addPerson(cardea, { siteId, role: 'site_user' });
  const harbour = await readBuilding('harbour');
  const building = partOf(harbour, { hubs: ['Upstairs hub'] });
  const [like] = building.hubs;
  const hubs = [
    ...building.hubs,
    spareHub(like, { name: 'Spare' }),
    spareHub(like, { name: 'Older spare', model: 'IQ-1' }),
  ];
  house = await connectBuilding(cardea, { building: { ...building, hubs } });
  for (const { code } of hubs) await untilCalledHome(cardea, code);
  iq = (
    await made('/iqs', {
      customer_reference: 'Upstairs',
      time_zone: 'Europe/Amsterdam',
      activation_code: codeOf('Upstairs hub'),
    })
  ).id;
  await untilShown(`/iqs/${iq}`, { online: true, state: 'active' });
  await until(async () => (await get(`/iqs/${iq}`))['signal_strength'] !== null, {
    what: 'the hub has told how well it hears',
  });
  phone = await activatedPhone(cardea, { siteId, iqId: iq, person: owner });
  const flat = building.locks.find(({ name }) => name === 'Flat 1');
  const [stairs] = building.repeaters;
  const lock = { activation_code: flat?.code, collection_id: siteId };
  door = (await create(cardea, '/locks', lock)).id;
  repeater = (
    await made('/repeaters', { customer_reference: 'Stairs', activation_code: stairs?.code })
  ).id;
}, 120_000);
afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

describe('an IQ', () => {
  it('is registered with codes asked for, and shows every member of its version', async () => {
    const shown = await get(`/iqs/${iq}`);
    const first = {
      id: iq,
      customer_reference: 'Upstairs',
      time_zone: 'Europe/Amsterdam',
      mac: '03.E4.B2',
      operator: shown['operator'],
      state: 'active',
      restore_required: false,
      reset_date: null,
      online: true,
      led_enabled: true,
      data_sync_state: shown['data_sync_state'],
      signal_strength: expect.any(Number) as number,
      revision: 'C2',
    };
    expect(shown).toEqual({ ...first, otp_enabled: true });
    const earlier = await cardea.ask('GET', `//v1.1/sites/${siteId}/iqs/${iq}`, {
      token: owner.token,
    });
    expect(earlier.json).toEqual({ ...first, data_sync_state: expect.any(String) as string });
  });

  it.each([
    ['no name', { customer_reference: undefined }, '400 1100'],
    ['an empty name', { customer_reference: ' ' }, '400 1101'],
    ['no zone', { time_zone: undefined }, '400 1100'],
    ['an unknown zone', { time_zone: 'Moon/Sea' }, '400 1101'],
    ['no code', { activation_code: undefined }, '400 1100'],
    ['an unknown code', {}, '400 1501'],
    ['an empty code', { activation_code: '' }, '400 1501'],
  ])('is not registered with %s', async (_what, change, expected) => {
    const activation_code = randomBytes(13).toString('hex');
    const body = { customer_reference: 'IQ', time_zone: 'Europe/Paris', activation_code };
    expect(refusal(await ask('POST', '/iqs', { ...body, ...change }))).toBe(expected);
  });

  it('is not registered before its first contact, nor beyond the plan', async () => {
    const code = randomBytes(13).toString('hex').toUpperCase();
    await cardea.database.pool.query(
      `insert into factory_hubs (hub_id, code_hash, mac)
       values ($1, encode(sha256(convert_to($2, 'UTF8')), 'hex'), '00.00.00')`,
      [randomUUID(), code],
    );
    const body = { customer_reference: 'IQ', time_zone: 'Europe/Paris', activation_code: code };
    expect(refusal(await ask('POST', '/iqs', body))).toBe('400 2208');
    await cardea.database.pool.query('update collections set iq_amount = 1 where id = $1', [
      siteId,
    ]);
    const spare = { ...body, activation_code: codeOf('Spare') };
    expect(refusal(await ask('POST', '/iqs', spare))).toBe('403 2212');
    await cardea.database.pool.query('update collections set iq_amount = null where id = $1', [
      siteId,
    ]);
  });

  it('is changed in name, zone and light, and in nothing else', async () => {
    const answer = await ask('PATCH', `/iqs/${iq}`, {
      customer_reference: 'Attic',
      time_zone: null,
      led_enabled: 'false',
      otp_enabled: false,
    });
    expect(answer.json).toMatchObject({
      customer_reference: 'Attic',
      time_zone: 'Europe/Amsterdam',
      led_enabled: false,
      otp_enabled: true,
    });
    for (const wrong of [{ time_zone: '+02:00' }, { customer_reference: '' }])
      expect(refusal(await ask('PATCH', `/iqs/${iq}`, wrong))).toBe('400 1101');
    await ask('PATCH', `/iqs/${iq}`, { customer_reference: 'Upstairs', led_enabled: true });
  });

  it('tells how well it hears', async () => {
    const path = `/iqs/${iq}/signal_strength`;
    expect(await get(path)).toEqual({ signal_strength: expect.any(Number) as number });
    expect(await get(`${path}?force_refresh=true`)).toEqual({
      signal_strength: expect.any(Number) as number,
    });
  });

  it('is listed by filter and order of its members, and by nothing that is not shown', async () => {
    const filter = (text: string) => `/iqs?$filter=${encodeURIComponent(text)}`;
    expect(await listed(filter(`mac eq '03.e4.b2' and otp_enabled eq true`))).toHaveLength(1);
    expect(await listed(filter(`state ne 'active'`))).toEqual([]);
    expect(await listed('/iqs?$orderby=signal_strength desc,customer_reference')).toHaveLength(1);
    expect(refusal(await ask('GET', filter('subscribed eq true')))).toBe('400 1102');
    const earlier = `//v1.1/sites/${siteId}${filter('otp_enabled eq true')}`;
    expect(refusal(await cardea.ask('GET', earlier, { token: owner.token }))).toBe('400 1102');
  });

  it('is Iq not found for an unknown id, and for one of another site of the same tenant', async () => {
    const other = await addSite(cardea);
    const its = await addPerson(cardea, { siteId: other, role: 'owner' });
    const answer = await cardea.ask('GET', `//v1.2/sites/${other}/iqs/${iq}`, {
      token: its.token,
    });
    expect(answer.json).toEqual({ ErrorCode: '2202', Message: 'Iq not found' });
    expect((await ask('GET', `/iqs/${randomUUID()}`)).json).toEqual(answer.json);
    expect(refusal(await ask('GET', '/iqs/1'))).toBe('400 1100');
  });

  it('is seen by an ordinary user once a group gives a lock behind it', async () => {
    expect(await listed('/iqs', superUser)).toHaveLength(1);
    expect((await get('/iqs?$count=true', user))['count']).toBe(0);
    expect(refusal(await ask('GET', `/iqs/${iq}`, undefined, user))).toBe('404 2202');
    expect((await ask('PATCH', `/iqs/${iq}`, {}, superUser)).status).toBe(403);
    const items = [{ id: door, parent_id: null, hardware_type: 'lock' }];
    expect((await putTree(items)).status).toBe(200);
    await createOpenGroup(cardea, { accessors: [user.accessorId ?? ''], locks: [door] });
    expect((await listed('/iqs', user)).map(({ id }) => id)).toEqual([iq]);
    expect((await get(`/iqs/${iq}`, user)).id).toBe(iq);
  });
});

describe('the tree of an IQ', () => {
  const items = () => [
    { id: repeater, parent_id: null, hardware_type: 'repeater' },
    { id: door, parent_id: repeater, hardware_type: 'LOCK' },
  ];

  it('is a bare array in the order in which it was put, and comes with the answer', async () => {
    const put = await putTree(items());
    expect(put.status).toBe(200);
    const tree = (await ask('GET', `/iqs/${iq}/tree`)).json as Members[];
    expect(tree.map(({ id }) => id)).toEqual([repeater, door]);
    expect(Object.keys(tree[1] ?? {}).toSorted()).toEqual([
      'battery_state',
      'communication_type',
      'customer_reference',
      'hardware_type',
      'id',
      'is_attached',
      'is_online',
      'lock_type',
      'mac',
      'parent_id',
    ]);
    expect((put.json as Members[]).map(({ id }) => id)).toEqual([repeater, door]);
    expect((await get(`/repeaters/${repeater}`))['iq']).toEqual({
      id: iq,
      customer_reference: 'Upstairs',
    });
    expect(refusal(await ask('DELETE', `/repeaters/${repeater}`))).toBe('403 2203');
  });

  it('is refused without code, with a wrong one, and with hardware of elsewhere', async () => {
    const left = await putTree(items(), {});
    expect(left.json).toEqual({
      ErrorCode: '1100',
      Message: expect.stringContaining('The otp field is required.') as string,
    });
    const wrong = await putTree(items(), { otp: '-----' });
    expect([refusal(wrong), wrong.text]).toEqual([
      '400 3102',
      expect.stringContaining('otp_invalid') as string,
    ]);
    const foreign = [...items(), { id: randomUUID(), parent_id: null, hardware_type: 'lock' }];
    expect(refusal(await putTree(foreign))).toBe('400 2204');
    const byOther = await ask('PUT', `/iqs/${iq}/tree`, { otp: '00000' }, superUser);
    expect([byOther.status, byOther.text]).toEqual([403, '']);
  });
});

describe('an IQ without codes', () => {
  it('takes a tree without one, once its hub has confirmed the claim', async () => {
    const other = await insertIq(cardea, { collection_id: siteId, online: true });
    const put = (body: object) => ask('PUT', `/iqs/${other}/tree`, body);
    const answer = await put({});
    expect([answer.status, answer.json]).toEqual([200, []]);
    expect((await put({ otp: 'ignored', iq_tree_items: [] })).status).toBe(200);
    const { pool } = cardea.database;
    await pool.query(`update iqs set state = 'initialized' where id = $1`, [other]);
    expect(refusal(await put({}))).toBe('404 3104');
    await pool.query('delete from iqs where id = $1', [other]);
  });
});

describe('a hub that changes', () => {
  it('has its content sent again, whenever that is asked', async () => {
    const answer = await ask('POST', `/iqs/${iq}/restore`);
    expect([answer.status, (answer.json as Members).id]).toEqual([200, iq]);
    await untilShown(`/iqs/${iq}`, { data_sync_state: 'synced' });
  });

  it('is replaced under a new id, by one that fits', async () => {
    const replace = (activation_code?: string) =>
      ask('POST', `/iqs/${iq}/replace`, { activation_code });
    expect(refusal(await replace())).toBe('400 1100');
    expect(refusal(await replace('short'))).toBe('400 1501');
    expect(refusal(await replace(codeOf('Older spare')))).toBe('400 2206');
    const unwiped = house.hub('Spare');
    unwiped.setLink('cut');
    await until(async () => refusal(await replace(unwiped.code)) === '400 2208', {
      what: 'a hub that is away cannot take the place',
      timeoutMs: 60_000,
    });
    unwiped.setLink('up');
    const answer = await until(
      async () => {
        const tried = await replace(unwiped.code);
        return tried.status === 200 ? tried : undefined;
      },
      { what: 'the hub takes the place', timeoutMs: 60_000 },
    );
    const { id } = answer.json as Members;
    expect(id).not.toBe(iq);
    expect(refusal(await ask('GET', `/iqs/${iq}`))).toBe('404 2202');
    expect((await ask('GET', `/iqs/${id}/tree`)).json).toHaveLength(2);
    iq = id;
  });

  it('is refused as offline at once', async () => {
    // The replacement is over when the new hub holds its table.
    await untilShown(`/iqs/${iq}`, { online: true, data_sync_state: 'synced' });
    house.hub('Spare').setLink('cut');
    await untilShown(`/iqs/${iq}`, { online: false });
    expect(refusal(await ask('POST', `/iqs/${iq}/restore`))).toBe('400 3105');
    const path = `/iqs/${iq}/signal_strength?force_refresh=true`;
    expect(refusal(await ask('GET', path))).toBe('400 3105');
  });
});
