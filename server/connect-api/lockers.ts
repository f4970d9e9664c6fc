import { PatchAccessGroupRelationRequest } from '#contract/access-groups';
import { ApiError } from '#contract/api-error';
import type { LockId } from '#contract/ids';
import {
  LockActionRequest,
  LockerAssignmentPage,
  LockerPage,
  LockerResponse,
  OccupyLockerRequest,
  PatchLockerRequest,
  PutAssignmentRequest,
  type LockerAssignmentResponse,
} from '#contract/lockers';
import { UserShortPage } from '#contract/users';
import type { LockerAccessGroup, Lockers, SiteLocker } from '#server/domain/lockers';
import type { Call, Route } from '#server/http/route';
import { told } from '#server/http/written';
import { lockerAssignmentFields, lockerFields, type LockerRow } from '#server/store/lockers';
import { groupUserFields } from '#server/store/site-access-groups';
import { hubErrors } from './site-locks.ts';
import type { AtSite, SiteRoute } from './site-route.ts';
import { viewOf, wholeOf } from './site-view.ts';

/** A token of the narrow scope for lockers does as well (connect-api.md 1.1). */
const shared = { feature: 'e_loxx', tag: 'lockers', access: 'lockers' } as const;
const one = '/eloxx/lockers/{id}';

type Parts = { readonly lockers: Lockers };

/** connect-api.md 3.10, and the groups of lockers of 3.3. */
export function lockerRoutes(siteRoute: SiteRoute, parts: Parts): Route[] {
  return [
    ...lockersThemselves(siteRoute, parts),
    ...assignments(siteRoute, parts),
    ...occupations(siteRoute, parts),
    ...accessGroups(siteRoute, parts),
  ];
}

function lockerOf({ siteId }: AtSite, call: Call): SiteLocker {
  return { siteId, id: call.id('id') };
}

function lockersThemselves(siteRoute: SiteRoute, { lockers }: Parts): Route[] {
  const exists = (at: AtSite, call: Call) => lockers.get(at.actor, viewOf(at), call.id('id'));
  return [
    siteRoute({
      ...shared,
      method: 'GET',
      path: '/eloxx/lockers',
      right: 'take_part',
      summary: 'List the lockers of a site that the caller may see',
      list: { fields: lockerFields },
      answer: LockerPage,
      handle: async (at, call) =>
        call.page(
          await lockers.list(at.actor, call.list, { view: viewOf(at), list: 'all' }),
          toLocker,
        ),
    }),
    siteRoute({
      ...shared,
      method: 'GET',
      path: one,
      right: 'take_part',
      summary: 'One locker',
      answer: LockerResponse,
      handle: async (at, call) => toLocker(await exists(at, call)),
    }),
    siteRoute({
      ...shared,
      method: 'PATCH',
      path: one,
      right: 'manage_lockers',
      summary: 'Change name or mode of a locker',
      body: { schema: PatchLockerRequest, mode: 'patch' },
      answer: LockerResponse,
      errors: ['OPERATION_NOT_ALLOWED'],
      exists,
      handle: async (at, call, body) =>
        toLocker(await told(call, lockers.update(at.actor, lockerOf(at, call), body))),
    }),
    siteRoute({
      ...shared,
      method: 'POST',
      path: `${one}/action`,
      right: 'take_part',
      summary: 'Open or lock a locker that one has',
      body: { schema: LockActionRequest, mode: 'create' },
      answer: null,
      errors: ['OPERATION_NOT_ALLOWED', ...hubErrors],
      exists,
      handle: (at, call, { action }) =>
        lockers.act(at, call.id('id'), needed({ action }, 'action')),
    }),
  ];
}

function assignments(siteRoute: SiteRoute, { lockers }: Parts): Route[] {
  return [
    siteRoute({
      ...shared,
      method: 'GET',
      path: '/eloxx/lockers/assignments',
      right: 'manage_lockers',
      summary: 'List the lockers that are assigned by hand',
      list: { fields: lockerAssignmentFields },
      answer: LockerAssignmentPage,
      handle: async (at, call) =>
        call.page(
          await lockers.list(at.actor, call.list, { view: wholeOf(at), list: 'assignments' }),
          toAssignment,
        ),
    }),
    siteRoute({
      ...shared,
      method: 'PUT',
      path: '/eloxx/lockers/assignments',
      right: 'manage_lockers',
      summary: 'Set who has a locker; nobody ends the assignment',
      body: { schema: PutAssignmentRequest, mode: 'create' },
      answer: null,
      errors: ['OPERATION_NOT_ALLOWED'],
      handle: ({ actor, siteId }, call, body) => {
        const locker = { siteId, id: needed(body, 'lock_id') as LockId };
        return told(call, lockers.assign(actor, locker, body.user_ids ?? []));
      },
    }),
  ];
}

