import { CollectionOptions, PatchCollectionOptionsRequest } from '#contract/collection-options';
import type { CollectionOptions as Options } from '#server/domain/collection-options';
import type { Route } from '#server/http/route';
import type { SiteRoute } from './site-route.ts';
import { told } from '#server/http/written';

const tag = 'options';

/** connect-api.md 8: the settings of a site, as behaviour.md 2 has them. */
export function siteOptionRoutes(
  siteRoute: SiteRoute,
  { collectionOptions }: { readonly collectionOptions: Options },
): Route[] {
  return [
    siteRoute({
      method: 'GET',
      path: '/options',
      right: 'manage_site',
      summary: 'Settings of a site',
      tag,
      answer: CollectionOptions,
      handle: ({ actor, siteId }) => collectionOptions.get(actor, siteId),
    }),
    siteRoute({
      method: 'PATCH',
      path: '/options',
      right: 'manage_site',
      summary: 'Change settings of a site',
      tag,
      body: { schema: PatchCollectionOptionsRequest, mode: 'patch' },
      answer: CollectionOptions,
      handle: ({ actor, siteId }, call, body) =>
        told(call, collectionOptions.update(actor, siteId, body)),
    }),
  ];
}
