import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DesiredItem } from '#contract/access-table';
import { maxFrameBytes, type Frame } from '#contract/iq-link';
import { createManualClock, type ManualClock } from '#server/runtime/clock';
import { goOnAfterRestore } from '#server/store/backups';
import { replaceDesiredItems, resendDesiredState } from '#server/store/desired-items';
import { inTransaction } from '#server/store/scope';
import { createTestDatabase, type TestDatabase } from '#test/kit/database';
import { makeIq, startGateway, type TestGateway, type TestIq } from '#test/kit/gateway';
import { freePort } from '#test/kit/ports';
import { connectStranger, type StrangerHub } from '#test/kit/stranger-hub';
import { until } from '#test/kit/wait';
import { cutIntoParts } from './desired-items.ts';

let test: TestDatabase;
let cloud: TestGateway;
let clock: ManualClock;
let iq: TestIq & { readonly credential: string };
let strangers: StrangerHub[] = [];

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(async () => {
  await test.drop();
});
beforeEach(async () => {
  clock = createManualClock(new Date());
  cloud = await startGateway({ database: test.database, port: await freePort(), clock });
  iq = await makeIq(test.database, cloud.ids);
});
afterEach(async () => {
  for (const stranger of strangers) stranger.leave();
  strangers = [];
  await cloud.stop();
});

async function welcomed(tableVersion: number, isReset = false): Promise<StrangerHub> {
  const hub = await connectStranger({
    port: cloud.port,
    caPath: cloud.caPath,
    hubId: iq.hubId,
    password: iq.credential,
  });
  strangers.push(hub);
  hub.hello({ iq_id: iq.iqId, table_version: tableVersion, restore_required: isReset });
  await hub.hears('welcome');
  return hub;
}

function replace(items: readonly DesiredItem[]): Promise<number> {
  const { tenantId, iqId } = iq;
  return inTransaction({ database: test.database, tenantId }, (scope) =>
    replaceDesiredItems(scope, iqId, { items, now: clock.now(), bus: cloud.bus }),
  );
}

function heard(hub: StrangerHub): number {
  return hub.received.filter(({ frame }) => frame === 'desired').length;
}

/** Everything queued at the gateway for this hub has been sent: a beat travels behind it. */
async function beat(hub: StrangerHub): Promise<void> {
  const before = hub.received.filter(({ frame }) => frame === 'beat').length;
  hub.say('heartbeat', { clock: 'x' });
  await hub.hears('beat', before + 1);
}

function wasApplied(count: number): Promise<unknown> {
  return until(() => cloud.domain.said.filter(({ said }) => said === 'applied')[count - 1], {
    what: 'the domain hears applied',
  });
}

