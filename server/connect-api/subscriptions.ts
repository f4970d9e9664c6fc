import type { ConnectVersion } from '#contract/connect-version';
import { features, type Feature } from '#contract/features';
import {
  shownFeatures,
  SubscriptionResponse,
  type SubscriptionResponse as Subscription,
} from '#contract/subscriptions';
import { instantTextOrNull } from '#contract/time-text';
import { isSubscribed } from '#server/domain/subscriptions';
import type { Vouchers } from '#server/domain/vouchers';
import type { Route } from '#server/http/route';
import type { Plan } from '#server/store/subscriptions';
import type { SiteRoute } from './site-route.ts';

/** connect-api.md 3.1 and 4.13: what a site may use, and until when. */
export function subscriptionRoutes(
  siteRoute: SiteRoute,
  { vouchers, version }: { readonly vouchers: Vouchers; readonly version: ConnectVersion },
): Route[] {
  return [
    siteRoute({
      method: 'GET',
      path: '/subscription',
      right: 'see_subscription',
      summary: 'The plan of a site',
      tag: 'subscription',
      answer: SubscriptionResponse[version],
      handle: async ({ actor, siteId }, call) =>
        toSubscription(await vouchers.getPlan(actor, siteId), { version, now: call.now }),
    }),
  ];
}

function toSubscription(
  plan: Plan,
  { version, now }: { readonly version: ConnectVersion; readonly now: Date },
): Subscription {
  const held: readonly Feature[] = features.filter(
    (feature) => plan.features?.includes(feature) ?? true,
  );
  return {
    end_date: instantTextOrNull(plan.subscription_ends_at),
    user_amount: plan.user_amount,
    iq_amount: plan.iq_amount,
    voucher_label: plan.voucher_label,
    voucher_code: plan.voucher_code,
    is_valid: isSubscribed({ subscriptionEndsAt: plan.subscription_ends_at }, now),
    type: 'default',
    features: version === 'v1.2' ? held : shownFeatures.filter(({ code }) => held.includes(code)),
  };
}
