/**
 * A whole building: real hubs on simulated hardware, each with a plug and a line that can fail. The command and the control API
 * stand on it, and tests use it as a library.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Building, BuildingCard } from '#contract/building';
import type { HubEvent } from '#contract/events';
import { createSystemClock } from '#iq/clock';
import { createSimulatedHardware } from '#iq/drivers/simulated';
import { createInstaller } from '#iq/drivers/simulated-installer';
import type { SimulatedFirmware } from '#iq/drivers/simulated-firmware';
import type { SimulatedLock } from '#iq/drivers/simulated-lock';
import type { SimulatedRepeater } from '#iq/drivers/simulated-repeater';
import type { HubLog } from '#iq/log';
import { createActivity } from './activity.ts';
import { createMovableClock, type MovableClock } from './clock.ts';
import { finderOf } from './find.ts';
import { SimulatedHub } from './hub.ts';

export type SimulatedBuilding = {
  readonly name: string;
  readonly clock: MovableClock;
  readonly hubs: readonly SimulatedHub[];
  readonly locks: readonly SimulatedLock[];
  readonly repeaters: readonly SimulatedRepeater[];
  readonly cards: readonly BuildingCard[];
  /** What runs in a lock or repeater, and its fault. */
  firmwareOf(device: SimulatedLock | SimulatedRepeater): SimulatedFirmware;
  /** By id, mac or name in any letter case; throw NotInBuilding. */
  hub(wanted: string): SimulatedHub;
  lock(wanted: string): SimulatedLock;
  repeater(wanted: string): SimulatedRepeater;
  /** Collects what hubs write down about a lock from now on. */
  listenAt(lock: SimulatedLock): { events(): readonly HubEvent[]; stop(): void };
  /** Collects everything any hub writes down from now on. */
  onEvent(listener: (hub: SimulatedHub, event: HubEvent) => void): { stop(): void };
  /** Plugs in every hub; resolves when they run, connected or not. */
  start(): Promise<void>;
  /** Stops activity, installer and hubs; the hubs end gently. */
  stop(): Promise<void>;
};

export type BuildingOptions = {
  readonly building: Building;
  /** mqtts://host:port */
  readonly server: string;
  /** PEM of the authority that signed the gateway's certificate. */
  readonly ca: string | Buffer;
  /** Each hub has a folder in it. */
  readonly dataDir: string;
  /** The server's too; absent = one of its own, so that the server's orders still count when it is moved. */
  readonly clock?: MovableClock;
  readonly log?: HubLog;
  /** `direct`: hubs dial the server themselves, for hubs by the thousand; their lines cannot be broken. */
  readonly lines?: 'relayed' | 'direct';
  /**
   * `none` (default): hubs believe the building's clock, so that a moved clock stays moved. `server`: a hub that has contact is set
   * right by the server, as real hubs are.
   */
  readonly clockCorrection?: 'server' | 'none';
  /** Time of one radio message between a hub and a lock. */
  readonly latencyMs?: number;
  /** PEM of the public key of the maker of all this hardware; absent = it takes no updates. */
  readonly firmwareKey?: string | null;
  /** Whether people go in and out by the script. */
  readonly activity?: 'on' | 'off';
};

const silentLog: HubLog = { info: () => undefined, warn: () => undefined, error: () => undefined };
/** Hubs that start at the same time; a thousand at once would only wait for the disk. */
const startingAtOnce = 20;

/** Builds a building from its script; nothing runs before `start`. */
export function createBuilding({
  building,
  server,
  ca,
  dataDir,
  clock: sharedClock,
  log = silentLog,
  lines = 'relayed',
  clockCorrection = 'none',
  activity = 'on',
  latencyMs,
  firmwareKey = null,
}: BuildingOptions): SimulatedBuilding {
  const clock = sharedClock ?? createMovableClock();
  const serverClock = sharedClock ?? createSystemClock();
  const hardware = createSimulatedHardware({
    building,
    clock,
    firmwareKey,
    ...(latencyMs === undefined ? {} : { latencyMs }),
  });
  const listeners = new Set<(hub: SimulatedHub, event: HubEvent) => void>();
  const hubs = building.hubs.map(
    (hub) =>
      new SimulatedHub(hub, {
        hardware,
        server,
        ca,
        dataDir: join(dataDir, hub.id),
        clock,
        serverNow: () => serverClock.now(),
        clockCorrection,
        log,
        lines,
        firmwareKey,
        onEvent: (source, event) => {
          for (const listener of listeners) listener(source, event);
        },
      }),
  );
  const lock = finderOf('lock', hardware.locks);
  const people = createActivity({ building, lockByName: lock, clock });
  const installer = createInstaller({ hubs, hardware });

  function onEvent(listener: (hub: SimulatedHub, event: HubEvent) => void) {
    listeners.add(listener);
    return { stop: () => void listeners.delete(listener) };
  }

  return {
    name: building.name,
    clock,
    hubs,
    locks: hardware.locks,
    repeaters: hardware.repeaters,
    firmwareOf: (device) => hardware.firmwareOf(device.mac),
    cards: building.cards,
    hub: finderOf('hub', hubs),
    lock,
    repeater: finderOf('repeater', hardware.repeaters),
    onEvent,
    listenAt(listened) {
      const events: HubEvent[] = [];
      const { stop } = onEvent((hub, event) => {
        const id = hub.idOf(listened.mac) ?? listened.id;
        if (isAbout(event, id)) events.push(event);
      });
      return { events: () => [...events], stop };
    },
    async start() {
      await mkdir(dataDir, { recursive: true });
      for (let first = 0; first < hubs.length; first += startingAtOnce) {
        await Promise.all(hubs.slice(first, first + startingAtOnce).map((hub) => hub.plugIn()));
      }
      if (building.installer === 'automatic') installer.start();
      if (activity === 'on') people.start();
    },
    async stop() {
      people.stop();
      installer.stop();
      hardware.stop();
      await Promise.all(hubs.map((hub) => hub.stop()));
    },
  };
}

function isAbout(event: HubEvent, id: string): boolean {
  if ('lock_id' in event) return event.lock_id === id;
  return 'hardware_id' in event && event.hardware_id === id;
}
