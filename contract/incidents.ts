import { Type, type Static } from 'typebox';
import { incidentCategories } from './events.ts';
import { eventPage, Instant, LocalStart, orNull, Text, Uuid, words } from './fields.ts';

/** core-api.md 7.6. */
export const IncidentResponse = Type.Object({
  id: Uuid,
  event_category: words(incidentCategories),
  event_detail: orNull(Text),
  utc_date_time: Instant,
  local_date_time: LocalStart,
  lock_id: orNull(Uuid),
  lock_customer_reference: orNull(Text),
  lock_mac_address: orNull(Text),
  iq_id: orNull(Uuid),
  iq_customer_reference: orNull(Text),
  iq_mac_address: orNull(Text),
  iq_revision: orNull(Text),
  collection_id: orNull(Uuid),
  collection_customer_reference: orNull(Text),
  expiration_date_time: orNull(Instant),
});
export type IncidentResponse = Static<typeof IncidentResponse>;
export const IncidentPage = eventPage(IncidentResponse);
