import { SiteEntryPage, SiteIncidentPage } from '#contract/site-entries';
import type { StreamedEntry, StreamedIncident } from '#contract/streamed-events';
import { instantText, localText } from '#contract/time-text';
import type { SiteEntries } from '#server/domain/site-entries';
import { eventPosition, toEventPage } from '#server/http/event-pages';
import type { Route } from '#server/http/route';
import {
  siteEntryFields,
  siteIncidentFields,
  type SiteEntryRow,
  type SiteIncidentRow,
} from '#server/store/site-entries';
import type { SiteRoute } from './site-route.ts';

const tag = 'events';

/** connect-api.md 3.8: the access log and the incidents of a site, paged by 1.6. */
export function entryRoutes(
  siteRoute: SiteRoute,
  { siteEntries }: { readonly siteEntries: SiteEntries },
): Route[] {
  return [
    siteRoute({
      method: 'GET',
      path: '/entries',
      right: 'take_part',
      summary: 'Access log of a site; ordinary users see their own uses',
      tag,
      list: { fields: siteEntryFields, events: true },
      answer: SiteEntryPage,
      errors: ['REQUEST_FAILED'],
      handle: async ({ actor, siteId, place }, call) => {
        const of = { list: `entries of ${siteId}`, fields: siteEntryFields };
        const wanted = { siteId, place, options: call.list, position: eventPosition(call, of) };
        const found = await siteEntries.listEntries(actor, wanted);
        return toEventPage(call, { ...of, found, toItem: toEntry });
      },
    }),
    siteRoute({
      method: 'GET',
      path: '/incidents',
      right: 'see_everything',
      summary: 'Incidents of a site',
      tag,
      list: { fields: siteIncidentFields, events: true },
      answer: SiteIncidentPage,
      errors: ['REQUEST_FAILED'],
      handle: async ({ actor, siteId }, call) => {
        const of = { list: `incidents of ${siteId}`, fields: siteIncidentFields };
        const wanted = { siteId, options: call.list, position: eventPosition(call, of) };
        const found = await siteEntries.listIncidents(actor, wanted);
        return toEventPage(call, { ...of, found, toItem: toIncident });
      },
    }),
  ];
}

function toIncident<Row extends SiteIncidentRow>(row: Row): StreamedIncident {
  return {
    ...row,
    utc_date_time: instantText(row.utc_date_time),
    local_date_time: localText(row.local_date_time),
  };
}

function toEntry(row: SiteEntryRow): StreamedEntry {
  return {
    ...row,
    ...toIncident(row),
    expiration_date_time: instantText(row.expiration_date_time),
  };
}
