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

/** Whether a paid feature may be used. */
export function hasFeature(
  site: Pick<SiteFacts, 'subscriptionEndsAt' | 'features'>,
  feature: Feature,
  now: Date,
): boolean {
  return isSubscribed(site, now) && (site.features === null || site.features.includes(feature));
}

/** Before a call of a paid feature. NO_SUBSCRIPTION: the plan lacks it, or has ended. */
export function requireFeature(
  site: Pick<SiteFacts, 'subscriptionEndsAt' | 'features'>,
  feature: Feature,
  now: Date,
): void {
  if (!isSubscribed(site, now))
    throw new ApiError('NO_SUBSCRIPTION', { reason: 'The subscription of the site has ended.' });
  if (!hasFeature(site, feature, now))
    throw new ApiError('NO_SUBSCRIPTION', { reason: `The subscription does not hold ${feature}.` });
}

/**
 * When a plan ends that is redeemed now: after its months, and what was left of the one before, as much longer or shorter as that
 * allowed more or fewer users (docs/decisions/0216). null = never.
 */
export function endOfRedeemed(
  now: Date,
  {
    monthSpan,
    users,
    former,
  }: {
    readonly monthSpan: number | null;
    readonly users: number | null;
    readonly former: { readonly endsAt: Date | null; readonly users: number | null };
  },
): Date | null {
  if (monthSpan === null) return null;
  const leftMs = Math.max(0, (former.endsAt?.getTime() ?? 0) - now.getTime());
  const isCounted = users !== null && users > 0 && former.users !== null;
  const share = isCounted ? former.users / users : 1;
  return new Date(monthsAfter(now, monthSpan).getTime() + Math.trunc(leftMs * share));
}

/** The same day and time so many months later, in UTC; the last day of a month that is too short. */
function monthsAfter(from: Date, months: number): Date {
  const at = new Date(from);
  at.setUTCDate(1);
  at.setUTCMonth(at.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 0)).getUTCDate();
  at.setUTCDate(Math.min(from.getUTCDate(), lastDay));
  return at;
}
