/** Lockers and the banks they stand in (connect-api.md 3.10, 4.12, 5). */
import { Type, type Static } from 'typebox';
import { Bool, Int, listOf, Name, optional, orNull, page, Text, Uuid, words } from './fields.ts';
import { RefResponse } from './refs.ts';

/** generic: assigned to people; dynamic_locker: for whoever a group gives it; free_locker: for every user of the site. */
export const lockModes = ['generic', 'dynamic_locker', 'free_locker'] as const;
export type LockMode = (typeof lockModes)[number];
/** open; closed: shut, nobody's; locked: shut, somebody's. */
export const lockingStates = ['open', 'locked', 'closed'] as const;
export type LockingState = (typeof lockingStates)[number];
export const syncStates = ['synchronized', 'pending', 'error'] as const;
export type SyncState = (typeof syncStates)[number];

export const LockerResponse = Type.Object({
  ...RefResponse.properties,
  lock_group: orNull(RefResponse),
  state: words(lockingStates),
  is_online: Bool,
  sync_state: words(syncStates),
  mode: words(lockModes),
});
export type LockerResponse = Static<typeof LockerResponse>;
export const LockerPage = page(LockerResponse);

export const LockerAssignmentResponse = Type.Object({
  ...RefResponse.properties,
  locker_group_id: orNull(Uuid),
  locker_group_customer_reference: orNull(Text),
  access_group_id: orNull(Uuid),
  locker_state: words(lockingStates),
  is_online: Bool,
  users_count: Int,
  sync_state: words(syncStates),
  mode: words(lockModes),
});
export type LockerAssignmentResponse = Static<typeof LockerAssignmentResponse>;
export const LockerAssignmentPage = page(LockerAssignmentResponse);

export const PatchLockerRequest = Type.Object({
  customer_reference: optional(Name),
  mode: optional(words(lockModes)),
});

/** The members below are needed although the API prints them as optional: VALUE_INVALID without (connect-api.md 5.2). */
export const PutAssignmentRequest = Type.Object({
  lock_id: optional(orNull(Uuid)),
  user_ids: optional(orNull(listOf(Uuid))),
});
export const lockActions = ['open', 'lock'] as const;
export const LockActionRequest = Type.Object({ action: optional(orNull(words(lockActions))) });
export const OccupyLockerRequest = Type.Object({ lock_id: optional(orNull(Uuid)) });
