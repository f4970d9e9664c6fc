import {
  CollectionPage,
  CollectionResponse,
  PatchCollectionRequest,
  PostCollectionRequest,
} from '#contract/collections';
import { spanText } from '#contract/time-text';
import type { Collections } from '#server/domain/collections';
import { route, type Route } from '#server/http/route';
import { collectionFields, type CollectionRow } from '#server/store/collections';
import { actorOf } from './actor.ts';

const tag = 'collections';

/** core-api.md 6.6: collections. */
export function collectionRoutes({ collections }: { readonly collections: Collections }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/collections',
      access: 'read',
      summary: 'List collections',
      tag,
      list: { fields: collectionFields },
      answer: CollectionPage,
      handle: async (call) =>
        call.page(await collections.list(actorOf(call), call.list), toCollectionResponse),
    }),
    route({
      method: 'POST',
      path: '/collections',
      access: 'hardware',
      summary: 'Create a collection',
      tag,
      body: { schema: PostCollectionRequest, mode: 'create' },
      answer: CollectionResponse,
      handle: async (call, body) =>
        toCollectionResponse(await collections.create(actorOf(call), body)),
    }),
    route({
      method: 'GET',
      path: '/collections/{id}',
      access: 'read',
      summary: 'One collection',
      tag,
      answer: CollectionResponse,
      handle: async (call) =>
        toCollectionResponse(await collections.get(actorOf(call), call.id('id'))),
    }),
    route({
      method: 'PATCH',
      path: '/collections/{id}',
      access: 'hardware',
      summary: 'Change a collection',
      tag,
      body: { schema: PatchCollectionRequest, mode: 'patch' },
      answer: CollectionResponse,
      exists: (call) => collections.get(actorOf(call), call.id('id')),
      handle: async (call, body) =>
        toCollectionResponse(await collections.update(actorOf(call), call.id('id'), body)),
    }),
    route({
      method: 'DELETE',
      path: '/collections/{id}',
      access: 'hardware',
      summary: 'Remove a collection',
      tag,
      query: { force: { kind: 'bool', summary: 'also when something belongs to it' } },
      answer: null,
      errors: ['OPERATION_NOT_ALLOWED'],
      handle: (call) =>
        collections.remove(actorOf(call), call.id('id'), { force: call.flag('force') }),
    }),
  ];
}

function toCollectionResponse(row: CollectionRow): CollectionResponse {
  const { store_events_ttl_seconds: seconds, ...members } = row;
  return { ...members, vendors: [...row.vendors], store_events_ttl: spanText(seconds) };
}
