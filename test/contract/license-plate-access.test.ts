import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMovableClock } from '#simulator/clock';
import {
  partOf,
  readBuilding,
  startTestBuilding,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, createOpenGroup, itemsOf, refusal } from '#test/kit/core';
import { until } from '#test/kit/wait';

/** A Monday at noon in Amsterdam. */
const clock = createMovableClock({ start: new Date('2026-06-01T10:00:00Z') });
let cardea: TestServer;
let house: TestBuilding;
let gate: string;
let iq: string;
let plates: string;

beforeAll(async () => {
  cardea = await startTestServer({ clock });
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Front door', 'Meeting room'],
  });
  house = await startTestBuilding(cardea, { building, clock, timeZone: 'Europe/Amsterdam' });
  gate = house.lockId('Front door');
  iq = house.iqId('Ground floor hub');
  plates = await cardea.token('core_api.license_plate');
  await cardea.ask('PATCH', `/locks/${gate}`, { body: { license_plate_camera: true } });
}, 120_000);
afterAll(async () => {
  await house.stop();
  await cardea.stop();
});
beforeEach(async () => {
  house.simulated.hub('Ground floor hub').setLink('up');
  await until(async () => (await lock())['online'] === true, { what: 'the gate is online' });
});

const lock = async (id = gate) =>
  (await cardea.ask('GET', `/locks/${id}`)).json as Record<string, unknown>;
const pathOf = (id = gate, collection = house.collectionId) =>
  `/collections/${collection}/locks/${id}/access/license_plates`;
const header = (id = house.collectionId) => ({ 'CLP-Collection-Id': id });
const see = (plate: string, path = pathOf()) =>
  cardea.ask('POST', `${path}/${encodeURIComponent(plate)}`, { token: plates, headers: header() });
const listed = async () =>
  (await cardea.ask('GET', pathOf(), { token: plates, headers: header() })).json;

async function driver(
  plate: string,
  options: {
    readonly flags?: object;
    readonly schedule?: object | null;
    readonly lock?: string;
  } = {},
): Promise<{ accessor: string; plateId: string; group: string }> {
  const { lock: at = gate } = options;
  const { id: accessor } = await create(cardea, '/accessors', {
    collection_id: house.collectionId,
    ...options.flags,
  });
  const answer = await cardea.ask('POST', `/accessors/${accessor}/license_plates`, {
    body: { license_plate: plate },
    token: plates,
  });
  const plateId = (answer.json as { id: string }).id;
  if (options.schedule === undefined) {
    const group = await createOpenGroup(cardea, { accessors: [accessor], locks: [at] });
    return { accessor, plateId, group };
  }
  const { id: group } = await create(cardea, '/access_groups');
  if (options.schedule !== null)
    await create(cardea, `/access_groups/${group}/time_schedules`, options.schedule);
  for (const [relation, ids] of Object.entries({ accessors: [accessor], locks: [at] }))
    await cardea.ask('PATCH', `/access_groups/${group}/${relation}`, { body: { add_ids: ids } });
  return { accessor, plateId, group };
}

async function entriesOf(plate: string, count = 1) {
  const filter = encodeURIComponent(`access_detail eq '${plate}'`);
  return until(
    async () => {
      const found = await itemsOf(cardea, `/entries?$filter=${filter}`);
      return found.length >= count && found;
    },
    { what: `the entries of ${plate}` },
  );
}

