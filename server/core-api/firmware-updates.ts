import { UpdatePage, UpdateResponse } from '#contract/firmware-updates';
import { instantText, instantTextOrNull } from '#contract/time-text';
import type { FirmwareUpdates } from '#server/domain/firmware-updates';
import { route, type Route } from '#server/http/route';
import { firmwareUpdateFields, type FirmwareUpdateRow } from '#server/store/firmware-updates';
import { actorOf } from './actor.ts';

const tag = 'updates';

/** core-api.md 11: firmware updates. */
export function firmwareUpdateRoutes({
  firmwareUpdates,
}: {
  readonly firmwareUpdates: FirmwareUpdates;
}): Route[] {
  return [
    route({
      method: 'GET',
      path: '/updates',
      access: 'read',
      summary: 'List firmware updates of IQs, locks and repeaters',
      tag,
      list: { fields: firmwareUpdateFields },
      answer: UpdatePage,
      errors: ['PLATFORM_FUNCTION_FAILED'],
      handle: async (call) =>
        call.page(await firmwareUpdates.list(actorOf(call), call.list), toUpdate),
    }),
    route({
      method: 'POST',
      path: '/updates/{id}/apply',
      access: 'hardware',
      summary: 'Start a firmware update',
      tag,
      answer: UpdateResponse,
      errors: ['AVA_UPDATE_INVALID', 'PLATFORM_FUNCTION_FAILED'],
      handle: async (call) => toUpdate(await firmwareUpdates.apply(actorOf(call), call.id('id'))),
    }),
  ];
}

function toUpdate(row: FirmwareUpdateRow): UpdateResponse {
  return {
    ...row,
    published_at: instantText(row.published_at),
    started_at: instantTextOrNull(row.started_at),
    finished_at: instantTextOrNull(row.finished_at),
  };
}
