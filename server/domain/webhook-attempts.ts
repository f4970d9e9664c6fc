/** One attempt at a delivery (streaming.md 8): the message made, signed and posted; what came of it as words. */
import { createHmac } from 'node:crypto';
import type { CollectionId, DeliveryId, TenantId } from '#contract/ids';
import type { DeliveryType, WebhookMessage } from '#contract/webhooks';
import type { Receivers } from '#server/runtime/receiver';
import type { Seal } from '#server/runtime/seal';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import { readEventsAfter } from '#server/store/streamed-events';
import type { SealedSecrets } from '#server/store/webhooks';
import { cursorOf } from './event-cursors.ts';
import { retryAfterMs } from './webhook-schedule.ts';

/** The event of a message. */
export type MessageSource = {
  readonly tenantId: TenantId;
  readonly siteId: CollectionId;
  readonly webhookId: string;
  readonly type: DeliveryType;
  readonly number: number;
  readonly eventId: string | null;
  readonly isReplay: boolean;
};

export type Sending = SealedSecrets & {
  readonly id: DeliveryId;
  readonly url: string;
  readonly body: string;
  /** 1, 2, … */
  readonly attempt: number;
  readonly signal: AbortSignal;
};

export type Outcome = {
  readonly isTaken: boolean;
  /** The receiver is gone for good (410). */
  readonly isGone: boolean;
  /** Null = there was no answer. */
  readonly status: number | null;
  /** A word; null where the status says it all. */
  readonly error: string | null;
  readonly retryAfterMs: number | null;
};

export type WebhookAttempts = {
  /** The text of a message; null when its event is no longer kept. */
  write(source: MessageSource): Promise<string | null>;
  send(sending: Sending): Promise<Outcome>;
};

type Parts = {
  readonly database: Database;
  readonly clock: { now(): Date };
  readonly seal: Seal;
  readonly receivers: Receivers;
};

export function createWebhookAttempts({
  database,
  clock,
  seal,
  receivers,
}: Parts): WebhookAttempts {
  return {
    async write(source) {
      const message = source.type === 'ping' ? pingOf(source) : await messageOf(database, source);
      return message === null ? null : JSON.stringify(message);
    },

    async send({ id, url, body, attempt, signal, ...secrets }) {
      const now = clock.now();
      const seconds = String(Math.floor(now.getTime() / 1000));
      const signed = signing(secrets, now).map(
        (sealed) => `v1,${signature(seal.open(sealed), `${id}.${seconds}.${body}`)}`,
      );
      const headers = {
        'content-type': 'application/json',
        'user-agent': 'Cardea-Webhooks',
        'webhook-id': id,
        'webhook-timestamp': seconds,
        'webhook-signature': signed.join(' '),
        'webhook-attempt': String(attempt),
      };
      const answer = await receivers.post(url, { body, headers, signal });
      if ('fault' in answer)
        return {
          isTaken: false,
          isGone: false,
          status: null,
          error: answer.fault,
          retryAfterMs: null,
        };
      const { status, retryAfter: header } = answer;
      return {
        isTaken: status >= 200 && status < 300,
        isGone: status === 410,
        status,
        error: status >= 300 && status < 400 ? 'redirect_not_followed' : null,
        retryAfterMs: retryAfterMs({ status, header, now }),
      };
    },
  };
}

const secretPrefix = 'whsec_';
export const secretBytes = 32;

/** A secret as it is shown: `whsec_` and base64. */
export function secretText(secret: Buffer): string {
  return `${secretPrefix}${secret.toString('base64')}`;
}

/** The secrets that sign at an instant: the present one, and the former one for a day. */
function signing(
  { secretSealed, formerSecretSealed, formerSecretUntil }: SealedSecrets,
  now: Date,
): Buffer[] {
  const isFormerGood =
    formerSecretSealed !== null && formerSecretUntil !== null && formerSecretUntil > now;
  return isFormerGood ? [secretSealed, formerSecretSealed] : [secretSealed];
}

function signature(secret: Buffer, text: string): string {
  return createHmac('sha256', secret).update(text).digest('base64');
}

function pingOf({ siteId, webhookId, isReplay }: MessageSource): WebhookMessage {
  return {
    type: 'ping',
    site_id: siteId,
    cursor: null,
    replay: isReplay,
    data: { webhook_id: webhookId },
  };
}

async function messageOf(
  database: Database,
  { tenantId, siteId, type, number, eventId, isReplay }: MessageSource,
): Promise<WebhookMessage | null> {
  const kind = type === 'entry' ? 'entries' : 'incidents';
  const scope = readScope(database, tenantId);
  const [event] = await readEventsAfter(scope, { kind, after: number - 1, limit: 1 });
  if (event === undefined || event.number !== number || event.message.id !== eventId) return null;
  return {
    type,
    site_id: siteId,
    cursor: cursorOf(siteId, { number, at: event.storedAt }),
    replay: isReplay,
    data: event.message,
  };
}
