import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Command, Frame } from '#contract/iq-link';
import { accessor, ids, items, lock, tagNumber, uuid } from '#test/kit/access-table';
import { startDeviceBroker, type DeviceBroker } from '#test/kit/device-broker';
import { hubCode, mac, startHubRig, type HubRig } from '#test/kit/hub-rig';
import { until } from '#test/kit/wait';
import { createManualClock } from '#server/runtime/clock';
import { usualHardware } from './hub-options.ts';
import { Link } from './link.ts';

let broker: DeviceBroker;
let rig: HubRig | null = null;
const noon = new Date('2026-06-01T10:00:00Z');

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
  await broker.frame(options.credential === null ? 'hello' : 'report');
  return rig;
}

type DoorCommand = Extract<Command, { access_detail: string }>;

function opening(id: string, over: Partial<DoorCommand> = {}): DoorCommand {
  return {
    id,
    deadline: '2026-06-01T10:00:10Z',
    kind: 'open',
    lock_id: ids.lock,
    accessor_id: ids.accessor,
    override_privacy_mode: false,
    access_by: 'remote',
    access_detail: '',
    ...over,
  };
}

const opens = (hub: HubRig) => hub.hardware.acts.filter((act) => act.startsWith('open '));

describe('a hub with a server', () => {
  test('says who it is, then what it knows, under its credential', async () => {
    const hub = await start();
    expect(broker.passwords).toEqual(['a credential']);
    expect(await broker.frame('hello')).toMatchObject({
      protocol: 1,
      boot: 1,
      mac: '03.E4.AD',
      iq_id: ids.iq,
      table_version: 1,
      restore_required: false,
      clock: noon.toISOString(),
    });
    const report = await broker.frame('report');
    expect(report.iq?.signal_strength).toBe(31);
    expect(report.locks).toEqual([hub.report()]);
    await hub.beat({ battery: 'fresh' });
    const change = await broker.frame('report', 2);
    expect(change.locks.map((one) => one.battery_level)).toEqual(['fresh']);
    expect(change.iq).toBeUndefined();
  });

  test('brings its ledger in order, and after a broken line what was not acknowledged', async () => {
    const hub = await start();
    for (let entry = 0; entry < 3; entry += 1) await hub.tag();
    const numbers = () =>
      broker.heard.flatMap((one) =>
        one.name === 'events' ? one.frame.events.map(({ sequence }) => sequence) : [],
      );
    // The first says what is known of battery and radio.
    await until(() => numbers().length === 4, { what: 'four events' });
    expect(numbers()).toEqual([1, 2, 3, 4]);
    await broker.send('ack', { boot: 1, sequence: 3 });
    broker.welcome = { ...broker.welcome, acknowledged: { boot: 1, sequence: 3 } };
    broker.cut();
    await until(() => numbers().length === 5, { what: 'the fourth again' });
    await hub.tag();
    await until(() => numbers().length === 6, { what: 'the fifth' });
    expect(numbers()).toEqual([1, 2, 3, 4, 4, 5]);
  });

  test('takes a delta when its last part has come, and refuses one on another version', async () => {
    const hub = await start();
    const more = { key: `accessor/${uuid(41)}`, value: accessor({ id: uuid(41), keys: [] }) };
    const gone = { key: `accessor/${ids.accessor}`, value: null };
    await broker.send('desired', { from: 1, to: 2, part: 1, parts: 2, items: [more] });
    await broker.send('desired', { from: 1, to: 2, part: 2, parts: 2, items: [gone] });
    expect(await broker.frame('applied')).toEqual({ version: 2, refused: null });
    expect([...(hub.hub.view()?.table?.accessors.keys() ?? [])]).toEqual([uuid(41)]);
    await broker.send('desired', { from: 1, to: 3, part: 1, parts: 1, items: [gone] });
    expect(await broker.frame('applied', 2)).toEqual({ version: 2, refused: 'version_gap' });
    await hub.tag();
    expect(await hub.events(1)).toMatchObject([{ reject_reason: 'unknown_credential' }]);
  });

  test('sets its clock by the server when it is off by more than 5 s', async () => {
    broker.welcome = { ...broker.welcome, server_time: '2026-06-01T10:00:06Z' };
    const hub = await start();
    expect(await hub.events(1)).toEqual([
      { kind: 'incident', lock_id: null, category: 'lock_time_set', detail: null },
    ]);
    await hub.tag();
    await hub.events(2);
    expect(hub.recorded[1]?.at).toBe('2026-06-01T10:00:06.000Z');
  });

  test('leaves a clock that is off by 5 s alone', async () => {
    broker.welcome = { ...broker.welcome, server_time: '2026-06-01T10:00:05Z' };
    const hub = await start();
    await hub.tag();
    await hub.events(1);
    expect(hub.recorded).toMatchObject([{ kind: 'entry', at: noon.toISOString() }]);
  });
});

