import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  readBuilding,
  startTestBuilding,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { create, createOpenGroup, refusal } from '#test/kit/core';
import { until } from '#test/kit/wait';

let cardea: TestServer;
let house: TestBuilding;
let door: string;
let iq: string;

beforeAll(async () => {
  cardea = await startTestServer();
  house = await startTestBuilding(cardea, { building: await readBuilding('harbour') });
  door = house.lockId('Front door');
  iq = house.iqId('Ground floor hub');
}, 120_000);
afterAll(async () => {
  await house.stop();
  await cardea.stop();
});
beforeEach(async () => {
  await until(async () => (await lockOf(door))['online'] === true, { what: 'the door is online' });
});

const lockOf = async (id: string) =>
  (await cardea.ask('GET', `/locks/${id}`)).json as Readonly<Record<string, unknown>>;
const ask = (body: object, id = door) => cardea.ask('PATCH', `/locks/${id}/locking`, { body });
const open = (body: object = {}, id = door) => ask({ locked_state: 'unlocked', ...body }, id);
const words = (answer: Answer) =>
  `${refusal(answer)} ${/code: (\w+)/.exec(answer.text)?.[1] ?? ''}`.trim();
const setIq = (columns: string) =>
  cardea.database.pool.query(`update iqs set ${columns} where id = $1`, [iq]);
const person = async (flags: object = {}) =>
  (await create(cardea, '/accessors', { remote_access: true, ...flags })).id;
const entries = async (filter: string) =>
  (
    (await cardea.ask('GET', `/entries?$top=1000&$filter=${encodeURIComponent(filter)}`)).json as {
      items: Readonly<Record<string, unknown>>[];
    }
  ).items;

/** The entries of an accessor, once there is one. */
const untilEntered = (accessor: string) =>
  until(
    async () => {
      const found = await entries(`accessor_id eq ${accessor}`);
      return found.length > 0 && found;
    },
    { what: 'the entry arrives' },
  );

