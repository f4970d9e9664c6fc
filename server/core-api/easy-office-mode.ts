import type { EasyOfficeModeSchedule } from '#contract/access-table';
import { PutEasyOfficeModeRequest, TimeScheduleSummaryResponse } from '#contract/easy-office-mode';
import type { EasyOfficeMode } from '#server/domain/easy-office-mode';
import type { Locks } from '#server/domain/locks';
import { route, type Route } from '#server/http/route';
import { actorOf } from './actor.ts';
import { told } from '#server/http/written';

const tag = 'locks';
const path = '/locks/{id}/easy_office_mode_schedule';

/** core-api.md 6.2: the schedule in which a door stays open. */
export function easyOfficeModeRoutes({
  easyOfficeMode,
  locks,
}: {
  readonly easyOfficeMode: EasyOfficeMode;
  readonly locks: Locks;
}): Route[] {
  return [
    route({
      method: 'GET',
      path,
      access: 'read',
      summary: 'Easy office mode schedule of a lock',
      tag,
      answer: TimeScheduleSummaryResponse,
      handle: async (call) => toSummary(await easyOfficeMode.get(actorOf(call), call.id('id'))),
    }),
    route({
      method: 'PUT',
      path,
      access: 'hardware',
      summary: 'Create or replace the easy office mode schedule of a lock',
      tag,
      body: { schema: PutEasyOfficeModeRequest, mode: 'create' },
      answer: TimeScheduleSummaryResponse,
      exists: (call) => locks.getExisting(actorOf(call), call.id('id')),
      handle: async (call, body) =>
        toSummary(await told(call, easyOfficeMode.put(actorOf(call), call.id('id'), body))),
    }),
    route({
      method: 'DELETE',
      path,
      access: 'hardware',
      summary: 'Remove the easy office mode schedule of a lock',
      tag,
      answer: null,
      handle: (call) => told(call, easyOfficeMode.remove(actorOf(call), call.id('id'))),
    }),
  ];
}

function toSummary({ id: _id, ...schedule }: EasyOfficeModeSchedule): TimeScheduleSummaryResponse {
  return schedule;
}
