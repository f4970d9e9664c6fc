/** Site users: the people of a site (connect-api.md 3.2, 4.2). Coming and changing have files of their own. */
import { ApiError } from '#contract/api-error';
import type { AccessorId, CollectionId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { PodUserType } from '#contract/pods';
import type { RefResponse } from '#contract/refs';
import type { UserSummaryResponse } from '#contract/users';
import type { Actor } from '#server/events/audit';
import type { ListResult } from '#server/store/list';
import { findPerson, searchPerson } from '#server/store/people';
import { isPodMember } from '#server/store/pod-people';
import { findPodsOf } from '#server/store/pods';
import { inTransaction, readScope, type Scope } from '#server/store/scope';
import {
  listActivatedIqs,
  listOwnIqPins,
  type ActivatedIqRow,
  type OwnIqPinRow,
} from '#server/store/site-iq-pins';
import { listSiteAccessGroups } from '#server/store/site-access-groups';
import { findSiteUser, listSiteUsers, type SiteUserRow } from '#server/store/site-users';
import { dropAccessor } from './accessors.ts';
import { hasSiteRight } from './permissions.ts';
import { writeRights, type Written } from './rights-write.ts';
import {
  createSiteUserChanges,
  heldSiteUser,
  shown,
  type SiteUserChanges,
} from './site-user-changes.ts';
import {
  createSiteUserCreation,
  fact,
  senderOf,
  type SiteUserCreation,
  type SiteUserParts,
} from './site-user-creation.ts';
import {
  checkEditable,
  getSiteUser,
  notAllowed,
  noSiteUser,
  type AtWork,
} from './site-user-rules.ts';

export type SiteUsers = SiteUserCreation &
  SiteUserChanges & {
    /** Ordinary users get themselves only. */
    list(at: AtWork, options: ListOptions): Promise<ListResult<SiteUserRow>>;
    /** VALUE_INVALID (`path_id`) when the site has none of that id that the caller may see. */
    get(at: AtWork, id: AccessorId): Promise<SiteUserRow>;
    /** The pods that site users are in, by site user. */
    findPods(
      actor: Actor,
      ids: readonly AccessorId[],
    ): Promise<ReadonlyMap<AccessorId, PodsOfUser>>;
    /** The caller's own place. VALUE_INVALID (`path_id`) for whoever only sets the site up. */
    getOwn(at: AtWork): Promise<SiteUserRow>;
    /**
     * Gone at once with keys, PINs, phones and memberships. OPERATION_NOT_ALLOWED: owner, or above the caller. USER_IS_POD_MEMBER: the
     * pod must let the person go first.
     */
    remove(at: AtWork, id: AccessorId): Promise<Written<void>>;
    /** MESSAGE_INVALID: a profile, or no address. INVITE_FAILED. */
    resendInvitation(at: AtWork, id: AccessorId): Promise<void>;
    /** Whoever in the tenant has exactly this e-mail or tag number of eight digits. */
    search(
      actor: Actor,
      asked: { readonly text: string; readonly siteId: CollectionId },
    ): Promise<UserSummaryResponse | undefined>;
    listGroups(at: AtWork, options: ListOptions, id: AccessorId): Promise<ListResult<RefResponse>>;
    /** The IQs of the site at which somebody has activated one-time codes. */
    listActivatedIqs(
      at: AtWork,
      options: ListOptions,
      id: AccessorId,
    ): Promise<ListResult<ActivatedIqRow>>;
    /** Every IQ of the site with the caller's own state there. */
    listOwnIqPins(at: AtWork, options: ListOptions): Promise<ListResult<OwnIqPinRow>>;
  };

export type PodsOfUser = {
  readonly member_of_pods: readonly RefResponse[];
  readonly guest_of_pods: readonly RefResponse[];
};

export function createSiteUsers(parts: SiteUserParts): SiteUsers {
  const { database, audit, clock, desiredState, invitations } = parts;
  const scopeOf = ({ actor }: AtWork): Scope => readScope(database, actor.tenantId);

  async function getOwn(at: AtWork): Promise<SiteUserRow> {
    const { siteId, userId } = at;
    const row = await findSiteUser(scopeOf(at), { siteId, userId, now: clock.now() });
    if (row === undefined) throw noSiteUser();
    return row;
  }

  async function get(at: AtWork, id: AccessorId): Promise<SiteUserRow> {
    const row = await getSiteUser(scopeOf(at), { siteId: at.siteId, id, now: clock.now() });
    if (row.user_id !== at.userId && !hasSiteRight(at.place, 'see_everything')) throw noSiteUser();
    return row;
  }

  return {
    ...createSiteUserCreation(parts),
    ...createSiteUserChanges(parts),
    get,
    getOwn,

    list: (at, options) =>
      listSiteUsers(scopeOf(at), options, {
        siteId: at.siteId,
        onlyUserId: hasSiteRight(at.place, 'see_everything') ? null : at.userId,
      }),

    async findPods(actor, ids) {
      const places = await findPodsOf(readScope(database, actor.tenantId), ids);
      const refsOf = (id: AccessorId, type: PodUserType): RefResponse[] =>
        places.flatMap((place) =>
          place.accessor_id === id && place.pod_user_type === type
            ? [{ id: place.pod_id, customer_reference: place.customer_reference }]
            : [],
        );
      return new Map(
        ids.map((id) => [
          id,
          { member_of_pods: refsOf(id, 'member'), guest_of_pods: refsOf(id, 'guest') },
        ]),
      );
    },

    remove: (at, id) =>
      writeRights({ database, actor: at.actor }, async (scope) => {
        const accessor = await heldSiteUser(scope, at, id);
        const before = await getSiteUser(scope, { siteId: at.siteId, id, now: clock.now() });
        if (before.is_owner) throw notAllowed('The owner cannot be removed.');
        checkEditable(at, before);
        if (await isPodMember(scope, id)) throw new ApiError('USER_IS_POD_MEMBER');
        await dropAccessor(scope, { accessor, desiredState });
        audit.record(scope, at.actor, { ...fact('delete', at, id), before: shown(before) });
      }),

    async resendInvitation(at, id) {
      const { actor, siteId } = at;
      const scope = scopeOf(at);
      const row = await get(at, id);
      if (row.has_profile)
        throw new ApiError('MESSAGE_INVALID', { reason: 'The person has a profile.' });
      if (row.email === null)
        throw new ApiError('MESSAGE_INVALID', { reason: 'The person has no e-mail address.' });
      const person = await findPerson(scope, row.user_id);
      await invitations.hand({
        tenantId: actor.tenantId,
        siteId,
        userId: row.user_id,
        address: row.email,
        language: person?.language ?? null,
        ...(await senderOf(scope, at)),
      });
      await inTransaction({ database, tenantId: actor.tenantId }, async (written) =>
        audit.record(written, actor, fact('invite', at, id)),
      );
    },

    search: (actor, asked) => searchPerson(readScope(database, actor.tenantId), asked),

    async listGroups(at, options, id) {
      await get(at, id);
      return listSiteAccessGroups(scopeOf(at), options, { siteId: at.siteId, accessorId: id });
    },
    async listActivatedIqs(at, options, id) {
      await get(at, id);
      return listActivatedIqs(scopeOf(at), options, { siteId: at.siteId, accessorId: id });
    },
    listOwnIqPins: (at, options) => listOwnIqPins(scopeOf(at), options, at),
  };
}
