/** Requests of people to be forgotten by a site (behaviour.md 19). */
import { Type, type Static } from 'typebox';
import { Instant, orNull, page, Text, Uuid, words } from './fields.ts';

/** waiting: it is carried out at `expires_at` when nobody answers; refused: with a reason, which the person was told. */
export const dataRemovalStates = ['waiting', 'refused'] as const;
export type DataRemovalState = (typeof dataRemovalStates)[number];

export const DataRemovalResponse = Type.Object({
  id: Uuid,
  /** The site user who asks. */
  site_user_id: Uuid,
  reason: Text,
  state: words(dataRemovalStates),
  refusal: orNull(Text),
  created_at: Instant,
  expires_at: Instant,
  answered_at: orNull(Instant),
});
export type DataRemovalResponse = Static<typeof DataRemovalResponse>;
export const DataRemovalPage = page(DataRemovalResponse);

export const RefuseDataRemovalRequest = Type.Object({ reason: Text });
export type RefuseDataRemovalRequest = Static<typeof RefuseDataRemovalRequest>;
