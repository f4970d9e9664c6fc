/** How people leave a site or altogether: asked for, answered or not, carried out (behaviour.md 19). */
import { ApiError } from '#contract/api-error';
import type { AccessorId, CollectionId, LoginId, TenantId, UserId } from '#contract/ids';
import { writtenLanguage, type Words } from '#contract/languages';
import type { ListOptions } from '#contract/odata';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import { eraseAuditChanges } from '#server/store/audit-log';
import type { Bus } from '#server/store/bus';
import { findCollection } from '#server/store/collections';
import {
  deleteWaitingRemoval,
  findDataRemoval,
  holdWaitingRemoval,
  insertDataRemoval,
  listDataRemovals,
  listDueRemovals,
  isOwnerOrInstaller,
  listPlacesOfLogin,
  refuseDataRemoval,
  type DataRemovalRow,
  type PlaceOfLogin,
} from '#server/store/data-removals';
import type { ListResult } from '#server/store/list';
import {
  blankLateEntries,
  deleteUserWithoutPlace,
  findContact,
  forgetEntries,
  forgetMessages,
  type Contact,
} from '#server/store/personal-data';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type WriteScope } from '#server/store/scope';
import { leaveAccountMail } from './account-mails.ts';
import { deletePlace } from './accessors.ts';
import { askedTexts, refusedTexts, removedTexts } from './data-removal-text.ts';
import type { DesiredState } from './desired-state.ts';
import type { MessageText } from './message-text.ts';
import type { Notices } from './notices.ts';
import { writeRights, type Written } from './rights-write.ts';

/** Carried out after that long when nobody has answered. */
const answeredWithinMs = 7 * 24 * 3_600_000;
/** Characters of a reason: what one reads at a glance. */
export const longestReason = 1_000;

/** asked: the owner was told; waiting: it was asked before; owner: hand the site over first; nobody: not one of its people. */
export type RemovalAnswer = 'asked' | 'waiting' | 'owner' | 'nobody';

type OfSite = { readonly siteId: CollectionId; readonly id: string };
type OfLogin = { readonly loginId: LoginId; readonly siteId: CollectionId };

export type DataRemovals = {
  /** Every site in which a login is somebody. */
  listPlaces(loginId: LoginId): Promise<PlaceOfLogin[]>;
  /** Asks a site to forget the person; its owner is told by mail, and has 7 days to answer. */
  ask(who: OfLogin & { readonly reason: string }): Promise<RemovalAnswer>;
  /** Takes the request back; false when none waits. */
  withdraw(who: OfLogin): Promise<boolean>;
  list(
    actor: Actor,
    options: ListOptions,
    siteId: CollectionId,
  ): Promise<ListResult<DataRemovalRow>>;
  /** NOT_FOUND: no such request in the site. */
  get(actor: Actor, removal: OfSite): Promise<DataRemovalRow>;
  /** Carries it out at once. OPERATION_NOT_ALLOWED: it was answered before, or the person owns the site. */
  accept(actor: Actor, removal: OfSite): Promise<Written<void>>;
  /** The person is told why. VALUE_INVALID: no reason. OPERATION_NOT_ALLOWED: it was answered before. */
  refuse(actor: Actor, removal: OfSite, rule: { readonly reason: string }): Promise<DataRemovalRow>;
  /** Carries out what nobody has answered in time, and blanks what hubs have told since of people who were forgotten. */
  carryOutDue(): Promise<number>;
};

export type RemovalParts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly bus: Bus;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly desiredState: DesiredState;
  readonly notices: Notices;
  readonly log: Log;
};

