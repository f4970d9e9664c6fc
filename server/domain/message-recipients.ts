/** How a site reaches its people, and their quiet hours (behaviour.md 18). */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { CollectionId, UserId } from '#contract/ids';
import type {
  MessageRecipientResponse,
  PutMessageRecipientRequest,
} from '#contract/message-recipients';
import type { ListOptions } from '#contract/odata';
import type { Actor, Audit } from '#server/events/audit';
import type { ListResult } from '#server/store/list';
import {
  deleteMessageRecipient,
  findMessageRecipient,
  listMessageRecipients,
  putMessageRecipient,
} from '#server/store/message-recipients';
import { holdPersons } from '#server/store/message-rules';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type WriteScope } from '#server/store/scope';
import { findSitePlace } from '#server/store/site-people';
import { isPartOfSite } from './permissions.ts';

export type PutMessageRecipient = Required<Static<typeof PutMessageRecipientRequest>>;

type SitePerson = { readonly siteId: CollectionId; readonly userId: UserId };

export type MessageRecipients = {
  /** NOT_FOUND `User not found` when the person is nobody in the site. */
  check(actor: Actor, person: SitePerson): Promise<void>;
  list(
    actor: Actor,
    options: ListOptions,
    siteId: CollectionId,
  ): Promise<ListResult<MessageRecipientResponse>>;
  /** VALUE_INVALID: the phone number, or one end of the quiet hours without the other. */
  put(
    actor: Actor,
    person: SitePerson,
    body: PutMessageRecipient,
  ): Promise<MessageRecipientResponse>;
  /** No rule of the site names the person any more; nothing happens when none did. */
  remove(actor: Actor, person: SitePerson): Promise<void>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
};

export function createMessageRecipients({ database, audit, clock }: Parts): MessageRecipients {
  return {
    async check(actor, { siteId, userId }) {
      const place = await findSitePlace(readScope(database, actor.tenantId), { siteId, userId });
      if (place === undefined || !isPartOfSite(place)) throw noUser();
    },

    list: (actor, options, siteId) =>
      listMessageRecipients(readScope(database, actor.tenantId), options, siteId),

    put: (actor, person, body) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        await heldPerson(scope, person);
        const phone = phoneNumber(body.phone);
        const { quiet_from, quiet_until } = body;
        if ((quiet_from === null) !== (quiet_until === null))
          throw new ApiError('VALUE_INVALID', {
            parameter: quiet_from === null ? 'quiet_from' : 'quiet_until',
            reason: 'Quiet hours have a beginning and an end.',
          });
        const former = await findMessageRecipient(scope, person);
        const row = { phone, quiet_from, quiet_until, created_at: clock.now() };
        await putMessageRecipient(scope, person, row);
        audit.record(scope, actor, {
          ...fact('put', person),
          before: former === undefined ? null : settings(former),
          after: settings(row),
        });
        const made = await findMessageRecipient(scope, person);
        if (made === undefined) throw new Error('a recipient vanished while it was being written');
        return made;
      }),

    remove: (actor, person) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        await heldPerson(scope, person);
        const former = await findMessageRecipient(scope, person);
        await deleteMessageRecipient(scope, person);
        audit.record(scope, actor, {
          ...fact('delete', person),
          before: former === undefined ? null : settings(former),
          after: null,
        });
      }),
  };
}

/** What the audit log keeps beside its chain: no name, no address. */
function settings(row: {
  readonly phone: string | null;
  readonly quiet_from: string | null;
  readonly quiet_until: string | null;
}) {
  return { phone: row.phone, quiet_from: row.quiet_from, quiet_until: row.quiet_until };
}

function noUser(): ApiError {
  return new ApiError('NOT_FOUND', { thing: 'User' });
}

async function heldPerson(scope: WriteScope, { siteId, userId }: SitePerson): Promise<void> {
  if (!(await holdPersons(scope, siteId, [userId])).has(userId)) throw noUser();
}

/** An international number (E.164): blanks, dots, dashes and brackets are left out. */
function phoneNumber(sent: string | null): string | null {
  if (sent === null) return null;
  const number = sent.replaceAll(/[\s.()-]/g, '');
  if (/^\+[1-9]\d{6,14}$/.test(number)) return number;
  throw new ApiError('VALUE_INVALID', {
    parameter: 'phone',
    reason: 'Send an international number such as +31201234567.',
  });
}

function fact(verb: string, { siteId, userId }: SitePerson) {
  return {
    action: `message_recipient.${verb}`,
    objectType: 'user',
    objectId: userId,
    collectionId: siteId,
  };
}
