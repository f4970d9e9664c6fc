/** A hub of a simulated building: the real hub software, its housing, its power plug and its line to the device cloud. */
import type { BuildingHub } from '#contract/building';
import type { LockItem, RepeaterItem } from '#contract/access-table';
import type { HubEvent } from '#contract/events';
import type { HubClock } from '#iq/clock';
import type { HubLight } from '#iq/drivers/driver';
import type { SimulatedHardware } from '#iq/drivers/simulated';
import type { SimulatedFirmware } from '#iq/drivers/simulated-firmware';
import { createHub, type Hub } from '#iq/hub';
import type { HubView } from '#iq/hub-options';
import type { HubLog } from '#iq/log';
import { createLink, type Link, type LinkState } from './link.ts';

/** The hub dials the server directly: there is no line of ours to break. */
export class NoLine extends Error {
  override readonly name = 'NoLine';
}

export type SimulatedHubParts = {
  readonly hardware: SimulatedHardware;
  /** mqtts://host:port */
  readonly server: string;
  readonly ca: string | Buffer;
  /** Folder of this hub alone. */
  readonly dataDir: string;
  readonly clock: HubClock;
  /** The time that deadlines of the server are by. */
  readonly serverNow: () => Date;
  readonly log: HubLog;
  readonly clockCorrection: 'server' | 'none';
  readonly lines: 'relayed' | 'direct';
  readonly firmwareKey: string | null;
  readonly onEvent: (hub: SimulatedHub, event: HubEvent) => void;
};

export class SimulatedHub {
  readonly id: string;
  readonly name: string;
  readonly code: string;
  readonly mac: string;
  readonly #hardware: BuildingHub;
  readonly #parts: SimulatedHubParts;
  #line: Link | null = null;
  #software: Hub | null = null;
  #isPluggedIn = false;
  #isDiskFull = false;

  constructor(hardware: BuildingHub, parts: SimulatedHubParts) {
    this.#hardware = hardware;
    this.#parts = parts;
    this.id = hardware.id;
    this.name = hardware.name;
    this.code = hardware.code;
    this.mac = (hardware.code.slice(0, 6).match(/../g) ?? []).join('.');
  }

  // ---- the plug

  get isPluggedIn(): boolean {
    return this.#isPluggedIn;
  }

  /** Power on: the hub starts from what it has on its disk. */
  async plugIn(): Promise<void> {
    if (this.#parts.lines === 'relayed') {
      this.#line ??= await createLink(addressOf(this.#parts.server));
    }
    this.#software ??= this.#install();
    this.#isPluggedIn = true;
    await this.#software.start();
  }

  /** Power gone: nothing more is said or written. */
  async pullPlug(): Promise<void> {
    this.#isPluggedIn = false;
    await this.#software?.halt();
  }

  /** Ends gently. */
  async stop(): Promise<void> {
    this.#isPluggedIn = false;
    await this.#software?.stop();
    await this.#line?.stop();
  }

  /** Holds the reset button; 10-15 s is a factory reset (behaviour.md 4.9). */
  pressButton(heldMs: number): Promise<void> {
    return this.#parts.hardware.housingOf(this.code).pressButton(heldMs);
  }

  /** Something has taken all of its disk: not one event more can be written. */
  fillDisk(): void {
    this.#isDiskFull = true;
  }

  freeDisk(): void {
    this.#isDiskFull = false;
  }

  /** What runs in the hub itself, and its fault. */
  get firmware(): SimulatedFirmware {
    return this.#parts.hardware.housingOf(this.code).firmware;
  }

  get light(): HubLight {
    return this.#parts.hardware.housingOf(this.code).light;
  }

  // ---- the line

  /** The line of the hub with its faults; throws NoLine. */
  get link(): Link {
    if (this.#line) return this.#line;
    throw new NoLine(
      this.#parts.lines === 'direct'
        ? 'this hub dials the server directly, its line cannot be broken'
        : 'this hub was never plugged in, it has no line yet',
    );
  }

  get linkState(): LinkState | 'direct' | 'none' {
    if (this.#line) return this.#line.state;
    return this.#parts.lines === 'direct' ? 'direct' : 'none';
  }

  setLink(state: 'up' | 'cut' | 'half_open'): void {
    const { link } = this;
    if (state === 'cut') link.cut();
    else if (state === 'half_open') link.halfOpen();
    else link.restore();
  }

  /** It hears and acts, but nothing it says arrives any more. */
  goSilent(): void {
    this.link.mute();
  }

  speakAgain(): void {
    this.link.restore();
  }

  /** The connection breaks once the hub has sent so many more TLS records, about one per frame. */
  dropAfter(records: number): void {
    this.link.dropAfter(records);
  }

  // ---- what can be seen

  /** What the hub knows and holds; null while it does not run. */
  view(): HubView | null {
    return this.#software?.view() ?? null;
  }

  /** The API's id of a device in the hub's table, or null. */
  idOf(mac: string): string | null {
    return this.#items().find((item) => item.mac === mac)?.id ?? null;
  }

  #items(): readonly (LockItem | RepeaterItem)[] {
    const table = this.view()?.table;
    if (!table) return [];
    return [...table.repeaters.values(), ...[...table.locks.values()].map(({ item }) => item)];
  }

  #install(): Hub {
    const { server, ca, dataDir, clock, serverNow, clockCorrection, log, hardware } = this.#parts;
    const { firmwareKey, onEvent } = this.#parts;
    const { model, revision, vendor, software, limits } = this.#hardware;
    const hub = createHub({
      dataDir,
      code: this.code,
      server: this.#line ? throughLine(server, this.#line.port) : server,
      ca,
      driver: hardware.driverFor(this.code),
      clock,
      serverNow,
      clockCorrection,
      firmwareKey,
      log,
      mostLedgerBytes: () => (this.#isDiskFull ? 0 : Infinity),
      hardware: { model, revision, vendor, software, limits },
    });
    hub.observe((fact) => {
      if (fact.kind === 'recorded') onEvent(this, fact.event);
    });
    return hub;
  }
}

function addressOf(server: string): { host: string; port: number } {
  const url = new URL(server);
  return { host: url.hostname, port: url.port === '' ? 8883 : Number(url.port) };
}

/** The same server through the line: the loopback name stays, so that the gateway's certificate fits. */
function throughLine(server: string, port: number): string {
  const { protocol, hostname } = new URL(server);
  const isLoopback = hostname === 'localhost' || hostname.startsWith('127.');
  return `${protocol}//${isLoopback ? hostname : '127.0.0.1'}:${String(port)}`;
}
