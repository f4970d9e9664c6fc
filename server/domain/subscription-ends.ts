/** Owners are told before the plan of their site ends: 4 weeks, 1 week and 1 day ahead (behaviour.md 15). */
import type { Ids } from '#server/runtime/ids';
import type { Bus } from '#server/store/bus';
import type { Database } from '#server/store/pool';
import { inTransaction } from '#server/store/scope';
import { findEndingPlans, noteEndTold } from '#server/store/subscriptions';
import { createNotices } from './notices.ts';

const daysAhead = [28, 7, 1];

export type SubscriptionEnds = {
  /** Tells every owner who is to be told and has not been. Several processes may do it at once. */
  tell(): Promise<void>;
};

export function createSubscriptionEnds({
  database,
  bus,
  clock,
  ids,
}: {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: { now(): Date };
  readonly ids: Ids;
}): SubscriptionEnds {
  const notices = createNotices({ bus, clock, ids });
  return {
    async tell() {
      const ending = await findEndingPlans(database, { now: clock.now(), days: daysAhead });
      for (const plan of ending)
        await inTransaction({ database, tenantId: plan.tenant_id }, async (scope) => {
          const told = await noteEndTold(scope, plan);
          if (told === undefined) return;
          const day = told.endsAt.toISOString().slice(0, 10);
          await notices.tell(scope, {
            word: 'subscription_ends',
            siteId: plan.site_id,
            userIds: [],
            tellsOwner: true,
            subject: `The subscription of ${told.name ?? 'your site'} ends on ${day}`,
            text: [
              `The subscription of ${told.name ?? 'your site'} ends on ${day}.`,
              'After that day its doors, people, tags and PINs go on as before. What the plan pays for beside them ends: pods, custom PINs, event streaming, reports, lockers, exports of more than 90 days and wallet keys.',
              'Redeem a voucher to go on with them.',
            ].join('\n\n'),
          });
        });
    },
  };
}
