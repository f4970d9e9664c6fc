import type { ConnectVersion } from '#contract/connect-version';
import type { LoginId } from '#contract/ids';
import {
  ManagedSiteResponse,
  MeResponse,
  PatchSiteRequest,
  PostSiteRequest,
  ReleaseSiteRequest,
  SitePage,
  SiteResponse,
} from '#contract/sites';
import { spanText } from '#contract/time-text';
import { hasSiteRight } from '#server/domain/permissions';
import type { Person, Sites } from '#server/domain/sites';
import { isSubscribed } from '#server/domain/subscriptions';
import { route, type Call, type Route } from '#server/http/route';
import { TokenError } from '#server/http/token';
import { told } from '#server/http/written';
import { siteFields, type ManagedSiteRow, type SiteRow } from '#server/store/sites';
import type { UserId } from '#contract/ids';
import type { SiteRoute } from './site-route.ts';

const tag = 'sites';

type Parts = { readonly sites: Sites; readonly version: ConnectVersion };

/** connect-api.md 3.1: sites, and whoever is signed in. */
export function siteRoutes(siteRoute: SiteRoute, { sites, version }: Parts): Route[] {
  return [
    route({
      method: 'GET',
      path: '/sites',
      access: 'read',
      summary: 'List the sites in which you have a place',
      tag,
      list: { fields: siteFields },
      answer: SitePage,
      handle: async (call) =>
        call.page(await sites.list(personOf(call), call.list), (row) => toSite(row, call.now)),
    }),
    route({
      method: 'POST',
      path: '/sites',
      access: 'write',
      summary: 'Create a site; you become its owner, or with `installation` its installer',
      tag,
      body: { schema: PostSiteRequest, mode: 'create' },
      answer: SiteResponse,
      exists: tenantForNew,
      handle: async (call, body) => {
        const { clientId } = call.caller;
        const maker = {
          loginId: personOf(call).loginId,
          tenantId: await tenantForNew(call),
          clientId,
          requestId: call.requestId,
        };
        return toSite(await sites.create(maker, body), call.now);
      },
    }),
    siteRoute({
      method: 'GET',
      path: '',
      siteParameter: 'id',
      right: 'take_part',
      installer: 'site',
      summary: 'One site',
      tag,
      answer: ManagedSiteResponse[version],
      handle: async ({ actor, siteId }, call) =>
        toManagedSite(await sites.get(actor, siteId), call.now),
    }),
    siteRoute({
      method: 'PATCH',
      path: '',
      siteParameter: 'id',
      right: 'manage_site',
      summary: 'Change a site, or hand it over to another admin',
      tag,
      body: { schema: PatchSiteRequest, mode: 'patch' },
      named: ({ owner_id: user }) => ({ user }),
      answer: SiteResponse,
      errors: ['OPERATION_NOT_ALLOWED'],
      handle: async ({ actor, siteId, place }, call, body) => {
        if (body.owner_id !== undefined && !hasSiteRight(place, 'own_site'))
          throw new TokenError(403, '');
        return toSite(await told(call, sites.update(actor, siteId, body)), call.now);
      },
    }),
    siteRoute({
      method: 'DELETE',
      path: '',
      siteParameter: 'id',
      right: 'own_site',
      summary: 'Delete a site that has no IQs',
      tag,
      answer: 'empty',
      isAccepted: true,
      errors: ['OPERATION_NOT_ALLOWED'],
      handle: ({ actor, siteId }) => sites.remove(actor, siteId),
    }),
    route({
      method: 'GET',
      path: '/me',
      access: 'read',
      summary: 'Who you are',
      tag: 'me',
      answer: MeResponse[version],
      errors: ['NOT_FOUND'],
      handle: (call) => sites.getOwnProfile(personOf(call)),
    }),
  ];

  async function tenantForNew(call: Call) {
    const tenantId = await sites.findTenantForNew(personOf(call));
    if (tenantId === undefined) throw new TokenError(403, '');
    return tenantId;
  }
}

/** connect-api.md 8: the installer hands over what was set up. */
export function siteReleaseRoutes(
  siteRoute: SiteRoute,
  { sites }: { readonly sites: Sites },
): Route[] {
  return [
    siteRoute({
      method: 'POST',
      path: '/release',
      right: 'own_site',
      summary: 'Hand a site over to its owner, and leave it',
      tag,
      body: { schema: ReleaseSiteRequest, mode: 'create' },
      answer: SiteResponse,
      errors: ['OPERATION_NOT_ALLOWED'],
      handle: async ({ actor, siteId }, call, body) =>
        toSite(await told(call, sites.release(actor, siteId, body.owner_id as UserId)), call.now),
    }),
  ];
}

/** Who calls. An empty 403 for a program that acts for itself: it is nobody in any site. */
export function personOf({ caller }: Call): Person {
  const { tenantId, subject } = caller;
  if (subject === undefined) throw new TokenError(403, '');
  return { tenantId, loginId: subject satisfies LoginId };
}

export function toSite(row: SiteRow, now: Date): SiteResponse {
  return {
    id: row.id,
    customer_reference: row.customer_reference,
    subscribed_user_amount: row.subscribed_user_amount,
    subscription_valid: isSubscribed({ subscriptionEndsAt: row.subscription_ends_at }, now),
    country_code: row.country_code,
    site_uid: row.site_uid,
    time_zone: row.time_zone,
    owner: row.owner,
    installation_state: row.installation_state,
    mkey_compatible: true,
  };
}

function toManagedSite(row: ManagedSiteRow, now: Date): ManagedSiteResponse {
  return {
    ...toSite(row, now),
    active_user_amount: row.active_user_amount,
    active_iq_amount: row.active_iq_amount,
    pin_enabled: row.pin_enabled,
    store_events_ttl: spanText(row.store_events_ttl_seconds),
  };
}