describe('the desired state of a hub', () => {
  it('goes out whole to a hub that holds nothing, without the removed items', async () => {
    await replace([
      { key: 'group/1', value: { name: 'a' } },
      { key: 'group/2', value: { name: 'b' } },
    ]);
    await replace([{ key: 'group/2', value: null }]);
    const hub = await welcomed(0);
    expect(await hub.hears('desired')).toEqual({
      from: 0,
      to: 2,
      part: 1,
      parts: 1,
      items: [{ key: 'group/1', value: { name: 'a' } }],
    });
  });

  it('goes out as the items that changed, removed ones told by null, to a hub that is behind', async () => {
    await replace([
      { key: 'group/1', value: 1 },
      { key: 'group/2', value: 2 },
    ]);
    const hub = await welcomed(1);
    await replace([
      { key: 'group/1', value: 1 },
      { key: 'group/2', value: null },
      { key: 'group/3', value: 3 },
    ]);
    expect(await hub.hears('desired')).toEqual({
      from: 1,
      to: 2,
      part: 1,
      parts: 1,
      items: [
        { key: 'group/2', value: null },
        { key: 'group/3', value: 3 },
      ],
    });
  });

  it('is not sent again while nothing differs, and writing the same is no change', async () => {
    expect(await replace([{ key: 'group/1', value: { a: 1, b: [2] } }])).toBe(1);
    expect(await replace([{ key: 'group/1', value: { b: [2], a: 1 } }])).toBe(1);
    expect(await replace([{ key: 'group/9', value: null }])).toBe(1);
    const hub = await welcomed(1);
    await beat(hub);
    expect(heard(hub)).toBe(0);
  });

  it('has one delta on its way; changes meanwhile follow as one after applied', async () => {
    await replace([
      { key: 'settings', value: {} },
      { key: 'group/1', value: 1 },
    ]);
    const hub = await welcomed(0);
    await hub.hears('desired');
    await replace([{ key: 'group/1', value: 2 }]);
    await replace([{ key: 'group/2', value: 3 }]);
    await beat(hub);
    expect(heard(hub)).toBe(1);
    hub.say('applied', { version: 1, refused: null });
    expect(await hub.hears('desired', 2)).toMatchObject({ from: 1, to: 3, items: { length: 2 } });
    hub.say('applied', { version: 3, refused: null });
    await wasApplied(2);
    await beat(hub);
    expect(heard(hub)).toBe(2);
  });

  it('is cut into parts below the frame limit that together hold everything once', async () => {
    const items = Array.from({ length: 3_000 }, (_, n) => ({
      key: `group/${n}`,
      value: { text: 'x'.repeat(500), n },
    }));
    await replace(items);
    const hub = await welcomed(0);
    const first = await hub.hears('desired');
    expect(first.parts).toBeGreaterThan(2);
    await hub.hears('desired', first.parts);
    const parts = hub.received
      .filter(({ frame }) => frame === 'desired')
      .map(({ body }) => body as Frame<'desired'>);
    expect(parts.map(({ part }) => part)).toEqual(parts.map((_, index) => index + 1));
    expect(parts.every((part) => JSON.stringify(part).length < maxFrameBytes)).toBe(true);
    const keys = parts.flatMap((part) => part.items.map(({ key }) => key)).sort();
    expect(keys).toEqual(items.map(({ key }) => key).sort());
  });

  it('goes out whole after a refusal, and rests after the third in a row until it changes', async () => {
    await replace([{ key: 'group/1', value: 1 }]);
    const hub = await welcomed(1);
    await replace([{ key: 'group/2', value: 2 }]);
    expect(await hub.hears('desired')).toMatchObject({ from: 1, to: 2 });
    hub.say('applied', { version: 1, refused: 'checksum' });
    expect(await hub.hears('desired', 2)).toMatchObject({ from: 0, to: 2, items: { length: 2 } });
    hub.say('applied', { version: 1, refused: 'disk_full' });
    expect(await hub.hears('desired', 3)).toMatchObject({ from: 0, to: 2 });
    hub.say('applied', { version: 1, refused: 'disk_full' });
    await wasApplied(3);
    await beat(hub);
    expect(heard(hub)).toBe(3);
    await replace([{ key: 'group/3', value: 3 }]);
    expect(await hub.hears('desired', 4)).toMatchObject({ from: 1, to: 3 });
  });

  it('goes out whole to a hub that holds nothing of what there is: the database was restored and went on', async () => {
    await replace([{ key: 'group/1', value: 'of the backup' }]);
    await goOnAfterRestore(test.database, clock.now());
    const wanted = await replace([{ key: 'group/2', value: 'given later' }]);
    const hub = await welcomed(7);
    expect(await hub.hears('desired')).toEqual({
      from: 0,
      to: wanted,
      part: 1,
      parts: 1,
      items: [
        { key: 'group/1', value: 'of the backup' },
        { key: 'group/2', value: 'given later' },
      ],
    });
  });

  it('goes out whole to a hub that is ahead: the database was restored', async () => {
    await replace([{ key: 'group/1', value: 1 }]);
    const hub = await welcomed(40);
    expect(await hub.hears('desired')).toMatchObject({ from: 0, to: 1 });
  });

  it('waits for the restore of a hub that was reset, and goes out whole then', async () => {
    await replace([{ key: 'group/1', value: 1 }]);
    const hub = await welcomed(0, true);
    await replace([{ key: 'group/2', value: 2 }]);
    await beat(hub);
    expect(heard(hub)).toBe(0);
    resendDesiredState(iq.iqId, cloud.bus);
    expect(await hub.hears('desired')).toMatchObject({ from: 0, to: 2, items: { length: 2 } });
    hub.say('applied', { version: 2, refused: null });
    await wasApplied(1);
    resendDesiredState(iq.iqId, cloud.bus);
    expect(await hub.hears('desired', 2)).toMatchObject({ from: 0, to: 2, items: { length: 2 } });
  });

  it('is sent again to a hub that says nothing for a minute', async () => {
    await replace([{ key: 'group/1', value: 1 }]);
    const hub = await welcomed(0);
    await hub.hears('desired');
    for (let seconds = 0; seconds < 65; seconds += 5) {
      await beat(hub);
      clock.advance(5_000);
    }
    expect(await hub.hears('desired', 2)).toMatchObject({ from: 0, to: 1 });
  });

  it('waits for the first subscription of the IQ', async () => {
    await test.database.pool.query('update iqs set has_been_subscribed = false where id = $1', [
      iq.iqId,
    ]);
    await replace([{ key: 'group/1', value: 1 }]);
    const hub = await welcomed(0);
    await beat(hub);
    expect(heard(hub)).toBe(0);
    await test.database.pool.query('update iqs set has_been_subscribed = true where id = $1', [
      iq.iqId,
    ]);
    cloud.bus.publish(`desired:${iq.iqId}`, '');
    expect(await hub.hears('desired')).toMatchObject({ from: 0, to: 1 });
  });

  it('reaches the hub by the poll when the wake-up was lost', async () => {
    const hub = await welcomed(0);
    await until(() => cloud.domain.said.length > 0, { what: 'the IQ is online' });
    const { tenantId, iqId } = iq;
    const deaf = { ...cloud.bus, publish: () => undefined };
    await inTransaction({ database: test.database, tenantId }, (scope) =>
      replaceDesiredItems(scope, iqId, {
        items: [{ key: 'group/1', value: 1 }],
        now: clock.now(),
        bus: deaf,
      }),
    );
    for (let seconds = 0; seconds < 20; seconds += 5) {
      await beat(hub);
      clock.advance(5_000);
    }
    expect(await hub.hears('desired')).toMatchObject({ from: 0, to: 1 });
  });

  it('cannot hold an item larger than a frame', () => {
    const items = [{ key: 'group/1', value: 'x'.repeat(100) }];
    expect(() => cutIntoParts(items, 50)).toThrow(/larger than a frame/);
    expect(cutIntoParts([], 50)).toEqual(['[]']);
  });
});