test('a server that says nothing for 15 s is gone, whatever the connection says; one that beats is not', async () => {
  const time = createManualClock(noon);
  const states: string[] = [];
  const silent = (): void => undefined;
  const link = new Link({
    server: broker.url,
    ca: broker.ca,
    hubId: uuid(7),
    steady: {
      nowMs: () => time.now().getTime(),
      setTimeout: (act, ms) => time.setTimeout(act, ms),
    },
    log: { info: silent, warn: silent, error: silent },
    now: () => time.now(),
    password: () => 'a credential',
    hello: () =>
      Promise.resolve({
        boot: 1,
        mac: '03.E4.AD',
        ...usualHardware,
        iq_id: ids.iq,
        table_version: 1,
        restore_required: false,
        clock: noon.toISOString(),
      }),
    onServerTime: (at) => states.push(at.toISOString()),
    onMessage: silent,
    onState: ({ name }) => states.push(name),
  });
  link.start();
  await until(() => states.includes('ready'), { what: 'the link is ready' });
  time.advance(14_999);
  await until(() => broker.count('heartbeat') === 2, { what: 'a heartbeat each 5 s' });
  await broker.send('beat', { server_time: '2026-06-01T10:00:14Z' });
  await until(() => states.includes('2026-06-01T10:00:14.000Z'), { what: 'the beat is heard' });
  time.advance(14_999);
  expect(states.at(-1)).not.toBe('down');
  time.advance(1);
  expect(states.at(-1)).toBe('down');
  await link.stop('at_once');
});

