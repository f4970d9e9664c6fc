import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Frame } from '#contract/iq-link';
import { ids, uuid } from '#test/kit/access-table';
import { startDeviceBroker, type DeviceBroker } from '#test/kit/device-broker';
import { startHubRig } from '#test/kit/hub-rig';
import { until } from '#test/kit/wait';
import { readLines } from './files.ts';

const program = fileURLToPath(new URL('../test/kit/door-counter.ts', import.meta.url));
const doors = 60;
const lives = 6;
const patience = { timeoutMs: 60_000 };

let folder = '';
let broker: DeviceBroker;
let running: ChildProcess | null = null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cardea-commands-'));
  broker = await startDeviceBroker();
  broker.welcome = { iq_id: ids.iq, acknowledged: null, server_time: new Date().toISOString() };
});
afterEach(async () => {
  await kill();
  await broker.stop();
  await rm(folder, { recursive: true });
});

async function kill(): Promise<void> {
  const child = running;
  running = null;
  if (child === null || child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await gone;
}

/** The order to open a door; each has its own, by which the bolt, the note and the event can be told apart. */
function opening(door: number): Frame<'command'> {
  return {
    id: uuid(7_000 + door),
    deadline: new Date(Date.now() + 120_000).toISOString(),
    kind: 'open',
    lock_id: uuid(100 + door),
    accessor_id: null,
    override_privacy_mode: false,
    access_by: 'remote',
    access_detail: '',
  };
}

async function startLife(): Promise<void> {
  broker.heard.length = 0;
  running = spawn(
    process.execPath,
    ['--conditions=development', '--import', 'tsx', program, folder, broker.url, String(doors)],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const online = (): number => {
    // What the life before had sent may be heard as late as this; a life begins by its hello.
    const hello = broker.heard.findIndex((one) => one.name === 'hello');
    const ofThisLife = hello === -1 ? [] : broker.heard.slice(hello);
    const reported = ofThisLife.flatMap((one) =>
      one.name === 'report' ? one.frame.locks.filter((report) => report.online) : [],
    );
    return new Set(reported.map(({ id }) => id)).size;
  };
  await until(() => online() === doors, { ...patience, what: 'every lock is online' });
}

function lastOf(events: Frame<'events'>['events']) {
  const last = events.at(-1);
  if (last === undefined) throw new Error('a batch holds an event');
  return last;
}

/** Each command's last word on the disk of the hub. */
async function notes(): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(folder, 'hub', 'outcomes'), 'utf8').catch(() => '');
  const lines = readLines(text).values as { readonly id: string; readonly state: string }[];
  return new Map(lines.map(({ id, state }) => [id, state]));
}

test('a command delivered to every life of a hub that is killed in the middle opens at most once, and its event is kept', async () => {
  await writeFile(join(folder, 'ca.pem'), broker.ca);
  const confirmed = new Set<string>();
  const entries = new Map<string, Set<string>>();
  const listen = async (): Promise<void> => {
    for (const one of broker.heard.splice(0)) {
      if (one.name === 'outcome') confirmed.add(one.frame.id);
      if (one.name !== 'events') continue;
      const { boot, events } = one.frame;
      for (const event of events) {
        if (event.kind !== 'entry') continue;
        const of = entries.get(event.lock_id) ?? new Set();
        entries.set(event.lock_id, of.add(event.id));
      }
      // A hub that is told nothing holds back what follows.
      if (running !== null) await broker.send('ack', { boot, sequence: lastOf(events).sequence });
    }
  };
  for (let life = 1; life <= lives; life += 1) {
    await startLife();
    // The later half is begun by the later lives only, so that each has something to begin.
    const sent = Math.ceil((doors * life) / lives);
    for (let door = 0; door < sent; door += 1) await broker.send('command', opening(door));
    const moment = performance.now() + Math.random() * 40;
    await until(() => performance.now() >= moment, { what: 'the moment has come' });
    await kill();
    await listen();
  }
  const begun = async (): Promise<string[]> =>
    [...(await notes())].filter(([, state]) => state === 'begun').map(([id]) => id);
  // What a life had begun when it was killed is never ended; what the last one begins is.
  const silent = new Set(await begun());
  await startLife();
  for (let door = 0; door < doors; door += 1) await broker.send('command', opening(door));
  const isSettled = async (): Promise<boolean> => {
    await listen();
    const states = [...(await notes())];
    const ended = states.filter(([, state]) => state === 'confirmed').length;
    const isEnded = states.every(([id, state]) => state === 'confirmed' || silent.has(id));
    return isEnded && states.length === doors && confirmed.size === ended && entries.size >= ended;
  };
  await until(isSettled, { ...patience, what: 'every command has ended or stays silent' });

  const bolts = (await readFile(join(folder, 'bolts'), 'utf8')).trimEnd().split('\n');
  expect(new Set(bolts).size).toBe(bolts.length);
  expect(confirmed.size + (await begun()).length).toBe(doors);
  expect((await begun()).filter((id) => confirmed.has(id))).toEqual([]);
  expect([...entries.values()].filter((of) => of.size !== 1)).toEqual([]);
  const opened = [...confirmed].map((id) => uuid(Number(id.slice(-12)) - 7_000 + 100));
  expect(opened.filter((lockId) => !entries.has(lockId))).toEqual([]);
}, 300_000);

test('a machine that has just got its power back begins no command of an earlier life', async () => {
  let upMs = 3_000;
  broker.welcome = { ...broker.welcome, server_time: '2026-06-01T10:00:00.000Z' };
  const hub = await startHubRig({
    link: { url: broker.url, ca: broker.ca },
    machineUpMs: () => upMs,
  });
  await until(() => broker.count('report') > 0, { ...patience, what: 'the hub is linked' });
  const order = { ...opening(0), lock_id: ids.lock, deadline: '2026-06-01T10:01:00.000Z' };
  await broker.send('command', order);
  // A question is answered whenever it comes; its answer says that the order before it was heard.
  await broker.send('command', {
    deadline: order.deadline,
    id: uuid(8_001),
    kind: 'identify',
    mac: '014FCA0A000071',
  });
  expect((await broker.frame('outcome')).id).toBe(uuid(8_001));
  upMs = 12_000;
  await broker.send('command', { ...order, id: uuid(8_002) });
  expect(await broker.frame('outcome', 2)).toMatchObject({
    id: uuid(8_002),
    result: 'confirmed',
  });
  expect(hub.hardware.acts.filter((act) => act.startsWith('open'))).toHaveLength(1);
  await hub.stop();
}, 120_000);
