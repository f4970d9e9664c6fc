import type { UserId } from '#contract/ids';
import {
  PodAccessCodePage,
  PodAccessCodeResponse,
  PostPodGuestByAccessCodeRequest,
  PutPodAccessCodeRequest,
  type PodAccessCodeWithOwnerResponse,
} from '#contract/pods';
import { instantText } from '#contract/time-text';
import type { PodAccessCodes } from '#server/domain/pod-access-codes';
import type { PodStandings } from '#server/domain/pod-standings';
import { requireFeature } from '#server/domain/subscriptions';
import type { Caller } from '#server/http/caller';
import type { FaceParts } from '#server/http/face';
import { route, type Call, type Route } from '#server/http/route';
import { TokenError } from '#server/http/token';
import { told } from '#server/http/written';
import { podAccessCodeFields, type PodAccessCodeRow } from '#server/store/pod-access-codes';
import { findPodPass, type PodPass } from '#server/store/pod-passes';
import type { PodOfSite } from '#server/store/pods';
import type { Database } from '#server/store/pool';
import type { SiteFacts } from '#server/store/site-people';
import { ownPod } from './own-pod.ts';
import type { AtSite, SiteRoute } from './site-route.ts';

const tag = 'pods';
const path = '/pods/{pod_id}/access_codes';

export type PodAccessCodeParts = {
  readonly podAccessCodes: PodAccessCodes;
  readonly podStandings: PodStandings;
};

/** connect-api.md 3.7: access codes of a pod, and the guests who come by them. */
export function podAccessCodeRoutes(siteRoute: SiteRoute, parts: PodAccessCodeParts): Route[] {
  const { podAccessCodes } = parts;
  const common = { path, right: 'manage_guests', feature: 'pods', tag } as const;
  const exists = ownPod(parts);
  return [
    siteRoute({
      ...common,
      method: 'GET',
      summary:
        'List the access codes of a pod, the former ones too; codes themselves are not shown again',
      list: { fields: podAccessCodeFields },
      answer: PodAccessCodePage,
      exists,
      handle: async (at, call) =>
        call.page(
          await podAccessCodes.list(at.actor, call.list, podOf(at, call)),
          toAccessCodeWithOwner,
        ),
    }),
    siteRoute({
      ...common,
      method: 'PUT',
      summary: 'Make the access code of a pod, in place of the former',
      body: { schema: PutPodAccessCodeRequest, mode: 'create' },
      answer: PodAccessCodeResponse,
      errors: ['POD_FULL'],
      exists,
      handle: (at, call, body) => podAccessCodes.make(actorOf(at), podOf(at, call), body),
    }),
    siteRoute({
      ...common,
      method: 'DELETE',
      summary: 'End the access code of a pod',
      answer: null,
      exists,
      handle: (at, call) => podAccessCodes.revoke(at.actor, podOf(at, call)),
    }),
    byCode(parts),
  ];
}

function byCode({ podAccessCodes }: PodAccessCodeParts): Route {
  return route({
    method: 'POST',
    path: '/pods/guests',
    access: 'pod_pass',
    summary: 'Become a guest of the pod whose access code the token was given for',
    tag,
    body: { schema: PostPodGuestByAccessCodeRequest, mode: 'create' },
    answer: null,
    errors: ['OPERATION_NOT_ALLOWED', 'NO_SUBSCRIPTION', 'POD_FULL'],
    handle: async (call, body) => {
      const { pass, userId, site } = await passOf(podAccessCodes, call);
      requireFeature(site, 'pods', call.now);
      const { clientId } = call.caller;
      const { tenantId } = pass;
      const actor = { tenantId, clientId, userId, requestId: call.requestId };
      return told(call, podAccessCodes.redeem(pass, actor, body));
    },
  });
}

type Passing = { readonly pass: PodPass; readonly userId: UserId; readonly site: SiteFacts };

/** What the token was given for; an empty 403 where nothing is left of it. */
async function passOf(podAccessCodes: PodAccessCodes, { caller }: Call): Promise<Passing> {
  const found =
    caller.subject === undefined ? undefined : await podAccessCodes.findPassing(caller.subject);
  if (found === undefined) throw new TokenError(403, '');
  return found;
}

/**
 * Until it has become a guest a token of an access code does for that one call alone, and that call for no other token: an empty
 * 403 (identity.md 4).
 */
export function createCodeAdmission(database: Database): FaceParts['admitByCode'] {
  return async ({ accessCodeId, subject }: Caller, access) => {
    const isOfCode = accessCodeId !== undefined && subject !== undefined;
    if (access === 'pod_pass') {
      if (!isOfCode) throw new TokenError(403, '');
      return;
    }
    if (!isOfCode) return;
    const pass = await findPodPass(database, subject);
    if (pass === undefined || pass.accessorId === null) throw new TokenError(403, '');
  };
}

function podOf({ siteId }: AtSite, call: Call): PodOfSite {
  return { siteId, id: call.id('pod_id') };
}

function actorOf({ actor, userId }: AtSite) {
  return { ...actor, userId };
}

function toAccessCodeWithOwner(row: PodAccessCodeRow): PodAccessCodeWithOwnerResponse {
  return {
    id: row.id,
    generated_by: {
      id: row.user_id,
      first_name: row.first_name,
      last_name: row.last_name,
      email: row.email,
    },
    code_created_date: instantText(row.created_at),
    code_expiry_date: instantText(row.expires_at),
    use_limit: row.use_limit,
    state: row.state,
  };
}
