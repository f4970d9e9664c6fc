/** What webhooks have delivered (streaming.md 8): the list, a test, deliveries sent again, and replays of what is kept. */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { DeliveryId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { Replay, ReplayRequest } from '#contract/webhooks';
import type { Actor } from '#server/events/audit';
import type { ListResult } from '#server/store/list';
import { inTransaction, readScope, type Scope } from '#server/store/scope';
import { findKeptSeconds } from '#server/store/streamed-events';
import {
  findDelivery,
  hasReplay,
  insertPing,
  insertReplay,
  listDeliveries,
  restartDelivery,
  type DeliveryRow,
} from '#server/store/webhook-deliveries';
import { lanesTopic, webhooksTopic } from '#server/store/webhook-lanes';
import { findWebhookSecrets, type SiteWebhook } from '#server/store/webhooks';
import { badCursor, isKept, placeOfCursor } from './event-cursors.ts';
import type { WebhookAttempts } from './webhook-attempts.ts';
import { getWebhook, heldWebhook, webhookFact, type WebhookParts } from './webhooks.ts';

export type AskedReplay = Required<Static<typeof ReplayRequest>>;

/** A delivery by the webhook and the site it is of, as paths name it. */
export type SiteDelivery = SiteWebhook & { readonly deliveryId: DeliveryId };

export type WebhookDeliveries = {
  list(actor: Actor, options: ListOptions, webhook: SiteWebhook): Promise<ListResult<DeliveryRow>>;
  /** NOT_FOUND when the webhook has none of that id. */
  get(actor: Actor, delivery: SiteDelivery): Promise<DeliveryRow>;
  /** Posts a ping, once and at once, also when the webhook is off; gives what came of it. */
  test(actor: Actor, webhook: SiteWebhook): Promise<DeliveryRow>;
  /** OPERATION_NOT_ALLOWED: it is still under way. */
  redeliver(actor: Actor, delivery: SiteDelivery): Promise<void>;
  /** REQUEST_INVALID: no beginning. VALUE_INVALID: cursor or dates. OPERATION_NOT_ALLOWED: one is running. */
  replay(actor: Actor, webhook: SiteWebhook, body: AskedReplay): Promise<Replay>;
};

type Parts = WebhookParts & { readonly attempts: WebhookAttempts };

export function createWebhookDeliveries(parts: Parts): WebhookDeliveries {
  const { database, audit, bus, clock, ids, attempts } = parts;
  const scopeOf = (actor: Actor): Scope => readScope(database, actor.tenantId);

  return {
    async list(actor, options, webhook) {
      await getWebhook(scopeOf(actor), webhook);
      return listDeliveries(scopeOf(actor), options, webhook.id);
    },

    get: (actor, delivery) => getDelivery(scopeOf(actor), delivery),

    async test(actor, webhook) {
      const { tenantId } = actor;
      const { siteId, id: webhookId } = webhook;
      const { url } = await getWebhook(scopeOf(actor), webhook);
      const secrets = await findWebhookSecrets(scopeOf(actor), webhookId);
      const ping = { type: 'ping', number: 0, eventId: null, isReplay: false } as const;
      const body = await attempts.write({ ...ping, tenantId, siteId, webhookId });
      if (secrets === undefined || body === null)
        throw new ApiError('NOT_FOUND', { thing: 'Webhook' });
      const id = ids.next<DeliveryId>();
      const outcome = await attempts.send({
        ...secrets,
        id,
        url,
        body,
        attempt: 1,
        signal: new AbortController().signal,
      });
      return inTransaction({ database, tenantId }, async (scope) => {
        await heldWebhook(scope, webhook);
        await insertPing(scope, {
          webhookId,
          id,
          now: clock.now(),
          isTaken: outcome.isTaken,
          status: outcome.status,
          error: outcome.error,
        });
        audit.record(scope, actor, { ...webhookFact('test', webhook), detail: id });
        return getDelivery(scope, { ...webhook, deliveryId: id });
      });
    },

    redeliver: (actor, { deliveryId: id, ...webhook }) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        await heldWebhook(scope, webhook);
        const now = clock.now();
        if (!(await restartDelivery(scope, { webhookId: webhook.id, id, now })))
          throw new ApiError('OPERATION_NOT_ALLOWED', {
            reason: 'The delivery is still under way.',
          });
        audit.record(scope, actor, { ...webhookFact('redeliver', webhook), detail: id });
        scope.afterCommit(() => bus.publish(lanesTopic, ''));
      }),

    replay: (actor, webhook, body) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        await heldWebhook(scope, webhook);
        const now = clock.now();
        const asked = await readReplay(scope, { body, webhook, now });
        if (await hasReplay(scope, webhook.id))
          throw new ApiError('OPERATION_NOT_ALLOWED', {
            reason: 'A replay of this webhook is running.',
          });
        const id = ids.next<string>();
        const of = { id, webhookId: webhook.id, siteId: webhook.siteId };
        const count = await insertReplay(scope, { ...of, ...asked, now });
        audit.record(scope, actor, { ...webhookFact('replay', webhook), detail: id });
        scope.afterCommit(() => bus.publish(webhooksTopic, ''));
        return { replay_id: id, count };
      }),
  };
}

async function getDelivery(scope: Scope, delivery: SiteDelivery): Promise<DeliveryRow> {
  const { deliveryId: id, ...webhook } = delivery;
  await getWebhook(scope, webhook);
  const row = await findDelivery(scope, { webhookId: webhook.id, id });
  if (row === undefined) throw new ApiError('NOT_FOUND', { thing: 'Delivery' });
  return row;
}

/** Times are shown in whole seconds: the second named at the end is in whole. */
const secondRestMs = 999;

async function readReplay(
  scope: Scope,
  {
    body,
    webhook,
    now,
  }: { readonly body: AskedReplay; readonly webhook: SiteWebhook; readonly now: Date },
) {
  const { from_cursor: cursor, from_date: from, to_date: to } = body;
  if (cursor === null && from === null)
    throw new ApiError('REQUEST_INVALID', { reason: 'The from_date field is required.' });
  if (cursor !== null && from !== null)
    throw new ApiError('VALUE_INVALID', {
      parameter: 'from_date',
      reason: 'Send it or from_cursor, not both.',
    });
  const fromAt = from === null ? null : new Date(from);
  const toAt = to === null ? null : new Date(new Date(to).getTime() + secondRestMs);
  if (fromAt !== null && toAt !== null && toAt < fromAt)
    throw new ApiError('VALUE_INVALID', {
      parameter: 'to_date',
      reason: 'It is before from_date.',
    });
  const afterNumber = cursor === null ? 0 : await numberOf(scope, { cursor, webhook, now });
  return { afterNumber, fromAt, toAt };
}

async function numberOf(
  scope: Scope,
  {
    cursor,
    webhook,
    now,
  }: { readonly cursor: string; readonly webhook: SiteWebhook; readonly now: Date },
): Promise<number> {
  const { siteId } = webhook;
  const place = placeOfCursor(siteId, cursor);
  const keptSeconds = Math.max(
    await findKeptSeconds(scope, { siteId, kind: 'entries' }),
    await findKeptSeconds(scope, { siteId, kind: 'incidents' }),
  );
  if (place === null || !isKept(place, { keptSeconds, now })) throw badCursor('from_cursor');
  return place.number;
}
