/** The use-cases about pods and their people, put together. */
import { createPodAccessCodes, type PodAccessCodes } from './pod-access-codes.ts';
import { createPodGuests, type PodGuests } from './pod-guests.ts';
import { createPodMembers, type PodMembers } from './pod-members.ts';
import { createPodStandings, type PodStandings } from './pod-standings.ts';
import { createPods, type Pods } from './pods.ts';
import type { SiteUserParts } from './site-user-creation.ts';

export type PodUses = {
  readonly pods: Pods;
  readonly podStandings: PodStandings;
  readonly podMembers: PodMembers;
  readonly podGuests: PodGuests;
  readonly podAccessCodes: PodAccessCodes;
};

export function createPodUses(parts: SiteUserParts): PodUses {
  return {
    pods: createPods(parts),
    podStandings: createPodStandings(parts),
    podMembers: createPodMembers(parts),
    podGuests: createPodGuests(parts),
    podAccessCodes: createPodAccessCodes(parts),
  };
}
