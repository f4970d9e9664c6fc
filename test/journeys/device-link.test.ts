import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DesiredItem, LockItem } from '#contract/access-table';
import type { LockId } from '#contract/ids';
import { hashHubSecret } from '#server/gateway/activation-code';
import { createManualClock, type ManualClock } from '#server/runtime/clock';
import {
  findFactoryHub,
  findFactoryHubByCode,
  registerStatements,
  requestWipe,
} from '#server/store/factory-hubs';
import { replaceDesiredItems } from '#server/store/desired-items';
import { inTransaction } from '#server/store/scope';
import { createBuilding, type SimulatedBuilding } from '#simulator/building';
import { createMovableClock } from '#simulator/clock';
import type { SimulatedHub } from '#simulator/hub';
import { readBuilding } from '#test/kit/building';
import { createTestDatabase, type TestDatabase } from '#test/kit/database';
import { adoptHub, startGateway, type TestGateway, type TestIq } from '#test/kit/gateway';
import { freePort } from '#test/kit/ports';
import { until } from '#test/kit/wait';

/** The real hub software on simulated locks against the real gateway: one hub's life from the box to the wipe, in order. */
let test: TestDatabase;
let cloud: TestGateway;
let clock: ManualClock;
let building: SimulatedBuilding;
let hub: SimulatedHub;
let iq: TestIq;
let dataDir: string;
let door: { readonly id: LockId; readonly mac: string };

