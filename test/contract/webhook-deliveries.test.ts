/** Deliveries that are sent again, replays of what is kept, and what is erased (streaming.md 8), on a clock that the test moves. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CollectionId } from '#contract/ids';
import { cursorOf } from '#server/domain/event-cursors';
import type { Received } from '#test/kit/receiver';
import { until } from '#test/kit/wait';
import { startWebhookHouse, type WebhookHouse, type WebhookStage } from '#test/kit/webhooks';

const hour = 3_600_000;

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

describe('a delivery that has ended', () => {
  it('is sent again with its id, before what waits behind it', async () => {
    const hook = await stage.create();
    stage.receiver.answer(() => ({ status: 410 }));
    await stage.open(stage.doors[0]);
    await stage.untilTried(hook, [1]);
    const [lost] = await stage.rowsOf(hook);
    stage.receiver.answer(() => ({ status: 204 }));
    await stage.ask('PATCH', `/${hook.id}`, { active: true });
    const again = await stage.ask('POST', `/${hook.id}/deliveries/${lost?.id ?? ''}/redeliver`);
    expect([again.status, again.text]).toEqual([202, '']);
    const [former, latter] = await stage.receiver.untilReceived(2);
    expect(latter?.raw).toBe(former?.raw);
    expect(latter?.headers).toMatchObject({
      'webhook-id': lost?.id,
      'webhook-attempt': '2',
    });
    await stage.untilTried(hook, [2]);
    await stage.ask('POST', `/${hook.id}/deliveries/${lost?.id ?? ''}/redeliver`);
    await stage.untilTried(hook, [3]);
    expect(stage.receiver.received.at(-1)?.message.data).toEqual(former?.message.data);
  });

  it('has its whole schedule again', async () => {
    const hook = await stage.create();
    stage.receiver.answer(() => ({ status: 500 }));
    await stage.open(stage.doors[0]);
    await stage.untilTried(hook, [1]);
    await house.server.database.pool.query(
      "update webhook_deliveries set state = 'failed', attempts = 13 where webhook_id = $1",
      [hook.id],
    );
    const [lost] = await stage.rowsOf(hook);
    expect(
      (await stage.ask('POST', `/${hook.id}/deliveries/${lost?.id ?? ''}/redeliver`)).status,
    ).toBe(202);
    await stage.untilTried(hook, [14]);
    const [row] = await stage.rowsOf(hook);
    expect(row?.state).toBe('waiting');
    const wait = new Date(row?.next_attempt_at ?? 0).getTime() - house.clock.now().getTime();
    expect(wait).toBeLessThanOrEqual(5_500);
  });

  it('is not sent again while it is under way', async () => {
    const hook = await stage.create();
    stage.receiver.answer(() => ({ status: 500 }));
    await stage.open(stage.doors[0]);
    await stage.untilTried(hook, [1]);
    const [row] = await stage.rowsOf(hook);
    const again = await stage.ask('POST', `/${hook.id}/deliveries/${row?.id ?? ''}/redeliver`);
    expect(again).toMatchObject({ status: 403, json: { ErrorCode: '2203' } });
    const none = await stage.ask('POST', `/${hook.id}/deliveries/${stage.place.siteId}/redeliver`);
    expect(none).toMatchObject({ status: 404, json: { Message: 'Delivery not found' } });
  });
});

describe('a replay', () => {
  it('sends kept events again in order, with new ids', async () => {
    const before = await stage.open(stage.doors[0]);
    const hook = await stage.create({ lock_ids: [stage.doors[0]] });
    const first = await stage.open(stage.doors[0]);
    await stage.open(stage.doors[1]);
    const second = await stage.open(stage.doors[0]);
    await stage.untilTried(hook, [1, 1]);
    const answer = await stage.ask('POST', `/${hook.id}/replay`, {
      from_date: '2026-11-22T08:15:30Z',
    });
    expect(answer).toMatchObject({
      status: 202,
      json: { replay_id: expect.any(String), count: 3 },
    });
    await stage.receiver.untilReceived(5);
    expect(stage.receiver.received.map(idOf)).toEqual([first, second, before, first, second]);
    expect(stage.receiver.received.map(({ message }) => message.replay)).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
    const ids = stage.receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(5);
    const [, live] = stage.receiver.received;
    const [, , , , replayed] = stage.receiver.received;
    expect(replayed?.message).toEqual({ ...live?.message, replay: true });
  });

  it('begins behind a cursor, or between dates', async () => {
    const hook = await stage.create();
    const [, second] = [await stage.open(stage.doors[0]), await stage.open(stage.doors[0])];
    await stage.untilTried(hook, [1, 1]);
    const [{ message } = { message: { cursor: null } }] = stage.receiver.received;
    const replay = (body: object) => stage.ask('POST', `/${hook.id}/replay`, body);
    const behind = await replay({ from_cursor: message.cursor });
    expect(behind).toMatchObject({ status: 202, json: { count: 1 } });
    await stage.receiver.untilReceived(3);
    expect(stage.receiver.received.at(-1) && idOf(stage.receiver.received[2] as Received)).toBe(
      second,
    );
    await until(
      async () => (await stage.rowsOf(hook)).every(({ state }) => state === 'delivered'),
      {
        what: 'the replay is over',
      },
    );
    const none = await replay({
      from_date: '2026-11-22T08:15:31Z',
      to_date: '2026-11-22T09:00:00Z',
    });
    expect(none).toMatchObject({ status: 202, json: { count: 0 } });
    const both = await replay({
      from_date: '2026-11-22T08:15:30Z',
      to_date: '2026-11-22T08:15:30Z',
    });
    expect(both).toMatchObject({ status: 202, json: { count: 2 } });
  });

  it('goes behind live events of its lock, which do not wait for its attempts', async () => {
    await stage.open(stage.doors[0]);
    const hook = await stage.create();
    stage.receiver.answer(({ message }) => ({ status: message.replay ? 500 : 204 }));
    await stage.ask('POST', `/${hook.id}/replay`, { from_date: '2026-01-01' });
    await stage.untilTried(hook, [1]);
    const live = await stage.open(stage.doors[0]);
    await stage.untilTried(hook, [1, 1]);
    expect(stage.receiver.received.map(({ message }) => message.replay)).toEqual([true, false]);
    expect(idOf(stage.receiver.received[1] as Received)).toBe(live);
    const again = await stage.ask('POST', `/${hook.id}/replay`, { from_date: '2026-01-01' });
    expect(again).toMatchObject({ status: 403, json: { ErrorCode: '2203' } });
    stage.receiver.answer(() => ({ status: 204 }));
    house.clock.advance(6_000);
    await stage.untilTried(hook, [2, 1]);
    const later = await stage.ask('POST', `/${hook.id}/replay`, { from_date: '2026-01-01' });
    expect(later).toMatchObject({ status: 202, json: { count: 2 } });
  });

  it.each([
    ['nothing', {}, '400 1100'],
    ['both beginnings', { from_cursor: 'x', from_date: '2026-01-01' }, '400 1101'],
    ['a damaged cursor', { from_cursor: 'x' }, '400 1101'],
    ['an end before the beginning', { from_date: '2026-02-01', to_date: '2026-01-01' }, '400 1101'],
    ['a date that is none', { from_date: 'soon' }, '400 1101'],
  ])('is refused with %s', async (_what, body, expected) => {
    const hook = await stage.create();
    const { status, json } = await stage.ask('POST', `/${hook.id}/replay`, body);
    expect(`${String(status)} ${(json as { ErrorCode: string }).ErrorCode}`).toBe(expected);
  });

  it('is refused with a cursor of what is no longer kept, or of another site', async () => {
    const hook = await stage.create();
    const now = house.clock.now().getTime();
    const cursor = (siteId: string, at: number) =>
      cursorOf(siteId as CollectionId, { number: 1, at: new Date(at) });
    const keptMs = 90 * 24 * hour;
    const { siteId } = stage.place;
    const asked = async (from: string) =>
      (await stage.ask('POST', `/${hook.id}/replay`, { from_cursor: from })).json;
    expect(await asked(cursor(siteId, now - keptMs + hour))).toMatchObject({ count: 0 });
    for (const wrong of [
      cursor(siteId, now - keptMs - hour),
      cursor(stage.owner.userId, now),
      cursor(siteId, now).replace(/.$/, (last) => (last === '0' ? '1' : '0')),
    ])
      expect(await asked(wrong)).toEqual({
        ErrorCode: '1101',
        Message: "Value of 'from_cursor' is invalid.",
      });
  });
});

describe('what is past its time', () => {
  it('is the former secret after 24 h', async () => {
    const hook = await stage.create();
    await stage.ask('POST', `/${hook.id}/secret`);
    await house.pass(24 * hour - 60_000);
    await stage.open(stage.doors[0]);
    await stage.untilTried(hook, [1]);
    await house.pass(60_000);
    await stage.open(stage.doors[0]);
    await stage.untilTried(hook, [1, 1]);
    const signatures = stage.receiver.received.map(
      ({ headers }) => String(headers['webhook-signature']).split(' ').length,
    );
    expect(signatures).toEqual([2, 1]);
  });

  it('is erased with its event, and what a removed webhook left', async () => {
    const hook = await stage.create();
    const gone = await stage.create();
    await stage.open(stage.doors[0]);
    await stage.untilTried(hook, [1]);
    await stage.untilTried(gone, [1]);
    await stage.ask('DELETE', `/${gone.id}`);
    await house.server.database.pool.query(
      'update collections set store_events_ttl_seconds = 60 where id = $1',
      [stage.place.siteId],
    );
    house.clock.advance(2 * hour);
    const left = async () => {
      const { rows } = await house.server.database.pool.query<{ id: string }>(
        'select id from webhooks where id = any ($1)',
        [[hook.id, gone.id]],
      );
      return rows.map(({ id }) => id);
    };
    await until(async () => (await left()).length === 1, {
      what: 'the removed one is gone',
      timeoutMs: 60_000,
    });
    await until(async () => (await stage.rowsOf(hook)).length === 0, {
      what: 'nothing is left',
      timeoutMs: 60_000,
    });
    expect([await left(), await stage.rowsOf(gone)]).toEqual([[hook.id], []]);
  });

  it('is not sent when its event has gone', async () => {
    const hook = await stage.create();
    stage.receiver.answer(() => ({ status: 500 }));
    const [first] = [await stage.open(stage.doors[0]), await stage.open(stage.doors[0])];
    await stage.untilTried(hook, [1, 0]);
    await house.server.database.pool.query(
      'delete from entries where collection_id = $1 and id <> $2',
      [stage.place.siteId, first],
    );
    stage.receiver.answer(() => ({ status: 204 }));
    house.clock.advance(6_000);
    await until(async () => (await stage.rowsOf(hook)).length === 1, {
      what: 'the second is dropped',
    });
    expect(stage.receiver.received.map(idOf)).toEqual([first, first]);
  });

  it('is what waits for a webhook of a site that another tenant has taken over', async () => {
    const { server } = house;
    const hook = await stage.create();
    stage.receiver.answer(() => ({ status: 500 }));
    await stage.open(stage.doors[0]);
    await stage.untilTried(hook, [1]);
    const given = await server.ask('POST', `/collections/${stage.place.siteId}/transfer_token`);
    const taker = await server.token('core_api.full', await server.addTenant('Other'));
    const { token: transfer } = given.json as { token: string };
    const body = { kind: 'site_transfer', transfer_token: transfer };
    const taken = await server.ask('POST', '/migrations', { body, token: taker });
    expect([taken.status, taken.text]).toEqual([200, expect.any(String)]);
    house.clock.advance(6_000);
    const isIdle = async () => {
      const { rows } = await server.database.pool.query(
        'select 1 from webhook_lanes where webhook_id = $1 and next_at is not null',
        [hook.id],
      );
      return rows.length === 0;
    };
    await until(isIdle, { what: 'nothing is due', timeoutMs: 60_000 });
    expect(stage.receiver.received.length).toBe(1);
    house.clock.advance(hour);
    await until(async () => (await stage.rowsOf(hook)).length === 0, {
      what: 'nothing is left',
      timeoutMs: 60_000,
    });
  });
});
