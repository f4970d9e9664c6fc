import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  partOf,
  readBuilding,
  readObject,
  startTestBuilding,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { create, itemsOf, refusal } from '#test/kit/core';
import { until } from '#test/kit/wait';

/** Doors whose hub asks for one-time codes, and phones that make them (behaviour.md 6). */
const hubName = 'Ground floor hub';
let cardea: TestServer;
let house: TestBuilding;
let iq: string;
let door: string;

beforeAll(async () => {
  cardea = await startTestServer();
  const building = partOf(await readBuilding('harbour'), {
    hubs: [hubName],
    locks: ['Front door'],
  });
  house = await startTestBuilding(cardea, { building });
  iq = house.iqId(hubName);
  door = house.lockId('Front door');
  await cardea.ask('PATCH', `/iqs/${iq}`, { body: { otp_enabled: true } });
  await untilSynced(cardea);
}, 120_000);
afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

type Phone = { readonly accessor: string; readonly secret: string; readonly pin: string };

function codeOf({ secret, pin }: Omit<Phone, 'accessor'>, at = Date.now()): string {
  const stamp = new Date(at).toISOString().slice(0, 19).replaceAll(/[-T:]/g, '');
  return createHash('md5')
    .update(stamp + secret + pin)
    .digest('hex')
    .slice(0, 5);
}

/** A code of one phone that another does not show within five minutes: one in 2,000 is among the hundreds of its neighbours. */
function codeOfOne(one: Phone, other: Phone): Promise<string> {
  const now = Date.now();
  const seconds = Array.from({ length: 600 }, (_, index) => now + (index - 300) * 1_000);
  const others = new Set(seconds.map((at) => codeOf(other, at)));
  return until(
    () => {
      const code = codeOf(one);
      return !others.has(code) && code;
    },
    { what: 'the phones show different codes' },
  );
}

async function handOut(accessor: string): Promise<Phone> {
  const { secret } = await readObject(cardea, `/iqs/${iq}/secret?accessor_id=${accessor}`);
  const { pin } = await readObject(cardea, `/iqs/${iq}/pins/${accessor}`);
  return { accessor, secret: String(secret), pin: String(pin) };
}

function change(phone: Phone, delta?: string): Promise<Answer> {
  const body = { accessor_id: phone.accessor, otp: codeOf(phone), ...(delta && { delta }) };
  return cardea.ask('PUT', `/iqs/${iq}/pins`, { body });
}

async function activate(): Promise<Phone> {
  const { id } = await create(cardea, '/accessors', { remote_access: true });
  const phone = await handOut(id);
  expect((await change(phone)).status).toBe(204);
  return phone;
}

function open(phone: Phone, otp: string | undefined = codeOf(phone)): Promise<Answer> {
  const body = { locked_state: 'unlocked', accessor_id: phone.accessor, otp };
  return cardea.ask('PATCH', `/locks/${door}/locking`, { body });
}

describe('a door whose hub asks for one-time codes', () => {
  it('opens for whoever has activated, by a code of the phone, and for nobody before', async () => {
    const { id } = await create(cardea, '/accessors', { remote_access: true });
    const phone = await handOut(id);
    expect((await open(phone)).text).toContain('pin_not_changed');
    expect((await change(phone)).status).toBe(204);
    expect((await open(phone)).status).toBe(200);
    expect((await open(phone, '-----')).text).toContain('otp_invalid');
  });

  it('opens by the PIN that was chosen, and no more by the one before', async () => {
    const phone = await activate();
    expect((await change(phone, '1111')).status).toBe(204);
    const digits = Array.from(phone.pin, (digit) => (Number(digit) + 9) % 10);
    const chosen = { ...phone, pin: digits.join('') };
    const former = await codeOfOne(phone, chosen);
    expect((await open(phone, former)).text).toContain('otp_invalid');
    expect((await open(chosen)).status).toBe(200);
  });

  it('opens by a second phone, which gets the secret by a code of the first', async () => {
    const first = await activate();
    const path = `/iqs/${iq}/secret?accessor_id=${first.accessor}`;
    expect(refusal(await cardea.ask('GET', path))).toBe('403 2203');
    const { secret } = await readObject(cardea, `${path}&otp=${codeOf(first)}`);
    expect((await open({ ...first, secret: String(secret) })).status).toBe(200);
  });

  it('costs who lost the PIN a new activation, and nobody else', async () => {
    const [lost, other] = [await activate(), await activate()];
    const rows = await itemsOf(cardea, `/iqs/${iq}/pins?$top=1000`);
    const row = rows.find(({ accessor }) => (accessor as { id: string }).id === lost.accessor);
    const reset = await cardea.ask('DELETE', `/iqs/${iq}/pins/${row?.id}`, {
      body: { accessor_id: other.accessor, otp: codeOf(other) },
    });
    expect([reset.status, reset.text]).toEqual([204, '']);
    expect((await open(lost)).text).toContain('pin_not_changed');
    expect((await open(other)).status).toBe(200);
    const again = await handOut(lost.accessor);
    expect((await change(again)).status).toBe(204);
    expect((await open(again)).status).toBe(200);
  });

  it('lets a tree be changed with a code only', async () => {
    const phone = await activate();
    const tree = { iq_tree_items: [{ id: door, parent_id: null, hardware_type: 'lock' }] };
    const put = (otp: object) =>
      cardea.ask('PUT', `/iqs/${iq}/tree`, { body: { ...tree, ...otp } });
    expect(refusal(await put({ accessor_id: phone.accessor }))).toBe('404 2202');
    expect((await put({ accessor_id: phone.accessor, otp: codeOf(phone) })).status).toBe(204);
  });
});
