import type { CollectionOptions } from '#server/domain/collection-options';
import type { SitePlaces } from '#server/domain/site-places';
import type { Route } from '#server/http/route';
import { siteOptionRoutes } from './collection-options.ts';
import { createSiteRoute } from './site-route.ts';

type Parts = {
  readonly sitePlaces: SitePlaces;
  readonly collectionOptions: CollectionOptions;
};

/** Every operation below `/ext/v1/sites/{site_id}`. */
export function extRoutes(parts: Parts): Route[] {
  const siteRoute = createSiteRoute(parts);
  return [...siteOptionRoutes(siteRoute, parts)];
}
