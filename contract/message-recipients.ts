/** How a site reaches the people who get its messages, and when it does not (behaviour.md 18). */
import { Type, type Static } from 'typebox';
import { optional, orNull, page, Text, TimeEnd, TimeStart, Uuid } from './fields.ts';

export const MessageRecipientResponse = Type.Object({
  user_id: Uuid,
  first_name: orNull(Text),
  last_name: orNull(Text),
  email: orNull(Text),
  phone: orNull(Text),
  /** Wall clock of the site; a beginning after the end runs over midnight. Both null = none. */
  quiet_from: orNull(TimeStart),
  quiet_until: orNull(TimeEnd),
});
export type MessageRecipientResponse = Static<typeof MessageRecipientResponse>;
export const MessageRecipientPage = page(MessageRecipientResponse);

export const PutMessageRecipientRequest = Type.Object({
  phone: optional(orNull(Text)),
  quiet_from: optional(orNull(TimeStart)),
  quiet_until: optional(orNull(TimeEnd)),
});
