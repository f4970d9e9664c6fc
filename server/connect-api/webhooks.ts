import { instantText, instantTextOrNull } from '#contract/time-text';
import {
  CreatedWebhook,
  Delivery,
  DeliveryPage,
  PatchWebhookRequest,
  PostWebhookRequest,
  Replay,
  ReplayRequest,
  Webhook,
  WebhookPage,
  WebhookSecret,
} from '#contract/webhooks';
import type { SiteDelivery } from '#server/domain/webhook-deliveries';
import type { WebhookUses } from '#server/domain/webhook-uses';
import type { Call, Route } from '#server/http/route';
import { deliveryFields, type DeliveryRow } from '#server/store/webhook-deliveries';
import { webhookFields, type SiteWebhook, type WebhookRow } from '#server/store/webhooks';
import type { AtSite, SiteRoute } from './site-route.ts';

const tag = 'webhooks';
const right = 'manage_site';
const many = '/webhooks';
const one = '/webhooks/{id}';

type Uses = Pick<WebhookUses, 'webhooks' | 'webhookDeliveries'>;

/** streaming.md 8: webhooks of a site. */
export function webhookRoutes(siteRoute: SiteRoute, uses: Uses): Route[] {
  return [
    ...managing(siteRoute, uses),
    ...sending(siteRoute, uses),
    ...sentRoutes(siteRoute, uses),
  ];
}

function webhookOf({ siteId }: AtSite, call: Call): SiteWebhook {
  return { siteId, id: call.id('id') };
}

function deliveryOf(at: AtSite, call: Call): SiteDelivery {
  return { ...webhookOf(at, call), deliveryId: call.id('delivery_id') };
}

function toWebhook(row: WebhookRow): Webhook {
  return {
    ...row,
    failing_since: instantTextOrNull(row.failing_since),
    created_at: instantText(row.created_at),
  };
}

function toDelivery(row: DeliveryRow): Delivery {
  return {
    ...row,
    next_attempt_at: instantTextOrNull(row.next_attempt_at),
    created_at: instantText(row.created_at),
    delivered_at: instantTextOrNull(row.delivered_at),
  };
}

function managing(siteRoute: SiteRoute, { webhooks }: Uses): Route[] {
  return [
    siteRoute({
      method: 'GET',
      path: many,
      right,
      summary: 'List the webhooks of a site',
      tag,
      list: { fields: webhookFields },
      answer: WebhookPage,
      handle: async ({ actor, siteId }, call) =>
        call.page(await webhooks.list(actor, call.list, siteId), toWebhook),
    }),
    siteRoute({
      method: 'POST',
      path: many,
      right,
      feature: 'events_streaming',
      summary: 'Create a webhook; its secret is told this once',
      tag,
      body: { schema: PostWebhookRequest, mode: 'create' },
      answer: CreatedWebhook,
      handle: async ({ actor, siteId, userId }, _call, body) => {
        const { secret, ...row } = await webhooks.create(actor, { siteId, userId }, body);
        return { ...toWebhook(row), secret };
      },
    }),
    siteRoute({
      method: 'GET',
      path: one,
      right,
      summary: 'A webhook',
      tag,
      answer: Webhook,
      handle: async (at, call) => toWebhook(await webhooks.get(at.actor, webhookOf(at, call))),
    }),
    siteRoute({
      method: 'PATCH',
      path: one,
      right,
      summary: 'Change a webhook, switch it off and on',
      tag,
      body: { schema: PatchWebhookRequest, mode: 'patch' },
      answer: Webhook,
      exists: (at, call) => webhooks.get(at.actor, webhookOf(at, call)),
      handle: async (at, call, body) =>
        toWebhook(await webhooks.update(at.actor, webhookOf(at, call), body)),
    }),
    siteRoute({
      method: 'DELETE',
      path: one,
      right,
      summary: 'Remove a webhook and what waits for it',
      tag,
      answer: null,
      handle: (at, call) => webhooks.remove(at.actor, webhookOf(at, call)),
    }),
    siteRoute({
      method: 'POST',
      path: `${one}/secret`,
      right,
      summary: 'Give a webhook another secret; the former one signs too for 24 h',
      tag,
      answer: WebhookSecret,
      handle: async (at, call) => ({
        secret: await webhooks.renewSecret(at.actor, webhookOf(at, call)),
      }),
    }),
  ];
}

function sending(siteRoute: SiteRoute, { webhookDeliveries, webhooks }: Uses): Route[] {
  return [
    siteRoute({
      method: 'POST',
      path: `${one}/test`,
      right,
      feature: 'events_streaming',
      summary: 'Post a ping now and say what came of it',
      tag,
      answer: Delivery,
      handle: async (at, call) =>
        toDelivery(await webhookDeliveries.test(at.actor, webhookOf(at, call))),
    }),
    siteRoute({
      method: 'POST',
      path: `${one}/replay`,
      right,
      feature: 'events_streaming',
      summary: 'Send kept events again, behind the live ones',
      tag,
      body: { schema: ReplayRequest, mode: 'create' },
      answer: Replay,
      isAccepted: true,
      errors: ['OPERATION_NOT_ALLOWED'],
      exists: (at, call) => webhooks.get(at.actor, webhookOf(at, call)),
      handle: (at, call, body) => webhookDeliveries.replay(at.actor, webhookOf(at, call), body),
    }),
  ];
}

function sentRoutes(siteRoute: SiteRoute, { webhookDeliveries, webhooks }: Uses): Route[] {
  return [
    siteRoute({
      method: 'GET',
      path: `${one}/deliveries`,
      right,
      summary: 'List what a webhook has delivered, has to, and could not',
      tag,
      list: { fields: deliveryFields },
      answer: DeliveryPage,
      exists: (at, call) => webhooks.get(at.actor, webhookOf(at, call)),
      handle: async (at, call) =>
        call.page(
          await webhookDeliveries.list(at.actor, call.list, webhookOf(at, call)),
          toDelivery,
        ),
    }),
    siteRoute({
      method: 'POST',
      path: `${one}/deliveries/{delivery_id}/redeliver`,
      right,
      summary: 'Send a delivery that has ended once more',
      tag,
      answer: 'empty',
      isAccepted: true,
      errors: ['OPERATION_NOT_ALLOWED'],
      exists: (at, call) => webhookDeliveries.get(at.actor, deliveryOf(at, call)),
      handle: (at, call) => webhookDeliveries.redeliver(at.actor, deliveryOf(at, call)),
    }),
  ];
}
