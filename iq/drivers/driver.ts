/**
 * What a family of door hardware must do for the hub: simulated locks, Matter, OSDP, a relay on a pin.
 *
 * Three rules hold for every driver:
 * 1. A promise of an act settles with what is KNOWN: `confirmed` (the hardware said it did it), `refused` (it said it did not, a
 *    word of 3102) or `silent` (no answer within the driver's own patience, at most `answerWithinMs`; the act may have happened).
 *    It never rejects for a reason that lies in the hardware.
 * 2. Hardware is addressed by its `mac`, as the access table writes it. The driver knows nothing of ids, people or schedules
 *    beyond the offline memory the hub writes into a lock.
 * 3. An event that the hardware kept while the hub was out of its reach carries a `record` number of that lock; the hardware
 *    forgets it only after `raise` has resolved, so the same record may be raised twice and is stored once.
 */
import type { IqLedPattern } from '#contract/iqs';
import type { communicationTypes, IqReport, lockTypes } from '#contract/iq-link';
import type { BatteryState } from '#contract/lock-conditions';
import type { FirmwareFact, UpdateFailure } from '#contract/firmware';
import type { TrailEntry } from '#access/audit-trail';
import type { OfflineMemory } from '#access/offline';
import type { PhoneAtDoor } from '#access/phones';
import type { Presentation } from '#access/presentation';
import type { FirmwareImage } from '../firmware-check.ts';

export type LockType = (typeof lockTypes)[number];
export type CommunicationType = (typeof communicationTypes)[number];

export const answerWithinMs = 5_000;
/** Behaviour.md 2: locks and repeaters beat each 10 s; offline after 5 missed. */
export const deviceHeartbeatMs = 10_000;
export const deviceOfflineAfterMs = 5 * deviceHeartbeatMs;

/** Refusals a driver can name; each is a word of error 3102. */
export const driverWords = [
  'jammed',
  'hardware_error',
  'lock_offline',
  'not_attached',
  'privacy_mode',
  'command_forbidden',
  'hardware_not_found',
] as const;
export type DriverWord = (typeof driverWords)[number];

export type Outcome =
  | { readonly result: 'confirmed' }
  | { readonly result: 'refused'; readonly word: DriverWord }
  | { readonly result: 'silent' };

/** What does not change while the hardware hangs on the wall. */
export type LockTraits = {
  readonly lockType: LockType;
  readonly communicationType: CommunicationType;
  readonly offlineKeyLimit: number;
  /** Can apply schedules to offline keys (12.3). */
  readonly holdsSchedules: boolean;
  /** Can keep keypad codes for use without the hub (12.2). */
  readonly holdsPins: boolean;
};

/** Everything a lock says about itself, always whole. */
export type LockStatus = {
  readonly traits: LockTraits;
  readonly bolt: 'locked' | 'office_mode' | 'uncertain';
  readonly door: 'open' | 'closed' | 'unknown';
  readonly privacy: boolean;
  readonly tampered: boolean;
  readonly battery: BatteryState;
  readonly clock: 'set' | 'lost';
  /** `version` of the offline memory it holds, or null = none. */
  readonly memoryVersion: string | null;
  /** How well its word was heard, 0-31, 31 best; absent = the radio does not say. */
  readonly signal?: number;
  /** Changes with the lock's audit trail; absent = the hardware keeps none. */
  readonly trailVersion?: number;
};

export type RepeaterStatus = { readonly communicationType: CommunicationType };

export type IdentifyOutcome =
  | { readonly result: 'confirmed'; readonly vendor: string; readonly traits: LockTraits }
  | { readonly result: 'refused'; readonly word: DriverWord }
  | { readonly result: 'silent' };

export type Attachment = {
  readonly mac: string;
  /** The hub's number for the device, kept while it stays. */
  readonly slot: number;
  /** mac of the repeater it talks through, or null = directly. */
  readonly parentMac: string | null;
};

export type SignalOutcome =
  | { readonly result: 'confirmed'; /** 0-31, 31 best */ readonly strength: number }
  | { readonly result: 'refused'; readonly word: DriverWord }
  | { readonly result: 'silent' };

type FromDevice = {
  readonly mac: string;
  /** UTC instant by the device's clock. */
  readonly at: Date;
};
type FromLock = FromDevice & {
  /** Number of the record in the lock's own event memory, counting up per lock; null = told as it happened. */
  readonly record: number | null;
};

export type TrailOutcome =
  | {
      readonly result: 'confirmed';
      readonly version: number;
      readonly entries: readonly TrailEntry[];
    }
  | { readonly result: 'refused'; readonly word: DriverWord }
  | { readonly result: 'silent' };

/** `installed` = written and, for a lock or repeater, running; a hub runs it after its next start. */
export type InstallOutcome =
  | { readonly result: 'installed' }
  | { readonly result: 'refused'; readonly failure: UpdateFailure }
  | { readonly result: 'silent' };

