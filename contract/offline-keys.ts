import { Type, type Static } from 'typebox';
import { Bool, listOf, optional, orNull, page, Uuid } from './fields.ts';
import { KeyResponse } from './keys.ts';

/** A key that opens a lock offline. The extra member is there, and false, when the lock opens for it round the clock (behaviour.md 12.3). */
export const OfflineKeyResponse = Type.Object({
  ...KeyResponse.properties,
  schedules_apply: optional(Bool),
});
export type OfflineKeyResponse = Static<typeof OfflineKeyResponse>;
export const OfflineKeyPage = page(OfflineKeyResponse);

/** Ids of keys at a lock, ids of locks at a key; those to remove go first. */
export const PatchKeyOfflineAccessRequest = Type.Object({
  add_ids: optional(orNull(listOf(Uuid))),
  remove_ids: optional(orNull(listOf(Uuid))),
});

export const PutOfflineKeyAccessRequest = Type.Object({
  ids: optional(orNull(listOf(Uuid))),
});
