import {
  CollectionSettingPage,
  CollectionSettingResponse,
  PatchCollectionSettingRequest,
  PostCollectionSettingRequest,
} from '#contract/collection-settings';
import type { Accessors } from '#server/domain/accessors';
import type { CollectionSettings } from '#server/domain/collection-settings';
import type { Collections } from '#server/domain/collections';
import { route, type Call, type Route } from '#server/http/route';
import { collectionSettingFields, type SettingPlace } from '#server/store/collection-settings';
import { actorOf } from './actor.ts';
import { told } from '#server/http/written';

const tag = 'collection settings';
const path = '/accessors/{accessor_id}/collection_settings';

type Parts = {
  readonly collectionSettings: CollectionSettings;
  readonly accessors: Accessors;
  readonly collections: Collections;
};

/** core-api.md 6.6: how accessors behave in single collections. */
export function collectionSettingRoutes(parts: Parts): Route[] {
  return [...lists(parts), ...single(parts)];
}

/** The accessor and collection of a path. */
export function placeOf(call: Call): SettingPlace {
  return { accessorId: call.id('accessor_id'), collectionId: call.id('collection_id') };
}

function lists({ collectionSettings, accessors, collections }: Parts): Route[] {
  return [
    route({
      method: 'GET',
      path: '/collections/{collection_id}/accessor_settings',
      access: 'read',
      summary: 'List the settings of all accessors in a collection',
      tag,
      list: { fields: collectionSettingFields },
      answer: CollectionSettingPage,
      exists: (call) => collections.get(actorOf(call), call.id('collection_id')),
      handle: async (call) =>
        call.page(
          await collectionSettings.listOfCollection(
            actorOf(call),
            call.list,
            call.id('collection_id'),
          ),
          (row) => row,
        ),
    }),
    route({
      method: 'GET',
      path,
      access: 'read',
      summary: 'List the settings of an accessor',
      tag,
      list: { fields: collectionSettingFields },
      answer: CollectionSettingPage,
      exists: (call) => accessors.get(actorOf(call), call.id('accessor_id')),
      handle: async (call) =>
        call.page(
          await collectionSettings.listOfAccessor(actorOf(call), call.list, call.id('accessor_id')),
          (row) => row,
        ),
    }),
  ];
}

function single({ collectionSettings, accessors }: Parts): Route[] {
  const exists = (call: Call) => collectionSettings.get(actorOf(call), placeOf(call));
  return [
    route({
      method: 'POST',
      path,
      access: 'write',
      summary: 'Create the setting of an accessor in a collection',
      tag,
      body: { schema: PostCollectionSettingRequest, mode: 'create' },
      answer: CollectionSettingResponse,
      errors: ['NO_SUBSCRIPTION'],
      exists: (call) => accessors.get(actorOf(call), call.id('accessor_id')),
      handle: (call, body) =>
        told(call, collectionSettings.create(actorOf(call), call.id('accessor_id'), body)),
    }),
    route({
      method: 'GET',
      path: `${path}/{collection_id}`,
      access: 'read',
      summary: 'The setting of an accessor in a collection',
      tag,
      answer: CollectionSettingResponse,
      handle: exists,
    }),
    route({
      method: 'PATCH',
      path: `${path}/{collection_id}`,
      access: 'write',
      summary: 'Change the setting of an accessor in a collection',
      tag,
      body: { schema: PatchCollectionSettingRequest, mode: 'patch' },
      answer: CollectionSettingResponse,
      errors: ['NO_SUBSCRIPTION'],
      exists,
      handle: (call, body) =>
        told(call, collectionSettings.update(actorOf(call), placeOf(call), body)),
    }),
    route({
      method: 'DELETE',
      path: `${path}/{collection_id}`,
      access: 'write',
      summary: 'Remove the setting of an accessor in a collection',
      tag,
      query: { force: { kind: 'bool', summary: 'also with settings of keys' } },
      answer: null,
      errors: ['OPERATION_NOT_ALLOWED'],
      handle: (call) =>
        told(
          call,
          collectionSettings.remove(actorOf(call), placeOf(call), { force: call.flag('force') }),
        ),
    }),
  ];
}
