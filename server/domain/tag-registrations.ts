/** Teaching tags at a lock (behaviour.md 5.1). */
import { ApiError } from '#contract/api-error';
import type { LockId } from '#contract/ids';
import type { Actor, Audit } from '#server/events/audit';
import { commandFailure, type CommandQueue } from '#server/gateway/commands';
import type { Clock } from '#server/runtime/clock';
import { findLockingFacts, setTagRegistration, type LockingFacts } from '#server/store/lockings';
import type { LockRow } from '#server/store/locks';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope } from '#server/store/scope';
import { getLock, lockFact, noLock } from './locks.ts';

export type TagRegistrations = {
  /** VALUE_INVALID (404: the seconds), OPERATION_NOT_ALLOWED (office mode), CCC_* and IQ_OFFLINE. A repeat sets the time anew. */
  start(actor: Actor, id: LockId, seconds: number): Promise<LockRow>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly commands: CommandQueue;
};

/** behaviour.md 2. */
export const registrationSeconds = { least: 15, most: 600 };

export function createTagRegistrations(parts: Parts): TagRegistrations {
  const { database, audit, clock, commands } = parts;
  return {
    async start(actor, id, seconds) {
      const { least, most } = registrationSeconds;
      if (seconds < least || seconds > most)
        throw new ApiError('VALUE_INVALID', {
          parameter: 'duration_in_seconds',
          case: 'path_id',
          reason: `Allowed are ${least} to ${most}.`,
        });
      const read = readScope(database, actor.tenantId);
      const facts = await findLockingFacts(read, id, { accessorId: null, now: clock.now() });
      if (facts === undefined) throw noLock();
      const fault = faultOf(facts);
      if (fault !== undefined) throw fault;
      const { iq_id: iqId, collection_id: collectionId } = facts;
      if (iqId === null) throw new ApiError('CCC_COMMAND_FAILED', { word: 'not_attached' });
      const queued = await inTransaction({ database, tenantId: actor.tenantId }, (scope) => {
        audit.record(scope, actor, lockFact('tag_registration', { id, collectionId }));
        return commands.enqueue(scope, {
          iqId,
          lockId: id,
          body: { kind: 'tag_registration', lock_id: id, duration_seconds: seconds },
          requestId: actor.requestId,
        });
      });
      const failure = commandFailure(await queued.start());
      if (failure !== undefined) throw failure;
      await setTagRegistration(read, id, new Date(clock.now().getTime() + seconds * 1000));
      // A report of the lock from before may be written just then.
      return { ...(await getLock(read, id, clock.now())), tag_registration_state: 'in_progress' };
    },
  };
}

function faultOf(facts: LockingFacts): ApiError | undefined {
  const failed = (word: string): ApiError => new ApiError('CCC_COMMAND_FAILED', { word });
  if (facts.iq_link_state !== 'attached' && facts.iq_link_state !== 'detached_pending')
    return failed('not_attached');
  if (facts.locked_state === 'office_mode' || facts.locked_state === 'office_mode_pending')
    return new ApiError('OPERATION_NOT_ALLOWED', { reason: 'The lock is in office mode.' });
  if (facts.iq_state === 'initialized') return new ApiError('CCC_ENTITY_NOT_FOUND');
  if (facts.is_being_replaced)
    return new ApiError('CCC_OPERATION_NOT_ALLOWED', { reason: 'The IQ is being replaced.' });
  if (facts.iq_online !== true) return new ApiError('IQ_OFFLINE');
  return facts.lock_online ? undefined : failed('lock_offline');
}
