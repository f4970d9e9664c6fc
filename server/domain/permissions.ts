/** Every right of a person in a site (behaviour.md 16); asked here and nowhere else. Pure: the place is looked up before. */
import type { SitePlace } from '#server/store/site-people';

export type ListeningRight = 'everything' | 'own' | 'nothing';

/** What somebody at this place may hear of the entries of a site (streaming.md 1). */
export function entriesRight(place: SitePlace | undefined): ListeningRight {
  if (place === undefined) return 'nothing';
  if (hasSiteRight(place, 'see_everything')) return 'everything';
  return place.role === null ? 'nothing' : 'own';
}

/** What somebody at this place may hear of the incidents of a site: the same people who may hear everything. */
export function incidentsRight(place: SitePlace | undefined): ListeningRight {
  const right = entriesRight(place);
  return right === 'own' ? 'nothing' : right;
}

/**
 * What somebody may do in a site:
 * manage_site: settings, webhooks, message rules, audit log; manage_groups: people, access groups, and why a door refused;
 * see_everything: all entries, incidents and locks; hear_own: the entries of oneself.
 */
export type SiteRight = 'manage_site' | 'manage_groups' | 'see_everything' | 'hear_own';

type Standing = 'owner' | 'site_admin' | 'site_super_user' | 'site_user';

const holders: Readonly<Record<SiteRight, readonly Standing[]>> = {
  manage_site: ['owner', 'site_admin'],
  manage_groups: ['owner', 'site_admin', 'site_super_user'],
  see_everything: ['owner', 'site_admin', 'site_super_user'],
  hear_own: ['owner', 'site_admin', 'site_super_user', 'site_user'],
};

/** Whether somebody at this place has a right (behaviour.md 16). */
export function hasSiteRight(place: SitePlace, right: SiteRight): boolean {
  const allowed = holders[right];
  return (
    (place.isOwner && allowed.includes('owner')) ||
    (place.role !== null && allowed.includes(place.role))
  );
}
