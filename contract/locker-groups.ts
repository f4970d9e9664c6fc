/** Banks of lockers: a name for lockers that stand together (connect-api.md 8). */
import { Type, type Static } from 'typebox';
import { listOf, Name, optional, orNull, page, Uuid } from './fields.ts';
import { RefResponse } from './refs.ts';

export const LockerGroupResponse = Type.Object({
  ...RefResponse.properties,
  lockers: listOf(RefResponse),
});
export type LockerGroupResponse = Static<typeof LockerGroupResponse>;
export const LockerGroupPage = page(LockerGroupResponse);

export const PostLockerGroupRequest = Type.Object({
  customer_reference: Name,
  lockers: optional(orNull(listOf(Uuid))),
});

/** Lockers to remove go first, then those to add; a locker is in one group, adding moves it. */
export const PatchLockerGroupRequest = Type.Object({
  customer_reference: optional(Name),
  lockers_to_add: optional(listOf(Uuid)),
  lockers_to_remove: optional(listOf(Uuid)),
});
