import { ApiError } from '#contract/api-error';
import type { TagId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { Actor } from '#server/events/audit';
import type { ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import type { SiteView } from '#server/store/site-locks';
import { findSiteTag, listSiteTags, type SiteTagRow } from '#server/store/site-tags';

export type SiteTags = {
  /** VALUE_INVALID (404) when the site has none of that id, or none in this view. */
  get(actor: Actor, view: SiteView, id: TagId): Promise<SiteTagRow>;
  list(actor: Actor, options: ListOptions, view: SiteView): Promise<ListResult<SiteTagRow>>;
};

/** Tags of a site and who has them; they are removed as on the Core face (tags.ts). */
export function createSiteTags({ database }: { readonly database: Database }): SiteTags {
  return {
    async get({ tenantId }, view, id) {
      const row = await findSiteTag(readScope(database, tenantId), view, id);
      if (row === undefined)
        throw new ApiError('VALUE_INVALID', { parameter: 'tag_id', case: 'path_id' });
      return row;
    },
    list: ({ tenantId }, options, view) =>
      listSiteTags(readScope(database, tenantId), options, view),
  };
}