describe('the form of the call', () => {
  it('is an empty 403 without the header, and with that of another collection', async () => {
    for (const headers of [{}, header(randomUUID()), header('')])
      for (const [method, path] of [
        ['GET', pathOf()],
        ['POST', `${pathOf()}/AB1`],
        ['POST', `/collections/${house.collectionId}/locks/no-uuid/access/license_plates/AB1`],
      ] as const) {
        const answer = await cardea.ask(method, path, { token: plates, headers });
        expect([method, answer.status, answer.text]).toEqual([method, 403, '']);
      }
  });

  it('takes the header in any letter case, and asks for the scope before it', async () => {
    const headers = header(house.collectionId.toUpperCase());
    expect((await cardea.ask('GET', pathOf(), { token: plates, headers })).status).toBe(200);
    const answer = await cardea.ask('GET', pathOf(), { headers: header(randomUUID()) });
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
      403,
      'Bearer error="insufficient_scope"',
    ]);
  });

  it('tells what is wrong in the order of the contract', async () => {
    const other = house.lockId('Meeting room');
    const foreign = await create(cardea, '/collections');
    const inForeign = await cardea.ask('POST', `${pathOf(gate, foreign.id)}/AB1`, {
      token: plates,
      headers: header(foreign.id),
    });
    expect(refusal(inForeign)).toBe('404 1101');
    expect(refusal(await see('AB1', pathOf(randomUUID())))).toBe('404 1101');
    expect(refusal(await see('AB1', pathOf(other)))).toBe('400 1101');
    const withoutCamera = await cardea.ask('GET', pathOf(other), {
      token: plates,
      headers: header(),
    });
    expect(refusal(withoutCamera)).toBe('400 1101');
    expect(refusal(await see('--'))).toBe('400 1101');
    const loose = await create(cardea, '/locks', {
      activation_code: '014FCA0A00009902',
      collection_id: house.collectionId,
      license_plate_camera: true,
    });
    const detached = await see('AB1', pathOf(loose.id));
    expect([refusal(detached), detached.text]).toEqual([
      '400 3102',
      expect.stringContaining('not_attached'),
    ]);
    const listOfDetached = await cardea.ask('GET', pathOf(loose.id), {
      token: plates,
      headers: header(),
    });
    expect([listOfDetached.status, listOfDetached.json]).toEqual([200, []]);
  });
});

describe('a plate at the gate', () => {
  it('opens for its holder, however it is written, and the hub logs it', async () => {
    const { accessor } = await driver('ab-12.cd');
    const answer = await see('Ab 12 Cd');
    expect([answer.status, answer.json]).toEqual([200, { access_granted: true }]);
    expect(house.simulated.lock('Front door').isReleased).toBe(true);
    const [entry] = await entriesOf('AB12CD');
    expect(entry).toMatchObject({
      event_category: 'lock_opened',
      event_detail: null,
      access_by: 'license_plate',
      access_detail: 'AB12CD',
      accessor_id: accessor,
      lock_id: gate,
      exit_requested: false,
      reject_reason: null,
    });
  });

  it.each([
    ['nobody knows', 'NOBODY', null, 'no_access', 'unknown_credential'],
    [
      'of a blocked person',
      'BLOCKED1',
      { flags: { blocked: true } },
      'blocked',
      'accessor_blocked',
    ],
    ['of a group without schedule', 'NOTIME1', { schedule: null }, 'no_access', 'no_schedule'],
    [
      'out of schedule',
      'SUNDAY1',
      { schedule: { sunday: true } },
      'out_of_schedule',
      'outside_schedule',
    ],
  ] as const)('is refused when it is one %s', async (_what, plate, options, detail, reason) => {
    const holder = options === null ? null : (await driver(plate, options)).accessor;
    const answer = await see(plate);
    expect([answer.status, answer.json]).toEqual([200, { access_granted: false }]);
    const [entry] = await entriesOf(plate);
    expect(entry).toMatchObject({
      event_category: 'lock_rejected',
      event_detail: detail,
      reject_reason: reason,
      access_by: 'license_plate',
      accessor_id: holder,
      iq_id: iq,
      lock_id: gate,
      local_date_time: expect.stringMatching(/^2026-06-01T12:/),
    });
  });

  it('leaves one entry a refusal, however often it is seen', async () => {
    await Promise.all([see('AGAIN'), see('AGAIN'), see('AGAIN')]);
    expect(await entriesOf('AGAIN', 3)).toHaveLength(3);
  });

  it('is decided for each accessor that has it: one granted is enough', async () => {
    await driver('SHARED1', { flags: { blocked: true } });
    const { accessor } = await driver('SHARED1');
    expect((await see('SHARED1')).json).toEqual({ access_granted: true });
    expect((await entriesOf('SHARED1'))[0]).toMatchObject({ accessor_id: accessor });
  });

  it('is refused in privacy mode, unless its holder may pass', async () => {
    // The door with a knob for it.
    const room = house.lockId('Meeting room');
    const knob = house.simulated.lock('Meeting room');
    const hasCamera = (is: boolean) =>
      cardea.ask('PATCH', `/locks/${room}`, { body: { license_plate_camera: is } });
    const isPrivate = async (is: boolean) => {
      await knob.turnPrivacy(is);
      await until(async () => (await lock(room))['privacy_mode'] === is, {
        what: `privacy mode is ${is ? 'on' : 'off'}`,
      });
    };
    await driver('PRIVATE1', { lock: room });
    await driver('PRIVATE2', { lock: room, flags: { override_privacy_mode: true } });
    await hasCamera(true);
    await isPrivate(true);
    expect((await see('PRIVATE1', pathOf(room))).json).toEqual({ access_granted: false });
    expect((await see('PRIVATE2', pathOf(room))).json).toEqual({ access_granted: true });
    await isPrivate(false);
    await hasCamera(false);
  });

  it('leaves an audit record that names no plate', async () => {
    await see('SECRET1');
    const { rows } = await cardea.database.pool.query<{ outcome: string; text: string }>(
      `select outcome, audit_log::text as text from audit_log
        where action = 'lock.license_plate_access' order by number desc limit 1`,
    );
    expect(rows[0]?.outcome).toBe('refused');
    expect(rows[0]?.text).not.toContain('SECRET1');
  });
});

