import { EntryPage, type EntryResponse } from '#contract/entries';
import { instantText, localText } from '#contract/time-text';
import type { Entries } from '#server/domain/entries';
import { route, type Route } from '#server/http/route';
import { entryFields, type EntryRow } from '#server/store/entries';
import { actorOf } from './actor.ts';
import { eventPosition, toEventPage } from '#server/http/event-pages';

const list = 'entries';

/** core-api.md 6.7: the access log, paged by 5.3. */
export function entryRoutes({ entries }: { readonly entries: Entries }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/entries',
      access: 'read',
      summary: 'Access log',
      tag: 'events',
      list: { fields: entryFields, events: true },
      answer: EntryPage,
      errors: ['REQUEST_FAILED'],
      handle: async (call) => {
        const position = eventPosition(call, { list, fields: entryFields });
        const found = await entries.list(actorOf(call), call.list, position);
        return toEventPage(call, { list, fields: entryFields, found, toItem: toEntryResponse });
      },
    }),
  ];
}

function toEntryResponse(row: EntryRow): EntryResponse {
  return {
    ...row,
    utc_date_time: instantText(row.utc_date_time),
    local_date_time: localText(row.local_date_time),
    expiration_date_time: instantText(row.expiration_date_time),
  };
}
