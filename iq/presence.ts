/**
 * Which locks and repeaters are there (behaviour.md 2, 3.4, 10): each beats every 10 s and counts as lost after five missed. At
 * most one pair of lost and restored per lock and 60 s is written down.
 */
import type { HubClock, Timer } from './clock.ts';
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

export type Presence = {
  start(): void;
  stop(): void;
  /** The lock was heard. True = it has come back or is there for the first time. */
  heard(door: Door): Promise<boolean>;
  heardRepeater(repeater: SeenRepeater, status: RepeaterStatus): void;
};

const quietBetweenPairsMs = 60_000;

export function createPresence({
  clock,
  doors,
  repeaters,
  recorder,
  onLost,
  onRepeaterChanged,
  onFailure,
}: {
  readonly clock: HubClock;
  readonly doors: ReadonlyMap<string, Door>;
  readonly repeaters: ReadonlyMap<string, SeenRepeater>;
  readonly recorder: Recorder;
  readonly onLost: (door: Door) => void;
  readonly onRepeaterChanged: (repeater: SeenRepeater) => void;
  readonly onFailure: (error: unknown) => void;
}): Presence {
  let timer: Timer | null = null;
  const isSilent = (lastHeard: Date): boolean =>
    clock.now().getTime() - lastHeard.getTime() >= deviceOfflineAfterMs;

  async function lose(door: Door): Promise<void> {
    door.isOnline = false;
    onLost(door);
    const now = clock.now();
    const sincePairMs = door.lastLossAt ? now.getTime() - door.lastLossAt.getTime() : Infinity;
    if (sincePairMs < quietBetweenPairsMs) return;
    door.lastLossAt = now;
    door.isLossRecorded = true;
    await recorder.incident('lock_connection_lost', { lockId: door.id });
  }

  function look(): void {
    for (const door of doors.values()) {
      const isKnownLost = !door.isOnline && (door.isLossRecorded || door.status !== null);
      if (!isKnownLost && isSilent(door.lastHeard)) lose(door).catch(onFailure);
    }
    for (const repeater of repeaters.values()) {
      if (!repeater.isOnline || !isSilent(repeater.lastHeard)) continue;
      repeater.isOnline = false;
      onRepeaterChanged(repeater);
    }
    timer = clock.setTimeout(look, deviceHeartbeatMs / 2);
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
