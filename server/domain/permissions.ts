/** Every right of a person in a site (connect-api.md 2.3, behaviour.md 16); asked here and nowhere else. Pure: the place is looked up before. */
import type { IqId } from '#contract/ids';
import { builtInRoles, type Role, type RoleRight } from '#contract/roles';
import { giveRight, type SitePlace } from '#server/store/site-people';

/**
 * What a call of a site needs: a right that roles give; `take_part`: to be one of its people, for what concerns oneself;
 * `own_site`: what the owner alone may, to hand the site over or delete it.
 */
export type SiteRight = RoleRight | 'take_part' | 'own_site';

/** Whether somebody at this place is one of the site's people. */
export function isPartOfSite(place: SitePlace): boolean {
  return place.isOwner || place.isInstaller || place.roles.length > 0;
}

/** Whether the site is open to somebody at this place: to its installer alone while it is set up (behaviour.md 17). */
export function isReleasedTo(place: SitePlace): boolean {
  return place.installationState !== 'installation' || place.isInstaller;
}

/** Whether somebody at this place has a right. The owner stands above admins; the installer acts as owner (connect-api.md 4.1). */
export function hasSiteRight(place: SitePlace, right: SiteRight): boolean {
  if (place.isOwner || place.isInstaller) return true;
  if (right === 'own_site') return false;
  return right === 'take_part' ? place.roles.length > 0 : giveRight(place.roles, right);
}

/** How high somebody stands: smaller is higher; the owner above all, guests below all. */
export function rankOf({
  isOwner,
  isInstaller,
  roles,
}: Pick<SitePlace, 'isOwner' | 'isInstaller' | 'roles'>): number {
  if (isOwner || isInstaller) return -1;
  return rankOfRoles(roles);
}

/** The highest of the hierarchical roles; without one below all of them. */
export function rankOfRoles(roles: readonly Role[]): number {
  return Math.min(Number.MAX_SAFE_INTEGER, ...roles.flatMap(({ depth }) => depth ?? []));
}

/** Nobody edits a user above the own level, nor gives a role above it (connect-api.md 2.2). */
export function mayEditRank(place: SitePlace, rank: number): boolean {
  return rankOf(place) <= rank;
}

/** A role that comes with a pod or with being a guest, and is never given by hand. */
export function comesByItself({ id }: Role): boolean {
  return id === builtInRoles.site_pod_member.id || id === builtInRoles.site_guest.id;
}

/** Whether somebody may give a role: none above the own level, none that comes with pods and guests. */
export function mayAssignRole(place: SitePlace, role: Role): boolean {
  return !comesByItself(role) && (role.depth === null || mayEditRank(place, role.depth));
}

/** Everybody may block the own keys; whoever looks after people blocks others' and lets keys in again. */
export function mayBlockKey(
  place: SitePlace,
  { isOwn, blocked }: { readonly isOwn: boolean; readonly blocked: boolean },
): boolean {
  return (isOwn && blocked) || hasSiteRight(place, 'manage_users');
}

/** Guests and access codes of a pod are for its own members, and for whoever looks after the site (behaviour.md 16). */
export function mayLookAfterGuests(
  place: SitePlace,
  { isMemberOfPod }: { readonly isMemberOfPod: boolean },
): boolean {
  return (
    hasSiteRight(place, 'manage_site') || (isMemberOfPod && hasSiteRight(place, 'manage_guests'))
  );
}

/** Offline keys belong to the hardware (connect-api.md 2.3). */
export function mayPlaceKeyOffline(place: SitePlace): boolean {
  return hasSiteRight(place, 'manage_hardware');
}

/** Whether roles let somebody open doors from afar: what `remote_access` of a site user shows (connect-api.md 2.3). */
export function opensFromAfar(roles: readonly Role[]): boolean {
  return giveRight(roles, 'remote_locking_all') || giveRight(roles, 'remote_locking_accessible');
}

export type ListeningRight = 'everything' | 'own' | 'nothing';

/** What somebody at this place may hear of the entries of a site (streaming.md 1). */
export function entriesRight(place: SitePlace | undefined): ListeningRight {
  if (place === undefined || !isPartOfSite(place)) return 'nothing';
  return hasSiteRight(place, 'see_everything') ? 'everything' : 'own';
}

/** What somebody at this place may hear of the incidents of a site: the same people who may hear everything. */
export function incidentsRight(place: SitePlace | undefined): ListeningRight {
  const right = entriesRight(place);
  return right === 'own' ? 'nothing' : right;
}

/**
 * Which doors somebody at this place may open from afar (connect-api.md 2.3): any, those a group gives, or none. Schedules are
 * not applied.
 */
export function remoteLockingRight(place: SitePlace): 'all' | 'accessible' | 'none' {
  if (hasSiteRight(place, 'remote_locking_all')) return 'all';
  return hasSiteRight(place, 'remote_locking_accessible') ? 'accessible' : 'none';
}

/** Whether somebody acts for the site itself, whatever flags stand at the own site user. */
export function actsAsOwner({
  isOwner,
  isInstaller,
}: Pick<SitePlace, 'isOwner' | 'isInstaller'>): boolean {
  return isOwner || isInstaller;
}

/**
 * Whose hardware somebody at this place may see and touch: of every hub, or of those that were enabled for the installer
 * (behaviour.md 17). Asked after the right to the call itself.
 */
export function touchableIqs(place: SitePlace): 'all' | readonly IqId[] {
  if (place.visit === null || hasSiteRight(place, 'see_everything')) return 'all';
  return place.visit.iqIds;
}

/** Whether hardware commands at a hub need no one-time code of this person: an installer's, where the hub was enabled. */
export function isOtpWaived(place: SitePlace, iqId: IqId): boolean {
  return place.visit !== null && place.visit.iqIds.includes(iqId);
}
