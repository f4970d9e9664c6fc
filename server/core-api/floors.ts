import {
  AccessorFloorsList,
  FloorList,
  FloorPage,
  FloorPatchRequest,
  FloorRequest,
  FloorResponse,
} from '#contract/floors';
import type { CollectionId } from '#contract/ids';
import { LockPage } from '#contract/locks';
import type { Accessors } from '#server/domain/accessors';
import type { Collections } from '#server/domain/collections';
import type { Floors } from '#server/domain/floors';
import { route, type Call, type Route } from '#server/http/route';
import { floorFields, type CollectionFloor } from '#server/store/floors';
import { lockFields } from '#server/store/locks';
import { actorOf } from './actor.ts';
import { toLockResponse } from './locks.ts';

const tag = 'floors';

type Parts = {
  readonly floors: Floors;
  readonly collections: Collections;
  readonly accessors: Accessors;
};

/** core-api.md 6.6: floors. */
export function floorRoutes(parts: Parts): Route[] {
  return [...writing(parts), ...reading(parts)];
}

function collectionOf(call: Call): CollectionId {
  return call.id('collection_id');
}

function floorOf(call: Call): CollectionFloor {
  return { collectionId: collectionOf(call), id: call.id('id') };
}

function writing({ floors, collections }: Parts): Route[] {
  return [
    route({
      method: 'POST',
      path: '/collections/{collection_id}/floors',
      access: 'write',
      summary: 'Create a floor',
      tag,
      body: { schema: FloorRequest, mode: 'create' },
      answer: FloorResponse,
      exists: (call) => collections.get(actorOf(call), collectionOf(call)),
      handle: (call, body) => floors.create(actorOf(call), collectionOf(call), body),
    }),
    route({
      method: 'PATCH',
      path: '/collections/{collection_id}/floors/{id}',
      access: 'write',
      summary: 'Change a floor, remove and add locks',
      tag,
      body: { schema: FloorPatchRequest, mode: 'patch' },
      answer: FloorResponse,
      exists: (call) => floors.get(actorOf(call), floorOf(call)),
      handle: (call, body) => floors.update(actorOf(call), floorOf(call), body),
    }),
    route({
      method: 'DELETE',
      path: '/collections/{collection_id}/floors/{id}',
      access: 'write',
      summary: 'Remove a floor',
      tag,
      query: { force: { kind: 'bool', summary: 'also when locks are on it' } },
      answer: null,
      errors: ['OPERATION_NOT_ALLOWED'],
      handle: (call) => floors.remove(actorOf(call), floorOf(call), { force: call.flag('force') }),
    }),
  ];
}

function reading({ floors, collections, accessors }: Parts): Route[] {
  return [
    route({
      method: 'GET',
      path: '/collections/{collection_id}/floors',
      access: 'read',
      summary: 'List the floors of a collection',
      tag,
      list: { fields: floorFields },
      answer: FloorPage,
      exists: (call) => collections.get(actorOf(call), collectionOf(call)),
      handle: async (call) =>
        call.page(await floors.list(actorOf(call), call.list, collectionOf(call)), (row) => row),
    }),
    route({
      method: 'GET',
      path: '/collections/{collection_id}/floors/{id}/locks',
      access: 'read',
      summary: 'List the locks of a floor',
      tag,
      list: { fields: lockFields },
      answer: LockPage,
      exists: (call) => floors.get(actorOf(call), floorOf(call)),
      handle: async (call) =>
        call.page(await floors.listLocks(actorOf(call), call.list, call.id('id')), toLockResponse),
    }),
    route({
      method: 'GET',
      path: '/collections/{collection_id}/accessors/floors',
      access: 'read',
      summary: 'Floors with a lock of a group, for each accessor that has one',
      tag,
      answer: AccessorFloorsList,
      exists: (call) => collections.get(actorOf(call), collectionOf(call)),
      handle: (call) => floors.ofAccessors(actorOf(call), collectionOf(call)),
    }),
    route({
      method: 'GET',
      path: '/collections/{collection_id}/accessors/{accessor_id}/floors',
      access: 'read',
      summary: 'Floors with a lock that the accessor has in a group',
      tag,
      answer: FloorList,
      exists: async (call) => {
        await collections.get(actorOf(call), collectionOf(call));
        return accessors.get(actorOf(call), call.id('accessor_id'));
      },
      handle: (call) =>
        floors.ofAccessor(actorOf(call), call.id('accessor_id'), collectionOf(call)),
    }),
  ];
}
