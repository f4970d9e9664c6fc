import { SiteTagPage, SiteTagResponse } from '#contract/site-tags';
import { instantText, instantTextOrNull } from '#contract/time-text';
import type { SiteTags } from '#server/domain/site-tags';
import type { Tags } from '#server/domain/tags';
import type { Call, Route } from '#server/http/route';
import { told } from '#server/http/written';
import { siteTagFields, type SiteTagRow } from '#server/store/site-tags';
import type { AtSite, SiteRoute } from './site-route.ts';
import { viewOf } from './site-view.ts';

const tag = 'tags';

/** connect-api.md 3.5: tags of a site; they appear by tag registration at a lock. */
export function siteTagRoutes(
  siteRoute: SiteRoute,
  { tags, siteTags }: { readonly tags: Tags; readonly siteTags: SiteTags },
): Route[] {
  const exists = (at: AtSite, call: Call) => siteTags.get(at.actor, viewOf(at), call.id('id'));
  return [
    siteRoute({
      method: 'GET',
      path: '/tags',
      right: 'take_part',
      summary: 'List the tags of a site that the caller may see',
      tag,
      list: { fields: siteTagFields },
      answer: SiteTagPage,
      handle: async (at, call) =>
        call.page(await siteTags.list(at.actor, call.list, viewOf(at)), toSiteTag),
    }),
    siteRoute({
      method: 'GET',
      path: '/tags/{id}',
      right: 'take_part',
      summary: 'One tag',
      tag,
      answer: SiteTagResponse,
      handle: async (at, call) => toSiteTag(await exists(at, call)),
    }),
    siteRoute({
      method: 'DELETE',
      path: '/tags/{id}',
      right: 'manage_hardware',
      summary: 'Remove a tag that nobody has',
      tag,
      answer: null,
      errors: ['OPERATION_NOT_ALLOWED'],
      exists,
      handle: ({ actor }, call) => told(call, tags.remove(actor, call.id('id'), { force: false })),
    }),
  ];
}

export function toSiteTag(row: SiteTagRow): SiteTagResponse {
  return {
    id: row.id,
    blocked: row.blocked,
    creation_date: instantText(row.added_date),
    registration_date: instantTextOrNull(row.registration_date),
    tag_number: row.tag_number,
    source_iq_id: row.source_iq_id,
    site_user_key_id: row.key_id,
    site_user:
      row.accessor_id === null || row.user_id === null
        ? null
        : {
            id: row.accessor_id,
            user: {
              id: row.user_id,
              first_name: row.first_name,
              last_name: row.last_name,
              image_url: row.image_url,
            },
          },
    // Nobody is member or guest of a pod.
    is_pod_tag: row.is_pod_tag,
  };
}
