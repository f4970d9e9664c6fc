import { PutSiteOwnerRequest, SiteResponse } from '#contract/sites';
import type { SiteOwners } from '#server/domain/site-owners';
import type { Actor } from '#server/events/audit';
import type { Face } from '#server/http/face';
import { route, type Call, type Route } from '#server/http/route';
import { told } from '#server/http/written';
import { extFace } from './ext-face.ts';
import { toSite } from './sites.ts';

/** What a tenant's programs do to its sites: with a token of the Core face, failing as the pages for people do. */
export function extCoreFace(core: Face): Face {
  return {
    ...extFace,
    name: 'Site, for programs',
    operationPrefix: 'core',
    audiences: core.audiences,
    authorize: (caller, access) => core.authorize(caller, access),
  };
}

function actorOf({ caller, requestId }: Call): Actor {
  const { tenantId, clientId, userId = null } = caller;
  return { tenantId, clientId, userId, requestId };
}

/** design.md, rulings: who a collection belongs to; with it the collection becomes a site. */
export function siteOwnerRoutes({ siteOwners }: { readonly siteOwners: SiteOwners }): Route[] {
  return [
    route({
      method: 'PUT',
      path: '/sites/{site_id}/owner',
      access: 'write',
      summary: 'Name the owner of a collection by e-mail; it becomes a site',
      tag: 'sites',
      body: { schema: PutSiteOwnerRequest, mode: 'create' },
      answer: SiteResponse,
      errors: ['NOT_FOUND', 'OPERATION_NOT_ALLOWED', 'INVITE_FAILED'],
      exists: (call) => siteOwners.check(actorOf(call), call.id('site_id')),
      handle: async (call, body) => {
        const written = siteOwners.put(actorOf(call), call.id('site_id'), body);
        return toSite(await told(call, written), call.now);
      },
    }),
  ];
}
