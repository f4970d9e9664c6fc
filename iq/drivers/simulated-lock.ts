/**
 * A simulated lock: bolt, door leaf, handle, privacy knob, keypad, battery, clock, radio and a memory of its own.
 *
 * With its hub in reach it asks and does what it is told. Out of reach it decides by its offline memory, remembers what happened
 * and tells it later, oldest first, before anything else it has to say (behaviour.md 12.2). A silent lock hears and acts but
 * nothing it says arrives; one out of range neither hears nor is heard.
 */
import type { BuildingLock } from '#contract/building';
import type { BatteryState } from '#contract/lock-conditions';
import type { OfflineMemory } from '#access/offline';
import type { PhoneAtDoor } from '#access/phones';
import type { Presentation } from '#access/presentation';
import type { HubClock } from '../clock.ts';
import type { DriverEvent, LockStatus, LockTraits, Outcome } from './driver.ts';
import { confirmed, refused, SimulatedBolt } from './simulated-bolt.ts';
import { SimulatedMemory, type Happening, type Untold } from './simulated-memory.ts';
import {
  macOf,
  SimulatedMembership,
  type SimulatedAttachment,
  type SimulatedRadio,
} from './simulated-radio.ts';
import { hasKeypad, LockHasNoPart, traitsOf } from './simulated-traits.ts';

/** What somebody at the door saw happen. */
export type DoorAnswer = {
  readonly did:
    'opened' | 'refused' | 'office_mode_started' | 'office_mode_ended' | 'learned' | 'nothing';
  readonly decidedBy: 'hub' | 'lock' | 'mechanics';
};

/** What the maintenance card made the lock show (4.5). */
export type CardLight = 'attached' | 'detached' | 'online' | 'offline' | 'waiting';

/** What a lock without battery backup wakes up with. */
const lostTime = Date.UTC(2000, 0, 1);

export class SimulatedLock {
  readonly mac: string;
  readonly id: string;
  readonly name: string;
  readonly traits: LockTraits;
  readonly vendor: string;
  readonly #hardware: BuildingLock;
  readonly #clock: HubClock;
  readonly #radio: SimulatedRadio<SimulatedLock>;
  readonly #membership: SimulatedMembership;
  readonly #bolt: SimulatedBolt;
  readonly #memory: SimulatedMemory;

  #wasResetByHand = false;
  #isDoorOpen = false;
  #isPrivate = false;
  #isTampered = false;
  #isLearning = false;
  #battery: BatteryState;
  /** Lock's clock minus the true one; a lost clock runs on from the year 2000. */
  #clockErrorMs = 0;
  #isClockLost = false;
  #isSilent = false;
  #isOutOfRange = false;

