/** One attached lock as the hub knows it at this moment, and what it reports of it. */
import { isLockedOut, freshKeypad, type Keypad } from '#access/keypad';
import type { DoorState } from '#access/decision';
import type { LockReport } from '#contract/iq-link';
import type { Attached } from './attachments.ts';
import type { Timer } from './clock.ts';
import type { LockStatus } from './drivers/driver.ts';
import type { KnownTrail } from './lock-memory.ts';

export type Door = {
  readonly id: string;
  readonly mac: string;
  /** What the lock said last; null = nothing since the hub started. */
  status: LockStatus | null;
  officeMode: Attached['office_mode'];
  /** An act was sent and nobody knows what came of it, until the lock reports. */
  isUncertain: boolean;
  isOnline: boolean;
  lastHeard: Date;
  /** What the lock said before this is older than what it was made to do. */
  lastActAt: Date | null;
  /** A lost connection was written down, so its return will be too. */
  isLossRecorded: boolean;
  lastLossAt: Date | null;
  keypad: Keypad;
  registration: { readonly until: Date; readonly timer: Timer } | null;
  /** Until then an opening door was opened rightfully. */
  mayOpenUntil: Date | null;
  hasLeftOpenAlarm: boolean;
  hasIntrusionAlarm: boolean;
  leftOpenTimer: Timer | null;
  easyOfficeTimer: Timer | null;
  /** When the lock first failed to end easy office mode. */
  endFailedSince: Date | null;
  isEndFailureRecorded: boolean;
  signal: { readonly strength: number; readonly at: Date } | null;
  /** Acts on this lock, one after the other. */
  acts: Promise<unknown>;
  actsWaiting: number;
  isMemoryOnTheWay: boolean;
  /** What the lock confirmed to hold; counts only while the lock says that it still holds this version. */
  memory: Attached['memory'];
  /** The lock's own memory of openings as the hub read it last; null = not read. */
  trail: KnownTrail | null;
  /** How often in a row the lock refused its memory. */
  memoryRefusals: number;
};

export function newDoor(attached: Attached, now: Date): Door {
  return {
    id: attached.id,
    mac: attached.mac,
    status: null,
    officeMode: attached.office_mode,
    isUncertain: false,
    isOnline: false,
    lastHeard: now,
    lastActAt: null,
    isLossRecorded: false,
    lastLossAt: null,
    keypad: freshKeypad,
    registration: null,
    mayOpenUntil: null,
    hasLeftOpenAlarm: false,
    hasIntrusionAlarm: false,
    leftOpenTimer: null,
    easyOfficeTimer: null,
    endFailedSince: null,
    isEndFailureRecorded: false,
    signal: null,
    acts: Promise.resolve(),
    actsWaiting: 0,
    isMemoryOnTheWay: false,
    memory: attached.memory,
    trail: null,
    memoryRefusals: 0,
  };
}

/** Runs acts on one lock one after the other, so that a command and a credential never meet half-way. */
export function inTurn<T>(door: Door, act: () => Promise<T>): Promise<T> {
  door.actsWaiting += 1;
  const turn = door.acts.then(act).finally(() => {
    door.actsWaiting -= 1;
  });
  door.acts = turn.catch(() => undefined);
  return turn;
}

/** The hub's clock was set by so much: what the door was allowed or denied lasts as long as before. */
export function followClock(door: Door, byMs: number): void {
  const moved = (then: Date | null): Date | null => then && new Date(then.getTime() + byMs);
  const movedMs = (then: number | null): number | null => (then === null ? null : then + byMs);
  door.mayOpenUntil = moved(door.mayOpenUntil);
  door.lastActAt = moved(door.lastActAt);
  door.endFailedSince = moved(door.endFailedSince);
  const { wrongAt, lockedUntil, lastWrongAt } = door.keypad;
  door.keypad = {
    ...door.keypad,
    wrongAt: wrongAt.map((then) => then + byMs),
    lockedUntil: movedMs(lockedUntil),
    lastWrongAt: movedMs(lastWrongAt),
  };
}

export function stopDoor(door: Door): void {
  door.registration?.timer.cancel();
  door.leftOpenTimer?.cancel();
  door.easyOfficeTimer?.cancel();
}

export function doorState(door: Door, now: Date): DoorState {
  return {
    officeMode: door.officeMode,
    privacy: door.status?.privacy ?? false,
    tagRegistration: door.registration !== null,
    keypadLockedOut: isLockedOut(door.keypad, now),
  };
}

export function reportOf(door: Door): LockReport {
  const { status } = door;
  return {
    id: door.id,
    online: door.isOnline,
    locked_state: lockedState(door),
    lock_type: status?.traits.lockType ?? 'unknown',
    communication_type: status?.traits.communicationType ?? 'blue_net',
    battery_level: status?.battery ?? 'unknown',
    left_open_alarm: door.hasLeftOpenAlarm,
    intrusion_alarm: door.hasIntrusionAlarm,
    privacy_mode: status?.privacy ?? false,
    tag_registration_until: door.registration?.until.toISOString() ?? null,
    signal_strength: door.signal?.strength ?? null,
    signal_strength_at: door.signal?.at.toISOString() ?? null,
    offline_key_limit: status?.traits.offlineKeyLimit ?? 0,
    offline_key_ids: heldKeyIds(door),
    offline_memory_refused: door.memoryRefusals >= refusalLimit,
    ...(status === null ? {} : { holds_schedules: status.traits.holdsSchedules }),
    ...memoryProof(door),
  };
}

/** behaviour.md 3.4: a right has failed after so many refusals. */
const refusalLimit = 3;

function memoryProof({ status, memory }: Door): Pick<LockReport, 'memory_table_version'> {
  const isHeld = status === null || status.memoryVersion === memory?.version;
  const version = isHeld ? memory?.table_version : undefined;
  return version === undefined ? {} : { memory_table_version: version };
}

/** null = the lock holds a memory of which this hub does not know the content. */
function heldKeyIds({ status, memory }: Door): string[] | null {
  if (status === null) return null;
  if (status.memoryVersion === null) return [];
  return memory?.version === status.memoryVersion ? memory.key_ids : null;
}

function lockedState(door: Door): LockReport['locked_state'] {
  if (door.isUncertain || door.status?.bolt === 'uncertain') return 'uncertain';
  return door.officeMode === 'none' ? 'locked' : 'office_mode';
}
