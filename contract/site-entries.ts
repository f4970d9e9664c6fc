/** Entries and incidents as people of a site see them (connect-api.md 3.8, 4.10, 5.1): the events of the streams, in pages. */
import { eventPage } from './fields.ts';
import { StreamedEntry, StreamedIncident } from './streamed-events.ts';

export const SiteEntryPage = eventPage(StreamedEntry);
export const SiteIncidentPage = eventPage(StreamedIncident);
