import { ApiError } from '#contract/api-error';
import { mayLookAfterGuests } from '#server/domain/permissions';
import type { PodStandings } from '#server/domain/pod-standings';
import type { Call } from '#server/http/route';
import { TokenError } from '#server/http/token';
import type { AtSite } from './site-route.ts';

/**
 * `exists` of routes of one pod, named by `parameter`, for whoever looks after its guests: its members, and those who look after the
 * site. NOT_FOUND `Pod not found`; an empty 403 (TokenError) for members of other pods.
 */
export function ownPod(
  { podStandings }: { readonly podStandings: PodStandings },
  parameter = 'pod_id',
): (at: AtSite, call: Call) => Promise<void> {
  return async ({ actor, siteId, accessorId, place }, call) => {
    const standing = await podStandings.find(actor, { siteId, id: call.id(parameter) }, accessorId);
    if (standing === undefined) throw new ApiError('NOT_FOUND', { thing: 'Pod' });
    if (!mayLookAfterGuests(place, standing)) throw new TokenError(403, '');
  };
}
