import { CollectionOptions, PatchCollectionOptionsRequest } from '#contract/collection-options';
import type { CollectionOptions as Options } from '#server/domain/collection-options';
import { route, type Route } from '#server/http/route';
import { actorOf } from './actor.ts';
import { told } from '#server/http/written';

const tag = 'collections';

/** core-api.md 11: the settings of a site. */
export function collectionOptionRoutes({
  collectionOptions,
}: {
  readonly collectionOptions: Options;
}): Route[] {
  return [
    route({
      method: 'GET',
      path: '/collections/{id}/options',
      access: 'read',
      summary: 'Settings of a site',
      tag,
      answer: CollectionOptions,
      handle: (call) => collectionOptions.get(actorOf(call), call.id('id')),
    }),
    route({
      method: 'PATCH',
      path: '/collections/{id}/options',
      access: 'hardware',
      summary: 'Change settings of a site',
      tag,
      body: { schema: PatchCollectionOptionsRequest, mode: 'patch' },
      answer: CollectionOptions,
      exists: (call) => collectionOptions.get(actorOf(call), call.id('id')),
      handle: (call, body) =>
        told(call, collectionOptions.update(actorOf(call), call.id('id'), body)),
    }),
  ];
}
