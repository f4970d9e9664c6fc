import { assertNever } from '#contract/assert-never';
import type { AccessorId, LockId } from '#contract/ids';
import type { KeyType } from '#contract/keys';
import { holdAccessors } from '#server/store/accessors';
import { addKeysByAccess, holdOfflineMemory, pruneOfflineKeys } from '#server/store/offline-keys';
import type { WriteScope } from '#server/store/scope';

/** Whether a lock out of its hub's reach can know such a credential (behaviour.md 12.3). */
export function mayOpenOffline(type: KeyType): boolean {
  switch (type) {
    case 'tag':
    case 'mkey':
    case 'wallet':
      return true;
    case 'pin':
    case 'custom_pin':
    case 'license_plate':
      return false;
    default:
      return assertNever(type);
  }
}

/**
 * Brings the offline rights of accessors and at locks in line after their keys, groups, flags or settings changed
 * (behaviour.md 12.3): those without a reason go, those "by access" come where there is room. Gives the locks concerned, for
 * the desired state.
 */
export async function settleOfflineKeys(
  scope: WriteScope,
  touched: {
    readonly accessorIds?: readonly AccessorId[];
    readonly lockIds?: readonly LockId[];
    readonly now: Date;
  },
): Promise<LockId[]> {
  const { accessorIds = [], lockIds = [], now } = touched;
  if (accessorIds.length === 0 && lockIds.length === 0) return [];
  await holdAccessors(scope, accessorIds);
  await holdOfflineMemory(scope, lockIds);
  const pruned = await pruneOfflineKeys(scope, { accessorIds, lockIds });
  const added = await addKeysByAccess(scope, { accessorIds, lockIds, now });
  return [...new Set([...pruned, ...added.lockIds])];
}
