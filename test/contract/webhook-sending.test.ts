/** When webhooks send, in which order, and what becomes of what is not taken (streaming.md 8), on a clock that the test moves. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CollectionId } from '#contract/ids';
import { placeOfCursor } from '#server/domain/event-cursors';
import { retryDelaysMs } from '#server/domain/webhook-schedule';
import { addPerson, addSite } from '#test/kit/people';
import type { Received, ReceiverReply } from '#test/kit/receiver';
import { insertLock } from '#test/kit/rows';
import { addEventPlace, storeEntry, storeIncident } from '#test/kit/stored-events';
import { until } from '#test/kit/wait';
import {
  startWebhookHouse,
  type Hook,
  type WebhookHouse,
  type WebhookStage,
} from '#test/kit/webhooks';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

let house: WebhookHouse;
let stage: WebhookStage;
beforeAll(async () => {
  house = await startWebhookHouse(new Date('2026-11-22T08:20:00Z'));
}, 120_000);
afterAll(() => house.stop());
beforeEach(async () => {
  stage = await house.addStage();
});

const idOf = ({ message }: Received): string => (message.data as { id: string }).id;

describe('a delivery', () => {
  it('is the message of the stream, with a cursor, signed', async () => {
    const hook = await stage.create();
    const id = await stage.open(stage.doors[0]);
    const [got] = await stage.receiver.untilReceived(1);
    if (got === undefined) throw new Error('nothing');
    const { data, cursor, ...rest } = got.message;
    expect(rest).toEqual({ type: 'entry', site_id: stage.place.siteId, replay: false });
    expect(data).toEqual({
      id,
      event_category: 'lock_opened',
      event_detail: null,
      utc_date_time: '2026-11-22T08:15:30Z',
      local_date_time: '2026-11-22T09:15:30',
      lock_id: stage.doors[0],
      lock_mac_address: expect.any(String),
      lock_customer_reference: null,
      user_id: stage.owner.userId,
      user_first_name: 'Ada',
      user_last_name: 'Visser',
      user_image_url: null,
      user_alias: '',
      iq_id: stage.place.iqId,
      iq_customer_reference: 'IQ ground floor',
      iq_mac_address: expect.any(String),
      iq_revision: null,
      exit_requested: false,
      access_by: 'tag',
      access_detail: '09990001',
      reject_reason: null,
      ttl_in_seconds: 7_776_000,
      expiration_date_time: '2027-02-20T08:15:30Z',
    });
    expect(Object.keys(got.message)).toEqual(['type', 'site_id', 'cursor', 'replay', 'data']);
    expect(placeOfCursor(stage.place.siteId as CollectionId, cursor ?? '')).not.toBeNull();
    const { headers, raw } = got;
    const seconds = String(house.clock.now().getTime() / 1000);
    const key = Buffer.from(hook.secret.slice(6), 'base64');
    const text = `${String(headers['webhook-id'])}.${seconds}.${raw}`;
    expect(headers).toMatchObject({
      'webhook-timestamp': seconds,
      'webhook-signature': `v1,${createHmac('sha256', key).update(text).digest('base64')}`,
      'webhook-attempt': '1',
    });
    await stage.untilTried(hook, [1]);
    expect((await stage.rowsOf(hook)).map(({ state }) => state)).toEqual(['delivered']);
  });

  it('is made of the kinds and locks the webhook names, behind its beginning', async () => {
    await stage.open(stage.doors[0]);
    const all = await stage.create();
    const entries = await stage.create({ events: ['entry'] });
    const one = await stage.create({ lock_ids: [stage.doors[1]] });
    const off = await stage.create({ active: false });
    const [first, second] = [await stage.open(stage.doors[0]), await stage.open(stage.doors[1])];
    const incident = await storeIncident(house.server.database, {
      ...stage.place,
      category: 'iq_connection_lost',
    });
    house.other.wake(stage.place.tenantId);
    await stage.untilTried(all, [1, 1, 1]);
    await stage.untilTried(entries, [1, 1]);
    await stage.untilTried(one, [1]);
    const events = async (hook: Hook) => (await stage.rowsOf(hook)).map((row) => row.event_id);
    expect(await events(all)).toEqual([first, second, incident]);
    expect(await events(entries)).toEqual([first, second]);
    expect(await events(one)).toEqual([second]);
    expect(await events(off)).toEqual([]);
  });

  it('is not made for another site', async () => {
    const hook = await stage.create();
    const elsewhere = await addEventPlace(house.server.database, {
      tenantId: stage.place.tenantId,
      siteId: await addSite(house.server),
    });
    await storeEntry(house.server.database, elsewhere);
    await stage.open(stage.doors[0]);
    await stage.untilTried(hook, [1]);
    expect(stage.receiver.received.length).toBe(1);
  });
});

describe('the order', () => {
  it('of a lock waits for what is not taken, other locks go on', async () => {
    const hook = await stage.create();
    let isShut = true;
    stage.receiver.answer(({ message }) => ({
      status:
        isShut && (message.data as { lock_id: string }).lock_id === stage.doors[0] ? 500 : 204,
    }));
    const [a, b] = stage.doors;
    const ids = [
      await stage.open(a),
      await stage.open(b),
      await stage.open(a),
      await stage.open(b),
    ];
    await stage.untilTried(hook, [1, 1, 0, 1]);
    house.clock.advance(6_000);
    await stage.untilTried(hook, [2, 1, 0, 1]);
    isShut = false;
    house.clock.advance(34_000);
    await stage.untilTried(hook, [3, 1, 1, 1]);
    expect(
      stage.receiver.received.map(idOf).filter((id) => id !== ids[1] && id !== ids[3]),
    ).toEqual([ids[0], ids[0], ids[0], ids[2]]);
    expect((await stage.ask('GET', `/${hook.id}`)).json).toMatchObject({
      state: 'ok',
      failing_since: null,
    });
  });

  it('is one under way at a time, for a hundred events of one lock', async () => {
    const hook = await stage.create();
    const ids: string[] = [];
    for (let each = 0; each < 100; each += 1) ids.push(await stage.open(stage.doors[0]));
    await stage.receiver.untilReceived(100);
    expect(stage.receiver.received.map(idOf)).toEqual(ids);
    expect(stage.receiver.mostAtOnce).toBe(1);
    await stage.untilTried(
      hook,
      Array.from(ids, () => 1),
    );
  });
});

it('a receiver that says nothing keeps nobody else waiting', async () => {
  const { server } = house;
  const other = await house.addStage();
  const [slow, quick] = [await stage.create(), await other.create()];
  let answer: (reply: { status: number }) => void = () => undefined;
  const silence = new Promise<{ status: number }>((resolve) => (answer = resolve));
  stage.receiver.answer(() => silence);
  const { siteId } = stage.place;
  const doors = Array.from({ length: 30 }, () => insertLock(server, { collection_id: siteId }));
  for (const door of await Promise.all(doors)) await stage.open(door);
  await stage.receiver.untilReceived(8);
  await other.open(other.doors[0]);
  await other.receiver.untilReceived(1);
  expect(stage.receiver.mostAtOnce).toBeLessThan(16);
  await other.untilTried(quick, [1]);
  answer({ status: 204 });
  await until(async () => (await stage.rowsOf(slow)).every(({ attempts }) => attempts === 1), {
    what: 'all were tried',
    timeoutMs: 60_000,
  });
}, 120_000);

describe('what is not taken', () => {
  it('is tried 13 times by the published schedule with the same body, then kept as failed', async () => {
    const hook = await stage.create();
    stage.receiver.answer(() => ({ status: 500 }));
    const [first, second] = [await stage.open(stage.doors[0]), await stage.open(stage.doors[0])];
    const times: number[] = [];
    for (let attempt = 1; attempt <= 13; attempt += 1) {
      await stage.untilTried(hook, attempt < 13 ? [attempt, 0] : [13, 1]);
      times.push(house.clock.now().getTime());
      const [row] = await stage.rowsOf(hook);
      const delay = retryDelaysMs[attempt - 1];
      if (delay === undefined) break;
      const next = new Date(row?.next_attempt_at ?? 0).getTime() - house.clock.now().getTime();
      expect(Math.abs(next - delay)).toBeLessThanOrEqual(delay / 10);
      await house.pass(next - 1_000);
      expect(stage.receiver.received.length).toBe(attempt);
      house.clock.advance(1_000);
    }
    const total = (times.at(-1) ?? 0) - (times[0] ?? 0);
    expect(total / hour).toBeGreaterThan(65);
    expect(total / hour).toBeLessThan(80);
    const sent = stage.receiver.received.slice(0, 13);
    expect(sent.map(({ headers }) => headers['webhook-attempt'])).toEqual(
      sent.map((_each, index) => String(index + 1)),
    );
    expect(new Set(sent.map(({ raw }) => raw)).size).toBe(1);
    expect(new Set(sent.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(sent.map(({ headers }) => headers['webhook-signature'])).size).toBe(13);
    expect(await stage.rowsOf(hook)).toMatchObject([
      { event_id: first, state: 'failed', attempts: 13, last_status: 500 },
      { event_id: second, state: 'waiting', attempts: 1 },
    ]);
  }, 120_000);

  it('says the same when the person has another name by then', async () => {
    const hook = await stage.create();
    stage.receiver.answer(() => ({ status: 503 }));
    await stage.open(stage.doors[0]);
    await stage.untilTried(hook, [1]);
    await house.server.database.pool.query("update logins set first_name = 'Eva' where id = $1", [
      stage.owner.loginId,
    ]);
    house.clock.advance(6_000);
    const [one, two] = await stage.receiver.untilReceived(2);
    expect(two?.raw).toBe(one?.raw);
    await stage.untilTried(hook, [2]);
  });

  it.each([
    ['429', 120, 120_000],
    ['503', 7_200, hour],
  ])('after %s waits as long as was asked for, an hour at most', async (status, asked, waited) => {
    const hook = await stage.create();
    stage.receiver.answer(() => ({
      status: Number(status),
      headers: { 'retry-after': String(asked) },
    }));
    await stage.open(stage.doors[0]);
    await stage.untilTried(hook, [1]);
    const [row] = await stage.rowsOf(hook);
    expect(new Date(row?.next_attempt_at ?? 0).getTime() - house.clock.now().getTime()).toBe(
      waited,
    );
  });

  it('makes the webhook failing, until something is taken', async () => {
    const hook = await stage.create();
    stage.receiver.answer(() => ({ status: 500 }));
    const at = house.clock.now();
    await stage.open(stage.doors[0]);
    await stage.untilTried(hook, [1]);
    expect((await stage.ask('GET', `/${hook.id}`)).json).toMatchObject({
      state: 'failing',
      failing_since: `${at.toISOString().slice(0, 19)}Z`,
    });
    stage.receiver.answer(() => ({ status: 200 }));
    await stage.open(stage.doors[1]);
    await stage.untilTried(hook, [1, 1]);
    expect((await stage.ask('GET', `/${hook.id}`)).json).toMatchObject({
      state: 'ok',
      failing_since: null,
    });
  });

  it('by a receiver that is gone switches the webhook off; on again, what waits goes on', async () => {
    const hook = await stage.create();
    let tellGone: (reply: ReceiverReply) => void = () => undefined;
    const gone = new Promise<ReceiverReply>((resolve) => (tellGone = resolve));
    stage.receiver.answer(() => gone);
    const [first, second] = [await stage.open(stage.doors[0]), await stage.open(stage.doors[0])];
    // What happens after the answer is for a replay: the second has to be there before it.
    await until(async () => (await stage.rowsOf(hook)).length === 2, { what: 'both have to go' });
    tellGone({ status: 410 });
    await stage.untilTried(hook, [1, 0]);
    expect((await stage.ask('GET', `/${hook.id}`)).json).toMatchObject({
      active: false,
      state: 'disabled',
    });
    expect((await stage.rowsOf(hook)).map(({ state }) => state)).toEqual(['failed', 'waiting']);
    await house.pass(day);
    await stage.open(stage.doors[0]);
    stage.receiver.answer(() => ({ status: 204 }));
    // A token lasts an hour.
    const admin = await addPerson(house.server, {
      siteId: stage.place.siteId,
      role: 'site_admin',
    });
    expect(
      (await stage.ask('PATCH', `/${hook.id}`, { active: true }, admin.token)).json,
    ).toMatchObject({
      state: 'ok',
    });
    const last = await stage.open(stage.doors[0]);
    await stage.untilTried(hook, [1, 1, 1]);
    // What happened while it was off is for a replay.
    expect(stage.receiver.received.map(idOf)).toEqual([first, second, last]);
  });
});

describe('people', () => {
  async function told(): Promise<readonly string[]> {
    const { rows } = await house.server.database.pool.query<{ word: string; user_id: string }>(
      "select word, user_id from messages where collection_id = $1 and kind = 'notice' order by created_at, word",
      [stage.place.siteId],
    );
    return rows.map(({ word, user_id: userId }) => {
      if (userId === stage.owner.userId) return `${word} owner`;
      return `${word} creator`;
    });
  }

  it('are told after an hour of failing, and once in a series of lost deliveries', async () => {
    const admin = await addPerson(house.server, { siteId: stage.place.siteId, role: 'site_admin' });
    const made = await house.server.ask('POST', `//ext/v1/sites/${stage.place.siteId}/webhooks`, {
      token: admin.token,
      body: { url: stage.receiver.url, events: ['entry'] },
    });
    const hook = made.json as Hook;
    stage.receiver.answer(() => ({ status: 500 }));
    await stage.open(stage.doors[0]);
    await stage.untilTried(hook, [1]);
    house.clock.advance(59 * minute);
    await stage.untilTried(hook, [2]);
    expect(await told()).toEqual([]);
    house.clock.advance(2 * minute);
    await until(async () => (await told()).length === 2, { what: 'both are told' });
    expect((await told()).toSorted()).toEqual(['webhook_failing creator', 'webhook_failing owner']);
    // The rest of the schedule is over at once, for two locks.
    await stage.open(stage.doors[1]);
    await until(async () => (await stage.rowsOf(hook))[1]?.attempts === 1, {
      what: 'both have failed',
    });
    await stage.untilTried(
      hook,
      (await stage.rowsOf(hook)).map((row) => row.attempts),
    );
    await house.server.database.pool.query(
      'update webhook_deliveries set attempts = 12, next_attempt_at = $2 where webhook_id = $1',
      [hook.id, house.clock.now()],
    );
    await house.server.database.pool.query(
      'update webhook_lanes set next_at = $2 where webhook_id = $1',
      [hook.id, house.clock.now()],
    );
    house.clock.advance(2_000);
    await until(async () => (await stage.rowsOf(hook)).every(({ state }) => state === 'failed'), {
      what: 'both are lost',
    });
    expect((await told()).filter((word) => word.startsWith('webhook_failed')).toSorted()).toEqual([
      'webhook_failed creator',
      'webhook_failed owner',
    ]);
  });

  it('are told when a receiver is gone', async () => {
    const hook = await stage.create();
    stage.receiver.answer(() => ({ status: 410 }));
    await stage.open(stage.doors[0]);
    await stage.untilTried(hook, [1]);
    expect(await told()).toEqual(['webhook_disabled owner']);
  });
});
