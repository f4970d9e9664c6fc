/** A simulated repeater: carries the radio of the devices that hang on it, beats, and can die. */
import type { BuildingRepeater } from '#contract/building';
import type { HubClock } from '../clock.ts';
import type { Outcome, RepeaterStatus } from './driver.ts';
import { confirmed, refused } from './simulated-bolt.ts';
import {
  macOf,
  SimulatedMembership,
  type SimulatedAttachment,
  type SimulatedRadio,
} from './simulated-radio.ts';

export class SimulatedRepeater {
  readonly mac: string;
  readonly id: string;
  readonly name: string;
  readonly status: RepeaterStatus;
  readonly #clock: HubClock;
  readonly #radio: SimulatedRadio<SimulatedRepeater>;
  readonly #membership: SimulatedMembership;
  #isAlive = true;

  constructor(
    hardware: BuildingRepeater,
    parts: { clock: HubClock; radio: SimulatedRadio<SimulatedRepeater> },
  ) {
    this.#clock = parts.clock;
    this.#radio = parts.radio;
    this.mac = macOf(hardware.code);
    this.id = hardware.id;
    this.name = hardware.name;
    this.status = { communicationType: hardware.communication_type };
    this.#membership = new SimulatedMembership(this.mac, {
      clock: parts.clock,
      beatNow: () => this.beatNow(),
    });
  }

  /** Presses the reset button: joins the hub that waits for it (behaviour.md 4.5). */
  async pressReset(): Promise<'attached' | 'waiting'> {
    this.#membership.isJoining = true;
    await this.#radio.offer(this, {
      kind: 'repeater_button',
      mac: this.mac,
      at: this.#clock.now(),
      status: this.status,
    });
    this.#membership.isJoining = false;
    return this.attachment === null ? 'waiting' : 'attached';
  }

  /** No power: it carries nothing and says nothing. */
  die(): void {
    this.#isAlive = false;
  }

  async revive(): Promise<void> {
    this.#isAlive = true;
    await this.beatNow();
  }

  join(attachment: SimulatedAttachment): Outcome {
    const isKnown = this.attachment?.hub === attachment.hub;
    if (!isKnown && !this.#membership.isJoining) return refused('command_forbidden');
    this.#membership.attach(attachment);
    return confirmed;
  }

  rejoin(attachment: SimulatedAttachment): void {
    this.#membership.rejoin(attachment);
  }

  forgetHub(): void {
    this.#membership.leave();
  }

  get attachment(): SimulatedAttachment | null {
    return this.#membership.attachment;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Resolves to whether the hub has heard. */
  beatNow(): Promise<boolean> {
    if (this.attachment === null) return Promise.resolve(false);
    return this.#radio.tell(this, {
      kind: 'repeater_heartbeat',
      mac: this.mac,
      at: this.#clock.now(),
      status: this.status,
    });
  }

  /** Ends its timers. */
  stop(): void {
    this.#membership.stop();
  }
}
