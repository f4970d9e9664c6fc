import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  partOf,
  readBuilding,
  spareLock,
  startTestBuilding,
  tag,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, itemsOf, refusal } from '#test/kit/core';
import { until } from '#test/kit/wait';

let cardea: TestServer;
let house: TestBuilding;
let iq: string;

beforeAll(async () => {
  cardea = await startTestServer();
  const building = partOf(await readBuilding('harbour'), { hubs: ['Ground floor hub'] });
  const plain = building.locks.find(({ name }) => name === 'Front door');
  const like = (name: string, more: object) => spareLock(plain, { name, ...more });
  const usual = { lock_type: 'escutcheon', communication_type: 'blue_net' };
  house = await startTestBuilding(cardea, {
    building,
    spares: {
      hubs: [],
      locks: [
        like('Spare', {}),
        like('Second spare', usual),
        like('Small spare', { ...usual, communication_type: 'rf_net' }),
        like('Foreign spare', { ...usual, vendor: 'other' }),
        like('Keypad spare', { ...usual, lock_type: 'escutcheon_pin' }),
      ],
    },
  });
  iq = house.iqId('Ground floor hub');
}, 120_000);
afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

type Members = Readonly<Record<string, unknown>>;
const get = async (path: string) => (await cardea.ask('GET', path)).json as Members;
const codeOf = (name: string) => house.simulated.lock(name).mac;
const replace = (id: string, body: object) => cardea.ask('PATCH', `/locks/${id}/replace`, { body });
const inBox = () => ({ activation_code: randomBytes(7).toString('hex') });
const has = (id: string, members: Members) =>
  until(
    async () => {
      const shown = await get(`/locks/${id}`);
      return Object.entries(members).every(([name, value]) => shown[name] === value);
    },
    { what: `the lock shows ${JSON.stringify(members)}`, timeoutMs: 60_000 },
  );
const setIq = (columns: string) =>
  cardea.database.pool.query(`update iqs set ${columns} where id = $1`, [iq]);

describe('other hardware in the place of a lock', () => {
  it('opens for the same people after its card, under the same id; the former opens for nobody', async () => {
    const door = house.lockId('Front door');
    const former = house.simulated.lock('Front door');
    await house.admit({ tagNumber: '00004711', locks: ['Front door'] });
    const before = await get(`/locks/${door}`);
    const answer = await replace(door, { activation_code: codeOf('Spare') });
    expect([answer.status, answer.headers.get('clp-warning')]).toEqual([200, null]);
    expect(answer.json).toEqual({
      ...before,
      mac: codeOf('Spare'),
      iq_link_state: 'attached_pending',
      locked_state: 'none',
      battery_level: 'unknown',
      online: false,
      signal_strength: null,
      signal_strength_last_update: null,
    });
    await has(door, { iq_link_state: 'attached', online: true, locked_state: 'locked' });
    await untilSynced(cardea);
    const opened = await house.simulated.lock('Spare').present(tag('00004711'));
    expect(opened).toEqual({ did: 'opened', decidedBy: 'hub' });
    await until(() => former.attachment === null, { what: 'the former hardware is let go' });
    expect((await former.present(tag('00004711'))).did).toBe('refused');
    const remote = await cardea.ask('PATCH', `/locks/${door}/locking`, {
      body: { locked_state: 'unlocked' },
    });
    expect(remote.status).toBe(200);
  });

  it('leaves the code of the former hardware in use until somebody has reset it', async () => {
    const [record] = await itemsOf(
      cardea,
      `/audit_log?$filter=action eq 'lock.replace' and object_id eq ${house.lockId('Front door')}`,
    );
    expect(record).toMatchObject({
      outcome: 'ok',
      detail: expect.stringContaining('reset') as string,
    });
    const post = (kind: string) =>
      cardea.ask('POST', `/${kind}`, { body: { activation_code: codeOf('Front door') } });
    for (const kind of ['locks', 'repeaters']) expect(refusal(await post(kind))).toBe('400 1501');
    await house.simulated.lock('Front door').resetByHand();
    const again = await until(
      async () => {
        const answer = await post('locks');
        return answer.status === 200 && answer;
      },
      { what: 'the code is free' },
    );
    expect(again.json).toMatchObject({ iq_link_state: 'detached' });
    const freed = await itemsOf(cardea, `/audit_log?$filter=action eq 'hardware.reset'`);
    expect(freed).toHaveLength(1);
  });

  it('keeps schedules and offline keys, and warns when the keypad is gone', async () => {
    const office = house.lockId('Office');
    const { keyId } = await house.admit({ tagNumber: '00004712', locks: ['Office'] });
    const eom = { start_time: '08:00', end_time: '09:00', monday: true };
    const path = `/locks/${office}`;
    await cardea.ask('PUT', `${path}/easy_office_mode_schedule`, { body: eom });
    await cardea.ask('PUT', `${path}/offline_keys`, { body: { ids: [keyId] } });
    expect((await replace(office, { activation_code: codeOf('Keypad spare') })).status).toBe(200);
    await has(office, { iq_link_state: 'attached', lock_type: 'escutcheon_pin' });
    const answer = await replace(office, { activation_code: codeOf('Second spare') });
    expect(answer.headers.get('clp-warning')).toBe('keypad_lost');
    expect(answer.json).toMatchObject({
      customer_reference: 'Office',
      easy_office_mode_schedule: { start_time: '08:00:00' },
    });
    expect(await itemsOf(cardea, `${path}/offline_keys`)).toMatchObject([{ id: keyId }]);
    await has(office, { iq_link_state: 'attached', online: true });
    await until(() => house.simulated.lock('Second spare').offlineKeys === 1, {
      what: 'the new hardware holds the offline key',
    });
  });

  it('can be changed again before its card was shown, and while it is being detached', async () => {
    const storage = house.lockId('Storage');
    const first = inBox();
    expect((await replace(storage, first)).json).toMatchObject({
      iq_link_state: 'attached_pending',
      lock_type: 'unknown',
    });
    expect((await replace(storage, inBox())).status).toBe(200);
    await setLink(storage, 'detached_pending');
    expect((await replace(storage, inBox())).json).toMatchObject({
      iq_link_state: 'attached_pending',
    });
    expect(refusal(await replace(storage, first))).toBe('400 1501');
  });
});

