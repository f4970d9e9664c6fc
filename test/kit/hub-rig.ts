/**
 * A real hub over a real data folder with a server out of reach, a clock that is moved by hand and door hardware that does what the
 * test says: a driver of its own, not a stand-in for the hub.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HubEvent, LockConditionEvent } from '#contract/events';
import type { LockReport } from '#contract/iq-link';
import type { Credential, ExitAsked } from '#access/presentation';
import { openAttachments } from '#iq/attachments';
import type {
  Attachment,
  Driver,
  DriverEvent,
  LockStatus,
  Outcome,
  Raise,
} from '#iq/drivers/driver';
import { createHub, type Hub } from '#iq/hub';
import { openHubState } from '#iq/state';
import { TableStore } from '#iq/table-store';
import { createManualClock, type ManualClock } from '#server/runtime/clock';
import { ids, items, lock, tagNumber } from './access-table.ts';
import { until } from './wait.ts';

export const mac = lock().mac;
const confirmed: Outcome = { result: 'confirmed' };

export const usualStatus: LockStatus = {
  traits: {
    lockType: 'escutcheon_pin',
    communicationType: 'blue_net',
    offlineKeyLimit: 360,
    holdsSchedules: true,
    holdsPins: false,
  },
  bolt: 'locked',
  door: 'closed',
  privacy: false,
  tampered: false,
  battery: 'good',
  clock: 'set',
  memoryVersion: null,
};

/** Hardware by script: answers are confirmed unless the test sets another. */
export type ScriptedHardware = {
  readonly driver: Driver;
  /** Acts in order, as `open 014F… 6000`. */
  readonly acts: string[];
  answer(act: string, outcome: Outcome): void;
  raise(event: DriverEvent): Promise<void>;
  /** Where the bolt stands by what was confirmed; a test may move it behind the hub's back. */
  bolt: 'locked' | 'office_mode';
  readonly adopted: Attachment[];
};

export function scriptedHardware(): ScriptedHardware {
  const acts: string[] = [];
  const answers = new Map<string, Outcome>();
  const adopted: Attachment[] = [];
  let listener: Raise | null = null;
  const act = (name: string, ...about: readonly (string | number)[]): Promise<Outcome> => {
    acts.push([name, ...about].join(' '));
    return Promise.resolve(answers.get(name) ?? confirmed);
  };
  async function moved(name: string, lockMac: string, to: ScriptedHardware['bolt']) {
    const outcome = await act(name, lockMac);
    if (outcome.result === 'confirmed') hardware.bolt = to;
    return outcome;
  }
  const absent = { priority: null, status: 'unavailable', mac_address: null } as const;
  const driver: Driver = {
    start(raise) {
      listener = raise;
      return Promise.resolve();
    },
    stop() {
      listener = null;
      return Promise.resolve();
    },
    inspectHub: () =>
      Promise.resolve({
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
      }),
    open: (lockMac, openMs) => act('open', lockMac, openMs),
    startOfficeMode: (lockMac) => moved('startOfficeMode', lockMac, 'office_mode'),
    endOfficeMode: (lockMac) => moved('endOfficeMode', lockMac, 'locked'),
    showRefusal: (lockMac) => void act('showRefusal', lockMac),
    showLink: (lockMac, link) => void act('showLink', lockMac, link),
    startTagRegistration: (lockMac) => act('startTagRegistration', lockMac),
    endTagRegistration: (lockMac) => act('endTagRegistration', lockMac),
    writeMemory: (lockMac, memory) => act('writeMemory', lockMac, memory.keys.length),
    readTrail: () => Promise.resolve({ result: 'confirmed', version: 0, entries: [] }),
    setTime: (lockMac) => act('setTime', lockMac),
    attach: ({ mac: deviceMac, slot }) => act('attach', deviceMac, slot),
    detach: (deviceMac) => act('detach', deviceMac),
    adopt: (attachments) => void adopted.push(...attachments),
    identify: (lockMac) => {
      acts.push(`identify ${lockMac}`);
      return Promise.resolve({ result: 'confirmed', vendor: 'sallis', traits: usualStatus.traits });
    },
    readStatus: () => Promise.resolve({ result: 'confirmed', status: usualStatus }),
    measureSignal: () => Promise.resolve({ result: 'confirmed', strength: 20 }),
    readFirmware: () => Promise.resolve(null),
    installFirmware: () => Promise.resolve({ result: 'installed' }),
    showHubLight: () => undefined,
  };
  const hardware: ScriptedHardware = {
    driver,
    acts,
    adopted,
    bolt: 'locked',
    answer: (name, outcome) => void answers.set(name, outcome),
    raise(event) {
      if (!listener) throw new Error('no hub listens');
      return listener(event);
    },
  };
  return hardware;
}

