import {
  AccessGroupPage,
  AccessGroupResponse,
  PatchAccessGroupRelationRequest,
  PatchAccessGroupRequest,
  PostAccessGroupRequest,
  PutAccessGroupAccessorsRequest,
} from '#contract/access-groups';
import { AccessorPage } from '#contract/accessors';
import type { AccessGroupId } from '#contract/ids';
import { LockPage } from '#contract/locks';
import type { AccessGroups } from '#server/domain/access-groups';
import type { Accessors } from '#server/domain/accessors';
import { route, type Call, type Route } from '#server/http/route';
import { accessGroupFields } from '#server/store/access-groups';
import { accessorFields } from '#server/store/accessors';
import { lockFields } from '#server/store/locks';
import { actorOf } from './actor.ts';
import { toLockResponse } from './locks.ts';
import { told } from '#server/http/written';

const tag = 'access groups';

type Parts = { readonly accessGroups: AccessGroups; readonly accessors: Accessors };

/** core-api.md 6.5: access groups with their members and locks. */
export function accessGroupRoutes(parts: Parts): Route[] {
  return [...groups(parts), ...relations(parts)];
}

function idOf(call: Call): AccessGroupId {
  return call.id('id');
}

function groups({ accessGroups }: Parts): Route[] {
  const exists = (call: Call) => accessGroups.get(actorOf(call), idOf(call));
  return [
    route({
      method: 'GET',
      path: '/access_groups',
      access: 'read',
      summary: 'List access groups',
      tag,
      list: { fields: accessGroupFields },
      answer: AccessGroupPage,
      handle: async (call) =>
        call.page(await accessGroups.list(actorOf(call), call.list), (row) => row),
    }),
    route({
      method: 'POST',
      path: '/access_groups',
      access: 'write',
      summary: 'Create an access group',
      tag,
      body: { schema: PostAccessGroupRequest, mode: 'create' },
      answer: AccessGroupResponse,
      handle: (call, body) => told(call, accessGroups.create(actorOf(call), body)),
    }),
    route({
      method: 'GET',
      path: '/access_groups/{id}',
      access: 'read',
      summary: 'One access group',
      tag,
      answer: AccessGroupResponse,
      handle: exists,
    }),
    route({
      method: 'PATCH',
      path: '/access_groups/{id}',
      access: 'write',
      summary: 'Change name or collection of an access group',
      tag,
      body: { schema: PatchAccessGroupRequest, mode: 'patch' },
      answer: AccessGroupResponse,
      exists,
      handle: (call, body) => told(call, accessGroups.update(actorOf(call), idOf(call), body)),
    }),
    route({
      method: 'DELETE',
      path: '/access_groups/{id}',
      access: 'write',
      summary: 'Remove an access group with its relations and schedules',
      tag,
      answer: null,
      handle: (call) => told(call, accessGroups.remove(actorOf(call), idOf(call))),
    }),
  ];
}

function relations({ accessGroups, accessors }: Parts): Route[] {
  const exists = (call: Call) => accessGroups.get(actorOf(call), idOf(call));
  return [
    route({
      method: 'GET',
      path: '/access_groups/{id}/accessors',
      access: 'read',
      summary: 'List the members of an access group',
      tag,
      list: { fields: accessorFields },
      answer: AccessorPage,
      exists,
      handle: async (call) =>
        call.page(await accessors.listOfGroup(actorOf(call), call.list, idOf(call)), (row) => row),
    }),
    route({
      method: 'PATCH',
      path: '/access_groups/{id}/accessors',
      access: 'write',
      summary: 'Remove and add members',
      tag,
      body: { schema: PatchAccessGroupRelationRequest, mode: 'patch' },
      answer: null,
      exists,
      handle: (call, { add_ids: add, remove_ids: remove }) =>
        told(
          call,
          accessGroups.relate(actorOf(call), idOf(call), {
            relation: 'accessors',
            add: add ?? [],
            remove: remove ?? [],
          }),
        ),
    }),
    route({
      method: 'PUT',
      path: '/access_groups/{id}/accessors',
      access: 'write',
      summary: 'Set all members',
      tag,
      body: { schema: PutAccessGroupAccessorsRequest, mode: 'create' },
      answer: null,
      exists,
      handle: (call, { ids }) =>
        told(
          call,
          accessGroups.relate(actorOf(call), idOf(call), {
            relation: 'accessors',
            set: ids ?? [],
          }),
        ),
    }),
    route({
      method: 'GET',
      path: '/access_groups/{id}/locks',
      access: 'read',
      summary: 'List the locks of an access group',
      tag,
      list: { fields: lockFields },
      answer: LockPage,
      exists,
      handle: async (call) =>
        call.page(
          await accessGroups.listLocks(actorOf(call), call.list, idOf(call)),
          toLockResponse,
        ),
    }),
    route({
      method: 'PATCH',
      path: '/access_groups/{id}/locks',
      access: 'write',
      summary: 'Remove and add locks',
      tag,
      body: { schema: PatchAccessGroupRelationRequest, mode: 'patch' },
      answer: null,
      exists,
      handle: (call, { add_ids: add, remove_ids: remove }) =>
        told(
          call,
          accessGroups.relate(actorOf(call), idOf(call), {
            relation: 'locks',
            add: add ?? [],
            remove: remove ?? [],
          }),
        ),
    }),
  ];
}
