import type { CollectionOptions } from '#server/domain/collection-options';
import type { SitePlaces } from '#server/domain/site-places';
import type { Why } from '#server/domain/why';
import type { Route } from '#server/http/route';
import { siteOptionRoutes } from './collection-options.ts';
import { createSiteRoute } from './site-route.ts';
import { whyRoutes } from './why.ts';

type Parts = {
  readonly sitePlaces: SitePlaces;
  readonly collectionOptions: CollectionOptions;
  readonly why: Why;
};

/** Every operation below `/ext/v1/sites/{site_id}`. */
export function extRoutes(parts: Parts): Route[] {
  const siteRoute = createSiteRoute(parts);
  return [...siteOptionRoutes(siteRoute, parts), ...whyRoutes(siteRoute, parts)];
}
