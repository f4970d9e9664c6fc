import { Type, type Static } from 'typebox';
import { Instant, listOf, optional, orNull, page, Text, Uuid } from './fields.ts';
import { VendorResponse } from './vendors.ts';

/** core-api.md 7.3. */
export const TagResponse = Type.Object({
  id: Uuid,
  source_iq_id: orNull(Uuid),
  tag_number: orNull(Text),
  rfid_uid: orNull(Text),
  added_date: Instant,
  registration_date: orNull(Instant),
  collection_id: orNull(Uuid),
  accessor_id: orNull(Uuid),
  expiry_date: orNull(Instant),
  vendors: listOf(VendorResponse),
});
export type TagResponse = Static<typeof TagResponse>;
export const TagPage = page(TagResponse);

export const UpdateTagRequest = Type.Object({
  expiry_date: optional(orNull(Instant)),
  collection_id: optional(orNull(Uuid)),
  rfid_uid: optional(orNull(Text)),
});
