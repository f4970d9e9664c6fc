import type { ConnectVersion } from '#contract/connect-version';
import { PutSiteEasyOfficeModeRequest } from '#contract/easy-office-mode';
import type { LockId } from '#contract/ids';
import { SiteEasyOfficeModeSchedule } from '#contract/site-locks';
import type { EasyOfficeMode } from '#server/domain/easy-office-mode';
import type { SiteLocks } from '#server/domain/site-locks';
import type { Call, Route } from '#server/http/route';
import { told } from '#server/http/written';
import type { AtSite, SiteRoute } from './site-route.ts';
import { viewOf } from './site-view.ts';

const tag = 'locks';
const path = '/locks/{lock_id}/easy_office_mode_schedule';
const lockId = (call: Call): LockId => call.id('lock_id');

/** connect-api.md 3.4: the schedule in which a door stays open. */
export function siteEasyOfficeModeRoutes(
  siteRoute: SiteRoute,
  {
    version,
    easyOfficeMode,
    siteLocks,
  }: {
    readonly version: ConnectVersion;
    readonly easyOfficeMode: EasyOfficeMode;
    readonly siteLocks: SiteLocks;
  },
): Route[] {
  const exists = (at: AtSite, call: Call) => siteLocks.check(at.actor, viewOf(at), lockId(call));
  return [
    siteRoute({
      method: 'GET',
      path,
      right: 'take_part',
      summary: 'Easy office mode schedule of a lock',
      tag,
      answer: SiteEasyOfficeModeSchedule[version],
      exists,
      handle: ({ actor }, call) => easyOfficeMode.get(actor, lockId(call)),
    }),
    siteRoute({
      method: 'PUT',
      path,
      right: 'manage_hardware',
      summary: 'Create or replace the easy office mode schedule of a lock',
      tag,
      body: { schema: PutSiteEasyOfficeModeRequest, mode: 'create' },
      answer: SiteEasyOfficeModeSchedule[version],
      exists,
      handle: ({ actor }, call, body) => told(call, easyOfficeMode.put(actor, lockId(call), body)),
    }),
    siteRoute({
      method: 'DELETE',
      path,
      right: 'manage_hardware',
      summary: 'Remove the easy office mode schedule of a lock',
      tag,
      answer: null,
      exists,
      handle: ({ actor }, call) => told(call, easyOfficeMode.remove(actor, lockId(call))),
    }),
  ];
}