describe('a command', () => {
  test('is done once, however often it comes, and gets the same answer', async () => {
    const hub = await start();
    await broker.send('command', opening('c1'));
    const first = await broker.frame('outcome');
    expect(first).toMatchObject({
      id: 'c1',
      result: 'confirmed',
      word: null,
      lock: { id: ids.lock },
    });
    await broker.send('command', opening('c1'));
    expect(await broker.frame('outcome', 2)).toMatchObject({
      id: 'c1',
      result: 'confirmed',
      at: first.at,
    });
    await hub.hub.halt();
    await hub.hub.start();
    await broker.frame('hello', 2);
    await broker.frame('report', 2);
    await broker.send('command', opening('c1'));
    expect(await broker.frame('outcome', 3)).toMatchObject({
      id: 'c1',
      result: 'confirmed',
      at: first.at,
    });
    expect(opens(hub)).toEqual([`open ${mac} 6000`]);
    expect(hub.recorded.filter(({ kind }) => kind === 'entry')).toHaveLength(1);
  });

  test.each([
    [
      'past its deadline does nothing',
      opening('c1', { deadline: '2026-06-01T09:59:59Z' }),
      'timeout',
    ],
    [
      'for a lock of another hub does nothing',
      opening('c1', { lock_id: uuid(99) }),
      'not_attached',
    ],
  ])('%s', async (_name, command, word) => {
    const hub = await start();
    await broker.send('command', command);
    expect(await broker.frame('outcome')).toMatchObject({ result: 'refused', word });
    expect(opens(hub)).toEqual([]);
  });

  test('to a lock that is not heard is refused', async () => {
    const hub = await start();
    hub.clock.advance(60_000);
    await until(() => !hub.report().online, { what: 'the lock is lost' });
    await broker.send('command', opening('c1', { deadline: '2026-06-01T11:00:00Z' }));
    expect(await broker.frame('outcome')).toMatchObject({
      result: 'refused',
      word: 'lock_offline',
      lock: { online: false },
    });
    expect(opens(hub)).toEqual([]);
  });

  test('meets privacy mode, unless it may pass it', async () => {
    const hub = await start();
    await hub.beat({ privacy: true });
    await broker.send('command', opening('c1'));
    expect(await broker.frame('outcome')).toMatchObject({
      result: 'refused',
      word: 'privacy_mode',
    });
    await broker.send('command', opening('c2', { override_privacy_mode: true }));
    expect(await broker.frame('outcome', 2)).toMatchObject({ result: 'confirmed' });
    expect(opens(hub)).toHaveLength(1);
  });

  test('that the lock refuses carries its word and leaves an incident, no entry', async () => {
    const hub = await start();
    hub.hardware.answer('open', { result: 'refused', word: 'jammed' });
    await broker.send('command', opening('c1'));
    expect(await broker.frame('outcome')).toMatchObject({ result: 'refused', word: 'jammed' });
    expect(await hub.events(1)).toMatchObject([
      { category: 'operation_not_completed', detail: 'jammed' },
    ]);
  });

  test('that the lock does not answer is not answered, and never done again', async () => {
    const hub = await start();
    hub.hardware.answer('open', { result: 'silent' });
    await broker.send('command', opening('c1'));
    await until(() => hub.report().locked_state === 'uncertain', { what: 'the door is uncertain' });
    hub.hardware.answer('open', { result: 'confirmed' });
    await broker.send('command', opening('c1'));
    await broker.send('command', opening('c2'));
    expect(await broker.frame('outcome')).toMatchObject({ id: 'c2', result: 'confirmed' });
    expect(opens(hub)).toHaveLength(2);
  });

  test('of office mode starts and ends it once, repeating changes nothing', async () => {
    const hub = await start();
    const mode = (id: string, kind: 'office_mode_start' | 'office_mode_end') =>
      broker.send('command', opening(id, { kind }));
    await mode('c1', 'office_mode_start');
    expect(await broker.frame('outcome')).toMatchObject({ lock: { locked_state: 'office_mode' } });
    await mode('c2', 'office_mode_start');
    await mode('c3', 'office_mode_end');
    expect(await broker.frame('outcome', 3)).toMatchObject({
      id: 'c3',
      lock: { locked_state: 'locked' },
    });
    expect(await hub.events(2)).toMatchObject([
      { category: 'office_mode', detail: 'start', access_by: 'remote', accessor_id: ids.accessor },
      { category: 'office_mode', detail: 'end' },
    ]);
    expect(hub.hardware.acts.filter((act) => act.includes('Office'))).toHaveLength(2);
  });

  test('of tag registration makes the lock learn tags for its time and open for none', async () => {
    const hub = await start();
    const register: Command = {
      id: 'c1',
      deadline: '2026-06-01T10:00:10Z',
      kind: 'tag_registration',
      lock_id: ids.lock,
      duration_seconds: 20,
    };
    await broker.send('command', register);
    expect(await broker.frame('outcome')).toMatchObject({
      lock: { tag_registration_until: '2026-06-01T10:00:20.000Z' },
    });
    await hub.tag();
    hub.clock.advance(20_000);
    expect(hub.report().tag_registration_until).toBeNull();
    await hub.tag();
    expect(await hub.events(2)).toMatchObject([
      { kind: 'tag_shown', lock_id: ids.lock, tag_number: tagNumber, rfid_uid: null },
      { kind: 'entry', category: 'lock_opened' },
    ]);
    expect(opens(hub)).toHaveLength(1);
  });

  test('of a signal refresh answers with what was measured', async () => {
    const hub = await start();
    await broker.send('command', {
      id: 'c1',
      deadline: '2026-06-01T10:00:10Z',
      kind: 'signal_refresh',
    });
    expect(await broker.frame('outcome')).toMatchObject({
      result: 'confirmed',
      iq: { signal_strength: 31 },
    });
    expect(hub.report()).toMatchObject({ signal_strength: 20 });
  });

  test('to restart is answered, then done, with the same content and the next boot', async () => {
    await start();
    await broker.send('command', { id: 'c1', deadline: '2026-06-01T10:00:10Z', kind: 'restart' });
    expect(await broker.frame('outcome')).toMatchObject({ id: 'c1', result: 'confirmed' });
    expect(await broker.frame('hello', 2)).toMatchObject({
      boot: 2,
      iq_id: ids.iq,
      table_version: 1,
    });
  });
});

