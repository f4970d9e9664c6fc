/** How webhooks do, and who is told: owner and creator after an hour of failing, at each series of lost deliveries, and at a 410. */
import type { TenantId, WebhookId } from '#contract/ids';
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

type Words = Pick<Notice, 'word' | 'subject' | 'text'>;

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
  const tell = (scope: WriteScope, { siteId, createdBy }: WebhookHealth, words: Words) =>
    notices.tell(scope, { ...words, siteId, userIds: [createdBy], tellsOwner: true });

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
        if (found !== undefined) await tell(scope, found, disabledWords(found, id));
      } else if (isLast) {
        const found = await noteGivenUp(scope, { id, now });
        if (found !== undefined) await tell(scope, found, failedWords(found, id));
      }
    },

    tellLongFailing: (tenantId) =>
      inTransaction({ database, tenantId }, async (scope) => {
        const told = { since: longSince(), now: clock.now() };
        for (const found of await takeLongFailing(scope, told))
          await tell(scope, found, failingWords(found, found.id));
      }),
  };
}

/** Many receivers tell their callers by a secret in path or query: a mail names the host alone. */
function receiver({ url }: WebhookHealth, id: WebhookId): string {
  return `The webhook ${id} to ${new URL(url).host}`;
}

function failingWords(found: WebhookHealth, id: WebhookId): Words {
  return {
    word: 'webhook_failing',
    subject: 'A webhook has been failing for an hour',
    text: `${receiver(found, id)} has taken nothing for an hour.

What waits is sent again at growing intervals, for 72 hours. The list of its deliveries says what the receiver answered.`,
  };
}

function failedWords(found: WebhookHealth, id: WebhookId): Words {
  return {
    word: 'webhook_failed',
    subject: 'A webhook has lost deliveries',
    text: `${receiver(found, id)} did not take an event in 72 hours of attempts. The event is kept as a failed delivery, and those after it follow.

Failed deliveries can be sent again from the list of deliveries, or all at once as a replay. You are told once until the receiver takes something again.`,
  };
}

function disabledWords(found: WebhookHealth, id: WebhookId): Words {
  return {
    word: 'webhook_disabled',
    subject: 'A webhook was switched off',
    text: `${receiver(found, id)} was switched off, as the receiver answered that it is gone (410).

Nothing is sent until somebody switches it on again. What has happened meanwhile can then be sent as a replay.`,
  };
}