function occupations(siteRoute: SiteRoute, { lockers }: Parts): Route[] {
  return [
    siteRoute({
      ...shared,
      method: 'GET',
      path: '/eloxx/lockers/occupations',
      right: 'take_part',
      summary: 'List the lockers that somebody occupies',
      list: { fields: lockerFields },
      answer: LockerPage,
      handle: async (at, call) =>
        call.page(
          await lockers.list(at.actor, call.list, { view: viewOf(at), list: 'occupations' }),
          toLocker,
        ),
    }),
    siteRoute({
      ...shared,
      method: 'GET',
      path: '/eloxx/lockers/occupations/available',
      right: 'take_part',
      summary: 'List the free lockers that the caller may occupy',
      list: { fields: lockerFields },
      answer: LockerPage,
      handle: async ({ actor, siteId, accessorId }, call) =>
        call.page(await lockers.listAvailable(actor, call.list, { siteId, accessorId }), toLocker),
    }),
    siteRoute({
      ...shared,
      method: 'POST',
      path: '/eloxx/lockers/occupations',
      right: 'take_part',
      summary: 'Occupy a free locker',
      body: { schema: OccupyLockerRequest, mode: 'create' },
      answer: null,
      errors: ['OPERATION_NOT_ALLOWED'],
      handle: (at, call, body) =>
        told(call, lockers.occupy(at, viewOf(at), needed(body, 'lock_id') as LockId)),
    }),
    siteRoute({
      ...shared,
      method: 'DELETE',
      path: '/eloxx/lockers/occupations/{lock_id}',
      right: 'take_part',
      summary: 'Give an occupied locker back',
      answer: null,
      handle: (at, call) => {
        const locker = { siteId: at.siteId, id: call.id('lock_id') as LockId };
        return told(call, lockers.release(at, locker));
      },
    }),
  ];
}

function accessGroups(siteRoute: SiteRoute, { lockers }: Parts): Route[] {
  const group = '/eloxx/access_groups/{access_group_id}';
  const groupOf = ({ siteId }: AtSite, call: Call): LockerAccessGroup => ({
    siteId,
    groupId: call.id('access_group_id'),
  });
  const exists = (at: AtSite, call: Call) => lockers.getGroup(at.actor, groupOf(at, call));
  const list = (path: string, which: 'members' | 'others'): Route =>
    siteRoute({
      ...shared,
      method: 'GET',
      path,
      right: 'manage_lockers',
      summary: which === 'members' ? 'List who has a locker' : 'List who could be given a locker',
      list: { fields: groupUserFields },
      answer: UserShortPage,
      exists,
      handle: async (at, call) =>
        call.page(
          await lockers.listUsers(at.actor, call.list, { ...groupOf(at, call), which }),
          (row) => row,
        ),
    });
  return [
    list(`${group}/users`, 'members'),
    list(`${group}/users/available`, 'others'),
    siteRoute({
      ...shared,
      method: 'PATCH',
      path: `${group}/users`,
      right: 'manage_lockers',
      summary: 'Take a locker from users and give it to others',
      body: { schema: PatchAccessGroupRelationRequest, mode: 'patch' },
      answer: null,
      exists,
      handle: (at, call, { add_ids: add, remove_ids: remove }) =>
        told(
          call,
          lockers.changeUsers(at.actor, groupOf(at, call), {
            add: add ?? [],
            remove: remove ?? [],
          }),
        ),
    }),
    siteRoute({
      ...shared,
      method: 'DELETE',
      path: group,
      right: 'manage_lockers',
      summary: 'End the assignment of a locker',
      answer: null,
      exists,
      handle: (at, call) => told(call, lockers.removeGroup(at.actor, groupOf(at, call))),
    }),
  ];
}

/** VALUE_INVALID when a member was left out that the API prints as optional (connect-api.md 5.2). */
function needed<Name extends string, Value>(
  body: Readonly<Record<Name, Value | null>>,
  name: Name,
): Value {
  const value = body[name];
  if (value === null)
    throw new ApiError('VALUE_INVALID', { parameter: name, reason: 'It is needed.' });
  return value;
}

function toLocker(row: LockerRow): LockerResponse {
  return {
    id: row.id,
    customer_reference: row.customer_reference,
    lock_group:
      row.locker_group_id === null
        ? null
        : { id: row.locker_group_id, customer_reference: row.locker_group_customer_reference },
    state: row.state,
    is_online: row.is_online,
    sync_state: row.sync_state,
    mode: row.mode,
  };
}

function toAssignment(row: LockerRow): LockerAssignmentResponse {
  return {
    id: row.id,
    customer_reference: row.customer_reference,
    locker_group_id: row.locker_group_id,
    locker_group_customer_reference: row.locker_group_customer_reference,
    access_group_id: row.access_group_id,
    locker_state: row.state,
    is_online: row.is_online,
    users_count: row.users_count,
    sync_state: row.sync_state,
    mode: row.mode,
  };
}
