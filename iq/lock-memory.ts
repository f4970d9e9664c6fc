/** Keeps what each lock holds for the time without the hub the same as the table says (behaviour.md 12.3). */
import { offlineMemoryFor } from '#access/offline';
import type { Attachments } from './attachments.ts';
import type { Door } from './door.ts';
import type { Driver } from './drivers/driver.ts';
import type { TableStore } from './table-store.ts';

/** Writes the offline memory if the lock holds another; a lock that does not answer is asked again at its next heartbeat. */
export async function syncLockMemory(
  door: Door,
  {
    attachments,
    driver,
    tables,
    onChanged,
  }: {
    readonly attachments: Attachments;
    readonly driver: Driver;
    readonly tables: TableStore;
    /** The door differs from what was reported. */
    readonly onChanged: () => void;
  },
): Promise<void> {
  if (!door.status || !door.isOnline || door.isMemoryOnTheWay || !tables.table) return;
  const memory = offlineMemoryFor(tables.table, { lockId: door.id, limits: door.status.traits });
  if (!memory || memory.version === door.status.memoryVersion) return;
  door.isMemoryOnTheWay = true;
  try {
    const outcome = await driver.writeMemory(door.mac, memory);
    if (outcome.result === 'refused') door.memoryRefusals += 1;
    if (outcome.result === 'confirmed') {
      door.status = { ...door.status, memoryVersion: memory.version };
      door.memory = { version: memory.version, key_ids: memory.keys.map(({ keyId }) => keyId) };
      door.memoryRefusals = 0;
      // On the disk, so that a hub that was off can say what its locks hold.
      const attached = attachments.find(door.id);
      if (attached) await attachments.put({ ...attached, memory: door.memory });
    }
    onChanged();
  } finally {
    door.isMemoryOnTheWay = false;
  }
}
