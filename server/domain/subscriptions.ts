/** What a site may use (connect-api.md 2.4, behaviour.md 15). */
import { ApiError } from '#contract/api-error';
import type { Feature } from '#contract/features';
import type { SiteFacts } from '#server/store/site-people';

/** Whether the plan is in force; a site without an end has it for ever. */
export function isSubscribed(
  { subscriptionEndsAt }: Pick<SiteFacts, 'subscriptionEndsAt'>,
  now: Date,
): boolean {
  return subscriptionEndsAt === null || now < subscriptionEndsAt;
}

/** Before a call of a paid feature. NO_SUBSCRIPTION: the plan lacks it, or has ended. */
export function requireFeature(
  site: Pick<SiteFacts, 'subscriptionEndsAt' | 'features'>,
  feature: Feature,
  now: Date,
): void {
  if (!isSubscribed(site, now))
    throw new ApiError('NO_SUBSCRIPTION', { reason: 'The subscription of the site has ended.' });
  if (site.features !== null && !site.features.includes(feature))
    throw new ApiError('NO_SUBSCRIPTION', { reason: `The subscription does not hold ${feature}.` });
}
