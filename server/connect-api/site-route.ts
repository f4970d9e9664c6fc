/**
 * Routes below `/sites/{site_id}`: whose site it is, how far it has come and what the caller may do there is asked before anything
 * else, in the order of connect-api.md 1.7: site id, 2210, right, feature.
 */
import type { TObject } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { Feature } from '#contract/features';
import type { AccessorId, CollectionId, UserId } from '#contract/ids';
import type { HardwareKind, InstallerAccess } from '#server/domain/installer-access';
import type { NamedThings } from '#server/domain/named-things';
import { hasSiteRight, isReleasedTo, type SiteRight } from '#server/domain/permissions';
import type { AtPlace, SitePlaces } from '#server/domain/site-places';
import { requireFeature } from '#server/domain/subscriptions';
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
  /** The site user of the caller; null for an owner or installer who is none. */
  readonly accessorId: AccessorId | null;
  readonly place: SitePlace;
};

type Definition<S extends TObject, M extends BodyMode> = Omit<
  Parameters<typeof route<S, M>>[0],
  'access' | 'exists' | 'named' | 'handle'
> & {
  /** Below the site: `/options` → `/sites/{site_id}/options`. */
  readonly path: string;
  /** Tokens of which scopes do; absent = those for everything. */
  readonly access?: 'lockers';
  /** What the caller must be allowed in the site, else an empty 403. */
  readonly right: SiteRight;
  /** What the site's subscription must hold, else NO_SUBSCRIPTION. */
  readonly feature?: Feature;
  /**
   * How an installer who was let in may use it, where `right` is not held: absent = not at all; `site`: whatever the rows, which
   * `touchableIqs` narrows; else the hardware that the path names, on hubs enabled for the installer (behaviour.md 17).
   */
  readonly installer?: 'site' | HardwareKind;
  /** The path names the site's id otherwise: `/sites/{id}`. */
  readonly siteParameter?: string;
  /** What the path begins with, when not with `/sites`: `/me` → `/me/{site_id}`. */
  readonly below?: string;
  readonly exists?: (at: AtSite, call: Call) => Promise<unknown>;
  /** Things of the site that the body names, told before a wrong value where they are missing. */
  readonly named?: (body: BodyOf<S, M>) => NamedThings;
  readonly handle: (at: AtSite, call: Call, body: BodyOf<S, M>) => Promise<unknown>;
};

type Entry = {
  readonly right: SiteRight;
  readonly feature: Feature | undefined;
  readonly installer: 'site' | HardwareKind | undefined;
  readonly siteParameter: string | undefined;
  readonly path: string;
};

export type SiteRoute = <S extends TObject, M extends BodyMode>(
  definition: Definition<S, M>,
) => Route;

/**
 * Where the caller stands in a site. NOT_FOUND `Site not found`: no part of it; SITE_NOT_RELEASED: while another sets it up.
 */
export async function placeAt(
  sitePlaces: SitePlaces,
  call: Call,
  siteId: CollectionId,
): Promise<AtPlace> {
  const { subject, tenantId, userId } = call.caller;
  const found =
    subject === undefined
      ? undefined
      : await sitePlaces.find({ tenantId, loginId: subject, userId }, siteId);
  if (found === undefined) throw new ApiError('NOT_FOUND', { thing: 'Site' });
  if (!isReleasedTo(found.place)) throw new ApiError('SITE_NOT_RELEASED');
  return found;
}

/**
 * Makes routes of a site. NOT_FOUND `Site not found` for a site of which the caller is no part, SITE_NOT_RELEASED while another
 * sets it up, an empty 403 (TokenError) without the right, NO_SUBSCRIPTION without the feature: before ids further down the path
 * and before the body.
 */
export function createSiteRoute({
  sitePlaces,
  installerAccess,
}: {
  readonly sitePlaces: SitePlaces;
  readonly installerAccess: InstallerAccess;
}): SiteRoute {
  const present = new WeakMap<Call, AtSite>();

  async function enter(
    call: Call,
    { right, feature, installer, siteParameter = 'site_id', path }: Entry,
  ): Promise<AtSite> {
    const { clientId } = call.caller;
    const siteId = call.id(siteParameter) as CollectionId;
    const { tenantId, userId, place } = await placeAt(sitePlaces, call, siteId);
    const visits = !hasSiteRight(place, right);
    if (visits && (installer === undefined || place.visit === null)) throw new TokenError(403, '');
    if (feature !== undefined) requireFeature(place, feature, call.now);
    const actor = { tenantId, clientId, userId, requestId: call.requestId };
    if (visits && installer !== undefined && installer !== 'site') {
      const parameter = path.includes(`{${installer}_id}`) ? `${installer}_id` : 'id';
      await installerAccess.requireTouchable(actor, place, {
        kind: installer,
        id: call.id(parameter),
      });
    }
    return { actor, siteId, userId, accessorId: place.accessorId, place };
  }

  function entered(call: Call): AtSite {
    const at = present.get(call);
    if (at === undefined) throw new Error('a route of a site was reached without its site');
    return at;
  }

  return ({
    access,
    right,
    feature,
    installer,
    siteParameter,
    below,
    path,
    exists,
    named,
    handle,
    ...rest
  }) =>
    route({
      ...rest,
      path: `${below ?? '/sites'}/{${siteParameter ?? 'site_id'}}${path}`,
      access: access ?? 'write',
      errors: [
        'NOT_FOUND',
        'SITE_NOT_RELEASED',
        ...(feature === undefined ? [] : (['NO_SUBSCRIPTION'] as const)),
        ...(rest.errors ?? []),
      ],
      exists: async (call) => {
        const at = await enter(call, { right, feature, installer, siteParameter, path });
        present.set(call, at);
        await exists?.(at, call);
      },
      named: async (call, body) => {
        if (named === undefined) return;
        const { actor, siteId } = entered(call);
        await sitePlaces.requireNamed(actor, siteId, named(body));
      },
      handle: (call, body) => handle(entered(call), call, body),
    });
}
