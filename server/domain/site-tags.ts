import { ApiError } from '#contract/api-error';
import type { CollectionId, TagId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { Actor } from '#server/events/audit';
import type { ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import { findSiteTag, listSiteTags, type SiteTagRow } from '#server/store/site-tags';

export type SiteTags = {
  /** VALUE_INVALID (404) when the site has none of that id. */
  get(actor: Actor, siteId: CollectionId, id: TagId): Promise<SiteTagRow>;
  list(actor: Actor, options: ListOptions, siteId: CollectionId): Promise<ListResult<SiteTagRow>>;
};

/** Tags of a site and who has them; they are removed as on the Core face (tags.ts). */
export function createSiteTags({ database }: { readonly database: Database }): SiteTags {
  return {
    async get({ tenantId }, siteId, id) {
      const row = await findSiteTag(readScope(database, tenantId), { siteId, id });
      if (row === undefined)
        throw new ApiError('VALUE_INVALID', { parameter: 'tag_id', case: 'path_id' });
      return row;
    },
    list: ({ tenantId }, options, siteId) =>
      listSiteTags(readScope(database, tenantId), options, siteId),
  };
}
