/** The door leaf and its alarms: opened without right, left open, closed again (behaviour.md 10). */
import type { HubClock } from './clock.ts';
import type { Door } from './door.ts';
import type { Recorder, When } from './recorder.ts';
import type { TableStore } from './table-store.ts';

export type Leaf = {
  opened(door: Door, when: When): Promise<void>;
  closed(door: Door, when: When): Promise<void>;
  /** Office mode has begun or ended: an open door is right in the one and counts from now in the other. */
  officeModeChanged(door: Door): void;
};

const usualLeftOpenSeconds = 30;

export function createLeaf({
  clock,
  recorder,
  tables,
  onChanged,
  onFailure,
}: {
  readonly clock: HubClock;
  readonly recorder: Recorder;
  readonly tables: TableStore;
  readonly onChanged: (door: Door) => void;
  /** A timer's record could not be written. */
  readonly onFailure: (error: unknown) => void;
}): Leaf {
  function watch(door: Door, openedAt: Date): void {
    door.leftOpenTimer?.cancel();
    if (door.hasLeftOpenAlarm) return;
    const seconds = tables.table?.settings?.door_left_open_seconds ?? usualLeftOpenSeconds;
    const leftMs = openedAt.getTime() + seconds * 1000 - clock.now().getTime();
    door.leftOpenTimer = clock.setTimeout(
      () => {
        door.leftOpenTimer = null;
        if (door.status?.door !== 'open' || door.officeMode !== 'none') return;
        door.hasLeftOpenAlarm = true;
        onChanged(door);
        recorder.incident('door_left_open_alarm_start', { lockId: door.id }).catch(onFailure);
      },
      Math.max(0, leftMs),
    );
  }

  return {
    async opened(door, when) {
      if (door.status) door.status = { ...door.status, door: 'open' };
      if (door.officeMode !== 'none') return;
      const isRightful =
        door.mayOpenUntil !== null && when.at.getTime() <= door.mayOpenUntil.getTime();
      if (isRightful) {
        watch(door, when.at);
        return;
      }
      // What the lock kept while the hub was away was opened by rules the hub did not watch.
      if (when.source !== null || door.hasIntrusionAlarm) return;
      door.hasIntrusionAlarm = true;
      onChanged(door);
      await recorder.incident('intrusion_alarm_start', { lockId: door.id }, when);
    },
    async closed(door, when) {
      if (door.status) door.status = { ...door.status, door: 'closed' };
      door.leftOpenTimer?.cancel();
      door.leftOpenTimer = null;
      const ended = [
        door.hasLeftOpenAlarm ? ('door_left_open_alarm_end' as const) : null,
        door.hasIntrusionAlarm ? ('intrusion_alarm_end' as const) : null,
      ].filter((category) => category !== null);
      door.hasLeftOpenAlarm = false;
      door.hasIntrusionAlarm = false;
      if (ended.length > 0) onChanged(door);
      for (const category of ended) {
        await recorder.incident(
          category,
          { lockId: door.id },
          ended.length === 1 ? when : undefined,
        );
      }
    },
    officeModeChanged(door) {
      if (door.officeMode === 'none' && door.status?.door === 'open') watch(door, clock.now());
    },
  };
}