describe('who a hub belongs to', () => {
  test('is nobody at first; a claim is kept, and its credential is the next password', async () => {
    broker.welcome = { ...broker.welcome, iq_id: null };
    const hub = await start({ credential: null, attached: [] });
    expect(broker.passwords).toEqual([hubCode]);
    await until(() => hub.hub.view()?.link === 'unclaimed', { what: 'the welcome' });
    broker.welcome = { ...broker.welcome, iq_id: ids.iq };
    await broker.send('claim', { claim_id: 'k1', iq_id: ids.iq, credential: 'given at the claim' });
    expect(await broker.frame('claimed')).toEqual({
      claim_id: 'k1',
      result: 'accepted',
      reason: null,
    });
    expect(await broker.frame('hello', 2)).toMatchObject({ iq_id: ids.iq, table_version: 0 });
    expect(broker.passwords).toEqual([hubCode, 'given at the claim']);
    await until(() => hub.hub.view()?.link === 'ready', { what: 'the second welcome' });
    const wanted: Frame<'desired'> = {
      from: 0,
      to: 4,
      part: 1,
      parts: 1,
      items: items({ locks: [lock({ link: 'attached_pending' })] }),
    };
    await broker.send('desired', wanted);
    expect(await broker.frame('applied')).toEqual({ version: 4, refused: null });
  });

  test('is nobody again after a wipe: the code is its password, nothing is left of its content', async () => {
    const hub = await start();
    await hub.tag();
    broker.welcome = { ...broker.welcome, iq_id: null };
    await broker.send('command', { id: 'c1', deadline: '2026-06-01T10:00:10Z', kind: 'wipe' });
    expect(await broker.frame('outcome')).toMatchObject({ id: 'c1', result: 'confirmed' });
    // What happened at its doors is told before it is forgotten.
    const opened = () =>
      broker.heard.some(
        (one) => one.name === 'events' && one.frame.events.some(({ kind }) => kind === 'entry'),
      );
    await until(opened, { what: 'the opening is told' });
    await broker.send('ack', { boot: 1, sequence: 2 });
    expect(await broker.frame('hello', 2)).toMatchObject({
      iq_id: null,
      table_version: 0,
      boot: 2,
    });
    expect(broker.passwords).toEqual(['a credential', hubCode]);
    expect(hub.hub.view()).toMatchObject({ iqId: null, locks: [], restoreRequired: false });
    await expect(hub.tag()).rejects.toThrow('not attached');
  });

  test('after a restore is as before: the locks rejoin without a card', async () => {
    const hub = await start();
    await hub.hardware.raise({ kind: 'hub_button', heldMs: 12_000 });
    expect(await broker.frame('hello', 2)).toMatchObject({
      iq_id: null,
      table_version: 0,
      restore_required: true,
    });
    await until(() => hub.hub.view()?.link === 'ready', { what: 'the welcome' });
    await broker.send('desired', { from: 0, to: 2, part: 1, parts: 1, items: items() });
    await broker.frame('applied');
    await until(() => hub.hub.view()?.locks.length === 1, { what: 'the lock is back' });
    await hub.tag();
    expect(await hub.events(2)).toMatchObject([
      { kind: 'factory_reset' },
      { category: 'lock_opened' },
    ]);
    expect(hub.hub.view()).toMatchObject({ iqId: ids.iq, restoreRequired: false });
  });
});
