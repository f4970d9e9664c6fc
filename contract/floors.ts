import { Type, type Static } from 'typebox';
import { Int, listOf, optional, orNull, page, Reference, Text, Uuid } from './fields.ts';

/** core-api.md 7.5. */
export const FloorResponse = Type.Object({
  id: Uuid,
  customer_reference: orNull(Text),
  number: orNull(Int),
  lock_count: Int,
});
export type FloorResponse = Static<typeof FloorResponse>;
export const FloorPage = page(FloorResponse);
export const FloorList = listOf(FloorResponse);

export const AccessorFloorsResponse = Type.Object({ accessor_id: Uuid, floors: FloorList });
export type AccessorFloorsResponse = Static<typeof AccessorFloorsResponse>;
export const AccessorFloorsList = listOf(AccessorFloorsResponse);

const written = {
  customer_reference: optional(orNull(Reference)),
  number: optional(orNull(Int)),
};

export const FloorRequest = Type.Object({
  ...written,
  lock_ids: optional(orNull(listOf(Uuid))),
});

/** Locks to remove go first, then those to add. */
export const FloorPatchRequest = Type.Object({
  ...written,
  lock_to_add_ids: optional(orNull(listOf(Uuid))),
  lock_to_remove_ids: optional(orNull(listOf(Uuid))),
});
