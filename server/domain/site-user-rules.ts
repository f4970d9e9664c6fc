/** What every write of a site user asks first: whom it is about, whether the caller may, and which roles, person and tag are meant. */
import { ApiError } from '#contract/api-error';
import type { AccessorId, CollectionId, KeyId, LoginId, TagId, UserId } from '#contract/ids';
import { builtInRoles, findBuiltInRole, type Role } from '#contract/roles';
import type { Actor } from '#server/events/audit';
import { findLoginOfAddress, findPersonByAddress, type Person } from '#server/store/people';
import type { Scope } from '#server/store/scope';
import { rolesOf, type SitePlace } from '#server/store/site-people';
import { findOwnRoles, findSiteUser, type SiteUserRow } from '#server/store/site-users';
import { findTag } from '#server/store/tags';
import { tagStanding } from './keys.ts';
import { isMailAddress } from './mail-address.ts';
import { comesByItself, mayAssignRole, mayEditRank, rankOf } from './permissions.ts';

/** A person at work in a site. */
export type AtWork = {
  readonly actor: Actor;
  readonly siteId: CollectionId;
  readonly userId: UserId;
  readonly place: SitePlace;
};

/** What a path's site user that names nothing is answered with. */
export function noSiteUser(): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: 'user_id', case: 'path_id' });
}

export function notAllowed(reason: string): ApiError {
  return new ApiError('OPERATION_NOT_ALLOWED', { reason });
}

/** The site user of a path. VALUE_INVALID (`path_id`) when the site has none of that id. */
export async function getSiteUser(
  scope: Scope,
  place: { readonly siteId: CollectionId; readonly id: AccessorId; readonly now: Date },
): Promise<SiteUserRow> {
  const row = await findSiteUser(scope, place);
  if (row === undefined) throw noSiteUser();
  return row;
}

/** The roles of a site user, in the order in which they were given. */
export function rolesOfSiteUser(row: Pick<SiteUserRow, 'role_ids' | 'own_roles'>): readonly Role[] {
  return rolesOf(row.role_ids, row.own_roles);
}

/** Nobody edits a user above the own level (connect-api.md 2.2). OPERATION_NOT_ALLOWED. */
export function checkEditable({ place }: Pick<AtWork, 'place'>, row: SiteUserRow): void {
  const rank = rankOf({
    isOwner: row.is_owner,
    isInstaller: false,
    roles: rolesOfSiteUser(row),
  });
  if (!mayEditRank(place, rank)) throw notAllowed('The user is above your own level.');
}

/**
 * The roles that a body asks for, and those of `present` that come with pods and guests and stay. VALUE_INVALID: unknown, not to be
 * given by hand, or none of them hierarchical; OPERATION_NOT_ALLOWED: above the caller's own level.
 */
export async function chooseRoles(
  scope: Scope,
  { siteId, place }: AtWork,
  {
    asked,
    present = [],
  }: { readonly asked: readonly string[]; readonly present?: readonly Role[] },
): Promise<readonly Role[]> {
  const own = await findOwnRoles(scope, { siteId, ids: asked });
  const kept = present.filter(comesByItself);
  const chosen = [...new Set(asked)].map((id) => {
    const role = findBuiltInRole(id) ?? own.find((one) => one.id === id);
    if (role === undefined) throw wrongRoles('One of the roles is unknown.');
    if (comesByItself(role) && !kept.includes(role))
      throw wrongRoles('One of the roles comes with a pod or a guest only.');
    return role;
  });
  const roles = [...new Set([...chosen, ...kept])];
  const isGuest = kept.some(({ id }) => id === builtInRoles.site_guest.id);
  if (!isGuest && roles.every(({ depth }) => depth === null))
    throw wrongRoles('One of the roles must be hierarchical.');
  if (!chosen.every((role) => kept.includes(role) || mayAssignRole(place, role)))
    throw notAllowed('One of the roles is above your own level.');
  return roles;
}

function wrongRoles(reason: string): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: 'role_ids', reason });
}

/** Whom an address stands for: somebody known in the tenant, somebody who has an account only, or nobody yet. */
export type AddressOwner =
  | { readonly kind: 'known'; readonly person: Person }
  | { readonly kind: 'login'; readonly loginId: LoginId }
  | { readonly kind: 'nobody' };

/** connect-api.md 4.2: an address known on the platform links its person. INVITE_FAILED: malformed. */
export async function ownerOfAddress(scope: Scope, address: string): Promise<AddressOwner> {
  if (!isMailAddress(address))
    throw new ApiError('INVITE_FAILED', { reason: 'The address is malformed.' });
  const person = await findPersonByAddress(scope, address);
  if (person !== undefined) return { kind: 'known', person };
  const loginId = await findLoginOfAddress(scope, address);
  return loginId === undefined ? { kind: 'nobody' } : { kind: 'login', loginId };
}

/** A person has one place in a site. VALUE_INVALID of the member that named the person. */
export async function checkNotInSite(
  scope: Scope,
  {
    siteId,
    userId,
    now,
  }: { readonly siteId: CollectionId; readonly userId: UserId; readonly now: Date },
  parameter: 'email' | 'id',
): Promise<void> {
  if ((await findSiteUser(scope, { siteId, userId, now })) !== undefined)
    throw new ApiError('VALUE_INVALID', {
      parameter,
      reason: 'The person is on the site already.',
    });
}

/** A tag of a body: a registered one of this site. VALUE_INVALID (`body_id`) when it names none. */
export async function tagOfBody(
  scope: Scope,
  { siteId, tagId }: { readonly siteId: CollectionId; readonly tagId: string },
): Promise<TagId> {
  const tag = await findTag(scope, tagId as TagId);
  if (tag?.collection_id !== siteId)
    throw new ApiError('VALUE_INVALID', { parameter: 'tag_id', case: 'body_id' });
  return tag.id;
}

/** The key by which somebody has the tag already. VALUE_INVALID when another person has it (behaviour.md 5.1). */
export async function checkTagFree(
  scope: Scope,
  asked: {
    readonly tagId: TagId;
    readonly owner: { readonly id: AccessorId; readonly user_id: UserId };
  },
): Promise<KeyId | undefined> {
  const { isTaken, ownKeyId } = await tagStanding(scope, asked);
  if (isTaken)
    throw new ApiError('VALUE_INVALID', {
      parameter: 'tag_id',
      reason: 'The tag is another person’s; clear it there first.',
    });
  return ownKeyId;
}
