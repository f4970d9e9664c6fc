/**
 * Which locks and repeaters are there (behaviour.md 2, 3.4, 10): each beats every 10 s and counts as lost after five missed. At
 * most one pair of lost and restored per lock and 60 s is written down; one that stays away is told of when that time is over.
 *
 * A clock that is set, or a machine that slept, makes no lock silent: time that nobody lived through is taken out.
 */
import type { RepeaterReport } from '#contract/iq-link';
import type { HubClock, Timer } from './clock.ts';
import type { Conditions } from './conditions.ts';
import type { Door } from './door.ts';
import { deviceHeartbeatMs, deviceOfflineAfterMs, type RepeaterStatus } from './drivers/driver.ts';
import type { Recorder } from './recorder.ts';

export type SeenRepeater = {
  readonly id: string;
  isOnline: boolean;
  lastHeard: Date;
  communicationType: RepeaterStatus['communicationType'];
  signal: { readonly strength: number; readonly at: Date } | null;
};

export function newRepeater(id: string, now: Date): SeenRepeater {
  return { id, isOnline: false, lastHeard: now, communicationType: 'blue_net', signal: null };
}

export function reportOfRepeater(repeater: SeenRepeater): RepeaterReport {
  return {
    id: repeater.id,
    online: repeater.isOnline,
    communication_type: repeater.communicationType,
    signal_strength: repeater.signal?.strength ?? null,
    signal_strength_at: repeater.signal?.at.toISOString() ?? null,
  };
}

export type Presence = {
  start(): void;
  stop(): void;
  /** The lock was heard. True = it has come back or is there for the first time. */
  heard(door: Door): Promise<boolean>;
  heardRepeater(repeater: SeenRepeater, status: RepeaterStatus): void;
};

const quietBetweenPairsMs = 60_000;
const lookEveryMs = deviceHeartbeatMs / 2;

export function createPresence({
  clock,
  conditions,
  doors,
  repeaters,
  recorder,
  onLost,
  onRepeaterChanged,
  onFailure,
}: {
  readonly clock: HubClock;
  readonly conditions: Conditions;
  readonly doors: ReadonlyMap<string, Door>;
  readonly repeaters: ReadonlyMap<string, SeenRepeater>;
  readonly recorder: Recorder;
  readonly onLost: (door: Door) => void;
  readonly onRepeaterChanged: (repeater: SeenRepeater) => void;
  readonly onFailure: (error: unknown) => void;
}): Presence {
  let timer: Timer | null = null;
  let lookedAt: Date | null = null;
  const isSilent = (lastHeard: Date): boolean =>
    clock.now().getTime() - lastHeard.getTime() >= deviceOfflineAfterMs;

  async function lose(door: Door): Promise<void> {
    if (door.isOnline) {
      door.isOnline = false;
      onLost(door);
    }
    const looked = conditions.look(door);
    const now = clock.now();
    const sincePairMs = door.lastLossAt ? now.getTime() - door.lastLossAt.getTime() : Infinity;
    if (sincePairMs < quietBetweenPairsMs) return looked;
    door.lastLossAt = now;
    door.isLossRecorded = true;
    await recorder.incident('lock_connection_lost', { lockId: door.id });
    return looked;
  }

  function followJumps(): void {
    const now = clock.now().getTime();
    const jumpMs = lookedAt === null ? 0 : now - lookedAt.getTime() - lookEveryMs;
    lookedAt = new Date(now);
    if (Math.abs(jumpMs) <= lookEveryMs) return;
    // What was heard since a jump already has the right time; later than now it cannot have been.
    const follow = (then: Date): Date =>
      new Date(Math.min(now, then.getTime() + Math.max(0, jumpMs)));
    for (const door of doors.values()) {
      door.lastHeard = follow(door.lastHeard);
      door.lastLossAt &&= follow(door.lastLossAt);
    }
    for (const repeater of repeaters.values()) repeater.lastHeard = follow(repeater.lastHeard);
  }

  function look(): void {
    followJumps();
    for (const door of doors.values()) {
      if (!door.isLossRecorded && isSilent(door.lastHeard)) lose(door).catch(onFailure);
    }
    for (const repeater of repeaters.values()) {
      if (!repeater.isOnline || !isSilent(repeater.lastHeard)) continue;
      repeater.isOnline = false;
      onRepeaterChanged(repeater);
    }
    timer = clock.setTimeout(look, lookEveryMs);
  }

  return {
    start: look,
    stop() {
      timer?.cancel();
      timer = null;
    },
    async heard(door) {
      door.lastHeard = clock.now();
      if (door.isOnline) return false;
      door.isOnline = true;
      if (door.isLossRecorded) {
        door.isLossRecorded = false;
        await recorder.incident('lock_connection_restored', { lockId: door.id });
      }
      return true;
    },
    heardRepeater(repeater, { communicationType }) {
      repeater.lastHeard = clock.now();
      if (repeater.isOnline && repeater.communicationType === communicationType) return;
      repeater.communicationType = communicationType;
      repeater.isOnline = true;
      onRepeaterChanged(repeater);
    },
  };
}
