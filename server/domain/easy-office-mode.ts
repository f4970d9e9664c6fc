/** The schedule in which a door stays open (behaviour.md 7.2). The hub runs it without the server. */
import type { Static } from 'typebox';
import type { EasyOfficeModeSchedule } from '#contract/access-table';
import { ApiError } from '#contract/api-error';
import type { PutEasyOfficeModeRequest } from '#contract/easy-office-mode';
import type { LockId } from '#contract/ids';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import { updateLock } from '#server/store/locks';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import type { DesiredState } from './desired-state.ts';
import { getLock, heldLock, lockFact } from './locks.ts';
import { writeRights, type Written } from './rights-write.ts';
import { checkSchedule } from './time-schedules.ts';

export type PutEasyOfficeMode = Required<Static<typeof PutEasyOfficeModeRequest>>;

export type EasyOfficeMode = {
  /** VALUE_INVALID (404) when the lock has no schedule. */
  get(actor: Actor, id: LockId): Promise<EasyOfficeModeSchedule>;
  /** VALUE_INVALID: no weekday, or dates the wrong way round. */
  put(actor: Actor, id: LockId, body: PutEasyOfficeMode): Promise<Written<EasyOfficeModeSchedule>>;
  /** Also when there is none. */
  remove(actor: Actor, id: LockId): Promise<Written<void>>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly desiredState: DesiredState;
};

export function createEasyOfficeMode(parts: Parts): EasyOfficeMode {
  const { database, audit, clock, ids, desiredState } = parts;

  return {
    async get(actor, id) {
      const lock = await getLock(readScope(database, actor.tenantId), id, clock.now());
      if (lock.easy_office_mode === null)
        throw new ApiError('VALUE_INVALID', {
          parameter: 'easy_office_mode_schedule',
          case: 'path_id',
          reason: 'The lock has none.',
        });
      return lock.easy_office_mode;
    },

    put: (actor, id, body) =>
      writeRights({ database, actor }, async (scope) => {
        checkSchedule(body);
        const lock = await heldLock(scope, id, clock.now());
        const scheduleId = lock.easy_office_mode?.id ?? ids.next<string>();
        const schedule: EasyOfficeModeSchedule = { id: scheduleId, ...body };
        await updateLock(scope, id, { easy_office_mode: schedule });
        await desiredState.refresh(scope, { lockIds: [id] });
        const what = { id, collectionId: lock.collection_id };
        audit.record(scope, actor, {
          ...lockFact('set_easy_office_mode', what),
          before: lock.easy_office_mode,
          after: schedule,
        });
        return schedule;
      }),

    remove: (actor, id) =>
      writeRights({ database, actor }, async (scope) => {
        const lock = await heldLock(scope, id, clock.now());
        if (lock.easy_office_mode === null) return;
        await updateLock(scope, id, { easy_office_mode: null });
        await desiredState.refresh(scope, { lockIds: [id] });
        const what = { id, collectionId: lock.collection_id };
        audit.record(scope, actor, {
          ...lockFact('delete_easy_office_mode', what),
          before: lock.easy_office_mode,
        });
      }),
  };
}
