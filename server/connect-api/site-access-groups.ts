import { PatchAccessGroupRelationRequest } from '#contract/access-groups';
import { RefPage, RefResponse } from '#contract/refs';
import {
  AccessGroupSummaryPage,
  AccessGroupSummaryResponse,
  PatchSiteAccessGroupRequest,
  PostAccessGroupLockRequest,
  PostAccessGroupUserRequest,
  PostSiteAccessGroupRequest,
} from '#contract/site-access-groups';
import { UserShortPage, UserShortResponse } from '#contract/users';
import type { SiteAccessGroups, SiteGroup } from '#server/domain/site-access-groups';
import type { Call, Route } from '#server/http/route';
import { told } from '#server/http/written';
import {
  accessGroupSummaryFields,
  groupLockFields,
  groupUserFields,
  type GroupList,
} from '#server/store/site-access-groups';
import type { AtSite, SiteRoute } from './site-route.ts';
import { viewOf } from './site-view.ts';

const tag = 'access groups';
const one = '/access_groups/{access_group_id}';
const excluded = {
  excluded: { kind: 'bool', summary: 'what could still be added in place of what is there' },
} as const;

type Parts = { readonly siteAccessGroups: SiteAccessGroups };

/** connect-api.md 3.3: access groups of a site with their locks and users. */
export function siteAccessGroupRoutes(siteRoute: SiteRoute, parts: Parts): Route[] {
  return [...groups(siteRoute, parts), ...locks(siteRoute, parts), ...users(siteRoute, parts)];
}

function groupOf({ siteId }: AtSite, call: Call): SiteGroup {
  return { siteId, groupId: call.id('access_group_id') };
}

function listOf(at: AtSite, call: Call): GroupList {
  return { ...groupOf(at, call), which: call.flag('excluded') ? 'others' : 'members' };
}

/** Finds the group of the path, where the caller may see it. */
export function seenGroup({ siteAccessGroups }: Parts) {
  return (at: AtSite, call: Call): Promise<AccessGroupSummaryResponse> =>
    siteAccessGroups.get(at.actor, viewOf(at), call.id('access_group_id'));
}

function groups(siteRoute: SiteRoute, parts: Parts): Route[] {
  const { siteAccessGroups } = parts;
  const exists = seenGroup(parts);
  return [
    siteRoute({
      method: 'GET',
      path: '/access_groups',
      right: 'take_part',
      summary: 'List the access groups of a site that the caller may see',
      tag,
      list: { fields: accessGroupSummaryFields },
      answer: AccessGroupSummaryPage,
      handle: async (at, call) =>
        call.page(await siteAccessGroups.list(at.actor, call.list, viewOf(at)), (row) => row),
    }),
    siteRoute({
      method: 'POST',
      path: '/access_groups',
      right: 'manage_users',
      summary: 'Create an access group of a site',
      tag,
      body: { schema: PostSiteAccessGroupRequest, mode: 'create' },
      answer: RefResponse,
      handle: ({ actor, siteId }, call, body) =>
        told(call, siteAccessGroups.create(actor, siteId, body.customer_reference)),
    }),
    siteRoute({
      method: 'GET',
      path: one,
      right: 'take_part',
      summary: 'One access group of a site',
      tag,
      answer: AccessGroupSummaryResponse,
      handle: exists,
    }),
    siteRoute({
      method: 'PATCH',
      path: one,
      right: 'manage_users',
      summary: 'Rename an access group',
      tag,
      body: { schema: PatchSiteAccessGroupRequest, mode: 'patch' },
      answer: RefResponse,
      exists,
      handle: (at, call, body) =>
        told(call, siteAccessGroups.rename(at.actor, groupOf(at, call), body)),
    }),
    siteRoute({
      method: 'DELETE',
      path: one,
      right: 'manage_users',
      summary: 'Remove an access group with its relations and schedules',
      tag,
      answer: null,
      exists,
      handle: (at, call) => told(call, siteAccessGroups.remove(at.actor, groupOf(at, call))),
    }),
  ];
}

