/** How people without a profile come to one: a mail with a link, which they accept or decline (identity.md 9, connect-api.md 4.2). */
import { hash } from 'node:crypto';
import { ApiError } from '#contract/api-error';
import type { CollectionId, LoginId, TenantId, UserId } from '#contract/ids';
import { writtenLanguage } from '#contract/languages';
import type { ListOptions } from '#contract/odata';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import type { Sender } from '#server/runtime/sender';
import { confirmAddress } from '#server/store/accounts';
import {
  endInvitations,
  findOpenInvitation,
  giveLogin,
  holdOpenInvitation,
  insertInvitation,
  insertInvitationBlock,
  isInvitationBlocked,
  listInvitations,
  passPlaces,
  shareSite,
  type InvitationRow,
  type OpenInvitation,
} from '#server/store/invitations';
import type { ListResult } from '#server/store/list';
import { findUserId } from '#server/store/logins';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope } from '#server/store/scope';
import { invitationText } from './invitation-text.ts';
import { hashOfToken, makeLinkToken } from '#server/runtime/link-tokens';
import { isMailAddress } from './mail-address.ts';

export type Invitation = {
  readonly tenantId: TenantId;
  readonly siteId: CollectionId;
  readonly siteName: string | null;
  /** The person, who need not be stored yet. */
  readonly userId: UserId;
  readonly address: string;
  readonly inviterName: string;
  readonly language: string | null;
};

/** accepted; gone: used, replaced, too old, or the person was removed; already_there: the account is in that site already. */
export type Acceptance = 'accepted' | 'gone' | 'already_there';

export type Invitations = {
  /**
   * Hands the mail of an invitation over, within 10 s, and stores the invitation, in the place of an earlier one of this person
   * and site. Not inside a transaction; the person may be stored before or after. INVITE_FAILED: the address is malformed, the
   * mail server refused, or the person takes no invitations of this site; then nothing was stored.
   */
  hand(invitation: Invitation): Promise<void>;
  /** What a link is about; undefined when it does not work any more. */
  find(token: string): Promise<OpenInvitation | undefined>;
  /** The person gets a profile: that of the login. An address that is the login's own is confirmed by it. */
  accept(token: string, loginId: LoginId): Promise<Acceptance>;
  /** Removes nothing; `blocksSite`: the address takes no further invitations of this site. False when the link does not work. */
  decline(token: string, rule: { readonly blocksSite: boolean }): Promise<boolean>;
  list(
    actor: Actor,
    options: ListOptions,
    siteId: CollectionId,
  ): Promise<ListResult<InvitationRow>>;
};

const dayMs = 24 * 3_600_000;

export function createInvitations({
  database,
  audit,
  clock,
  ids,
  mailer,
  issuer,
  days,
}: {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  /** null = there is no mail server: the link is read in the outbox of the site. */
  readonly mailer: Pick<Sender, 'send'> | null;
  /** Where the pages for people are, without trailing slash. */
  readonly issuer: string;
  /** For how long a link works. */
  readonly days: number;
}): Invitations {
  return {
    async hand({ tenantId, siteId, siteName, userId, address, inviterName, ...invited }) {
      if (!isMailAddress(address)) throw failed('The address is malformed.');
      const scope = readScope(database, tenantId);
      if (await isInvitationBlocked(scope, { siteId, addressHash: addressHash(address) }))
        throw failed('The person takes no invitations of this site.');
      const { token, tokenHash } = makeLinkToken(ids);
      const id = ids.next<string>();
      const language = writtenLanguage(invited.language);
      const mail = invitationText({
        siteName,
        inviterName,
        language,
        days,
        link: `${issuer}/account/invitation/${token}`,
      });
      const { subject, text } = mail;
      const fault = await mailer?.send({ id, to: address, language, subject, text });
      if (typeof fault === 'string') throw failed(`The mail was not taken over (${fault}).`);
      const createdAt = clock.now();
      await insertInvitation(scope, {
        id,
        siteId,
        userId,
        tokenHash,
        address,
        inviterName,
        subject,
        text: mailer === null ? text : mail.textWithoutLink,
        mailState: mailer === null ? 'outbox' : 'delivered',
        createdAt,
        expiresAt: new Date(createdAt.getTime() + days * dayMs),
      });
    },

    find: (token) =>
      findOpenInvitation(database, { tokenHash: hashOfToken(token), now: clock.now() }),

    async accept(token, loginId) {
      const now = clock.now();
      const tokenHash = hashOfToken(token);
      const found = await findOpenInvitation(database, { tokenHash, now });
      if (found === undefined) return 'gone';
      const { tenant_id: tenantId } = found;
      const acceptance = await inTransaction({ database, tenantId }, async (scope) => {
        const held = await holdOpenInvitation(scope, { tokenHash, now });
        if (held === undefined) return 'gone';
        const { user_id: userId, collection_id: siteId } = held;
        const present = await findUserId(database, { tenantId, loginId });
        if (present === undefined) await giveLogin(scope, { userId, loginId });
        else if (await shareSite(scope, { from: userId, to: present })) return 'already_there';
        else await passPlaces(scope, { from: userId, to: present });
        await endInvitations(scope, { userId, siteId: null, state: 'accepted', at: now });
        audit.record(scope, actorOf(tenantId, present ?? userId), {
          action: 'invitation.accept',
          objectType: 'user',
          objectId: userId,
          collectionId: siteId,
        });
        return 'accepted';
      });
      // The link went to that mailbox and nowhere else.
      if (acceptance === 'accepted' && found.known_login_id === loginId)
        await confirmAddress(database, loginId);
      return acceptance;
    },

    async decline(token, { blocksSite }) {
      const now = clock.now();
      const tokenHash = hashOfToken(token);
      const found = await findOpenInvitation(database, { tokenHash, now });
      if (found === undefined) return false;
      const { tenant_id: tenantId } = found;
      return inTransaction({ database, tenantId }, async (scope) => {
        const held = await holdOpenInvitation(scope, { tokenHash, now });
        if (held === undefined) return false;
        const { user_id: userId, collection_id: siteId, address } = held;
        if (blocksSite)
          await insertInvitationBlock(scope, {
            siteId,
            addressHash: addressHash(address),
            at: now,
          });
        await endInvitations(scope, { userId, siteId, state: 'declined', at: now });
        audit.record(scope, actorOf(tenantId, userId), {
          action: 'invitation.decline',
          objectType: 'user',
          objectId: userId,
          collectionId: siteId,
          detail: blocksSite ? 'blocks_site' : null,
        });
        return true;
      });
    },

    list: (actor, options, siteId) =>
      listInvitations(readScope(database, actor.tenantId), options, { siteId, now: clock.now() }),
  };
}

function addressHash(address: string): string {
  return hash('sha256', address.toLowerCase(), 'hex');
}

function failed(reason: string): ApiError {
  return new ApiError('INVITE_FAILED', { reason });
}

/** The person at a page of ours, which is no client. */
function actorOf(tenantId: TenantId, userId: UserId): Actor {
  return { tenantId, clientId: null, userId, requestId: null };
}
