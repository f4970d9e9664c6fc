import type { AccessorId, LockId } from '#contract/ids';
import { addKeysByAccess, pruneOfflineKeys } from '#server/store/offline-keys';
import type { WriteScope } from '#server/store/scope';

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
  const pruned = await pruneOfflineKeys(scope, { accessorIds, lockIds });
  const added = await addKeysByAccess(scope, { accessorIds, lockIds, now });
  return [...new Set([...pruned, ...added.lockIds])];
}
