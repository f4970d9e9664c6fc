import type { ConnectVersion } from '#contract/connect-version';
import {
  PatchPodGuestRequest,
  PatchPodGuestsRequest,
  PatchPodMembersRequest,
  PodGuestResponse,
  PodUserPage,
  type PodAccessRuleType,
  type PodUserResponse,
} from '#contract/pods';
import type { PodGuests } from '#server/domain/pod-guests';
import type { PodMembers } from '#server/domain/pod-members';
import type { PodStandings } from '#server/domain/pod-standings';
import type { Pods } from '#server/domain/pods';
import type { Route } from '#server/http/route';
import { told } from '#server/http/written';
import type { PodGuestRow } from '#server/store/pod-people';
import { podUserFields, type PodUserRow } from '#server/store/site-users';
import { ownPod } from './own-pod.ts';
import { podOf } from './pods.ts';
import type { SiteRoute } from './site-route.ts';
import { toSiteUser } from './site-users.ts';

const shared = { feature: 'pods', tag: 'pods' } as const;
const below = '/pods/{pod_id}';

type Parts = {
  readonly version: ConnectVersion;
  readonly pods: Pods;
  readonly podStandings: PodStandings;
  readonly podMembers: PodMembers;
  readonly podGuests: PodGuests;
};

/** connect-api.md 3.7: members and guests of pods. */
export function podPeopleRoutes(siteRoute: SiteRoute, parts: Parts): Route[] {
  return [...everybody(siteRoute, parts), ...guests(siteRoute, parts)];
}

function everybody(siteRoute: SiteRoute, parts: Parts): Route[] {
  const { version, pods, podMembers } = parts;
  return [
    siteRoute({
      ...shared,
      method: 'GET',
      path: `${below}/users`,
      right: 'manage_guests',
      summary: 'List the members and guests of a pod',
      list: { fields: podUserFields },
      answer: PodUserPage[version],
      exists: ownPod(parts),
      handle: async (at, call) =>
        call.page(
          await podMembers.listUsers(at.actor, call.list, podOf(at, call, 'pod_id')),
          toPodUser,
        ),
    }),
    siteRoute({
      ...shared,
      method: 'PATCH',
      path: `${below}/members`,
      right: 'manage_site',
      summary: 'Remove members of a pod and add others; those with an e-mail address are invited',
      body: { schema: PatchPodMembersRequest, mode: 'patch' },
      named: ({ add_members: members }) => ({
        tags: members?.map(({ tag_id: tag }) => tag) ?? [],
      }),
      answer: null,
      errors: [
        'POD_MEMBER_NEEDS_EMAIL',
        'POD_USER_TWICE',
        'POD_MEMBER_ELSEWHERE',
        'POD_TAG_TWICE',
        'INVITE_FAILED',
      ],
      exists: (at, call) => pods.get(at.actor, podOf(at, call, 'pod_id')),
      handle: (at, call, body) =>
        told(call, podMembers.changeMembers(at, podOf(at, call, 'pod_id'), body)),
    }),
  ];
}

function guests(siteRoute: SiteRoute, parts: Parts): Route[] {
  const { podGuests } = parts;
  const own = { ...shared, right: 'manage_guests' } as const;
  const isOwn = ownPod(parts);
  const one = `${below}/guests/{id}`;
  return [
    siteRoute({
      ...own,
      method: 'PATCH',
      path: `${below}/guests`,
      summary: 'Remove guests of a pod and add others; those with an e-mail address are invited',
      body: { schema: PatchPodGuestsRequest, mode: 'patch' },
      answer: null,
      errors: ['POD_USER_TWICE', 'POD_FULL', 'POD_LOCK_NOT_IN_POD', 'INVITE_FAILED'],
      exists: isOwn,
      handle: (at, call, body) =>
        told(call, podGuests.changeGuests(at, podOf(at, call, 'pod_id'), body)),
    }),
    siteRoute({
      ...own,
      method: 'GET',
      path: one,
      summary: 'One guest of a pod, with the rule of access',
      answer: PodGuestResponse,
      exists: isOwn,
      handle: async (at, call) =>
        toPodGuest(await podGuests.getGuest(at.actor, podOf(at, call, 'pod_id'), call.id('id'))),
    }),
    siteRoute({
      ...own,
      method: 'PATCH',
      path: one,
      summary: 'Set where and when a guest of a pod may enter',
      body: { schema: PatchPodGuestRequest, mode: 'create' },
      answer: null,
      errors: ['POD_LOCK_NOT_IN_POD'],
      exists: async (at, call) => {
        await isOwn(at, call);
        await podGuests.getGuest(at.actor, podOf(at, call, 'pod_id'), call.id('id'));
      },
      handle: (at, call, body) => {
        const guest = { pod: podOf(at, call, 'pod_id'), id: call.id('id') };
        return told(call, podGuests.changeGuest(at, guest, body));
      },
    }),
  ];
}

function toPodUser(row: PodUserRow): PodUserResponse {
  return { ...toSiteUser(row), pod_user_type: row.pod_user_type, site_user_id: row.id };
}

/**
 * Without locks in the answer a `checkin_checkout` is for all of them. One whose own locks have all left the pod opens nothing, and
 * is shown as what opens nothing without locks (connect-api.md 4.9).
 */
function shownType({ access_rule_type: type, lock_ids: lockIds }: PodGuestRow): PodAccessRuleType {
  return lockIds?.length === 0 ? 'custom' : type;
}

function toPodGuest(row: PodGuestRow): PodGuestResponse {
  return {
    first_name: row.first_name,
    last_name: row.last_name,
    email: row.email,
    tag_number: row.tag_number,
    access_rule: {
      access_rule_type: shownType(row),
      schedules: [...row.schedules],
      locks: [...(row.lock_ids ?? [])],
    },
  };
}
