/** Members and guests of pods: who is in one, and how they come and go (connect-api.md 3.7, 4.9). */
import type { Static } from 'typebox';
import type { AccessorId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { PatchPodMembersRequest, PostPodMember } from '#contract/pods';
import type { Actor } from '#server/events/audit';
import type { ListResult } from '#server/store/list';
import { holdPod, type PodOfSite } from '#server/store/pods';
import { readScope } from '#server/store/scope';
import { listPodUsers, type PodUserRow } from '#server/store/site-users';
import type { PodArrival, PodChange } from './pod-arrivals.ts';
import { wholePod } from './pod-guest-rules.ts';
import { handMails, noPod, planArrivals, settleArrivals, settlePod } from './pod-people.ts';
import { writeRights, type Written } from './rights-write.ts';
import type { Inviting, SiteUserParts } from './site-user-creation.ts';

export type PodMembers = {
  /** Members and guests, oldest first in the site. */
  listUsers(actor: Actor, options: ListOptions, pod: PodOfSite): Promise<ListResult<PodUserRow>>;
  /**
   * Removes members, then adds others; all or nothing. VALUE_INVALID (`body_id`): tag unknown; taken. POD_MEMBER_NEEDS_EMAIL,
   * POD_USER_TWICE, POD_MEMBER_ELSEWHERE, POD_TAG_TWICE, INVITE_FAILED. NOT_FOUND: the pod.
   */
  changeMembers(
    at: Inviting,
    pod: PodOfSite,
    body: Static<typeof PatchPodMembersRequest>,
  ): Promise<Written<void>>;
};

export function createPodMembers(parts: SiteUserParts): PodMembers {
  return {
    listUsers: (actor, options, pod) =>
      listPodUsers(readScope(parts.database, actor.tenantId), options, pod),

    changeMembers: async (at, pod, { add_members: added, remove_member_ids: removed }) =>
      changePeople(parts, {
        at,
        pod,
        type: 'member',
        arrivals: (added ?? []).map(memberOfBody),
        removed: removed ?? [],
      }),
  };
}

/** Somebody who is to become a member, as bodies have it. */
export function memberOfBody(body: Static<typeof PostPodMember>): PodArrival {
  const { first_name, last_name, email = null, tag_id = null } = body;
  return { first_name, last_name, email, tag_id, rule: wholePod };
}

/** One request that lets people out of a pod and into it. NOT_FOUND: the pod; and what `planArrivals` refuses. */
export async function changePeople(
  parts: SiteUserParts,
  change: PodChange,
): Promise<Written<void>> {
  const { at, pod, type } = change;
  const { database, audit } = parts;
  const planned = await planArrivals(readScope(database, at.actor.tenantId), parts, change);
  await handMails(parts, planned);
  return writeRights({ database, actor: at.actor }, async (scope, warn) => {
    if (!(await holdPod(scope, pod))) throw noPod();
    const came = await settleArrivals(scope, parts, { planned, warn });
    await settlePod(scope, parts, came.touched);
    audit.record(scope, at.actor, {
      ...podFact(`update_${type}s`, pod),
      detail: `add ${came.accessorIds.length}, remove ${came.leftIds.length}`,
      before: { [`${type}s`]: came.leftIds },
      after: { [`${type}s`]: came.accessorIds },
    });
  });
}

/** The record of what happened to a pod. */
export function podFact(verb: string, pod: PodOfSite, accessorId: AccessorId | null = null) {
  return {
    action: `pod.${verb}`,
    objectType: 'pod',
    objectId: pod.id,
    accessorId,
    collectionId: pod.siteId,
  };
}
