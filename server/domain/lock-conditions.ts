/** Battery and radio of a lock over time (docs/decisions/0292). */
import type { LockConditionEvent } from '#contract/events';
import type { LockId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { Actor } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import type { ListResult } from '#server/store/list';
import {
  insertLockConditions,
  listLockConditions,
  type ConditionSpan,
  type LockConditionRow,
  type NewCondition,
} from '#server/store/lock-conditions';
import type { Database } from '#server/store/pool';
import { readScope, type WriteScope } from '#server/store/scope';

export type LockConditions = {
  list(
    actor: Actor,
    options: ListOptions,
    of: ConditionSpan & { readonly lockId: LockId },
  ): Promise<ListResult<LockConditionRow>>;
};

export function createLockConditions({
  database,
}: {
  readonly database: Database;
}): LockConditions {
  return {
    list: (actor, options, of) =>
      listLockConditions(readScope(database, actor.tenantId), options, of),
  };
}

/** What a hub said, as it is stored. */
export function conditionOf(
  event: Pick<LockConditionEvent, 'battery_level' | 'online' | 'signal_strength'>,
  known: Pick<NewCondition, 'id' | 'lockId' | 'at'>,
): NewCondition {
  return {
    ...known,
    batteryLevel: event.battery_level ?? null,
    online: event.online ?? null,
    signalStrength: event.signal_strength ?? null,
  };
}

/** Locks that were taken from their hub are heard by nobody. */
export function endContact(
  scope: WriteScope,
  { clock, ids }: { readonly clock: { now(): Date }; readonly ids: Ids },
  lockIds: readonly LockId[],
): Promise<void> {
  const at = clock.now();
  const ended = lockIds.map((lockId) =>
    conditionOf({ online: false }, { id: ids.next<string>(), lockId, at }),
  );
  return insertLockConditions(scope, ended, at);
}
