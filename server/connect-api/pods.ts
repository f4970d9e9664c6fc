import {
  PatchPodLocksRequest,
  PatchPodRequest,
  PodAccessRuleRequest,
  PodPage,
  PodResponse,
  PostPodRequest,
} from '#contract/pods';
import { RefPage } from '#contract/refs';
import { SiteTagPage } from '#contract/site-tags';
import type { PodStandings } from '#server/domain/pod-standings';
import type { Pods } from '#server/domain/pods';
import type { Call, Route } from '#server/http/route';
import { told } from '#server/http/written';
import { podFields, type PodOfSite, type PodRow } from '#server/store/pods';
import { groupLockFields } from '#server/store/site-access-groups';
import { siteTagFields } from '#server/store/site-tags';
import { ownPod } from './own-pod.ts';
import type { AtSite, SiteRoute } from './site-route.ts';
import { viewOf } from './site-view.ts';
import { toSiteTag } from './tags.ts';

const shared = { feature: 'pods', tag: 'pods' } as const;
const one = '/pods/{id}';
const excluded = {
  excluded: { kind: 'bool', summary: 'what could still be added in place of what is there' },
} as const;

type Parts = { readonly pods: Pods; readonly podStandings: PodStandings };

/** connect-api.md 3.7: pods of a site with their locks, rules and tags; their people are in pod-people.ts. */
export function podRoutes(siteRoute: SiteRoute, parts: Parts): Route[] {
  return [...podsThemselves(siteRoute, parts), ...contents(siteRoute, parts)];
}

/** The pod of a path. */
export function podOf({ siteId }: AtSite, call: Call, parameter: 'id' | 'pod_id'): PodOfSite {
  return { siteId, id: call.id(parameter) };
}

function podsThemselves(siteRoute: SiteRoute, { pods }: Parts): Route[] {
  const found = (at: AtSite, call: Call) => pods.get(at.actor, podOf(at, call, 'id'));
  const manage = { ...shared, right: 'manage_site' } as const;
  return [
    siteRoute({
      ...manage,
      method: 'GET',
      path: '/pods',
      summary: 'List the pods of a site',
      list: { fields: podFields },
      answer: PodPage,
      handle: async ({ actor, siteId }, call) =>
        call.page(await pods.list(actor, call.list, siteId), toPod),
    }),
    siteRoute({
      ...manage,
      method: 'POST',
      path: '/pods',
      summary: 'Create a pod, with locks and members or empty',
      body: { schema: PostPodRequest, mode: 'create' },
      named: ({ members }) => ({ tags: members?.map(({ tag_id: tag }) => tag) ?? [] }),
      answer: PodResponse,
      errors: [
        'POD_NAME_TAKEN',
        'POD_LOCK_NOT_IN_SITE',
        'POD_MEMBER_NEEDS_EMAIL',
        'POD_USER_TWICE',
        'POD_MEMBER_ELSEWHERE',
        'POD_TAG_TWICE',
        'OPERATION_NOT_ALLOWED',
        'INVITE_FAILED',
      ],
      handle: async (at, call, body) => toPod(await told(call, pods.create(at, body))),
    }),
    siteRoute({
      ...manage,
      method: 'GET',
      path: one,
      summary: 'One pod',
      answer: PodResponse,
      handle: async (at, call) => toPod(await found(at, call)),
    }),
    siteRoute({
      ...manage,
      method: 'PATCH',
      path: one,
      summary: 'Change name or guest limit of a pod',
      body: { schema: PatchPodRequest, mode: 'patch' },
      answer: null,
      errors: ['POD_NAME_TAKEN', 'POD_GUEST_LIMIT_TOO_LOW'],
      exists: found,
      handle: (at, call, body) => pods.update(at.actor, podOf(at, call, 'id'), body),
    }),
    siteRoute({
      ...manage,
      method: 'DELETE',
      path: one,
      summary: 'End a pod; its locks stay in the site',
      answer: null,
      isAccepted: true,
      exists: found,
      handle: (at, call) => told(call, pods.remove(at, podOf(at, call, 'id'))),
    }),
    siteRoute({
      ...manage,
      method: 'PATCH',
      path: `${one}/clean`,
      summary: 'End members, guests and access codes of a pod; locks and rule stay',
      answer: null,
      isAccepted: true,
      exists: found,
      handle: (at, call) => told(call, pods.clean(at, podOf(at, call, 'id'))),
    }),
  ];
}

function contents(siteRoute: SiteRoute, parts: Parts): Route[] {
  const { pods } = parts;
  const below = '/pods/{pod_id}';
  const found = (at: AtSite, call: Call) => pods.get(at.actor, podOf(at, call, 'pod_id'));
  const exists = ownPod(parts);
  return [
    siteRoute({
      ...shared,
      method: 'GET',
      path: `${below}/locks`,
      right: 'manage_guests',
      summary: 'List the locks of a pod, or those that could be added',
      query: excluded,
      list: { fields: groupLockFields },
      answer: RefPage,
      exists,
      handle: async (at, call) =>
        call.page(
          await pods.listLocks(at.actor, call.list, {
            pod: podOf(at, call, 'pod_id'),
            which: call.flag('excluded') ? 'others' : 'members',
            view: viewOf(at),
          }),
          (row) => row,
        ),
    }),
    siteRoute({
      ...shared,
      method: 'PATCH',
      path: `${below}/locks`,
      right: 'manage_site',
      summary: 'Take locks out of a pod and put others in',
      body: { schema: PatchPodLocksRequest, mode: 'patch' },
      answer: null,
      errors: ['POD_LOCK_NOT_IN_SITE'],
      exists: found,
      handle: (at, call, { lock_to_add_ids: add, lock_to_remove_ids: remove }) =>
        told(
          call,
          pods.changeLocks(at.actor, podOf(at, call, 'pod_id'), {
            add: add ?? [],
            remove: remove ?? [],
          }),
        ),
    }),
    siteRoute({
      ...shared,
      method: 'GET',
      path: `${below}/tags`,
      right: 'manage_guests',
      summary: 'List the tags that people of a pod have',
      list: { fields: siteTagFields },
      answer: SiteTagPage,
      exists,
      handle: async (at, call) =>
        call.page(await pods.listTags(at.actor, call.list, podOf(at, call, 'pod_id')), toSiteTag),
    }),
    siteRoute({
      ...shared,
      method: 'PUT',
      path: `${below}/access_rule`,
      right: 'manage_site',
      summary: 'Set when members of a pod may enter',
      body: { schema: PodAccessRuleRequest, mode: 'create' },
      answer: null,
      exists: found,
      handle: (at, call, body) =>
        told(call, pods.setRule(at.actor, podOf(at, call, 'pod_id'), body)),
    }),
  ];
}

function toPod(row: PodRow): PodResponse {
  return {
    id: row.id,
    customer_reference: row.customer_reference,
    access_rule: {
      access_rule_type: row.access_rule_type,
      schedules: [...row.schedules],
    },
    max_guest_amount: row.max_guest_amount,
    member_amount: row.member_amount,
    guest_amount: row.guest_amount,
    lock_amount: row.lock_amount,
  };
}
