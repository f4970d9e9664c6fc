/** Keeps what each lock holds for the time without the hub the same as the table says (behaviour.md 12.3). */
import type { TrailEntry } from '#access/audit-trail';
import { offlineMemoryFor, type OfflineMemory } from '#access/offline';
import type { Attachments } from './attachments.ts';
import type { Door } from './door.ts';
import type { Driver } from './drivers/driver.ts';
import type { TableStore } from './table-store.ts';

type Parts = {
  readonly attachments: Attachments;
  readonly driver: Driver;
  readonly tables: TableStore;
  /** The door differs from what was reported. */
  readonly onChanged: () => void;
};

/** Writes the offline memory if the lock holds another; a lock that does not answer is asked again at its next heartbeat. */
export async function syncLockMemory(door: Door, parts: Parts): Promise<void> {
  const { tables } = parts;
  if (!door.status || !door.isOnline || door.isMemoryOnTheWay || !tables.table) return;
  door.isMemoryOnTheWay = true;
  try {
    await bringInLine(door, parts);
  } finally {
    door.isMemoryOnTheWay = false;
  }
}

async function bringInLine(door: Door, parts: Parts): Promise<void> {
  const { driver, tables, onChanged } = parts;
  const isTrailUsed = tables.table?.locks.get(door.id)?.item.audit_trail_days !== undefined;
  // Before the lock is asked: what changes meanwhile is not proven by its answer.
  const tableVersion = tables.version;
  if (isTrailUsed && !(await readTrail(door, { driver, tableVersion }))) return;
  const { table } = tables;
  if (!door.status || !table) return;
  const trail = isTrailUsed ? (door.trail?.entries ?? null) : null;
  const limits = door.status.traits;
  const memory = offlineMemoryFor(table, { lockId: door.id, limits, trail });
  if (!memory) return;
  const proof = isTrailUsed ? { table_version: tableVersion } : {};
  if (memory.version === door.status.memoryVersion) {
    if (door.memory?.version !== memory.version) return;
    if (door.memory.table_version === proof.table_version) return;
    door.memory = { version: memory.version, key_ids: door.memory.key_ids, ...proof };
    return onChanged();
  }
  await write(door, { memory, proof }, parts);
}

async function write(
  door: Door,
  { memory, proof }: { readonly memory: OfflineMemory; readonly proof: { table_version?: number } },
  { attachments, driver, onChanged }: Parts,
): Promise<void> {
  const outcome = await driver.writeMemory(door.mac, memory);
  if (outcome.result === 'refused') door.memoryRefusals += 1;
  if (outcome.result === 'confirmed') {
    if (door.status) door.status = { ...door.status, memoryVersion: memory.version };
    const key_ids = memory.keys.map(({ keyId }) => keyId);
    door.memory = { version: memory.version, key_ids, ...proof };
    door.memoryRefusals = 0;
    // On the disk, so that a hub that was off can say what its locks hold.
    const attached = attachments.find(door.id);
    if (attached) await attachments.put({ ...attached, memory: door.memory });
  }
  onChanged();
}

/**
 * Brings what the hub knows of the lock's audit trail up to date; false = the lock did not answer. A change of the table is proven
 * only by a trail that was read after it: the last heartbeat may lie before the last opening.
 */
async function readTrail(
  door: Door,
  { driver, tableVersion }: { readonly driver: Driver; readonly tableVersion: number },
): Promise<boolean> {
  const present = door.status?.trailVersion;
  if (present === undefined) return true;
  const isProven = door.memory?.table_version === tableVersion;
  if (isProven && present === door.trail?.version) return true;
  const outcome = await driver.readTrail(door.mac);
  if (outcome.result !== 'confirmed') return false;
  const { version, entries } = outcome;
  door.trail = { version, entries };
  return true;
}

export type KnownTrail = { readonly version: number; readonly entries: readonly TrailEntry[] };
