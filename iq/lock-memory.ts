/** Keeps what each lock holds for the time without the hub the same as the table says (behaviour.md 12.3). */
import { offlineMemoryFor } from '#access/offline';
import type { Door } from './door.ts';
import type { Driver } from './drivers/driver.ts';
import type { TableStore } from './table-store.ts';

/** Writes the offline memory if the lock holds another; a lock that does not answer is asked again at its next heartbeat. */
export async function syncLockMemory(
  door: Door,
  { driver, tables }: { readonly driver: Driver; readonly tables: TableStore },
): Promise<void> {
  if (!door.status || !door.isOnline || door.isMemoryOnTheWay || !tables.table) return;
  const memory = offlineMemoryFor(tables.table, { lockId: door.id, limits: door.status.traits });
  if (!memory || memory.version === door.status.memoryVersion) return;
  door.isMemoryOnTheWay = true;
  try {
    const outcome = await driver.writeMemory(door.mac, memory);
    if (outcome.result === 'confirmed') {
      door.status = { ...door.status, memoryVersion: memory.version };
    }
  } finally {
    door.isMemoryOnTheWay = false;
  }
}
