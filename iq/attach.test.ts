import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DesiredItem, LockItem, RepeaterItem } from '#contract/access-table';
import { ids, lock, uuid } from '#test/kit/access-table';
import { startDeviceBroker, type DeviceBroker } from '#test/kit/device-broker';
import { mac, startHubRig, usualStatus, type HubRig } from '#test/kit/hub-rig';
import { until } from '#test/kit/wait';

let broker: DeviceBroker;
let rig: HubRig | null = null;
const noon = new Date('2026-06-01T10:00:00Z');
const repeater: RepeaterItem = {
  id: uuid(70),
  mac: '01.2E.77',
  slot: 2,
  repeater_id: null,
  link: 'attached_pending',
};

beforeEach(async () => {
  broker = await startDeviceBroker();
  broker.welcome = { iq_id: ids.iq, acknowledged: null, server_time: noon.toISOString() };
});
afterEach(async () => {
  await rig?.stop();
  rig = null;
  await broker.stop();
});

async function start(options: Parameters<typeof startHubRig>[0] = {}): Promise<HubRig> {
  rig = await startHubRig({ start: noon, link: broker, ...options });
  await broker.frame('report');
  return rig;
}

async function change(hub: HubRig, ...changed: readonly DesiredItem[]): Promise<void> {
  const version = hub.hub.view()?.tableVersion ?? 0;
  await broker.send('desired', {
    from: version,
    to: version + 1,
    part: 1,
    parts: 1,
    items: [...changed],
  });
  await until(() => hub.hub.view()?.tableVersion === version + 1, { what: 'the hub holds it' });
}

const lockItem = (over: Partial<LockItem>) => ({ key: `lock/${ids.lock}`, value: lock(over) });
const repeaterItem = (over: Partial<RepeaterItem> | null) => ({
  key: `repeater/${repeater.id}`,
  value: over && { ...repeater, ...over },
});
const said = (hub: HubRig, act: string) =>
  until(() => hub.hardware.acts.includes(act), { what: `the driver is told ${act}` });
const card = (hub: HubRig, device: string) =>
  hub.hardware.raise({
    kind: 'maintenance_card',
    mac: device,
    at: hub.clock.now(),
    status: usualStatus,
  });

test('a lock whose item is gone is let go, whether it answers or not', async () => {
  const hub = await start();
  hub.hardware.answer('detach', { result: 'silent' });
  await change(hub, { key: `lock/${ids.lock}`, value: null });
  await said(hub, `detach ${mac}`);
  expect(hub.hub.view()?.locks).toEqual([]);
  await expect(hub.tag()).rejects.toThrow('not attached');
});

test('a replaced lock waits for the card at the new hardware; the old one is let go', async () => {
  const hub = await start();
  await change(hub, lockItem({ mac: '014FCA0A000099', link: 'attached_pending' }));
  await said(hub, `detach ${mac}`);
  await card(hub, '014FCA0A000099');
  expect(await hub.events(1)).toEqual([{ kind: 'lock_attached', hardware_id: ids.lock }]);
  expect(hub.hardware.acts).toContain('attach 014FCA0A000099 1');
});

test('a lock that turns pending again after it was attached needs its card again', async () => {
  const hub = await start();
  await change(hub, lockItem({ link: 'attached_pending' }));
  await until(() => hub.hub.view()?.locks.length === 0, { what: 'the lock is let go' });
  await card(hub, mac);
  expect(await hub.events(1)).toEqual([{ kind: 'lock_attached', hardware_id: ids.lock }]);
});

test('a change of a lock whose attaching the server has not read yet leaves it attached', async () => {
  const hub = await start({ attached: [], world: { locks: [lock({ link: 'attached_pending' })] } });
  await card(hub, mac);
  await change(hub, lockItem({ link: 'attached_pending', open_time_seconds: 9 }));
  await hub.beat();
  await hub.tag();
  expect(hub.hardware.acts).toContain(`open ${mac} 9000`);
});

test('a repeater joins by its button; locks move below it without a card; it leaves by word alone, told once', async () => {
  const hub = await start();
  await change(hub, repeaterItem({}));
  await hub.hardware.raise({
    kind: 'repeater_button',
    mac: repeater.mac,
    at: noon,
    status: { communicationType: 'blue_net' },
  });
  expect(await hub.events(1)).toEqual([{ kind: 'repeater_attached', hardware_id: repeater.id }]);
  await hub.hardware.raise({
    kind: 'repeater_heartbeat',
    mac: repeater.mac,
    at: noon,
    status: { communicationType: 'rf_net' },
  });
  expect(hub.hub.view()?.repeaters).toMatchObject([
    { id: repeater.id, online: true, communication_type: 'rf_net' },
  ]);
  await change(
    hub,
    repeaterItem({ link: 'attached' }),
    lockItem({ repeater_id: repeater.id, slot: 3 }),
  );
  await said(hub, `attach ${mac} 3`);
  await change(hub, repeaterItem({ link: 'detached_pending' }), lockItem({}));
  await hub.events(2);
  await change(hub, lockItem({ open_time_seconds: 9 }));
  await change(hub, repeaterItem(null));
  expect(await hub.events(2)).toEqual([
    { kind: 'repeater_attached', hardware_id: repeater.id },
    { kind: 'repeater_detached', hardware_id: repeater.id },
  ]);
});

test('a lock reset at the hardware joins again by its card, and its item stays attached', async () => {
  const hub = await start();
  await hub.hardware.raise({ kind: 'lock_reset', mac, at: noon, record: null });
  await card(hub, mac);
  await card(hub, mac);
  expect(hub.hardware.acts.filter((act) => !act.startsWith('write'))).toEqual([
    `attach ${mac} 1`,
    `showLink ${mac} online`,
  ]);
});