  #answer: DoorAnswer['did'] | null = null;
  #light: CardLight = 'waiting';
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    hardware: BuildingLock,
    parts: { clock: HubClock; radio: SimulatedRadio<SimulatedLock> },
  ) {
    this.#hardware = hardware;
    this.#clock = parts.clock;
    this.#radio = parts.radio;
    this.#battery = hardware.battery;
    this.mac = macOf(hardware.code);
    this.id = hardware.id;
    this.name = hardware.name;
    this.traits = traitsOf(hardware);
    this.vendor = hardware.vendor ?? 'sallis';
    // Numbers go on upwards when the simulator is started again: the hub stores each record once.
    this.#memory = new SimulatedMemory({
      offlineKeyLimit: this.traits.offlineKeyLimit,
      firstRecord: parts.clock.now().getTime(),
    });
    this.#membership = new SimulatedMembership(this.mac, {
      clock: parts.clock,
      beatNow: () => this.beatNow(),
    });
    this.#bolt = new SimulatedBolt({
      clock: parts.clock,
      onStuck: () => void this.#inTurn(() => this.#happened({ kind: 'bolt', bolt: 'uncertain' })),
    });
  }

  /** How well it is heard, 0-31. */
  setSignal(strength: number): Promise<boolean> {
    this.#membership.signal = strength;
    return this.beatNow();
  }

  get hasKeypad(): boolean {
    return hasKeypad(this.#hardware);
  }

  // ---- what people do at the door

  /** Holds a credential to the reader, or types a PIN; LockHasNoPart when there is no keypad. */
  present(presentation: Presentation): Promise<DoorAnswer> {
    return this.#inTurn(() => {
      if (presentation.what.type === 'pin' && !this.hasKeypad) throw new LockHasNoPart('keypad');
      return this.#ask(presentation);
    });
  }

  /** Holds a phone to the reader. */
  presentPhone(phone: PhoneAtDoor): Promise<DoorAnswer> {
    return this.#inTurn(() => this.#ask({ phone }));
  }

  /** Presses the handle on the inside, or the exit button beside a wall reader. */
  pressHandle(): Promise<DoorAnswer> {
    return this.#inTurn(async () => {
      const isButton = this.#hardware.lock_type.startsWith('wall_reader');
      if (this.#isPrivate) {
        this.#isPrivate = false;
        await this.#happened({ kind: 'privacy', privacy: false });
      }
      if (!isButton) this.#bolt.forceBack(this.#memory.openMs);
      return this.#ask({ what: { type: 'exit', by: isButton ? 'button' : 'handle' }, heldMs: 0 });
    });
  }

  /** Pushes the leaf open, with force when the bolt is out. */
  openDoor(): Promise<void> {
    return this.#moveLeaf('open');
  }

  closeDoor(): Promise<void> {
    return this.#moveLeaf('closed');
  }

  /** Leaves by the handle and props the door open. */
  async holdDoorOpen(): Promise<void> {
    await this.pressHandle();
    await this.openDoor();
  }

  /** Turns the knob on the inside; LockHasNoPart without one. */
  turnPrivacy(privacy: boolean): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#hardware.privacy_knob) throw new LockHasNoPart('privacy knob');
      if (this.#isPrivate === privacy) return;
      this.#isPrivate = privacy;
      await this.#happened({ kind: 'privacy', privacy });
    });
  }

  // ---- what installers do

  /** Shows the maintenance card: joins a waiting hub, leaves one that let it go, or shows the link (4.5). */
  showMaintenanceCard(): Promise<CardLight> {
    return this.#inTurn(async () => {
      this.#membership.isJoining = true;
      this.#wasResetByHand = false;
      this.#light = this.attachment === null ? 'waiting' : 'offline';
      await this.#radio.offer(this, {
        kind: 'maintenance_card',
        mac: this.mac,
        at: this.now(),
        status: this.status(),
      });
      this.#membership.isJoining = false;
      return this.#light;
    });
  }

  /** The pin in the hole: memory, attachment and records are gone; only a card brings it back. */
  resetByHand(): Promise<void> {
    return this.#inTurn(async () => {
      const isTold = await this.#happened({ kind: 'lock_reset' });
      this.forgetHub();
      this.#wasResetByHand = true;
      if (isTold) return;
      // It wakes up as from the factory and says so to whoever is in reach.
      const mac = this.mac;
      await this.#radio.offer(this, { kind: 'lock_reset', mac, at: this.now(), record: null });
    });
  }

  connectProgrammer(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#happened({ kind: 'ppd_connected' });
    });
  }

  // ---- faults

  /** The bolt sticks where it is. */
  jam(): void {
    this.#bolt.jam();
  }

  unjam(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#bolt.unjam()) await this.#happened({ kind: 'bolt', bolt: this.#bolt.state });
    });
  }

  /** It hears and acts, but nothing it says arrives any more. */
  goSilent(): void {
    this.#isSilent = true;
  }

  async speakAgain(): Promise<void> {
    this.#isSilent = false;
    await this.beatNow();
  }

  outOfRange(): void {
    this.#isOutOfRange = true;
  }

  async backInRange(): Promise<void> {
    this.#isOutOfRange = false;
    await this.beatNow();
  }

  drainBattery(battery: BatteryState): Promise<void> {
    return this.#inTurn(async () => {
      this.#battery = battery;
      await this.#happened({ kind: 'battery', battery });
    });
  }

  loseClock(): Promise<void> {
    return this.#inTurn(async () => {
      this.#clockErrorMs = lostTime - this.#clock.now().getTime();
      this.#isClockLost = true;
      await this.#happened({ kind: 'clock_lost' });
    });
  }

  tamper(tampered: boolean): Promise<void> {
    return this.#inTurn(async () => {
      this.#isTampered = tampered;
      await this.#happened({ kind: 'tamper', tampered });
    });
  }

  /** Reports something the device link has no word for. */
  say(said: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#happened({ kind: 'other', said });
    });
  }

  // ---- what the hub's driver asks over the air

  release(openMs: number): Outcome {
    return this.#acted('opened', this.#bolt.release(openMs));
  }

  startOfficeMode(): Outcome {
    return this.#acted('office_mode_started', this.#bolt.setOfficeMode(true));
  }

  endOfficeMode(): Outcome {
    return this.#acted('office_mode_ended', this.#bolt.setOfficeMode(false));
  }

  showRefusal(): void {
    this.#answer = 'refused';
  }

  showLight(light: CardLight): void {
    this.#light = light;
  }

  setLearning(isLearning: boolean): Outcome {
    this.#isLearning = isLearning;
    return confirmed;
  }

  keepMemory(memory: OfflineMemory): Outcome {
    return this.#memory.keep(memory);
  }

  setTime(now: Date): Outcome {
    this.#clockErrorMs = now.getTime() - this.#clock.now().getTime();
    this.#isClockLost = false;
    return confirmed;
  }

  join(attachment: SimulatedAttachment): Outcome {
    const isKnown = this.attachment?.hub === attachment.hub;
    if (!isKnown && !this.#membership.isJoining) return refused('command_forbidden');
    if (!isKnown) this.forgetHub();
    if (this.#membership.isJoining) this.#light = 'attached';
    this.#membership.attach(attachment);
    return confirmed;
  }

  /** The hub remembers this lock; a lock reset by hand no longer knows the hub. */
  rejoin(attachment: SimulatedAttachment): void {
    if (!this.#wasResetByHand) this.#membership.rejoin(attachment);
  }

  forgetHub(): void {
    this.#membership.leave();
    this.#memory.wipe();
    if (this.#membership.isJoining) this.#light = 'detached';
    this.#isLearning = false;
    this.#bolt.setOfficeMode(false);
  }

  // ---- what can be seen

  get attachment(): SimulatedAttachment | null {
    return this.#membership.attachment;
  }

  get light(): CardLight {
    return this.#light;
  }

  get signal(): number {
    return this.#membership.signal;
  }

  get isSilent(): boolean {
    return this.#isSilent;
  }

  get isOutOfRange(): boolean {
    return this.#isOutOfRange;
  }

  get waitingRecords(): number {
    return this.#memory.recordCount;
  }

  get trail() {
    return this.#memory.trail;
  }

  get offlineKeys(): number {
    return this.#memory.keyCount;
  }

  get isJammed(): boolean {
    return this.#bolt.isJammed;
  }

  get isLearning(): boolean {
    return this.#isLearning;
  }

  /** The bolt is drawn back at this moment: open time, office mode, or stuck there. */
  get isReleased(): boolean {
    return this.#bolt.isReleased;
  }

  get isDoorOpen(): boolean {
    return this.#isDoorOpen;
  }

  /** UTC by the lock's own clock. */
  now(): Date {
    return new Date(this.#clock.now().getTime() + this.#clockErrorMs);
  }

  status(): LockStatus {
    return {
      traits: this.traits,
      bolt: this.#bolt.state,
      door: this.#hardware.door_sensor ? (this.#isDoorOpen ? 'open' : 'closed') : 'unknown',
      privacy: this.#isPrivate,
      tampered: this.#isTampered,
      battery: this.#battery,
      clock: this.#isClockLost ? 'lost' : 'set',
      memoryVersion: this.#memory.version,
      trailVersion: this.#memory.trail.version,
      signal: this.#membership.signal,
    };
  }

  /** Tells what it remembers, then that it lives; resolves to whether the hub has heard. */
  beatNow(): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.attachment === null || !(await this.#tellRecords())) return false;
      return this.#tell({
        kind: 'lock_heartbeat',
        mac: this.mac,
        at: this.now(),
        status: this.status(),
      });
    });
  }

  /** Ends its timers. */
  stop(): void {
    this.#membership.stop();
    this.#bolt.stop();
  }

  // ---- inside

  async #ask(shown: Presentation | { readonly phone: PhoneAtDoor }): Promise<DoorAnswer> {
    const at = this.now();
    const isByHand = 'what' in shown && shown.what.type === 'exit' && shown.what.by === 'handle';
    this.#answer = null;
    if (await this.#tellRecords()) {
      const from = { mac: this.mac, at };
      const heard = await this.#tell(
        'phone' in shown
          ? { kind: 'phone_presented', ...from, phone: shown.phone }
          : { kind: 'presented', ...from, presentation: shown },
      );
      const did = this.#takeAnswer();
      if (did === 'opened') await this.#memory.noteOpening(shown, at);
      if (isByHand && heard) return { did: 'opened', decidedBy: 'mechanics' };
      if (did !== null) return { did, decidedBy: 'hub' };
      if (heard && this.#isLearning) return { did: 'learned', decidedBy: 'hub' };
      if (heard) return { did: this.#bolt.isOfficeMode ? 'opened' : 'nothing', decidedBy: 'hub' };
    }
    if ('what' in shown) return this.#decideAlone(shown, at);
    const what = await this.#memory.readPhone(shown.phone, at);
    if (what === null) return { did: 'nothing', decidedBy: 'lock' };
    return this.#decideAlone({ what, heldMs: 0 }, at);
  }

  #takeAnswer(): DoorAnswer['did'] | null {
    const answer = this.#answer;
    this.#answer = null;
    return answer;
  }

  async #decideAlone(presentation: Presentation, at: Date): Promise<DoorAnswer> {
    const { what } = presentation;
    const isByHand = what.type === 'exit' && what.by === 'handle';
    const mayOpen = this.#memory.opensFor(presentation, {
      privacy: this.#isPrivate,
      now: at,
      isClockLost: this.#isClockLost,
    });
    const opened =
      isByHand || (mayOpen && this.#bolt.release(this.#memory.openMs).result === 'confirmed');
    if (opened) await this.#memory.noteOpening(presentation, at);
    this.#remember({ kind: 'presented_offline', mac: this.mac, at, presentation, opened });
    if (isByHand) return { did: 'opened', decidedBy: 'mechanics' };
    return { did: opened ? 'opened' : 'refused', decidedBy: 'lock' };
  }

  #moveLeaf(door: 'open' | 'closed'): Promise<void> {
    return this.#inTurn(async () => {
      const isOpen = door === 'open';
      if (this.#isDoorOpen === isOpen) return;
      this.#isDoorOpen = isOpen;
      if (this.#hardware.door_sensor) await this.#happened({ kind: 'door', door });
    });
  }

  /** Tells the hub at once when it can, and remembers otherwise; true = it was told. */
  async #happened(happening: Happening): Promise<boolean> {
    const event = { ...happening, mac: this.mac, at: this.now() };
    const told = (await this.#tellRecords()) && (await this.#tell({ ...event, record: null }));
    if (!told) this.#remember(event);
    return told;
  }

  #remember(event: Untold): void {
    if (this.attachment !== null) this.#memory.remember(event);
  }

  /** True when nothing is left to tell. */
  async #tellRecords(): Promise<boolean> {
    for (;;) {
      const oldest = this.#memory.oldestRecord;
      if (!oldest) return true;
      if (!(await this.#tell(oldest))) return false;
      this.#memory.forgetOldestRecord();
    }
  }

  #tell(event: DriverEvent): Promise<boolean> {
    return this.#radio.tell(this, event);
  }

  #acted(did: DoorAnswer['did'], outcome: Outcome): Outcome {
    if (outcome.result === 'confirmed') this.#answer = did;
    return outcome;
  }

  /** One thing after the other, as the lock's single small processor does. */
  #inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
