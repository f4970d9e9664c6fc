/** Mails about an account: what they are about, and how far each has come. */
import { Type, type Static } from 'typebox';
import { Instant, Int, orNull, page, Text, Uuid, words } from './fields.ts';

/** confirm_address, address_known: of a sign-up; reset: of a forgotten password; the others tell what has happened. */
export const accountMailWords = [
  'address_changed',
  'address_change',
  'address_known',
  'confirm_address',
  'account_removed',
  'data_removal',
  'factor_added',
  'factor_removed',
  'new_device',
  'password_changed',
  'phone_code',
  'reset',
  'sign_in_attacked',
] as const;
export type AccountMailWord = (typeof accountMailWords)[number];

export const accountMailChannels = ['mail', 'sms'] as const;
export type AccountMailChannel = (typeof accountMailChannels)[number];

/** waiting: to be sent, or to be tried again; failed: given up after 24 h; outbox: the channel has no provider, it is read here. */
export const accountMailStates = ['waiting', 'delivered', 'failed', 'outbox'] as const;
export type AccountMailState = (typeof accountMailStates)[number];

/** One mail, as the operator sees it; a text with a link is there as long as nobody else has it. */
export const AccountMailResponse = Type.Object({
  id: Uuid,
  channel: words(accountMailChannels),
  word: words(accountMailWords),
  address: Text,
  subject: Text,
  text: Text,
  state: words(accountMailStates),
  attempts: Int,
  last_error: orNull(Text),
  created_at: Instant,
  delivered_at: orNull(Instant),
});
export type AccountMailResponse = Static<typeof AccountMailResponse>;
export const AccountMailPage = page(AccountMailResponse);
