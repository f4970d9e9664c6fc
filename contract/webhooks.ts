/** Webhooks of a site (streaming.md 8): what they are, what was sent, and what is posted to a receiver. */
import { Type, type Static } from 'typebox';
import {
  Bool,
  Instant,
  Int,
  listOf,
  optional,
  orNull,
  page,
  Text,
  Uuid,
  withDefault,
  words,
} from './fields.ts';
import type { StreamedEntry, StreamedIncident } from './streamed-events.ts';

export const webhookEvents = ['entry', 'incident'] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

export const webhookStates = ['ok', 'failing', 'disabled'] as const;
export type WebhookState = (typeof webhookStates)[number];

export const deliveryTypes = [...webhookEvents, 'ping'] as const;
export type DeliveryType = (typeof deliveryTypes)[number];

export const deliveryStates = ['waiting', 'delivered', 'failed'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** Why a message was not taken, where no status says so. */
export const deliveryFaults = [
  'url_invalid',
  'https_required',
  'address_refused',
  'name_not_found',
  'timeout',
  'tls_failed',
  'connection_refused',
  'connection_failed',
  'redirect_not_followed',
] as const;
export type DeliveryFault = (typeof deliveryFaults)[number];

export const Webhook = Type.Object({
  id: Uuid,
  url: Text,
  events: listOf(words(webhookEvents)),
  /** Empty = all, and what concerns no lock too. */
  lock_ids: listOf(Uuid),
  description: orNull(Text),
  active: Bool,
  state: words(webhookStates),
  failing_since: orNull(Instant),
  created_at: Instant,
});
export type Webhook = Static<typeof Webhook>;
export const WebhookPage = page(Webhook);

/** `whsec_` and base64 of 32 bytes; shown once. */
const secret = { secret: Text };
export const WebhookSecret = Type.Object(secret);
export type WebhookSecret = Static<typeof WebhookSecret>;
export const CreatedWebhook = Type.Object({ ...Webhook.properties, ...secret });
export type CreatedWebhook = Static<typeof CreatedWebhook>;

const Description = { ...Text, maxLength: 1000 };
const Events = listOf(words(webhookEvents));

export const PostWebhookRequest = Type.Object({
  url: Text,
  events: Events,
  lock_ids: optional(withDefault(listOf(Uuid), [])),
  description: optional(orNull(Description)),
  // Who makes a webhook wants it to run: to leave the member out is no way of switching it off.
  active: optional(withDefault(Bool, true)),
});

export const PatchWebhookRequest = Type.Object({
  url: optional(Text),
  events: optional(Events),
  lock_ids: optional(listOf(Uuid)),
  description: optional(orNull(Description)),
  active: optional(Bool),
});

export const Delivery = Type.Object({
  id: Uuid,
  event_id: orNull(Uuid),
  type: words(deliveryTypes),
  state: words(deliveryStates),
  attempts: Int,
  next_attempt_at: orNull(Instant),
  /** Of the last attempt's answer; null = there was none. */
  last_status: orNull(Int),
  last_error: orNull(Text),
  created_at: Instant,
  delivered_at: orNull(Instant),
  replay: Bool,
});
export type Delivery = Static<typeof Delivery>;
export const DeliveryPage = page(Delivery);

export const ReplayRequest = Type.Object({
  from_cursor: optional(orNull(Text)),
  from_date: optional(orNull(Instant)),
  to_date: optional(orNull(Instant)),
});

export const Replay = Type.Object({ replay_id: Uuid, count: Int });
export type Replay = Static<typeof Replay>;

/** What is posted to a receiver. A ping has no cursor, and its data is the webhook it is from. */
export type WebhookMessage = {
  readonly type: DeliveryType;
  readonly site_id: string;
  readonly cursor: string | null;
  readonly replay: boolean;
  readonly data: StreamedEntry | StreamedIncident | { readonly webhook_id: string };
};
