import type { AccessGroupId, AccessorId, CollectionId, IqId, LockId, TagId } from '#contract/ids';
import type { WriteScope } from '#server/store/scope';

/** What a write touched; the IQs that must know are found from it. */
export type Touched = {
  readonly iqIds?: readonly IqId[];
  readonly lockIds?: readonly LockId[];
  readonly accessorIds?: readonly AccessorId[];
  readonly groupIds?: readonly AccessGroupId[];
  readonly collectionIds?: readonly CollectionId[];
  readonly tagIds?: readonly TagId[];
};

export type DesiredState = {
  /**
   * Brings the desired state of every IQ concerned in line with the rows as this transaction sees them. Called by each
   * use-case that changes what a door decides, after its writes and before its commit. For deletions it is called after
   * the delete, with the ids that are gone.
   */
  refresh(scope: WriteScope, touched: Touched): Promise<void>;
};
