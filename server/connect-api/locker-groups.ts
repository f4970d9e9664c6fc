import {
  LockerGroupPage,
  LockerGroupResponse,
  PatchLockerGroupRequest,
  PostLockerGroupRequest,
} from '#contract/locker-groups';
import type { LockerGroups } from '#server/domain/locker-groups';
import type { Call, Route } from '#server/http/route';
import { lockerGroupFields, type SiteLockerGroup } from '#server/store/locker-groups';
import type { AtSite, SiteRoute } from './site-route.ts';

const tag = 'lockers';
const shared = { right: 'manage_lockers', feature: 'e_loxx', tag } as const;
const one = '/locker_groups/{id}';

/** connect-api.md 8: the banks in which lockers stand. */
export function lockerGroupRoutes(
  siteRoute: SiteRoute,
  { lockerGroups }: { readonly lockerGroups: LockerGroups },
): Route[] {
  const groupOf = ({ siteId }: AtSite, call: Call): SiteLockerGroup => ({
    siteId,
    id: call.id('id'),
  });
  const exists = (at: AtSite, call: Call) => lockerGroups.get(at.actor, groupOf(at, call));
  return [
    siteRoute({
      ...shared,
      method: 'GET',
      path: '/locker_groups',
      summary: 'List the banks of lockers',
      list: { fields: lockerGroupFields },
      answer: LockerGroupPage,
      handle: async ({ actor, siteId }, call) =>
        call.page(await lockerGroups.list(actor, call.list, siteId), (row) => row),
    }),
    siteRoute({
      ...shared,
      method: 'POST',
      path: '/locker_groups',
      summary: 'Add a bank of lockers',
      body: { schema: PostLockerGroupRequest, mode: 'create' },
      answer: LockerGroupResponse,
      handle: ({ actor, siteId }, _call, body) => lockerGroups.create(actor, siteId, body),
    }),
    siteRoute({
      ...shared,
      method: 'GET',
      path: one,
      summary: 'One bank of lockers',
      answer: LockerGroupResponse,
      handle: exists,
    }),
    siteRoute({
      ...shared,
      method: 'PATCH',
      path: one,
      summary: 'Rename a bank, remove and add lockers',
      body: { schema: PatchLockerGroupRequest, mode: 'patch' },
      answer: LockerGroupResponse,
      exists,
      handle: (at, call, body) => lockerGroups.update(at.actor, groupOf(at, call), body),
    }),
    siteRoute({
      ...shared,
      method: 'DELETE',
      path: one,
      summary: 'Remove a bank; its lockers stay',
      answer: null,
      exists,
      handle: (at, call) => lockerGroups.remove(at.actor, groupOf(at, call)),
    }),
  ];
}
