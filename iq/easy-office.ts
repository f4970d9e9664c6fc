/**
 * Easy office mode by schedule (behaviour.md 7.2), run by the hub alone.
 *
 * Looked at whenever the schedule, the door or the hour may have changed: inside the window an automatic one starts once; outside
 * it easy office mode ends. What the lock does not confirm is tried again each 60 s; an end still open after 60 s is an incident.
 */
import { compileSchedule, coveringSchedule, nextChange } from '#access/schedules';
import type { Acts } from './acts.ts';
import type { Attachments } from './attachments.ts';
import type { HubClock } from './clock.ts';
import { inTurn, type Door } from './door.ts';
import type { Recorder } from './recorder.ts';
import type { TableStore } from './table-store.ts';

export type EasyOffice = {
  /** Looks at the door and sets the timer for the next look. */
  look(door: Door): void;
  /** A person or a command has ended office mode: an automatic window does not start again by itself. */
  endedByHand(door: Door): Promise<void>;
  /** No look sets a timer any more. */
  stop(): void;
};

const retryMs = 60_000;

type Window = {
  readonly isInside: boolean;
  readonly isAutomatic: boolean;
  readonly changesAt: Date | null;
};
const noWindow: Window = { isInside: false, isAutomatic: false, changesAt: null };

export function createEasyOffice({
  acts,
  attachments,
  clock,
  recorder,
  tables,
  onChanged,
  onFailure,
}: {
  readonly acts: Acts;
  readonly attachments: Attachments;
  readonly clock: HubClock;
  readonly recorder: Recorder;
  readonly tables: TableStore;
  readonly onChanged: (door: Door) => void;
  readonly onFailure: (error: unknown) => void;
}): EasyOffice {
  let isStopped = false;

  /** null = the table is unreadable: leave the door as it is. */
  function windowOf(door: Door): Window | null {
    const { table } = tables;
    if (!table?.settings) return null;
    const schedule = table.locks.get(door.id)?.item.easy_office_mode;
    if (!schedule) return noWindow;
    const compiled = [compileSchedule(schedule)];
    const when = { timeZone: table.settings.time_zone, at: clock.now() };
    return {
      isInside: coveringSchedule(compiled, when) !== null,
      isAutomatic: schedule.eom_auto_start,
      changesAt: nextChange(compiled, when),
    };
  }

  function nameOf(window: Window): string {
    return window.changesAt?.toISOString() ?? 'endless';
  }

  async function markDone(door: Door, window: Window): Promise<void> {
    const attached = attachments.find(door.id);
    if (!attached || !window.isInside) return;
    await attachments.note({ ...attached, window_done: nameOf(window) });
  }

  async function start(door: Door, window: Window): Promise<void> {
    const at = clock.now();
    if (!(await acts.startOfficeMode(door, 'easy'))) return;
    await markDone(door, window);
    await recordSchedule(door, 'start', at);
  }

  async function end(door: Door): Promise<void> {
    const now = clock.now();
    if (await acts.endOfficeMode(door)) {
      await recordSchedule(door, 'end', now);
      return;
    }
    door.endFailedSince ??= now;
    const failedMs = now.getTime() - door.endFailedSince.getTime();
    if (failedMs < retryMs || door.isEndFailureRecorded) return;
    door.isEndFailureRecorded = true;
    door.isUncertain = true;
    onChanged(door);
    await recorder.incident('easy_office_mode_end_failed', { lockId: door.id });
  }

  function recordSchedule(door: Door, detail: 'start' | 'end', at: Date): Promise<void> {
    return recorder.entry(
      { lock_id: door.id, category: 'easy_office_mode', detail, access_by: 'schedule' },
      { at, source: null },
    );
  }

  function isStartDue(door: Door, window: Window): boolean {
    const isDone = attachments.find(door.id)?.window_done === nameOf(window);
    return window.isAutomatic && !isDone && door.officeMode === 'none' && door.isOnline;
  }

  async function lookNow(door: Door): Promise<void> {
    const window = windowOf(door);
    if (!window) return;
    if (window.isInside) {
      if (isStartDue(door, window)) await start(door, window);
    } else if (door.officeMode === 'easy') {
      await end(door);
    }
  }

  function setTimer(door: Door): void {
    door.easyOfficeTimer?.cancel();
    door.easyOfficeTimer = null;
    if (isStopped) return;
    const window = windowOf(door);
    if (!window) return;
    const { changesAt } = window;
    const changeMs = changesAt === null ? null : changesAt.getTime() - clock.now().getTime();
    const isOpen = window.isInside ? isStartDue(door, window) : door.officeMode === 'easy';
    const waits = [changeMs, isOpen ? retryMs : null].filter((ms) => ms !== null);
    if (waits.length === 0) return;
    door.easyOfficeTimer = clock.setTimeout(() => look(door), Math.max(0, Math.min(...waits)));
  }

  function look(door: Door): void {
    if (isStopped) return;
    const seen = windowOf(door);
    inTurn(door, () => lookNow(door))
      .catch(onFailure)
      .finally(() => {
        const now = windowOf(door);
        // The window began or ended while the lock was acting: what was done is already out of date.
        if (seen !== null && now !== null && seen.isInside !== now.isInside) look(door);
        else setTimer(door);
      });
  }

  return {
    look,
    stop: () => void (isStopped = true),
    async endedByHand(door) {
      const window = windowOf(door);
      if (window) await markDone(door, window);
    },
  };
}
