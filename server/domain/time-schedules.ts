import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import { weekdays } from '#contract/fields';
import type { AccessGroupId, TimeScheduleId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type {
  AccessGroupTimeScheduleResponse,
  PatchTimeScheduleRequest,
  PostTimeScheduleRequest,
} from '#contract/time-schedules';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import { lacksSchedule, type AccessGroupRow } from '#server/store/access-groups';
import type { ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import { readScope, type Scope, type WriteScope } from '#server/store/scope';
import {
  deleteTimeSchedule,
  findTimeSchedule,
  insertTimeSchedule,
  listTimeSchedules,
  updateTimeSchedule,
  type TimeScheduleRow,
} from '#server/store/time-schedules';
import { heldAccessGroup, noScheduleWord } from './access-groups.ts';
import { changed } from './collections.ts';
import type { DesiredState } from './desired-state.ts';
import { createValueFaults, noWeekday } from './value-faults.ts';
import { writeRights, type Written } from './rights-write.ts';

export type PostTimeSchedule = Required<Static<typeof PostTimeScheduleRequest>>;
export type PatchTimeSchedule = Static<typeof PatchTimeScheduleRequest>;

/** A schedule by the group it belongs to, as paths name it. */
export type GroupSchedule = { readonly groupId: AccessGroupId; readonly id: TimeScheduleId };

export type TimeSchedules = {
  /** VALUE_INVALID (404) when the group has none of that id. */
  get(actor: Actor, schedule: GroupSchedule): Promise<TimeScheduleRow>;
  list(
    actor: Actor,
    options: ListOptions,
    groupId: AccessGroupId,
  ): Promise<ListResult<TimeScheduleRow>>;
  /** VALUE_INVALID: no weekday, or the end date lies before the start date. */
  create(
    actor: Actor,
    groupId: AccessGroupId,
    body: PostTimeSchedule,
  ): Promise<Written<TimeScheduleRow>>;
  update(
    actor: Actor,
    schedule: GroupSchedule,
    body: PatchTimeSchedule,
  ): Promise<Written<TimeScheduleRow>>;
  remove(actor: Actor, schedule: GroupSchedule): Promise<Written<void>>;
};

type WriteParts = {
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly desiredState: DesiredState;
};

type Parts = WriteParts & { readonly database: Database };

export function createTimeSchedules(parts: Parts): TimeSchedules {
  const { database, audit, desiredState } = parts;
  return {
    get: (actor, schedule) => getTimeSchedule(readScope(database, actor.tenantId), schedule),
    list: (actor, options, groupId) =>
      listTimeSchedules(readScope(database, actor.tenantId), options, groupId),

    create: (actor, groupId, body) =>
      writeRights({ database, actor }, (scope) =>
        addTimeSchedule(scope, parts, { actor, groupId, body }),
      ),

    update: (actor, { groupId, id }, body) =>
      writeRights({ database, actor }, async (scope) => {
        const group = await heldAccessGroup(scope, groupId);
        const former = await getTimeSchedule(scope, { groupId, id });
        checkSchedule({ ...former, ...body });
        await updateTimeSchedule(scope, id, body);
        await desiredState.refresh(scope, { groupIds: [groupId] });
        const detail = changed(body);
        const after = await getTimeSchedule(scope, { groupId, id });
        audit.record(scope, actor, {
          ...fact('update', { group, id }),
          detail,
          before: former,
          after,
        });
        return after;
      }),

    remove: (actor, { groupId, id }) =>
      writeRights({ database, actor }, async (scope, warn) => {
        const group = await heldAccessGroup(scope, groupId);
        const before = await getTimeSchedule(scope, { groupId, id });
        await deleteTimeSchedule(scope, id);
        await desiredState.refresh(scope, { groupIds: [groupId] });
        if (await lacksSchedule(scope, groupId)) warn(noScheduleWord);
        audit.record(scope, actor, { ...fact('delete', { group, id }), before });
      }),
  };
}

/** Makes a schedule of a group, in a transaction of the caller's; the codes of `create`. */
export async function addTimeSchedule(
  scope: WriteScope,
  { audit, clock, ids, desiredState }: WriteParts,
  {
    actor,
    groupId,
    body,
  }: {
    readonly actor: Actor;
    readonly groupId: AccessGroupId;
    readonly body: PostTimeSchedule;
  },
): Promise<TimeScheduleRow> {
  const group = await heldAccessGroup(scope, groupId);
  checkSchedule(body);
  const id = ids.next<TimeScheduleId>();
  await insertTimeSchedule(scope, groupId, { ...body, id, created_at: clock.now() });
  await desiredState.refresh(scope, { groupIds: [groupId] });
  const after = await getTimeSchedule(scope, { groupId, id });
  audit.record(scope, actor, { ...fact('create', { group, id }), after });
  return after;
}

async function getTimeSchedule(
  scope: Scope,
  { groupId, id }: GroupSchedule,
): Promise<TimeScheduleRow> {
  const row = await findTimeSchedule(scope, groupId, id);
  if (row === undefined)
    throw new ApiError('VALUE_INVALID', { parameter: 'time_schedule_id', case: 'path_id' });
  return row;
}

type Days = Pick<AccessGroupTimeScheduleResponse, (typeof weekdays)[number]>;
type Dates = Pick<AccessGroupTimeScheduleResponse, 'start_date' | 'end_date'>;

/**
 * VALUE_INVALID: no weekday, or it ends before it begins (core-api.md 7.4). An end time before the start time is a window over
 * midnight; dates in the past are fine.
 */
export function checkSchedule(schedule: Days & Dates): void {
  const faults = createValueFaults();
  faults.check(() => checkDays(schedule));
  faults.check(() => checkDates(schedule));
  faults.raise();
}

function checkDays(schedule: Days): void {
  if (!weekdays.some((day) => schedule[day])) throw noWeekday();
}

function checkDates({ start_date: start, end_date: end }: Dates): void {
  if (start !== null && end !== null && end < start)
    throw new ApiError('VALUE_INVALID', {
      parameter: 'end_date',
      reason: 'It lies before start_date.',
    });
}

function fact(
  verb: string,
  { group, id }: { readonly group: AccessGroupRow; readonly id: TimeScheduleId },
) {
  return {
    action: `time_schedule.${verb}`,
    objectType: 'time_schedule',
    objectId: id,
    collectionId: group.collection_id,
  };
}
