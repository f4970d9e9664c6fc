import { Type, type Static } from 'typebox';
import { entryCategories, accessByWords, rejectReasons } from './events.ts';
import { Bool, eventPage, Instant, LocalStart, orNull, Text, Uuid, words } from './fields.ts';

/** core-api.md 7.6; `reject_reason` is ours. */
export const EntryResponse = Type.Object({
  id: Uuid,
  event_category: words(entryCategories),
  event_detail: orNull(Text),
  utc_date_time: Instant,
  local_date_time: LocalStart,
  lock_id: orNull(Uuid),
  lock_customer_reference: orNull(Text),
  lock_mac_address: orNull(Text),
  accessor_id: orNull(Uuid),
  iq_id: orNull(Uuid),
  iq_customer_reference: orNull(Text),
  iq_mac_address: orNull(Text),
  iq_revision: orNull(Text),
  collection_id: orNull(Uuid),
  collection_customer_reference: orNull(Text),
  exit_requested: Bool,
  access_by: orNull(words(accessByWords)),
  access_detail: orNull(Text),
  expiration_date_time: orNull(Instant),
  reject_reason: orNull(words(rejectReasons)),
});
export type EntryResponse = Static<typeof EntryResponse>;
export const EntryPage = eventPage(EntryResponse);
