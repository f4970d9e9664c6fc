/** What the Connect face writes of floors (connect-api.md 5.2); they are shown as on the Core face. */
import { Type } from 'typebox';
import { Int, listOf, Name, optional, orNull, Uuid } from './fields.ts';

export const PostSiteFloorRequest = Type.Object({
  number: Int,
  customer_reference: Name,
  locks: optional(orNull(listOf(Uuid))),
});

/** Locks to remove go first, then those to add. */
export const PatchSiteFloorRequest = Type.Object({
  number: optional(Int),
  customer_reference: optional(Name),
  locks_to_add: optional(listOf(Uuid)),
  locks_to_remove: optional(listOf(Uuid)),
});
