/** Which roles come with a pod and go with it, and who leaves the site with the last one (connect-api.md 4.9). Pure. */
import type { PodUserType } from '#contract/pods';
import { builtInRoles, findBuiltInRole, type Role } from '#contract/roles';
import type { StandingBesidePod } from '#server/store/pod-people';

const ofPods: ReadonlySet<string> = new Set([
  builtInRoles.site_user.id,
  builtInRoles.site_mobile_user.id,
  builtInRoles.site_pod_member.id,
  builtInRoles.site_guest.id,
]);

/** Whether somebody has no place in the site but the one in the pod that ends. Pure. */
export function leavesSite(standing: StandingBesidePod): boolean {
  const { came_by_pod, is_owner, is_member, is_guest, is_in_group, role_ids } = standing;
  return (
    came_by_pod &&
    ![is_owner, is_member, is_guest, is_in_group].includes(true) &&
    role_ids.every((id) => ofPods.has(id))
  );
}

/** The roles of somebody new (connect-api.md 4.9). Pure. */
export function rolesOfNewcomer(
  type: PodUserType,
  { signsIn }: { readonly signsIn: boolean },
): readonly Role[] {
  const { site_user, site_mobile_user, site_pod_member, site_guest } = builtInRoles;
  if (type === 'member') return [site_user, site_mobile_user, site_pod_member];
  return signsIn ? [site_guest, site_mobile_user] : [site_guest];
}

/** The roles of a site user who joins a pod: the role of the pod beside those that are there. Pure. */
export function rolesWithPod(present: readonly string[], type: PodUserType): readonly string[] {
  const own = type === 'member' ? builtInRoles.site_pod_member.id : builtInRoles.site_guest.id;
  const roles = present.length === 0 ? [builtInRoles.site_user.id] : present;
  // A guest of another pod has no place above it yet.
  const asMember =
    type === 'member' && !roles.some(isHierarchical)
      ? [builtInRoles.site_user.id, builtInRoles.site_mobile_user.id]
      : [];
  return [...new Set([...asMember, ...roles, own])];
}

/** The roles of somebody who stays on the site: those that came with the pod are gone. Pure. */
export function rolesWithoutPod(standing: StandingBesidePod): readonly string[] {
  const { role_ids, came_by_pod, is_member, is_guest } = standing;
  const gone = new Set<string>([
    ...(is_member ? [] : [builtInRoles.site_pod_member.id]),
    ...(is_guest ? [] : [builtInRoles.site_guest.id]),
    ...(came_by_pod && !is_member && !is_guest ? [builtInRoles.site_mobile_user.id] : []),
  ]);
  const left = role_ids.filter((id) => !gone.has(id));
  return is_guest || left.some(isHierarchical) ? left : [builtInRoles.site_user.id, ...left];
}

/** Roles that a site has made for itself are hierarchical all. */
function isHierarchical(id: string): boolean {
  return findBuiltInRole(id)?.depth !== null;
}