const setLink = (id: string, link: string) =>
  cardea.database.pool.query('update locks set iq_link_state = $2 where id = $1', [id, link]);

describe('a replacement is refused', () => {
  const door = () => house.lockId('Front door');

  it('without a code, with a bad one, or one in use', async () => {
    expect(refusal(await replace(randomUUID(), {}))).toBe('404 1101');
    expect(refusal(await replace(door(), {}))).toBe('400 1100');
    expect(refusal(await replace(door(), { ...inBox(), accessor_id: randomUUID() }))).toBe(
      '400 1101',
    );
    for (const activation_code of ['12345', codeOf('Spare'), codeOf('Office')])
      expect(refusal(await replace(door(), { activation_code }))).toBe('400 1501');
  });

  it('for a lock that is detached', async () => {
    const box = await create(cardea, '/locks', inBox());
    expect(refusal(await replace(box.id, inBox()))).toBe('403 2203');
  });

  it('for hardware of another vendor', async () => {
    const activation_code = codeOf('Foreign spare');
    expect(refusal(await replace(door(), { activation_code }))).toBe('403 2203');
  });

  it('for hardware that holds fewer offline keys, or does not say how many, and changes nothing', async () => {
    const { accessorId, keyId } = await house.admit({
      tagNumber: '00004713',
      locks: ['Front door'],
    });
    const { tenantId } = cardea.tenant;
    const { rows } = await cardea.database.pool.query<{ id: string }>(
      `insert into keys (tenant_id, id, accessor_id, key_type, credential_id, created_at)
       select $1, gen_random_uuid(), $2, 'mkey', gen_random_uuid(), now() from generate_series(1, 39) returning id`,
      [tenantId, accessorId],
    );
    const ids = [keyId, ...rows.map(({ id }) => id)];
    const put = await cardea.ask('PUT', `/locks/${door()}/offline_keys`, { body: { ids } });
    expect(put.status).toBe(204);
    const before = await get(`/locks/${door()}`);
    const small = { activation_code: codeOf('Small spare') };
    expect(refusal(await replace(door(), small))).toBe('403 2203');
    expect(refusal(await replace(door(), inBox()))).toBe('403 2203');
    expect(await get(`/locks/${door()}`)).toEqual(before);
    const fewer = { remove_ids: [keyId] };
    await cardea.ask('PATCH', `/locks/${door()}/offline_keys`, { body: fewer });
    expect((await replace(door(), small)).json).toMatchObject({ communication_type: 'rf_net' });
    await has(door(), { iq_link_state: 'attached', online: true });
  });

  it('without the code of an accessor where the IQ asks for one', async () => {
    await setIq('otp_enabled = true');
    const accessor = (await create(cardea, '/accessors')).id;
    const body = { ...inBox(), accessor_id: accessor };
    expect(refusal(await replace(door(), inBox()))).toBe('400 1100');
    expect(refusal(await replace(door(), body))).toBe('404 2202');
    expect((await replace(door(), { ...body, otp: '00000' })).text).toContain('pin_not_changed');
    const { secret } = await get(`/iqs/${iq}/secret?accessor_id=${accessor}`);
    const { pin } = await get(`/iqs/${iq}/pins/${accessor}`);
    const at = new Date().toISOString().replaceAll(/[-:TZ]|\..*/g, '');
    const otp = createHash('md5')
      .update(`${at}${String(secret)}${String(pin)}`)
      .digest('hex')
      .slice(0, 5);
    await cardea.ask('PUT', `/iqs/${iq}/pins`, { body: { accessor_id: accessor, otp } });
    expect((await replace(door(), { ...body, otp: 'zzzzz' })).text).toContain('otp_invalid');
    expect((await replace(door(), { ...body, otp })).status).toBe(200);
    await setIq('otp_enabled = false');
  });

  it('while the IQ is out of reach, not claimed or being replaced itself', async () => {
    // A hub that proves to hold its table ends its replacement: what the doors above changed must have arrived before.
    await untilSynced(cardea);
    await setIq(`replacing_since = now()`);
    expect(refusal(await replace(door(), inBox()))).toBe('403 3103');
    await setIq(`replacing_since = now() - interval '61 seconds', state = 'initialized'`);
    expect(refusal(await replace(door(), inBox()))).toBe('404 3104');
    await setIq(`replacing_since = null, state = 'active', online = false`);
    expect(refusal(await replace(door(), inBox()))).toBe('400 3105');
    await setIq('online = true');
  });
});

describe('a lock detached by force', () => {
  it('keeps its code from being registered again until it was reset by hand', async () => {
    const meeting = house.lockId('Meeting room');
    const mac = codeOf('Meeting room');
    await cardea.ask('PATCH', `/locks/${meeting}/detach`, { body: { force: true } });
    expect((await cardea.ask('DELETE', `/locks/${meeting}?force=true`)).status).toBe(204);
    const post = () => cardea.ask('POST', '/locks', { body: { activation_code: mac } });
    expect(refusal(await post())).toBe('400 1501');
    await untilSynced(cardea);
    await house.simulated.lock('Meeting room').resetByHand();
    await until(async () => (await post()).status === 200, { what: 'the code is free' });
  });
});