export function createDataRemovals(parts: RemovalParts): DataRemovals {
  const { database, audit, clock, ids, notices, log } = parts;

  async function placeOf({ loginId, siteId }: OfLogin): Promise<PlaceOfLogin | undefined> {
    const places = await listPlacesOfLogin(database, loginId);
    return places.find((place) => place.site_id === siteId);
  }

  /** By a mail, where there is an address: the person is no user of the site that a notice would find. */
  async function tellPerson(
    scope: WriteScope,
    contact: Contact | undefined,
    textsOf: (siteName: string | null) => Words<MessageText>,
  ): Promise<void> {
    const address = contact?.email ?? null;
    if (contact === undefined || address === null) return;
    const { login_id: loginId, language, site_name: siteName } = contact;
    const text = textsOf(siteName)[writtenLanguage(language)];
    await leaveAccountMail(scope, parts, { loginId, address, word: 'data_removal', ...text });
  }

  /** Of one that waits; else it was answered before. */
  async function carryOut(actor: Actor, removal: OfSite): Promise<Written<void>> {
    return writeRights({ database, actor }, async (scope) => {
      const held = await holdWaitingRemoval(scope, removal);
      if (held === undefined) throw notAllowed('The request was answered before.');
      const { siteId } = removal;
      const { user_id: userId, site_user_id: accessorId } = held;
      if (await isOwnerOrInstaller(scope, { siteId, userId }))
        throw notAllowed('The person owns the site; it must be handed over first.');
      const contact = await findContact(scope, { siteId, userId });
      await forgetPerson(scope, parts, { siteId, userId, accessorId });
      audit.record(scope, actor, {
        action: 'data_removal.carry_out',
        objectType: 'user',
        objectId: userId,
        collectionId: siteId,
        accessorId,
      });
      await tellPerson(scope, contact, removedTexts);
    });
  }

  return {
    listPlaces: (loginId) => listPlacesOfLogin(database, loginId),

    async ask({ loginId, siteId, reason }) {
      const place = await placeOf({ loginId, siteId });
      if (place === undefined) return 'nobody';
      const { tenant_id: tenantId, user_id: userId, accessor_id: accessorId } = place;
      if (place.is_owner || accessorId === null) return 'owner';
      const createdAt = clock.now();
      const id = ids.next<string>();
      return inTransaction({ database, tenantId }, async (scope) => {
        const request = { id, siteId, accessorId, userId, reason, createdAt };
        const expiresAt = new Date(createdAt.getTime() + answeredWithinMs);
        if (!(await insertDataRemoval(scope, { ...request, expiresAt }))) return 'waiting';
        audit.record(scope, ownActor(tenantId, userId), {
          action: 'data_removal.ask',
          objectType: 'user',
          objectId: userId,
          collectionId: siteId,
          accessorId,
        });
        const site = await findCollection(scope, siteId);
        await notices.tell(scope, {
          word: 'data_removal',
          siteId,
          userIds: [],
          tellsOwner: true,
          texts: askedTexts({ expiresAt, timeZone: site?.time_zone ?? null }),
        });
        return 'asked';
      });
    },

    async withdraw(who) {
      const place = await placeOf(who);
      const accessorId = place?.accessor_id ?? null;
      if (place === undefined || accessorId === null) return false;
      const { tenant_id: tenantId, user_id: userId } = place;
      return inTransaction({ database, tenantId }, async (scope) => {
        const wasWaiting = await deleteWaitingRemoval(scope, accessorId);
        if (wasWaiting)
          audit.record(scope, ownActor(tenantId, userId), {
            action: 'data_removal.withdraw',
            objectType: 'user',
            objectId: userId,
            collectionId: who.siteId,
            accessorId,
          });
        return wasWaiting;
      });
    },

    list: (actor, options, siteId) =>
      listDataRemovals(readScope(database, actor.tenantId), options, siteId),

    async get(actor, removal) {
      const row = await findDataRemoval(readScope(database, actor.tenantId), removal);
      if (row === undefined) throw new ApiError('NOT_FOUND', { thing: 'Data removal' });
      return row;
    },

    accept: carryOut,

    async refuse(actor, removal, { reason }) {
      const refusal = reason.trim();
      if (refusal === '' || refusal.length > longestReason)
        throw new ApiError('VALUE_INVALID', {
          parameter: 'reason',
          reason: `It must have 1 to ${longestReason} characters.`,
        });
      return inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        const held = await holdWaitingRemoval(scope, removal);
        if (held === undefined) throw notAllowed('The request was answered before.');
        const { siteId } = removal;
        const { user_id: userId, ...row } = held;
        const at = clock.now();
        await refuseDataRemoval(scope, { id: row.id, refusal, at });
        audit.record(scope, actor, {
          action: 'data_removal.refuse',
          objectType: 'user',
          objectId: userId,
          collectionId: siteId,
          accessorId: row.site_user_id,
        });
        const contact = await findContact(scope, { siteId, userId });
        await tellPerson(scope, contact, (siteName) => refusedTexts(siteName, refusal));
        return { ...row, state: 'refused', refusal, answered_at: at };
      });
    },

    async carryOutDue() {
      let carriedOut = 0;
      for (const due of await listDueRemovals(database, clock.now())) {
        const actor = { tenantId: due.tenant_id, clientId: null, userId: null, requestId: null };
        try {
          await carryOut(actor, { siteId: due.collection_id, id: due.id });
          carriedOut += 1;
        } catch (error) {
          // Answered by somebody else meanwhile, or the person owns the site by now: then it waits until the site was handed over.
          if (!(error instanceof ApiError)) throw error;
          log.info({ removalId: due.id }, 'a removal was not carried out');
        }
      }
      await blankLateEntries(database, clock.now());
      return carriedOut;
    },
  };
}

type Person = {
  readonly siteId: CollectionId;
  readonly userId: UserId;
  /** null = the person has no place there that hardware knows. */
  readonly accessorId: AccessorId | null;
};

/**
 * Removes a person from a site with everything that opens doors, and erases what events, messages and the log say of it. What
 * hubs must know changes in the same transaction.
 */
export async function forgetPerson(
  scope: WriteScope,
  { clock, desiredState }: Pick<RemovalParts, 'clock' | 'desiredState'>,
  { siteId, userId, accessorId }: Person,
): Promise<void> {
  if (accessorId !== null) {
    await forgetEntries(scope, { siteId, accessorId, at: clock.now() });
    await desiredState.refresh(scope, await deletePlace(scope, accessorId));
    await eraseAuditChanges(scope, accessorId);
  }
  await forgetMessages(scope, { siteId, userId });
  if (await deleteUserWithoutPlace(scope, userId)) await eraseAuditChanges(scope, userId);
}

/** The person at a page of ours, which is no client. */
export function ownActor(tenantId: TenantId, userId: UserId): Actor {
  return { tenantId, clientId: null, userId, requestId: null };
}

function notAllowed(reason: string): ApiError {
  return new ApiError('OPERATION_NOT_ALLOWED', { reason });
}
