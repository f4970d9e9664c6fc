import { JsonObject } from '#contract/fields';
import type { Exports } from '#server/domain/exports';
import type { Route } from '#server/http/route';
import type { SiteRoute } from './site-route.ts';

/** design.md, rulings: the owner takes the whole site along as one signed file (docs/decisions/0285). */
export function siteExportRoutes(
  siteRoute: SiteRoute,
  { exports }: { readonly exports: Exports },
): Route[] {
  return [
    siteRoute({
      method: 'GET',
      path: '/export',
      right: 'own_site',
      summary: 'Everything of a site as one signed file',
      tag: 'migrations',
      query: {
        events: { kind: 'bool', summary: 'with the newest entries and incidents' },
        public_key: {
          kind: 'text',
          summary: 'base64 DER of a P-256 key; secrets are encrypted to it, else left out',
        },
      },
      answer: JsonObject,
      errors: ['PLATFORM_FUNCTION_FAILED'],
      handle: ({ actor, siteId }, call) =>
        exports.read(actor, siteId, {
          events: call.flag('events'),
          public_key: call.query('public_key'),
        }),
    }),
  ];
}
