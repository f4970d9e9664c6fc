/** Webhooks of a site (streaming.md 8): made, changed, given other secrets, and taken away. */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { CollectionId, UserId, WebhookId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { PatchWebhookRequest, PostWebhookRequest, WebhookEvent } from '#contract/webhooks';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import type { Receivers } from '#server/runtime/receiver';
import type { Seal } from '#server/runtime/seal';
import type { Bus } from '#server/store/bus';
import { holdCollectionLocks } from '#server/store/floors';
import type { ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type Scope, type WriteScope } from '#server/store/scope';
import { lanesTopic, webhooksTopic } from '#server/store/webhook-lanes';
import {
  disableWebhook,
  enableWebhook,
  findWebhook,
  holdWebhook,
  insertWebhook,
  listWebhooks,
  removeWebhook,
  replaceWebhookSecret,
  updateWebhook,
  type SiteWebhook,
  type WebhookRow,
} from '#server/store/webhooks';
import { changed } from './collections.ts';
import { secretBytes, secretText } from './webhook-attempts.ts';

export type PostWebhook = Required<Static<typeof PostWebhookRequest>>;
export type PatchWebhook = Static<typeof PatchWebhookRequest>;

export type Webhooks = {
  /** NOT_FOUND when the site has none of that id. */
  get(actor: Actor, webhook: SiteWebhook): Promise<WebhookRow>;
  list(actor: Actor, options: ListOptions, siteId: CollectionId): Promise<ListResult<WebhookRow>>;
  /** Gives the secret too, this once. VALUE_INVALID: url, events. NOT_FOUND: a lock is not of the site. */
  create(
    actor: Actor,
    at: { readonly siteId: CollectionId; readonly userId: UserId },
    body: PostWebhook,
  ): Promise<WebhookRow & { readonly secret: string }>;
  update(actor: Actor, webhook: SiteWebhook, body: PatchWebhook): Promise<WebhookRow>;
  remove(actor: Actor, webhook: SiteWebhook): Promise<void>;
  /** Gives another secret; the present one signs too for 24 h. */
  renewSecret(actor: Actor, webhook: SiteWebhook): Promise<string>;
};

export type WebhookParts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly bus: Bus;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly seal: Seal;
  readonly receivers: Receivers;
};

const formerSecretMs = 24 * 3_600_000;