describe('a granted plate that cannot open', () => {
  it('tells why with the errors of an opening; a refused one is simply refused', async () => {
    await driver('MINE1');
    await cardea.ask('PATCH', `/iqs/${iq}`, { body: { subscribed: false } });
    expect(refusal(await see('MINE1'))).toBe('403 3103');
    expect((await see('YOURS1')).json).toEqual({ access_granted: false });
    await cardea.ask('PATCH', `/iqs/${iq}`, { body: { subscribed: true } });

    house.simulated.lock('Front door').jam();
    const jammed = await see('MINE1');
    expect([refusal(jammed), jammed.text]).toEqual(['500 3102', expect.stringContaining('jammed')]);
    await house.simulated.lock('Front door').unjam();
  });

  it('is 3105 when the hub is out of reach, before anything is decided', async () => {
    house.simulated.hub('Ground floor hub').setLink('cut');
    await clock.move(16_000);
    await until(async () => refusal(await see('NOBODY2')) === '400 3105', {
      what: 'the hub is missed',
    });
  });
});

describe('the plates a camera may keep', () => {
  it('are those admitted now or within 24 h, sorted, each once', async () => {
    const before = (await listed()) as string[];
    const soon = { tuesday: true, start_time: '11:00', end_time: '11:30' };
    const late = { tuesday: true, start_time: '12:30', end_time: '13:00' };
    await driver('Z-LIST');
    await driver('A-LIST');
    await driver('A-LIST');
    await driver('B-SOON', { schedule: soon });
    await driver('C-LATE', { schedule: late });
    await driver('D-NONE', { schedule: null });
    const blocked = await driver('E-BLOCKED');
    await cardea.ask('PATCH', `/accessors/${blocked.accessor}/license_plates/${blocked.plateId}`, {
      body: { blocked: true },
      token: plates,
    });
    const now = (await listed()) as string[];
    expect(now.filter((plate) => !before.includes(plate))).toEqual(['ALIST', 'BSOON', 'ZLIST']);
    expect(now).toEqual([...now].sort());
    await untilSynced(cardea);
  });

  it('are told of other tenants to nobody', async () => {
    const stranger = await cardea.addTenant('Stranger');
    const token = await cardea.token('core_api.license_plate', stranger);
    for (const [method, path] of [
      ['GET', pathOf()],
      ['POST', `${pathOf()}/ALIST`],
    ] as const)
      expect(refusal(await cardea.ask(method, path, { token, headers: header() }))).toBe(
        '404 1101',
      );
  });
});