export type DriverEvent =
  /** Somebody wants in or out and waits for the hub's decision. */
  | (FromDevice & { readonly kind: 'presented'; readonly presentation: Presentation })
  /** A phone is held to the reader, which carries the hub's challenge to it and its answer back. */
  | (FromDevice & { readonly kind: 'phone_presented'; readonly phone: PhoneAtDoor })
  /** The lock decided by its offline memory while the hub was out of its reach (12.2). */
  | (FromDevice & {
      readonly kind: 'presented_offline';
      readonly record: number;
      readonly presentation: Presentation;
      readonly opened: boolean;
    })
  /** The card held at a lock; it opens nothing (4.5). */
  | (FromDevice & { readonly kind: 'maintenance_card'; readonly status: LockStatus })
  /** The reset button of a repeater. */
  | (FromDevice & { readonly kind: 'repeater_button'; readonly status: RepeaterStatus })
  | (FromDevice & { readonly kind: 'lock_heartbeat'; readonly status: LockStatus })
  | (FromDevice & { readonly kind: 'repeater_heartbeat'; readonly status: RepeaterStatus })
  | (FromLock & { readonly kind: 'door'; readonly door: 'open' | 'closed' })
  | (FromLock & { readonly kind: 'bolt'; readonly bolt: LockStatus['bolt'] })
  | (FromLock & { readonly kind: 'privacy'; readonly privacy: boolean })
  | (FromLock & { readonly kind: 'tamper'; readonly tampered: boolean })
  | (FromLock & { readonly kind: 'battery'; readonly battery: BatteryState })
  | (FromLock & { readonly kind: 'clock_lost' })
  | (FromLock & { readonly kind: 'ppd_connected' })
  /** Reset at the hardware: memory and attachment gone. */
  | (FromLock & { readonly kind: 'lock_reset' })
  /** Anything else the hardware said. */
  | (FromLock & { readonly kind: 'other'; readonly said: string })
  /** The hub's own reset button was let go. 10-15 s is a factory reset (4.9). */
  | { readonly kind: 'hub_button'; readonly heldMs: number }
  /** A network adapter or the signal of the hub itself changed: ask `inspectHub` again. */
  | { readonly kind: 'hub_changed' };

/**
 * Resolves when what follows from the event is on the hub's disk and the door has been answered. Rejects when the hub does not
 * hold the device or could not keep the event: to the device that is a hub out of reach, so it decides by its own memory and
 * keeps its records.
 */
export type Raise = (event: DriverEvent) => Promise<void>;

export type Driver = {
  /** Begins to listen; events may come before it resolves. */
  start(raise: Raise): Promise<void>;
  /** Ends listening. The hardware lives on and decides by its offline memory. */
  stop(): Promise<void>;

  /** The hub's own adapters, modem and firmware. */
  inspectHub(): Promise<IqReport>;

  /** Releases the bolt for `openMs`; the lock closes it by itself. Confirmed = the bolt has moved. */
  open(mac: string, openMs: number): Promise<Outcome>;
  startOfficeMode(mac: string): Promise<Outcome>;
  endOfficeMode(mac: string): Promise<Outcome>;
  /** Shows somebody at the door that it stays shut. */
  showRefusal(mac: string): void;
  /** The answer to a maintenance card at an attached lock: green or red light (4.5). */
  showLink(mac: string, link: 'online' | 'offline'): void;

  /** The reader shows that it learns tags until `endTagRegistration`. */
  startTagRegistration(mac: string): Promise<Outcome>;
  endTagRegistration(mac: string): Promise<Outcome>;

  /** Replaces the offline memory as a whole; confirmed = the lock has kept it. */
  writeMemory(mac: string, memory: OfflineMemory): Promise<Outcome>;
  /** The lock's own memory of who opened it when. */
  readTrail(mac: string): Promise<TrailOutcome>;
  setTime(mac: string, now: Date): Promise<Outcome>;

  /** A device that showed card or button joins; also tells a known device its new parent or slot. */
  attach(attachment: Attachment): Promise<Outcome>;
  /** The device forgets this hub and its offline memory. */
  detach(mac: string): Promise<Outcome>;
  /** After a start or a restore: the attachments that stand, so that devices rejoin without card. */
  adopt(attachments: readonly Attachment[]): void;

  /** Asks a lock for its state, as after silence. */
  readStatus(
    mac: string,
  ): Promise<
    | { readonly result: 'confirmed'; readonly status: LockStatus }
    | { readonly result: 'refused'; readonly word: DriverWord }
    | { readonly result: 'silent' }
  >;
  /** Asks a lock in reach what it is, whoever it belongs to. */
  identify(mac: string): Promise<IdentifyOutcome>;
  /** Radio signal between a device and its parent. */
  measureSignal(mac: string): Promise<SignalOutcome>;

  /** Model and running version of a lock or repeater; null = it does not answer or cannot say. */
  readFirmware(mac: string): Promise<FirmwareFact | null>;
  /**
   * Gives an image to a device, or to the hub itself. The device checks it with the key of its maker and keeps the former image
   * to go back to; installing what runs already is no harm. Its door goes on meanwhile.
   */
  installFirmware(target: FirmwareTarget, image: FirmwareImage): Promise<InstallOutcome>;
  /** The light of the hub's housing (4.1). */
  showHubLight(light: HubLight): void;
};

/** A lock or repeater by its mac, or the hub that asks. */
export type FirmwareTarget = { readonly mac: string } | 'hub';
export type HubLight = IqLedPattern | 'permanent_purple';