beforeAll(async () => {
  test = await createTestDatabase();
  clock = createManualClock(new Date());
  dataDir = mkdtempSync(join(tmpdir(), 'cardea-device-link-'));
  const port = await freePort();
  cloud = await startGateway({ database: test.database, port, clock });
  const whole = await readBuilding('harbour');
  const hubs = whole.hubs.slice(0, 1);
  const locks = whole.locks.filter((lock) => lock.hub === hubs[0]?.name).slice(0, 1);
  building = createBuilding({
    building: { ...whole, hubs, locks, repeaters: [], activity: [] },
    server: `mqtts://127.0.0.1:${port}`,
    ca: readFileSync(cloud.caPath),
    dataDir,
    activity: 'off',
    // The gateway's time stands still: behind it no command comes too late, however long the test takes.
    clock: createMovableClock({ start: new Date(clock.now().getTime() - 3_600_000) }),
  });
  const [lock] = building.locks;
  const [first] = building.hubs;
  if (lock === undefined || first === undefined) throw new Error('an empty building');
  hub = first;
  door = { id: cloud.ids.next<LockId>(), mac: lock.mac };
  await building.start();
});
afterAll(async () => {
  await building.stop();
  await cloud.stop();
  await test.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

function lockItem(link: LockItem['link']): DesiredItem {
  const value: LockItem = {
    id: door.id,
    mac: door.mac,
    slot: 1,
    repeater_id: null,
    link,
    open_time_seconds: 6,
    license_plate_camera: false,
    group_ids: [],
    easy_office_mode: null,
    offline_key_ids: [],
  };
  return { key: `lock/${door.id}`, value };
}

function replace(items: readonly DesiredItem[]): Promise<number> {
  const { tenantId, iqId } = iq;
  return inTransaction({ database: test.database, tenantId }, (scope) =>
    replaceDesiredItems(scope, iqId, { items, now: clock.now(), bus: cloud.bus }),
  );
}

async function sequences(): Promise<number[]> {
  const { rows } = await test.database.pool.query<{ sequence: string }>(
    'select sequence from test_events where iq_id = $1 order by sequence',
    [iq.iqId],
  );
  return rows.map(({ sequence }) => Number(sequence));
}

function isReady(): Promise<unknown> {
  return until(() => cloud.gateway.link.isConnected(iq.iqId), {
    timeoutMs: 60_000,
    what: 'the hub is connected',
  });
}

function open() {
  return cloud.queue.run({
    tenantId: iq.tenantId,
    iqId: iq.iqId,
    lockId: door.id,
    requestId: null,
    body: {
      kind: 'open',
      lock_id: door.id,
      accessor_id: null,
      override_privacy_mode: false,
      access_by: 'remote',
      access_detail: '',
    },
  });
}

describe('a real hub at the gateway', () => {
  it('calls home, takes its claim and comes back as the IQ', async () => {
    const statements = registerStatements(test.database);
    const known = await until(
      async () => {
        const found = await findFactoryHubByCode(statements, hashHubSecret(hub.code));
        return found?.model === undefined || found.model === null ? undefined : found;
      },
      { what: 'the hub has called home' },
    );
    iq = await adoptHub(test.database, cloud.ids, { hubId: known.hubId, code: hub.code });
    expect(await cloud.claims.claim(iq.hubId, iq.claimId)).toBe('accepted');
    await isReady();
    await until(() => hub.view()?.link === 'ready', { what: 'the hub is welcome' });
    expect(hub.view()?.iqId).toBe(iq.iqId);
  });

  it('takes its desired state, and its events arrive once', async () => {
    const version = await replace([
      {
        key: 'settings',
        value: {
          iq_id: iq.iqId,
          collection_id: null,
          time_zone: 'Europe/Amsterdam',
          led_enabled: true,
          led_pattern: 'green_blink_every_5_min',
          tags_from_other_sites: false,
          door_left_open_seconds: 30,
          offline_validity_hours: null,
          offline_schedules: true,
          masterkey_tag_id: null,
          pin_hash_key: Buffer.alloc(32, 7).toString('base64'),
        },
      },
      lockItem('attached_pending'),
    ]);
    await until(() => hub.view()?.tableVersion === version, { what: 'the hub holds its table' });
    // The simulated installer shows the maintenance card at a lock that waits for it.
    await until(async () => (await sequences()).length > 0, { what: 'the attachment is told' });
    const next = await replace([lockItem('attached')]);
    await until(() => hub.view()?.tableVersion === next, { what: 'the hub holds the delta' });
    const told = await sequences();
    expect(told).toEqual(told.map((_, index) => index + 1));
  });

  it('opens its door on command, and says so', async () => {
    await until(() => hub.view()?.locks.some(({ online }) => online), {
      what: 'the lock is online',
    });
    expect(await open()).toMatchObject({
      state: 'confirmed',
      outcome: { result: 'confirmed', lock: { id: door.id } },
    });
  });

  it('refuses with the word of the lock', async () => {
    building.lock(door.mac).jam();
    try {
      expect(await open()).toMatchObject({ state: 'refused', word: 'jammed' });
    } finally {
      await building.lock(door.mac).unjam();
    }
  });

  it('is offline 15 s after its line went half-open, and back when the line is', async () => {
    hub.setLink('half_open');
    const before = cloud.domain.said.length;
    clock.advance(15_250);
    await until(() => cloud.domain.said.slice(before).some(({ said }) => said === 'offline'), {
      what: 'the IQ is declared offline',
    });
    await expect(open()).rejects.toMatchObject({ error: 'IQ_OFFLINE' });
    hub.setLink('cut');
    hub.setLink('up');
    await isReady();
  }, 120_000);

  it('comes back from a pulled plug with what it held, and nothing is told twice', async () => {
    const version = hub.view()?.tableVersion;
    await hub.pullPlug();
    await until(() => !cloud.gateway.link.isConnected(iq.iqId), { what: 'the link is gone' });
    await hub.plugIn();
    await isReady();
    expect(hub.view()?.tableVersion).toBe(version);
    expect(await open()).toMatchObject({ state: 'confirmed' });
    const told = await sequences();
    expect(told).toEqual(told.map((_, index) => index + 1));
  });

  it('wipes itself when its IQ is deleted, and its code is free again', async () => {
    await inTransaction({ database: test.database, tenantId: iq.tenantId }, (scope) =>
      requestWipe(scope, iq.iqId, clock.now()),
    );
    cloud.claims.wipe(iq.hubId);
    await until(() => hub.view()?.iqId === null && hub.view()?.link === 'unclaimed', {
      timeoutMs: 60_000,
      what: 'the hub is nobody',
    });
    const entry = await findFactoryHub(registerStatements(test.database), iq.hubId);
    expect(entry).toMatchObject({ claim: null, wipeRequestedAt: null });
    expect(hub.view()).toMatchObject({ tableVersion: 0 });
  });
});