export type HubRig = {
  readonly hub: Hub;
  readonly hardware: ScriptedHardware;
  readonly clock: ManualClock;
  readonly dataDir: string;
  /** Everything the ledger has taken since the start, oldest first; battery and radio apart. */
  readonly recorded: HubEvent[];
  readonly conditions: LockConditionEvent[];
  /** Somebody at the door. */
  present(what: Credential | ExitAsked, heldMs?: number): Promise<void>;
  tag(heldMs?: number): Promise<void>;
  beat(status?: Partial<LockStatus>): Promise<void>;
  door(door: 'open' | 'closed'): Promise<void>;
  report(): LockReport;
  /** Moves the clock in steps in which the lock beats, so that it stays online. */
  pass(ms: number): Promise<void>;
  /** Waits until the ledger has taken so many events, and returns them without what differs by run. */
  events(count: number): Promise<object[]>;
  stop(): Promise<void>;
};

const stepMs = 10_000;
export const hubCode = `03E4AD${'0'.repeat(20)}`;
/** Nothing listens there: the server is gone. */
const nobody = { url: 'mqtts://127.0.0.1:9', ca: '' };

/** Starts a hub that holds a table and an attached lock, as after a power cut with the server gone. */
export async function startHubRig({
  world = {},
  start = new Date('2026-06-01T10:00:00Z'),
  attached = [mac],
  link = nobody,
  credential = 'a credential',
  machineUpMs,
}: {
  readonly world?: Parameters<typeof items>[0];
  readonly start?: Date;
  readonly attached?: readonly string[];
  readonly link?: { readonly url: string; readonly ca: string };
  /** null = the hub belongs to nobody and holds nothing. */
  readonly credential?: string | null;
  readonly machineUpMs?: () => number;
} = {}): Promise<HubRig> {
  const dataDir = await mkdtemp(join(tmpdir(), 'cardea-hub-'));
  if (credential !== null) await fill(dataDir, { world, attached, credential });
  const clock = createManualClock(start);
  const hardware = scriptedHardware();
  const silent = (): void => undefined;
  const hub = createHub({
    dataDir,
    code: hubCode,
    server: link.url,
    ca: link.ca,
    driver: hardware.driver,
    clock,
    log: { info: silent, warn: silent, error: silent },
    ...(machineUpMs === undefined ? {} : { machineUpMs }),
  });
  const recorded: HubEvent[] = [];
  const conditions: LockConditionEvent[] = [];
  hub.observe((fact) => {
    if (fact.kind !== 'recorded') return;
    if (fact.event.kind === 'lock_condition') conditions.push(fact.event);
    else recorded.push(fact.event);
  });
  await hub.start();

  const about = () => ({ mac, at: clock.now() });
  /** The lock as it is; what a test changes stays. */
  let status = usualStatus;
  const beat = (changes: Partial<LockStatus> = {}) => {
    status = { ...status, bolt: hardware.bolt, ...changes };
    return hardware.raise({ ...about(), kind: 'lock_heartbeat', status });
  };
  const present = (what: Credential | ExitAsked, heldMs = 200) =>
    hardware.raise({ ...about(), kind: 'presented', presentation: { what, heldMs } });
  if (credential !== null && attached.includes(mac)) await beat();

  /** What a moved clock has started is done. */
  const settled = () => until(() => hub.view()?.actsWaiting === 0, { what: 'the locks are idle' });

  return {
    hub,
    hardware,
    clock,
    dataDir,
    recorded,
    conditions,
    present,
    beat,
    tag: (heldMs) => present({ type: 'tag', tagNumber, rfidUid: null }, heldMs),
    door(door) {
      status = { ...status, door };
      return hardware.raise({ ...about(), kind: 'door', door, record: null });
    },
    report() {
      const [report] = hub.view()?.locks ?? [];
      if (!report) throw new Error('the hub holds no lock');
      return report;
    },
    async pass(ms) {
      for (let passed = 0; passed < ms; passed += stepMs) {
        clock.advance(Math.min(stepMs, ms - passed));
        await settled();
        await beat();
        await settled();
      }
    },
    async events(count) {
      await until(() => recorded.length >= count, { what: `${String(count)} events` });
      return recorded.map(
        ({ id: _id, at: _at, local: _local, sequence: _sequence, ...rest }) => rest,
      );
    },
    async stop() {
      await hub.stop();
      await rm(dataDir, { recursive: true, maxRetries: 5 });
    },
  };
}

async function fill(
  dataDir: string,
  {
    world,
    attached,
    credential,
  }: {
    readonly world: Parameters<typeof items>[0];
    readonly attached: readonly string[];
    readonly credential: string;
  },
): Promise<void> {
  const state = await openHubState(dataDir);
  await state.change({ iq_id: ids.iq, credential });
  const tables = new TableStore(join(dataDir, 'table'));
  await tables.open();
  await tables.apply({ from: 0, to: 1, items: items(world) });
  await tables.close();
  const attachments = await openAttachments(dataDir, (error) => {
    throw error;
  });
  for (const deviceMac of attached) {
    await attachments.put({
      kind: 'lock',
      id: ids.lock,
      mac: deviceMac,
      slot: 1,
      parent_mac: null,
      is_confirmed: true,
      office_mode: 'none',
      window_done: null,
      was_reset: false,
      battery_warned: null,
    });
  }
}
