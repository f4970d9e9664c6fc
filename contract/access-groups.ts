import { Type, type Static } from 'typebox';
import { listOf, optional, orNull, page, Reference, Text, Uuid } from './fields.ts';

/** core-api.md 7.4. */
export const AccessGroupResponse = Type.Object({
  id: Uuid,
  customer_reference: orNull(Text),
  collection_id: orNull(Uuid),
});
export type AccessGroupResponse = Static<typeof AccessGroupResponse>;
export const AccessGroupPage = page(AccessGroupResponse);

const written = {
  customer_reference: optional(orNull(Reference)),
  collection_id: optional(orNull(Uuid)),
};

export const PostAccessGroupRequest = Type.Object(written);
export const PatchAccessGroupRequest = Type.Object(written);

/** Ids to remove go first, then those to add; both lists may be left out. */
export const PatchAccessGroupRelationRequest = Type.Object({
  add_ids: optional(orNull(listOf(Uuid))),
  remove_ids: optional(orNull(listOf(Uuid))),
});

export const PutAccessGroupAccessorsRequest = Type.Object({
  ids: optional(orNull(listOf(Uuid))),
});
