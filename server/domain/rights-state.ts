import type { AccessorId, CollectionId, LockId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { Actor } from '#server/events/audit';
import type { ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import {
  listRightsOfAccessor,
  listRightsOfLock,
  listRightsOfSite,
  type RightRow,
} from '#server/store/rights-state';
import { readScope } from '#server/store/scope';

/** Whether each grant and revocation has arrived at the doors (behaviour.md 3.4, 5.3). */
export type RightsState = {
  listOfLock(actor: Actor, options: ListOptions, lockId: LockId): Promise<ListResult<RightRow>>;
  listOfAccessor(
    actor: Actor,
    options: ListOptions,
    accessorId: AccessorId,
  ): Promise<ListResult<RightRow>>;
  listOfSite(
    actor: Actor,
    options: ListOptions,
    siteId: CollectionId,
  ): Promise<ListResult<RightRow>>;
};

export function createRightsState({ database }: { readonly database: Database }): RightsState {
  const read = (actor: Actor) => readScope(database, actor.tenantId);
  return {
    listOfLock: (actor, options, lockId) => listRightsOfLock(read(actor), options, lockId),
    listOfAccessor: (actor, options, accessorId) =>
      listRightsOfAccessor(read(actor), options, accessorId),
    listOfSite: (actor, options, siteId) => listRightsOfSite(read(actor), options, siteId),
  };
}
