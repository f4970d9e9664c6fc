/** Everything that can be done with webhooks, put together from what the process gives. */
import { createReceivers } from '#server/runtime/receiver';
import { createWebhookAttempts, type WebhookAttempts } from './webhook-attempts.ts';
import { createWebhookDeliveries, type WebhookDeliveries } from './webhook-deliveries.ts';
import { createWebhooks, type WebhookParts, type Webhooks } from './webhooks.ts';

export type WebhookUses = {
  readonly webhooks: Webhooks;
  readonly webhookDeliveries: WebhookDeliveries;
  readonly webhookAttempts: WebhookAttempts;
};

/** `allowed` = receivers that may be http and inside a private network. */
export function createWebhookUses({
  allowed,
  ...parts
}: Omit<WebhookParts, 'receivers'> & { readonly allowed: readonly string[] }): WebhookUses {
  const receivers = createReceivers({ allowed });
  const webhookAttempts = createWebhookAttempts({ ...parts, receivers });
  return {
    webhookAttempts,
    webhooks: createWebhooks({ ...parts, receivers }),
    webhookDeliveries: createWebhookDeliveries({
      ...parts,
      receivers,
      attempts: webhookAttempts,
    }),
  };
}
