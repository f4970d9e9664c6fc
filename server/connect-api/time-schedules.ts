import { PostMessageScheduleRequest } from '#contract/message-rules';
import {
  AccessGroupTimeSchedulePage,
  AccessGroupTimeScheduleResponse,
  PatchTimeScheduleRequest,
} from '#contract/time-schedules';
import type { SiteAccessGroups } from '#server/domain/site-access-groups';
import type { GroupSchedule, TimeSchedules } from '#server/domain/time-schedules';
import type { Call, Route } from '#server/http/route';
import { told } from '#server/http/written';
import { timeScheduleFields } from '#server/store/time-schedules';
import { seenGroup } from './site-access-groups.ts';
import type { AtSite, SiteRoute } from './site-route.ts';

const tag = 'access groups';
const all = '/access_groups/{access_group_id}/time_schedules';

/** connect-api.md 3.3: when a group opens its locks. */
export function siteTimeScheduleRoutes(
  siteRoute: SiteRoute,
  parts: { readonly timeSchedules: TimeSchedules; readonly siteAccessGroups: SiteAccessGroups },
): Route[] {
  const { timeSchedules } = parts;
  const exists = seenGroup(parts);
  const scheduleExists = async (at: AtSite, call: Call): Promise<void> => {
    await exists(at, call);
    await timeSchedules.get(at.actor, scheduleOf(call));
  };
  return [
    siteRoute({
      method: 'GET',
      path: all,
      right: 'take_part',
      summary: 'List the schedules of an access group of a site',
      tag,
      list: { fields: timeScheduleFields },
      answer: AccessGroupTimeSchedulePage,
      exists,
      handle: async ({ actor }, call) =>
        call.page(
          await timeSchedules.list(actor, call.list, call.id('access_group_id')),
          (row) => row,
        ),
    }),
    siteRoute({
      method: 'POST',
      path: all,
      right: 'manage_users',
      summary: 'Add a schedule to an access group',
      tag,
      body: { schema: PostMessageScheduleRequest, mode: 'create' },
      answer: AccessGroupTimeScheduleResponse,
      exists,
      handle: ({ actor }, call, body) =>
        told(call, timeSchedules.create(actor, call.id('access_group_id'), body)),
    }),
    siteRoute({
      method: 'PATCH',
      path: `${all}/{time_schedule_id}`,
      right: 'manage_users',
      summary: 'Change a schedule of an access group',
      tag,
      body: { schema: PatchTimeScheduleRequest, mode: 'patch' },
      answer: AccessGroupTimeScheduleResponse,
      exists: scheduleExists,
      handle: ({ actor }, call, body) =>
        told(call, timeSchedules.update(actor, scheduleOf(call), body)),
    }),
    siteRoute({
      method: 'DELETE',
      path: `${all}/{time_schedule_id}`,
      right: 'manage_users',
      summary: 'Remove a schedule of an access group',
      tag,
      answer: null,
      exists: scheduleExists,
      handle: ({ actor }, call) => told(call, timeSchedules.remove(actor, scheduleOf(call))),
    }),
  ];
}

function scheduleOf(call: Call): GroupSchedule {
  return { groupId: call.id('access_group_id'), id: call.id('time_schedule_id') };
}
