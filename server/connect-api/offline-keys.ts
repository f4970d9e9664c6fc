import type { LockId } from '#contract/ids';
import { PatchKeyOfflineAccessRequest } from '#contract/offline-keys';
import {
  ExtendedSiteUserKeyPage,
  type ExtendedSiteUserKeyResponse,
} from '#contract/site-user-keys';
import { instantText, instantTextOrNull } from '#contract/time-text';
import type { OfflineKeys } from '#server/domain/offline-keys';
import type { SiteLocks } from '#server/domain/site-locks';
import type { Call, Route } from '#server/http/route';
import { told } from '#server/http/written';
import { lockKeyFields, type LockKeyRow } from '#server/store/site-user-keys';
import type { AtSite, SiteRoute } from './site-route.ts';
import { viewOf } from './site-view.ts';

const tag = 'offline keys';
const path = '/locks/{id}/offline_keys';
const right = 'manage_hardware';
const lockId = (call: Call): LockId => call.id('id');

/** connect-api.md 3.4: the keys that open a lock out of its hub's reach. */
export function siteOfflineKeyRoutes(
  siteRoute: SiteRoute,
  { offlineKeys, siteLocks }: { readonly offlineKeys: OfflineKeys; readonly siteLocks: SiteLocks },
): Route[] {
  const exists = (at: AtSite, call: Call) => siteLocks.check(at.actor, viewOf(at), lockId(call));
  return [
    siteRoute({
      method: 'GET',
      path,
      right: 'see_everything',
      summary: 'List the keys that open a lock offline, or those that could be added',
      tag,
      query: {
        excluded: { kind: 'bool', summary: 'what could still be added in place of what is there' },
      },
      list: { fields: lockKeyFields('there') },
      answer: ExtendedSiteUserKeyPage,
      exists,
      handle: async ({ actor, siteId }, call) => {
        const which = call.flag('excluded') ? 'addable' : 'there';
        const of = { siteId, lockId: lockId(call), which } as const;
        return call.page(await offlineKeys.listOfSiteLock(actor, call.list, of), toLockKey);
      },
    }),
    siteRoute({
      method: 'PATCH',
      path,
      right,
      summary: 'Remove and add keys that open a lock offline',
      tag,
      body: { schema: PatchKeyOfflineAccessRequest, mode: 'patch' },
      answer: null,
      errors: ['OFFLINE_ACCESS_INVALID'],
      exists,
      handle: ({ actor }, call, body) =>
        told(call, offlineKeys.changeOfLock(actor, lockId(call), body)),
    }),
  ];
}

function toLockKey(row: LockKeyRow): ExtendedSiteUserKeyResponse {
  return {
    id: row.id,
    key_identifier: row.key_identifier,
    key_id: row.key_id,
    type: row.type,
    expiry_date: instantTextOrNull(row.expiry_date),
    registration_date: instantText(row.registration_date),
    blocked: row.blocked,
    offline_access: row.offline_access,
    user: {
      id: row.user_id,
      first_name: row.first_name,
      last_name: row.last_name,
      alias: row.alias,
    },
  };
}
