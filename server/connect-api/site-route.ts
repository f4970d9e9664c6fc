/** Routes below `/sites/{site_id}`: whose site it is and what the caller may do there is asked before anything else. */
import type { TObject } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { CollectionId, UserId } from '#contract/ids';
import { hasSiteRight, type SiteRight } from '#server/domain/permissions';
import type { SitePlaces } from '#server/domain/site-places';
import type { Actor } from '#server/events/audit';
import type { BodyMode } from '#server/http/body';
import { route, type BodyOf, type Call, type Route } from '#server/http/route';
import { TokenError } from '#server/http/token';
import type { SitePlace } from '#server/store/site-people';

/** A person at work in a site. */
export type AtSite = {
  readonly actor: Actor;
  readonly siteId: CollectionId;
  readonly userId: UserId;
  readonly place: SitePlace;
};

type Definition<S extends TObject, M extends BodyMode> = Omit<
  Parameters<typeof route<S, M>>[0],
  'access' | 'exists' | 'handle'
> & {
  /** Below the site: `/options` → `/sites/{site_id}/options`. */
  readonly path: string;
  /** What the caller must be allowed in the site, else an empty 403. */
  readonly right: SiteRight;
  readonly exists?: (at: AtSite, call: Call) => Promise<unknown>;
  readonly handle: (at: AtSite, call: Call, body: BodyOf<S, M>) => Promise<unknown>;
};

export type SiteRoute = <S extends TObject, M extends BodyMode>(
  definition: Definition<S, M>,
) => Route;

/**
 * Makes routes of a site. NOT_FOUND `Site not found` for a site of which the caller is no part, an empty 403 (TokenError) without
 * the right: before ids further down the path and before the body.
 */
export function createSiteRoute({ sitePlaces }: { readonly sitePlaces: SitePlaces }): SiteRoute {
  const present = new WeakMap<Call, AtSite>();

  async function enter(call: Call, right: SiteRight): Promise<AtSite> {
    const { tenantId, clientId, userId = null } = call.caller;
    const siteId = call.id('site_id') as CollectionId;
    const place = userId === null ? undefined : await sitePlaces.find(tenantId, { siteId, userId });
    if (place === undefined || userId === null) throw new ApiError('NOT_FOUND', { thing: 'Site' });
    if (!hasSiteRight(place, right)) throw new TokenError(403, '');
    const actor = { tenantId, clientId, userId, requestId: call.requestId };
    return { actor, siteId, userId, place };
  }

  function entered(call: Call): AtSite {
    const at = present.get(call);
    if (at === undefined) throw new Error('a route of a site was reached without its site');
    return at;
  }

  return ({ right, path, exists, handle, ...rest }) =>
    route({
      ...rest,
      path: `/sites/{site_id}${path}`,
      access: 'write',
      errors: ['NOT_FOUND', ...(rest.errors ?? [])],
      exists: async (call) => {
        const at = await enter(call, right);
        present.set(call, at);
        await exists?.(at, call);
      },
      handle: (call, body) => handle(entered(call), call, body),
    });
}