describe('opening once', () => {
  it('answers the lock as locked after it confirmed, and logs the accessor', async () => {
    const accessor = await person();
    const answer = await open({ accessor_id: accessor });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ id: door, locked_state: 'locked' });
    const [entry] = await untilEntered(accessor);
    expect(entry).toMatchObject({
      event_category: 'lock_opened',
      event_detail: null,
      access_by: 'remote',
      access_detail: '',
      exit_requested: false,
      reject_reason: null,
      lock_customer_reference: 'Front door',
      iq_customer_reference: 'Ground floor hub',
      iq_id: iq,
      collection_id: house.collectionId,
    });
  });

  it('works in the path of its collection, and in that of another collection is 404', async () => {
    const path = (collection: string) => `/collections/${collection}/locks/${door}/locking`;
    const body = { locked_state: 'UNLOCKED' };
    expect((await cardea.ask('PATCH', path(house.collectionId), { body })).status).toBe(200);
    const other = (await create(cardea, '/collections')).id;
    expect(refusal(await cardea.ask('PATCH', path(other), { body }))).toBe('404 1101');
  });

  it('names what is wrong with the request before anything else', async () => {
    expect(refusal(await ask({ locked_state: 'none' }, randomUUID()))).toBe('404 1101');
    expect(refusal(await ask({}))).toBe('400 1100');
    expect(refusal(await ask({ locked_state: 'none' }))).toBe('400 1101');
    expect(refusal(await ask({ locked_state: 'uncertain' }))).toBe('400 1101');
    expect(refusal(await open({ accessor_id: randomUUID() }))).toBe('400 1101');
    expect(refusal(await open({ accessor_id: 'x' }))).toBe('400 1100');
    expect(refusal(await open({ validate_access: true }))).toBe('400 1100');
  });

  it('is refused for somebody blocked, suspended or without remote access', async () => {
    expect(refusal(await open({ accessor_id: await person({ blocked: true }) }))).toBe('403 2203');
    const plain = await person({ remote_access: false });
    expect(refusal(await open({ accessor_id: plain }))).toBe('403 2203');
    const suspended = await person();
    await create(cardea, `/accessors/${suspended}/collection_settings`, {
      collection_id: house.collectionId,
      suspended: true,
    });
    expect(refusal(await open({ accessor_id: suspended }))).toBe('403 2203');
  });

  it('asks groups and schedules where the call wants it', async () => {
    const accessor = await person({ collection_id: house.collectionId });
    const body = { accessor_id: accessor, validate_access: true };
    expect(words(await open(body))).toBe('403 3102 access_denied');
    await createOpenGroup(cardea, { accessors: [accessor], locks: [door] });
    expect((await open(body)).status).toBe(200);
  });

  it('asks them where the site wants it', async () => {
    const path = `/collections/${house.collectionId}/options`;
    const accessor = await person();
    await cardea.ask('PATCH', path, { body: { remote_open_checks_schedule: true } });
    expect(words(await open({ accessor_id: accessor }))).toBe('403 3102 access_denied');
    await cardea.ask('PATCH', path, { body: { remote_open_checks_schedule: false } });
    expect((await open({ accessor_id: accessor })).status).toBe(200);
  });

  it('is refused while the IQ is not ready for door commands', async () => {
    // What a hub proves to hold ends its restore: the changes above must have arrived before.
    await untilSynced(cardea);
    for (const [columns, restored] of [
      ['subscribed = false', 'subscribed = true'],
      [`state = 'installation'`, `state = 'active'`],
      ['restore_required = true', 'restore_required = false'],
    ] as const) {
      await setIq(columns);
      expect(refusal(await open())).toBe('403 3103');
      await setIq(restored);
    }
    await setIq(`state = 'initialized'`);
    expect(refusal(await open())).toBe('404 3104');
    await setIq(`state = 'active'`);
  });

  it('is refused at a lock that is not attached, is silent or in privacy mode', async () => {
    const box = await create(cardea, '/locks', { activation_code: '99.88.77' });
    expect(words(await open({}, box.id))).toBe('400 3102 not_attached');
    const flat = house.lockId('Meeting room');
    await house.simulated.lock('Meeting room').turnPrivacy(true);
    await until(async () => (await lockOf(flat))['privacy_mode'] === true, { what: 'privacy' });
    expect(words(await open({}, flat))).toBe('403 3102 privacy_mode');
    const may = await person({ override_privacy_mode: true });
    expect((await open({ accessor_id: may }, flat)).status).toBe(200);
    await house.simulated.lock('Meeting room').turnPrivacy(false);
    await until(async () => (await lockOf(flat))['privacy_mode'] === false, { what: 'its end' });
  });

  it('tells of a bolt that is stuck, and leaves no entry of an opening', async () => {
    const lock = house.simulated.lock('Storage');
    const storage = house.lockId('Storage');
    lock.jam();
    const accessor = await person();
    expect(words(await open({ accessor_id: accessor }, storage))).toBe('500 3102 jammed');
    await lock.unjam();
    const next = await person();
    expect((await open({ accessor_id: next }, storage)).status).toBe(200);
    // Entries come in their order: when the second is here the first would be.
    await untilEntered(next);
    expect(await entries(`accessor_id eq ${accessor}`)).toEqual([]);
  });

  it('without an answer for 10 s the outcome is unknown, and the state uncertain until the next report', async () => {
    const meeting = house.lockId('Meeting room');
    const hub = house.simulated.hub('Ground floor hub');
    hub.setLink('half_open');
    expect(words(await open({}, meeting))).toBe('408 3102 timeout');
    expect(await lockOf(meeting)).toMatchObject({ locked_state: 'uncertain' });
    hub.setLink('up');
    await until(async () => (await lockOf(meeting))['locked_state'] === 'locked', {
      what: 'the lock is known again',
      timeoutMs: 60_000,
    });
  }, 120_000);

  it('is refused at once when the IQ is offline', async () => {
    await setIq('online = false, gateway_id = null');
    expect(refusal(await open())).toBe('400 3105');
    expect((await lockOf(door))['online']).toBe(false);
    await cardea.database.pool.query(
      `update iqs set online = true, gateway_id = (select id from gateways limit 1) where id = $1`,
      [iq],
    );
  });
});

describe('office mode', () => {
  it('stays open until it is ended, and repeating a state has no effect', async () => {
    const office = house.lockId('Office');
    expect((await ask({ locked_state: 'office_mode' }, office)).json).toMatchObject({
      locked_state: 'office_mode',
    });
    const before = await commandCount();
    expect((await ask({ locked_state: 'office_mode' }, office)).status).toBe(200);
    expect(await commandCount()).toBe(before);
    expect((await ask({ locked_state: 'locked' }, office)).json).toMatchObject({
      locked_state: 'locked',
    });
    await until(async () => (await lockOf(office))['locked_state'] === 'locked', {
      what: 'the office is shut',
    });
  });

  async function commandCount(): Promise<number> {
    const { rows } = await cardea.database.pool.query('select 1 from commands');
    return rows.length;
  }
});

