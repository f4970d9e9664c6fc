/**
 * Acts on the hardware and what the hub knows after each: confirmed changes the door, a refusal is an incident, silence leaves the
 * door uncertain until the lock reports (behaviour.md 3.3, 10).
 */
import type { Attachments } from './attachments.ts';
import type { Door } from './door.ts';
import type { Driver, Outcome } from './drivers/driver.ts';
import type { Recorder } from './recorder.ts';
import type { TableStore } from './table-store.ts';

/** Time for the leaf to move after the bolt has closed again, radio included. */
const openingGraceMs = 2_000;

export type Acts = {
  /** True when the lock confirmed. */
  open(door: Door): Promise<boolean>;
  startOfficeMode(door: Door, mode: 'easy' | 'manual'): Promise<boolean>;
  endOfficeMode(door: Door): Promise<boolean>;
  /** The same acts with the hardware's own words, for commands. */
  tryOpen(door: Door): Promise<Outcome>;
  tryStartOfficeMode(door: Door, mode: 'easy' | 'manual'): Promise<Outcome>;
  tryEndOfficeMode(door: Door): Promise<Outcome>;
  /** The leaf may move for the open time without alarm. */
  allowOpening(door: Door): void;
  /** Office mode as it is, on the disk. */
  rememberOfficeMode(door: Door): Promise<void>;
};

export function createActs({
  attachments,
  driver,
  recorder,
  tables,
  now,
  onChanged,
}: {
  readonly attachments: Attachments;
  readonly driver: Driver;
  readonly recorder: Recorder;
  readonly tables: TableStore;
  readonly now: () => Date;
  /** The door differs from what was reported. */
  readonly onChanged: (door: Door) => void;
}): Acts {
  function openMs(door: Door): number {
    return (tables.table?.locks.get(door.id)?.item.open_time_seconds ?? 6) * 1000;
  }

  function allowOpening(door: Door): void {
    door.mayOpenUntil = new Date(now().getTime() + openMs(door) + openingGraceMs);
  }

  async function rememberOfficeMode(door: Door): Promise<void> {
    const attached = attachments.find(door.id);
    if (!attached || attached.office_mode === door.officeMode) return;
    await attachments.note({ ...attached, office_mode: door.officeMode });
  }

  async function settle(door: Door, outcome: Outcome): Promise<Outcome> {
    door.lastActAt = now();
    if (outcome.result === 'confirmed') door.isUncertain = false;
    if (outcome.result === 'silent') door.isUncertain = true;
    onChanged(door);
    if (outcome.result === 'refused') {
      await recorder.incident('operation_not_completed', { lockId: door.id, detail: outcome.word });
    }
    return outcome;
  }

  async function tryOpen(door: Door): Promise<Outcome> {
    // Before the lock answers: the leaf may move before its answer is here.
    const before = door.mayOpenUntil;
    allowOpening(door);
    const outcome = await driver.open(door.mac, openMs(door));
    if (outcome.result === 'refused') door.mayOpenUntil = before;
    return settle(door, outcome);
  }

  async function tryStartOfficeMode(door: Door, mode: 'easy' | 'manual'): Promise<Outcome> {
    const outcome = await driver.startOfficeMode(door.mac);
    if (outcome.result === 'confirmed') {
      door.officeMode = mode;
      await rememberOfficeMode(door);
    }
    return settle(door, outcome);
  }

  async function tryEndOfficeMode(door: Door): Promise<Outcome> {
    const outcome = await driver.endOfficeMode(door.mac);
    if (outcome.result === 'confirmed') {
      door.officeMode = 'none';
      door.endFailedSince = null;
      door.isEndFailureRecorded = false;
      await rememberOfficeMode(door);
    }
    return settle(door, outcome);
  }

  const isConfirmed = async (outcome: Promise<Outcome>): Promise<boolean> =>
    (await outcome).result === 'confirmed';

  return {
    open: (door) => isConfirmed(tryOpen(door)),
    startOfficeMode: (door, mode) => isConfirmed(tryStartOfficeMode(door, mode)),
    endOfficeMode: (door) => isConfirmed(tryEndOfficeMode(door)),
    tryOpen,
    tryStartOfficeMode,
    tryEndOfficeMode,
    allowOpening,
    rememberOfficeMode,
  };
}
