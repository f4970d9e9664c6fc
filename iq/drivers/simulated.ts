/**
 * Simulated door hardware: the locks and repeaters of a building and the air between them and its hubs.
 *
 * The hardware outlives every hub: a driver is one hub's ear and voice, and when it stops the locks go on by themselves. Any hub
 * of the building reaches every device; a device that hangs on a repeater talks through it and is cut off with it.
 */
import type { Building, BuildingHub } from '#contract/building';
import { deviceComponent, hubComponents } from '#contract/firmware';
import type { IqReport } from '#contract/iq-link';
import type { HubClock } from '../clock.ts';
import {
  answerWithinMs,
  type Driver,
  type DriverEvent,
  type HubLight,
  type InstallOutcome,
  type Outcome,
  type Raise,
  type SignalOutcome,
} from './driver.ts';
import { confirmed } from './simulated-bolt.ts';
import { SimulatedFirmware } from './simulated-firmware.ts';
import { SimulatedLock } from './simulated-lock.ts';
import { signalOf } from './simulated-radio.ts';
import { SimulatedRepeater } from './simulated-repeater.ts';

type Failure = Exclude<Outcome, { result: 'confirmed' }>;
type Device = SimulatedLock | SimulatedRepeater;

/** The housing of a hub: its button and its adapters. */
export type SimulatedHousing = {
  readonly report: IqReport;
  /** Holds the reset button; 10-15 s is a factory reset (behaviour.md 4.9). */
  pressButton(heldMs: number): Promise<void>;
  /** Changes what the hub reports about its adapters and signal; versions are those of `firmware`. */
  setReport(report: IqReport): Promise<void>;
  readonly firmware: SimulatedFirmware;
  readonly light: HubLight;
};

export type SimulatedHardware = {
  readonly locks: readonly SimulatedLock[];
  readonly repeaters: readonly SimulatedRepeater[];
  /** The driver of the hub with that activation code; one at a time. */
  driverFor(hubCode: string): Driver;
  housingOf(hubCode: string): SimulatedHousing;
  /** What runs in a lock or repeater; throws UnknownDevice. */
  firmwareOf(mac: string): SimulatedFirmware;
  /** Ends all timers. */
  stop(): void;
};

export class UnknownHub extends Error {
  override readonly name = 'UnknownHub';
}

export class UnknownDevice extends Error {
  override readonly name = 'UnknownDevice';
}

type Port = {
  readonly hub: BuildingHub;
  readonly firmware: SimulatedFirmware;
  light: HubLight;
  report: IqReport;
  listener: { readonly raise: Raise; readonly gone: Promise<false>; leave(): void } | null;
};

