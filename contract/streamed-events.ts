/** What the event hubs send: the Entry of the Connect face with its added members, and the Incident, which has none (streaming.md 6). */
import { Type, type Static } from 'typebox';
import { Bool, Instant, Int, orNull, Text, Uuid } from './fields.ts';

export const StreamedIncident = Type.Object({
  id: Uuid,
  event_category: orNull(Text),
  event_detail: orNull(Text),
  utc_date_time: Instant,
  local_date_time: Text,
  lock_id: orNull(Uuid),
  lock_mac_address: orNull(Text),
  lock_customer_reference: orNull(Text),
  iq_id: Uuid,
  iq_customer_reference: orNull(Text),
  iq_mac_address: orNull(Text),
  iq_revision: orNull(Text),
});
export type StreamedIncident = Static<typeof StreamedIncident>;

export const StreamedEntry = Type.Object({
  ...StreamedIncident.properties,
  user_id: orNull(Uuid),
  user_first_name: orNull(Text),
  user_last_name: orNull(Text),
  user_image_url: orNull(Text),
  user_alias: orNull(Text),
  exit_requested: Bool,
  access_by: orNull(Text),
  access_detail: orNull(Text),
  reject_reason: orNull(Text),
  ttl_in_seconds: Int,
  expiration_date_time: Instant,
});
export type StreamedEntry = Static<typeof StreamedEntry>;

/** An event of the pull: an incident lacks the members of a person and of access. */
export const PulledEvent = Type.Object({
  ...Type.Partial(StreamedEntry).properties,
  ...StreamedIncident.properties,
  cursor: Text,
});
export type PulledEvent = Static<typeof PulledEvent>;

export const PulledEvents = Type.Object({ items: Type.Array(PulledEvent), cursor: Text });
export type PulledEvents = Static<typeof PulledEvents>;
