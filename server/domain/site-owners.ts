/** How a collection made on the Core face becomes a site: its tenant names an owner by e-mail (design.md, rulings). */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { CollectionId, UserId } from '#contract/ids';
import { builtInRoles } from '#contract/roles';
import type { PutSiteOwnerRequest } from '#contract/sites';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import { findPerson, holdAddress, insertPerson } from '#server/store/people';
import type { Database } from '#server/store/pool';
import { readScope, type Scope } from '#server/store/scope';
import {
  addRole,
  findSite,
  followMasterTag,
  holdSiteKeepers,
  holdSiteUserOf,
  writeSiteKeepers,
  type ManagedSiteRow,
} from '#server/store/sites';
import { findTenant } from '#server/store/tenants';
import { getCollection } from './collections.ts';
import type { DesiredState } from './desired-state.ts';
import type { Invitations } from './invitations.ts';
import { isMailAddress } from './mail-address.ts';
import { writeRights, type Written } from './rights-write.ts';
import { ownerOfAddress } from './site-user-rules.ts';
import { makeKeeper, makeSiteUid, noSite } from './sites.ts';

export type PutSiteOwner = Required<Static<typeof PutSiteOwnerRequest>>;

export type SiteOwners = {
  /** VALUE_INVALID (`path_id`): the tenant has no such collection. */
  check(actor: Actor, siteId: CollectionId): Promise<void>;
  /**
   * The person of the address owns the site from now on; whoever has no profile is invited. VALUE_INVALID (`path_id`): no such
   * collection; OPERATION_NOT_ALLOWED: it has an owner, who alone hands it over, or is being set up; INVITE_FAILED: then nothing
   * was changed.
   */
  put(actor: Actor, siteId: CollectionId, body: PutSiteOwner): Promise<Written<ManagedSiteRow>>;
};

export function createSiteOwners(parts: {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly desiredState: DesiredState;
  readonly invitations: Invitations;
}): SiteOwners {
  const { database, audit, clock, ids, desiredState } = parts;

  async function invite(actor: Actor, siteId: CollectionId, userId: UserId, address: string) {
    const scope = readScope(database, actor.tenantId);
    const { customer_reference: siteName } = await getCollection(scope, siteId);
    const tenant = await findTenant(database, actor.tenantId);
    const person = await findPerson(scope, userId);
    await parts.invitations.hand({
      tenantId: actor.tenantId,
      siteId,
      siteName,
      userId,
      address,
      inviterName: tenant?.name ?? '',
      language: person?.language ?? null,
    });
  }

  return {
    async check(actor, siteId) {
      await getCollection(readScope(database, actor.tenantId), siteId);
    },
    async put(actor, siteId, { email, first_name: firstName, last_name: lastName }) {
      const reading = readScope(database, actor.tenantId);
      await getCollection(reading, siteId);
      requireUnowned(await findSite(reading, siteId, clock.now()));
      if (!isMailAddress(email)) throw failed('The address is malformed.');
      const fresh = ids.next<UserId>();
      const first = await comerOf(reading, email, fresh);
      if (!first.hasProfile) await invite(actor, siteId, first.userId, email);
      return writeRights({ database, actor }, async (scope) => {
        const keepers = await holdSiteKeepers(scope, siteId);
        if (keepers === undefined) throw noSite();
        requireUnowned(await findSite(scope, siteId, clock.now()));
        await holdAddress(scope, email);
        const { userId, loginId, isNew } = await comerOf(scope, email, fresh);
        if (userId !== first.userId || isNew !== first.isNew) throw failed('Try again.');
        const now = clock.now();
        if (isNew)
          await insertPerson(scope, {
            id: userId,
            loginId,
            email: loginId === null ? email : null,
            firstName: loginId === null ? (firstName ?? '') : '',
            lastName: loginId === null ? (lastName ?? '') : '',
            managingSiteId: siteId,
            createdAt: now,
          });
        await makeKeeper(scope, { siteId, userId, ids, now });
        const keeper = await holdSiteUserOf(scope, { siteId, userId });
        if (keeper !== undefined)
          await addRole(scope, keeper.accessorId, builtInRoles.site_admin.id);
        await writeSiteKeepers(scope, siteId, {
          installation_state: keepers.installation_state,
          owner_user_id: userId,
          installer_user_id: keepers.installer_user_id,
        });
        if (keepers.site_uid === null)
          await makeSiteUid(scope, { id: siteId, country: keepers.country_code, ids });
        await followMasterTag(scope, siteId);
        await desiredState.refresh(scope, {
          collectionIds: [siteId],
          accessorIds: keeper === undefined ? [] : [keeper.accessorId],
        });
        const after = await findSite(scope, siteId, clock.now());
        if (after === undefined) throw noSite();
        audit.record(scope, actor, {
          action: 'site.name_owner',
          objectType: 'site',
          objectId: siteId,
          collectionId: siteId,
          detail: userId,
        });
        return after;
      });
    },
  };
}

function requireUnowned(site: ManagedSiteRow | undefined): void {
  if (site === undefined || site.owner === null) return;
  throw new ApiError('OPERATION_NOT_ALLOWED', {
    reason: 'The site has an owner, who alone hands it over.',
  });
}

async function comerOf(scope: Scope, email: string, fresh: UserId) {
  const owner = await ownerOfAddress(scope, email);
  if (owner.kind === 'known') {
    const { id: userId, has_profile: hasProfile } = owner.person;
    return { userId, hasProfile, loginId: null, isNew: false };
  }
  const loginId = owner.kind === 'login' ? owner.loginId : null;
  return { userId: fresh, hasProfile: loginId !== null, loginId, isNew: true };
}

function failed(reason: string): ApiError {
  return new ApiError('INVITE_FAILED', { reason });
}
