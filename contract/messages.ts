/** Messages to people: what was made for whom, and how far each has come (behaviour.md 18). */
import { Type, type Static } from 'typebox';
import { Instant, Int, orNull, page, Text, Uuid, words } from './fields.ts';

export const messageChannels = ['mail', 'sms', 'push'] as const;
export type MessageChannel = (typeof messageChannels)[number];

/**
 * waiting: not sent yet, or to be tried again; delivered: the provider took it; failed: given up after 24 h; withheld: the person
 * may no longer see the event, or cannot be reached there; outbox: the channel has no provider, it is read here.
 */
export const messageStates = ['waiting', 'delivered', 'failed', 'withheld', 'outbox'] as const;
export type MessageState = (typeof messageStates)[number];

/** What people are told beside entries and incidents. */
export const noticeWords = [
  'tag_given',
  'pin_changed',
  'otp_reset',
  'data_removal',
  'invitation',
  'otp_pin',
  'report',
  'added_to_site',
  'seat_limit_reached',
  'subscription_ends',
  'webhook_failing',
  'webhook_failed',
  'webhook_disabled',
] as const;
export type NoticeWord = (typeof noticeWords)[number];

export const messageKinds = ['entry', 'incident', 'notice'] as const;
export type MessageKind = (typeof messageKinds)[number];

/** One message with its delivery record, as `/ext/v1` shows it. */
export const MessageResponse = Type.Object({
  id: Uuid,
  kind: words(messageKinds),
  /** `entered`, `rejected`, the category of an incident, or a word of a notice. */
  word: Text,
  rule_id: orNull(Uuid),
  event_id: orNull(Uuid),
  user_id: Uuid,
  channel: words(messageChannels),
  subject: Text,
  text: Text,
  state: words(messageStates),
  attempts: Int,
  next_attempt_at: orNull(Instant),
  last_error: orNull(Text),
  created_at: Instant,
  delivered_at: orNull(Instant),
});
export type MessageResponse = Static<typeof MessageResponse>;
export const MessagePage = page(MessageResponse);
