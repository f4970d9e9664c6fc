import type { AccessorId } from '#contract/ids';
import type { Actor } from '#server/events/audit';
import type { Database } from '#server/store/pool';
import { findPodStanding, type PodOfSite } from '#server/store/pods';
import { readScope } from '#server/store/scope';

/** How somebody stands to a pod, as permissions need it. */
export type PodStandings = {
  /** Undefined when the site has no such pod. */
  find(
    actor: Actor,
    pod: PodOfSite,
    accessorId: AccessorId | null,
  ): Promise<{ readonly isMemberOfPod: boolean } | undefined>;
};

export function createPodStandings({ database }: { readonly database: Database }): PodStandings {
  return {
    find: (actor, pod, accessorId) =>
      findPodStanding(readScope(database, actor.tenantId), pod, accessorId),
  };
}
