import {
  AccessGroupTimeSchedulePage,
  AccessGroupTimeScheduleResponse,
  PatchTimeScheduleRequest,
  PostTimeScheduleRequest,
} from '#contract/time-schedules';
import type { AccessGroups } from '#server/domain/access-groups';
import type { GroupSchedule, TimeSchedules } from '#server/domain/time-schedules';
import { route, type Call, type Route } from '#server/http/route';
import { timeScheduleFields } from '#server/store/time-schedules';
import { actorOf } from './actor.ts';
import { told } from '#server/http/written';

const tag = 'access groups';

/** core-api.md 6.5: the schedules of access groups. */
export function timeScheduleRoutes({
  timeSchedules,
  accessGroups,
}: {
  readonly timeSchedules: TimeSchedules;
  readonly accessGroups: AccessGroups;
}): Route[] {
  return [
    route({
      method: 'GET',
      path: '/access_groups/{id}/time_schedules',
      access: 'read',
      summary: 'List the schedules of an access group',
      tag,
      list: { fields: timeScheduleFields },
      answer: AccessGroupTimeSchedulePage,
      exists: (call) => accessGroups.get(actorOf(call), call.id('id')),
      handle: async (call) =>
        call.page(await timeSchedules.list(actorOf(call), call.list, call.id('id')), (row) => row),
    }),
    route({
      method: 'POST',
      path: '/access_groups/{id}/time_schedules',
      access: 'write',
      summary: 'Add a schedule',
      tag,
      body: { schema: PostTimeScheduleRequest, mode: 'create' },
      answer: AccessGroupTimeScheduleResponse,
      exists: (call) => accessGroups.get(actorOf(call), call.id('id')),
      handle: (call, body) => told(call, timeSchedules.create(actorOf(call), call.id('id'), body)),
    }),
    route({
      method: 'PATCH',
      path: '/access_groups/{id}/time_schedules/{time_schedule_id}',
      access: 'write',
      summary: 'Change a schedule',
      tag,
      body: { schema: PatchTimeScheduleRequest, mode: 'patch' },
      answer: AccessGroupTimeScheduleResponse,
      exists: (call) => timeSchedules.get(actorOf(call), scheduleOf(call)),
      handle: (call, body) =>
        told(call, timeSchedules.update(actorOf(call), scheduleOf(call), body)),
    }),
    route({
      method: 'DELETE',
      path: '/access_groups/{id}/time_schedules/{time_schedule_id}',
      access: 'write',
      summary: 'Remove a schedule',
      tag,
      answer: null,
      handle: (call) => told(call, timeSchedules.remove(actorOf(call), scheduleOf(call))),
    }),
  ];
}

function scheduleOf(call: Call): GroupSchedule {
  return { groupId: call.id('id'), id: call.id('time_schedule_id') };
}
