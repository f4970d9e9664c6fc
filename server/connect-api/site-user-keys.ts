import type { AccessorId } from '#contract/ids';
import {
  PatchSiteUserKeyRequest,
  SiteUserKeyPage,
  SiteUserKeyResponse,
} from '#contract/site-user-keys';
import { instantText, instantTextOrNull } from '#contract/time-text';
import { mayBlockKey, mayPlaceKeyOffline } from '#server/domain/permissions';
import type { OwnedSiteKey, SiteUserKeys } from '#server/domain/site-user-keys';
import type { Call, Route } from '#server/http/route';
import { TokenError } from '#server/http/token';
import { told } from '#server/http/written';
import { ownedKeyFields, type SiteUserKeyRow } from '#server/store/site-user-keys';
import type { AtSite, SiteRoute } from './site-route.ts';

const tag = 'users';
const path = '/users/{site_user_id}/keys';
const ownerOf = (call: Call): AccessorId => call.id('site_user_id');
const keyOf = (call: Call): OwnedSiteKey => ({ accessorId: ownerOf(call), id: call.id('id') });

/** connect-api.md 3.2: the keys of a person. */
export function siteUserKeyRoutes(
  siteRoute: SiteRoute,
  { siteUserKeys }: { readonly siteUserKeys: SiteUserKeys },
): Route[] {
  return [
    siteRoute({
      method: 'GET',
      path,
      right: 'take_part',
      summary: 'List the keys of a user',
      tag,
      list: { fields: ownedKeyFields },
      answer: SiteUserKeyPage,
      exists: (at, call) => siteUserKeys.check(at, ownerOf(call)),
      handle: async (at, call) =>
        call.page(await siteUserKeys.list(at, call.list, ownerOf(call)), toKey),
    }),
    siteRoute({
      method: 'PATCH',
      path: `${path}/{id}`,
      right: 'take_part',
      summary: 'Block a key, or let it open doors offline',
      tag,
      body: { schema: PatchSiteUserKeyRequest, mode: 'patch' },
      answer: SiteUserKeyResponse,
      errors: ['OPERATION_NOT_ALLOWED', 'OFFLINE_ACCESS_INVALID'],
      exists: async (at, call) => {
        const isOwn = isOwnKey(at, call);
        const mayDoAny = mayBlockKey(at.place, { isOwn, blocked: true });
        if (!mayDoAny && !mayPlaceKeyOffline(at.place)) throw new TokenError(403, '');
        await siteUserKeys.get(at, keyOf(call));
      },
      handle: async (at, call, body) => {
        const { blocked, offline_access: isOffline } = body;
        const isOwn = isOwnKey(at, call);
        if (blocked !== undefined && !mayBlockKey(at.place, { isOwn, blocked }))
          throw new TokenError(403, '');
        if (isOffline !== undefined && !mayPlaceKeyOffline(at.place)) throw new TokenError(403, '');
        return toKey(await told(call, siteUserKeys.update(at, keyOf(call), body)));
      },
    }),
  ];
}

function isOwnKey({ accessorId }: AtSite, call: Call): boolean {
  return accessorId !== null && accessorId === ownerOf(call);
}

function toKey(row: SiteUserKeyRow): SiteUserKeyResponse {
  return {
    ...row,
    expiry_date: instantTextOrNull(row.expiry_date),
    registration_date: instantText(row.registration_date),
  };
}