describe('with a one-time code', () => {
  const pins = `secret and PIN`;
  type Phone = { readonly accessor: string; readonly secret: string; readonly pin: string };

  function code({ secret, pin }: Phone, offsetSeconds = 0): string {
    const at = new Date(Date.now() + offsetSeconds * 1000);
    const stamp = at.toISOString().slice(0, 19).replaceAll(/[-T:]/g, '');
    return createHash('md5')
      .update(stamp + secret + pin)
      .digest('hex')
      .slice(0, 5);
  }

  const wrong = '-----';

  /** The first of these codes that is not by chance that of another second of the window: there are few codes. */
  function notRight(made: Phone, codes: readonly string[]): string {
    const right = new Set(Array.from({ length: 260 }, (_, second) => code(made, second - 182)));
    return codes.find((one) => !right.has(one)) ?? wrong;
  }

  const codesAt = (made: Phone, ...seconds: number[]) =>
    seconds.map((second) => code(made, second));
  const change = (body: object) => cardea.ask('PUT', `/iqs/${iq}/pins`, { body });

  async function phone(): Promise<Phone> {
    const accessor = await person();
    const secret = await cardea.ask('GET', `/iqs/${iq}/secret?accessor_id=${accessor}`);
    const pin = await cardea.ask('GET', `/iqs/${iq}/pins/${accessor}`);
    return { accessor, ...(secret.json as { secret: string }), ...(pin.json as { pin: string }) };
  }

  async function active(): Promise<Phone> {
    const made = await phone();
    const answer = await change({ accessor_id: made.accessor, otp: code(made) });
    expect([answer.status, answer.text]).toEqual([204, '']);
    return made;
  }

  beforeAll(async () => {
    await cardea.ask('PATCH', `/iqs/${iq}`, { body: { otp_enabled: true } });
  });

  it(`${pins} are handed out until the activation, and not after it`, async () => {
    const made = await phone();
    expect(made.secret).toMatch(/^[A-Za-z0-9]{16}$/);
    expect(made.pin).toMatch(/^\d{4}$/);
    expect((await phone()).secret).not.toBe(made.secret);
    const path = `/iqs/${iq}/secret?accessor_id=${made.accessor}`;
    expect((await cardea.ask('GET', path)).json).toEqual({ secret: made.secret });
    expect(words(await cardea.ask('GET', `${path}&otp=${code(made)}`))).toBe(
      '400 3102 pin_not_changed',
    );
    await change({ accessor_id: made.accessor, otp: code(made) });
    const again = await cardea.ask('GET', path);
    expect(refusal(again)).toBe('403 2203');
    expect(again.text).toContain('already activated');
    expect(words(await cardea.ask('GET', `/iqs/${iq}/pins/${made.accessor}`))).toBe(
      '403 3102 command_forbidden',
    );
    expect((await cardea.ask('GET', `${path}&otp=${code(made)}`)).json).toEqual({
      secret: made.secret,
    });
    expect(refusal(await cardea.ask('GET', `/iqs/${iq}/secret`))).toBe('400 1100');
    expect(refusal(await cardea.ask('GET', `/iqs/${iq}/pins/${randomUUID()}`))).toBe('404 1101');
  });

  it('the door opens with a code of the window, in any letter case', async () => {
    const made = await active();
    const body = { accessor_id: made.accessor };
    expect((await open({ ...body, otp: code(made).toUpperCase() })).status).toBe(200);
    expect((await open({ ...body, otp: code(made, -150) })).status).toBe(200);
    expect((await open({ ...body, otp: code(made, 50) })).status).toBe(200);
    for (const outside of [codesAt(made, -200, -201, -202), codesAt(made, 80, 81, 82)])
      expect(words(await open({ ...body, otp: notRight(made, outside) }))).toBe(
        '400 3102 otp_invalid',
      );
  });

  it('what is left out is told before the state', async () => {
    const made = await active();
    expect(refusal(await open())).toBe('400 1100');
    const without = await open({ accessor_id: made.accessor });
    expect(without.json).toEqual({ ErrorCode: '2202', Message: 'Otp is invalid' });
    expect(without.status).toBe(404);
    const inactive = await phone();
    const body = { accessor_id: inactive.accessor, otp: code(inactive) };
    expect(words(await open(body))).toBe('400 3102 pin_not_changed');
  });

  it('five wrong codes block the pair of accessor and IQ, right codes included', async () => {
    const made = await active();
    const body = { accessor_id: made.accessor };
    for (let attempt = 0; attempt < 4; attempt += 1)
      expect(words(await open({ ...body, otp: wrong }))).toBe('400 3102 otp_invalid');
    expect((await open({ ...body, otp: code(made) })).status).toBe(200);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => open({ ...body, otp: wrong })),
    );
    expect(answers.map(words)).toEqual(Array.from({ length: 5 }, () => '400 3102 otp_invalid'));
    expect(words(await open({ ...body, otp: code(made) }))).toBe('403 3102 otp_blocked');
    const other = await active();
    expect((await open({ accessor_id: other.accessor, otp: code(other) })).status).toBe(200);
    const log = await cardea.ask(
      'GET',
      `/audit_log?$filter=action eq 'otp.refuse' and accessor_id eq ${made.accessor}&$count=true`,
    );
    const { count, items } = log.json as { count: number; items: { collection_id: string }[] };
    expect(count).toBe(10);
    expect(new Set(items.map(({ collection_id: id }) => id))).toEqual(
      new Set([house.collectionId]),
    );
    await untilEntered(other.accessor);
    expect(await entries(`accessor_id eq ${made.accessor}`)).toHaveLength(1);
  });

  it('where the site wants it a code opens once', async () => {
    const options = `/collections/${house.collectionId}/options`;
    // Before, or the code of the activation were one that is used up.
    const made = await active();
    await cardea.ask('PATCH', options, { body: { single_use_otp: true } });
    const body = { accessor_id: made.accessor, otp: code(made, -30) };
    const answers = await Promise.all([open(body), open(body), open(body)]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400, 400]);
    await cardea.ask('PATCH', options, { body: { single_use_otp: false } });
    expect((await open(body)).status).toBe(200);
  });

  it('a changed PIN is the old one less the delta, digit by digit', async () => {
    const made = await active();
    const answer = await change({ accessor_id: made.accessor, otp: code(made), delta: '5678' });
    expect(answer.status).toBe(204);
    const next = Array.from(made.pin, (digit, place) =>
      String((Number(digit) - Number('5678'[place]) + 10) % 10),
    ).join('');
    const body = { accessor_id: made.accessor };
    const changed = { ...made, pin: next };
    const former = notRight(changed, codesAt(made, 0, -1, -2));
    expect(words(await open({ ...body, otp: former }))).toBe('400 3102 otp_invalid');
    expect((await open({ ...body, otp: code(changed) })).status).toBe(200);
  });

  it('a change of the PIN is refused without code, with a bad delta and for the suspended', async () => {
    const made = await phone();
    const body = { accessor_id: made.accessor, otp: code(made) };
    expect(refusal(await change({ otp: 'abcde' }))).toBe('400 1100');
    expect(refusal(await change({ ...body, delta: '12' }))).toBe('400 1101');
    expect(refusal(await change({ accessor_id: made.accessor }))).toBe('404 2202');
    expect(refusal(await change({ ...body, accessor_id: randomUUID() }))).toBe('400 1101');
    expect(words(await change({ ...body, otp: wrong }))).toBe('400 3102 otp_invalid');
    await create(cardea, `/accessors/${made.accessor}/collection_settings`, {
      collection_id: house.collectionId,
      suspended: true,
    });
    expect(refusal(await change(body))).toBe('400 2208');
  });

  it('an activation can be reset by somebody active, and begins anew', async () => {
    const boss = await active();
    const lost = await active();
    const list = await cardea.ask(
      'GET',
      `/iqs/${iq}/pins?$filter=accessor/id eq ${lost.accessor} and activation_state eq 'active'`,
    );
    const [row] = (list.json as { items: { id: string }[] }).items;
    expect(row).toMatchObject({
      activation_state: 'active',
      activation_date: expect.any(String) as string,
      accessor: { id: lost.accessor, remote_access: true },
    });
    const path = `/iqs/${iq}/pins/${row?.id ?? ''}`;
    const reset = (body: object) => cardea.ask('DELETE', path, { body });
    expect(refusal(await reset({ otp: code(boss) }))).toBe('400 1100');
    const without = await reset({ accessor_id: boss.accessor });
    expect(refusal(without)).toBe('400 1100');
    expect(without.text).toContain('The otp field is required.');
    const byQuery = `${path}?accessor_id=${boss.accessor}&otp=${code(boss)}`;
    expect((await cardea.ask('DELETE', byQuery)).status).toBe(204);
    const secret = await cardea.ask('GET', `/iqs/${iq}/secret?accessor_id=${lost.accessor}`);
    expect(secret.status).toBe(200);
    expect((secret.json as { secret: string }).secret).not.toBe(lost.secret);
    expect(refusal(await cardea.ask('DELETE', `/iqs/${iq}/pins/${randomUUID()}`))).toBe('404 1101');
  });

  it('secrets and PINs lie sealed in the database', async () => {
    const made = await phone();
    const { rows } = await cardea.database.pool.query<{ secret: Buffer; pin: Buffer }>(
      'select secret_sealed as secret, pin_sealed as pin from iq_pins where accessor_id = $1',
      [made.accessor],
    );
    expect(rows[0]?.secret.includes(made.secret)).toBe(false);
    expect(rows[0]?.pin.includes(made.pin)).toBe(false);
  });
});
