/** Every right of a person in a site (behaviour.md 16); asked here and nowhere else. Pure: the place is looked up before. */
import type { SitePlace } from '#server/store/site-people';

export type ListeningRight = 'everything' | 'own' | 'nothing';

/** What somebody at this place may hear of the entries of a site (streaming.md 1). */
export function entriesRight(place: SitePlace | undefined): ListeningRight {
  if (place === undefined) return 'nothing';
  if (place.isOwner || place.role === 'site_admin' || place.role === 'site_super_user')
    return 'everything';
  return place.role === null ? 'nothing' : 'own';
}

/** What somebody at this place may hear of the incidents of a site: the same people who may hear everything. */
export function incidentsRight(place: SitePlace | undefined): ListeningRight {
  const right = entriesRight(place);
  return right === 'own' ? 'nothing' : right;
}
