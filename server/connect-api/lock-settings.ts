import { LockSettingsResponse, PutLockSettingsRequest } from '#contract/lock-settings';
import type { LockSettings } from '#server/domain/lock-settings';
import type { SiteLocks } from '#server/domain/site-locks';
import type { Call, Route } from '#server/http/route';
import { told } from '#server/http/written';
import type { AtSite, SiteRoute } from './site-route.ts';
import { wholeOf } from './site-view.ts';

const tag = 'locks';
const path = '/locks/{id}/settings';

/** connect-api.md 3.4: what is set at one lock. */
export function lockSettingRoutes(
  siteRoute: SiteRoute,
  {
    lockSettings,
    siteLocks,
  }: { readonly lockSettings: LockSettings; readonly siteLocks: SiteLocks },
): Route[] {
  const exists = (at: AtSite, call: Call) => siteLocks.check(at.actor, wholeOf(at), call.id('id'));
  return [
    siteRoute({
      method: 'GET',
      path,
      right: 'see_everything',
      installer: 'lock',
      summary: 'Open time, access by audit trail and near detection of a lock',
      tag,
      answer: LockSettingsResponse,
      exists,
      handle: ({ actor }, call) => lockSettings.get(actor, call.id('id')),
    }),
    siteRoute({
      method: 'PUT',
      path,
      right: 'manage_hardware',
      installer: 'lock',
      summary: 'Set open time, access by audit trail and near detection of a lock',
      tag,
      body: { schema: PutLockSettingsRequest, mode: 'create' },
      answer: LockSettingsResponse,
      exists,
      handle: ({ actor }, call, body) => told(call, lockSettings.put(actor, call.id('id'), body)),
    }),
  ];
}
