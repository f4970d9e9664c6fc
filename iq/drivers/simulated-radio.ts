/** What simulated locks and repeaters share: belonging to a hub, beating, and the air they talk through. */
import type { HubClock, Timer } from '../clock.ts';
import { deviceHeartbeatMs, type DriverEvent } from './driver.ts';

export type SimulatedAttachment = {
  /** Activation code of the hub it belongs to. */
  readonly hub: string;
  readonly slot: number;
  readonly parentMac: string | null;
};

/** A device's side of the air. */
export type SimulatedRadio<Device> = {
  /** Resolves to whether the hub it belongs to has heard and finished. */
  tell(device: Device, event: DriverEvent): Promise<boolean>;
  /** Offers a waiting device to the hubs in reach, until one takes it or answers. */
  offer(device: Device, event: DriverEvent): Promise<void>;
};

/** A heartbeat that no hub has taken is sent again after this long. */
const retryMs = 1_000;

/** Which hub a device belongs to, and its heartbeat while it does. */
export class SimulatedMembership {
  /** The card was shown or the button pressed: a hub may take it. */
  isJoining = false;
  /** 0-31, 31 best. */
  signal: number;
  readonly #mac: string;
  readonly #clock: HubClock;
  readonly #beatNow: () => Promise<boolean>;
  #attachment: SimulatedAttachment | null = null;
  #beat: Timer | null = null;
  /** Counts beginnings, so that a beat of a former one ends with it. */
  #life = 0;

  /** `beatNow` resolves to whether the hub has heard. */
  constructor(mac: string, parts: { clock: HubClock; beatNow: () => Promise<boolean> }) {
    this.#mac = mac;
    this.signal = signalOf(mac);
    this.#clock = parts.clock;
    this.#beatNow = parts.beatNow;
  }

  get attachment(): SimulatedAttachment | null {
    return this.#attachment;
  }

  attach(attachment: SimulatedAttachment): void {
    this.#attachment = attachment;
    this.stop();
    // Devices of a building that woke up together must not beat together.
    void this.#beatAndGoOn(this.#life, spreadOf(this.#mac, deviceHeartbeatMs));
  }

  /** The hub remembers the device from before; another hub's device stays where it is. */
  rejoin(attachment: SimulatedAttachment): void {
    if (this.#attachment === null || this.#attachment.hub === attachment.hub) {
      this.attach(attachment);
    }
  }

  leave(): void {
    this.#attachment = null;
    this.stop();
  }

  stop(): void {
    this.#life += 1;
    this.#beat?.cancel();
    this.#beat = null;
  }

  async #beatAndGoOn(life: number, waitMs: number): Promise<void> {
    const isHeard = await this.#beatNow();
    if (life !== this.#life) return;
    this.#beat = this.#clock.setTimeout(
      () => void this.#beatAndGoOn(life, deviceHeartbeatMs),
      isHeard ? waitMs : retryMs,
    );
  }
}

/** A whole number from 0 to `below` - 1 made of the mac (FNV-1a), so that a building behaves alike on every machine. */
export function spreadOf(mac: string, below: number): number {
  let hash = 0x811c9dc5;
  for (const char of mac) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return hash % below;
}

/** Radio signal of a device, 0-31, 31 best. */
export function signalOf(mac: string): number {
  return 16 + spreadOf(mac, 15);
}

/** The mac of a code: `012E77` as `01.2E.77`, longer ones as they are (core-api.md 7.2). */
export function macOf(code: string): string {
  return code.length === 6 ? `${code.slice(0, 2)}.${code.slice(2, 4)}.${code.slice(4)}` : code;
}
