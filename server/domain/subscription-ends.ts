/** Owners are told before the plan of their site ends: 4 weeks, 1 week and 1 day ahead (behaviour.md 15). */
import { dayText, type Words } from '#contract/languages';
import type { Ids } from '#server/runtime/ids';
import type { Bus } from '#server/store/bus';
import type { Database } from '#server/store/pool';
import { inTransaction } from '#server/store/scope';
import { findEndingPlans, noteEndTold, type EndTold } from '#server/store/subscriptions';
import { oneLine, paragraphs, type MessageText } from './message-text.ts';
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
          await notices.tell(scope, {
            word: 'subscription_ends',
            siteId: plan.site_id,
            userIds: [],
            tellsOwner: true,
            texts: endTexts(told),
          });
        });
    },
  };
}

function endTexts({ endsAt, name, timeZone }: EndTold): Words<MessageText> {
  const inEnglish = oneLine(name, 'your site');
  const english = `The subscription of ${inEnglish} ends on ${dayText(endsAt, { language: 'en', timeZone })}`;
  const site = oneLine(name, '');
  const inGerman = site === '' ? 'Ihres Standorts' : `von ${site}`;
  const german = `Das Abonnement ${inGerman} endet am ${dayText(endsAt, { language: 'de', timeZone })}`;
  return {
    en: {
      subject: english,
      text: paragraphs(
        `${english}.`,
        'After that day its doors, people, tags and PINs go on as before. What the plan pays for beside them ends: pods, custom PINs, event streaming, reports, lockers, exports of more than 90 days and wallet keys.',
        'Redeem a voucher to go on with them.',
      ),
    },
    de: {
      subject: german,
      text: paragraphs(
        `${german}.`,
        'Nach diesem Tag gehen Türen, Personen, Transponder und PINs weiter wie zuvor. Was der Plan daneben bezahlt, endet: Einheiten, eigene PINs, das Senden von Ereignissen, Berichte, Schließfächer, Exporte von mehr als 90 Tagen und Wallet-Schlüssel.',
        'Geben Sie einen Gutschein ein, um damit weiterzumachen.',
      ),
    },
  };
}
