import { IncidentPage, type IncidentResponse } from '#contract/incidents';
import { instantText, localText } from '#contract/time-text';
import type { Incidents } from '#server/domain/incidents';
import { route, type Route } from '#server/http/route';
import { eventFields, type IncidentRow } from '#server/store/incidents';
import { actorOf } from './actor.ts';
import { eventPosition, toEventPage } from '#server/http/event-pages';

const list = 'incidents';

/** core-api.md 6.7: the incident log, paged by 5.3. */
export function incidentRoutes({ incidents }: { readonly incidents: Incidents }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/incidents',
      access: 'read',
      summary: 'Incident log',
      tag: 'events',
      list: { fields: eventFields, events: true },
      answer: IncidentPage,
      errors: ['REQUEST_FAILED'],
      handle: async (call) => {
        const position = eventPosition(call, { list, fields: eventFields });
        const found = await incidents.list(actorOf(call), call.list, position);
        return toEventPage(call, { list, fields: eventFields, found, toItem: toIncidentResponse });
      },
    }),
  ];
}

function toIncidentResponse(row: IncidentRow): IncidentResponse {
  return {
    ...row,
    utc_date_time: instantText(row.utc_date_time),
    local_date_time: localText(row.local_date_time),
    expiration_date_time: instantText(row.expiration_date_time),
  };
}
