/** Guests whose time is over (behaviour.md 3.4): suspended, so that the seat is free; the doors know the time themselves. */
import type { Audit } from '#server/events/audit';
import { holdAccessor } from '#server/store/accessors';
import { findCollectionSetting, updateCollectionSetting } from '#server/store/collection-settings';
import { listEndedGuests, type EndedGuest } from '#server/store/guests';
import type { Database } from '#server/store/pool';
import { inTransaction } from '#server/store/scope';
import type { DesiredState } from './desired-state.ts';
import { settleOfflineKeys } from './offline-rights.ts';
import { fact } from './site-user-creation.ts';

export type Guests = {
  /** Suspends those of all tenants whose time is over, and gives how many; the same from several processes at once. */
  suspendEnded(): Promise<number>;
};

export function createGuests({
  database,
  audit,
  clock,
  desiredState,
}: {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly desiredState: DesiredState;
}): Guests {
  const suspend = ({ tenant_id: tenantId, id, collection_id: siteId }: EndedGuest) =>
    inTransaction({ database, tenantId }, async (scope) => {
      const now = clock.now();
      const held = await holdAccessor(scope, id);
      const setting = await findCollectionSetting(scope, { accessorId: id, collectionId: siteId });
      if (held?.collection_id !== siteId || setting === undefined || setting.suspended)
        return false;
      await updateCollectionSetting(scope, setting.id, { suspended: true });
      const lockIds = await settleOfflineKeys(scope, { accessorIds: [id], now });
      await desiredState.refresh(scope, { accessorIds: [id], lockIds });
      audit.record(
        scope,
        { tenantId, clientId: null, userId: null, requestId: null },
        fact('expire', { siteId }, id),
      );
      return true;
    });

  return {
    async suspendEnded() {
      let count = 0;
      for (const guest of await listEndedGuests(database, clock.now()))
        if (await suspend(guest)) count += 1;
      return count;
    },
  };
}
