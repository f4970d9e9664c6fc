import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Building } from '#contract/building';
import type { HubEvent } from '#contract/events';
import { ids, items, lock, uuid } from '#test/kit/access-table';
import { startDeviceBroker, type DeviceBroker } from '#test/kit/device-broker';
import { hubCode } from '#test/kit/hub-rig';
import { until } from '#test/kit/wait';
import { usualHardware } from './hub-options.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
let folder = '';
let broker: DeviceBroker;
let running: ChildProcess | null = null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cardea-iq-'));
  broker = await startDeviceBroker();
});
afterEach(async () => {
  // The folder goes when nobody writes in it any more.
  if (running !== null && running.exitCode === null && running.signalCode === null) {
    const gone = once(running, 'close');
    running.kill('SIGKILL');
    await gone;
  }
  running = null;
  await broker.stop();
  await rm(folder, { recursive: true });
});

type Program = {
  readonly child: ChildProcess;
  readonly said: () => string;
  readonly ended: Promise<number | null>;
};

function run(args: readonly string[]): Program {
  const child = spawn(
    process.execPath,
    ['--conditions=development', '--import', 'tsx', main, ...args],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  running = child;
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  return { child, said: () => said, ended };
}

const absent = { priority: null, status: 'unavailable', mac_address: null } as const;
const building: Building = {
  name: 'One door',
  time_zone: 'Europe/Amsterdam',
  installer: 'manual',
  hubs: [
    {
      id: ids.iq,
      name: 'Hub',
      code: hubCode,
      ...usualHardware,
      report: {
        signal_strength: 31,
        operator: null,
        radio_channel: 0,
        m2m: absent,
        ethernet: absent,
        wifi: absent,
        versions: {
          modem_application_version: null,
          modem_firmware_version: null,
          router_firmware_version: null,
          node_firmware_version: null,
        },
      },
    },
  ],
  locks: [
    {
      id: ids.lock,
      name: 'Door',
      code: lock().mac,
      lock_type: 'escutcheon',
      communication_type: 'blue_net',
      hub: 'Hub',
      repeater: null,
      battery: 'good',
      privacy_knob: false,
      door_sensor: false,
      holds_schedules: true,
    },
  ],
  repeaters: [],
  cards: [],
  activity: [],
};

async function settingsOf(): Promise<string[]> {
  const [ca, file] = [join(folder, 'ca.pem'), join(folder, 'building.json')];
  await writeFile(ca, broker.ca);
  await writeFile(file, JSON.stringify(building));
  const data = join(folder, 'hub');
  return [
    '--server',
    broker.url,
    '--ca',
    ca,
    '--code',
    hubCode,
    '--data',
    data,
    '--building',
    file,
  ];
}

test('a command line that says too little is answered with everything that is missing', async () => {
  const program = run(['--server', 'http://somewhere', '--code', '1234']);
  expect(await program.ended).toBe(2);
  for (const line of [
    '--server must be mqtts',
    '--ca is missing',
    '--code must be',
    '--data is missing',
    'usage:',
  ]) {
    expect(program.said()).toContain(line);
  }
});

test('a hub ends gently on SIGTERM and says so', async () => {
  const program = run(await settingsOf());
  await until(() => program.said().includes('the hub runs'), { what: 'the hub runs' });
  program.child.kill('SIGTERM');
  expect(await program.ended).toBe(0);
  expect(program.said()).toContain('stopped');
  expect(program.said()).not.toContain(hubCode);
});

test('a hub killed again and again loses no opening it confirmed and tells none twice', async () => {
  const stored = new Map<string, HubEvent>();
  const server_time = () => new Date().toISOString();
  const settings = await settingsOf();
  let confirmed = 0;
  let command = 0;
  for (let life = 1; life <= 4; life += 1) {
    broker.heard.length = 0;
    broker.welcome = {
      iq_id: life === 1 ? null : ids.iq,
      acknowledged: null,
      server_time: server_time(),
    };
    const program = run(settings);
    if (life === 1) await claim();
    await until(() => ofLock('online'), { timeoutMs: 60_000, what: 'the lock is heard' });
    const openings = 3 + life * 2;
    for (let opening = 0; opening < openings; opening += 1) {
      command += 1;
      await broker.send('command', {
        id: uuid(7_000 + command),
        deadline: new Date(Date.now() + 60_000).toISOString(),
        kind: 'open',
        lock_id: ids.lock,
        accessor_id: null,
        override_privacy_mode: false,
        access_by: 'remote',
        access_detail: '',
      });
    }
    // The kill falls in the middle of the openings.
    await until(() => broker.count('outcome') >= life, { what: 'some outcomes' });
    program.child.kill('SIGKILL');
    await program.ended;
    confirmed += broker.count('outcome');
    keep();
  }
  broker.heard.length = 0;
  run(settings);
  await until(() => keep() >= confirmed, { timeoutMs: 60_000, what: 'every confirmed opening' });
  const sequences = [...stored.values()].map(({ sequence }) => sequence).sort((a, b) => a - b);
  expect(sequences).toEqual(sequences.map((_, index) => index + 1));
  expect(new Set([...stored.values()].map(({ id }) => id)).size).toBe(stored.size);

  async function claim(): Promise<void> {
    await broker.frame('hello');
    broker.welcome = { ...broker.welcome, iq_id: ids.iq };
    await broker.send('claim', { claim_id: 'k', iq_id: ids.iq, credential: 'secret' });
    await broker.frame('report');
    await broker.send('desired', { from: 0, to: 1, part: 1, parts: 1, items: items() });
  }

  /** Of this life: what a killed hub had still sent may be read behind its end. */
  function ofLock(member: 'online'): boolean {
    const hello = broker.heard.findLastIndex(({ name }) => name === 'hello');
    return broker.heard
      .slice(hello)
      .some(
        (one) =>
          hello >= 0 && one.name === 'report' && one.frame.locks.some((report) => report[member]),
      );
  }

  /** Stores as the server does, by boot and number; a second event under a number must be the same one. */
  function keep(): number {
    for (const one of broker.heard) {
      if (one.name !== 'events') continue;
      for (const event of one.frame.events) {
        const place = `${String(one.frame.boot)}/${String(event.sequence)}`;
        expect(stored.get(place)?.id ?? event.id).toBe(event.id);
        stored.set(place, event);
      }
    }
    return [...stored.values()].filter(({ kind }) => kind === 'entry').length;
  }
}, 120_000);
