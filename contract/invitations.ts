/** Invitations of people to a site: how far each has come. */
import { Type, type Static } from 'typebox';
import { Instant, orNull, page, Uuid, words } from './fields.ts';

/** open: the link works until `expires_at`; expired: it was not used in time; declined: the person does not want to come. */
export const invitationStates = ['open', 'expired', 'accepted', 'declined'] as const;
export type InvitationState = (typeof invitationStates)[number];

/** The latest invitation of a person of a site. */
export const InvitationResponse = Type.Object({
  id: Uuid,
  /** The person (`user.id` of a site user). */
  user_id: Uuid,
  state: words(invitationStates),
  created_at: Instant,
  expires_at: Instant,
  /** When it was accepted or declined. */
  ended_at: orNull(Instant),
});
export type InvitationResponse = Static<typeof InvitationResponse>;
export const InvitationPage = page(InvitationResponse);
