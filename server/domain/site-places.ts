import {
  nilUuid,
  type CollectionId,
  type LoginId,
  type TenantId,
  type UserId,
} from '#contract/ids';
import { findUserId } from '#server/store/logins';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import { findSitePlace, findTenantOfSite, type SitePlace } from '#server/store/site-people';
import { requireNamed, type NamedThings } from './named-things.ts';
import { isPartOfSite } from './permissions.ts';

/** Whoever signed in: the tenant is that of the client, nil for our own web pages and phone app. */
export type SignedIn = {
  readonly tenantId: TenantId;
  readonly loginId: LoginId;
  readonly userId: UserId | undefined;
};

export type AtPlace = {
  /** The tenant of the site. */
  readonly tenantId: TenantId;
  readonly userId: UserId;
  readonly place: SitePlace;
};

export type SitePlaces = {
  /** Where a person stands in a site; undefined when the site is not there or the person no part of it. */
  find(person: SignedIn, siteId: CollectionId): Promise<AtPlace | undefined>;
  /** VALUE_INVALID (`body_id`) for the first thing of a body that the site has not. */
  requireNamed(
    { tenantId }: { readonly tenantId: TenantId },
    siteId: CollectionId,
    named: NamedThings,
  ): Promise<void>;
};

/** Who is who in sites (behaviour.md 16). */
export function createSitePlaces({
  database,
  clock,
}: {
  readonly database: Database;
  readonly clock: { now(): Date };
}): SitePlaces {
  /** Clients of no tenant see every site in which the person has a place, one at a time (design.md, rulings). */
  async function personOf(
    { tenantId, loginId, userId }: SignedIn,
    siteId: CollectionId,
  ): Promise<{ readonly tenantId: TenantId; readonly userId: UserId } | undefined> {
    if (tenantId !== nilUuid) return userId === undefined ? undefined : { tenantId, userId };
    const ofSite = await findTenantOfSite(database, siteId);
    if (ofSite === undefined) return undefined;
    const found = await findUserId(database, { tenantId: ofSite, loginId });
    return found === undefined ? undefined : { tenantId: ofSite, userId: found };
  }

  return {
    requireNamed: ({ tenantId }, siteId, named) =>
      requireNamed(readScope(database, tenantId), { siteId, now: clock.now() }, named),

    async find(signedIn, siteId) {
      const person = await personOf(signedIn, siteId);
      if (person === undefined) return undefined;
      const { tenantId, userId } = person;
      const found = await findSitePlace(readScope(database, tenantId), { siteId, userId });
      if (found === undefined) return undefined;
      const place = withoutPastVisit(found, clock.now());
      if (place.visit === null && !isPartOfSite(place)) return undefined;
      return { tenantId, userId, place };
    },
  };
}

/** An installer's day ends by itself (behaviour.md 17). */
function withoutPastVisit(place: SitePlace, now: Date): SitePlace {
  const isOver = place.visit !== null && place.visit.endsAt <= now;
  return isOver ? { ...place, visit: null } : place;
}
