import { Type, type Static } from 'typebox';
import { Instant, orNull, page, Uuid, words } from './fields.ts';

export const wantedRights = ['granted', 'revoked'] as const;
/** behaviour.md 3.4: how far a right has come, never further than the device has proven. */
export const rightStates = ['requested', 'sent', 'in_hub', 'in_lock', 'failed'] as const;

/** core-api.md 11. */
export const RightState = Type.Object({
  lock_id: Uuid,
  accessor_id: Uuid,
  key_id: Uuid,
  wanted: words(wantedRights),
  state: words(rightStates),
  changed_at: Instant,
  confirmed_at: orNull(Instant),
});
export type RightState = Static<typeof RightState>;
export const RightStatePage = page(RightState);