/** Hangs the hardware of a building on its walls; `latencyMs` is the time of one radio message. */
export function createSimulatedHardware({
  building,
  clock,
  latencyMs = 3,
  firmwareKey = null,
}: {
  readonly building: Pick<Building, 'hubs' | 'locks' | 'repeaters'>;
  readonly clock: HubClock;
  readonly latencyMs?: number;
  /** PEM of the maker's public key, put into every device at its manufacture; null = they take no updates. */
  readonly firmwareKey?: string | null;
}): SimulatedHardware {
  const ports = new Map<string, Port>(
    building.hubs.map((hub) => [
      hub.code,
      {
        hub,
        firmware: new SimulatedFirmware(
          { hardwareType: 'iq', model: hub.model, versions: hubVersions(hub.report) },
          { clock, key: firmwareKey },
        ),
        light: 'off',
        report: hub.report,
        listener: null,
      },
    ]),
  );
  const homes = new Map(
    [...building.locks, ...building.repeaters].map((device) => [device.name, device.hub]),
  );
  const radio = { tell, offer };
  const locks = building.locks.map((lock) => new SimulatedLock(lock, { clock, radio }));
  const repeaters = building.repeaters.map(
    (repeater) => new SimulatedRepeater(repeater, { clock, radio }),
  );
  const lockByMac = new Map(locks.map((lock) => [lock.mac, lock]));
  const repeaterByMac = new Map(repeaters.map((repeater) => [repeater.mac, repeater]));
  const firmwareByMac = new Map(
    [...locks, ...repeaters].map((device) => [
      device.mac,
      new SimulatedFirmware(deviceAsMade(device), { clock, key: firmwareKey }),
    ]),
  );

  function pause(ms: number): Promise<void> {
    if (ms === 0) return Promise.resolve();
    return new Promise((resolve) => {
      clock.setTimeout(resolve, ms);
    });
  }

  function portOf(hubCode: string): Port {
    const port = ports.get(hubCode);
    if (!port) throw new UnknownHub('no hub of this building has that activation code');
    return port;
  }

  function firmwareOf(mac: string): SimulatedFirmware {
    const firmware = firmwareByMac.get(mac);
    if (!firmware) throw new UnknownDevice('no device of this building has that mac');
    return firmware;
  }

  /** Whether every repeater between the device and its hub carries. */
  function hasPath(device: Device): boolean {
    let parentMac = device.attachment?.parentMac ?? null;
    for (let layer = 0; parentMac !== null && layer < repeaters.length; layer += 1) {
      const repeater = repeaterByMac.get(parentMac);
      if (!repeater?.isAlive || repeater.attachment?.hub !== device.attachment?.hub) return false;
      parentMac = repeater.attachment?.parentMac ?? null;
    }
    return true;
  }

  function isHeard(device: Device): boolean {
    return device instanceof SimulatedLock
      ? !device.isOutOfRange && !device.isSilent
      : device.isAlive;
  }

  function hears(device: Device): boolean {
    return device instanceof SimulatedLock ? !device.isOutOfRange : device.isAlive;
  }

  async function raiseAt(port: Port, event: DriverEvent): Promise<boolean> {
    const { listener } = port;
    if (!listener) return false;
    try {
      return await Promise.race([listener.raise(event).then(() => true as const), listener.gone]);
    } catch {
      // A hub that fails in the middle has not kept the event; the device tells it again.
      return false;
    }
  }

  async function tell(device: Device, event: DriverEvent): Promise<boolean> {
    const { attachment } = device;
    if (!attachment || !isHeard(device) || !hasPath(device)) return false;
    const port = portOf(attachment.hub);
    if (!port.listener) return false;
    await pause(latencyMs);
    return raiseAt(port, event);
  }

  /** The hub it belongs to first, then the one next to it, then the others. */
  async function offer(device: Device, event: DriverEvent): Promise<void> {
    if (!isHeard(device)) return;
    await pause(latencyMs);
    const own = device.attachment?.hub;
    const home = homes.get(device.name);
    const all = [...ports.values()];
    const near = all.filter((port) => port.hub.code === own);
    near.push(...all.filter((port) => port.hub.name === home && port.hub.code !== own));
    const far = all.filter((port) => !near.includes(port));
    for (const port of [...near, ...far]) {
      const { attachment } = device;
      const light = device instanceof SimulatedLock ? device.light : null;
      await raiseAt(port, event);
      const isMoved = device.attachment !== attachment;
      const isAnswered = device instanceof SimulatedLock && device.light !== light;
      if (isMoved || isAnswered) return;
    }
  }

  function createDriver(port: Port): Driver {
    const { code } = port.hub;

    /** Carries one message to a lock and its answer back. */
    async function ask<Answer>(
      mac: string,
      act: (lock: SimulatedLock) => Answer,
    ): Promise<Answer | Failure> {
      const lock = lockByMac.get(mac);
      if (!lock) return { result: 'refused', word: 'hardware_not_found' };
      await pause(latencyMs);
      const isOwn = lock.attachment?.hub === code;
      const isReached = hears(lock) && (!isOwn || hasPath(lock));
      const answer = isReached ? act(lock) : null;
      if (answer === null || !isHeard(lock)) {
        await pause(answerWithinMs);
        return { result: 'silent' };
      }
      await pause(latencyMs);
      return answer;
    }

    function askOwn<Answer>(mac: string, act: (lock: SimulatedLock) => Answer) {
      return ask<Answer | Failure>(mac, (lock) =>
        lock.attachment?.hub === code ? act(lock) : { result: 'refused', word: 'not_attached' },
      );
    }

    function repeaterInReach(mac: string): SimulatedRepeater | null {
      const repeater = repeaterByMac.get(mac);
      return repeater && hears(repeater) && hasPath(repeater) ? repeater : null;
    }

    /** Whether a question to the device and its answer get through. */
    async function isReachedNow(mac: string): Promise<boolean> {
      if (repeaterByMac.has(mac)) {
        await pause(latencyMs);
        if (repeaterInReach(mac)) return true;
        await pause(answerWithinMs);
        return false;
      }
      return (await askOwn(mac, () => confirmed)).result === 'confirmed';
    }

    return {
      start(raise) {
        let leave: () => void = () => undefined;
        const gone = new Promise<false>((resolve) => {
          leave = () => resolve(false);
        });
        port.listener = { raise, gone, leave };
        port.firmware.start();
        for (const device of [...locks, ...repeaters]) {
          if (device.attachment?.hub === code) void device.beatNow();
        }
        return Promise.resolve();
      },
      stop() {
        port.listener?.leave();
        port.listener = null;
        port.light = 'off';
        return Promise.resolve();
      },
      inspectHub: () => Promise.resolve(reportOf(port)),

      open: (mac, openMs) => askOwn(mac, (lock) => lock.release(openMs)),
      startOfficeMode: (mac) => askOwn(mac, (lock) => lock.startOfficeMode()),
      endOfficeMode: (mac) => askOwn(mac, (lock) => lock.endOfficeMode()),
      showRefusal(mac) {
        const lock = lockByMac.get(mac);
        if (lock?.isOutOfRange === false) lock.showRefusal();
      },
      showLink(mac, link) {
        const lock = lockByMac.get(mac);
        if (lock?.isOutOfRange === false) lock.showLight(link);
      },
      startTagRegistration: (mac) => askOwn(mac, (lock) => lock.setLearning(true)),
      endTagRegistration: (mac) => askOwn(mac, (lock) => lock.setLearning(false)),
      writeMemory: (mac, memory) => askOwn(mac, (lock) => lock.keepMemory(memory)),
      readTrail: (mac) => askOwn(mac, ({ trail }) => ({ result: 'confirmed', ...trail }) as const),
      setTime: (mac, now) => askOwn(mac, (lock) => lock.setTime(now)),

      async attach({ mac, slot, parentMac }) {
        const repeater = repeaterByMac.get(mac);
        if (!repeater) return ask(mac, (lock) => lock.join({ hub: code, slot, parentMac }));
        await pause(latencyMs);
        if (repeater.isAlive) return repeater.join({ hub: code, slot, parentMac });
        await pause(answerWithinMs);
        return { result: 'silent' };
      },
      async detach(mac) {
        const repeater = repeaterByMac.get(mac);
        if (repeater && !repeaterInReach(mac)) {
          await pause(answerWithinMs);
          return { result: 'silent' };
        }
        if (!repeater) return askOwn(mac, forget);
        if (repeater.attachment?.hub === code) repeater.forgetHub();
        return { result: 'confirmed' };
      },
      adopt(attachments) {
        for (const { mac, slot, parentMac } of attachments) {
          const device = lockByMac.get(mac) ?? repeaterByMac.get(mac);
          device?.rejoin({ hub: code, slot, parentMac });
        }
      },

      readStatus: (mac) =>
        askOwn(mac, (lock) => ({ result: 'confirmed', status: lock.status() }) as const),
      identify: (mac) =>
        ask(mac, ({ vendor, traits }) => ({ result: 'confirmed', vendor, traits }) as const),
      async measureSignal(mac): Promise<SignalOutcome> {
        if (!repeaterByMac.has(mac)) {
          return askOwn(mac, (lock) => ({ result: 'confirmed', strength: lock.signal }) as const);
        }
        await pause(latencyMs);
        if (repeaterInReach(mac)) return { result: 'confirmed', strength: signalOf(mac) };
        await pause(answerWithinMs);
        return { result: 'silent' };
      },

      async readFirmware(mac) {
        if (!(await isReachedNow(mac))) return null;
        const { model, version } = factOf(firmwareOf(mac));
        return { model, version };
      },
      async installFirmware(target, image): Promise<InstallOutcome> {
        if (target === 'hub') return port.firmware.write(image);
        const { mac } = target;
        if (!(await isReachedNow(mac))) return { result: 'silent' };
        const outcome = await firmwareOf(mac).install(image);
        // What came of it is told over the same air.
        return (await isReachedNow(mac)) ? outcome : { result: 'silent' };
      },
      showHubLight(light) {
        port.light = light;
      },
    };
  }

  return {
    locks,
    repeaters,
    driverFor: (hubCode) => createDriver(portOf(hubCode)),
    firmwareOf,
    housingOf(hubCode) {
      const port = portOf(hubCode);
      return {
        get report() {
          return reportOf(port);
        },
        get light() {
          return port.light;
        },
        firmware: port.firmware,
        async pressButton(heldMs) {
          await raiseAt(port, { kind: 'hub_button', heldMs });
        },
        async setReport(report) {
          port.report = report;
          await raiseAt(port, { kind: 'hub_changed' });
        },
      };
    },
    stop() {
      for (const device of [...locks, ...repeaters]) device.stop();
    },
  };
}

function forget(lock: SimulatedLock): Outcome {
  lock.forgetHub();
  return { result: 'confirmed' };
}

/** What simulated locks and repeaters leave the works with. */
const factoryVersion = '2.0.0';

function deviceAsMade(device: Device) {
  const versions = { [deviceComponent]: factoryVersion };
  return device instanceof SimulatedLock
    ? ({ hardwareType: 'lock', model: `Simulated ${device.traits.lockType}`, versions } as const)
    : ({ hardwareType: 'repeater', model: 'Simulated repeater', versions } as const);
}

function factOf(firmware: SimulatedFirmware) {
  return { model: firmware.model, version: firmware.version(deviceComponent) ?? '' };
}

function hubVersions({ versions }: IqReport): Record<string, string> {
  return Object.fromEntries(
    hubComponents.flatMap((component) => {
      const version = versions[`${component}_version`];
      return version === null ? [] : [[component, version]];
    }),
  );
}

function reportOf({ report, firmware }: Port): IqReport {
  const versions = { ...report.versions };
  for (const component of hubComponents)
    versions[`${component}_version`] = firmware.version(component);
  return { ...report, versions };
}
