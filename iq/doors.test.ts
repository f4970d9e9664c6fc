import { mkdir, writeFile, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import {
  accessor,
  group,
  ids,
  key,
  lock,
  pinHashKey,
  schedule,
  settings,
  tagNumber,
} from '#test/kit/access-table';
import { mac, startHubRig, usualStatus, type HubRig } from '#test/kit/hub-rig';
import { until } from '#test/kit/wait';
import { hashPin } from '#access/pins';

let rig: HubRig | null = null;
afterEach(async () => {
  await rig?.stop();
  rig = null;
});

async function start(options: Parameters<typeof startHubRig>[0] = {}): Promise<HubRig> {
  rig = await startHubRig(options);
  return rig;
}

const opened = {
  kind: 'entry',
  lock_id: ids.lock,
  category: 'lock_opened',
  detail: null,
  accessor_id: ids.accessor,
  access_by: 'tag',
  access_detail: tagNumber,
  exit_requested: false,
  reject_reason: null,
};
const incident = (category: string, detail: string | null = null) => ({
  kind: 'incident',
  lock_id: ids.lock,
  category,
  detail,
});
const doorActs = (hub: HubRig) => hub.hardware.acts.filter((act) => !act.startsWith('writeMemory'));

describe('a door, with the server gone since the start', () => {
  test('opens for a tag with the right, and the entry is numbered, timed and kept', async () => {
    const hub = await start();
    await hub.tag();
    expect(doorActs(hub)).toEqual([`open ${mac} 6000`]);
    expect(await hub.events(1)).toEqual([opened]);
    expect(hub.recorded[0]).toMatchObject({
      // Behind what is known of its battery and radio.
      sequence: 2,
      at: '2026-06-01T10:00:00.000Z',
      local: '2026-06-01T12:00:00',
    });
  });

  test('refuses a tag outside its schedule and says why', async () => {
    const hub = await start({
      world: { groups: [group({ schedules: [schedule({ start_time: '18:00:00' })] })] },
    });
    await hub.tag();
    expect(doorActs(hub)).toEqual([`showRefusal ${mac}`]);
    expect(await hub.events(1)).toEqual([
      {
        ...opened,
        category: 'lock_rejected',
        detail: 'out_of_schedule',
        reject_reason: 'outside_schedule',
      },
    ]);
  });

  test('does not say opened when the bolt is jammed or nobody knows', async () => {
    const hub = await start();
    hub.hardware.answer('open', { result: 'refused', word: 'jammed' });
    await hub.tag();
    hub.hardware.answer('open', { result: 'silent' });
    await hub.tag();
    expect(await hub.events(1)).toEqual([incident('operation_not_completed', 'jammed')]);
    expect(hub.report().locked_state).toBe('uncertain');
    hub.clock.advance(1_000);
    await hub.beat();
    expect(hub.report().locked_state).toBe('locked');
  });

  test('lets out by handle without an act of the hub, by button with one, also with privacy on', async () => {
    const hub = await start();
    await hub.beat({ privacy: true });
    await hub.present({ type: 'exit', by: 'handle' });
    await hub.present({ type: 'exit', by: 'button' });
    expect(doorActs(hub)).toEqual([`open ${mac} 6000`]);
    const exit = {
      ...opened,
      accessor_id: null,
      access_by: 'inside_handle',
      access_detail: '',
      exit_requested: true,
    };
    expect(await hub.events(2)).toEqual([exit, exit]);
  });

  test('refuses everything but exits when its table is damaged', async () => {
    const hub = await start();
    await hub.hub.stop();
    const journal = join(hub.dataDir, 'table', 'journal-0');
    await writeFile(
      journal,
      (await readFile(journal, 'utf8')).replace('Amsterdam', 'Amsterdan') +
        (await readFile(journal, 'utf8')),
    );
    await hub.hub.start();
    await hub.tag();
    await hub.present({ type: 'exit', by: 'handle' });
    const [refused, exit] = await hub.events(2);
    expect(refused).toMatchObject({
      category: 'lock_rejected',
      reject_reason: 'hub_table_damaged',
    });
    expect(exit).toMatchObject({ category: 'lock_opened', exit_requested: true });
    expect(hub.hub.view()?.tableVersion).toBe(0);
  });

  test('ignores PINs after five wrong ones, and the tag beside them still opens', async () => {
    const pinned = accessor({
      keys: [key(), key({ id: ids.tag, type: 'pin', value: hashPin('135790', pinHashKey) })],
    });
    const hub = await start({ world: { accessors: [pinned] } });
    for (let tries = 0; tries < 5; tries += 1) await hub.present({ type: 'pin', code: '000111' });
    await hub.present({ type: 'pin', code: '135790' });
    await hub.tag();
    hub.clock.advance(30_000);
    await hub.present({ type: 'pin', code: '135790' });
    const told = (await hub.events(8)) as { reject_reason: string | null; access_by: string }[];
    expect(told.slice(5).map(({ reject_reason: reason, access_by: by }) => [reason, by])).toEqual([
      ['keypad_locked', 'pin_code'],
      [null, 'tag'],
      [null, 'pin_code'],
    ]);
  });

  test('is unknown to a hub it is not attached to, so the lock decides alone', async () => {
    const hub = await start({ attached: [] });
    await hub.hub.stop();
    await hub.hub.start();
    // The table says attached: a restored hub takes its devices back without card.
    await until(() => hub.hub.view()?.locks.length === 1, {
      timeoutMs: 60_000,
      what: 'the lock back',
    });
    expect(hub.hardware.adopted.map((device) => device.mac)).toContain(mac);
    const stranger = hub.hardware.raise({
      kind: 'presented',
      mac: 'FFFFFF',
      at: hub.clock.now(),
      presentation: { what: { type: 'exit', by: 'button' }, heldMs: 0 },
    });
    await expect(stranger).rejects.toThrow('not attached');
  });

  test('takes what the lock decided alone once, with the time at the door', async () => {
    const hub = await start();
    const record = (number: number, isOpen: boolean) =>
      hub.hardware.raise({
        kind: 'presented_offline',
        mac,
        at: new Date('2026-06-01T09:00:00Z'),
        record: number,
        opened: isOpen,
        presentation: { what: { type: 'tag', tagNumber, rfidUid: null }, heldMs: 0 },
      });
    await record(1, true);
    await record(1, true);
    await record(2, false);
    expect(await hub.events(2)).toEqual([
      { ...opened, detail: 'offline' },
      { ...opened, category: 'lock_rejected', detail: 'offline', reject_reason: 'lock_offline' },
    ]);
    expect(hub.recorded[0]).toMatchObject({
      at: '2026-06-01T09:00:00.000Z',
      local: '2026-06-01T11:00:00',
    });
  });

  test('keeps the offline keys of the table', async () => {
    const hub = await start({ world: { locks: [lock({ offline_key_ids: [ids.key] })] } });
    await until(() => hub.hardware.acts.includes(`writeMemory ${mac} 1`), {
      timeoutMs: 60_000,
      what: 'the memory',
    });
  });
});

describe('the leaf', () => {
  test('opened without a right is an intrusion until it is closed', async () => {
    const hub = await start();
    await hub.door('open');
    expect(hub.report().intrusion_alarm).toBe(true);
    await hub.door('closed');
    expect(hub.report().intrusion_alarm).toBe(false);
    expect(await hub.events(2)).toEqual([
      incident('intrusion_alarm_start'),
      incident('intrusion_alarm_end'),
    ]);
  });

  test('left open after an opening is an alarm at the time the site has set', async () => {
    const hub = await start({ world: { settings: settings({ door_left_open_seconds: 45 }) } });
    await hub.tag();
    await hub.door('open');
    hub.clock.advance(44_999);
    expect(hub.report().left_open_alarm).toBe(false);
    hub.clock.advance(1);
    expect(hub.report().left_open_alarm).toBe(true);
    await hub.door('closed');
    expect((await hub.events(3)).slice(1)).toEqual([
      incident('door_left_open_alarm_start'),
      incident('door_left_open_alarm_end'),
    ]);
  });

  test('may move for the open time and no longer', async () => {
    const hub = await start();
    await hub.tag();
    hub.clock.advance(8_001);
    await hub.door('open');
    expect((await hub.events(2))[1]).toEqual(incident('intrusion_alarm_start'));
  });

  test('goes on when what hangs on the hub cannot be written, and everything is told', async () => {
    const hub = await start({
      world: { accessors: [accessor({ toggle_manual_office_mode: true })] },
    });
    // Where the next list would be written lies a folder.
    const barred = (): Promise<boolean> =>
      mkdir(join(hub.dataDir, 'attached.new')).then(
        () => true,
        () => false,
      );
    await until(barred, { what: 'nothing is being written', timeoutMs: 60_000 });
    await hub.tag(5_001);
    await hub.tag(5_001);
    await hub.beat({ battery: 'low' });
    const categories = (await hub.events(3)).map((event) => 'category' in event && event.category);
    expect(categories).toEqual(['office_mode', 'office_mode', 'low_battery_warning']);
    expect(hub.report().locked_state).toBe('locked');
  });

  test('stands open in office mode as long as it likes, and counts from its end', async () => {
    const hub = await start({
      world: { accessors: [accessor({ toggle_manual_office_mode: true })] },
    });
    await hub.tag(5_001);
    expect(hub.report().locked_state).toBe('office_mode');
    await hub.door('open');
    await hub.pass(60_000);
    await hub.tag(5_001);
    hub.clock.advance(30_000);
    const categories = ((await hub.events(3)) as { category: string; detail: string | null }[]).map(
      ({ category, detail }) => [category, detail],
    );
    expect(categories).toEqual([
      ['office_mode', 'start'],
      ['office_mode', 'end'],
      ['door_left_open_alarm_start', null],
    ]);
  });
});

describe('a lock', () => {
  test('is lost after five missed heartbeats and restored by the first one after', async () => {
    const hub = await start();
    expect(hub.report().online).toBe(true);
    hub.clock.advance(49_999);
    expect(hub.report().online).toBe(true);
    hub.clock.advance(5_001);
    expect(hub.report().online).toBe(false);
    await hub.beat();
    expect(hub.report().online).toBe(true);
    expect(await hub.events(2)).toEqual([
      incident('lock_connection_lost'),
      incident('lock_connection_restored'),
    ]);
  });

  test('warns of its battery at low and again at critical, not after a restart', async () => {
    const hub = await start();
    await hub.beat({ battery: 'low' });
    await hub.beat({ battery: 'low' });
    await hub.hub.stop();
    await hub.hub.start();
    await hub.beat({ battery: 'low' });
    await hub.beat({ battery: 'critical' });
    expect(await hub.events(2)).toEqual([
      incident('low_battery_warning', 'low'),
      incident('low_battery_warning', 'critical'),
    ]);
  });

  test('that lost its time gets it again', async () => {
    const hub = await start();
    await hub.hardware.raise({ kind: 'clock_lost', mac, at: new Date(0), record: null });
    expect(await hub.events(2)).toEqual([
      incident('lock_clock_failure'),
      incident('lock_time_set'),
    ]);
    expect(hub.hardware.acts).toContain(`setTime ${mac}`);
  });

  test('tells of privacy, tampering, a programmer, a reset and anything else', async () => {
    const hub = await start();
    const about = { mac, at: hub.clock.now(), record: null };
    await hub.hardware.raise({ ...about, kind: 'privacy', privacy: true });
    expect(hub.report().privacy_mode).toBe(true);
    await hub.hardware.raise({ ...about, kind: 'tamper', tampered: true });
    await hub.hardware.raise({ ...about, kind: 'tamper', tampered: false });
    await hub.hardware.raise({ ...about, kind: 'ppd_connected' });
    await hub.hardware.raise({ ...about, kind: 'lock_reset' });
    await hub.hardware.raise({ ...about, kind: 'other', said: 'motor hot' });
    const [privacy, ...incidents] = await hub.events(6);
    expect(privacy).toMatchObject({
      category: 'privacy_mode',
      detail: 'start',
      accessor_id: null,
      exit_requested: false,
    });
    expect(incidents).toEqual([
      incident('tamper_alarm_start'),
      incident('tamper_alarm_end'),
      incident('lock_ppd_connected'),
      incident('lock_reset'),
      incident('unknown', 'motor hot'),
    ]);
  });
});

describe('the maintenance card', () => {
  const card = (hub: HubRig) =>
    hub.hardware.raise({ kind: 'maintenance_card', mac, at: hub.clock.now(), status: usualStatus });

  test('attaches a lock the table waits for, once', async () => {
    const hub = await start({
      attached: [],
      world: { locks: [lock({ link: 'attached_pending' })] },
    });
    await card(hub);
    await card(hub);
    expect(await hub.events(1)).toEqual([{ kind: 'lock_attached', hardware_id: ids.lock }]);
    expect(doorActs(hub)).toEqual([`attach ${mac} 1`, `showLink ${mac} offline`]);
    await hub.beat();
    await hub.tag();
    expect(await hub.events(2)).toContainEqual(opened);
  });

  test('detaches a lock that is to leave; until then it works', async () => {
    const hub = await start({ world: { locks: [lock({ link: 'detached_pending' })] } });
    await hub.tag();
    await card(hub);
    expect(await hub.events(2)).toEqual([opened, { kind: 'lock_detached', hardware_id: ids.lock }]);
    expect(hub.hub.view()?.locks).toEqual([]);
  });

  test('shows the link at a lock that stays, and nothing at a strange one', async () => {
    const hub = await start();
    await card(hub);
    await hub.hardware.raise({
      kind: 'maintenance_card',
      mac: 'FFFFFF',
      at: hub.clock.now(),
      status: usualStatus,
    });
    expect(doorActs(hub)).toEqual([`showLink ${mac} online`]);
  });
});

test('the reset button held 10 to 15 s empties the hub but not its ledger', async () => {
  const hub = await start();
  await hub.tag();
  await hub.hardware.raise({ kind: 'hub_button', heldMs: 9_999 });
  expect(hub.hub.view()?.locks).toHaveLength(1);
  await hub.hardware.raise({ kind: 'hub_button', heldMs: 12_000 });
  expect(hub.hub.view()).toMatchObject({
    iqId: null,
    tableVersion: 0,
    restoreRequired: true,
    locks: [],
  });
  await hub.hub.stop();
  await hub.hub.start();
  expect(hub.hub.view()).toMatchObject({ tableVersion: 0, restoreRequired: true, locks: [] });
  const [name = ''] = (await readdir(join(hub.dataDir, 'ledger'))).filter((file) =>
    file.endsWith('.log'),
  );
  expect(
    (await readFile(join(hub.dataDir, 'ledger', name), 'utf8')).trim().split('\n'),
  ).toHaveLength(3);
  expect((await hub.events(2))[1]).toEqual({ kind: 'factory_reset' });
});

test('every start of a hub has the next boot number', async () => {
  const hub = await start();
  const boot = hub.hub.view()?.boot ?? 0;
  await hub.hub.halt();
  expect(hub.hub.view()).toBeNull();
  await hub.hub.start();
  expect(hub.hub.view()?.boot).toBe(boot + 1);
});