export function createWebhooks(parts: WebhookParts): Webhooks {
  const { database, audit, bus, clock, ids, seal, receivers } = parts;
  const scopeOf = (actor: Actor): Scope => readScope(database, actor.tenantId);
  const write = <T>(actor: Actor, work: (scope: WriteScope) => Promise<T>): Promise<T> =>
    inTransaction({ database, tenantId: actor.tenantId }, work);

  async function checkUrl(url: string | undefined): Promise<void> {
    const fault = url === undefined ? null : await receivers.findFault(url);
    if (fault !== null)
      throw new ApiError('VALUE_INVALID', { parameter: 'url', reason: reasons[fault] });
  }

  return {
    get: (actor, webhook) => getWebhook(scopeOf(actor), webhook),
    list: (actor, options, siteId) => listWebhooks(scopeOf(actor), options, siteId),

    async create(actor, { siteId, userId }, body) {
      const events = wantedEvents(body.events);
      await checkUrl(body.url);
      const secret = ids.bytes(secretBytes);
      return write(actor, async (scope) => {
        const id = ids.next<WebhookId>();
        await insertWebhook(scope, {
          id,
          siteId,
          url: body.url,
          events,
          lockIds: await siteLocks(scope, siteId, body.lock_ids),
          description: body.description,
          active: body.active,
          secretSealed: seal.seal(secret),
          createdBy: userId,
          now: clock.now(),
        });
        const after = await getWebhook(scope, { siteId, id });
        audit.record(scope, actor, {
          ...webhookFact('create', { siteId, id }),
          after: withoutPath(after),
        });
        scope.afterCommit(() => bus.publish(webhooksTopic, ''));
        return { ...after, secret: secretText(secret) };
      });
    },

    async update(actor, webhook, body) {
      const events = body.events === undefined ? undefined : wantedEvents(body.events);
      await checkUrl(body.url);
      return write(actor, async (scope) => {
        const before = await heldWebhook(scope, webhook);
        const { siteId, id } = webhook;
        const lockIds =
          body.lock_ids === undefined ? undefined : await siteLocks(scope, siteId, body.lock_ids);
        await updateWebhook(scope, id, {
          ...(body.url === undefined ? {} : { url: body.url }),
          ...(body.description === undefined ? {} : { description: body.description }),
          ...(events === undefined ? {} : { events }),
          ...(lockIds === undefined ? {} : { lock_ids: lockIds }),
        });
        if (body.active === true && !before.active) {
          await enableWebhook(scope, { id, now: clock.now() });
          scope.afterCommit(() => bus.publish(lanesTopic, ''));
        }
        if (body.active === false) await disableWebhook(scope, id);
        const after = await getWebhook(scope, webhook);
        audit.record(scope, actor, {
          ...webhookFact('update', webhook),
          detail: changed(body),
          before: withoutPath(before),
          after: withoutPath(after),
        });
        return after;
      });
    },

    remove: (actor, webhook) =>
      write(actor, async (scope) => {
        const before = await heldWebhook(scope, webhook);
        await removeWebhook(scope, { id: webhook.id, now: clock.now() });
        audit.record(scope, actor, {
          ...webhookFact('delete', webhook),
          before: withoutPath(before),
        });
      }),

    renewSecret: (actor, webhook) =>
      write(actor, async (scope) => {
        await heldWebhook(scope, webhook);
        const secret = ids.bytes(secretBytes);
        await replaceWebhookSecret(scope, {
          id: webhook.id,
          secretSealed: seal.seal(secret),
          formerUntil: new Date(clock.now().getTime() + formerSecretMs),
        });
        audit.record(scope, actor, webhookFact('renew_secret', webhook));
        return secretText(secret);
      }),
  };
}

const reasons = {
  url_invalid:
    'It must be an absolute URL of at most 2048 characters, without a user, a password and a fragment.',
  https_required: 'It must begin with https.',
  address_refused: 'It leads into a private network.',
  name_not_found: 'Its name is not known.',
  timeout: 'It does not answer.',
  tls_failed: 'Its certificate is not trusted.',
  connection_refused: 'It refuses connections.',
  connection_failed: 'It cannot be reached.',
} as const;

/** The webhook of a path. NOT_FOUND when the site has none of that id. */
export async function getWebhook(scope: Scope, webhook: SiteWebhook): Promise<WebhookRow> {
  const row = await findWebhook(scope, webhook);
  if (row === undefined) throw new ApiError('NOT_FOUND', { thing: 'Webhook' });
  return row;
}

/** The same, kept as it is until the transaction ends. */
export async function heldWebhook(scope: WriteScope, webhook: SiteWebhook): Promise<WebhookRow> {
  await holdWebhook(scope, webhook);
  return getWebhook(scope, webhook);
}

function wantedEvents(sent: readonly WebhookEvent[]): WebhookEvent[] {
  if (sent.length === 0)
    throw new ApiError('VALUE_INVALID', {
      parameter: 'events',
      reason: 'Name at least one kind of event.',
    });
  return [...new Set(sent)];
}

async function siteLocks(
  scope: WriteScope,
  siteId: CollectionId,
  sent: readonly string[],
): Promise<string[]> {
  const wanted = [...new Set(sent)];
  const found = await holdCollectionLocks(scope, siteId, wanted);
  if (found.length < wanted.length) throw new ApiError('NOT_FOUND', { thing: 'Lock' });
  return wanted;
}

export function webhookFact(verb: string, { siteId, id }: SiteWebhook) {
  return {
    action: `webhook.${verb}`,
    objectType: 'webhook',
    objectId: id,
    collectionId: siteId,
  };
}

/** As the audit log keeps it: many receivers tell their callers by a secret in path or query. */
function withoutPath(row: WebhookRow): object {
  return { ...row, url: new URL(row.url).origin };
}
