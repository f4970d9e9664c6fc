/** How webhooks do, and who is told: owner and creator after an hour of failing, at each series of lost deliveries, and at a 410. */
import type { TenantId, WebhookId } from '#contract/ids';
import type { Words } from '#contract/languages';
import type { Database } from '#server/store/pool';
import { inTransaction, type WriteScope } from '#server/store/scope';
import {
  disableWebhook,
  findWebhookHealth,
  noteFailure,
  noteGivenUp,
  noteSuccess,
  takeLongFailing,
  type WebhookHealth,
} from '#server/store/webhooks';
import { paragraphs } from './message-text.ts';
import type { Notice, Notices } from './notices.ts';

export type WebhookHealthRules = {
  /** A delivery was taken: the failing is over. */
  taken(scope: WriteScope, id: WebhookId): Promise<void>;
  /** An attempt was not taken; `isLast` = there is no further one, `isGone` = the receiver wants no more (410). */
  notTaken(
    scope: WriteScope,
    attempt: { readonly id: WebhookId; readonly isLast: boolean; readonly isGone: boolean },
  ): Promise<void>;
  /** Failing since before this is failing for long. */
  longSince(): Date;
  /** Tells of the tenant's webhooks that have failed for long. */
  tellLongFailing(tenantId: TenantId): Promise<void>;
};

const longMs = 3_600_000;

type Told = Pick<Notice, 'word' | 'texts'>;

export function createWebhookHealth({
  database,
  notices,
  clock,
}: {
  readonly database: Database;
  readonly notices: Notices;
  readonly clock: { now(): Date };
}): WebhookHealthRules {
  const longSince = (): Date => new Date(clock.now().getTime() - longMs);
  const tell = (scope: WriteScope, { siteId, createdBy }: WebhookHealth, told: Told) =>
    notices.tell(scope, { ...told, siteId, userIds: [createdBy], tellsOwner: true });

  return {
    taken: noteSuccess,
    longSince,

    async notTaken(scope, { id, isLast, isGone }) {
      const now = clock.now();
      await noteFailure(scope, { id, now });
      if (isGone) {
        const found = (await disableWebhook(scope, id))
          ? await findWebhookHealth(scope, id)
          : undefined;
        if (found !== undefined) await tell(scope, found, disabledNotice(found, id));
      } else if (isLast) {
        const found = await noteGivenUp(scope, { id, now });
        if (found !== undefined) await tell(scope, found, failedNotice(found, id));
      }
    },

    tellLongFailing: (tenantId) =>
      inTransaction({ database, tenantId }, async (scope) => {
        const told = { since: longSince(), now: clock.now() };
        for (const found of await takeLongFailing(scope, told))
          await tell(scope, found, failingNotice(found, found.id));
      }),
  };
}

/** Many receivers tell their callers by a secret in path or query: a mail names the host alone. */
function receivers({ url }: WebhookHealth, id: WebhookId): Words<string> {
  const { host } = new URL(url);
  return { en: `The webhook ${id} to ${host}`, de: `Der Webhook ${id} an ${host}` };
}

function failingNotice(found: WebhookHealth, id: WebhookId): Told {
  const { en, de } = receivers(found, id);
  return {
    word: 'webhook_failing',
    texts: {
      en: {
        subject: 'A webhook has been failing for an hour',
        text: paragraphs(
          `${en} has taken nothing for an hour.`,
          'What waits is sent again at growing intervals, for 72 hours. The list of its deliveries says what the receiver answered.',
        ),
      },
      de: {
        subject: 'Ein Webhook kommt seit einer Stunde nicht an',
        text: paragraphs(
          `${de} hat seit einer Stunde nichts angenommen.`,
          'Was wartet, wird in wachsenden Abständen noch einmal gesendet, 72 Stunden lang. Was der Empfänger antwortete, steht in der Liste seiner Sendungen.',
        ),
      },
    },
  };
}

function failedNotice(found: WebhookHealth, id: WebhookId): Told {
  const { en, de } = receivers(found, id);
  return {
    word: 'webhook_failed',
    texts: {
      en: {
        subject: 'A webhook has lost deliveries',
        text: paragraphs(
          `${en} did not take an event in 72 hours of attempts. The event is kept as a failed delivery, and those after it follow.`,
          'Failed deliveries can be sent again from the list of deliveries, or all at once as a replay. You are told once until the receiver takes something again.',
        ),
      },
      de: {
        subject: 'Ein Webhook hat Sendungen verloren',
        text: paragraphs(
          `${de} hat ein Ereignis in 72 Stunden voller Versuche nicht angenommen. Es bleibt als gescheiterte Sendung liegen, und die danach folgen.`,
          'Gescheiterte Sendungen können aus der Liste der Sendungen noch einmal gesendet werden, oder alle auf einmal. Das erfahren Sie einmal, bis der Empfänger wieder etwas annimmt.',
        ),
      },
    },
  };
}

function disabledNotice(found: WebhookHealth, id: WebhookId): Told {
  const { en, de } = receivers(found, id);
  return {
    word: 'webhook_disabled',
    texts: {
      en: {
        subject: 'A webhook was switched off',
        text: paragraphs(
          `${en} was switched off, as the receiver answered that it is gone (410).`,
          'Nothing is sent until somebody switches it on again. What has happened meanwhile can then be sent as a replay.',
        ),
      },
      de: {
        subject: 'Ein Webhook wurde abgeschaltet',
        text: paragraphs(
          `${de} wurde abgeschaltet, da der Empfänger antwortete, dass es ihn nicht mehr gibt (410).`,
          'Es wird nichts gesendet, bis jemand ihn wieder einschaltet. Was bis dahin geschah, kann dann nachgesendet werden.',
        ),
      },
    },
  };
}