function locks(siteRoute: SiteRoute, parts: Parts): Route[] {
  const { siteAccessGroups } = parts;
  const exists = seenGroup(parts);
  const all = `${one}/locks`;
  return [
    siteRoute({
      method: 'GET',
      path: all,
      right: 'take_part',
      summary: 'List the locks of an access group, or those that could be added',
      tag,
      query: excluded,
      list: { fields: groupLockFields },
      answer: RefPage,
      exists,
      handle: async (at, call) =>
        call.page(
          await siteAccessGroups.listLocks(at.actor, call.list, listOf(at, call)),
          (row) => row,
        ),
    }),
    siteRoute({
      method: 'POST',
      path: all,
      right: 'manage_users',
      summary: 'Add a lock to an access group',
      tag,
      body: { schema: PostAccessGroupLockRequest, mode: 'create' },
      answer: RefResponse,
      exists,
      handle: (at, call, body) =>
        told(call, siteAccessGroups.addLock(at.actor, groupOf(at, call), body.lock_id)),
    }),
    siteRoute({
      method: 'PATCH',
      path: all,
      right: 'manage_users',
      summary: 'Remove and add locks of an access group',
      tag,
      body: { schema: PatchAccessGroupRelationRequest, mode: 'patch' },
      answer: null,
      exists,
      handle: (at, call, { add_ids: add, remove_ids: remove }) =>
        told(
          call,
          siteAccessGroups.changeLocks(at.actor, groupOf(at, call), {
            add: add ?? [],
            remove: remove ?? [],
          }),
        ),
    }),
    siteRoute({
      method: 'DELETE',
      path: `${all}/{lock_id}`,
      right: 'manage_users',
      summary: 'Take a lock out of an access group',
      tag,
      answer: null,
      exists,
      handle: (at, call) =>
        told(call, siteAccessGroups.removeLock(at.actor, groupOf(at, call), call.id('lock_id'))),
    }),
  ];
}

function users(siteRoute: SiteRoute, parts: Parts): Route[] {
  const { siteAccessGroups } = parts;
  const exists = seenGroup(parts);
  const all = `${one}/users`;
  return [
    siteRoute({
      method: 'GET',
      path: all,
      right: 'see_everything',
      summary: 'List the users of an access group, or those who could be added',
      tag,
      query: excluded,
      list: { fields: groupUserFields },
      answer: UserShortPage,
      exists,
      handle: async (at, call) =>
        call.page(
          await siteAccessGroups.listUsers(at.actor, call.list, listOf(at, call)),
          (row) => row,
        ),
    }),
    siteRoute({
      method: 'POST',
      path: all,
      right: 'manage_users',
      summary: 'Add a user to an access group',
      tag,
      body: { schema: PostAccessGroupUserRequest, mode: 'create' },
      answer: UserShortResponse,
      errors: ['USER_IS_POD_MEMBER'],
      exists,
      handle: (at, call, body) =>
        told(call, siteAccessGroups.addUser(at.actor, groupOf(at, call), body.user_id)),
    }),
    siteRoute({
      method: 'PATCH',
      path: all,
      right: 'manage_users',
      summary: 'Remove and add users of an access group',
      tag,
      body: { schema: PatchAccessGroupRelationRequest, mode: 'patch' },
      answer: null,
      errors: ['USER_IS_POD_MEMBER'],
      exists,
      handle: (at, call, { add_ids: add, remove_ids: remove }) =>
        told(
          call,
          siteAccessGroups.changeUsers(at.actor, groupOf(at, call), {
            add: add ?? [],
            remove: remove ?? [],
          }),
        ),
    }),
    siteRoute({
      method: 'DELETE',
      path: `${all}/{user_id}`,
      right: 'manage_users',
      summary: 'Take a user out of an access group',
      tag,
      answer: null,
      errors: ['USER_IS_POD_MEMBER'],
      exists,
      handle: (at, call) =>
        told(call, siteAccessGroups.removeUser(at.actor, groupOf(at, call), call.id('user_id'))),
    }),
  ];
}
